// Package stats counts what happens, so that nobody has to look through what happened.
//
// A Counter follows the audit log: each event is counted once, in the transaction that chains it, in the hour, the day and the month (UTC)
// in which it happened. Who is active is noted by what users do and by the first use of a session on a day, and counted each once a day
// and once a month. A Roller counts those, and adds up the counts of all tenants, a few seconds later.
//
// What is no event, because it is too common or nobody's act, is counted in memory by a Tally, which adds what it has to the database every
// few seconds.
package stats

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The names of what is counted, besides store.ActiveUsers.
const (
	Signups         = "signups"
	Logins          = "logins"
	LoginFailures   = "login_failures"
	ResetsAsked     = "password_resets_requested"
	Resets          = "password_resets"
	PasswordChanges = "password_changes"
	FactorChanges   = "factor_changes"
	EmailsVerified  = "emails_verified"
	PhonesVerified  = "phones_verified"
	Logouts         = "logouts"
)

// names are what events are counted as, by their actions.
var names = map[store.Action]string{
	store.UserSignedUp: Signups, store.UserLoggedIn: Logins, store.LoginFailed: LoginFailures, store.PasswordResetAsked: ResetsAsked,
	store.PasswordReset: Resets, store.PasswordChanged: PasswordChanges, store.FactorAdded: FactorChanges, store.FactorChanged: FactorChanges,
	store.FactorRemoved: FactorChanges, store.EmailVerified: EmailsVerified, store.PhoneVerified: PhonesVerified, store.UserLoggedOut: Logouts,
}

// methods are those that logins are counted by, each as logins_by_ and its name. There are no others, whatever an event says.
var methods = []string{"password", "code", "password_reset", "totp", "webauthn", "recovery_codes", "passkey", "signup"}

// Names are the names of everything that is counted, sorted.
func Names() []string {
	all := []string{store.ActiveUsers}
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	for _, m := range methods {
		all = append(all, byMethod(m))
	}
	all = append(all, tallied...)
	slices.Sort(all)
	return all
}

func byMethod(method string) string { return "logins_by_" + method }

// Counter counts events. It is an audit.Follower.
type Counter struct{}

// Follow counts events of a tenant.
func (Counter) Follow(ctx context.Context, tx *store.Tx, _ *tenants.Tenant, events []store.Event) error {
	counts := map[store.Stat]int64{}
	active := map[store.Active]bool{}
	for i := range events {
		e := &events[i]
		for _, name := range countedAs(e) {
			for _, span := range store.Spans {
				counts[store.Stat{Span: span, At: span.Begin(e.At), Name: name}]++
			}
		}
		if e.Actor.Kind == store.ByUser && e.UserID != "" && e.Actor.ID == e.UserID {
			for _, span := range []store.Span{store.Day, store.Month} {
				active[store.Active{Span: span, At: span.Begin(e.At), UserID: e.UserID}] = true
			}
		}
	}
	var all []store.Stat
	for one, n := range counts {
		one.N = n
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b store.Stat) int {
		return strings.Compare(string(a.Span)+a.Name+a.At.String(), string(b.Span)+b.Name+b.At.String())
	})
	var users []store.Active
	for one := range active {
		users = append(users, one)
	}
	slices.SortFunc(users, func(a, b store.Active) int { // the order in which a session's use notes them, too
		return strings.Compare(string(a.Span)+a.At.String()+a.UserID, string(b.Span)+b.At.String()+b.UserID)
	})
	if err := tx.AddStats(ctx, all); err != nil {
		return err
	}
	return tx.AddActive(ctx, users)
}

// countedAs is what an event is counted as.
func countedAs(e *store.Event) []string {
	name, ok := names[e.Action]
	if !ok {
		return nil
	}
	all := []string{name}
	if e.Action != store.UserLoggedIn {
		return all
	}
	var details struct {
		Methods []string `json:"methods"`
	}
	_ = json.Unmarshal(e.Details, &details) // what was erased meanwhile says none
	for _, m := range methods {
		if slices.Contains(details.Methods, m) {
			all = append(all, byMethod(m))
		}
	}
	return all
}

// Roller adds up what was counted.
type Roller struct {
	Store *store.Store
	Log   *slog.Logger
}

// The pace of a Roller.
const (
	rollEvery = 10 * time.Second
	rollBatch = 500
)

// Run adds up for as long as ctx lasts. Any number of processes may.
func (r *Roller) Run(ctx context.Context) error {
	tick := time.NewTicker(rollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := r.Roll(ctx); err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "cannot add up what was counted; trying again in a moment", "error", err)
		}
	}
}

// Roll adds up what there is.
func (r *Roller) Roll(ctx context.Context) error {
	for id := ""; ; {
		if id == "" {
			id = store.First.ID
		}
		var err error
		id, err = r.Store.TenantWithNewActiveUsers(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			break
		}
		if err != nil {
			return err
		}
		scope := r.Store.For(&tenants.Tenant{ID: id})
		if err := scope.Do(ctx, func(tx *store.Tx) error { return tx.CountActiveUsers(ctx) }); err != nil {
			return err
		}
	}
	for {
		n, err := r.Store.RollStats(ctx, rollBatch)
		if err != nil || n < rollBatch {
			return err
		}
	}
}

// How long counts are kept, and for how long it is known who was active.
const (
	keepYears  = 2
	keepActive = 7 * 24 * time.Hour // after the span
)

// Sweep removes up to n of each sort of what is old, and returns the most that it removed of one.
func Sweep(ctx context.Context, st *store.Store, now time.Time, n int) (int64, error) {
	removed, err := st.SweepStats(ctx, now.AddDate(-keepYears, 0, 0), n)
	if err != nil {
		return removed, err
	}
	for span, before := range map[store.Span]time.Time{store.Day: now.Add(-keepActive), store.Month: now.AddDate(0, -1, 0).Add(-keepActive)} {
		one, err := st.SweepActiveUsers(ctx, span, before, n)
		if err != nil {
			return removed, err
		}
		removed = max(removed, one)
	}
	return removed, nil
}
