package secret_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

func keys(t *testing.T, raw ...byte) *secret.Keys {
	t.Helper()
	var all [][]byte
	for _, b := range raw {
		all = append(all, bytes.Repeat([]byte{b}, secret.KeySize))
	}
	k, err := secret.NewKeys(all...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestMACIsOfItsPurposeItsKeyAndItsParts(t *testing.T) {
	k := keys(t, 1)
	mac := k.Sign(secret.ForCSRF, "tenant", "value")
	if !k.Verify(mac, secret.ForCSRF, "tenant", "value") {
		t.Fatal("a MAC does not verify")
	}
	if !bytes.Equal(mac, k.Sign(secret.ForCSRF, "tenant", "value")) {
		t.Error("the same parts have two MACs")
	}
	for name, ok := range map[string]bool{
		"another purpose":       k.Verify(mac, secret.ForEmailLink, "tenant", "value"),
		"another key":           keys(t, 2).Verify(mac, secret.ForCSRF, "tenant", "value"),
		"another value":         k.Verify(mac, secret.ForCSRF, "tenant", "valuf"),
		"parts cut elsewhere":   k.Verify(mac, secret.ForCSRF, "tenan", "tvalue"),
		"parts put together":    k.Verify(mac, secret.ForCSRF, "tenantvalue"),
		"a part more":           k.Verify(mac, secret.ForCSRF, "tenant", "value", ""),
		"the MAC cut short":     k.Verify(mac[:31], secret.ForCSRF, "tenant", "value"),
		"no MAC":                k.Verify(nil, secret.ForCSRF, "tenant", "value"),
		"the MAC and something": k.Verify(append(bytes.Clone(mac), 0), secret.ForCSRF, "tenant", "value"),
	} {
		if ok {
			t.Errorf("%s verifies", name)
		}
	}
}

func TestSealedBytesOpenWhereTheyWereSealed(t *testing.T) {
	k := keys(t, 1)
	sealed := k.Seal(secret.ForSettings, "tenant/path", []byte("plain"))
	if bytes.Contains(sealed, []byte("plain")) {
		t.Fatal("the plain text can be read")
	}
	got, err := k.Open(secret.ForSettings, "tenant/path", sealed)
	if err != nil || string(got) != "plain" {
		t.Fatalf("got %q, %v", got, err)
	}
	if bytes.Equal(sealed, k.Seal(secret.ForSettings, "tenant/path", []byte("plain"))) {
		t.Error("sealing twice gives the same bytes")
	}
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another context": func() ([]byte, error) { return k.Open(secret.ForSettings, "tenant/other", sealed) },
		"another purpose": func() ([]byte, error) { return k.Open(secret.ForMessage, "tenant/path", sealed) },
		"another key":     func() ([]byte, error) { return keys(t, 2).Open(secret.ForSettings, "tenant/path", sealed) },
		"a changed bit":   func() ([]byte, error) { return k.Open(secret.ForSettings, "tenant/path", flipped) },
		"cut short":       func() ([]byte, error) { return k.Open(secret.ForSettings, "tenant/path", sealed[:8]) },
		"nothing":         func() ([]byte, error) { return k.Open(secret.ForSettings, "tenant/path", nil) },
	} {
		if got, err := open(); !errors.Is(err, secret.ErrUnreadable) || got != nil {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

func TestOldKeysOfARingStillOpen(t *testing.T) {
	old, ring := keys(t, 1), keys(t, 2, 1)
	if got, err := ring.Open(secret.ForSettings, "c", old.Seal(secret.ForSettings, "c", []byte("x"))); err != nil || string(got) != "x" {
		t.Errorf("got %q, %v", got, err)
	}
	if !ring.Verify(old.Sign(secret.ForCSRF, "x"), secret.ForCSRF, "x") {
		t.Error("what the old key signed does not verify")
	}
	if _, err := old.Open(secret.ForSettings, "c", ring.Seal(secret.ForSettings, "c", []byte("x"))); !errors.Is(err, secret.ErrUnreadable) {
		t.Error("the ring seals with its second key")
	}
}

func TestKeysAreReadFromAList(t *testing.T) {
	one := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32))
	two := base64.RawStdEncoding.EncodeToString(bytes.Repeat([]byte{2}, 32))
	k, err := secret.ParseKeys(one + ", " + two)
	if err != nil {
		t.Fatal(err)
	}
	if !k.Verify(keys(t, 2).Sign(secret.ForCSRF, "x"), secret.ForCSRF, "x") {
		t.Error("the second key is not in the ring")
	}
	hidden := base64.StdEncoding.EncodeToString([]byte("short but secret"))
	for list, want := range map[string]string{
		"":                    "key 1 has 0 bytes, not 32",
		hidden:                "key 1 has 16 bytes, not 32",
		one + "," + "!" + one: "key 2 is not base64",
	} {
		if _, err := secret.ParseKeys(list); err == nil || err.Error() != want || strings.Contains(err.Error(), hidden) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestKeysAreNeverPrinted(t *testing.T) {
	k := keys(t, 65) // the letter A
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		if text := fmt.Sprintf(format, k); strings.Contains(text, "AAAA") || strings.Contains(text, "65 65") || strings.Contains(text, "4141") {
			t.Errorf("%s prints the key: %.80s", format, text)
		}
	}
}

func TestTokensAndCodesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		for _, v := range []string{secret.Token(), secret.NewID()} {
			if seen[v] {
				t.Fatalf("%s came twice", v)
			}
			seen[v] = true
		}
	}
	if got := secret.Token(); len(got) != 43 {
		t.Errorf("a token of %d characters", len(got))
	}
}

func TestCodesHaveTheirFormat(t *testing.T) {
	for format, want := range map[secret.CodeFormat]string{
		{Length: 8, Dashed: true}:  `^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$`,
		{Length: 6, Numeric: true}: `^[0-9]{6}$`,
		{Length: 5}:                `^[BCDFGHJKLMNPQRSTVWXZ]{5}$`,
	} {
		for range 200 {
			if code := secret.Code(format); !regexp.MustCompile(want).MatchString(code) {
				t.Fatalf("%+v: got %s", format, code)
			}
		}
	}
}

func TestDigestIsOfTheWholeToken(t *testing.T) {
	if secret.Equal(secret.Digest("a"), secret.Digest("ab")) || !secret.Equal(secret.Digest("a"), secret.Digest("a")) {
		t.Error("digests do not compare as their tokens do")
	}
}

func TestKeysAreSafeForManyAtOnce(t *testing.T) {
	k := keys(t, 1)
	want := k.Sign(secret.ForCSRF, "x")
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 500 {
				if !bytes.Equal(k.Sign(secret.ForCSRF, "x"), want) || !k.Verify(want, secret.ForCSRF, "x") {
					t.Error("a MAC changed")
					return
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkSign(b *testing.B) {
	k, err := secret.NewKeys(make([]byte, secret.KeySize))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		k.Sign(secret.ForCSRF, "01a209e5-f22c-763d-b394-89ed7ffe4474", "0123456789abcdef", "0123456789abcdef")
	}
}
