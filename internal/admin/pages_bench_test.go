package admin_test

import (
	"encoding/base64"
	"os"
	"os/exec"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// BenchmarkPages measures the operators' pages in a real browser, with a server (bin/server) that has many tenants and, in one of them, many
// users. `make bench-ui` runs it; what it measures, web/admin/e2e/speed.ts says and prints.
func BenchmarkPages(b *testing.B) {
	const engine = "postgres"
	key := secret.Bytes(secret.KeySize)
	keys, err := secret.NewKeys(key)
	if err != nil {
		b.Fatal(err)
	}
	url := testkit.URL(b, engine)
	st, err := store.Open(store.Options{URL: url, Keys: keys})
	if err != nil {
		b.Fatal(err)
	}
	tenant := testkit.AddTenant(b, st, "acme", "")
	if err := st.Close(); err != nil {
		b.Fatal(err)
	}
	populate(b, engine, url, tenant.ID)
	fill(b, url, keys)
	for b.Loop() {
		cmd := exec.CommandContext(b.Context(), "npm", "--prefix", "../../web/admin", "run", "--silent", "bench")
		cmd.Env = append(os.Environ(), "VESTIBULE_DATABASE_URL="+url, "VESTIBULE_SECRET_KEY="+base64.StdEncoding.EncodeToString(key))
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
	}
}
