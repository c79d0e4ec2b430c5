package post

import (
	"strings"
	"testing"
)

// What is built in can be taken over as it is: it may be saved, and says the same.
func TestBuiltInTemplatesCanBeTakenOver(t *testing.T) {
	for _, k := range Kinds() {
		own, ok := BuiltIn(k.Name)
		if !ok {
			t.Fatalf("%s has no built-in templates", k.Name)
		}
		if err := CheckTemplates(k.Name, own); err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
		a := acme(t, "acme")
		want, err := Preview(a, k.Name, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Preview(a, k.Name, &own, nil)
		if err != nil {
			t.Errorf("%s: %v", k.Name, err)
			continue
		}
		same := func(part, got, want string) {
			if strings.TrimSpace(got) != strings.TrimSpace(want) {
				t.Errorf("%s: the %s is\n%s\nand was\n%s", k.Name, part, got, want)
			}
		}
		same("subject", got.Subject, want.Subject)
		same("text", got.Text, want.Text)
		same("HTML", got.HTML, want.HTML)
		same("SMS", got.SMS, want.SMS)
		if strings.Contains(own.HTML+own.Text, "{{define") || strings.Contains(own.HTML+own.Text, "{{template") {
			t.Errorf("%s: something is left to be put in its place", k.Name)
		}
	}
	if _, ok := BuiltIn("birthday"); ok {
		t.Error("there are templates of a kind that there is not")
	}
}
