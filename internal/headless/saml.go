package headless

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The endpoints of an app at an identity provider that speaks SAML 2.0, by what their paths end with.
const (
	samlMetadata   = "metadata"
	samlACS        = "acs"
	samlSLS        = "sls"
	samlFinish     = "/finish" // after acs and sls: the same, for what a page of this host's posts on
	samlFormFields = "SAMLRequest SAMLResponse RelayState"
)

// samlEndpoint is the app that a path is an endpoint of, and which; false for no app's.
func samlEndpoint(t *tenants.Tenant, path string) (app tenants.App, endpoint string, ok bool) {
	for _, a := range t.Settings.Apps() {
		below, found := strings.CutPrefix(path, strings.TrimSuffix(tenants.SAMLPath(a, ""), "/"))
		if !a.SpeaksSAML() || !found {
			continue
		}
		switch endpoint = strings.TrimSuffix(below, "/"); endpoint {
		case samlMetadata, samlACS, samlACS + samlFinish, samlSLS, samlSLS + samlFinish:
			return a, endpoint, below == endpoint+"/"
		}
	}
	return tenants.App{}, "", false
}

// serveSAML serves an endpoint.
func (c callback) serveSAML(w http.ResponseWriter, r *http.Request, t *tenants.Tenant, app tenants.App, endpoint string) {
	a, b := c.api, &browser{}
	if endpoint == samlMetadata {
		c.describe(w, r, t, app)
		return
	}
	base, finish := strings.CutSuffix(endpoint, samlFinish)
	switch {
	case r.Method == http.MethodPost:
	case r.Method == http.MethodGet && endpoint == samlSLS && strings.Contains(r.URL.RawQuery, "SAMLRequest="):
		c.logout(w, r, t, app, flows.ProviderLogoutInput{Query: r.URL.RawQuery})
		return
	case r.Method == http.MethodGet && endpoint == samlSLS: // such as the answer to a request of ours, of which there are none
		write(w, answer{Status: http.StatusBadRequest})
		return
	default:
		w.Header().Set("Allow", http.MethodPost)
		write(w, answer{Status: http.StatusMethodNotAllowed})
		return
	}
	posted, err := postedForm(r)
	switch {
	case err != nil:
		a.decline(w, r, nil, err)
	case b.token(r, t) == "" && (!finish || foreign(r)): // another site's form comes without cookies
		sendForm(w, tenants.SAMLPath(app, base+samlFinish), posted)
	case base == samlSLS:
		c.logout(w, r, t, app, flows.ProviderLogoutInput{Form: posted})
	default:
		c.comeBack(w, r, t, app, url.Values{"state": {posted.Get("RelayState")}, "SAMLResponse": {posted.Get("SAMLResponse")}})
	}
}

// foreign reports whether a browser says that another site had it come. What that begins would be a session in the place of the one whose cookie
// did not come along.
func foreign(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") == "cross-site" // https://www.w3.org/TR/fetch-metadata
}

// describe answers with the tenant's metadata (saml-metadata, section 2).
func (c callback) describe(w http.ResponseWriter, r *http.Request, t *tenants.Tenant, app tenants.App) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		write(w, answer{Status: http.StatusMethodNotAllowed})
		return
	}
	doc, err := c.api.Flows.ProviderMetadata(t, app)
	if err != nil {
		c.api.decline(w, r, nil, err)
		return
	}
	h := w.Header()
	keepFromCaches(h)
	h.Set("Content-Type", "application/samlmetadata+xml")
	h.Set("Content-Security-Policy", "default-src 'none'")
	_, _ = w.Write(doc) //nolint:gosec // XML that was encoded, as a type that no browser shows; a client that has gone is no fault of ours
}

// logout ends what a provider says has ended, and sends the browser back there.
func (c callback) logout(w http.ResponseWriter, r *http.Request, t *tenants.Tenant, app tenants.App, asked flows.ProviderLogoutInput) {
	a, b := c.api, &browser{}
	v, err := c.open(r, t)
	if err != nil {
		a.decline(w, r, nil, err)
		return
	}
	location, err := a.Flows.LogoutByProvider(r.Context(), v, app, asked)
	b.finish(w, r, v, &meta{})
	switch {
	case errors.Is(err, flows.ErrProviderLogout):
		write(w, answer{Status: http.StatusBadRequest})
	case err != nil:
		a.decline(w, r, v, err)
	default:
		sendTo(w, http.StatusFound, location)
	}
}

// passOn is a page that posts a form on to this host by itself, so that the browser's cookies come along; by a button, where there is no JavaScript.
var passOn = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>One moment</title>
<form method="post" action="{{.Action}}">
{{- range .Fields}}
<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{- end}}
<noscript><button>Go on</button></noscript>
</form>
<script nonce="{{.Nonce}}">document.forms[0].submit();</script>
</html>
`))

// sendForm sends a form of another site's on. Browsers send no cookie (SameSite=Lax or Strict) along with such a form.
func sendForm(w http.ResponseWriter, action string, posted url.Values) {
	type field struct{ Name, Value string }
	page := struct {
		Action, Nonce string
		Fields        []field
	}{Action: action, Nonce: secret.Token()}
	for _, name := range strings.Fields(samlFormFields) {
		if posted.Has(name) {
			page.Fields = append(page.Fields, field{name, posted.Get(name)})
		}
	}
	// There is no form-action: some browsers hold the redirect that answers the form to it, too, and that leads to the front end or the provider.
	asPage(w, "script-src 'nonce-"+page.Nonce+"'; ")
	_ = passOn.Execute(w, page) // a client that has gone is no fault of ours
}
