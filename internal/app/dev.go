package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/vestibule-auth/vestibule/internal/demoapp"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
	adminui "github.com/vestibule-auth/vestibule/web/admin"
)

// demo is the tenant that --dev makes.
const demo = "demo"

// prepareDev migrates the database, and makes the demo tenant. Where an earlier start made it, it follows this one to its
// port.
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
	rec, err := a.Store.TenantRecordBySlug(ctx, demo)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return a.addDemo(ctx)
	case err != nil:
		return err
	default:
		return a.moveDemo(ctx, rec)
	}
}

func (a *App) addDemo(ctx context.Context) error {
	fronts := []string{"http://localhost:3000", "http://localhost:5173"} // where they run on a developer's machine
	methods, asked := []string{"email", "username"}, []string{"email*", "username", "password1*"}
	if a.config.Mailbox() { // which shows texts as well; there is nothing else to send them by
		methods, asked = append(methods, "phone"), slices.Insert(asked, 2, "phone")
	}
	doc, err := json.Marshal(map[string]any{
		"public_url": a.localURL(),
		"headless": map[string]any{
			"frontend_urls": demoPages(a.localURL()),
			// Apps have access tokens for the API in examples/api. Browsers are handed none.
			"token_strategy": "jwt", "jwt_audience": "notes",
		},
		"account": map[string]any{"login_methods": methods, "signup_fields": asked, "login_by_code_enabled": true},
		"mfa": map[string]any{
			"supported_types": []string{"recovery_codes", "totp", "webauthn"}, "passkey_login_enabled": true, "trust_enabled": true,
			"webauthn_rp_origins": fronts,
		},
		"socialaccount": map[string]any{"providers": map[string]any{"dummy": map[string]any{"apps": []any{map[string]any{
			"client_id": "demo", "name": "a dummy provider", // which asks who somebody is, and believes it
		}}}}},
		"usersessions": map[string]any{"track_activity": true},
		"cors":         map[string]any{"allowed_origins": fronts},
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

// moveDemo sees that the demo tenant's public URL leads to this server, whatever port an earlier start was on: mailed
// links would lead nowhere, and requests of browsers would come from a foreign origin.
func (a *App) moveDemo(ctx context.Context, rec *store.TenantRecord) error {
	port := a.localPort()
	patch, err := movedTo(port, rec.Document)
	if err != nil || patch == nil {
		return err
	}
	if rec.Document, _, err = tenants.ParsePatch(rec.Document, patch); err != nil {
		return fmt.Errorf("the demo tenant's settings: %w", err)
	}
	rec.UpdatedAt = a.clock.Now()
	err = a.Store.SaveTenant(ctx, rec)
	if errors.Is(err, store.ErrStale) {
		return nil // another server changed it at the same moment
	}
	if err == nil {
		a.log.InfoContext(ctx, "the demo tenant's public_url and frontend_urls follow this server", "port", port)
	}
	return err
}

// movedTo is the patch that puts the public URL of a document on a port, and with it the front end's pages that begin
// with it; where there are none, as an earlier version left them, they become those of the example. It is nil where there is nothing to
// do. A URL that a developer gave stays: it is https, of another host, without a port, or that of a front end, which
// cors.allowed_origins lists.
func movedTo(port string, document []byte) (patch []byte, err error) {
	var doc struct {
		PublicURL string `json:"public_url,omitempty"`
		Headless  struct {
			FrontendURLs map[string]string `json:"frontend_urls,omitempty"`
		} `json:"headless,omitzero"`
		CORS struct {
			AllowedOrigins []string `json:"allowed_origins,omitempty"`
		} `json:"cors,omitzero"`
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, fmt.Errorf("read the demo tenant's settings: %w", err)
	}
	old := strings.TrimRight(doc.PublicURL, "/")
	u, err := url.Parse(old)
	if err != nil || u.Scheme != "http" || (u.Hostname() != "localhost" && !strings.HasSuffix(u.Hostname(), ".localhost")) ||
		u.Port() == "" || slices.Contains(doc.CORS.AllowedOrigins, old) || u.Port() == port && doc.Headless.FrontendURLs != nil {
		return nil, nil
	}
	doc.PublicURL = "http://" + net.JoinHostPort(u.Hostname(), port)
	if doc.Headless.FrontendURLs == nil {
		doc.Headless.FrontendURLs = demoPages(doc.PublicURL)
	}
	for page, at := range doc.Headless.FrontendURLs {
		if path, ok := strings.CutPrefix(at, old+"/"); ok {
			doc.Headless.FrontendURLs[page] = doc.PublicURL + "/" + path
		}
	}
	if patch, err = json.Marshal(doc); err != nil {
		return nil, fmt.Errorf("encode the demo tenant's settings: %w", err)
	}
	return patch, nil
}

// localURL is where a developer reaches the public listener: by the name that the demo tenant is found by.
func (a *App) localURL() string {
	return "http://localhost:" + a.localPort()
}

func (a *App) localPort() string { return strconv.Itoa(a.Public.Addr().(*net.TCPAddr).Port) }

// Banner greets a developer: where everything is, and what to try first.
func (a *App) Banner(w io.Writer) error {
	operators := "http://" + a.Operators.Addr().String()
	pages := a.operatorsURL() + `/
                first time: ` + a.operatorsURL() + `/first-owner, with the admin token`
	front := a.localURL() + `/   a front end of the tenant "demo": sign up, read your mail, add a passkey`
	const without = "not in this build: install Node and npm, and run make run again"
	if !adminui.Built() {
		pages = without
	}
	if !demoapp.Built() {
		front = without
	}
	_, err := fmt.Fprintf(w, `
  Vestibule, for development

  app           %[6]s
  pages         %[5]s
  admin token   %[3]s
  public API    %[1]s/_allauth/app/v1/config   (tenant "demo")
  operators     %[2]s/admin/docs  /admin/v1/tenants  /readyz  /metrics
  data          %[4]s

  Sign somebody up:

    curl -s %[1]s/_allauth/app/v1/auth/signup -H 'Content-Type: application/json' -d '{"email": "ann@example.org", "password": "Kestrel-Orbit-49"}'

  Read the mail that was sent:

    curl -s -H "Authorization: Bearer %[3]s" %[2]s/admin/v1/dev/mail

  Stop with Ctrl-C. The data stays, all but the mailbox.

`, a.localURL(), operators, a.config.AdminToken.Reveal(), a.config.DevDir, pages, front)
	return err
}
