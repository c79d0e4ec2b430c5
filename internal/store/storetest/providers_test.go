package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/secret"
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

		beside := func(scope store.Scope, userID string, stays store.ProviderAccount) error {
			return scope.One(func(tx *store.Tx) error {
				return tx.DropProviderAccountBeside(w.Context(), userID, "github", uid, stays)
			})
		}
		w.want(beside(own, ann.ID, second), store.ErrStale) // which is another user's
		third := store.ProviderAccount{Provider: "gitlab", UID: uid, UserID: ann.ID, CreatedAt: start}
		w.want(beside(own, ann.ID, third), store.ErrStale) // which is not there
		w.must(add(own, third))
		w.want(beside(others, ann.ID, third), store.ErrStale)
		w.want(beside(own, bob.ID, second), store.ErrStale)
		w.must(beside(own, ann.ID, third))
		w.want(own.One(func(tx *store.Tx) error { return tx.DropProviderAccount(w.Context(), ann.ID, "github", uid) }), store.ErrStale)
		w.must(own.One(func(tx *store.Tx) error { return tx.DropProviderAccount(w.Context(), ann.ID, "gitlab", uid) }))
		_, err = own.ProviderAccount(w.Context(), "github", uid)
		w.want(err, store.ErrNotFound)
	})
}

// Tokens stay with the account until there are others, and nothing but the one statement that is for it reads them.
func TestProviderTokensFollowTheirAccount(t *testing.T) {
	each(t, func(w world) {
		ann, _ := w.user(w.a, "ann")
		bob, _ := w.user(w.a, "bob")
		uid := "uid-of-" + ann.ID
		own, others := w.st.For(w.a), w.st.For(w.b)
		ann.DataKey = []byte("key of ann")
		w.must(own.One(func(tx *store.Tx) error { return tx.SetDataKey(w.Context(), ann.ID, ann.DataKey) }))
		tokens := func(access, refresh string) *store.ProviderTokens {
			t := &store.ProviderTokens{}
			if access != "" {
				t.Access = []byte(access)
			}
			if refresh != "" {
				t.Refresh = []byte(refresh)
			}
			return t
		}
		kept := func() string {
			w.Helper()
			got, key, err := own.ProviderTokens(w.Context(), ann.ID, "github", uid)
			if err != nil {
				w.want(err, store.ErrNotFound)
				return "none"
			}
			if string(key) != string(ann.DataKey) {
				w.Errorf("it comes with the key %q", key)
			}
			return fmt.Sprintf("%s %s", got.Access, got.Refresh)
		}
		p := store.ProviderAccount{Provider: "github", UID: uid, UserID: ann.ID, CreatedAt: start, Tokens: tokens("a1", "r1")}
		w.must(own.One(func(tx *store.Tx) error { return tx.AddProviderAccount(w.Context(), &p) }))
		if got := kept(); got != "a1 r1" {
			w.Errorf("kept is %s", got)
		}
		for _, row := range []struct {
			comes *store.ProviderTokens
			want  string
		}{
			{tokens("a2", "r2"), "a2 r2"}, {tokens("a3", ""), "a3 r2"}, {tokens("", ""), "a3 r2"}, {nil, "none"}, {tokens("", ""), "none"},
			{tokens("a4", ""), "a4 "}, {tokens("a5", "r5"), "a5 r5"},
		} {
			p.Tokens = row.comes
			w.must(own.One(func(tx *store.Tx) error { return tx.UseProviderAccount(w.Context(), &p, start) }))
			if got := kept(); got != row.want {
				w.Errorf("after %+v, kept is %s, not %s", row.comes, got, row.want)
			}
		}
		_, _, err := own.ProviderTokens(w.Context(), bob.ID, "github", uid)
		w.want(err, store.ErrNotFound)
		_, _, err = others.ProviderTokens(w.Context(), ann.ID, "github", uid)
		w.want(err, store.ErrNotFound)

		// What else reads the account knows nothing of them, and whoever is deleted and comes back has none.
		got, err := own.ProviderAccount(w.Context(), "github", uid)
		w.must(err)
		all, err := own.ProviderAccountsOf(w.Context(), ann.ID)
		w.must(err)
		if got.Tokens != nil || len(all) != 1 || all[0].Tokens != nil {
			w.Errorf("got %+v, %+v", got, all)
		}
		var whole *store.Whole
		w.must(own.One(func(tx *store.Tx) (err error) { whole, err = tx.TakeUser(w.Context(), ann.ID); return err }))
		if got := kept(); got != "none" || len(whole.Providers) != 1 || whole.Providers[0].Tokens != nil {
			w.Errorf("kept is %s, and %+v is taken along", got, whole.Providers)
		}
		w.must(own.One(func(tx *store.Tx) error { return tx.AddWhole(w.Context(), whole) }))
		if got := kept(); got != "none" {
			w.Errorf("with the user comes back %s", got)
		}
	})
}

// TestHoldersAreWhoWouldBeReached has accounts hold an address in every way, and asks for it among many that nobody has.
func TestHoldersAreWhoWouldBeReached(t *testing.T) {
	type holding struct{ inactive, verified, other bool } // other: another address is verified
	each(t, func(w world) {
		scope := w.st.For(w.a)
		for name, row := range map[string]struct {
			by   []holding
			want store.Holders
		}{
			"nobody":                              {},
			"one who has not proved it":           {[]holding{{}}, store.Holders{Taken: true, Reached: true}},
			"one who has":                         {[]holding{{verified: true}}, store.Holders{Taken: true, Reached: true}},
			"one who has proved another":          {[]holding{{other: true}}, store.Holders{Held: true}},
			"one who has proved both":             {[]holding{{verified: true, other: true}}, store.Holders{Taken: true, Reached: true}},
			"one who is kept out":                 {[]holding{{inactive: true}}, store.Holders{Taken: true}},
			"one who is kept out and has not":     {[]holding{{inactive: true, verified: true}, {}}, store.Holders{Taken: true}},
			"one of several":                      {[]holding{{other: true}, {inactive: true}, {}}, store.Holders{Taken: true, Reached: true}},
			"several of whom none is reached":     {[]holding{{other: true}, {inactive: true}, {inactive: true, other: true}}, store.Holders{Taken: true}},
			"one who has, beside one who has not": {[]holding{{}, {verified: true}}, store.Holders{Taken: true, Reached: true}},
			"two who hold it beside their own":    {[]holding{{other: true}, {other: true}}, store.Holders{Held: true}},
		} {
			key := fmt.Sprintf("%x@example.org", secret.Bytes(4))
			for _, h := range row.by {
				u := store.User{ID: secret.NewID(), Active: true, Epoch: 1, CreatedAt: start}
				all := []store.Email{{ID: secret.NewID(), UserID: u.ID, Email: key, Key: key, Verified: h.verified, CreatedAt: start}}
				if h.other {
					all = append(all, store.Email{ID: secret.NewID(), UserID: u.ID, Email: "x" + u.ID, Key: "x" + u.ID, Verified: true, CreatedAt: start})
				}
				w.must(scope.Do(w.Context(), func(tx *store.Tx) error {
					err := tx.AddUser(w.Context(), &u, "")
					for _, e := range all {
						err = errors.Join(err, tx.AddEmail(w.Context(), &e))
					}
					if h.inactive {
						err = errors.Join(err, tx.SetActive(w.Context(), u.ID, false))
					}
					return err
				}))
			}
			keys := make([]string, store.MaxHeld+1)
			for i := range keys {
				keys[i] = fmt.Sprintf("nobody%d@example.org", i)
			}
			keys[store.MaxHeld-1] = key
			got, err := scope.HoldersOf(w.Context(), keys)
			w.must(err)
			if got[key] != row.want || len(got) != min(len(row.by), 1) {
				w.Errorf("%s: %+v", name, got)
			}
			for _, find := range []func(context.Context, string) ([]store.Account, error){scope.AccountsByEmail, scope.Namesakes} {
				all, err := find(w.Context(), key)
				w.must(err)
				reached := false
				for _, a := range all {
					reached = reached || (a.Active && (a.Address.Verified || !a.AnyVerified))
				}
				if reached != row.want.Reached {
					w.Errorf("%s: the account that is looked for by the address alone is found: %t", name, reached)
				}
			}
			others, err := w.st.For(w.b).HoldersOf(w.Context(), keys)
			w.must(err)
			if len(others) > 0 {
				w.Errorf("%s: the other tenant sees %+v", name, others)
			}
		}
	})
}
