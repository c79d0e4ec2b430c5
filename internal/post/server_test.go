package post

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/tenants"
)

// acme is a tenant with keys of its own and default settings.
func acme(t *testing.T, slug string) *tenants.Tenant {
	t.Helper()
	keys, err := secret.NewKeys(secret.Bytes(secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	name := strings.ToUpper(slug[:1]) + slug[1:]
	return &tenants.Tenant{ID: "id-of-" + slug, Slug: slug, Name: name, State: tenants.Active, Keys: keys,
		Settings: tenants.Defaults()}
}

// delivered is a mail as the mail server got it.
type delivered struct {
	from, to string // the envelope
	utf8     bool   // SMTPUTF8 was asked for
	tls      bool
	user     string // who authenticated
	hello    string
	raw      []byte
}

// mailServer is a real SMTP server on loopback.
type mailServer struct {
	smtp *smtp.Server
	door door
	addr string

	mu    sync.Mutex
	mails []delivered

	// What it says to a recipient, or to a mail once it was read. Set before the first mail.
	onRcpt, onData func(to string) error
	ways           []string // AUTH mechanisms; none: everybody may send
}

const (
	smtpUser     = "acme@relay"
	smtpPassword = "p@ss:w/rd-123"
)

// authority is a certificate for localhost, and the pool that trusts it.
var authority = sync.OnceValues(func() (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
})

func trusting() *tls.Config {
	_, pool := authority()
	return &tls.Config{RootCAs: pool}
}

// door is a listener that can be shut for a while: whoever comes then is sent away. It keeps its port, which somebody else
// might take.
type door struct {
	net.Listener
	shut atomic.Bool
}

// Accept waits for somebody who may come in.
func (d *door) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if err != nil || !d.shut.Load() {
			return c, err
		}
		_ = c.Close() // it is not wanted
	}
}

// serve starts a mail server; change may alter it before it listens.
func serve(t *testing.T, implicit bool, change func(*mailServer)) *mailServer {
	t.Helper()
	m := &mailServer{}
	m.smtp = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		_, encrypted := c.TLSConnectionState()
		return &session{server: m, hello: c.Hostname(), tls: encrypted}, nil
	}))
	m.smtp.Domain = "mail.test"
	m.smtp.ErrorLog = quiet{}
	m.smtp.ReadTimeout, m.smtp.WriteTimeout = 30*time.Second, 30*time.Second
	if change != nil {
		change(m)
	}
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.addr, m.door.Listener = port.Addr().String(), port
	var l net.Listener = &m.door
	if implicit {
		cert, _ := authority()
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = m.smtp.Serve(l) }()
	t.Cleanup(func() { m.stop(); <-done })
	return m
}

// stop closes the listener by itself: the server knows of it only once it got round to serving.
func (m *mailServer) stop() {
	_ = m.door.Close()
	_ = m.smtp.Close()
}

// withSTARTTLS has a server offer STARTTLS.
func withSTARTTLS(m *mailServer) {
	cert, _ := authority()
	m.smtp.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
}

// url is the server's, with the given scheme, user and query.
func (m *mailServer) url(scheme, userinfo, query string) string {
	return scheme + "://" + userinfo + m.addr + query
}

func (m *mailServer) got() []delivered {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]delivered(nil), m.mails...)
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

type session struct {
	server   *mailServer
	hello    string
	tls      bool
	user     string
	from, to string
	utf8     bool
}

func (s *session) AuthMechanisms() []string { return s.server.ways }

func (s *session) Auth(way string) (sasl.Server, error) {
	check := func(user, password string) error {
		if user != smtpUser || password != smtpPassword {
			return fmt.Errorf("wrong password for %s", user)
		}
		s.user = user
		return nil
	}
	switch way {
	case "PLAIN":
		return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
	case "LOGIN":
		return &loginServer{check: check}, nil
	case "CRAM-MD5":
		return &cramServer{check: check}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

type loginServer struct {
	check func(user, password string) error
	step  int
	user  string
}

func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}

type cramServer struct {
	check func(user, password string) error
	asked bool
}

func (c *cramServer) Next(response []byte) ([]byte, bool, error) {
	const challenge = "<1896.697170952@mail.test>"
	if !c.asked {
		c.asked = true
		return []byte(challenge), false, nil
	}
	h := hmac.New(md5.New, []byte(smtpPassword))
	h.Write([]byte(challenge))
	user, sum, _ := strings.Cut(string(response), " ")
	if sum != hex.EncodeToString(h.Sum(nil)) {
		return nil, true, fmt.Errorf("wrong digest for %s", user)
	}
	return nil, true, c.check(user, smtpPassword)
}

func (s *session) Mail(from string, o *smtp.MailOptions) error {
	if len(s.server.ways) > 0 && s.user == "" {
		return smtp.ErrAuthRequired
	}
	s.from, s.utf8 = from, o.UTF8
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.to != "" {
		return &smtp.SMTPError{Code: 550, Message: "one recipient is enough"}
	}
	if s.server.onRcpt != nil {
		if err := s.server.onRcpt(to); err != nil {
			return err
		}
	}
	s.to = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.server.onData != nil {
		if err := s.server.onData(s.to); err != nil {
			return err
		}
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.mails = append(s.server.mails, delivered{from: s.from, to: s.to, utf8: s.utf8, tls: s.tls, user: s.user,
		hello: s.hello, raw: raw})
	return nil
}

func (s *session) Reset()        { s.from, s.to, s.utf8 = "", "", false }
func (s *session) Logout() error { return nil }

// parsed is a mail as a mail program reads it.
type parsed struct {
	header     netmail.Header
	subject    string
	text, html string
}

func read(t *testing.T, raw []byte) parsed {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("the mail cannot be read: %v\n%s", err, raw)
	}
	p := parsed{header: m.Header}
	if p.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	part := func(contentType, encoding string, body io.Reader) {
		kind, _, err := mime.ParseMediaType(contentType)
		if err != nil {
			t.Fatalf("content type %q: %v", contentType, err)
		}
		if encoding == "quoted-printable" {
			body = quotedprintable.NewReader(body)
		}
		b, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		switch s := strings.ReplaceAll(string(b), "\r\n", "\n"); kind {
		case "text/plain":
			p.text = s
		case "text/html":
			p.html = s
		default:
			t.Fatalf("a part of type %s", kind)
		}
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "multipart/alternative" {
		part(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
		return p
	}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		q, err := r.NextRawPart()
		if err == io.EOF {
			return p
		}
		if err != nil {
			t.Fatal(err)
		}
		part(q.Header.Get("Content-Type"), q.Header.Get("Content-Transfer-Encoding"), q)
	}
}
