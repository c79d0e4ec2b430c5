package post

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// mailboxSize is how many messages a Mailbox keeps.
const mailboxSize = 200

// Kept is a message in a Mailbox.
type Kept struct {
	To      string    `json:"to"`
	From    string    `json:"from"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
	Kind    string    `json:"kind"`
	Tenant  string    `json:"tenant"` // the slug
	At      time.Time `json:"at"`
}

// Mailbox is the development server's mailbox: it keeps the last 200 messages in memory, and logs each with its code and
// link, which is what it is for. Messages of a tenant that has a mail server, a webhook or an account at Twilio of its own
// go there all the same, so that all can be tried. It must not serve where real people sign up.
type Mailbox struct {
	Mail Sender // for tenants with a mail server of their own; nil: their mail is kept as well
	SMS  Sender // for tenants with a webhook or an account at Twilio; nil: likewise
	Log  *slog.Logger

	mu   sync.Mutex
	kept []Kept // oldest first
}

// Send keeps a message, or passes it on.
func (b *Mailbox) Send(ctx context.Context, t *tenants.Tenant, o Outgoing) error {
	switch {
	case o.Channel == store.Mail && b.Mail != nil && smtpURLOf(t) != "":
		return b.Mail.Send(ctx, t, o)
	case o.Channel == store.SMS && b.SMS != nil && carrierOf(t) != "":
		return b.SMS.Send(ctx, t, o)
	}
	k := Kept{To: o.To, From: o.From, Subject: o.Mail.Subject, Text: o.Mail.Text, HTML: o.Mail.HTML, Kind: o.Kind,
		Tenant: t.Slug, At: o.At}
	if o.Channel == store.SMS {
		k.Text = o.Text
	}
	b.mu.Lock()
	if len(b.kept) == mailboxSize {
		b.kept = append(b.kept[:0], b.kept[1:]...)
	}
	b.kept = append(b.kept, k)
	b.mu.Unlock()
	logger(b.Log).InfoContext(ctx, "message kept in the mailbox", "tenant", k.Tenant, "kind", k.Kind, "to", k.To,
		"subject", k.Subject, "code", o.Code, "link", o.Link)
	return nil
}

// Kept lists what is in the mailbox, newest first.
func (b *Mailbox) Kept() []Kept {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]Kept, 0, len(b.kept))
	for i := len(b.kept) - 1; i >= 0; i-- {
		out = append(out, b.kept[i])
	}
	return out
}

// Empty forgets every message.
func (b *Mailbox) Empty() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept = nil
}

// logger is l, or the default one.
func logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.Default()
	}
	return l
}
