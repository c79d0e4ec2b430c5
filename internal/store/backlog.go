package store

import (
	"context"
	"time"
)

// Backlog is what waits to be done by whichever server comes first, all tenants' together. No count goes beyond MostCounted. Each of the
// figures is read along an index, of what waits alone; where nothing does, that is nothing.
type Backlog struct {
	Messages      int           // queued: mail and texts
	Due           int           // of them, those that should have been sent by now
	Retried       int           // of them, those that were tried three times or more
	OldestDue     time.Duration // for how long the one has been due that has waited longest; zero where none is
	GivenUp       int           // messages given up in the last day
	Deliveries    int           // queued: events that webhooks are to be told of
	OldestWebhook time.Duration // for how long the webhook has been due that has waited longest
	Failing       int           // webhooks to which nothing has got through of late
	Disabled      int           // webhooks that the server has disabled
	Unchained     int           // events that are not chained yet; 10,000 at the most
	OldestEvent   time.Duration // how old the oldest of them is
	Imports       int           // running
	IdleImport    time.Duration // for how long the one has not got on that has not for longest
	OverdueKeys   int           // tenants with a signing key that should have had a successor ten minutes ago
	Pending       int64         // migrations
}

// Backlog reads what waits.
func (s *Store) Backlog(ctx context.Context, now time.Time) (b Backlog, err error) {
	var due, webhook, event, idle time.Time
	day := now.Add(-24 * time.Hour)
	for _, part := range []struct {
		what, text string
		args, into []any
	}{
		{"count queued messages", `
			SELECT COUNT(*) FROM (SELECT tenant_id FROM messages WHERE state = 'queued' LIMIT $1) m`, []any{MostCounted}, []any{&b.Messages}},
		{"count due messages", `
			SELECT COUNT(*), MIN(due_at) FROM (SELECT tenant_id, due_at FROM messages WHERE state = 'queued' AND due_at <= $1 ORDER BY due_at LIMIT $2) m`,
			[]any{now, MostCounted}, []any{&b.Due, when(&due)}},
		{"count messages that are tried again", `
			SELECT COUNT(*) FROM (SELECT tenant_id FROM messages WHERE state = 'queued' AND attempts >= 3 LIMIT $1) m`, []any{MostCounted}, []any{&b.Retried}},
		{"count messages given up", `
			SELECT COUNT(*) FROM (SELECT tenant_id FROM messages WHERE state IN ('failed', 'expired') AND finished_at >= $1 LIMIT $2) m`,
			[]any{day, MostCounted}, []any{&b.GivenUp}},
		{"count queued deliveries", `
			SELECT COUNT(*) FROM (SELECT tenant_id FROM webhook_deliveries WHERE state = 'queued' LIMIT $1) d`, []any{MostCounted}, []any{&b.Deliveries}},
		{"read the longest due webhook", `
			SELECT MIN(due_at) FROM (SELECT tenant_id, due_at FROM webhook_endpoints WHERE due_at <= $1 AND enabled ORDER BY due_at LIMIT 1) e`,
			[]any{now}, []any{when(&webhook)}},
		{"count failing webhooks", `
			SELECT COUNT(*) FROM (SELECT tenant_id FROM webhook_endpoints WHERE failing_since IS NOT NULL AND enabled LIMIT $1) e`,
			[]any{MostCounted}, []any{&b.Failing}},
		{"count disabled webhooks", `
			SELECT COUNT(*) FROM (SELECT tenant_id FROM webhook_endpoints WHERE disabled_at IS NOT NULL AND NOT enabled LIMIT $1) e`,
			[]any{MostCounted}, []any{&b.Disabled}},
		{"count new events", `
			SELECT COUNT(*), MIN(at) FROM (SELECT tenant_id, at FROM audit_events WHERE number IS NULL LIMIT $1) e`,
			[]any{mostUnchained}, []any{&b.Unchained, when(&event)}},
		{"count running imports", `
			SELECT COUNT(*), MIN(touched_at) FROM (SELECT tenant_id, touched_at FROM imports WHERE state = 'running' LIMIT $1) i`,
			[]any{MostCounted}, []any{&b.Imports, when(&idle)}},
	} {
		if err := s.reader().row(ctx, part.what, part.text, part.args, part.into); err != nil {
			return Backlog{}, err
		}
	}
	b.OldestDue, b.OldestWebhook, b.OldestEvent, b.IdleImport = age(now, due), age(now, webhook), age(now, event), age(now, idle)
	if b.OverdueKeys, err = s.OverdueKeys(ctx, now.Add(-10*time.Minute)); err != nil {
		return Backlog{}, err
	}
	_, b.Pending, err = s.Schema(ctx)
	return b, err
}

// mostUnchained is where counting new events stops: their times are not in the index.
const mostUnchained = 10_000

// age is how long ago a time was; zero for no time, and for one to come.
func age(now, at time.Time) time.Duration {
	if at.IsZero() || at.After(now) {
		return 0
	}
	return now.Sub(at)
}
