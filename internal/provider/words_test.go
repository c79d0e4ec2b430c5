package provider_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/provider"
)

// What a server says in the place of HTTP is somebody else's text, too.
func TestWhatIsNoAnswerIsNotRepeated(t *testing.T) {
	for _, said := range []string{
		"HTTP/1.1 " + hidden + "\r\n\r\n", "HTTP/1.1 200 " + hidden + "\r\nbad " + hidden + "\r\n\r\n", hidden + "\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: " + hidden + "\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + hidden + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + hidden + "\r\n", "HTTP/1.1 302 Found\r\nLocation: ://" + hidden + "\r\n\r\n",
	} {
		p := newIDP(t, httptest.NewTLSServer)
		p.routes["/token"] = func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = c.Close() }() // what was written is what there is
			_, _ = c.Write([]byte(said))
		}
		got := p.tester().Test(t.Context(), acme(), p.app(nil))
		if levels(got) != "discovery ok, issuer ok, keys ok, credentials problem" || strings.Contains(words(got), hidden) || strings.Contains(words(got), "hunter2") {
			t.Errorf("%q: got %s\n%s", said, levels(got), words(got))
		}
	}
}

// fails is a way out that fails.
type fails struct{ err error }

func (f fails) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

// late is an error of something that took too long.
type late struct{}

func (late) Error() string { return hidden }
func (late) Timeout() bool { return true }

// Each kind of failure has words of its own, whatever the error says.
func TestFailuresInWords(t *testing.T) {
	for says, err := range map[string]error{
		"no host of the name":                  &net.DNSError{Err: hidden, Name: hidden, IsNotFound: true},
		"could not be looked up just now":      &net.DNSError{Err: hidden, Name: hidden, IsTemporary: true},
		"did not answer in time":               late{},
		"an authority that this server knows":  &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{Cert: &x509.Certificate{}}},
		"it is for another name":               &tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{hidden}}, Host: hidden}},
		"it has expired":                       &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.Expired, Detail: hidden}},
		"not trusted: it is not valid":         &tls.CertificateVerificationError{Err: errors.New(hidden)},
		"nothing listens there":                &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
		"there is no way to it":                &net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH},
		"closed before there was an answer":    io.ErrUnexpectedEOF,
		"does not speak TLS":                   tls.RecordHeaderError{Msg: hidden},
		"turned the TLS connection down":       &net.OpError{Op: "remote error", Err: tls.AlertError(40)},
		"the connection failed":                &net.OpError{Op: "read", Err: errors.New(hidden)},
		"what it answered is not HTTP":         errors.New(hidden),
		"did not answer in time.\nTry again. ": context.DeadlineExceeded,
	} {
		x := &provider.Tester{Client: &http.Client{Transport: fails{err}, Timeout: time.Minute}, Clock: clock.At(start)}
		got := words(x.Test(t.Context(), acme(), (&idp{Server: &httptest.Server{URL: "https://idp.example"}}).app(nil)))
		if !strings.Contains(got, says) || strings.Contains(got, hidden) {
			t.Errorf("%v is told as\n%s", err, got)
		}
	}
}
