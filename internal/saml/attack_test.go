package saml_test

import (
	"crypto"
	"encoding/base64"
	"strings"
	"testing"

	dsig "github.com/russellhaering/goxmldsig"

	"github.com/vestibule-auth/vestibule/internal/saml"
	"github.com/vestibule-auth/vestibule/internal/saml/samltest"
)

// twofold is a text that begins with the opening of an element of the prefix aÞ, and ends in what is white space for Go, but not for XML. Read as it
// is, it is that element. A reader who cannot read the end may take it for a deflated message (RFC 1951), and reads the other one.
func twofold(t *testing.T, start, rest, other string) []byte {
	t.Helper()
	const first, second = 'a'<<8 | '<', '@'<<8 | ' ' // how long the blocks are, as the bytes of a text, with their complement after them
	if len(start) > first || len(other) > second || strings.Contains(other, "--") {
		t.Fatal("there is no room for it")
	}
	return []byte(" <aÞ" + start + strings.Repeat(" ", first-len(start)) + `*"><!--"  ` + " @\xdf\xbf" + other + strings.Repeat(" ", second-len(other)) +
		"-->" + rest + "\v")
}

// What is judged has to be what is read: the library inflates what it cannot read as it is.
func TestNoMessageIsTwo(t *testing.T) {
	other := samltest.Read(t, said)
	theirs().Sign(t, other.Root(), "Assertion", func(by *dsig.SigningContext) { by.Hash = crypto.SHA1 })
	read, err := other.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	judged := samltest.Read(t, said)
	attacker().Sign(t, judged.Root(), "Assertion")
	attacker().Sign(t, judged.Root(), "Response")
	text, err := judged.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "samlp:", "aÞ:"), "xmlns:samlp", "xmlns:aÞ")
	start, rest, _ := strings.Cut(strings.TrimPrefix(text, "<aÞ"), ">")
	demanding := sp()
	demanding.WantSignedMessage, demanding.WantSignedAssertion = true, true
	doc := twofold(t, start+` Consent="`, rest, read)
	if got, err := demanding.Read(idp(), base64.StdEncoding.EncodeToString(doc), request, now); err == nil {
		t.Errorf("it is %+v", got)
	}
}

func TestAMessageIsOneElement(t *testing.T) {
	good, err := base64.StdEncoding.DecodeString(theirs().Signed(t, said, "Assertion"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text  string
		taken bool
	}{
		"as it is":              {string(good), true},
		"with white space":      {"\r\n" + string(good) + " \n\t", true},
		"with a declaration":    {`<?xml version="1.0" encoding="UTF-8"?>` + string(good), true},
		"with a mark":           {"\ufeff" + string(good), true},
		"with two marks":        {"\ufeff\ufeff" + string(good), false},
		"with a word before":    {"x" + string(good), false},
		"with a word after":     {string(good) + "x", false},
		"with another one":      {string(good) + "<x/>", false},
		"after another one":     {"<x/>" + string(good), false},
		"with a space of words": {"\u00a0" + string(good), false},
	} {
		if _, err := sp().Read(idp(), base64.StdEncoding.EncodeToString([]byte(c.text)), request, now); (err == nil) != c.taken {
			t.Errorf("%s: %v", name, err)
		}
		text := strings.Replace(c.text, string(good), described(), 1)
		if _, err := saml.ReadMetadata([]byte(text), entity, now); (err == nil) != c.taken {
			t.Errorf("metadata, %s: %v", name, err)
		}
	}
}
