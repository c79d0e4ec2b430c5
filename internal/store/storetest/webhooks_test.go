package storetest

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// webhook adds a webhook to a tenant.
func (w world) webhook(t *tenants.Tenant) *store.Webhook {
	w.Helper()
	h := &store.Webhook{ID: secret.NewID(), URL: "https://hooks.example.org/x", Description: "ours", Events: []string{"user.*"}, Enabled: true,
		Secret: []byte("sealed"), CreatedAt: start}
	w.must(w.st.For(t).One(func(tx *store.Tx) error { return tx.AddWebhook(w.Context(), h) }))
	return h
}

// delivery queues an event for a webhook, and has the webhook looked after.
func (w world) delivery(t *tenants.Tenant, webhookID, userID string) store.Delivery {
	w.Helper()
	d := store.Delivery{ID: secret.NewID(), WebhookID: webhookID, EventID: secret.NewID(), UserID: userID, Type: "user.signed_up", Body: []byte("body"),
		CreatedAt: start}
	w.must(w.st.For(t).Do(w.Context(), func(tx *store.Tx) error {
		if err := tx.AddDelivery(w.Context(), &d); err != nil {
			return err
		}
		return tx.RouseWebhook(w.Context(), webhookID, start)
	}))
	return d
}

// leases takes what is due of one webhook, since tests share a database.
func (w world) leases(id string, now time.Time) []store.WebhookLease {
	w.Helper()
	all, err := w.st.LeaseWebhooks(w.Context(), now, now.Add(time.Minute), 100)
	w.must(err)
	return slices.DeleteFunc(all, func(l store.WebhookLease) bool { return l.WebhookID != id })
}

func TestWebhooksAreATenantsOwn(t *testing.T) {
	each(t, func(w world) {
		h := w.webhook(w.a)
		got, err := w.st.For(w.a).Webhook(w.Context(), h.ID)
		w.must(err)
		if got.URL != h.URL || !slices.Equal(got.Events, h.Events) || !got.Enabled || string(got.Secret) != "sealed" || got.OldSecret != nil ||
			got.Version != 1 || !got.CreatedAt.Equal(start) || got.TenantID != w.a.ID {
			w.Errorf("got %+v", got)
		}
		_, err = w.st.For(w.b).Webhook(w.Context(), h.ID)
		w.want(err, store.ErrNotFound)
		other := w.st.For(w.b)
		w.want(other.One(func(tx *store.Tx) error { return tx.DropWebhook(w.Context(), h.ID) }), store.ErrNotFound)
		w.want(other.One(func(tx *store.Tx) error { return tx.DisableWebhook(w.Context(), h.ID, "gone", start) }), store.ErrStale)
		mine, theirs := *h, *h
		mine.URL, mine.UpdatedAt, theirs.URL, theirs.UpdatedAt = "https://new.example.org/", start, "https://evil.example/", start
		w.want(other.One(func(tx *store.Tx) error { return tx.SaveWebhook(w.Context(), &theirs) }), store.ErrStale)
		w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.SaveWebhook(w.Context(), &mine) }))
		w.want(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.SaveWebhook(w.Context(), h) }), store.ErrStale) // somebody was faster
		all, err := w.st.For(w.a).Webhooks(w.Context())
		w.must(err)
		if i := slices.IndexFunc(all, func(x store.Webhook) bool { return x.ID == h.ID }); i < 0 || all[i].URL != mine.URL || all[i].Version != 2 {
			w.Errorf("got %+v", all)
		}
		w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.DropWebhook(w.Context(), h.ID) }))
		_, err = w.st.For(w.a).Webhook(w.Context(), h.ID)
		w.want(err, store.ErrNotFound)
	})
}

func TestDeliveryIsQueuedStartedAndEndedOnce(t *testing.T) {
	each(t, func(w world) {
		h := w.webhook(w.a)
		if len(w.leases(h.ID, start.Add(time.Hour))) != 0 {
			w.Error("a webhook that nothing waits for is due")
		}
		d := w.delivery(w.a, h.ID, "")
		twice := d
		twice.ID = secret.NewID() // the same event again
		w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.AddDelivery(w.Context(), &twice) }))
		if len(w.leases(h.ID, start.Add(-time.Second))) != 0 {
			w.Error("leased before it was due")
		}
		got := w.leases(h.ID, start)
		if len(got) != 1 || got[0].TenantID != w.a.ID {
			w.Fatalf("leased %+v", got)
		}
		if len(w.leases(h.ID, start.Add(time.Second))) != 0 {
			w.Error("leased twice")
		}
		due, err := w.st.For(w.a).DueDeliveries(w.Context(), h.ID, start, 10)
		w.must(err)
		if len(due) != 1 || due[0].ID != d.ID || string(due[0].Body) != "body" || due[0].EventID != d.EventID {
			w.Fatalf("due are %+v", due)
		}
		begin := func(t *tenants.Tenant, d *store.Delivery, lease int64) error {
			return w.st.For(t).One(func(tx *store.Tx) error {
				return tx.StartDelivery(w.Context(), d, lease, start, start.Add(time.Minute))
			})
		}
		first, second := due[0], due[0]
		w.want(begin(w.b, &first, got[0].Lease), store.ErrStale)
		w.want(begin(w.a, &first, got[0].Lease-1), store.ErrStale) // the lease of somebody before
		w.must(begin(w.a, &first, got[0].Lease))
		w.want(begin(w.a, &second, got[0].Lease), store.ErrStale)
		first.State, first.Status, first.Answer, first.Took, first.FinishedAt = store.Delivered, 204, []byte("sealed"), 12*time.Millisecond, start
		end := func(t *tenants.Tenant, d store.Delivery) error {
			return w.st.For(t).One(func(tx *store.Tx) error { return tx.EndDelivery(w.Context(), &d) })
		}
		w.want(end(w.b, first), store.ErrStale)
		w.must(end(w.a, first))
		w.want(end(w.a, first), store.ErrStale)
		kept, err := w.st.For(w.a).Delivery(w.Context(), h.ID, d.ID)
		w.must(err)
		if kept.State != store.Delivered || kept.Status != 204 || kept.Took != 12*time.Millisecond || kept.Attempts != 1 || !kept.FinishedAt.Equal(start) {
			w.Errorf("got %+v", kept)
		}
		_, err = w.st.For(w.b).Delivery(w.Context(), h.ID, d.ID)
		w.want(err, store.ErrNotFound)
		release := func(lease int64) error {
			return w.st.For(w.a).Do(w.Context(), func(tx *store.Tx) error {
				return tx.ReleaseWebhook(w.Context(), h.ID, lease, store.WebhookRound{})
			})
		}
		w.want(release(got[0].Lease-1), store.ErrStale)
		w.must(release(got[0].Lease))
		if len(w.leases(h.ID, start.Add(time.Hour))) != 0 {
			w.Error("nothing waits, and it is due")
		}
	})
}

func TestAWebhookThatFailsIsLeftAlone(t *testing.T) {
	each(t, func(w world) {
		h := w.webhook(w.a)
		w.delivery(w.a, h.ID, "")
		l := w.leases(h.ID, start)[0]
		round := store.WebhookRound{Failures: 1, FailingSince: start, PausedUntil: start.Add(time.Minute)}
		w.must(w.st.For(w.a).Do(w.Context(), func(tx *store.Tx) error { return tx.ReleaseWebhook(w.Context(), h.ID, l.Lease, round) }))
		w.delivery(w.a, h.ID, "") // which is no reason to go there again
		if len(w.leases(h.ID, start.Add(59*time.Second))) != 0 {
			w.Error("the pause is not kept")
		}
		if len(w.leases(h.ID, start.Add(time.Minute))) != 1 {
			w.Error("the pause does not end")
		}
		w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.DisableWebhook(w.Context(), h.ID, "gone", start) }))
		w.delivery(w.a, h.ID, "")
		if len(w.leases(h.ID, start.Add(time.Hour))) != 0 {
			w.Error("one that is disabled is leased")
		}
		got, err := w.st.For(w.a).Webhook(w.Context(), h.ID)
		w.must(err)
		if got.Enabled || got.DisabledWhy != "gone" || got.Failures != 1 || !got.FailingSince.Equal(start) {
			w.Errorf("got %+v", got)
		}
		got.Enabled, got.DisabledWhy, got.UpdatedAt = true, "", start.Add(time.Hour)
		w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.SaveWebhook(w.Context(), got) }))
		if len(w.leases(h.ID, start.Add(time.Hour))) != 1 {
			w.Error("what waited while it was disabled is not due")
		}
	})
}

func TestDeliveriesAreListedReplayedAndErased(t *testing.T) {
	each(t, func(w world) {
		h, u := w.webhook(w.a), secret.NewID()
		var ids []string
		for range 5 {
			ids = append(ids, w.delivery(w.a, h.ID, u).ID)
		}
		scope := w.st.For(w.a)
		finish := func(id string, state store.DeliveryState) {
			d, err := scope.Delivery(w.Context(), h.ID, id)
			w.must(err)
			d.State, d.FinishedAt = state, start
			w.must(scope.One(func(tx *store.Tx) error { return tx.EndDelivery(w.Context(), d) }))
		}
		finish(ids[0], store.DeliveryFailed)
		finish(ids[1], store.Delivered)
		finish(ids[3], store.DeliveryFailed)
		list := func(t *tenants.Tenant, state store.DeliveryState, before string, n int) (got []string) {
			all, err := w.st.For(t).Deliveries(w.Context(), h.ID, state, before, n)
			w.must(err)
			for _, d := range all {
				got = append(got, d.ID)
			}
			return got
		}
		if got := list(w.a, "", "", 3); !slices.Equal(got, []string{ids[4], ids[3], ids[2]}) {
			w.Errorf("got %v", got)
		}
		if got := list(w.a, "", ids[2], 3); !slices.Equal(got, []string{ids[1], ids[0]}) {
			w.Errorf("got %v", got)
		}
		if got := list(w.a, store.DeliveryFailed, "", 3); !slices.Equal(got, []string{ids[3], ids[0]}) {
			w.Errorf("got %v", got)
		}
		if got := list(w.b, "", "", 3); len(got) != 0 {
			w.Errorf("a neighbour sees %v", got)
		}
		replay := func(t *tenants.Tenant, id string) error {
			return w.st.For(t).One(func(tx *store.Tx) error { return tx.ReplayDelivery(w.Context(), h.ID, id, start) })
		}
		w.want(replay(w.b, ids[1]), store.ErrStale)
		w.want(replay(w.a, ids[2]), store.ErrStale) // it is on its way
		w.must(replay(w.a, ids[1]))
		var n int64
		all := func(t *tenants.Tenant, since time.Time) {
			w.must(w.st.For(t).One(func(tx *store.Tx) (err error) {
				n, err = tx.ReplayFailed(w.Context(), h.ID, since, start, 10)
				return err
			}))
		}
		if all(w.b, start); n != 0 {
			w.Errorf("a neighbour replays %d", n)
		}
		if all(w.a, start.Add(time.Second)); n != 0 {
			w.Errorf("%d from before are replayed", n)
		}
		if all(w.a, start); n != 2 {
			w.Errorf("%d are replayed", n)
		}
		w.must(w.st.For(w.b).One(func(tx *store.Tx) error { return tx.EraseDeliveriesOf(w.Context(), u, start) }))
		if d, err := scope.Delivery(w.Context(), h.ID, ids[4]); err != nil || d.Body == nil {
			w.Errorf("a neighbour erases what is not theirs: %+v, %v", d, err)
		}
		w.must(scope.One(func(tx *store.Tx) error { return tx.EraseDeliveriesOf(w.Context(), u, start) }))
		if d, err := scope.Delivery(w.Context(), h.ID, ids[4]); err != nil || d.Body != nil || d.UserID != "" || d.State != store.DeliveryFailed {
			w.Errorf("after the erasure: %+v, %v", d, err)
		}
		kept := w.delivery(w.a, h.ID, "")
		w.must(func() error {
			_, err := w.st.EraseDeliveries(w.Context(), start.Add(time.Second), start, 100)
			return err
		}())
		if d, err := scope.Delivery(w.Context(), h.ID, kept.ID); err != nil || d.Body != nil || d.State != store.DeliveryFailed {
			w.Errorf("after its time: %+v, %v", d, err)
		}
		w.must(func() error { _, err := w.st.SweepDeliveries(w.Context(), start.Add(time.Second), 100); return err }())
		if got := list(w.a, "", "", 10); len(got) != 0 {
			w.Errorf("left are %v", got)
		}
	})
}

// Whoever queues an event while a worker gives a webhook back must not be overlooked.
func TestWhatIsQueuedDuringAReleaseIsSeen(t *testing.T) {
	each(t, func(w world) {
		h := w.webhook(w.a)
		for range 30 {
			w.delivery(w.a, h.ID, "")
			l := w.leases(h.ID, start)
			if len(l) != 1 {
				w.Fatal("what was queued is not due")
			}
			due, err := w.st.For(w.a).DueDeliveries(w.Context(), h.ID, start, 100)
			w.must(err)
			for i := range due {
				due[i].State, due[i].FinishedAt = store.Delivered, start
				w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.EndDelivery(w.Context(), &due[i]) }))
			}
			var g errgroup.Group
			g.Go(func() error {
				return w.st.For(w.a).Do(w.Context(), func(tx *store.Tx) error {
					return tx.ReleaseWebhook(w.Context(), h.ID, l[0].Lease, store.WebhookRound{})
				})
			})
			g.Go(func() error { w.delivery(w.a, h.ID, ""); return nil })
			w.must(g.Wait())
			again := w.leases(h.ID, start)
			if len(again) != 1 {
				w.Fatal("what was queued during a release is not due")
			}
			due, err = w.st.For(w.a).DueDeliveries(w.Context(), h.ID, start, 100)
			w.must(err)
			for i := range due {
				due[i].State, due[i].FinishedAt = store.Delivered, start
				w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.EndDelivery(w.Context(), &due[i]) }))
			}
			w.must(w.st.For(w.a).Do(w.Context(), func(tx *store.Tx) error {
				return tx.ReleaseWebhook(w.Context(), h.ID, again[0].Lease, store.WebhookRound{})
			}))
		}
	})
}

// Somebody is erased while what they did is being told: the one waits for the other, and nothing of it is left.
func TestWhatIsToldDuringAnErasureIsErased(t *testing.T) {
	each(t, func(w world) {
		h, u := w.webhook(w.a), secret.NewID()
		e := &store.Event{ID: secret.NewID(), At: start, Action: store.UserLoggedIn, UserID: u, IP: "192.0.2.1"}
		w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.AddEvent(w.Context(), e) }))
		d := store.Delivery{ID: secret.NewID(), WebhookID: h.ID, EventID: e.ID, UserID: u, Type: string(e.Action), Body: []byte("from 192.0.2.1"), CreatedAt: start}
		erased := make(chan error, 1)
		w.must(w.st.For(w.a).Do(w.Context(), func(tx *store.Tx) error {
			found, err := tx.NewEvents(w.Context(), 100)
			if err != nil || !slices.ContainsFunc(found, func(f store.Event) bool { return f.ID == e.ID }) {
				w.Fatalf("new are %+v, %v", found, err)
			}
			go func() {
				erased <- w.st.For(w.a).Do(w.Context(), func(tx *store.Tx) error {
					if err := tx.ForgetEventsOf(w.Context(), u); err != nil {
						return err
					}
					return tx.EraseDeliveriesOf(w.Context(), u, start)
				})
			}()
			select {
			case err := <-erased:
				w.Errorf("the erasure was over before it was told: %v", err)
				erased <- err
			case <-time.After(200 * time.Millisecond): // it waits, or is about to
			}
			return tx.AddDelivery(w.Context(), &d)
		}))
		w.must(<-erased)
		if got, err := w.st.For(w.a).Delivery(w.Context(), h.ID, d.ID); err != nil || got.Body != nil || got.UserID != "" {
			w.Errorf("left is %+v, %v", got, err)
		}
	})
}
