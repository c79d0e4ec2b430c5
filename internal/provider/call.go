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
	"unicode"

	"github.com/vestibule-auth/vestibule/internal/outbound"
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
	body   []byte
}

// call sends a request to an address that the provider, or whoever set it up, has named.
func (r *trial) call(ctx context.Context, method, address string, form url.Values, most int64, prepare func(*http.Request)) (*answer, *failed) {
	shown := r.quote(address)
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil:
		return nil, &failed{fmt.Sprintf("%q is not an address that can be asked.", shown), ""}
	case u.Scheme != "https" && !r.Plain:
		return nil, &failed{shown + " does not begin with https://: what is sent there could be read and changed on the way.", "Use the provider's https address."}
	}
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, &failed{fmt.Sprintf("%q is not an address that can be asked.", shown), ""}
	}
	q.Header.Set("Accept", "application/json")
	q.Header.Set("User-Agent", "Vestibule")
	if form != nil {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if prepare != nil {
		prepare(q)
	}
	a, err := r.Client.Do(q)
	if err != nil {
		return nil, r.unanswered(shown, err)
	}
	defer func() { _ = a.Body.Close() }() // it was only read
	body, err := outbound.ReadAll(a.Body, most)
	switch {
	case errors.Is(err, outbound.ErrTooLarge):
		return nil, &failed{fmt.Sprintf("%s answered with more than %d KiB, which is too much to be what was asked for.", shown, most>>10), ""}
	case err != nil:
		return nil, r.unanswered(shown, err)
	case a.StatusCode/100 == 3:
		return nil, &failed{fmt.Sprintf("%s leads on to %s (%d), which is not followed.", shown, r.quote(a.Header.Get("Location")), a.StatusCode), ""}
	}
	return &answer{status: a.StatusCode, body: body}, nil
}

// unanswered says why there is no answer. Errors of the network repeat what the other side sent, and that may be anything: each kind of
// them has words of its own here, and what the error says is not among them.
func (r *trial) unanswered(shown string, err error) *failed {
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
func (r *trial) hide(secrets ...string) {
	for _, s := range secrets {
		if s != "" {
			basic := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(r.app.ClientID) + ":" + url.QueryEscape(s)))
			r.hidden = append(r.hidden, s, url.QueryEscape(s), url.PathEscape(s), basic)
		}
	}
}

// quote is what a provider said as it may be repeated, or that it cannot be where one of the app's secrets is in it.
func (r *trial) quote(text string) string {
	if slices.ContainsFunc(r.hidden, func(s string) bool { return strings.Contains(text, s) }) {
		return "(words with a secret in them)"
	}
	return short(text)
}
