package headless

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/keyring"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The documents by which whoever checks a tenant's tokens finds out how (RFC 8414, RFC 8615). They are the same for everybody, are read
// without a session, and may be remembered for as long as package keyring reckons with.

// documents is the table of them.
func (a *API) documents() []wellKnown {
	return []wellKnown{
		{a, tenants.KeysPath, func(_ *tenants.Tenant, keys flows.PublicKeys) any { return json.RawMessage(keys.Document) }},
		{a, "/.well-known/openid-configuration", discovery},
	}
}

// wellKnown is one of them.
type wellKnown struct {
	api  *API
	path string
	of   func(*tenants.Tenant, flows.PublicKeys) any
}

// configurationOfIssuer is what there is of OpenID Connect Discovery 1.0, section 3: the issuer of tokens, and their keys. The members that
// must be there are, as far as anything is true that they could say; there are no endpoints yet that would hand out tokens to others.
type configurationOfIssuer struct {
	Issuer            string   `json:"issuer"`
	JWKSURI           string   `json:"jwks_uri"`
	ResponseTypes     []string `json:"response_types_supported"`
	SubjectTypes      []string `json:"subject_types_supported"`
	SigningAlgorithms []string `json:"id_token_signing_alg_values_supported"`
	Claims            []string `json:"claims_supported"`
}

func discovery(t *tenants.Tenant, keys flows.PublicKeys) any {
	return configurationOfIssuer{
		Issuer: t.PublicURL(), JWKSURI: t.KeysURL(), ResponseTypes: []string{}, SubjectTypes: []string{"public"},
		SigningAlgorithms: keys.Algorithms, Claims: []string{"iss", "aud", "sub", "sid", "jti", "token_use", "iat", "exp"},
	}
}

// remembered is how long the documents may be.
var remembered = []string{"public, max-age=" + strconv.Itoa(int(keyring.MaxAge.Seconds()))}

// ServeHTTP serves one.
func (d wellKnown) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := d.api
	h := w.Header()
	// Any page may read what is public; without credentials, which nothing here depends on.
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Vary", a.TenantHeader) // on a shared host the header decides whose keys they are
	t, err := a.Tenants.Resolve(r.Context(), r.Host, strings.Join(r.Header.Values(a.TenantHeader), ","))
	if err != nil {
		a.Recorder.Route(r, d.path, "")
		a.decline(w, r, nil, err)
		return
	}
	a.Recorder.Route(r, d.path, t.Slug)
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		h.Set("Access-Control-Allow-Methods", "GET, HEAD")
		h.Set("Access-Control-Allow-Headers", a.TenantHeader)
		h.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		h.Set("Allow", "GET, HEAD, OPTIONS")
		write(w, answer{Status: http.StatusMethodNotAllowed})
		return
	}
	keys, err := a.Flows.PublicKeys(r.Context(), t)
	if err != nil {
		a.decline(w, r, nil, err)
		return
	}
	body, err := json.Marshal(d.of(t, keys))
	if err != nil {
		panic("headless: " + err.Error()) // it is made of plain values; this is a mistake in the program
	}
	h["Content-Type"], h["Cache-Control"], h["X-Content-Type-Options"] = jsonType, remembered, nosniff
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body) // a client that has gone is no fault of ours
}
