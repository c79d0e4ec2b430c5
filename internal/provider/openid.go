package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// openID is a provider that speaks OpenID Connect, and describes itself (Discovery 1.0).
type openID struct {
	scopes     []string          // what is asked for, besides openid
	emailScope []string          // and where addresses are wanted
	params     map[string]string // what is added to the authorization request
	fetches    bool              // the profile is fetched on top of what the ID token says
	noNonce    bool              // it does not repeat the nonce
	anyParty   bool              // it vouches for other apps of whoever the app belongs to (azp)
	method     string            // how the app shows its secret; "": as the provider says
	fixed      *document         // where the provider does not describe itself
	noTokens   bool              // ID tokens do not say who somebody is in the way in which userinfo does
	no         []string          // its own words for somebody's no
	person     person
	// adds is what came back with the code, and is not vouched for: a name at most. May be nil.
	adds func(params url.Values) map[string]any
}

// usualClaims are where OpenID Connect says who somebody is (Core 1.0, section 5.1).
var usualClaims = person{
	uid: "{sub}", email: []string{"email"}, verified: []string{"email_verified"},
	username: []string{"preferred_username"}, name: []string{"name"}, given: []string{"given_name"}, family: []string{"family_name"},
	phone: "phone_number", phoneVerified: "phone_number_verified",
}

var openIDConnect = known{
	name: "OpenID Connect", server: atServerURL,
	way: openID{scopes: []string{"profile", "email"}, fetches: true, person: usualClaims},
}

func (o openID) takes() bool { return !o.noTokens }

func (o openID) document(ctx context.Context, l *login) (*document, error) {
	if o.fixed != nil {
		return o.fixed, nil
	}
	return l.document(ctx)
}

// begin is where somebody is sent (Core 1.0, section 3.1.2.1).
func (o openID) begin(ctx context.Context, l *login) (string, error) {
	d, err := o.document(ctx, l)
	if err != nil {
		return "", err
	}
	scopes := l.scopes(o.scopes, o.emailScope)
	if !slices.Contains(scopes, oidc.ScopeOpenID) { // without it there is no ID token
		scopes = append([]string{oidc.ScopeOpenID}, scopes...)
	}
	more := l.parameters(o.params)
	if !o.noNonce {
		more = append(more, oidc.Nonce(l.at.Nonce))
	}
	if l.pkce(slices.Contains(d.ChallengeMethods, "S256")) {
		more = append(more, oauth2.S256ChallengeOption(l.at.Verifier))
	}
	config := &oauth2.Config{ClientID: l.clientID(), RedirectURL: l.callback, Scopes: scopes, Endpoint: oauth2.Endpoint{AuthURL: d.AuthorizationEndpoint}}
	return config.AuthCodeURL(l.at.State, more...), nil
}

// complete is who came back (Core 1.0, sections 3.1.2.5 to 3.1.3.7).
func (o openID) complete(ctx context.Context, l *login, params url.Values) (*Identity, error) {
	d, err := o.document(ctx, l)
	if err != nil {
		return nil, err
	}
	// Whose answer it is, where the provider says so: another's code is not sent to it (RFC 9207).
	if iss := params.Get("iss"); iss != d.Issuer && (iss != "" || d.NamesIssuer) {
		return nil, l.refused("It is the answer of another issuer: " + l.quote(iss))
	}
	code, err := l.came(params, o.no)
	if err != nil {
		return nil, err
	}
	got, _, err := l.exchange(ctx, trade{
		endpoint: d.TokenEndpoint, method: cmp.Or(l.app.Settings.TokenAuthMethod, o.method, l.method(d)), code: code,
		pkce: l.pkce(slices.Contains(d.ChallengeMethods, "S256")),
	})
	if err != nil {
		return nil, err
	}
	raw, _ := got.Extra("id_token").(string)
	if raw == "" {
		return nil, l.refused("The provider sent no ID token.")
	}
	l.hide(raw)
	proof, err := o.read(ctx, l, d, raw, got.AccessToken)
	if err != nil {
		return nil, err
	}
	if nonce, _ := proof.claims["nonce"].(string); !o.noNonce && (l.at.Nonce == "" || !secret.Equal([]byte(nonce), []byte(l.at.Nonce))) {
		return nil, l.refused("The ID token is of another login: its nonce is not ours.")
	}
	claims := proof.claims
	if l.fetches(o.fetches) && d.UserinfoEndpoint != "" {
		info, err := o.userinfo(ctx, l, d, got.AccessToken)
		if err != nil {
			return nil, err
		}
		if sub, _ := info["sub"].(string); sub != proof.subject { // Core 1.0, section 5.3.2
			return nil, l.refused("The profile is of somebody else than the ID token.")
		}
		claims = over(claims, info)
	}
	if o.adds != nil {
		claims = over(o.adds(params), claims)
	}
	who, err := l.identity(o.mapped(l), claims)
	if err != nil {
		return nil, err
	}
	who.Tokens, who.Once = l.tokens(got), proof.once
	return who, nil
}

// verify is whose ID token a front end handed in. Its nonce is the front end's own.
func (o openID) verify(ctx context.Context, l *login, token Token) (*Identity, error) {
	if token.ID == "" {
		return nil, l.refused("There is no ID token.")
	}
	d, err := o.document(ctx, l)
	if err != nil {
		return nil, err
	}
	proof, err := o.read(ctx, l, d, token.ID, token.Access)
	if err != nil {
		return nil, err
	}
	who, err := l.identity(o.mapped(l), proof.claims)
	if err != nil {
		return nil, err
	}
	who.Once = proof.once
	return who, nil
}

// mapped says where to look for who somebody is.
func (o openID) mapped(l *login) person {
	p := o.person
	if field := l.app.Settings.UIDField; field != "" {
		p.uid = "{" + field + "}"
	}
	return p
}

// proof is what an ID token says.
type proof struct {
	subject string
	claims  map[string]any
	once    *Once
}

// How ID tokens are looked at.
const (
	leeway    = 5 * time.Minute // by how much two clocks may differ
	mostToken = 16 << 10        // how long they may be
)

// registered are the claims that decide about an ID token. Names that differ from them by case alone are not taken: to some readers they
// would be the same.
var registered = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "nonce", "azp", "at_hash", "jti"}

// read checks an ID token (Core 1.0, section 3.1.3.7). access is the token that came with it, or "".
func (o openID) read(ctx context.Context, l *login, d *document, raw, access string) (*proof, error) {
	if len(raw) > mostToken || strings.Count(raw, ".") != 2 || strings.ContainsAny(raw, "{ \t\r\n") {
		return nil, l.refused("The ID token is none.")
	}
	algorithms := d.algorithms()
	if len(algorithms) == 0 {
		return nil, l.fault("The provider signs in no way that can be checked with a public key.")
	}
	signed := &signatures{login: l, address: d.JWKSURI}
	t, err := oidc.NewVerifier(d.Issuer, signed, &oidc.Config{
		SupportedSigningAlgs: algorithms, Now: l.clock.Now,
		SkipClientIDCheck: true, // an app may have several: see below
	}).Verify(ctx, raw)
	switch {
	case signed.fault != nil:
		return nil, signed.fault
	case err != nil:
		return nil, l.refused(l.quote(err.Error()))
	}
	claims := map[string]any{}
	if err := t.Claims((*object)(&claims)); err != nil {
		return nil, l.refused("What the ID token says cannot be read.")
	}
	for name := range claims {
		if i := slices.IndexFunc(registered, func(r string) bool { return strings.EqualFold(name, r) }); i >= 0 && name != registered[i] {
			return nil, l.refused("The ID token has two ways to say " + registered[i] + ".")
		}
	}
	ours := l.clientIDs()
	party, named := claims["azp"].(string)
	switch now := l.clock.Now(); {
	case !slices.ContainsFunc(t.Audience, func(aud string) bool { return slices.Contains(ours, aud) }):
		return nil, l.refused("The ID token is for another app.")
	case claims["azp"] != nil && !named, named && !slices.Contains(ours, party) && !o.anyParty, !named && len(t.Audience) > 1:
		return nil, l.refused("The ID token was given to another app.")
	case t.IssuedAt.IsZero() || t.IssuedAt.After(now.Add(leeway)):
		return nil, l.refused("The ID token does not say when it was issued, or that it will be.")
	case !now.Before(t.Expiry):
		return nil, l.refused("The ID token has expired.")
	case t.Subject == "":
		return nil, l.refused("The ID token says of nobody who they are.")
	case access != "" && t.AccessTokenHash != "" && t.VerifyAccessToken(access) != nil:
		return nil, l.refused("The ID token came with another access token.")
	}
	p := &proof{subject: t.Subject, claims: claims}
	if jti, _ := claims["jti"].(string); jti != "" {
		p.once = onceOf(t.Expiry, t.Issuer, jti)
	}
	return p, nil
}

// userinfo is the profile (Core 1.0, section 5.3), as JSON or signed.
func (o openID) userinfo(ctx context.Context, l *login, d *document, access string) (map[string]any, error) {
	a, bad := l.call(ctx, http.MethodGet, d.UserinfoEndpoint, nil, mostDocument, func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+access) })
	switch {
	case bad != nil:
		return nil, l.fault(bad.why)
	case a.status != http.StatusOK:
		return nil, l.fault(fmt.Sprintf("%s answered %d.", l.quote(d.UserinfoEndpoint), a.status))
	}
	body := a.body
	if strings.HasPrefix(a.kind, "application/jwt") {
		signed := &signatures{login: l, address: d.JWKSURI}
		t, err := oidc.NewVerifier(d.Issuer, signed, &oidc.Config{
			ClientID: l.clientID(), SupportedSigningAlgs: d.algorithms(), SkipExpiryCheck: true, // it need not say when it expires
		}).Verify(ctx, string(body))
		var claims json.RawMessage
		if err == nil {
			err = t.Claims(&claims)
		}
		if err = errors.Join(signed.fault, err); err != nil {
			return nil, l.fault("The profile is not signed as it should be: " + l.quote(err.Error()))
		}
		body = claims
	}
	info, err := readObject(body)
	if err != nil {
		return nil, l.fault("What " + l.quote(d.UserinfoEndpoint) + " answered is no profile.")
	}
	return info, nil
}
