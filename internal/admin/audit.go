package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/vestibule-auth/vestibule/internal/audit"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// AuditEvent is something that happened, as operators see it.
type AuditEvent struct {
	ID        string          `json:"id"`
	TenantID  string          `json:"tenant_id"`
	Tenant    *string         `json:"tenant"` // its slug; null once it was deleted
	At        time.Time       `json:"at"`
	Action    store.Action    `json:"action"`
	Number    *int64          `json:"number"` // in the tenant's chain; null for a moment after it happened
	Actor     AuditActor      `json:"actor"`
	UserID    *string         `json:"user_id"` // whom it is about
	Target    string          `json:"target"`  // what else it is about: a kind and an id
	SessionID *string         `json:"session_id"`
	IP        string          `json:"ip"`
	UserAgent string          `json:"user_agent"`
	RequestID string          `json:"request_id"`
	Details   json.RawMessage `json:"details"`
}

// AuditActor is who did it.
type AuditActor struct {
	Kind store.ActorKind `json:"kind"` // "" for somebody unknown
	ID   string          `json:"id"`
	Name string          `json:"name"`
}

// AuditFilter says which events are asked for. What is empty does not count.
type AuditFilter struct {
	Action    string // an action, or what begins some, such as user or factor.
	Actor     string // an id
	User      string // an id
	Session   string // an id
	Request   string // an id
	Since     string // RFC 3339
	Until     string // likewise; not itself
	at, until time.Time
}

// text is all of a filter, for the MAC of a cursor.
func (f *AuditFilter) text() string {
	return strings.Join([]string{f.Action, f.Actor, f.User, f.Session, f.Request, f.Since, f.Until}, "\x00")
}

// check reads the times, and refuses what is none and what is no id.
func (f *AuditFilter) check() error {
	var bad []refusal.Detail
	add := func(param, message string) {
		bad = append(bad, refusal.Detail{Message: message, Code: refusal.Malformed, Param: param})
	}
	for _, id := range []struct {
		param string
		value *string
	}{{"user", &f.User}, {"session", &f.Session}} {
		if u, err := uuid.Parse(*id.value); err == nil && len(*id.value) == len(u.String()) {
			*id.value = u.String()
		} else if *id.value != "" {
			add(id.param, "must be an id")
		}
	}
	for _, text := range [][2]string{{"action", f.Action}, {"actor", f.Actor}, {"request", f.Request}} {
		odd := func(r rune) bool { return !unicode.IsPrint(r) }
		if len(text[1]) > mostUserAgent || !utf8.ValidString(text[1]) || strings.ContainsFunc(text[1], odd) {
			add(text[0], "must be printable and no longer than 200 bytes")
		}
	}
	for _, at := range []struct {
		param, value string
		into         *time.Time
	}{{"since", f.Since, &f.at}, {"until", f.Until, &f.until}} {
		if at.value == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, at.value)
		if err != nil || t.Year() < 1970 || t.Year() > 9000 {
			add(at.param, "must be a time such as 2026-06-01T12:00:00Z")
		}
		*at.into = t.UTC()
	}
	if len(bad) > 0 {
		return &refusal.Refusal{Kind: refusal.Invalid, Details: bad}
	}
	return nil
}

// query is the part of a filter that an index serves.
func (f *AuditFilter) query(everywhere bool) store.EventQuery {
	q := store.EventQuery{Since: f.at, BeforeAt: f.until, BeforeID: store.First.ID}
	if f.until.IsZero() {
		q.BeforeAt = endOfTime
	}
	if f.at.IsZero() {
		q.Since = time.Unix(0, 0).UTC()
	}
	switch {
	case f.Request != "":
		q.Request = f.Request
	case f.Session != "" && !everywhere:
		q.Session = f.Session
	case f.User != "" && !everywhere:
		q.User = f.User
	case f.Actor != "":
		q.Actor = f.Actor
	case strings.Contains(f.Action, ".") && !strings.HasSuffix(f.Action, ".") && !everywhere:
		q.Action = store.Action(f.Action)
	}
	return q
}

// asks reports whether a filter asks for an event.
func (f *AuditFilter) asks(e *store.Event) bool {
	begins := f.Action == "" || string(e.Action) == f.Action || strings.HasPrefix(string(e.Action), strings.TrimSuffix(f.Action, ".")+".")
	return begins && (f.Actor == "" || e.Actor.ID == f.Actor) && (f.User == "" || e.UserID == f.User) &&
		(f.Session == "" || e.SessionID == f.Session) && (f.Request == "" || e.RequestID == f.Request)
}

const (
	// lookedAt is how many events are looked at for one page: where few of many are asked for, a page may have less than it could, and
	// the next one goes on.
	lookedAt  = 10_000
	eventPage = 500
	// mostNames is how many tenants an export of all remembers the names of.
	mostNames = 10_000
)

var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// AuditLog is where events are read: those of a tenant or, with slug "", those of all tenants that the actor may see.
type auditLog struct {
	s      *Service
	of     string // the tenant's id; "" for all
	filter AuditFilter
	fetch  func(context.Context, store.EventQuery) ([]store.TenantEvent, error)
	shows  func(*store.TenantEvent) bool
	slugs  map[string]string // by the ids of tenants, as far as they were asked for; "" for those that are gone
}

func (s *Service) auditLog(ctx context.Context, by Actor, slug string, f AuditFilter) (*auditLog, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	l := &auditLog{s: s, filter: f, fetch: s.store.EventsEverywhere, shows: func(*store.TenantEvent) bool { return true }, slugs: map[string]string{}}
	if slug == "" {
		if !by.May(AuditRead, SystemID) {
			l.shows = func(e *store.TenantEvent) bool { return e.TenantID != SystemID }
		}
		return l, nil
	}
	rec, err := s.record(ctx, slug)
	if err != nil {
		return nil, err
	}
	l.of, l.fetch, l.slugs[rec.ID] = rec.ID, s.store.For(&tenants.Tenant{ID: rec.ID}).Events, rec.Slug
	return l, nil
}

// read gives take the events from a place on, latest first, until it has had enough, a number of them was looked at, or there are no more.
// It returns the place to go on from; nil where there are no more.
func (l *auditLog) read(ctx context.Context, q store.EventQuery, most int, take func(*AuditEvent) (enough bool, err error)) (*store.EventQuery, error) {
	q.MostAtAll = eventPage
	for looked := 0; looked < most; {
		events, err := l.fetch(ctx, q)
		if err != nil {
			return nil, failed("read events", err)
		}
		shown := make([]*store.TenantEvent, 0, len(events))
		for i := range events {
			if e := &events[i]; l.filter.asks(&e.Event) && l.shows(e) {
				shown = append(shown, e)
			}
		}
		if err := l.name(ctx, shown); err != nil {
			return nil, err
		}
		for _, e := range shown {
			q.BeforeAt, q.BeforeID = e.At, e.ID
			if enough, err := take(viewOfEvent(e, l.slugs[e.TenantID])); enough || err != nil {
				return &q, err
			}
		}
		if len(events) < eventPage {
			return nil, nil
		}
		last := &events[len(events)-1]
		q.BeforeAt, q.BeforeID = last.At, last.ID
		looked += len(events)
	}
	return &q, nil
}

// name finds what the tenants of events go by, with one statement for many of them. No directory is asked: it would forget, for the tenants
// of a log, those that it serves.
func (l *auditLog) name(ctx context.Context, events []*store.TenantEvent) error {
	if len(l.slugs) > mostNames {
		clear(l.slugs)
	}
	var unknown []string
	for _, e := range events {
		if _, known := l.slugs[e.TenantID]; !known {
			l.slugs[e.TenantID] = ""
			unknown = append(unknown, e.TenantID)
		}
	}
	slugs, err := l.s.store.TenantSlugs(ctx, unknown)
	if err != nil {
		return failed("read slugs", err)
	}
	maps.Copy(l.slugs, slugs)
	return nil
}

// Audit lists up to limit events, at most MaxPage, latest first: of a tenant or, with slug "", of all that the actor may see. It may list
// less where few of many are asked for; next is "" only after the last.
func (s *Service) Audit(ctx context.Context, by Actor, slug string, f AuditFilter, cursor string, limit int) (page []*AuditEvent, next string, err error) {
	l, err := s.auditLog(ctx, by, slug, f)
	if err != nil {
		return nil, "", err
	}
	q := l.filter.query(l.of == "")
	if cursor != "" {
		if q.BeforeAt, q.BeforeID, err = l.place(cursor); err != nil {
			return nil, "", err
		}
	}
	page = []*AuditEvent{}
	rest, err := l.read(ctx, q, lookedAt, func(e *AuditEvent) (bool, error) {
		page = append(page, e)
		return len(page) == limit, nil
	})
	if err == nil && rest != nil {
		next = l.cursor(rest)
	}
	return page, next, err
}

// ExportAudit gives take the events one by one, latest first, until there are no more or it fails.
func (s *Service) ExportAudit(ctx context.Context, by Actor, slug string, f AuditFilter, take func(*AuditEvent) error) error {
	l, err := s.auditLog(ctx, by, slug, f)
	if err != nil {
		return err
	}
	q := l.filter.query(l.of == "")
	for rest := &q; rest != nil; {
		if err := ctx.Err(); err != nil { // of millions of events there may be none to take
			return fmt.Errorf("export events: %w", err)
		}
		rest, err = l.read(ctx, *rest, lookedAt, func(e *AuditEvent) (bool, error) { return false, take(e) })
		if err != nil {
			return err
		}
	}
	return nil
}

func viewOfEvent(e *store.TenantEvent, slug string) *AuditEvent {
	view := &AuditEvent{
		ID: e.ID, TenantID: e.TenantID, Tenant: orNil(slug), At: e.At.UTC(), Action: e.Action, Actor: AuditActor(e.Actor), Target: e.Target, IP: e.IP,
		UserAgent: e.UserAgent, RequestID: e.RequestID, Details: bytes.Clone(e.Details),
	}
	if e.Number > 0 {
		view.Number = &e.Number
	}
	if e.UserID != "" {
		view.UserID = &e.UserID
	}
	if e.SessionID != "" {
		view.SessionID = &e.SessionID
	}
	return view
}

// cursor is where a page ends, signed as a place in this list of this tenant with this filter.
func (l *auditLog) cursor(q *store.EventQuery) string {
	return l.s.cursor(list{"audit", l.of, l.filter.text()}, strconv.FormatInt(q.BeforeAt.UnixMicro(), 10)+" "+q.BeforeID)
}

// place is the event that a cursor stands for.
func (l *auditLog) place(cursor string) (at time.Time, id string, err error) {
	raw, err := l.s.after(list{"audit", l.of, l.filter.text()}, cursor)
	if err != nil {
		return at, "", err
	}
	micros, id, _ := strings.Cut(raw, " ")
	n, err := strconv.ParseInt(micros, 10, 64)
	if err != nil {
		return at, "", fmt.Errorf("read a cursor of ours: %w", err)
	}
	return time.UnixMicro(n).UTC(), id, nil
}

// AuditReport is what became of looking at a part of a tenant's chain.
type AuditReport struct {
	Intact      bool         `json:"intact"`
	FirstNumber int64        `json:"first_number"` // of the first event that is kept
	LastNumber  int64        `json:"last_number"`  // of the latest
	Head        string       `json:"head"`         // the latest event's MAC: keep it elsewhere, and compare
	Verified    int64        `json:"verified"`     // events that were looked at
	Erased      int64        `json:"erased"`       // of them, those whose personal part was erased with its user
	Break       *audit.Break `json:"break"`        // the first place where the chain does not hold
	NextCursor  *string      `json:"next_cursor"`  // where to go on; null at the end
}

// verifiedAtOnce is how many events one call looks at: a second's work or so.
const verifiedAtOnce = 50_000

// VerifyAudit looks at a tenant's chain, from a cursor on. A chain that is long takes several calls.
func (s *Service) VerifyAudit(ctx context.Context, slug, cursor string) (*AuditReport, error) {
	rec, err := s.record(ctx, slug)
	if err != nil {
		return nil, err
	}
	t, err := s.store.TenantByID(ctx, rec.ID)
	if err == nil && t.Keys == nil {
		err = secret.ErrUnreadable
	}
	if errors.Is(err, secret.ErrUnreadable) {
		return nil, &Invalid{Faults: []Fault{{Message: unreadable}}}
	}
	if err != nil {
		return nil, failed("read tenant", err)
	}
	var from *audit.Place
	if cursor != "" {
		raw, err := s.after(list{"audit chain", t.ID}, cursor)
		if err != nil {
			return nil, err
		}
		number, mac, _ := strings.Cut(raw, " ")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read a cursor of ours: %w", err)
		}
		from = &audit.Place{Number: n, MAC: []byte(mac)}
	}
	r, err := s.audit.Verify(ctx, t, from, verifiedAtOnce)
	if err != nil {
		return nil, failed("verify the audit log", err)
	}
	report := &AuditReport{
		Intact: r.Break == nil, FirstNumber: r.First, LastNumber: r.Last, Head: r.Head, Verified: r.Verified, Erased: r.Erased, Break: r.Break,
	}
	if r.Next != nil {
		next := s.cursor(list{"audit chain", t.ID}, strconv.FormatInt(r.Next.Number, 10)+" "+string(r.Next.MAC))
		report.NextCursor = &next
	}
	return report, nil
}
