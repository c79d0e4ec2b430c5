package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/vestibule-auth/vestibule/tenants"
)

// MostCounted is where counting stops what may be many at the worst of times.
const MostCounted = 100_000

// TenantCounts are how many tenants are in which state; the operators' own is not among them.
type TenantCounts struct{ Active, Suspended, Deleted int }

// CountTenants counts the tenants. Deleted ones are those that are not purged yet.
func (s *Store) CountTenants(ctx context.Context) (c TenantCounts, err error) {
	err = s.reader().each(ctx, "count tenants", `
		SELECT state, COUNT(*) FROM tenants WHERE deleted_at IS NULL AND slug <> $1 GROUP BY state`, []any{tenants.SystemSlug},
		func(rows *sqlx.Rows) error {
			var state tenants.State
			var n int
			if err := rows.Scan(&state, &n); err != nil {
				return err
			}
			switch state {
			case tenants.Active:
				c.Active = n
			case tenants.Suspended:
				c.Suspended = n
			case tenants.Deleted, tenants.Purging, tenants.Purged: // which have a deleted_at
			}
			return nil
		})
	if err != nil {
		return c, err
	}
	err = s.reader().row(ctx, "count deleted tenants", `
		SELECT COUNT(*) FROM tenants WHERE deleted_at IS NOT NULL AND state <> 'purged'`, nil, []any{&c.Deleted})
	return c, err
}

// MessageCounts say how the queue of messages is doing, all tenants' together.
type MessageCounts struct {
	Queued  int       // MostCounted at the most
	Retried int       // of them, those that were tried three times or more; MostCounted at the most
	Oldest  time.Time // when the one was due that has waited longest; zero where none is due
	Failed  int       // those given up since a time; MostCounted at the most
}

// CountMessagesEverywhere counts the messages that are queued, and those that were given up since a time.
func (s *Store) CountMessagesEverywhere(ctx context.Context, now, since time.Time) (c MessageCounts, err error) {
	if err = s.reader().row(ctx, "count queued messages", `
		SELECT COUNT(*) FROM (SELECT tenant_id FROM messages WHERE state = 'queued' LIMIT $1) m`, []any{MostCounted}, []any{&c.Queued}); err != nil {
		return c, err
	}
	if err = s.reader().row(ctx, "count messages that are tried again", `
		SELECT COUNT(*) FROM (SELECT tenant_id FROM messages WHERE state = 'queued' AND attempts >= 3 LIMIT $1) m`, []any{MostCounted}, []any{&c.Retried}); err != nil {
		return c, err
	}
	if err = s.reader().row(ctx, "read the oldest due message", `
		SELECT MIN(due_at) FROM (SELECT tenant_id, due_at FROM messages WHERE state = 'queued' AND due_at <= $1 ORDER BY due_at LIMIT 1) m`,
		[]any{now}, []any{when(&c.Oldest)}); err != nil {
		return c, err
	}
	err = s.reader().row(ctx, "count messages given up", `
		SELECT COUNT(*) FROM (
		       SELECT tenant_id FROM messages
		        WHERE state IN ('failed', 'expired') AND finished_at >= $1 LIMIT $2) m`, []any{since, MostCounted}, []any{&c.Failed})
	return c, err
}

// The bounds of what is told by name. They stand in the texts, for the reason that oldKeysRead has.
const (
	told       = 10
	toldRead   = 50     // what is read, since the tenants of some may have been deleted
	dueReadFor = 20_000 // in how many of the messages that were due first those that wait longest are looked for
)

// GivenUp is a tenant and how many of its messages were given up.
type GivenUp struct {
	TenantID, Slug string
	Failed         int
	Expired        int // of them, those whose time had come before they were sent
	Last           time.Time
}

// MostGivenUp are the tenants with most messages that were given up since a time, of the MostCounted latest. Those of tenants that were
// deleted are left out.
func (s *Store) MostGivenUp(ctx context.Context, since time.Time) ([]GivenUp, error) {
	var all []GivenUp
	err := s.reader().each(ctx, "read who has most messages given up", `
		SELECT t.id, t.slug, m.failed, m.expired, m.last
		  FROM (SELECT tenant_id, COUNT(*) AS failed, COUNT(CASE WHEN state = 'expired' THEN 1 END) AS expired, MAX(finished_at) AS last
		          FROM (SELECT tenant_id, state, finished_at FROM messages
		                 WHERE state IN ('failed', 'expired') AND finished_at >= $1
		                 ORDER BY finished_at DESC LIMIT $2) latest
		         GROUP BY tenant_id ORDER BY failed DESC, tenant_id LIMIT `+fmt.Sprint(toldRead)+`) m
		  JOIN tenants t ON t.id = m.tenant_id AND t.deleted_at IS NULL
		 ORDER BY m.failed DESC, t.slug LIMIT `+fmt.Sprint(told), []any{since, MostCounted}, func(rows *sqlx.Rows) error {
		var g GivenUp
		err := rows.Scan(&g.TenantID, &g.Slug, &g.Failed, &g.Expired, when(&g.Last))
		all = append(all, g)
		return err
	})
	return all, err
}

// Retried is a tenant and how many of its messages were tried three times or more, and are to be tried again.
type Retried struct {
	TenantID, Slug string
	Retried        int
}

// MostRetried are the tenants with most messages that are tried again and again, of MostCounted of them. Those of tenants that were deleted
// are left out.
func (s *Store) MostRetried(ctx context.Context) ([]Retried, error) {
	var all []Retried
	err := s.reader().each(ctx, "read who has most messages that are tried again", `
		SELECT t.id, t.slug, m.retried
		  FROM (SELECT tenant_id, COUNT(*) AS retried
		          FROM (SELECT tenant_id FROM messages WHERE state = 'queued' AND attempts >= 3 LIMIT $1) again
		         GROUP BY tenant_id ORDER BY retried DESC, tenant_id LIMIT `+fmt.Sprint(toldRead)+`) m
		  JOIN tenants t ON t.id = m.tenant_id AND t.deleted_at IS NULL
		 ORDER BY m.retried DESC, t.slug LIMIT `+fmt.Sprint(told), []any{MostCounted}, func(rows *sqlx.Rows) error {
		var r Retried
		err := rows.Scan(&r.TenantID, &r.Slug, &r.Retried)
		all = append(all, r)
		return err
	})
	return all, err
}

// Waiting is a tenant and how many of its messages should have been sent by now.
type Waiting struct {
	TenantID, Slug string
	Due            int
	Oldest         time.Time // when the one was due that has waited longest
}

// LongestWaiting are the tenants whose messages have waited longest, of the 20,000 that were due first. Those of tenants that were
// deleted are left out.
func (s *Store) LongestWaiting(ctx context.Context, now time.Time) ([]Waiting, error) {
	var all []Waiting
	err := s.reader().each(ctx, "read whose messages have waited longest", `
		SELECT t.id, t.slug, m.due, m.oldest
		  FROM (SELECT tenant_id, COUNT(*) AS due, MIN(due_at) AS oldest
		          FROM (SELECT tenant_id, due_at FROM messages WHERE state = 'queued' AND due_at <= $1 ORDER BY due_at LIMIT `+fmt.Sprint(dueReadFor)+`) first
		         GROUP BY tenant_id ORDER BY oldest, tenant_id LIMIT `+fmt.Sprint(toldRead)+`) m
		  JOIN tenants t ON t.id = m.tenant_id AND t.deleted_at IS NULL
		 ORDER BY m.oldest, t.slug LIMIT `+fmt.Sprint(told), []any{now}, func(rows *sqlx.Rows) error {
		var w Waiting
		err := rows.Scan(&w.TenantID, &w.Slug, &w.Due, when(&w.Oldest))
		all = append(all, w)
		return err
	})
	return all, err
}

// WebhookCounts are how many webhooks are in which state, of tenants that were not deleted.
type WebhookCounts struct {
	Enabled  int
	Failing  int // enabled, and nothing has got through of late
	Disabled int // by the server
}

// CountWebhooksEverywhere counts the webhooks of all tenants.
func (s *Store) CountWebhooksEverywhere(ctx context.Context) (c WebhookCounts, err error) {
	count := func(of string, into *int) {
		if err == nil {
			err = s.reader().row(ctx, "count webhooks", `
				SELECT COUNT(*) FROM webhook_endpoints e JOIN tenants t ON t.id = e.tenant_id WHERE t.deleted_at IS NULL AND `+of, nil, []any{into})
		}
	}
	count(`e.enabled`, &c.Enabled)
	count(`e.enabled AND e.failing_since IS NOT NULL`, &c.Failing)
	count(`NOT e.enabled AND e.disabled_at IS NOT NULL`, &c.Disabled)
	return c, err
}

// TroubledWebhook is a webhook that nothing gets through to, or that the server disabled, and whose it is.
type TroubledWebhook struct {
	TenantID, Slug string
	ID, URL        string
	Why            string // the server disabled it; "" for one that fails
	Since          time.Time
}

// LongestFailing are the enabled webhooks to which nothing has got through for longest.
func (s *Store) LongestFailing(ctx context.Context) ([]TroubledWebhook, error) {
	return s.troubledWebhooks(ctx, "failing", `e.failing_since`, `e.enabled AND e.failing_since IS NOT NULL ORDER BY e.failing_since, e.tenant_id`)
}

// LastDisabled are the webhooks that the server disabled last.
func (s *Store) LastDisabled(ctx context.Context) ([]TroubledWebhook, error) {
	return s.troubledWebhooks(ctx, "disabled", `e.disabled_at`, `NOT e.enabled AND e.disabled_at IS NOT NULL ORDER BY e.disabled_at DESC, e.tenant_id DESC`)
}

func (s *Store) troubledWebhooks(ctx context.Context, what, since, which string) ([]TroubledWebhook, error) {
	var all []TroubledWebhook
	err := s.reader().each(ctx, "read "+what+" webhooks", `
		SELECT t.id, t.slug, e.id, e.url, e.disabled_why, `+since+`
		  FROM webhook_endpoints e JOIN tenants t ON t.id = e.tenant_id AND t.deleted_at IS NULL
		 WHERE `+which+` LIMIT `+fmt.Sprint(told), nil, func(rows *sqlx.Rows) error {
		var w TroubledWebhook
		err := rows.Scan(&w.TenantID, &w.Slug, &w.ID, &w.URL, &w.Why, when(&w.Since))
		all = append(all, w)
		return err
	})
	return all, err
}

// OverdueKeys is how many tenants have a signing key that was to have a successor by a time and has none.
func (s *Store) OverdueKeys(ctx context.Context, by time.Time) (n int, err error) {
	err = s.reader().row(ctx, "count overdue signing keys", `
		SELECT COUNT(*) FROM (
		       SELECT tenant_id FROM signing_keys WHERE due_at <= $1
		       UNION
		       SELECT tenant_id FROM signing_keys WHERE overdue_since IS NOT NULL AND due_at IS NOT NULL) k`, []any{by}, []any{&n})
	return n, err
}

// OldKey is a signing key that signs, and whose it is.
type OldKey struct {
	TenantID, Slug string
	ID, Algorithm  string
	CreatedAt      time.Time
	DueAt          time.Time // when it is to have a successor, or was; zero for never by itself
	Overdue        bool      // it could not be given one
	Settings       []byte    // the tenant's
}

// How many keys OldestSigningKeys reads of each kind, and in how many it looks for those. They stand in the text: of a number that it does
// not know PostgreSQL assumes that it is a tenth of all there is, and reads that.
const (
	oldKeysRead   = 50
	oldKeysLooked = 5000
)

// OldestSigningKeys are the keys that were made first of those that sign, of tenants that were not deleted: some dozens. Tenants that name
// no tokens in their settings are left out; what the others say of them is to be read.
func (s *Store) OldestSigningKeys(ctx context.Context, now time.Time) ([]OldKey, error) {
	var all []OldKey
	for _, part := range []string{
		`k.retires_at IS NULL ORDER BY k.created_at LIMIT `,
		`k.retires_at > $1 ORDER BY k.created_at LIMIT `, // a successor is published, and does not sign yet
	} {
		err := s.reader().each(ctx, "read the oldest signing keys", `
			SELECT k.tenant_id, t.slug, t.settings, k.kid, k.algorithm, k.created_at, k.due_at, k.overdue
			  FROM (SELECT k.tenant_id, k.kid, k.algorithm, k.created_at, COALESCE(k.overdue_since, k.due_at) AS due_at, k.overdue_since IS NOT NULL AS overdue
			          FROM signing_keys k WHERE k.signs_from <= $1 AND `+part+fmt.Sprint(oldKeysLooked)+`) k
			  JOIN tenants t ON t.id = k.tenant_id AND t.deleted_at IS NULL
			 WHERE t.settings LIKE '%"jwt"%' ORDER BY k.created_at LIMIT `+fmt.Sprint(oldKeysRead), []any{now}, func(rows *sqlx.Rows) error {
			var k OldKey
			err := rows.Scan(&k.TenantID, &k.Slug, &k.Settings, &k.ID, &k.Algorithm, when(&k.CreatedAt), when(&k.DueAt), &k.Overdue)
			all = append(all, k)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
