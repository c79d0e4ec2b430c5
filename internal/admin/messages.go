package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/limit"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Message is a mail or text as operators see it: what became of it, and never what it says.
type Message struct {
	ID         string             `json:"id"`
	Kind       string             `json:"kind"`
	Channel    store.Channel      `json:"channel"`
	State      store.MessageState `json:"state"`
	Recipient  *string            `json:"recipient"` // null where it was erased
	Attempts   int                `json:"attempts"`
	Error      string             `json:"error"` // of the last attempt
	CreatedAt  time.Time          `json:"created_at"`
	DueAt      *time.Time         `json:"due_at"`     // null unless it is queued
	ExpiresAt  *time.Time         `json:"expires_at"` // null for never
	FinishedAt *time.Time         `json:"finished_at"`
	Retryable  bool               `json:"retryable"`
}

func (s *Service) messageView(t *tenants.Tenant, m *store.Message) *Message {
	v := &Message{
		ID: m.ID, Kind: m.Kind, Channel: m.Channel, State: m.State, Attempts: m.Attempts, Error: m.LastError, CreatedAt: m.CreatedAt.UTC(),
		ExpiresAt: atOrNull(m.ExpiresAt), FinishedAt: atOrNull(m.FinishedAt), Retryable: s.whyNotAgain(m) == "",
	}
	if m.State == store.MessageQueued {
		v.DueAt = atOrNull(m.DueAt)
	}
	if t.Keys != nil && len(m.Recipient) > 0 {
		if to, err := t.Keys.Open(secret.ForRecipient, m.ID, m.Recipient); err == nil { // one that cannot be opened is as good as erased
			plain := string(to)
			v.Recipient = &plain
		}
	}
	return v
}

// whyNotAgain is why a message cannot be sent again, or "".
func (s *Service) whyNotAgain(m *store.Message) string {
	switch {
	case m.State == store.MessageQueued:
		return "it is on its way already"
	case m.State == store.MessageSent:
		return "it was sent, and what it said was erased then"
	case m.State == store.MessageExpired || !m.ExpiresAt.IsZero() && !s.clock.Now().Before(m.ExpiresAt):
		return "the code in it has expired: whoever it was for has to ask for another"
	case len(m.Body) == 0:
		return "what it said was erased"
	default:
		return ""
	}
}

// MessageQuery says which messages are wanted. What is empty does not count.
type MessageQuery struct{ State, Kind, Channel string }

// Messages lists a tenant's messages of the last thirty days, the latest first. Pages are as Tenants has them.
func (s *Service) Messages(ctx context.Context, slug string, q MessageQuery, cursor string, limit int) (page []*Message, next string, err error) {
	t, err := s.served(ctx, slug)
	if err != nil {
		return nil, "", err
	}
	states := []store.MessageState{"", store.MessageQueued, store.MessageSent, store.MessageFailed, store.MessageExpired}
	switch {
	case !slices.Contains(states, store.MessageState(q.State)):
		return nil, "", badQuery("state", "must be queued, sent, failed or expired")
	case !slices.Contains([]string{"", string(store.Mail), string(store.SMS)}, q.Channel):
		return nil, "", badQuery("channel", "must be mail or sms")
	case q.Kind != "" && !slices.ContainsFunc(s.mailKinds.Kinds, func(k MailKind) bool { return k.Kind == q.Kind }):
		return nil, "", badQuery("kind", "must be one of "+strings.Join(names(s.mailKinds.Kinds), ", "))
	}
	of := list{"messages", t.ID, q.State, q.Kind, q.Channel}
	before, err := s.after(of, cursor)
	if err = cmp.Or(err, checkLimit(limit)); err != nil {
		return nil, "", err
	}
	f := store.MessageFilter{State: store.MessageState(q.State), Kind: q.Kind, Channel: store.Channel(q.Channel)}
	found, err := s.store.For(t).Messages(ctx, f, before, limit+1)
	if err != nil {
		return nil, "", failed("list messages", err)
	}
	if len(found) > limit {
		found = found[:limit]
		next = s.cursor(of, found[limit-1].ID)
	}
	page = make([]*Message, len(found))
	for i := range found {
		page[i] = s.messageView(t, &found[i])
	}
	return page, next, nil
}

// Message is one of a tenant's messages.
func (s *Service) Message(ctx context.Context, slug, id string) (*Message, error) {
	t, m, err := s.message(ctx, slug, id)
	if err != nil {
		return nil, err
	}
	return s.messageView(t, m), nil
}

func (s *Service) message(ctx context.Context, slug, id string) (*tenants.Tenant, *store.Message, error) {
	t, err := s.servedWith(ctx, slug, id)
	if err != nil {
		return nil, nil, err
	}
	m, err := s.store.For(t).Message(ctx, id)
	if err != nil {
		return nil, nil, failed("read message", err)
	}
	return t, m, nil
}

// RetryMessage sends a message again that failed, under its old id.
func (s *Service) RetryMessage(ctx context.Context, by Actor, slug, id string) (*Message, error) {
	t, m, err := s.message(ctx, slug, id)
	if err != nil {
		return nil, err
	}
	if why := s.whyNotAgain(m); why != "" {
		return nil, (&faults{{Message: why}}).err()
	}
	e, err := s.event(by, store.MessageRetried, "message/"+id, map[string]any{"kind": m.Kind, "channel": m.Channel})
	if err != nil {
		return nil, err
	}
	err = s.store.For(t).Do(ctx, func(tx *store.Tx) error {
		if err := tx.ResendMessage(ctx, id, e.At); err != nil {
			return err
		}
		return tx.AddEvent(ctx, e)
	})
	if errors.Is(err, store.ErrStale) {
		return nil, fmt.Errorf("%w: %w", ErrStale, err)
	}
	if err != nil {
		return nil, failed("retry message", err)
	}
	s.wakeMail()
	return s.Message(ctx, slug, id)
}

// MailTest is what came of sending a mail for the sake of seeing whether it works.
type MailTest struct {
	Sent         bool   `json:"sent"`
	Server       string `json:"server"` // without user and password
	From         string `json:"from"`
	Step         string `json:"step"`          // where it failed; "" where it did not
	Code         int    `json:"code"`          // the server's reply; 0 where there was none
	EnhancedCode string `json:"enhanced_code"` // likewise (RFC 3463)
	Words        string `json:"words"`         // the server's own
	DurationMS   int64  `json:"duration_ms"`
}

// How often a tenant's mail may be tried out: it goes to whomever an operator names.
const (
	testsPerMinute = 5
	testsPerHour   = 30
	longestTest    = 12 * time.Second
)

// TestMail sends a mail to an address that the JSON object has as to, the way that the tenant's mail goes, and tells what came of it. That
// it could not be sent is no error.
func (s *Service) TestMail(ctx context.Context, by Actor, slug string, doc json.RawMessage) (*MailTest, error) {
	t, err := s.served(ctx, slug)
	if err != nil {
		return nil, err
	}
	var f faults
	raw, ok := f.members(doc, []string{"to"})["to"]
	to := ""
	if ok {
		to = f.text("to", raw)
	}
	if address, err := netmail.ParseAddress(to); !f.has("to") && (err != nil || address.Address != to || address.Name != "") {
		f.add("to", "must be an email address such as ann@example.org")
	}
	if s.testMail == nil {
		f.add("", "this server sends no mail")
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	d, err := s.limiter.Take(ctx, t.ID, []limit.Use{
		{Key: "mail_test:minute", Amount: testsPerMinute, Window: time.Minute}, {Key: "mail_test:hour", Amount: testsPerHour, Window: time.Hour},
	})
	if err != nil {
		return nil, fmt.Errorf("limit mail tests: %w", err)
	}
	if !d.Allowed {
		return nil, refusal.Later(refusal.Limited, d.RetryAfter)
	}
	// It is written down before anything is sent. Whom it goes to is told by the domain alone.
	e, err := s.event(by, store.MailTested, "", map[string]any{"domain": to[strings.LastIndexByte(to, '@')+1:]})
	if err != nil {
		return nil, err
	}
	if err := s.store.For(t).One(func(tx *store.Tx) error { return tx.AddEvent(ctx, e) }); err != nil {
		return nil, failed("note mail test", err)
	}
	ctx, cancel := context.WithTimeout(ctx, longestTest)
	defer cancel()
	r := s.testMail(ctx, t, to, e.At)
	r.DurationMS = s.clock.Now().Sub(e.At).Milliseconds()
	s.log.LogAttrs(ctx, slog.LevelInfo, "mail tested", slog.String("actor", by.Name), slog.String("tenant", t.Slug), slog.Bool("sent", r.Sent),
		slog.String("step", r.Step), slog.Int("code", r.Code)) // the server's words may name the recipient
	return r, nil
}
