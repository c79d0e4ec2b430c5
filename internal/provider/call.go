package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
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

// unanswered says why there is no answer.
func (r *trial) unanswered(shown string, err error) *failed {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err // without the address, which is said already
	}
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, outbound.ErrPrivateAddress):
		return &failed{shown + " leads to an address that is not on the public internet, which this server does not connect to.",
			"Use a public address. Where every tenant is trusted, VESTIBULE_ALLOW_PRIVATE_NETWORKS lets it pass."}
	case errors.As(err, &dns) && dns.IsNotFound:
		return &failed{"There is no host of the name in " + shown + ".", "Look at how it is written."}
	case errors.As(err, &certificate), errors.As(err, &unknown):
		return &failed{shown + " shows a certificate that is not trusted: " + short(err.Error()) + ".", "Have the provider show one that is valid for its name."}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &failed{fmt.Sprintf("%s did not answer in time.", shown), "Try again. socialaccount.requests_timeout says how long an answer is waited for."}
	default:
		return &failed{shown + " cannot be reached: " + short(err.Error()) + ".", "Look at how it is written, and whether the provider is there."}
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
