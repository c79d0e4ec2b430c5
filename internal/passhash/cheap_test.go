package passhash

import (
	"os/exec"
	"strings"
	"testing"
)

// Whatever is asked for, a cheap hash says what it cost, so that a Hasher for production replaces it at the first login.
func TestCheapHashesSayThatTheyAre(t *testing.T) {
	h := New(Options{Cheap: true})
	encoded, err := h.For("").Hash(t.Context(), Default, word)
	if err != nil || !strings.HasPrefix(encoded, "$argon2id$v=19$m=8,t=1,p=1$") {
		t.Fatalf("%s, %v", encoded, err)
	}
	for name, c := range map[string]struct {
		h           *Hasher
		password    string
		ok, upgrade bool
	}{
		"right":               {h, word, true, false},
		"wrong":               {h, word + "x", false, false},
		"right in production": {New(Options{}), word, true, true},
	} {
		if ok, upgrade, err := c.h.For("").Verify(t.Context(), Default, encoded, c.password); ok != c.ok || upgrade != c.upgrade || err != nil {
			t.Errorf("%s: %v, %v, %v", name, ok, upgrade, err)
		}
	}
}

func TestCheapHashesAreForTestsAlone(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "run", "./testdata/cheap").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "panic: passhash: cheap hashes are for tests") {
		t.Errorf("a program that is no test: %v\n%s", err, out)
	}
}
