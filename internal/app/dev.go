package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// demo is the tenant that --dev makes.
const demo = "demo"

// prepareDev migrates the database and makes the demo tenant, unless an earlier start did.
func (a *App) prepareDev(ctx context.Context) error {
	if _, err := a.Store.Migrate(ctx); err != nil {
		return err
	}
	if err := a.keysFit(ctx); errors.Is(err, errKeys) {
		return fmt.Errorf("%w (where none is given, --dev keeps one in %s), or delete the folder %s to begin anew, which loses "+
			"the development database", err, filepath.Join(a.config.DevDir, "secret-key"), a.config.DevDir)
	} else if err != nil {
		return err
	}
	_, err := a.Store.TenantRecordBySlug(ctx, demo)
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	doc, err := json.Marshal(map[string]any{
		"public_url": "http://localhost:" + portOf(a.config.Listen),
		"account": map[string]any{
			"login_methods": []string{"email", "username"},
			"signup_fields": []string{"email*", "username", "password1*"},
		},
		// Where front ends run on a developer's machine.
		"cors": map[string]any{"allowed_origins": []string{"http://localhost:3000", "http://localhost:5173"}},
	})
	if err != nil {
		return fmt.Errorf("encode the demo tenant's settings: %w", err)
	}
	if _, err := tenants.Parse(doc); err != nil {
		return fmt.Errorf("the demo tenant's settings: %w", err)
	}
	shared := func(host string) bool { return slices.Contains(a.config.SharedHosts, host) }
	err = a.Store.AddTenant(ctx, &store.TenantRecord{
		ID: secret.NewID(), Slug: demo, Name: "Demo", State: tenants.Active,
		Hosts:    slices.DeleteFunc([]string{"localhost", "demo.localhost"}, shared),
		Document: doc, CreatedAt: a.clock.Now(),
	})
	if errors.Is(err, store.ErrTaken) {
		return nil // another server made it at the same moment
	}
	return err
}

func portOf(addr string) string {
	if _, port, err := net.SplitHostPort(addr); err == nil {
		return port
	}
	return "8080"
}

// Banner greets a developer: where everything is, and what to try first.
func (a *App) Banner(w io.Writer) error {
	public := "http://localhost:" + portOf(a.Public.Addr().String())
	operators := "http://" + a.Operators.Addr().String()
	_, err := fmt.Fprintf(w, `
  Vestibule, for development

  public API    %[1]s/_allauth/app/v1/config   (tenant "demo")
  operators     %[2]s/readyz  /metrics  /admin/v1/tenants
  admin token   %[3]s
  data          %[4]s

  Sign somebody up:

    curl -s %[1]s/_allauth/app/v1/auth/signup --json '{"email": "ann@example.org", "password": "Kestrel-Orbit-49"}'

  Read the mail that was sent:

    curl -s -H "Authorization: Bearer %[3]s" %[2]s/admin/v1/dev/mail

  Stop with Ctrl-C. The data stays.

`, public, operators, a.config.AdminToken.Reveal(), a.config.DevDir)
	return err
}
