package provider

import (
	"context"
	"crypto"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	lru "github.com/hashicorp/golang-lru/v2"
)

// document is what there is of a discovery document that is needed (OpenID Connect Discovery 1.0, section 3).
type document struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	UserinfoEndpoint      string   `json:"userinfo_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	AuthMethods           []string `json:"token_endpoint_auth_methods_supported"`
	Algorithms            []string `json:"id_token_signing_alg_values_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`               // RFC 8414, section 2
	NamesIssuer           bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207, section 3
}

// signing are the algorithms of signatures that a public key checks (RFC 7518, section 3.1; RFC 8037). Those with a shared secret are not among
// them: whoever can check such a signature can make it.
var signing = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
}

// algorithms are those that the provider signs with, as far as they are good for anything. It signs with RS256 where it does not say.
func (d *document) algorithms() []string {
	if len(d.Algorithms) == 0 {
		return []string{oidc.RS256}
	}
	return slices.DeleteFunc(slices.Clone(d.Algorithms), func(a string) bool { return !slices.Contains(signing, a) })
}

// keySet are the public keys of a provider that signatures can be checked with.
type keySet []jose.JSONWebKey

// weakest is how short an RSA key may be, in bits (RFC 7518, section 3.3).
const weakest = 2048

func tooWeak(k jose.JSONWebKey) bool {
	key, ok := k.Key.(*rsa.PublicKey)
	return ok && key.N.BitLen() < weakest
}

// mostKeys is how many keys of a set are looked at.
const mostKeys = 100

// readKeySet reads a key set (RFC 7517, section 5). What is in it of other kinds is left out, and so is what makes no sense.
func readKeySet(body []byte) (keySet, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("provider: read a key set: %w", err)
	}
	var keys keySet
	for _, raw := range set.Keys[:min(len(set.Keys), mostKeys)] {
		var k jose.JSONWebKey
		if json.Unmarshal(raw, &k) != nil || !k.IsPublic() || !k.Valid() || k.Use != "" && k.Use != "sig" || tooWeak(k) {
			continue
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// fit are the keys that may have made a signature: those of its key id, or all where it has none.
func (s keySet) fit(kid, algorithm string) (keys []crypto.PublicKey) {
	for _, k := range s {
		if (kid == "" || k.KeyID == kid) && (k.Algorithm == "" || k.Algorithm == algorithm) {
			keys = append(keys, k.Key)
		}
	}
	return keys
}

// How long what a provider publishes is kept.
const (
	keptFor  = 10 * time.Minute
	goodFor  = time.Hour        // and how much longer while it cannot be had anew
	pause    = 10 * time.Second // between two times that it is asked for, whoever wants it
	patience = time.Second      // the same for one that has never answered
	mostKept = 1000             // addresses
)

// published keeps what providers publish, by its address: for whoever asks there, it is the same.
type published[T any] struct {
	kept *lru.Cache[string, *copied[T]]
}

func newPublished[T any]() published[T] {
	kept, err := lru.New[string, *copied[T]](mostKept)
	if err != nil {
		panic(err) // it is said of sizes below one alone
	}
	return published[T]{kept}
}

// copied is a copy of what is at one address.
type copied[T any] struct {
	asking chan struct{} // held by whoever asks for it

	mu    sync.Mutex
	value T
	is    time.Time // when it was read; zero: never
	asked time.Time
	why   error // that it could not be had when it was asked for last, and never was
}

// get is what is at an address and does. What does not is asked for anew, though not more often than there is a pause for; then it is
// what there is.
func (p published[T]) get(ctx context.Context, address string, now func() time.Time, does func(T) bool, ask func() (T, error)) (T, error) {
	c, ok := p.kept.Get(address)
	if !ok {
		c = &copied[T]{asking: make(chan struct{}, 1)}
		if before, was, _ := p.kept.PeekOrAdd(address, c); was {
			c = before
		}
	}
	if value, ok := c.read(now(), does); ok {
		return value, nil
	}
	select {
	case c.asking <- struct{}{}:
		defer func() { <-c.asking }()
	case <-ctx.Done():
		return *new(T), fmt.Errorf("provider: wait for %s: %w", short(address), ctx.Err())
	}
	if value, ok := c.read(now(), does); ok { // somebody else asked in the meantime
		return value, nil
	}
	if err := c.unheard(now()); err != nil {
		return *new(T), err
	}
	value, err := ask()
	c.mu.Lock()
	defer c.mu.Unlock()
	t := now()
	c.asked = t
	switch {
	case err == nil:
		c.value, c.is, c.why = value, t, nil
	case !c.is.IsZero() && t.Sub(c.is) < keptFor+goodFor:
		return c.value, nil
	default:
		c.why = err
		return value, err
	}
	return value, nil
}

// unheard is why there is no answer, for those who waited while another found it out: a provider that hangs is not waited for by each of
// them in turn.
func (c *copied[T]) unheard(now time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why != nil && now.Sub(c.asked) < patience {
		return c.why
	}
	return nil
}

// read is the copy, where it need not or must not be made anew.
func (c *copied[T]) read(now time.Time, does func(T) bool) (T, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	age := now.Sub(c.is)
	waits := now.Sub(c.asked) < pause
	return c.value, !c.is.IsZero() && (age < keptFor && does(c.value) || waits && age < keptFor+goodFor)
}

// document is the provider's description of itself. It is the issuer's that was meant, and has what a login needs.
func (l *login) document(ctx context.Context) (*document, error) {
	s, ok := serverOf(l.app)
	if !ok || s.discovery == "" {
		return nil, l.fault("The app does not say where its provider is: settings.server_url does.")
	}
	return l.apps.documents.get(ctx, s.discovery, l.clock.Now, func(*document) bool { return true }, func() (*document, error) {
		a, bad := l.call(ctx, http.MethodGet, s.discovery, nil, mostDocument, nil)
		if bad != nil {
			return nil, l.fault(bad.why)
		}
		var d document
		if a.status != http.StatusOK || json.Unmarshal(a.body, &d) != nil {
			return nil, l.fault(fmt.Sprintf("%s answered %d, and no discovery document.", l.quote(s.discovery), a.status))
		}
		if meant := s.issuer(d.Issuer); d.Issuer == "" || meant != "" && !slashAside(d.Issuer, meant) {
			return nil, l.fault(fmt.Sprintf("The issuer at %s calls itself %q.", l.quote(s.discovery), l.quote(d.Issuer)))
		}
		for _, address := range []string{d.AuthorizationEndpoint, d.TokenEndpoint, d.JWKSURI} {
			if bad := l.allows(address); bad != nil {
				return nil, l.fault(bad.why)
			}
		}
		return &d, nil
	})
}

// signatures checks signatures with the keys that are published at an address (oidc.KeySet).
type signatures struct {
	*login
	address string
	fault   error // why the keys could not be had; the library tells of it in words alone
}

// VerifySignature is the payload of a token that one of the keys signed.
func (s *signatures) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	var algorithms []jose.SignatureAlgorithm
	for _, a := range signing {
		algorithms = append(algorithms, jose.SignatureAlgorithm(a))
	}
	parsed, err := jose.ParseSignedCompact(jwt, algorithms)
	if err != nil {
		return nil, err
	}
	h := parsed.Signatures[0].Protected
	if typ, _ := h.ExtraHeaders[jose.HeaderType].(string); strings.HasSuffix(strings.ToLower(typ), "+jwt") {
		return nil, fmt.Errorf("a token of type %.20q is no ID token", typ) // such as an access token's (RFC 9068, section 2.1)
	}
	set, err := s.apps.keys.get(ctx, s.address, s.clock.Now, func(k keySet) bool { return len(k.fit(h.KeyID, h.Algorithm)) > 0 },
		func() (keySet, error) {
			a, bad := s.call(ctx, http.MethodGet, s.address, nil, mostDocument, nil)
			switch {
			case bad != nil:
				return nil, s.login.fault(bad.why)
			case a.status != http.StatusOK:
				return nil, s.login.fault(fmt.Sprintf("%s answered %d, and no key set.", s.quote(s.address), a.status))
			}
			return readKeySet(a.body)
		})
	if err != nil {
		s.fault = err
		return nil, err
	}
	return (&oidc.StaticKeySet{PublicKeys: set.fit(h.KeyID, h.Algorithm)}).VerifySignature(ctx, jwt)
}
