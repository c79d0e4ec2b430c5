package main

import (
	"bytes"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/vestibule-auth/vestibule/internal/yamldoc"
)

func TestYAMLSaysWhatJSONSays(t *testing.T) {
	text, err := yamldoc.Write([]byte(`{"z":1,"a":["yes","1","null","-",""],"n":null,"t":true,"f":1.50,"big":12345678901234567890,
		"lines":"one\ntwo\n","\u003ca\u003e":"\ud83d\ude00 # no: comment","none":[],"empty":{},"deep":{"list":[{"k":"v"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	var back map[string]any
	if err := yaml.Unmarshal(text, &back); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	list, _ := back["a"].([]any)
	for i, want := range []string{"yes", "1", "null", "-", ""} {
		if list[i] != want {
			t.Errorf("item %d is %#v, not %q:\n%s", i, list[i], want, text)
		}
	}
	if back["lines"] != "one\ntwo\n" || back["<a>"] != "😀 # no: comment" || back["n"] != nil || back["t"] != true || back["z"] != 1 {
		t.Errorf("read back: %v\n%s", back, text)
	}
	if !strings.HasPrefix(string(text), "z: 1\n") || !strings.Contains(string(text), "none: []\n") || !strings.Contains(string(text), "f: 1.50\n") {
		t.Errorf("written:\n%s", text)
	}
}

func TestAnswersArePrintedInEachForm(t *testing.T) {
	for form, want := range map[string]string{asJSON: "{\n  \"a\": 1\n}\n", asYAML: "a: 1\n"} {
		var out bytes.Buffer
		tool := tool{out: &out}
		if err := tool.printAs(form, []byte(`{"a":1}`)); err != nil || out.String() != want {
			t.Errorf("%s: %q, %v", form, out.String(), err)
		}
	}
	if checkOutput("xml") == nil || checkOutput(asYAML) != nil {
		t.Error("the forms are not told apart")
	}
}
