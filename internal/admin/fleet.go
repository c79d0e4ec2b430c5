package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/vestibule-auth/vestibule/internal/store"
)

// Fleet is how the platform is doing, all tenants together.
type Fleet struct {
	At         time.Time       `json:"at"`      // when it was counted
	Version    string          `json:"version"` // of the server that answers; "" where nobody knows
	Tenants    FleetTenants    `json:"tenants"`
	Health     FleetHealth     `json:"health"`
	Migrations FleetMigrations `json:"migrations"`
	Messages   FleetMessages   `json:"messages"`
	Webhooks   FleetWebhooks   `json:"webhooks"`
	Keys       FleetKeys       `json:"keys"`
}

// FleetTenants counts tenants by state, but for the operators' own.
type FleetTenants struct {
	Active    int `json:"active"`
	Suspended int `json:"suspended"`
	Deleted   int `json:"deleted"` // and not purged yet
}

// FleetHealth is how the checks of the server that answers came out.
type FleetHealth struct {
	Status string            `json:"status"` // the worst of the checks
	Checks map[string]string `json:"checks"` // by name: ok, degraded or failed
}

// FleetMigrations is the state of the schema.
type FleetMigrations struct {
	Applied int64 `json:"applied"`
	Pending int64 `json:"pending"`
}

// FleetMessages is how mail and texts are doing.
type FleetMessages struct {
	Queued        int        `json:"queued"`
	Retried       int        `json:"retried"`       // of them, those that were tried three times or more
	OldestDueAt   *time.Time `json:"oldest_due_at"` // null where none is due
	OldestDueSecs int64      `json:"oldest_due_seconds"`
	Failed        int        `json:"failed"` // in the last 24 hours
	CountedUpTo   int        `json:"counted_up_to"`
	// The worst off, ten of each at the most.
	LongestWaiting []WaitingTenant `json:"longest_waiting"`
	MostRetried    []RetriedTenant `json:"most_retried"`
	MostFailed     []FailedTenant  `json:"most_failed"` // in the last 24 hours
}

// WaitingTenant is a tenant that has messages which should have been sent by now.
type WaitingTenant struct {
	TenantID      string    `json:"tenant_id"`
	Tenant        string    `json:"tenant"` // its slug
	Due           int       `json:"due"`
	OldestDueAt   time.Time `json:"oldest_due_at"`
	OldestDueSecs int64     `json:"oldest_due_seconds"`
}

// RetriedTenant is a tenant with messages that were tried three times or more, and are to be tried again.
type RetriedTenant struct {
	TenantID string `json:"tenant_id"`
	Tenant   string `json:"tenant"` // its slug
	Retried  int    `json:"retried"`
}

// FailedTenant is a tenant with messages that were given up.
type FailedTenant struct {
	TenantID string    `json:"tenant_id"`
	Tenant   string    `json:"tenant"` // its slug
	Failed   int       `json:"failed"`
	Expired  int       `json:"expired"` // of them, those that were of no use any more
	LastAt   time.Time `json:"last_at"`
}

// FleetWebhooks counts webhooks by how they are doing.
type FleetWebhooks struct {
	Enabled  int `json:"enabled"`
	Failing  int `json:"failing"`  // of the enabled ones
	Disabled int `json:"disabled"` // by the server
	// Ten of each at the most.
	LongestFailing []TroubledWebhook `json:"longest_failing"`
	LastDisabled   []TroubledWebhook `json:"last_disabled"`
}

// TroubledWebhook is a webhook that somebody should look at. Of its address the host alone is told: the rest may be as good as a password.
type TroubledWebhook struct {
	TenantID    string    `json:"tenant_id"`
	Tenant      string    `json:"tenant"` // its slug
	ID          string    `json:"id"`
	Host        string    `json:"host"`
	DisabledWhy string    `json:"disabled_why"` // gone or failing where the server disabled it; "" for one that is enabled
	Since       time.Time `json:"since"`
}

// FleetKeys is what there is to know of signing keys.
type FleetKeys struct {
	Overdue int      `json:"overdue"` // tenants with a key that should have had a successor by now
	Oldest  []OldKey `json:"oldest"`  // of those that sign, the oldest first
}

// OldKey is a key that signs, and how old it is.
type OldKey struct {
	TenantID   string     `json:"tenant_id"`
	Tenant     string     `json:"tenant"` // its slug
	ID         string     `json:"kid"`
	Algorithm  string     `json:"algorithm"`
	CreatedAt  time.Time  `json:"created_at"`
	AgeSeconds int64      `json:"age_seconds"`
	RotatesAt  *time.Time `json:"rotates_at"` // when its successor is, or should have been, published; null for never by itself
	Overdue    bool       `json:"overdue"`
}

// The bounds of what is told of the fleet.
const (
	fleetFresh  = 5 * time.Second
	failedSince = 24 * time.Hour
	oldestKeys  = 10
	overdueBy   = 10 * time.Minute // a due key gets its successor within a minute or so
)

// fleetMemory is what was last counted. Whoever asks again soon gets the same, and however many ask at once, one of them counts.
type fleetMemory struct {
	turn chan struct{} // has room for the one who looks, and counts
	last *Fleet
}

// Fleet is how the platform is doing. What is counted may be some seconds old; what the checks say is not.
func (s *Service) Fleet(ctx context.Context) (*Fleet, error) {
	counted, err := s.countedFleet(ctx)
	if err != nil {
		return nil, failed("count the fleet", err)
	}
	f := *counted
	f.Health = FleetHealth{Status: "ok", Checks: map[string]string{}}
	if s.health != nil {
		maps.Copy(f.Health.Checks, s.health(ctx))
	}
	worst := []string{"ok", "degraded", "failed"}
	for check := range maps.Values(f.Health.Checks) {
		if slices.Index(worst, check) > slices.Index(worst, f.Health.Status) {
			f.Health.Status = check
		}
	}
	return &f, nil
}

// countedFleet is what takes counting, and is remembered for a moment. It is not to be changed.
func (s *Service) countedFleet(ctx context.Context) (*Fleet, error) {
	select {
	case s.fleet.turn <- struct{}{}:
		defer func() { <-s.fleet.turn }()
	case <-ctx.Done():
		return nil, errors.Join(store.ErrUnavailable, ctx.Err())
	}
	now := s.clock.Now()
	if last := s.fleet.last; last != nil && now.Sub(last.At) < fleetFresh && !now.Before(last.At) {
		return last, nil
	}
	f, err := s.countFleet(ctx, now)
	if err == nil {
		s.fleet.last = f
	}
	return f, err
}

func (s *Service) countFleet(ctx context.Context, now time.Time) (*Fleet, error) {
	f := &Fleet{At: now.UTC(), Version: s.build}
	t, err := s.store.CountTenants(ctx)
	if err != nil {
		return nil, err
	}
	f.Tenants = FleetTenants(t)
	if f.Migrations.Applied, f.Migrations.Pending, err = s.store.Schema(ctx); err != nil {
		return nil, err
	}
	if f.Messages, err = s.fleetMessages(ctx, now); err != nil {
		return nil, err
	}
	if f.Webhooks, err = s.fleetWebhooks(ctx); err != nil {
		return nil, err
	}
	overdue := now.Add(-overdueBy)
	if f.Keys.Overdue, err = s.store.OverdueKeys(ctx, overdue); err != nil {
		return nil, err
	}
	keys, err := s.store.OldestSigningKeys(ctx, now)
	if err != nil {
		return nil, err
	}
	keys = slices.DeleteFunc(keys, func(k store.OldKey) bool { return !handsOutTokens(k.Settings) })
	slices.SortFunc(keys, func(a, b store.OldKey) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.Slug, b.Slug))
	})
	f.Keys.Oldest = []OldKey{}
	for _, k := range keys[:min(len(keys), oldestKeys)] {
		f.Keys.Oldest = append(f.Keys.Oldest, OldKey{
			TenantID: k.TenantID, Tenant: k.Slug, ID: k.ID, Algorithm: k.Algorithm, CreatedAt: k.CreatedAt.UTC(),
			AgeSeconds: int64(now.Sub(k.CreatedAt) / time.Second), RotatesAt: atOrNull(k.DueAt),
			Overdue: k.Overdue || !k.DueAt.IsZero() && k.DueAt.Before(overdue),
		})
	}
	return f, nil
}

// handsOutTokens reports whether a tenant of such settings hands out tokens. One whose settings cannot be read cannot be served, and hands out
// none; that is no reason to say nothing of all the others.
func handsOutTokens(settings []byte) bool {
	var said struct {
		Headless struct {
			TokenStrategy string `json:"token_strategy"`
		} `json:"headless"`
	}
	return json.Unmarshal(settings, &said) == nil && said.Headless.TokenStrategy == "jwt"
}

// fleetMessages says how mail and texts are doing. Who is worst off is looked for only where somebody is.
func (s *Service) fleetMessages(ctx context.Context, now time.Time) (f FleetMessages, err error) {
	since := now.Add(-failedSince)
	m, err := s.store.CountMessagesEverywhere(ctx, now, since)
	if err != nil {
		return f, err
	}
	f = FleetMessages{
		Queued: m.Queued, OldestDueAt: atOrNull(m.Oldest), Failed: m.Failed, CountedUpTo: store.MostCounted,
		Retried: m.Retried, LongestWaiting: []WaitingTenant{}, MostRetried: []RetriedTenant{}, MostFailed: []FailedTenant{},
	}
	if m.Retried > 0 {
		retried, err := s.store.MostRetried(ctx)
		if err != nil {
			return f, err
		}
		for _, r := range retried {
			f.MostRetried = append(f.MostRetried, RetriedTenant{TenantID: r.TenantID, Tenant: r.Slug, Retried: r.Retried})
		}
	}
	if !m.Oldest.IsZero() {
		f.OldestDueSecs = int64(now.Sub(m.Oldest) / time.Second)
		waiting, err := s.store.LongestWaiting(ctx, now)
		if err != nil {
			return f, err
		}
		for _, w := range waiting {
			f.LongestWaiting = append(f.LongestWaiting, WaitingTenant{
				TenantID: w.TenantID, Tenant: w.Slug, Due: w.Due, OldestDueAt: w.Oldest, OldestDueSecs: int64(now.Sub(w.Oldest) / time.Second),
			})
		}
	}
	if m.Failed > 0 {
		failed, err := s.store.MostGivenUp(ctx, since)
		if err != nil {
			return f, err
		}
		for _, g := range failed {
			f.MostFailed = append(f.MostFailed, FailedTenant{TenantID: g.TenantID, Tenant: g.Slug, Failed: g.Failed, Expired: g.Expired, LastAt: g.Last})
		}
	}
	return f, nil
}

// fleetWebhooks says how webhooks are doing.
func (s *Service) fleetWebhooks(ctx context.Context) (f FleetWebhooks, err error) {
	c, err := s.store.CountWebhooksEverywhere(ctx)
	if err != nil {
		return f, err
	}
	f = FleetWebhooks{Enabled: c.Enabled, Failing: c.Failing, Disabled: c.Disabled}
	failing, err := s.store.LongestFailing(ctx)
	if err != nil {
		return f, err
	}
	disabled, err := s.store.LastDisabled(ctx)
	f.LongestFailing, f.LastDisabled = troubled(failing), troubled(disabled)
	return f, err
}

func troubled(all []store.TroubledWebhook) []TroubledWebhook {
	told := []TroubledWebhook{}
	for _, w := range all {
		host := ""
		if u, err := url.Parse(w.URL); err == nil {
			host = u.Host
		}
		told = append(told, TroubledWebhook{TenantID: w.TenantID, Tenant: w.Slug, ID: w.ID, Host: host, DisabledWhy: w.Why, Since: w.Since})
	}
	return told
}
