package vestibule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Issuer is a tenant of a Vestibule server, which has a host of its own.
type Issuer struct {
	// URL is what its tokens have as iss: the "issuer" of its /.well-known/openid-configuration.
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
	// IssuerOf, if set, is asked for an issuer that is not among them, by the iss of a token that nobody has checked yet. It has to be exact:
	// what it says is where keys are fetched from. It is asked for each such token. ErrInvalid says that it is none to be trusted; with
	// any other error, nobody can tell.
	IssuerOf func(ctx context.Context, issuer string) (Issuer, error)
	// Sessions, if set, has sessions accepted, too.
	Sessions *Sessions
	// HTTP fetches keys and asks about sessions; nil is a client of its own. Its redirects are not followed, and its cookies not sent.
	HTTP *http.Client
	// Timeout is how long the server has to answer; 5 seconds if zero.
	Timeout time.Duration
	// Refuse, if set, answers what Protect does not let in, for ErrMissing, ErrInvalid, ErrOrigin or ErrUnavailable. WWW-Authenticate and
	// Retry-After are set by then.
	Refuse func(w http.ResponseWriter, r *http.Request, err error)
	// Realm is what WWW-Authenticate calls the API; "api" if empty.
	Realm string
	// Log is told why keys could not be fetched and nobody could tell (Warn), and why credentials were not accepted (Debug); never a token.
	Log *slog.Logger
	// Now is the time; time.Now if nil.
	Now func() time.Time
}

// The errors. Why, the error that wraps one of them tells the log; whoever sent the request should be told nothing.
var (
	// ErrMissing says that there are no credentials.
	ErrMissing = errors.New("vestibule: no credentials")
	// ErrInvalid says that credentials are not accepted.
	ErrInvalid = errors.New("vestibule: not accepted")
	// ErrOrigin says that a page of another site made the request, with a cookie that came along by itself.
	ErrOrigin = errors.New("vestibule: a page of another origin made the request")
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

// Verifier checks what requests show. It is safe for concurrent use; a process needs one for each audience.
type Verifier struct {
	options Options
	issuers map[string]Issuer
	client  *http.Client
	origins *http.CrossOriginProtection
	log     *slog.Logger

	mu   sync.RWMutex
	keys map[place]*keySet
}

// place is where keys come from.
type place struct{ url, server string }

// maxKeySets is how many issuers' keys are remembered. Beyond, one is forgotten for each that comes.
const maxKeySets = 10_000

// New is a Verifier. It fetches nothing yet. The error names everything that is wrong with the options.
func New(o Options) (*Verifier, error) {
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Realm == "" {
		o.Realm = "api"
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	client := http.Client{Transport: transport()}
	if o.HTTP != nil {
		client = *o.HTTP
	}
	client.Jar = nil // of one user's answers, nothing may go along with the next one's question
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	v := &Verifier{
		options: o, issuers: map[string]Issuer{}, client: &client, origins: http.NewCrossOriginProtection(), log: log, keys: map[place]*keySet{},
	}
	if err := v.validate(); err != nil {
		return nil, fmt.Errorf("vestibule: %w", err)
	}
	return v, nil
}

// validate is what is wrong with the options. It takes the issuers over.
func (v *Verifier) validate() error {
	o := &v.options
	var faults []error
	for _, i := range o.Issuers {
		faults = append(faults, i.validate())
		if _, twice := v.issuers[i.URL]; twice {
			faults = append(faults, fmt.Errorf("issuer %q is there twice; for two audiences, make two Verifiers", i.URL))
		}
		v.issuers[i.URL] = i
	}
	if len(o.Issuers) == 0 && o.IssuerOf == nil {
		faults = append(faults, errors.New("there is no issuer"))
	}
	if strings.ContainsAny(o.Realm, "\"\\\r\n") {
		faults = append(faults, fmt.Errorf("realm %q: leave out quotes, backslashes and line breaks", o.Realm))
	}
	if s := o.Sessions; s != nil {
		faults = append(faults, s.validate(o.Issuers))
		for _, origin := range s.AllowedOrigins {
			faults = append(faults, v.origins.AddTrustedOrigin(origin))
		}
	}
	return errors.Join(faults...)
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
	_, err := origin(i.URL)
	faults := []error{err}
	scheme, at := "", err
	if i.Server != "" {
		scheme, at = origin(i.Server)
		faults = append(faults, at)
	} else if err == nil {
		scheme, _ = origin(i.URL)
	}
	if at == nil && scheme == "http" && !i.AllowHTTP {
		faults = append(faults, fmt.Errorf("%q is without TLS and not on this machine, and AllowHTTP is not set", i.server()))
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("issuer %q: %w", i.URL, err)
	}
	return nil
}

// origin is what is wrong with an address that has to be an origin in its normal form (RFC 6454, section 6.2), as the server writes its own. The
// scheme is "" where the address is one of this machine.
func origin(address string) (scheme string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("%q is no address: %w", address, err)
	}
	host, port := u.Hostname(), u.Port()
	number, bad := strconv.ParseUint(port, 10, 16)
	if (u.Scheme != "https" && u.Scheme != "http") || host == "" || strings.HasSuffix(u.Host, ":") || port != "" && (bad != nil || number == 0) {
		return "", fmt.Errorf("%q is no address of a server, such as https://acme.example.org", address)
	}
	if normal := u.Scheme + "://" + u.Host; address != normal || strings.ToLower(normal) != normal || !ascii(normal) ||
		u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		return "", fmt.Errorf("%q is no origin in its normal form: scheme, host and port alone, in small letters, the host as xn--… where it "+
			"is not ASCII, without the usual port and without a slash at the end", address)
	}
	if a, err := netip.ParseAddr(host); host == "localhost" || err == nil && a.IsLoopback() {
		return "", nil
	}
	return u.Scheme, nil
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// server is where an issuer is reached.
func (i Issuer) server() string {
	if i.Server != "" {
		return i.Server
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

// issuer is the issuer that a token names, if it is to be trusted.
func (v *Verifier) issuer(ctx context.Context, name string) (Issuer, error) {
	if i, ok := v.issuers[name]; ok {
		return i, nil
	}
	if v.options.IssuerOf == nil || name == "" {
		return Issuer{}, errIssuer
	}
	i, err := v.options.IssuerOf(ctx, name)
	switch {
	case errors.Is(err, ErrInvalid):
		return Issuer{}, err
	case err != nil:
		return Issuer{}, fmt.Errorf("%w: look up the issuer: %w", ErrUnavailable, err)
	case i.URL != name:
		return Issuer{}, errIssuer
	}
	if err := i.validate(); err != nil {
		return Issuer{}, fmt.Errorf("%w: look up the issuer: %w", ErrUnavailable, err)
	}
	return i, nil
}

// Verify is who an access token stands for. Its errors are ErrInvalid and ErrUnavailable. It waits for nothing while the keys are known.
func (v *Verifier) Verify(ctx context.Context, accessToken string) (*Identity, error) {
	id, err := v.verify(ctx, accessToken)
	v.note(ctx, err)
	return id, err
}

func (v *Verifier) verify(ctx context.Context, accessToken string) (*Identity, error) {
	t, err := parse(accessToken)
	if err != nil {
		return nil, err
	}
	// Of what nobody is known to have signed, only the issuer is looked at, to find the one whose key it has to be.
	var c claims
	if err := c.read(t.payload); err != nil {
		return nil, err
	}
	i, err := v.issuer(ctx, c.issuer)
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
	if c.doubles {
		if t.payload, err = withoutDoubles(t.payload); err != nil {
			return nil, err
		}
	}
	return &Identity{Issuer: c.issuer, Subject: c.subject, Session: c.session, Expires: c.expires, Raw: t.payload}, nil
}

// note tells the log why somebody was not let in.
func (v *Verifier) note(ctx context.Context, err error) {
	switch {
	case err == nil:
	case errors.Is(err, ErrUnavailable):
		v.log.LogAttrs(ctx, slog.LevelWarn, "nobody can tell who it is", slog.Any("error", err))
	default:
		v.log.LogAttrs(ctx, slog.LevelDebug, "not let in", slog.Any("error", err))
	}
}

// Ready fetches the keys of all Issuers that are not known yet, and returns why one cannot be: for a start that fails early, or a readiness
// check. Without it, the first request waits for them.
func (v *Verifier) Ready(ctx context.Context) error {
	var faults []error
	for _, i := range v.options.Issuers {
		faults = append(faults, v.keysOf(i).ready(ctx))
	}
	return errors.Join(faults...)
}

// keysOf are the keys of an issuer.
func (v *Verifier) keysOf(i Issuer) *keySet {
	at := place{i.URL, i.server()}
	v.mu.RLock()
	s, ok := v.keys[at]
	v.mu.RUnlock()
	if ok {
		return s
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if s, ok := v.keys[at]; ok {
		return s
	}
	for other := range v.keys {
		if len(v.keys) < maxKeySets {
			break
		}
		delete(v.keys, other)
	}
	s = v.newKeySet(i)
	v.keys[at] = s
	return s
}
