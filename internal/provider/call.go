package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/tenants"
)

// How much of an answer is read.
const (
	mostDocument = 256 << 10 // of a discovery document or a key set
	mostAnswer   = 32 << 10  // of a token endpoint's answer
)

// failed is why there is no answer, in words for people, and what to do about it.
type failed struct{ why, remedy string }

func (f *failed) Error() string { return f.why }

// answer is what a provider said.
type answer struct {
	status int
	kind   string // the media type, as it was sent
	body   []byte
}

// caller sends requests for an app, by the rules that hold for all of them.
type caller struct {
	client   *http.Client
	plain    bool // what is sent may travel without TLS
	clock    clock.Clock
	app      tenants.App
	callback string
	patience time.Duration // for one answer
	hidden   []string      // what is not repeated, whoever says it
}

// newCaller is a caller for an app of a tenant's.
func newCaller(client *http.Client, plain bool, k clock.Clock, of *tenants.Tenant, a tenants.App) *caller {
	c := &caller{
		client: client, plain: plain, clock: k, app: a, callback: of.CallbackURL(a),
		patience: min(of.Settings.SocialAccount.RequestsTimeout.Duration(), longest),
	}
	c.hide(a.Secret.Reveal(), a.Key.Reveal(), a.Settings.CertificateKey.Reveal())
	return c
}

// call sends a request to an address that the provider, or whoever set it up, has named.
func (c *caller) call(ctx context.Context, method, address string, form url.Values, most int64, prepare func(*http.Request)) (*answer, *failed) {
	if bad := c.allows(address); bad != nil {
		return nil, bad
	}
	q, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, &failed{fmt.Sprintf("%q is not an address that can be asked.", c.quote(address)), ""}
	}
	q.Header.Set("Accept", "application/json")
	if form != nil {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if prepare != nil {
		prepare(q)
	}
	return c.do(q, most)
}

// allows says what is wrong with an address that something is to be sent to, or somebody; nil: nothing.
func (c *caller) allows(address string) *failed {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil:
		return &failed{fmt.Sprintf("%q is not an address that can be asked.", c.quote(address)), ""}
	case u.Scheme != "https" && !c.plain:
		return &failed{c.quote(address) + " does not begin with https://: what is sent there could be read and changed on the way.", "Use the provider's https address."}
	default:
		return nil
	}
}

// do sends a request whose address is allowed.
func (c *caller) do(q *http.Request, most int64) (*answer, *failed) {
	shown := c.quote(q.URL.Scheme + "://" + q.URL.Host + q.URL.EscapedPath()) // what follows may be a token's
	ctx, cancel := context.WithTimeout(q.Context(), c.patience)
	defer cancel()
	if q.Header.Get("User-Agent") == "" {
		q.Header.Set("User-Agent", "Vestibule")
	}
	a, err := c.client.Do(q.WithContext(ctx)) //nolint:gosec // where tenants say that their providers are: the client is outbound.HTTPClient
	if err != nil {
		return nil, c.unanswered(shown, err)
	}
	defer func() { _ = a.Body.Close() }() // it was only read
	body, err := outbound.ReadAll(a.Body, most)
	switch {
	case errors.Is(err, outbound.ErrTooLarge):
		return nil, &failed{fmt.Sprintf("%s answered with more than %d KiB, which is too much to be what was asked for.", shown, most>>10), ""}
	case err != nil:
		return nil, c.unanswered(shown, err)
	case a.StatusCode/100 == 3:
		return nil, &failed{fmt.Sprintf("%s leads on to %s (%d), which is not followed.", shown, c.quote(a.Header.Get("Location")), a.StatusCode), ""}
	}
	return &answer{status: a.StatusCode, kind: a.Header.Get("Content-Type"), body: body}, nil
}

// unanswered says why there is no answer. Errors of the network repeat what the other side sent, and that may be anything: each kind of
// them has words of its own here, and what the error says is not among them.
func (c *caller) unanswered(shown string, err error) *failed {
	var (
		dns     *net.DNSError
		timeout interface{ Timeout() bool }
	)
	switch {
	case errors.Is(err, outbound.ErrPrivateAddress):
		return &failed{shown + " leads to an address that is not on the public internet, which this server does not connect to.",
			"Use a public address. Where every tenant is trusted, VESTIBULE_ALLOW_PRIVATE_NETWORKS lets it pass."}
	case errors.As(err, &dns) && dns.IsNotFound:
		return &failed{"There is no host of the name in " + shown + ".", "Look at how it is written."}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &failed{fmt.Sprintf("%s did not answer in time.", shown), "Try again. socialaccount.requests_timeout says how long an answer is waited for."}
	case errors.As(err, &dns):
		return &failed{"The name in " + shown + " could not be looked up just now.", "Try again. If it goes on, look at how it is written, and at this server's DNS."}
	}
	if why := distrusted(err); why != "" {
		return &failed{shown + " shows a certificate that is not trusted: " + why + ".", "Have the provider show one that is valid for its name."}
	}
	return &failed{shown + " cannot be reached: " + broken(err) + ".", "Look at how it is written, and whether the provider is there."}
}

// distrusted says what is wrong with a certificate; "": it is not that.
func distrusted(err error) string {
	var (
		other   *tls.CertificateVerificationError
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &unknown):
		return "it is not signed by an authority that this server knows"
	case errors.As(err, &name):
		return "it is for another name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "it has expired, or is not valid yet"
	case errors.As(err, &other), errors.As(err, &invalid):
		return "it is not valid"
	default:
		return ""
	}
}

// broken says what became of a connection.
func broken(err error) string {
	var (
		record tls.RecordHeaderError
		alert  tls.AlertError
		op     *net.OpError
	)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "there is no way to it"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was closed before there was an answer"
	case errors.As(err, &record):
		return "what is there does not speak TLS"
	case errors.As(err, &alert), errors.As(err, &op) && op.Op == "remote error":
		return "it turned the TLS connection down"
	case errors.As(err, &op):
		return "the connection failed"
	default:
		return "what it answered is not HTTP"
	}
}

// mostQuoted is how much of somebody else's text is repeated, in characters.
const mostQuoted = 200

// short is somebody's text as it may be repeated: printable, and not much of it.
func short(text string) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsPrint(c):
			return c
		case unicode.IsSpace(c):
			return ' '
		default:
			return -1
		}
	}, strings.ToValidUTF8(text, ""))
	if all := []rune(text); len(all) > mostQuoted {
		return string(all[:mostQuoted]) + "…"
	}
	return text
}

// hide has secrets not be repeated, in any of the ways in which they may have been sent.
func (c *caller) hide(secrets ...string) {
	for _, s := range secrets {
		if s != "" {
			basic := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(c.clientID()) + ":" + url.QueryEscape(s)))
			c.hidden = append(c.hidden, s, url.QueryEscape(s), url.PathEscape(s), basic)
		}
	}
}

// quote is what a provider said as it may be repeated, or that it cannot be where one of the app's secrets is in it.
func (c *caller) quote(text string) string {
	if slices.ContainsFunc(c.hidden, func(s string) bool { return strings.Contains(text, s) }) {
		return "(words with a secret in them)"
	}
	return short(text)
}
