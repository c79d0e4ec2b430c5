package post

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/trace"
	"github.com/vestibule-auth/vestibule/tenants"
)

// ErrSMTPURL says what a mail server's URL looks like. It never repeats the URL, which may hold a password.
var ErrSMTPURL = errors.New("a mail server is written smtp://user:password@host:587 or smtps://user:password@host:465")

// SMTPServer is a mail server to hand mail to. The zero value is none.
type SMTPServer struct {
	host       string
	port       int
	implicit   bool // TLS from the first byte (RFC 8314)
	requireTLS bool // STARTTLS or nothing
	user       string
	password   tenants.Secret
}

// ParseSMTPURL reads a mail server's URL:
//
//	smtp://user:password@host         port 587; STARTTLS (RFC 3207), or nothing is sent
//	smtp://host                       the same port; STARTTLS where the server offers it
//	smtp://host:25?starttls=require   STARTTLS, or nothing is sent
//	smtps://user:password@host        port 465; TLS from the start
//
// A password goes in the clear to this machine alone, and there not either if STARTTLS is asked for.
func ParseSMTPURL(raw string) (SMTPServer, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.Hostname() == "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return SMTPServer{}, ErrSMTPURL
	}
	s := SMTPServer{host: u.Hostname()}
	switch u.Scheme {
	case "smtp":
		s.port = 587
	case "smtps":
		s.port, s.implicit = 465, true
	default:
		return SMTPServer{}, ErrSMTPURL
	}
	if p := u.Port(); p != "" {
		if s.port, err = strconv.Atoi(p); err != nil || s.port < 1 || s.port > 65535 {
			return SMTPServer{}, fmt.Errorf("%w: the port is a number from 1 to 65535", ErrSMTPURL)
		}
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return SMTPServer{}, ErrSMTPURL
	}
	for name, values := range query {
		if name != "starttls" || s.implicit || len(values) != 1 || values[0] != "require" {
			return SMTPServer{}, fmt.Errorf("%w: the only option is starttls=require, for smtp", ErrSMTPURL)
		}
		s.requireTLS = true
	}
	if u.User != nil {
		s.user = u.User.Username()
		password, _ := u.User.Password()
		s.password = tenants.NewSecret(password)
		if s.user == "" || password == "" {
			return SMTPServer{}, fmt.Errorf("%w: a user goes with a password", ErrSMTPURL)
		}
	}
	return s, nil
}

// Given reports whether there is a server at all.
func (s SMTPServer) Given() bool { return s.host != "" }

// Addr is the server's host and port.
func (s SMTPServer) Addr() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// mustEncrypt reports whether nothing goes to the server but over TLS: it was asked for, or a password would be sent to
// another machine.
func (s SMTPServer) mustEncrypt(local bool) bool { return s.requireTLS || s.user != "" && !local }

// String is the server without its user and password.
func (s SMTPServer) String() string {
	if s.implicit {
		return "smtps://" + s.Addr()
	}
	return "smtp://" + s.Addr()
}

// SMTP sends mail: a tenant's through the tenant's own server where it has one, and otherwise through the server's.
// The address of a tenant's server is guarded; the operator's own is trusted, and may well be a neighbour.
type SMTP struct {
	Server SMTPServer      // the operator's; perhaps none
	Dialer outbound.Dialer // for tenants' own
	TLS    *tls.Config     // what to build on, such as RootCAs; at least TLS 1.2 whatever it says
}

// Send hands one mail to one server, in a connection of its own. It is done when ctx is.
func (s *SMTP) Send(ctx context.Context, t *tenants.Tenant, o Outgoing) error {
	return s.send(ctx, t, o, nil)
}

func (s *SMTP) send(ctx context.Context, t *tenants.Tenant, o Outgoing, heard *hearing) (err error) {
	ctx, span := trace.Begin(ctx, "smtp", trace.Client, trace.String("network.protocol.name", "smtp"))
	defer func() { endSpan(span, err) }()
	server, dial := s.Server, (&net.Dialer{Timeout: outbound.DefaultTimeout}).DialContext
	span.Set(trace.String("vestibule.smtp.server", "operator"))
	if raw := smtpURLOf(t); raw != "" {
		span.Set(trace.String("vestibule.smtp.server", "tenant"))
		if server, err = ParseSMTPURL(raw); err != nil {
			return &SendError{Step: "settings", Err: ErrSMTPURL}
		}
		dial = s.Dialer.DialContext
	}
	if !server.Given() {
		return &SendError{Step: "settings", Err: ErrNotConfigured}
	}
	heard.of(server)
	m, err := envelope(t, o)
	if err != nil {
		return err
	}
	return deliver(ctx, server, dial, outbound.AtLeastTLS12(s.TLS), m, heard)
}

// letterhead is a mail in the terms of the library, with what is needed beside it.
type letterhead struct {
	msg   *mail.Msg
	hello string // the domain of the sender, which is how the server introduces itself
	utf8  bool   // an address has characters beyond ASCII
}

// envelope builds the mail and its envelope. It goes to the one address that was stored, as it was stored: nothing is
// parsed out of it, and nothing is mapped to a likeness in ASCII, which might be somebody else's.
func envelope(t *tenants.Tenant, o Outgoing) (letterhead, error) {
	to, err := netmail.ParseAddress(o.To)
	if err != nil || to.Address != o.To || to.Name != "" || strings.ContainsFunc(o.To, awkward) {
		return letterhead{}, &SendError{Step: "recipient", Permanent: true, Err: ErrAddress}
	}
	from, err := netmail.ParseAddress(o.From)
	if err != nil || strings.ContainsFunc(from.Address, awkward) {
		return letterhead{}, &SendError{Step: "sender", Err: ErrAddress} // a setting is at fault, and can be mended
	}
	if from.Name == "" {
		from.Name = nameOf(t)
	}
	from.Name = oneLine(from.Name, maxSubject)
	domain := from.Address[strings.LastIndexByte(from.Address, '@')+1:]

	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	m.FromMailAddress(from)
	m.ToMailAddress(to)
	if o.ReplyTo != "" {
		reply, err := netmail.ParseAddress(o.ReplyTo)
		if err != nil {
			return letterhead{}, &SendError{Step: "reply-to", Err: ErrAddress}
		}
		reply.Name = oneLine(reply.Name, maxSubject)
		m.ReplyToMailAddress(reply)
	}
	m.Subject(o.Mail.Subject)
	m.SetDateWithValue(o.At)
	m.SetMessageIDWithValue(o.ID + "@" + domain)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: out-of-office answers are not wanted
	m.SetBodyString(mail.TypeTextPlain, crlf(o.Mail.Text), mail.WithPartEncoding(encoding(o.Mail.Text)))
	if o.Mail.HTML != "" {
		m.AddAlternativeString(mail.TypeTextHTML, crlf(o.Mail.HTML), mail.WithPartEncoding(mail.EncodingQP))
	}
	return letterhead{msg: m, hello: domain, utf8: !ascii(from.Address + o.To)}, nil
}

// awkward are the characters that an address has only in order to be taken for something else.
func awkward(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`<>()[]\,;:"`, r) }

func ascii(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e }) }

// encoding leaves a text of short ASCII lines as it is, so that its link stays in one piece whatever looks at it.
// (The library calls that 8bit; of ASCII it is true of every server.)
func encoding(text string) mail.Encoding {
	if !ascii(text) || slices.ContainsFunc(strings.Split(text, "\n"), func(l string) bool { return len(l) > 990 }) {
		return mail.EncodingQP
	}
	return mail.NoEncoding
}

// crlf ends lines in the way of mail.
func crlf(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}

// commandTimeout is how long the library waits for one answer. What bounds the whole is the context.
const commandTimeout = 30 * time.Second

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// deliver speaks to the server. Where there is a hearing, it learns what was said.
func deliver(ctx context.Context, s SMTPServer, dial dialFunc, config *tls.Config, l letterhead, heard *hearing) error {
	config.ServerName = s.host
	local := false // the peer is on this machine
	var held net.Conn
	var stop func() bool
	defer func() {
		if held != nil {
			stop()
			_ = held.Close()
		}
	}()
	connect := func(dialCtx context.Context, _, _ string) (net.Conn, error) {
		heard.at("dial")
		conn, err := dial(dialCtx, "tcp", s.Addr())
		if err != nil {
			return nil, err
		}
		heard.at("greeting")
		held = conn
		stop = context.AfterFunc(ctx, func() { _ = conn.Close() }) // the library minds the time of single commands only
		if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
			local = a.IP.IsLoopback()
		}
		if !s.implicit {
			return conn, nil
		}
		heard.at("tls")
		c := tls.Client(conn, config)
		if err := c.HandshakeContext(dialCtx); err != nil {
			return nil, err
		}
		heard.at("greeting")
		return c, nil
	}
	options := []mail.Option{
		mail.WithPort(s.port), mail.WithHELO(l.hello), mail.WithTLSConfig(config), mail.WithDialContextFunc(connect),
		mail.WithTimeout(commandTimeout), mail.WithoutNoop(),
	}
	if s.implicit {
		options = append(options, mail.WithSSL())
	} else {
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic)) // what is required is looked at below
	}
	if s.user != "" {
		options = append(options, mail.WithSMTPAuthCustom(&login{server: s, local: &local}))
	}
	if heard != nil {
		options = append(options, mail.WithDebugLog(), mail.WithLogger(heard))
	}
	if !l.utf8 {
		options = append(options, mail.WithoutSMTPUTF8()) // asked for without need, it makes a relay return the mail
	}
	client, err := mail.NewClient(s.host, options...)
	if err != nil {
		return &SendError{Step: "settings", Err: ErrSMTPURL}
	}
	conversation, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		heard.words(err)
		return connectError(ctx, err)
	}
	if _, encrypted := conversation.TLSConnectionState(); !encrypted && s.mustEncrypt(local) {
		return &SendError{Step: "connect", Err: ErrNoTLS}
	}
	if ok, _ := conversation.Extension("SMTPUTF8"); l.utf8 && !ok {
		return &SendError{Step: "recipient", Permanent: true, Err: ErrNoSMTPUTF8}
	}
	err = client.SendWithSMTPClient(conversation, l.msg)
	if l.msg.IsDelivered() {
		_ = client.CloseWithSMTPClient(conversation)
		return nil // it is the server's now, however the two part
	}
	heard.words(err)
	return sendError(ctx, err)
}

// connectError is what went wrong up to and with authentication. None of it is the mail's fault. Only causes that are
// known to hold no words of the server are kept.
func connectError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &SendError{Step: "connect", Err: ctx.Err()}
	}
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return &SendError{Step: "connect", Code: reply.Code}
	}
	for _, known := range []error{ErrNoTLS, ErrNoAuth} {
		if errors.Is(err, known) {
			return &SendError{Step: "connect", Err: known}
		}
	}
	var (
		network     net.Error // a name, an address or a time that ran out
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		alert       tls.AlertError
	)
	switch {
	case errors.As(err, &network):
		return &SendError{Step: "connect", Err: network}
	case errors.As(err, &certificate):
		return &SendError{Step: "connect", Err: certificate}
	case errors.As(err, &record):
		return &SendError{Step: "connect", Err: record}
	case errors.As(err, &alert):
		return &SendError{Step: "connect", Err: alert}
	}
	return &SendError{Step: "connect", Err: ErrProtocol}
}

// sendError is what went wrong with the mail itself. The library's error repeats the recipient and the server's words,
// so only its codes are kept.
func sendError(ctx context.Context, err error) error {
	var e *mail.SendError
	if !errors.As(err, &e) || e.ErrorCode() == 0 {
		if ctx.Err() != nil {
			return &SendError{Step: "send", Err: ctx.Err()}
		}
		return &SendError{Step: "send", Err: ErrProtocol}
	}
	out := &SendError{Code: e.ErrorCode(), Enhanced: e.EnhancedStatusCode()}
	switch e.Reason {
	case mail.ErrSMTPMailFrom:
		out.Step = "from"
	case mail.ErrSMTPRcptTo:
		out.Step = "rcpt"
	case mail.ErrSMTPData, mail.ErrSMTPDataClose, mail.ErrWriteContent:
		out.Step = "data"
	default:
		out.Step = "send"
	}
	// A 5xx reply to the recipient or the mail is the last word. To the sender, or for want of authentication or
	// encryption (RFC 4954, RFC 3207), it is a fault of the settings, which can be mended while the mail waits.
	settings := slices.Contains([]int{530, 534, 535, 538}, out.Code)
	out.Permanent = out.Code >= 500 && !settings && (out.Step == "rcpt" || out.Step == "data")
	return out
}

// login authenticates in the first way of PLAIN, LOGIN and CRAM-MD5 that the server offers, and only where nobody
// listens: over TLS, or to this machine. What the server claims to be called does not count.
type login struct {
	server SMTPServer
	local  *bool // set once there is a connection
	chosen smtp.Auth
}

// Start picks the way.
func (l *login) Start(info *smtp.ServerInfo) (string, []byte, error) {
	if !info.TLS && l.server.mustEncrypt(*l.local) {
		return "", nil, ErrNoTLS
	}
	for _, way := range []string{"PLAIN", "LOGIN", "CRAM-MD5"} {
		if !slices.ContainsFunc(info.Auth, func(a string) bool { return strings.EqualFold(a, way) }) {
			continue
		}
		switch way {
		case "PLAIN":
			l.chosen = smtp.PlainAuth("", l.server.user, l.server.password.Reveal(), info.Name, true)
		case "LOGIN":
			l.chosen = smtp.LoginAuth(l.server.user, l.server.password.Reveal(), info.Name, true)
		default:
			l.chosen = smtp.CRAMMD5Auth(l.server.user, l.server.password.Reveal())
		}
		return l.chosen.Start(info)
	}
	return "", nil, ErrNoAuth
}

// Next answers a challenge.
func (l *login) Next(challenge []byte, more bool) ([]byte, error) {
	return l.chosen.Next(challenge, more)
}
