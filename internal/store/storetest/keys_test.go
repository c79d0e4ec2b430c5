package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

func (w world) put(t *tenants.Tenant, keys ...store.SigningKey) {
	w.Helper()
	w.must(w.st.For(t).Do(w.Context(), func(tx *store.Tx) error {
		for i := range keys {
			if err := tx.PutSigningKey(w.Context(), &keys[i]); err != nil {
				return err
			}
		}
		return nil
	}))
}

func aKey(id string, number int64) store.SigningKey {
	return store.SigningKey{
		ID: id, Number: number, Algorithm: "ES256", Private: []byte("sealed"), Origin: "generated", Longest: time.Hour, CreatedAt: start,
		SignsFrom: start.Add(time.Minute),
	}
}

func (w world) keys(t *tenants.Tenant) []store.SigningKey {
	w.Helper()
	all, err := w.st.For(t).SigningKeys(w.Context())
	w.must(err)
	return all
}

func TestSigningKeysAreATenantsOwn(t *testing.T) {
	each(t, func(w world) {
		id := "kid-" + secret.NewID()
		first, second := aKey(id+"1", 1), aKey(id+"2", 2)
		first.RetiresAt, first.KnownUntil, second.DueAt = start.Add(time.Hour), start.Add(2*time.Hour), start.Add(3*time.Hour)
		w.put(w.a, second, first)
		got := w.keys(w.a)
		if len(got) != 2 || fmt.Sprint(got[0]) != fmt.Sprint(first) || fmt.Sprint(got[1]) != fmt.Sprint(second) {
			w.Errorf("got %v, want %v and %v", got, first, second)
		}
		w.put(w.b, first) // the same id is another key there
		second.Private, second.Longest, second.DueAt = []byte("another"), 2*time.Hour, time.Time{}
		w.put(w.a, second)
		if got := w.keys(w.a)[1]; string(got.Private) != "sealed" || got.Longest != 2*time.Hour || !got.DueAt.IsZero() {
			w.Errorf("the key is now %v", got)
		}
		w.want(w.st.For(w.a).One(func(tx *store.Tx) error {
			third := aKey(id+"3", 2) // a place that is taken
			return tx.PutSigningKey(w.Context(), &third)
		}), store.ErrTaken)
		other := w.st.For(w.b)
		w.must(other.One(func(tx *store.Tx) error { return tx.DropSigningKey(w.Context(), second.ID) }))
		w.must(other.One(func(tx *store.Tx) error { return tx.DropSigningKey(w.Context(), first.ID) }))
		w.must(other.One(func(tx *store.Tx) error { return tx.PutOffSigningKeys(w.Context(), time.Time{}) }))
		if mine, theirs := w.keys(w.a), w.keys(w.b); len(mine) != 2 || len(theirs) != 0 {
			w.Errorf("dropping a neighbour's keys leaves %v and %v", mine, theirs)
		}
		w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.DropSigningKey(w.Context(), first.ID) }))
		w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.DropSigningKey(w.Context(), second.ID) }))
	})
}

func TestKeysAreDueAndGone(t *testing.T) {
	each(t, func(w world) {
		id := "kid-" + secret.NewID()
		gone, stays, due := aKey(id+"1", 1), aKey(id+"2", 2), aKey(id+"3", 3)
		gone.KnownUntil, stays.KnownUntil, due.DueAt = start, start.Add(time.Hour), start.Add(time.Hour)
		w.put(w.a, gone, stays, due)
		for at, want := range map[time.Duration]int{time.Hour - time.Second: 0, time.Hour: 1} {
			ids, err := w.st.DueSigningKeys(w.Context(), start.Add(at), 10)
			w.must(err)
			if len(ids) != want || want == 1 && ids[0] != w.a.ID {
				w.Errorf("after %v are due %v", at, ids)
			}
		}
		w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.PutOffSigningKeys(w.Context(), start.Add(2*time.Hour)) }))
		if ids, err := w.st.DueSigningKeys(w.Context(), start.Add(time.Hour), 10); err != nil || len(ids) != 0 {
			w.Errorf("after it was put off are due %v (%v)", ids, err)
		}
		n, err := w.st.SweepSigningKeys(w.Context(), start.Add(time.Second), 10)
		w.must(err)
		if left := w.keys(w.a); n != 1 || len(left) != 2 || left[0].ID != stays.ID {
			w.Errorf("%d were swept, and %v are left", n, left)
		}
		for _, k := range []string{stays.ID, due.ID} {
			w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.DropSigningKey(w.Context(), k) }))
		}
	})
}

func TestTenantIsChangedAtTheVersionThatWasRead(t *testing.T) {
	each(t, func(w world) {
		read, err := w.st.TenantByID(w.Context(), w.a.ID)
		w.must(err)
		var version int64
		change := func(tx *store.Tx) (err error) { version, err = tx.ChangeTenant(w.Context(), read.Version); return err }
		w.must(w.st.For(w.a).Do(w.Context(), change))
		now, err := w.st.TenantByID(w.Context(), w.a.ID)
		w.must(err)
		if now.Version != version || version <= read.Version {
			w.Errorf("the version was %d, and is %d, said to be %d", read.Version, now.Version, version)
		}
		changed := version
		w.want(w.st.For(w.a).Do(w.Context(), change), store.ErrStale)
		w.want(w.st.For(w.b).Do(w.Context(), func(tx *store.Tx) error { return second(tx.ChangeTenant(w.Context(), now.Version)) }), store.ErrStale)
		ids, latest, err := w.st.TenantChanges(w.Context(), read.Version)
		w.must(err)
		if latest != changed || len(ids) == 0 || ids[len(ids)-1] != w.a.ID {
			w.Errorf("the changes are %v up to %d", ids, latest)
		}
	})
}

func TestRefreshTokenIsRotatedByOne(t *testing.T) {
	each(t, func(w world) {
		u, _ := w.user(w.a, "ann")
		x := w.session(w.a, u.ID)
		scope := w.st.For(w.a)
		rotate := func(number int64, change func(*store.Session)) (*store.Refreshing, error) {
			of := &store.Session{ID: x.ID, UserID: u.ID, RefreshNumber: number, SeenAt: start.Add(time.Minute), ExpiresAt: start.Add(2 * time.Hour), IP: "192.0.2.9", UserAgent: "other"}
			if change != nil {
				change(of)
			}
			var r *store.Refreshing
			err := scope.One(func(tx *store.Tx) (err error) { r, err = tx.RotateRefresh(w.Context(), of, false); return err })
			return r, err
		}
		for name, change := range map[string]func(*store.Session){
			"another number":      func(of *store.Session) { of.RefreshNumber = 7 },
			"another user":        func(of *store.Session) { of.UserID = secret.NewID() },
			"another session":     func(of *store.Session) { of.ID = secret.NewID() },
			"after it has ended":  func(of *store.Session) { of.SeenAt = x.ExpiresAt },
			"long after it ended": func(of *store.Session) { of.SeenAt = x.ExpiresAt.Add(time.Hour) },
		} {
			if _, err := rotate(x.RefreshNumber, change); err == nil {
				w.Errorf("%s: it is rotated", name)
			}
		}
		r, err := rotate(x.RefreshNumber, nil)
		w.must(err)
		if r.Number != x.RefreshNumber+1 || !r.RefreshedAt.Equal(start.Add(time.Minute)) || r.User.Email != u.Email || r.User.Username != u.Username || r.User.ID != u.ID {
			w.Errorf("got %+v", r)
		}
		_, err = rotate(x.RefreshNumber, nil)
		w.want(err, store.ErrNotFound)
		same, err := scope.Refreshing(w.Context(), u.ID, x.ID, start)
		w.must(err)
		if fmt.Sprint(same) != fmt.Sprint(r) {
			w.Errorf("got %+v, want %+v", same, r)
		}
		// A session that is saved keeps the number, but for a login, which brings another.
		read, _, err := scope.SessionOf(w.Context(), store.App, u.ID, x.ID)
		w.must(err)
		if read.RefreshNumber != r.Number || string(read.Token) != string(x.Token) {
			w.Errorf("got %+v", read)
		}
		save := func(at time.Time, number int64) {
			w.Helper()
			read.RefreshNumber, read.RefreshedAt = number, at
			w.must(scope.Do(w.Context(), func(tx *store.Tx) error { return tx.SaveSession(w.Context(), read, nil) }))
			read.Version++
		}
		save(time.Time{}, 40)
		if now, err := scope.Refreshing(w.Context(), u.ID, x.ID, start); err != nil || now.Number != r.Number || !now.RefreshedAt.Equal(r.RefreshedAt) {
			w.Errorf("saving a session makes it %+v (%v)", now, err)
		}
		save(start.Add(time.Hour), 40)
		if now, err := scope.Refreshing(w.Context(), u.ID, x.ID, start); err != nil || now.Number != 40 || !now.RefreshedAt.Equal(start.Add(time.Hour)) {
			w.Errorf("a login makes it %+v (%v)", now, err)
		}
		// It ends with its user, and with its tenant.
		w.must(scope.One(func(tx *store.Tx) error { return tx.SetActive(w.Context(), u.ID, false) }))
		_, err = rotate(40, nil)
		w.want(err, store.ErrNotFound)
		_, err = scope.Refreshing(w.Context(), u.ID, x.ID, start)
		w.want(err, store.ErrNotFound)

		v, _ := w.user(w.a, "bea")
		y := w.session(w.a, v.ID)
		rec, err := w.st.TenantRecordBySlug(w.Context(), w.a.Slug)
		w.must(err)
		suspend := func(state tenants.State) { w.Helper(); rec.State = state; w.must(w.st.SaveTenant(w.Context(), rec)) }
		suspend(tenants.Suspended)
		_, err = rotate(y.RefreshNumber, func(of *store.Session) { of.ID, of.UserID = y.ID, v.ID })
		w.want(err, store.ErrNotFound)
		_, err = scope.Refreshing(w.Context(), v.ID, y.ID, start)
		w.want(err, store.ErrNotFound)
		suspend(tenants.Active)
		_, err = rotate(y.RefreshNumber, func(of *store.Session) { of.ID, of.UserID = y.ID, v.ID })
		w.must(err)
	})
}
