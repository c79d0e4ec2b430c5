package store

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/vestibule-auth/vestibule/tenants"
)

// Span is how long something is counted for.
type Span string

// The spans. All of them begin in UTC.
const (
	Hour  Span = "hour"
	Day   Span = "day"
	Month Span = "month"
)

// Spans are all of them.
var Spans = []Span{Hour, Day, Month}

// Begin is when the span begins that a time is in.
func (s Span) Begin(t time.Time) time.Time {
	t = t.UTC()
	switch s {
	case Hour:
		return t.Truncate(time.Hour)
	case Day:
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	default:
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	}
}

// Next is when the span after the one that begins at a time does.
func (s Span) Next(begin time.Time) time.Time {
	switch s {
	case Hour:
		return begin.Add(time.Hour)
	case Day:
		return begin.AddDate(0, 0, 1)
	default:
		return begin.AddDate(0, 1, 0)
	}
}

// Stat is how often something happened in a span that begins at a time.
type Stat struct {
	Span Span
	At   time.Time
	Name string
	N    int64
}

// Active is a user who was active in a span.
type Active struct {
	Span   Span
	At     time.Time
	UserID string
}

// ActiveUsers is the name of the one count that is not of events.
const ActiveUsers = "active_users"

// statsAtOnce is how many rows one statement writes at the most.
const statsAtOnce = 32

// AddStats adds to what was counted. Nothing may be in the list twice.
func (t *Tx) AddStats(ctx context.Context, stats []Stat) error {
	for some := range slices.Chunk(stats, statsAtOnce) {
		args := []any{t.tenant}
		for _, s := range some {
			args = append(args, string(s.Span), s.At, s.Name, s.N)
		}
		_, err := t.exec(ctx, "add stats", `
			INSERT INTO stats (tenant_id, span, at, name, n, rolled, rolled_before)
			VALUES ($1, `+rowsOf(len(some), 4, ", 0, 0")+`
			ON CONFLICT (tenant_id, span, at, name) DO UPDATE SET n = stats.n + excluded.n`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// AddActive notes who was active, unless that is known.
func (t *Tx) AddActive(ctx context.Context, all []Active) error {
	for some := range slices.Chunk(all, statsAtOnce) {
		args := []any{t.tenant}
		for _, a := range some {
			args = append(args, string(a.Span), a.At, a.UserID)
		}
		_, err := t.exec(ctx, "add active users", `
			INSERT INTO active_users (tenant_id, span, at, user_id, counted)
			VALUES ($1, `+rowsOf(len(some), 3, ", FALSE")+`
			ON CONFLICT DO NOTHING`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// rowsOf is a list of n rows, each of the tenant, so many values and what comes last; the first row is begun already.
func rowsOf(n, values int, last string) string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = places(2+i*values, values) + last + ")"
	}
	return strings.Join(rows, ", ($1, ")
}

// Tally is how often something happened at a tenant in the hour that begins at a time, where no event says so.
type Tally struct {
	TenantID string
	At       time.Time
	Name     string
	N        int64
}

// AddTallies adds to what was counted in the hours, days and months that tallies are of: all of them, or none. What is of tenants that are
// being purged, or were, is left out.
func (s *Store) AddTallies(ctx context.Context, all []Tally) error {
	type place struct {
		tenant string
		Stat
	}
	return s.do(ctx, func(r runner) error {
		there, err := r.stillThere(ctx, all)
		if err != nil {
			return err
		}
		sums := map[place]int64{}
		for _, span := range Spans {
			for _, one := range all {
				if there[one.TenantID] {
					sums[place{one.TenantID, Stat{Span: span, At: span.Begin(one.At), Name: one.Name}}] += one.N
				}
			}
		}
		var rows []place
		for row, n := range sums {
			row.N = n
			rows = append(rows, row)
		}
		slices.SortFunc(rows, func(a, b place) int { // all of them take the rows in one order, and nobody waits in a circle
			return cmp.Or(strings.Compare(a.tenant, b.tenant), strings.Compare(string(a.Span)+a.Name, string(b.Span)+b.Name), a.At.Compare(b.At))
		})
		for some := range slices.Chunk(rows, statsAtOnce) {
			var args []any
			values := make([]string, len(some))
			for i, row := range some {
				args = append(args, row.tenant, string(row.Span), row.At, row.Name, row.N)
				values[i] = "(" + places(1+5*i, 5) + ", 0, 0)"
			}
			_, err := r.exec(ctx, "add tallies", `
				INSERT INTO stats (tenant_id, span, at, name, n, rolled, rolled_before)
				VALUES `+strings.Join(values, ", ")+`
				ON CONFLICT (tenant_id, span, at, name) DO UPDATE SET n = stats.n + excluded.n`, args...)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// stillThere are the ids of those tenants of tallies whose purge has not begun.
func (r runner) stillThere(ctx context.Context, all []Tally) (map[string]bool, error) {
	asked := map[string]bool{}
	for _, one := range all {
		asked[one.TenantID] = true
	}
	there := map[string]bool{}
	for some := range slices.Chunk(slices.Sorted(maps.Keys(asked)), statsAtOnce) {
		args := make([]any, statsAtOnce) // as many for every chunk, so that there is one text to prepare
		for i := range args {
			args[i] = some[min(i, len(some)-1)]
		}
		err := r.each(ctx, "read which tenants are there", `
			SELECT id FROM tenants WHERE state <> 'purging' AND state <> 'purged' AND id IN (`+places(1, statsAtOnce)+`)`, args, func(rows *sqlx.Rows) error {
			var id string
			err := rows.Scan(&id)
			there[id] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return there, nil
}

// places are the placeholders of n values from the given number on.
func places(from, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = "$" + strconv.Itoa(from+i)
	}
	return strings.Join(all, ", ")
}

// TenantWithNewActiveUsers is the first tenant after the given one that has active users who are not counted, or ErrNotFound.
func (s *Store) TenantWithNewActiveUsers(ctx context.Context, after string) (id string, err error) {
	err = s.reader().row(ctx, "find new active users", `
		SELECT tenant_id FROM active_users WHERE NOT counted AND tenant_id > $1 ORDER BY tenant_id LIMIT 1`, []any{after}, []any{&id})
	return id, err
}

// CountActiveUsers adds the tenant's active users who are not counted yet to what was counted.
func (t *Tx) CountActiveUsers(ctx context.Context) error {
	var spans []Stat
	err := t.each(ctx, "read new active users", `
		SELECT DISTINCT span, at FROM active_users WHERE tenant_id = $1 AND NOT counted`, []any{t.tenant}, func(rows *sqlx.Rows) error {
		s := Stat{Name: ActiveUsers}
		err := rows.Scan(&s.Span, when(&s.At))
		spans = append(spans, s)
		return err
	})
	if err != nil {
		return err
	}
	for i := range spans {
		s := &spans[i]
		res, err := t.exec(ctx, "count active users", `
			UPDATE active_users SET counted = TRUE WHERE tenant_id = $1 AND span = $2 AND at = $3 AND NOT counted`, t.tenant, string(s.Span), s.At)
		if err != nil {
			return err
		}
		if s.N, err = res.RowsAffected(); err != nil {
			return err
		}
	}
	return t.AddStats(ctx, slices.DeleteFunc(spans, func(s Stat) bool { return s.N == 0 }))
}

// RollStats adds up to n of what was counted of any tenant to what is counted of all together, and returns how many it added.
func (s *Store) RollStats(ctx context.Context, n int) (int, error) {
	found := 0
	err := s.do(ctx, func(r runner) error {
		sums := map[Stat]int64{}
		found = 0
		err := r.each(ctx, "roll stats", `
			UPDATE stats SET rolled_before = rolled, rolled = n
			 WHERE (tenant_id, span, at, name) IN (
			       SELECT tenant_id, span, at, name FROM stats WHERE n <> rolled ORDER BY at LIMIT $1 `+s.dialect.skipLocked+`)
			RETURNING span, at, name, rolled - rolled_before`, []any{n}, func(rows *sqlx.Rows) error {
			var one Stat
			var more int64
			err := rows.Scan(&one.Span, when(&one.At), &one.Name, &more)
			sums[one] += more
			found++
			return err
		})
		if err != nil {
			return err
		}
		for _, one := range sorted(sums) { // all of them take the rows in one order, and nobody waits in a circle
			if _, err := r.exec(ctx, "add platform stats", `
				INSERT INTO platform_stats (span, at, name, n) VALUES ($1, $2, $3, $4)
				ON CONFLICT (span, at, name) DO UPDATE SET n = platform_stats.n + excluded.n`, string(one.Span), one.At, one.Name, sums[one]); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

func sorted(sums map[Stat]int64) []Stat {
	var all []Stat
	for one := range sums {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Stat) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(string(a.Span)+a.Name, string(b.Span)+b.Name)
	})
	return all
}

// Stats are what was counted of the tenant in the spans that begin from one time to before another.
func (s Scope) Stats(ctx context.Context, span Span, from, to time.Time) ([]Stat, error) {
	return s.store.reader().stats(ctx, `
		SELECT at, name, n FROM stats WHERE tenant_id = $1 AND span = $2 AND at >= $3 AND at < $4 ORDER BY at, name`,
		span, s.tenant, string(span), from, to)
}

// PlatformStats are those of all tenants together.
func (s *Store) PlatformStats(ctx context.Context, span Span, from, to time.Time) ([]Stat, error) {
	return s.reader().stats(ctx, `
		SELECT at, name, n FROM platform_stats WHERE span = $1 AND at >= $2 AND at < $3 ORDER BY at, name`, span, string(span), from, to)
}

func (r runner) stats(ctx context.Context, text string, span Span, args ...any) (all []Stat, err error) {
	err = r.each(ctx, "read stats", text, args, func(rows *sqlx.Rows) error {
		one := Stat{Span: span}
		err := rows.Scan(when(&one.At), &one.Name, &one.N)
		all = append(all, one)
		return err
	})
	return all, err
}

// TenantStat is how often something happened at a tenant.
type TenantStat struct {
	TenantID string
	Slug     string // "" of one that is deleted
	N        int64
}

// TopTenants are the n tenants, but for the operators' own, where something happened most often in the span that begins at a time.
func (s *Store) TopTenants(ctx context.Context, span Span, at time.Time, name string, n int) ([]TenantStat, error) {
	var all []TenantStat
	err := s.reader().each(ctx, "read top tenants", `
		SELECT s.tenant_id, t.slug, s.n
		  FROM stats s LEFT JOIN tenants t ON t.id = s.tenant_id AND t.deleted_at IS NULL
		 WHERE s.span = $1 AND s.name = $2 AND s.at = $3 AND s.tenant_id <> $5
		 ORDER BY s.n DESC LIMIT $4`, []any{string(span), name, at, n, tenants.SystemID}, func(rows *sqlx.Rows) error {
		var one TenantStat
		var slug sql.NullString
		err := rows.Scan(&one.TenantID, &slug, &one.N)
		one.Slug = slug.String
		all = append(all, one)
		return err
	})
	return all, err
}

// SweepActiveUsers removes up to n notes of who was active in a span that began before a time, and returns how many.
func (s *Store) SweepActiveUsers(ctx context.Context, span Span, before time.Time, n int) (int64, error) {
	r := runner{store: s, pool: s.write}
	res, err := r.exec(ctx, "sweep active users", `
		DELETE FROM active_users WHERE (tenant_id, span, at, user_id) IN (
		       SELECT tenant_id, span, at, user_id FROM active_users WHERE span = $1 AND at < $2 AND counted ORDER BY at LIMIT $3)`,
		string(span), before, n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// SweepStats removes up to n counts of spans that began before a time and were added to those of the platform, and returns how many.
// Those of the platform go with it.
func (s *Store) SweepStats(ctx context.Context, before time.Time, n int) (int64, error) {
	r := runner{store: s, pool: s.write}
	if _, err := r.exec(ctx, "sweep platform stats", `
		DELETE FROM platform_stats WHERE span IN ('hour', 'day', 'month') AND at < $1`, before); err != nil {
		return 0, err
	}
	res, err := r.exec(ctx, "sweep stats", `
		DELETE FROM stats WHERE (tenant_id, span, at, name) IN (
		       SELECT tenant_id, span, at, name FROM stats WHERE at < $1 ORDER BY at LIMIT $2)`, before, n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
