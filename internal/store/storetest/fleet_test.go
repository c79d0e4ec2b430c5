package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// onBoth runs a case on both engines, on a database with two tenants.
func onBoth(t *testing.T, test func(w world)) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		st := testkit.Open(t, engine, nil)
		test(world{t, st, testkit.AddTenant(t, st, "acme", `{"headless":{"token_strategy":"jwt"}}`), testkit.AddTenant(t, st, "zenith", "")})
	})
}

// become gives a tenant another state.
func (w world) become(t *tenants.Tenant, state tenants.State) {
	w.Helper()
	rec, err := w.st.TenantRecordByID(w.Context(), t.ID)
	w.must(err)
	rec.State = state
	if state == tenants.Deleted {
		rec.DeletedAt = start
	}
	w.must(w.st.SaveTenant(w.Context(), rec))
}

func TestTenantsAreCountedByState(t *testing.T) {
	onBoth(t, func(w world) {
		testkit.AddTenant(t, w.st, tenants.SystemSlug, "")
		third, fourth := testkit.AddTenant(t, w.st, "third", ""), testkit.AddTenant(t, w.st, "fourth", "")
		is := func(want store.TenantCounts) {
			t.Helper()
			if got, err := w.st.CountTenants(w.Context()); err != nil || got != want {
				t.Errorf("got %+v, %v, not %+v", got, err, want)
			}
		}
		is(store.TenantCounts{Active: 4})
		w.become(w.b, tenants.Suspended)
		w.become(third, tenants.Deleted)
		w.become(fourth, tenants.Deleted)
		is(store.TenantCounts{Active: 1, Suspended: 1, Deleted: 2})
		w.must(w.st.DestroyTenant(w.Context(), fourth.ID, start.Add(time.Hour), start, w.a.ID,
			&store.Event{ID: secret.NewID(), At: start, Action: store.TenantPurged, Actor: store.Actor{Kind: store.ByServer}}))
		is(store.TenantCounts{Active: 1, Suspended: 1, Deleted: 2})
		w.must(w.st.EndPurge(w.Context(), fourth.ID, start.Add(time.Hour)))
		is(store.TenantCounts{Active: 1, Suspended: 1, Deleted: 1})
	})
}

func TestMessagesAreCountedEverywhere(t *testing.T) {
	onBoth(t, func(w world) {
		ctx, now := w.Context(), start.Add(time.Hour)
		is := func(want store.MessageCounts) {
			t.Helper()
			got, err := w.st.CountMessagesEverywhere(ctx, now, start)
			if err != nil || got.Queued != want.Queued || got.Retried != want.Retried || !got.Oldest.Equal(want.Oldest) || got.Failed != want.Failed {
				t.Errorf("got %+v, %v, not %+v", got, err, want)
			}
		}
		is(store.MessageCounts{})
		for _, of := range []*tenants.Tenant{w.a, w.b} {
			for i := range 4 {
				m := &store.Message{ID: secret.NewID(), Kind: "login_code", Channel: store.Mail, CreatedAt: start, DueAt: start.Add(time.Duration(i) * 40 * time.Minute)}
				w.must(w.st.For(of).One(func(tx *store.Tx) error { return tx.AddMessage(ctx, m) }))
			}
		}
		w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.Waste(ctx, secret.NewID(), now) }))
		is(store.MessageCounts{Queued: 8, Oldest: start})
		leased, err := w.st.LeaseMessages(ctx, start, now, 10)
		w.must(err)
		if len(leased) != 2 {
			t.Fatalf("%d are due", len(leased))
		}
		w.must(w.st.FinishMessage(ctx, leased[0], now))
		w.must(w.st.FailMessage(ctx, leased[1], start.Add(-time.Minute), "no", true)) // too long ago
		is(store.MessageCounts{Queued: 6, Oldest: start.Add(40 * time.Minute)})
		leased, err = w.st.LeaseMessages(ctx, now, now.Add(time.Hour), 10)
		w.must(err)
		w.must(w.st.FailMessage(ctx, leased[0], now, "no", true))
		w.must(w.st.ExpireMessage(ctx, leased[1], now, "late"))
		is(store.MessageCounts{Queued: 4, Failed: 2}) // none of which is due
		most := func(want ...store.Retried) {
			t.Helper()
			if got, err := w.st.MostRetried(ctx); err != nil || !slices.Equal(got, want) {
				t.Errorf("tried again are %v, %v, not %v", got, err, want)
			}
		}
		most()
		for i := range 3 { // nothing takes them: each lease runs out
			at := start.Add(time.Duration(10+i) * time.Hour)
			leased, err = w.st.LeaseMessages(ctx, at, at.Add(time.Minute), 10)
			w.must(err)
		}
		if len(leased) != 4 {
			t.Fatalf("%d are due", len(leased))
		}
		w.must(w.st.FinishMessage(ctx, leased[0], now))
		is(store.MessageCounts{Queued: 3, Retried: 3, Failed: 2})
		gone, stays := w.a, w.b
		if leased[0].TenantID == w.b.ID {
			gone, stays = w.b, w.a
		}
		most(store.Retried{TenantID: stays.ID, Slug: stays.Slug, Retried: 2}, store.Retried{TenantID: gone.ID, Slug: gone.Slug, Retried: 1})
		w.become(stays, tenants.Deleted)
		most(store.Retried{TenantID: gone.ID, Slug: gone.Slug, Retried: 1})
	})
}

// TestWhoseMessagesAreWorstOffIsTold: the tenants with most of them given up and with those that have waited longest, worst first.
func TestWhoseMessagesAreWorstOffIsTold(t *testing.T) {
	onBoth(t, func(w world) {
		ctx, now := w.Context(), start.Add(time.Hour)
		third := testkit.AddTenant(t, w.st, "third", "")
		failed := func(want ...store.GivenUp) {
			t.Helper()
			if got, err := w.st.MostGivenUp(ctx, start); err != nil || !slices.Equal(got, want) {
				t.Errorf("given up are %+v, %v, not %+v", got, err, want)
			}
		}
		waiting := func(want ...store.Waiting) {
			t.Helper()
			if got, err := w.st.LongestWaiting(ctx, now); err != nil || !slices.Equal(got, want) {
				t.Errorf("waiting are %+v, %v, not %+v", got, err, want)
			}
		}
		add := func(of *tenants.Tenant, due time.Duration) {
			m := &store.Message{ID: secret.NewID(), Kind: "login_code", Channel: store.Mail, CreatedAt: start, DueAt: start.Add(due)}
			w.must(w.st.For(of).One(func(tx *store.Tx) error { return tx.AddMessage(ctx, m) }))
		}
		failed()
		waiting()
		for _, of := range []*tenants.Tenant{w.a, w.b, w.b, third, third, third} {
			add(of, 0)
		}
		leased, err := w.st.LeaseMessages(ctx, start, now, 10)
		w.must(err)
		for i, m := range leased {
			at := start.Add(time.Duration(i) * time.Second)
			if m.TenantID == w.b.ID {
				w.must(w.st.ExpireMessage(ctx, m, start.Add(time.Minute), "late"))
			} else {
				w.must(w.st.FailMessage(ctx, m, at, "no", true))
			}
		}
		add(w.a, 20*time.Minute)
		add(w.a, 2*time.Hour) // which is not due
		add(w.b, 30*time.Minute)
		add(w.b, 10*time.Minute)
		add(third, 0)
		w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.Waste(ctx, secret.NewID(), start) })) // nobody's
		got, err := w.st.MostGivenUp(ctx, start)
		w.must(err)
		if len(got) != 3 || got[0].Slug != "third" || got[0].TenantID != third.ID || got[0].Failed != 3 || got[0].Expired != 0 || got[2].Slug != "acme" || got[2].Failed != 1 {
			t.Fatalf("given up are %+v", got)
		}
		acmes := got[2]
		waiting(store.Waiting{TenantID: third.ID, Slug: "third", Due: 1, Oldest: start},
			store.Waiting{TenantID: w.b.ID, Slug: "zenith", Due: 2, Oldest: start.Add(10 * time.Minute)},
			store.Waiting{TenantID: w.a.ID, Slug: "acme", Due: 1, Oldest: start.Add(20 * time.Minute)})
		w.become(third, tenants.Deleted)
		failed(store.GivenUp{TenantID: w.b.ID, Slug: "zenith", Failed: 2, Expired: 2, Last: start.Add(time.Minute)}, acmes)
		waiting(store.Waiting{TenantID: w.b.ID, Slug: "zenith", Due: 2, Oldest: start.Add(10 * time.Minute)},
			store.Waiting{TenantID: w.a.ID, Slug: "acme", Due: 1, Oldest: start.Add(20 * time.Minute)})
		for i := range 12 {
			add(testkit.AddTenant(t, w.st, fmt.Sprintf("more-%d", i), ""), 0)
		}
		if got, err := w.st.LongestWaiting(ctx, now); err != nil || len(got) != 10 {
			t.Errorf("of many, %d are told of, %v", len(got), err)
		}
	})
}

func TestWebhooksInTroubleAreTold(t *testing.T) {
	onBoth(t, func(w world) {
		ctx := w.Context()
		is := func(what string, ask func(context.Context) ([]store.TroubledWebhook, error), want ...store.TroubledWebhook) {
			t.Helper()
			if got, err := ask(ctx); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s are %+v, %v, not %+v", what, got, err, want)
			}
		}
		third := testkit.AddTenant(t, w.st, "third", "")
		add := func(of *tenants.Tenant) *store.Webhook {
			h := &store.Webhook{ID: secret.NewID(), URL: "https://hooks.example.org/secret", Events: []string{"*"}, Enabled: true, Secret: []byte("s"), CreatedAt: start}
			w.must(w.st.For(of).One(func(tx *store.Tx) error { return tx.AddWebhook(ctx, h) }))
			return h
		}
		hour := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }
		fail := func(of *tenants.Tenant, h *store.Webhook, since time.Time) {
			w.must(w.st.For(of).Do(ctx, func(tx *store.Tx) error {
				return tx.ReleaseWebhook(ctx, h.ID, 0, store.WebhookRound{Failures: 1, FailingSince: since})
			}))
		}
		disable := func(of *tenants.Tenant, h *store.Webhook, why string, at time.Time) {
			w.must(w.st.For(of).One(func(tx *store.Tx) error { return tx.DisableWebhook(ctx, h.ID, why, at) }))
		}
		save := func(of *tenants.Tenant, h *store.Webhook, change func(h *store.Webhook)) {
			now, err := w.st.For(of).Webhook(ctx, h.ID)
			w.must(err)
			now.UpdatedAt = hour(9)
			change(now)
			w.must(w.st.For(of).One(func(tx *store.Tx) error { return tx.SaveWebhook(ctx, now) }))
		}
		of := func(t *tenants.Tenant, h *store.Webhook, why string, since time.Time) store.TroubledWebhook {
			return store.TroubledWebhook{TenantID: t.ID, Slug: t.Slug, ID: h.ID, URL: h.URL, Why: why, Since: since}
		}
		is("failing", w.st.LongestFailing)
		is("disabled", w.st.LastDisabled)
		add(w.a)
		late, early, others, gone, failing, mended := add(w.a), add(w.b), add(third), add(w.b), add(w.a), add(w.a)
		fail(w.a, late, hour(2))
		fail(w.b, early, hour(1))
		fail(third, others, hour(0))
		fail(w.a, failing, hour(0))
		disable(w.b, gone, "gone", hour(3))
		disable(w.a, failing, "failing", hour(4))
		disable(w.a, mended, "failing", hour(5))
		save(w.a, mended, func(h *store.Webhook) { h.Enabled, h.DisabledWhy = true, "" })
		save(w.b, gone, func(h *store.Webhook) { h.Description = "still disabled, and since when it was" })
		is("failing", w.st.LongestFailing, of(third, others, "", hour(0)), of(w.b, early, "", hour(1)), of(w.a, late, "", hour(2)))
		is("disabled", w.st.LastDisabled, of(w.a, failing, "failing", hour(4)), of(w.b, gone, "gone", hour(3)))
		disable(third, others, "gone", hour(6))
		w.become(third, tenants.Deleted)
		is("failing", w.st.LongestFailing, of(w.b, early, "", hour(1)), of(w.a, late, "", hour(2)))
		is("disabled", w.st.LastDisabled, of(w.a, failing, "failing", hour(4)), of(w.b, gone, "gone", hour(3)))
		save(w.a, mended, func(h *store.Webhook) { h.Enabled = false }) // by an operator
		is("disabled", w.st.LastDisabled, of(w.a, failing, "failing", hour(4)), of(w.b, gone, "gone", hour(3)))
	})
}

func TestWebhooksAreCountedEverywhere(t *testing.T) {
	onBoth(t, func(w world) {
		ctx := w.Context()
		is := func(want store.WebhookCounts) {
			t.Helper()
			if got, err := w.st.CountWebhooksEverywhere(ctx); err != nil || got != want {
				t.Errorf("got %+v, %v, not %+v", got, err, want)
			}
		}
		is(store.WebhookCounts{})
		third := testkit.AddTenant(t, w.st, "third", "")
		add := func(of *tenants.Tenant, enabled bool) string {
			h := &store.Webhook{ID: secret.NewID(), URL: "https://hooks.example.org", Events: []string{"*"}, Enabled: enabled, Secret: []byte("s"), CreatedAt: start}
			w.must(w.st.For(of).One(func(tx *store.Tx) error { return tx.AddWebhook(ctx, h) }))
			return h.ID
		}
		disable := func(of *tenants.Tenant, id string) {
			w.must(w.st.For(of).One(func(tx *store.Tx) error { return tx.DisableWebhook(ctx, id, "gone", start) }))
		}
		fail := func(of *tenants.Tenant, id string) {
			w.must(w.st.For(of).Do(ctx, func(tx *store.Tx) error {
				return tx.ReleaseWebhook(ctx, id, 0, store.WebhookRound{Failures: 1, FailingSince: start})
			}))
		}
		add(w.a, true)
		add(w.a, false) // by an operator
		fail(w.a, add(w.a, true))
		disable(w.b, add(w.b, true))
		both := add(w.b, true)
		fail(w.b, both)
		disable(w.b, both)
		fail(third, add(third, true))
		disable(third, add(third, true))
		is(store.WebhookCounts{Enabled: 3, Failing: 2, Disabled: 3})
		w.become(third, tenants.Deleted)
		is(store.WebhookCounts{Enabled: 2, Failing: 1, Disabled: 2})
	})
}

func TestOldestSigningKeysAreThoseThatSign(t *testing.T) {
	onBoth(t, func(w world) {
		now, third := start.Add(1000*time.Hour), testkit.AddTenant(t, w.st, "third", `{"headless":{"token_strategy":"jwt"}}`)
		key := func(id string, number int64, made, signs, retires int) store.SigningKey {
			at := func(hours int) time.Time { return start.Add(time.Duration(hours) * time.Hour) }
			k := aKey(id, number)
			k.CreatedAt, k.SignsFrom = at(made), at(signs)
			if retires > 0 {
				k.RetiresAt, k.KnownUntil = at(retires), at(retires+1)
			}
			return k
		}
		last := key("next", 3, 950, 1010, 0)
		last.DueAt = start.Add(2000 * time.Hour)
		w.put(w.a, key("retired", 1, 0, 0, 900), key("signs until its successor does", 2, 100, 100, 1010), last)
		w.put(w.b, key("is not used", 1, 50, 50, 0))
		other := key("signs", 1, 40, 40, 0)
		other.DueAt = start.Add(999 * time.Hour)
		w.put(third, other)
		oldest := func() (ids []string) {
			t.Helper()
			all, err := w.st.OldestSigningKeys(w.Context(), now)
			w.must(err)
			slices.SortFunc(all, func(a, b store.OldKey) int { return a.CreatedAt.Compare(b.CreatedAt) })
			for _, k := range all {
				ids = append(ids, k.Slug+": "+k.ID)
				if !strings.Contains(string(k.Settings), `"jwt"`) || k.Algorithm != "ES256" {
					t.Errorf("%+v", k)
				}
			}
			return ids
		}
		if got := oldest(); !slices.Equal(got, []string{"third: signs", "acme: signs until its successor does"}) {
			t.Errorf("the oldest are %q", got)
		}
		w.become(third, tenants.Deleted)
		if got := oldest(); !slices.Equal(got, []string{"acme: signs until its successor does"}) {
			t.Errorf("without the deleted tenant's the oldest are %q", got)
		}
	})
}

func TestKeyIsOverdueUntilItHasItsSuccessor(t *testing.T) {
	onBoth(t, func(w world) {
		ctx, due := w.Context(), start.Add(10*time.Hour)
		is := func(want int) {
			t.Helper()
			if n, err := w.st.OverdueKeys(ctx, start.Add(11*time.Hour)); err != nil || n != want {
				t.Errorf("%d tenants have overdue keys, %v, not %d", n, err, want)
			}
		}
		putOff := func(until time.Time) {
			t.Helper()
			w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.PutOffSigningKeys(ctx, until) }))
		}
		k := aKey("k", 1)
		k.DueAt = start.Add(20 * time.Hour)
		w.put(w.a, k)
		w.put(w.b, k)
		is(0)
		k.DueAt = due
		w.put(w.a, k)
		is(1)
		for _, hours := range []int{12, 13} { // which is after the time that is asked for
			putOff(start.Add(time.Duration(hours) * time.Hour))
			is(1)
		}
		all, err := w.st.OldestSigningKeys(ctx, start.Add(11*time.Hour))
		w.must(err)
		if i := slices.IndexFunc(all, func(k store.OldKey) bool { return k.TenantID == w.a.ID }); i < 0 || !all[i].Overdue || !all[i].DueAt.Equal(due) {
			t.Errorf("the key is %+v", all)
		}
		k.DueAt, k.Longest = start.Add(13*time.Hour), 2*time.Hour
		w.put(w.a, k) // another change to it
		is(1)
		k.DueAt, k.RetiresAt = time.Time{}, start.Add(36*time.Hour)
		w.put(w.a, k) // it has its successor
		is(0)
		k.DueAt, k.RetiresAt = due, time.Time{}
		w.put(w.a, k)
		putOff(start.Add(12 * time.Hour))
		is(1)
		putOff(time.Time{}) // the tenant does without keys
		is(0)
	})
}

func TestSchemaIsCounted(t *testing.T) {
	onBoth(t, func(w world) {
		all, err := w.st.Migrations(w.Context())
		w.must(err)
		if applied, pending, err := w.st.Schema(w.Context()); err != nil || applied != int64(len(all)) || pending != 0 {
			t.Errorf("%d are applied and %d pending, %v", applied, pending, err)
		}
	})
}
