package vestibule

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Issuer is a tenant of a Vestibule server.
type Issuer struct {
	// URL is the tenant's public_url, without a slash at its end: what its tokens have as iss.
	URL string
	// Audience is what they have as aud: the tenant's headless.jwt_audience, or "" where that is null, which means the URL.
	Audience string
	// Server is where the server is reached, if not at URL, as http://vestibule.auth.svc:8080 inside of a cluster. Requests
	// name the host of URL.
	Server string
	// AllowHTTP allows addresses of other machines without TLS. Whoever is between them and this one chooses the keys.
	AllowHTTP bool
}

// Options are what a Verifier goes by. Some issuers are needed.
type Options struct {
	// Issuers are those whose tokens are accepted.
	Issuers []Issuer
	// IssuerOf, if set, tells whether to trust an issuer that is not among them, by the iss of a token that nobody has checked yet. It is
	// asked for each such token, and has to be quick and exact: what it says is where keys are fetched from.
	IssuerOf func(issuer string) (Issuer, bool)
	// Sessions, if set, has sessions accepted, too.
	Sessions *Sessions
	// HTTP fetches keys and asks for sessions; nil is a client of its own. Its redirects are not followed.
	HTTP *http.Client
	// Timeout is how long the server has to answer; 5 seconds if zero.
	Timeout time.Duration
	// Refuse, if set, answers what Protect does not let in, after the header of the answer was set.
	Refuse func(w http.ResponseWriter, r *http.Request, err error)
	// Now is the time; time.Now if nil.
	Now func() time.Time
}

// The errors. Why, the error that wraps one of them tells the log; whoever sent the request should be told nothing.
var (
	// ErrMissing says that there are no credentials.
	ErrMissing = errors.New("vestibule: no credentials")
	// ErrInvalid says that credentials are not accepted.
	ErrInvalid = errors.New("vestibule: not accepted")
	// ErrUnavailable says that nobody can tell, since the server cannot be reached.
	ErrUnavailable = errors.New("vestibule: the server cannot be reached")
)

func invalid(why string) error { return fmt.Errorf("%w: %s", ErrInvalid, why) }

// The reasons, made once: a stranger can have them as often as he likes.
var (
	errTooLong   = invalid("too long")
	errForm      = invalid("not a signed token")
	errIssuer    = invalid("another issuer")
	errKey       = invalid("no key of the issuer has that kid and algorithm")
	errSignature = invalid("the signature does not fit")
	errClaims    = invalid("the claims cannot be read")
	errAudience  = invalid("another audience")
	errUse       = invalid("no access token")
	errPerson    = invalid("sub or sid is missing")
	errExpired   = invalid("expired")
	errFuture    = invalid("from the future")
)

// Verifier checks what requests show. It is safe for concurrent use; a process needs one.
type Verifier struct {
	options Options
	issuers map[string]Issuer
	client  *http.Client
	keys    sync.Map // Issuer -> *keySet
	origins *http.CrossOriginProtection
}

// New is a Verifier. It fetches nothing yet. The error names everything that is wrong with the options.
func New(o Options) (*Verifier, error) {
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	client := http.Client{Transport: transport()}
	if o.HTTP != nil {
		client = *o.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	v := &Verifier{options: o, issuers: map[string]Issuer{}, client: &client, origins: http.NewCrossOriginProtection()}
	var faults []error
	for _, i := range o.Issuers {
		faults = append(faults, i.validate())
		v.issuers[i.URL] = i
	}
	if len(o.Issuers) == 0 && o.IssuerOf == nil {
		faults = append(faults, errors.New("there is no issuer"))
	}
	if s := o.Sessions; s != nil {
		faults = append(faults, s.validate(o.Issuers))
		for _, origin := range s.AllowedOrigins {
			faults = append(faults, v.origins.AddTrustedOrigin(origin))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("vestibule: %w", err)
	}
	return v, nil
}

// transport is the usual one, which keeps more connections to one server: each session is a question of its own.
func transport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport // somebody has put another there, and means it
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = 64
	return t
}

// validate is what is wrong with an issuer.
func (i Issuer) validate() error {
	var faults []error
	if strings.HasSuffix(i.URL, "/") {
		faults = append(faults, fmt.Errorf("issuer %q: leave out the slash at the end", i.URL))
	}
	for _, address := range []string{i.URL, i.server()} {
		u, err := url.Parse(address)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("issuer %q: %w", i.URL, err))
		case u.Scheme != "https" && u.Scheme != "http", u.Host == "", u.User != nil, u.RawQuery != "", u.Fragment != "":
			faults = append(faults, fmt.Errorf("issuer %q: %q is no address of a server, such as https://acme.example.org", i.URL, address))
		}
	}
	if u, err := url.Parse(i.server()); err == nil && u.Scheme == "http" && !i.AllowHTTP && !loopback(u.Hostname()) {
		faults = append(faults, fmt.Errorf("issuer %q: %q is without TLS, and AllowHTTP is not set", i.URL, i.server()))
	}
	return errors.Join(faults...)
}

// server is where an issuer is reached.
func (i Issuer) server() string {
	if i.Server != "" {
		return strings.TrimSuffix(i.Server, "/")
	}
	return i.URL
}

// audience is what its tokens have as aud.
func (i Issuer) audience() string {
	if i.Audience != "" {
		return i.Audience
	}
	return i.URL
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// issuer is the issuer that a token names, if it is to be trusted.
func (v *Verifier) issuer(name string) (Issuer, error) {
	if i, ok := v.issuers[name]; ok {
		return i, nil
	}
	if v.options.IssuerOf == nil || name == "" {
		return Issuer{}, errIssuer
	}
	i, ok := v.options.IssuerOf(name)
	if !ok || i.URL != name {
		return Issuer{}, errIssuer
	}
	if err := i.validate(); err != nil {
		return Issuer{}, fmt.Errorf("%w: %w", errIssuer, err)
	}
	return i, nil
}

// Verify is who an access token stands for. Its errors are ErrInvalid and ErrUnavailable. It waits for nothing while the keys are known.
func (v *Verifier) Verify(ctx context.Context, accessToken string) (*Identity, error) {
	t, err := parse(accessToken)
	if err != nil {
		return nil, err
	}
	// Of what nobody is known to have signed, only the issuer is looked at, to find the one whose key it has to be.
	var c claims
	if err := c.read(t.payload); err != nil {
		return nil, err
	}
	i, err := v.issuer(c.issuer)
	if err != nil {
		return nil, err
	}
	k, err := v.keysOf(i).find(ctx, t.kid)
	if err != nil {
		return nil, err
	}
	if k.algorithm != t.algorithm {
		return nil, errKey
	}
	if !k.verify(t.signed, t.signature) {
		return nil, errSignature
	}
	if err := c.fit(i, v.options.Now()); err != nil {
		return nil, err
	}
	return &Identity{Issuer: c.issuer, Subject: c.subject, Session: c.session, Expires: c.expires, claims: t.payload}, nil
}

// keysOf are the keys of an issuer.
func (v *Verifier) keysOf(i Issuer) *keySet {
	if s, ok := v.keys.Load(i); ok {
		return s.(*keySet)
	}
	s, _ := v.keys.LoadOrStore(i, newKeySet(i, v.client, v.options.Timeout, v.options.Now))
	return s.(*keySet)
}
