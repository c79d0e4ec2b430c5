package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// ecKey is a private key for ES256 in PEM.
func ecKey(t *testing.T) string {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
}

func TestKeysAreLookedAfter(t *testing.T) {
	st := testkit.Open(t, "sqlite", nil)
	testkit.AddTenant(t, st, "acme", `{"headless": {"token_strategy": "jwt", "jwt_algorithm": "ES256"}}`)
	testkit.AddTenant(t, st, "zenith", "")
	b := withServerOn(t, st)
	keys := func() []admin.Key {
		t.Helper()
		out, _ := b.run(0, "key", "list", "--tenant", "acme", "-o", "json")
		var all struct{ Items []admin.Key }
		if err := json.Unmarshal([]byte(out), &all); err != nil {
			t.Fatal(err)
		}
		return all.Items
	}
	states := func(want string) []admin.Key {
		t.Helper()
		all := keys()
		var got []string
		for _, k := range all {
			got = append(got, k.State+" "+k.Origin)
		}
		if strings.Join(got, ", ") != want {
			t.Fatalf("the keys are %s, not %s", strings.Join(got, ", "), want)
		}
		return all
	}
	states("")
	if out, _ := b.run(0, "key", "rotate", "--tenant", "acme"); !strings.Contains(out, "ES256") || !strings.Contains(out, "active") {
		t.Errorf("printed\n%s", out)
	}
	states("active generated") // the first signs at once
	b.run(0, "key", "rotate", "--tenant", "acme", "--lead", "24h")
	next := states("active generated, next generated")[1]
	if next.SignsFrom.Sub(next.CreatedAt).Hours() != 24 || next.RetiresAt != nil || next.KnownUntil != nil || next.RotatesAt == nil {
		t.Errorf("got %+v", next)
	}
	b.run(0, "key", "rotate", "--tenant", "acme", "--now")
	all := states("retired generated, active generated")
	if all[0].RetiresAt == nil || all[0].KnownUntil == nil {
		t.Errorf("got %+v", all[0])
	}
	if out, _ := b.run(0, "key", "retire", "--tenant", "acme", "--", all[0].ID); !strings.HasPrefix(out, "would retire the key "+all[0].ID) ||
		!strings.Contains(out, "--yes") {
		t.Errorf("without --yes it says %s", out)
	}
	states("retired generated, active generated")
	b.run(0, "key", "retire", "--tenant", "acme", "--yes", "--", all[0].ID) // which may begin with a dash

	material := ecKey(t)
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, []byte(material), 0o600); err != nil {
		t.Fatal(err)
	}
	b.run(0, "key", "import", "--tenant", "acme", "--key", file)
	states("active generated, next imported")
	b.in = ecKey(t)
	out, _ := b.run(0, "key", "import", "--tenant", "acme", "--key", "-", "--now", "-o", "json")
	if !strings.Contains(out, `"state": "active"`) {
		t.Errorf("printed\n%s", out)
	}
	states("retired generated, retired imported, active imported")
	if out, _ := b.run(0, "key", "list", "--tenant", "acme"); strings.Count(out, "\n") != 4 || strings.Contains(out, "PRIVATE") {
		t.Errorf("printed\n%s", out)
	}

	for want, args := range map[string][]string{
		"rotate first":           {"key", "retire", "--tenant", "acme", "--yes", "--", keys()[2].ID},
		"no such thing":          {"key", "retire", "nothing", "--tenant", "acme", "--yes"},
		"has no key":             {"key", "retire", "nothing", "--tenant", "acme"},
		"signs now":              {"key", "retire", "--tenant", "acme", "--", keys()[2].ID},
		"token_strategy":         {"key", "rotate", "--tenant", "zenith"},
		"There is no such thing": {"key", "list", "--tenant", "nobody"},
		"lead_seconds: must be":  {"key", "rotate", "--tenant", "acme", "--lead", "1m"},
		"private_key: must be":   {"key", "import", "--tenant", "acme", "--key", "../../go.mod"},
		"read --key":             {"key", "import", "--tenant", "acme", "--key", filepath.Join(t.TempDir(), "none")},
	} {
		if _, complaints := b.run(1, args...); !strings.Contains(complaints, want) {
			t.Errorf("%v: complains\n%s", args, complaints)
		}
	}
	for want, args := range map[string][]string{
		"together":     {"key", "rotate", "--tenant", "acme", "--now", "--lead", "10m"},
		"whole":        {"key", "rotate", "--tenant", "acme", "--lead", "1500ms"},
		"tenant":       {"key", "list"},
		"\"key\"":      {"key", "import", "--tenant", "acme"},
		"which":        {"key"},
		"unknown comm": {"key", "show"},
	} {
		if _, complaints := b.run(2, args...); !strings.Contains(complaints, want) {
			t.Errorf("%v: complains\n%s", args, complaints)
		}
	}
}

func TestKeySetIsShown(t *testing.T) {
	st := testkit.Open(t, "sqlite", nil)
	testkit.AddTenant(t, st, "acme", `{"headless": {"token_strategy": "jwt", "jwt_algorithm": "ES256"}}`)
	testkit.AddTenant(t, st, "zenith", "")
	b := withServerOn(t, st)
	out, _ := b.run(0, "key", "set", "--tenant", "acme")
	wants(t, out, "/.well-known/jwks.json\n", `"crv": "P-256"`)
	out, _ = b.run(0, "key", "set", "--tenant", "acme", "-o", "json")
	wants(t, out, `"jwks": {`)
	out, _ = b.run(0, "key", "set", "--tenant", "zenith")
	wants(t, out, "no tokens")
	b.run(1, "key", "set", "--tenant", "nobody")
}
