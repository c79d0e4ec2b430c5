package post

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Outgoing is a rendered message with its addresses.
type Outgoing struct {
	ID      string // the queued message's; the same each time that it is sent
	Kind    string
	Channel store.Channel
	To      string // exactly as it is stored
	Code    string // the code within, if there is one
	Link    string // the link within, if there is one

	From    string // of a mail: an address, perhaps with a name; without one, the tenant's name is put before it
	ReplyTo string // of a mail: likewise, or ""
	Mail    Mail   // of a mail
	Text    string // of a text

	At time.Time // when this attempt was made
}

// Sender hands a message to whatever carries it. It returns once the message is out of the server's hands. Its errors
// hold nothing of the message; one that another attempt would not mend is a *SendError with Permanent set.
type Sender interface {
	Send(ctx context.Context, t *tenants.Tenant, o Outgoing) error
}

// SendError says how far a message got.
type SendError struct {
	Step      string // such as "connect", "rcpt", "webhook" or "twilio"
	Code      int    // the reply's code, SMTP or HTTP; zero where there was none
	Enhanced  string // the reply's enhanced status code (RFC 3463), where there was one
	Permanent bool   // another attempt would fail as well
	Err       error  // the cause, where it is known to hold nothing of the message
}

// Error names the step, and the code or the cause.
func (e *SendError) Error() string {
	s := "send: " + e.Step
	if e.Code != 0 {
		s += fmt.Sprintf(": %d", e.Code)
	}
	if e.Enhanced != "" {
		s += " " + e.Enhanced
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap is the cause.
func (e *SendError) Unwrap() error { return e.Err }

// Causes of a SendError.
var (
	// ErrNotConfigured says that neither the tenant nor the server has what would carry the message. A setting can mend
	// that, so the message waits.
	ErrNotConfigured = errors.New("nothing is configured to carry it")
	// ErrAddress says that an address is not one that mail can go to.
	ErrAddress = errors.New("the address cannot be mailed")
	// ErrNoSMTPUTF8 says that an address has characters beyond ASCII, and that the mail server takes none (RFC 6531).
	ErrNoSMTPUTF8 = errors.New("the mail server does not take addresses beyond ASCII (SMTPUTF8)")
	// ErrNoTLS says that the mail server offers no encryption, where it is required or a password would have to be sent.
	ErrNoTLS = errors.New("the mail server offers no encryption")
	// ErrNoAuth says that there is a password, and that the mail server offers none of the ways in which it could be given.
	ErrNoAuth = errors.New("the mail server offers none of PLAIN, LOGIN and CRAM-MD5")
	// ErrProtocol says that the other side broke off or did not keep to the protocol.
	ErrProtocol = errors.New("the server broke off or does not speak the protocol")
)
