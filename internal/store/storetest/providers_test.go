package storetest

import (
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/store"
)

func TestProviderAccountIsOneUsers(t *testing.T) {
	each(t, func(w world) {
		ann, _ := w.user(w.a, "ann")
		bob, _ := w.user(w.a, "bob")
		uid := "uid-of-" + ann.ID
		own, others := w.st.For(w.a), w.st.For(w.b)
		p := store.ProviderAccount{Provider: "github", UID: uid, UserID: ann.ID, CreatedAt: start}
		add := func(scope store.Scope, p store.ProviderAccount) error {
			return scope.One(func(tx *store.Tx) error { return tx.AddProviderAccount(w.Context(), &p) })
		}
		w.must(add(own, p))
		second := p
		second.UserID = bob.ID
		w.want(add(own, second), store.ErrTaken)
		second.Provider = "google" // the same number means somebody else there
		w.must(add(own, second))

		got, err := own.ProviderAccount(w.Context(), "github", uid)
		w.must(err)
		if got != p {
			w.Errorf("got %+v, want %+v", got, p)
		}
		_, err = others.ProviderAccount(w.Context(), "github", uid)
		w.want(err, store.ErrNotFound)
		w.want(others.One(func(tx *store.Tx) error { return tx.UseProviderAccount(w.Context(), &p, start) }), store.ErrStale)
		w.want(others.One(func(tx *store.Tx) error { return tx.DropProviderAccount(w.Context(), ann.ID, "github", uid) }), store.ErrStale)
		w.want(own.One(func(tx *store.Tx) error { return tx.DropProviderAccount(w.Context(), bob.ID, "github", uid) }), store.ErrStale)

		w.must(own.One(func(tx *store.Tx) error { return tx.UseProviderAccount(w.Context(), &p, start.Add(time.Hour)) }))
		all, err := own.ProviderAccountsOf(w.Context(), ann.ID)
		w.must(err)
		if len(all) != 1 || all[0].UID != uid || !all[0].LastUsedAt.Equal(start.Add(time.Hour)) {
			w.Errorf("got %+v", all)
		}
		w.must(own.One(func(tx *store.Tx) error { return tx.DropProviderAccount(w.Context(), ann.ID, "github", uid) }))
		_, err = own.ProviderAccount(w.Context(), "github", uid)
		w.want(err, store.ErrNotFound)
	})
}
