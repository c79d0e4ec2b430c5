package admin

import (
	"context"
	"time"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/stats"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// StatsQuery says which counts are asked for. What is empty is worked out.
type StatsQuery struct {
	Interval string // hour, day or month; day
	From     string // RFC 3339; some intervals before To
	To       string // RFC 3339; now
}

// Stats is what was counted, interval by interval.
type Stats struct {
	Interval store.Span      `json:"interval"`
	From     time.Time       `json:"from"` // when the first interval begins
	To       time.Time       `json:"to"`   // when the last one ends
	Series   []StatsInterval `json:"series"`
	// Totals are of the whole time. Who is active in two intervals would be counted twice: active_users is not among them.
	Totals map[string]int64 `json:"totals"`
	// Top are the tenants with most logins in the last interval; of the platform alone.
	Top []TopTenant `json:"top,omitempty"`
}

// StatsInterval is one interval.
type StatsInterval struct {
	At     time.Time        `json:"at"`
	Counts map[string]int64 `json:"counts"` // what did not happen is 0; there are no active_users of an hour
}

// TopTenant is a tenant with many logins.
type TopTenant struct {
	TenantID string `json:"tenant_id"`
	Slug     string `json:"slug"`
	Logins   int64  `json:"logins"`
}

// The bounds of what is told at once.
const (
	mostIntervals = 1000
	topTenants    = 10
)

// back is how many intervals are told of where nothing is said.
var back = map[store.Span]int{store.Hour: 48, store.Day: 30, store.Month: 12}

// read works out what is asked for: where the first interval begins, and where the last one ends.
func (q StatsQuery) read(now time.Time) (span store.Span, from, to time.Time, err error) {
	var bad []refusal.Detail
	add := func(param, message string) {
		bad = append(bad, refusal.Detail{Message: message, Code: refusal.Malformed, Param: param})
	}
	span = store.Day
	if q.Interval != "" {
		span = store.Span(q.Interval)
	}
	if _, ok := back[span]; !ok {
		add("interval", "must be hour, day or month")
		span = store.Day
	}
	at := func(param, value string, otherwise time.Time) time.Time {
		if value == "" {
			return otherwise
		}
		t, err := time.Parse(time.RFC3339, value)
		if err != nil || t.Year() < 1970 || t.Year() > 9000 {
			add(param, "must be a time such as 2026-06-01T12:00:00Z")
		}
		return t
	}
	end := at("to", q.To, now)
	to = span.Begin(end)
	if q.To == "" || to.Before(end.UTC()) {
		to = span.Next(to)
	}
	begin := to
	for range back[span] {
		begin = span.Begin(begin.Add(-time.Second))
	}
	from = span.Begin(at("from", q.From, begin))
	n := 0
	for t := from; t.Before(to) && n <= mostIntervals; t = span.Next(t) {
		n++
	}
	switch {
	case len(bad) > 0:
	case n == 0:
		add("from", "must be before to")
	case n > mostIntervals:
		add("from", "must be no more than 1000 intervals before to")
	}
	if len(bad) > 0 {
		err = &refusal.Refusal{Kind: refusal.Invalid, Details: bad}
	}
	return span, from, to, err
}

// Stats is what was counted of a tenant.
func (s *Service) Stats(ctx context.Context, slug string, q StatsQuery) (*Stats, error) {
	span, from, to, err := q.read(s.clock.Now())
	if err != nil {
		return nil, err
	}
	rec, err := s.record(ctx, slug)
	if err != nil {
		return nil, err
	}
	all, err := s.store.For(&tenants.Tenant{ID: rec.ID}).Stats(ctx, span, from, to)
	if err != nil {
		return nil, failed("read stats", err)
	}
	return viewOfStats(span, from, to, all), nil
}

// PlatformStats is what was counted of all tenants together.
func (s *Service) PlatformStats(ctx context.Context, q StatsQuery) (*Stats, error) {
	span, from, to, err := q.read(s.clock.Now())
	if err != nil {
		return nil, err
	}
	all, err := s.store.PlatformStats(ctx, span, from, to)
	if err != nil {
		return nil, failed("read stats", err)
	}
	view := viewOfStats(span, from, to, all)
	top, err := s.store.TopTenants(ctx, span, span.Begin(to.Add(-time.Second)), stats.Logins, topTenants)
	if err != nil {
		return nil, failed("read top tenants", err)
	}
	view.Top = []TopTenant{}
	for _, t := range top {
		view.Top = append(view.Top, TopTenant{TenantID: t.TenantID, Slug: t.Slug, Logins: t.N})
	}
	return view, nil
}

func viewOfStats(span store.Span, from, to time.Time, all []store.Stat) *Stats {
	view := &Stats{Interval: span, From: from, To: to, Series: []StatsInterval{}, Totals: map[string]int64{}}
	blank := func(with bool) map[string]int64 {
		counts := map[string]int64{}
		for _, name := range stats.Names() {
			if name != store.ActiveUsers || with {
				counts[name] = 0
			}
		}
		return counts
	}
	view.Totals = blank(false)
	for at := from; at.Before(to); at = span.Next(at) {
		one := StatsInterval{At: at, Counts: blank(span != store.Hour)}
		for len(all) > 0 && !all[0].At.After(at) {
			if _, known := one.Counts[all[0].Name]; known {
				one.Counts[all[0].Name] = all[0].N
			}
			if _, known := view.Totals[all[0].Name]; known {
				view.Totals[all[0].Name] += all[0].N
			}
			all = all[1:]
		}
		view.Series = append(view.Series, one)
	}
	return view
}
