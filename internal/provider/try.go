package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// discover reads the provider's discovery document; nil: there is none.
func (r *trial) discover(ctx context.Context) *document {
	address := r.quote(r.discovery)
	remedy := r.place(fmt.Sprintf("Set %s to the issuer as the provider names it, or to the address of its discovery document.", r.setting))
	a, bad := r.call(ctx, http.MethodGet, r.discovery, nil, mostDocument, nil)
	if bad != nil {
		if bad.remedy == "" {
			bad.remedy = remedy
		}
		r.say(discoveryStep, Problem, bad.why, bad.remedy)
		return nil
	}
	var d document
	switch {
	case a.status != http.StatusOK:
		r.say(discoveryStep, Problem, fmt.Sprintf("%s answered %d.", address, a.status), remedy)
		return nil
	case json.Unmarshal(a.body, &d) != nil || d.Issuer+d.AuthorizationEndpoint+d.TokenEndpoint+d.JWKSURI == "":
		r.say(discoveryStep, Problem, fmt.Sprintf("What %s answered is not a discovery document.", address), remedy)
		return nil
	}
	var lacks []string
	for _, member := range [][2]string{
		{"issuer", d.Issuer}, {"authorization_endpoint", d.AuthorizationEndpoint}, {"token_endpoint", d.TokenEndpoint}, {"jwks_uri", d.JWKSURI},
	} {
		if member[1] == "" {
			lacks = append(lacks, member[0])
		}
	}
	switch {
	case len(lacks) > 0:
		r.say(discoveryStep, Problem, fmt.Sprintf("The discovery document at %s lacks %s.", address, strings.Join(lacks, ", ")),
			r.place(fmt.Sprintf("Have the provider complete it, or set %s to another server.", r.setting)))
	case strings.HasPrefix(r.discovery, "http:"):
		r.say(discoveryStep, Warning, fmt.Sprintf("The discovery document is at %s. It is not protected by TLS: it could be changed on the way.", address),
			"Use the provider's https address.")
	default:
		r.say(discoveryStep, Fine, fmt.Sprintf("The discovery document is at %s.", address), "")
	}
	return &d
}

// judgeIssuer compares the issuer that the document names with the one that was meant (section 4.3).
func (r *trial) judgeIssuer(d *document) {
	said, meant := r.quote(d.Issuer), r.issuer(d.Issuer)
	switch {
	case d.Issuer == "":
		r.say(issuerStep, Problem, "The discovery document names no issuer.", "")
	case meant == "":
		r.say(issuerStep, Fine, fmt.Sprintf("The issuer is %s.", said), "")
	case slashAside(d.Issuer, meant):
		r.say(issuerStep, Warning, fmt.Sprintf("The issuer calls itself %s, and %s is set: they differ by a slash at the end.", said, short(meant)),
			r.place(fmt.Sprintf("Set %s to %s.", r.setting, said)))
	default:
		r.say(issuerStep, Problem, fmt.Sprintf("The issuer calls itself %s, and is not %s: what it signs could not be told from another's.", said, short(meant)),
			r.place(fmt.Sprintf("If that is the provider that you mean, set %s to %s.", r.setting, said)))
	}
}

// keys looks for keys in the provider's key set.
func (r *trial) keys(ctx context.Context, d *document) {
	if d.JWKSURI == "" {
		r.say(keysStep, Problem, "The discovery document names no key set.", "")
		return
	}
	a, bad := r.call(ctx, http.MethodGet, d.JWKSURI, nil, mostDocument, nil)
	if bad != nil {
		r.say(keysStep, Problem, bad.why, bad.remedy)
		return
	}
	var set struct {
		Keys []struct {
			Type string `json:"kty"`
			Use  string `json:"use"`
		} `json:"keys"`
	}
	address := r.quote(d.JWKSURI)
	if a.status != http.StatusOK || json.Unmarshal(a.body, &set) != nil {
		r.say(keysStep, Problem, fmt.Sprintf("%s answered %d, and no key set.", address, a.status), "")
		return
	}
	n := 0
	for _, k := range set.Keys {
		if slices.Contains([]string{"RSA", "EC", "OKP"}, k.Type) && (k.Use == "" || k.Use == "sig") {
			n++
		}
	}
	switch n {
	case 0:
		r.say(keysStep, Problem, fmt.Sprintf("The key set at %s has no key that signs: what the provider says could not be checked.", address), "")
	case 1:
		r.say(keysStep, Fine, fmt.Sprintf("The key set at %s has one key that signs.", address), "")
	default:
		r.say(keysStep, Fine, fmt.Sprintf("The key set at %s has %d keys that sign.", address, n), "")
	}
}

// credentials shows the app's to the token endpoint, with a code that was made up.
func (r *trial) credentials(ctx context.Context, endpoint string, d *document) {
	if endpoint == "" {
		r.say(credentialsStep, Problem, "The discovery document names no token endpoint.", "")
		return
	}
	method := r.method(d)
	if method == "" {
		r.say(credentialsStep, Unknown, fmt.Sprintf("The provider takes secrets in ways that are not offered here: %s.", r.quote(strings.Join(d.AuthMethods, ", "))),
			"Set the app up there with client_secret_basic or client_secret_post.")
		return
	}
	shown, bad := r.secret(method)
	if bad != nil {
		r.say(credentialsStep, Problem, bad.why, bad.remedy)
		return
	}
	r.hide(shown)
	form := url.Values{"grant_type": {"authorization_code"}, "code": {"made-up-" + secret.Token()}, "redirect_uri": {r.callback}}
	prepare := func(*http.Request) {}
	switch method {
	case byBasic: // each half is encoded first (RFC 6749, section 2.3.1)
		prepare = func(q *http.Request) { q.SetBasicAuth(url.QueryEscape(r.clientID()), url.QueryEscape(shown)) }
	case byPost:
		form.Set("client_id", r.clientID())
		form.Set("client_secret", shown)
	default:
		form.Set("client_id", r.clientID())
	}
	a, bad := r.call(ctx, http.MethodPost, endpoint, form, mostAnswer, prepare)
	if bad != nil {
		r.say(credentialsStep, Problem, bad.why, bad.remedy)
		return
	}
	r.judge(a, method)
}

// judge says what a token endpoint's answer means.
func (r *trial) judge(a *answer, method string) {
	var said struct {
		Error       string          `json:"error"`
		Description string          `json:"error_description"`
		Token       json.RawMessage `json:"access_token"`
	}
	if json.Unmarshal(a.body, &said) != nil {
		said.Error, said.Description, said.Token = "", "", nil // members of other types: it is no answer of a token endpoint's
	}
	words := said.Error
	if said.Description != "" {
		words += ": " + said.Description
	}
	words = r.quote(words)
	const register = "Look at client_id and secret: they have to be those that the provider gave the app."
	switch {
	case len(said.Token) > 0:
		r.say(credentialsStep, Problem, "The token endpoint took a code that was made up: its tokens prove nothing.", "Do not use this provider.")
	case said.Error == "redirect_uri_mismatch":
		r.say(credentialsStep, Problem, "The provider takes the credentials, and does not know the callback URL.", "Register "+r.callback+" there.")
	case said.Error == "unauthorized_client":
		r.say(credentialsStep, Problem, fmt.Sprintf("The provider does not let the app log people in (%s).", words), "Allow the authorization code flow for the app there.")
	case slices.Contains([]string{"invalid_client", "incorrect_client_credentials"}, said.Error),
		said.Error == "" && a.status == http.StatusUnauthorized,
		a.status == http.StatusNotFound && r.app.Provider == "github": // which is how it tells of a client id that it does not know
		message := "The provider does not take the credentials"
		if words != "" {
			message += " (" + words + ")"
		}
		r.say(credentialsStep, Problem, message+".", register)
	case said.Error == "invalid_grant" && r.codeFirst:
		r.say(credentialsStep, Unknown, fmt.Sprintf("The provider refused the code that was made up (%s), which it may do before it looks at the credentials.", words), "")
	case said.Error == "invalid_grant" && method == byNone:
		r.say(credentialsStep, Fine, "The provider knows the client id. The app has no secret that could be wrong.", "")
	case said.Error == "invalid_grant", said.Error == "bad_verification_code":
		r.say(credentialsStep, Fine, "The provider takes the credentials.", "")
	case a.status == http.StatusTooManyRequests || a.status >= http.StatusInternalServerError:
		r.say(credentialsStep, Unknown, fmt.Sprintf("The token endpoint answered %d.", a.status), "Try again later.")
	case words != "":
		r.say(credentialsStep, Unknown, fmt.Sprintf("The token endpoint answered %d (%s), which tells nothing of the credentials.", a.status, words), "")
	default:
		r.say(credentialsStep, Unknown, fmt.Sprintf("The token endpoint answered %d, which tells nothing of the credentials.", a.status), "")
	}
}
