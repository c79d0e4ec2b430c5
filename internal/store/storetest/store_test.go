// Package storetest holds one suite over the store that runs on both engines, each case again from a second tenant.
package storetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

var start = testkit.Start

// world is a database with two tenants that hold the same names.
type world struct {
	*testing.T
	st   *store.Store
	a, b *tenants.Tenant
}

// each runs a case on both engines, and on each again with the tenants changed over.
func each(t *testing.T, test func(w world)) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		st := testkit.Open(t, engine, nil)
		a, b := testkit.AddTenant(t, st, "acme", ""), testkit.AddTenant(t, st, "zenith", "")
		t.Run("first tenant", func(t *testing.T) { test(world{t, st, a, b}) })
		t.Run("second tenant", func(t *testing.T) { test(world{t, st, b, a}) })
	})
}

func (w world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w world) want(err, sentinel error) {
	w.Helper()
	if !errors.Is(err, sentinel) {
		w.Fatalf("got %v, want %v", err, sentinel)
	}
}

// user adds a user with a primary address to a tenant, under names of the test's own.
func (w world) user(t *tenants.Tenant, name string) (store.User, store.Email) {
	w.Helper()
	name = fmt.Sprintf("%s-%x", name, secret.Bytes(4))
	u := store.User{ID: secret.NewID(), Username: name, Email: name + "@example.org", Phone: fmt.Sprintf("+316%08d", binary.BigEndian.Uint32(secret.Bytes(4))%1e8), Password: "hash", Active: true, Epoch: 1, CreatedAt: start}
	e := store.Email{ID: secret.NewID(), UserID: u.ID, Email: u.Email, Key: u.Email, Primary: true, Exclusive: true, CreatedAt: start}
	w.must(w.st.For(t).Do(w.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.AddUser(w.Context(), &u, name), tx.AddEmail(w.Context(), &e))
	}))
	return u, e
}

// session adds a session of a user ("" for a stranger's) to a tenant.
func (w world) session(t *tenants.Tenant, userID string) *store.Session {
	w.Helper()
	x := &store.Session{ID: secret.NewID(), Token: secret.Digest(secret.Token()), Client: store.App, UserID: userID, Epoch: 1,
		Methods: []byte(`[]`), State: []byte(`{"login":{}}`), Version: 1, IP: "192.0.2.1", UserAgent: "test", CreatedAt: start, SeenAt: start, ExpiresAt: start.Add(time.Hour)}
	w.must(w.st.For(t).Do(w.Context(), func(tx *store.Tx) error {
		if userID == "" {
			return tx.AddSession(w.Context(), x, nil)
		}
		who, err := tx.SaveLogin(w.Context(), &store.User{ID: userID, Epoch: x.Epoch}, start, "")
		return errors.Join(err, tx.AddSession(w.Context(), x, who))
	}))
	return x
}

func TestSessionIsFoundByItsTokenAlone(t *testing.T) {
	each(t, func(w world) {
		u, _ := w.user(w.a, "ann")
		x := w.session(w.a, u.ID)
		got, user, err := w.st.For(w.a).SessionByToken(w.Context(), store.App, x.Token)
		w.must(err)
		if got.ID != x.ID || got.UserID != u.ID || user.ID != u.ID || user.Email != u.Email || !user.Active || !user.HasPassword || user.Password != "" {
			w.Errorf("got %+v of %+v", got, user)
		}
		if !got.ExpiresAt.Equal(x.ExpiresAt) || got.Version != 1 || string(got.State) != string(x.State) || string(got.Methods) != "[]" {
			w.Errorf("got %+v, want %+v", got, x)
		}
		_, _, err = w.st.For(w.a).SessionByToken(w.Context(), store.Browser, x.Token)
		w.want(err, store.ErrNotFound) // a token of one kind of client is nothing to the other
		_, _, err = w.st.For(w.b).SessionByToken(w.Context(), store.App, x.Token)
		w.want(err, store.ErrNotFound) // nor to another tenant
		_, _, err = w.st.For(w.a).SessionByToken(w.Context(), store.App, secret.Digest("guess"))
		w.want(err, store.ErrNotFound)
	})
}

func TestSessionIsSavedOnceForEachReading(t *testing.T) {
	each(t, func(w world) {
		u, _ := w.user(w.a, "ann")
		x := w.session(w.a, "")
		first, second := *x, *x
		first.UserID, first.Token = u.ID, secret.Digest(secret.Token())
		save := func(s *store.Session) error {
			return w.st.For(w.a).Do(w.Context(), func(tx *store.Tx) error {
				who, err := tx.SaveLogin(w.Context(), &store.User{ID: u.ID, Epoch: 1}, start, "")
				return errors.Join(err, tx.SaveSession(w.Context(), s, who))
			})
		}
		w.must(save(&first))
		w.want(save(&second), store.ErrStale)
		got, user, err := w.st.For(w.a).SessionByToken(w.Context(), store.App, first.Token)
		w.must(err)
		if got.Version != 2 || user.ID != u.ID || !user.Active {
			w.Errorf("got version %d of %q", got.Version, user.ID)
		}
		_, _, err = w.st.For(w.a).SessionByToken(w.Context(), store.App, x.Token)
		w.want(err, store.ErrNotFound)
	})
}

func TestSixtyFourSavesOneWins(t *testing.T) {
	each(t, func(w world) {
		x := w.session(w.a, "")
		var g errgroup.Group
		won := make(chan struct{}, 64)
		for range 64 {
			g.Go(func() error {
				s := *x
				err := w.st.For(w.a).One(func(tx *store.Tx) error { return tx.SaveSession(context.Background(), &s, nil) })
				if err == nil {
					won <- struct{}{}
				} else if !errors.Is(err, store.ErrStale) {
					return err
				}
				return nil
			})
		}
		w.must(g.Wait())
		if len(won) != 1 {
			w.Errorf("%d of 64 saves of one reading won", len(won))
		}
	})
}

// TestSessionsFollowTheirUser changes users in every way there is, past the store too: what a session repeats of its user
// must be so whoever makes the change.
func TestSessionsFollowTheirUser(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.URL(t, engine)
		st := testkit.OpenURL(t, url, nil)
		a, b := testkit.AddTenant(t, st, "acme", ""), testkit.AddTenant(t, st, "zenith", "")
		w := world{t, st, a, b}
		raw := testkit.Raw(t, url)
		for change, want := range map[string]func(u *store.User) (alive bool){
			"SET username = 'new'":          func(u *store.User) bool { u.Username = "new"; return true },
			"SET username = NULL":           func(u *store.User) bool { u.Username = ""; return true },
			"SET email = 'new@example.org'": func(u *store.User) bool { u.Email = "new@example.org"; return true },
			"SET name = 'New'":              func(u *store.User) bool { u.Name = "New"; return true },
			"SET password = ''":             func(u *store.User) bool { u.HasPassword = false; return true },
			"SET password = 'rehashed'":     func(*store.User) bool { return true },
			"SET factors = 5":               func(u *store.User) bool { u.Factors = 5; return true },
			"SET factor_epoch = 9":          func(*store.User) bool { return true },
			"SET active = FALSE":            func(*store.User) bool { return false },
			"SET epoch = epoch + 1":         func(*store.User) bool { return false },
		} {
			u, _ := w.user(a, "ann")
			other, _ := w.user(a, "bob")
			x, y := w.session(a, u.ID), w.session(a, other.ID)
			pending := &store.Session{ID: secret.NewID(), Token: secret.Digest(secret.Token()), Client: store.App, UserID: u.ID, Pending: true,
				Epoch: 1, Methods: []byte("[]"), State: []byte("{}"), Version: 1, CreatedAt: start, SeenAt: start, ExpiresAt: start.Add(time.Hour)}
			w.must(st.For(a).One(func(tx *store.Tx) error { return tx.AddSession(t.Context(), pending, nil) }))
			if _, err := raw.ExecContext(t.Context(), "UPDATE users "+change+" WHERE tenant_id = $1 AND id = $2", a.ID, u.ID); err != nil {
				t.Fatal(err)
			}
			expected := u
			expected.HasPassword = true
			alive := want(&expected)
			for _, s := range []*store.Session{x, pending} {
				_, got, err := st.For(a).SessionByToken(t.Context(), store.App, s.Token)
				w.must(err)
				if got.Active != alive || got.Factors != expected.Factors || !s.Pending && (got.Username != expected.Username || got.Email != expected.Email ||
					got.Name != expected.Name || got.HasPassword != expected.HasPassword) {
					t.Errorf("%s (pending: %v): got %+v, want alive %v of %+v", change, s.Pending, got, alive, expected)
				}
			}
			if _, got, err := st.For(a).SessionByToken(t.Context(), store.App, y.Token); err != nil || !got.Active || got.Username != other.Username {
				t.Errorf("%s: another user's session became %+v, %v", change, got, err)
			}
			// Nothing brings a session back that was put out, but a login.
			if _, err := raw.ExecContext(t.Context(), "UPDATE users SET active = TRUE WHERE tenant_id = $1 AND id = $2", a.ID, u.ID); err != nil {
				t.Fatal(err)
			}
			if _, got, err := st.For(a).SessionByToken(t.Context(), store.App, x.Token); err != nil || got.Active != alive {
				t.Errorf("%s, and active again: got %+v, %v", change, got, err)
			}
			if !alive {
				again := *x
				w.want(st.For(a).One(func(tx *store.Tx) error { return tx.SaveSession(t.Context(), &again, nil) }), store.ErrStale)
				if _, got, err := st.For(a).SessionByToken(t.Context(), store.App, x.Token); err != nil || got.Active {
					t.Errorf("%s: saving brought the session back: %+v, %v", change, got, err)
				}
			}
		}
	})
}

func TestOnlyWhoMayIsSignedIn(t *testing.T) {
	each(t, func(w world) {
		u, _ := w.user(w.a, "ann")
		scope := w.st.For(w.a)
		x := &store.Session{ID: secret.NewID(), Token: secret.Digest(secret.Token()), Client: store.App, UserID: u.ID, Epoch: 1,
			Methods: []byte("[]"), State: []byte("{}"), Version: 1, CreatedAt: start, SeenAt: start, ExpiresAt: start.Add(time.Hour)}
		w.must(scope.One(func(tx *store.Tx) error { return tx.AddSession(w.Context(), x, nil) }))
		alive := func() bool {
			_, got, err := scope.SessionByToken(w.Context(), store.App, x.Token)
			w.must(err)
			return got.Active
		}
		if alive() {
			w.Error("a session is alive that nobody signed in")
		}
		sign := func(epoch int64) error {
			return scope.Do(w.Context(), func(tx *store.Tx) error {
				who, err := tx.SaveLogin(w.Context(), &store.User{ID: u.ID, Epoch: epoch}, start, "")
				if err != nil {
					return err
				}
				return tx.SaveSession(w.Context(), x, who)
			})
		}
		w.must(scope.One(func(tx *store.Tx) error { return tx.SetActive(w.Context(), u.ID, false) }))
		w.want(sign(1), store.ErrStale)
		w.must(scope.One(func(tx *store.Tx) error { return tx.SetActive(w.Context(), u.ID, true) }))
		w.want(sign(2), store.ErrStale)
		if alive() {
			w.Error("a session was signed in as somebody who may not")
		}
		w.must(sign(1))
		if !alive() {
			w.Error("a session that was signed in is not alive")
		}
	})
}

func TestOtherTenantsRowsAreOutOfReach(t *testing.T) {
	each(t, func(w world) {
		u, e := w.user(w.a, "ann")
		x := w.session(w.a, u.ID)
		key := w.authenticator(w.a, u.ID, store.WebAuthn, 0)
		w.must(w.st.For(w.a).One(func(tx *store.Tx) error {
			return tx.AddEvent(w.Context(), &store.Event{ID: secret.NewID(), At: start, Action: "test", UserID: u.ID, Details: []byte("{}")})
		}))
		u.FactorEpoch = 1
		other := w.st.For(w.b)
		for what, hold := range map[string]func(*store.Tx) error{
			"authenticators":          func(tx *store.Tx) error { return tx.HoldUnprotected(w.Context(), u.ID) },
			"an address not verified": func(tx *store.Tx) error { return tx.HoldProved(w.Context(), u.ID) },
		} {
			if err := w.st.For(w.a).One(hold); !errors.Is(err, store.ErrStale) {
				w.Errorf("somebody with %s: %v", what, err)
			}
		}
		for what, err := range map[string]error{
			"account by id":       second(other.AccountByID(w.Context(), u.ID)),
			"account with email":  second(other.AccountWithEmail(w.Context(), u.ID, e.Key)),
			"account by username": second(other.AccountByUsername(w.Context(), u.Username)),
			"account by phone":    second(other.AccountByPhone(w.Context(), u.Phone)),
			"email by id":         third(other.EmailByID(w.Context(), e.ID)),
			"session of":          third(other.SessionOf(w.Context(), store.App, u.ID, x.ID)),
			"refreshing":          second(other.Refreshing(w.Context(), u.ID, x.ID, start)),
			"rotate refresh": other.One(func(tx *store.Tx) error {
				return second(tx.RotateRefresh(w.Context(), &store.Session{ID: x.ID, UserID: u.ID, SeenAt: start, ExpiresAt: start}, true))
			}),
		} {
			if !errors.Is(err, store.ErrNotFound) {
				w.Errorf("%s: %v", what, err)
			}
		}
		byEmail, err := other.AccountsByEmail(w.Context(), e.Key)
		w.must(err)
		namesakes, err := other.Namesakes(w.Context(), e.Key)
		w.must(err)
		byEmail = append(byEmail, namesakes...)
		emails, err := other.EmailsOf(w.Context(), u.ID)
		w.must(err)
		taken, err := other.Taken(w.Context(), store.Names{EmailKey: e.Key, Phone: u.Phone, UsernameKeys: []string{u.Username}})
		w.must(err)
		sessions, _, err := other.SessionsOf(w.Context(), u.ID, start)
		w.must(err)
		elsewhere, err := other.VerifiedElsewhere(w.Context(), secret.NewID(), e.Key)
		w.must(err)
		authenticators, err := other.AuthenticatorsOf(w.Context(), u.ID)
		w.must(err)
		events, err := other.EventsOf(w.Context(), u.ID, 10)
		w.must(err)
		if len(byEmail)+len(emails)+len(taken.Usernames)+len(sessions)+len(authenticators)+len(events) > 0 || taken.Email || taken.Phone || elsewhere {
			w.Errorf("seen from the other tenant: %v %v %v %v %v %v %v", byEmail, emails, taken, sessions, elsewhere, authenticators, events)
		}
		for what, write := range map[string]func(*store.Tx) error{
			"save login": func(tx *store.Tx) error {
				return second(tx.SaveLogin(w.Context(), &u, start, ""))
			},
			"save authenticator": func(tx *store.Tx) error { return tx.SaveAuthenticator(w.Context(), key) },
			"drop authenticator": func(tx *store.Tx) error { return tx.DropAuthenticator(w.Context(), u.ID, key.ID) },
			"set factors":        func(tx *store.Tx) error { return tx.SetFactors(w.Context(), u.ID, u.FactorEpoch, 7) },
			"save session":       func(tx *store.Tx) error { return tx.SaveSession(w.Context(), x, nil) },
			"verify email":       func(tx *store.Tx) error { return tx.VerifyEmail(w.Context(), e.ID, true) },
			"hold user":          func(tx *store.Tx) error { return tx.HoldUser(w.Context(), u.ID, 1) },
			"set first email":    func(tx *store.Tx) error { return tx.SetFirstEmail(w.Context(), &e, 1) },
			"hold addresses": func(tx *store.Tx) error {
				return tx.HoldAddresses(w.Context(), &store.Account{User: u, Address: e})
			},
			"hold unchanged": func(tx *store.Tx) error {
				return tx.HoldUnchanged(w.Context(), &store.Account{User: u}, []store.Email{e})
			},
			"verify phone": func(tx *store.Tx) error { return tx.VerifyPhone(w.Context(), u.ID, u.Phone) },
			"set password": func(tx *store.Tx) error { return second(tx.SetPassword(w.Context(), u.ID, 1, "hash")) },
			"claim":        func(tx *store.Tx) error { return tx.Claim(w.Context(), u.ID, 1, "!") },
			"set primary":  func(tx *store.Tx) error { return tx.SetPrimary(w.Context(), &e) },
			"drop email":   func(tx *store.Tx) error { return tx.DropEmail(w.Context(), &e) },
		} {
			if err := other.One(write); !errors.Is(err, store.ErrStale) {
				w.Errorf("%s: %v", what, err)
			}
		}
		w.want(other.One(func(tx *store.Tx) error { return tx.SetActive(w.Context(), u.ID, false) }), store.ErrNotFound)
		w.want(other.One(func(tx *store.Tx) error { return tx.SetPhone(w.Context(), u.ID, "+31612345678", true) }), store.ErrNotFound)
		for _, write := range []func(*store.Tx) error{ // which are content with nothing
			func(tx *store.Tx) error { return tx.DropSession(w.Context(), x.ID) },
			func(tx *store.Tx) error { return tx.DropSessionOf(w.Context(), u.ID, x.ID) },
			func(tx *store.Tx) error { return tx.HoldUnprotected(w.Context(), u.ID) },
			func(tx *store.Tx) error { return tx.HoldProved(w.Context(), u.ID) },
			func(tx *store.Tx) error {
				return tx.DropEmailsBut(w.Context(), &store.Email{UserID: u.ID, ID: secret.NewID()}, false)
			},
			func(tx *store.Tx) error { return tx.UnsetPrimary(w.Context(), u.ID) },
			func(tx *store.Tx) error {
				return tx.YieldEmail(w.Context(), &store.Email{ID: secret.NewID(), Key: e.Key})
			},
			func(tx *store.Tx) error {
				return tx.YieldHeld(w.Context(), &store.Email{ID: secret.NewID(), Key: e.Key})
			},
			func(tx *store.Tx) error { return tx.SetUserEmail(w.Context(), u.ID, "mallory@example.org") },
		} {
			w.must(other.One(write))
		}
		if own, err := w.st.For(w.a).EmailsOf(w.Context(), u.ID); err != nil || len(own) != 1 || !own[0].Primary || !own[0].Exclusive {
			w.Errorf("the addresses are now %+v, %v", own, err)
		}
		if a, err := w.st.For(w.a).AccountByID(w.Context(), u.ID); err != nil || a.Email != u.Email || !a.Address.Primary || !a.Address.Exclusive {
			w.Errorf("the account is now %+v, %v", a, err)
		}
		_, _, err = w.st.For(w.a).SessionByToken(w.Context(), store.App, x.Token)
		w.must(err)
		if own, err := w.st.For(w.a).AuthenticatorsOf(w.Context(), u.ID); err != nil || len(own) != 1 || own[0].Version != key.Version {
			w.Errorf("the authenticators are now %+v, %v", own, err)
		}
		// A credential that is registered at one tenant is nothing to the other; but it cannot be one of the other's users there.
		v, _ := w.user(w.b, "ann")
		same := *key
		same.ID, same.UserID = secret.NewID(), v.ID
		w.must(other.One(func(tx *store.Tx) error { return tx.AddAuthenticator(w.Context(), &same) }))
		same.ID, same.UserID, same.CredentialID = secret.NewID(), u.ID, secret.Bytes(8)
		if err := other.One(func(tx *store.Tx) error { return tx.AddAuthenticator(w.Context(), &same) }); err == nil {
			w.Error("an authenticator was made for another tenant's user")
		}
		// A session cannot belong to another tenant's user: the foreign key begins with the tenant.
		y := *x
		y.ID, y.Token = secret.NewID(), secret.Digest(secret.Token())
		if err := other.One(func(tx *store.Tx) error { return tx.AddSession(w.Context(), &y, nil) }); err == nil {
			w.Error("a session was made for another tenant's user")
		}
	})
}

func second[T any](_ T, err error) error        { return err }
func third[T, U any](_ T, _ U, err error) error { return err }

func TestVerifiedAddressHasOneOwner(t *testing.T) {
	each(t, func(w world) {
		_, e := w.user(w.a, "ann")
		u, _ := w.user(w.a, "bob")
		copied := store.Email{ID: secret.NewID(), UserID: u.ID, Email: e.Email, Key: e.Key, Exclusive: true, CreatedAt: start}
		add := func(e *store.Email) error {
			return w.st.For(w.a).One(func(tx *store.Tx) error { return tx.AddEmail(w.Context(), e) })
		}
		w.want(add(&copied), store.ErrTaken)
		copied.Exclusive = false // as under strict prevention of enumeration
		w.must(add(&copied))
		verify := func(id string) error {
			return w.st.For(w.a).One(func(tx *store.Tx) error { return tx.VerifyEmail(w.Context(), id, true) })
		}
		w.must(verify(e.ID))
		w.want(verify(e.ID), store.ErrStale) // once
		w.want(verify(copied.ID), store.ErrTaken)
		_, elsewhere, err := w.st.For(w.a).EmailByID(w.Context(), copied.ID)
		w.must(err)
		if !elsewhere {
			w.Error("the other owner was not seen")
		}
		all, err := w.st.For(w.a).AccountsByEmail(w.Context(), e.Key)
		w.must(err)
		if len(all) != 1 || all[0].Address.ID != e.ID {
			w.Errorf("a login would try %d accounts beside the one that verified the address", len(all)-1)
		}
		// The same address in the other tenant is another matter.
		v, _ := w.user(w.b, "ann")
		same := store.Email{ID: secret.NewID(), UserID: v.ID, Email: e.Email, Key: e.Key, Verified: true, Exclusive: true, CreatedAt: start}
		w.must(w.st.For(w.b).One(func(tx *store.Tx) error { return tx.AddEmail(w.Context(), &same) }))
	})
}

func TestAccountComesWithTheAddressThatIsAskedFor(t *testing.T) {
	each(t, func(w world) {
		u, first := w.user(w.a, "ann")
		later := store.Email{ID: secret.NewID(), UserID: u.ID, Email: "later@example.org", Key: fmt.Sprintf("%x@example.org", secret.Bytes(4)), CreatedAt: start}
		_, others := w.user(w.a, "bob")
		scope := w.st.For(w.a)
		w.must(scope.One(func(tx *store.Tx) error { return tx.AddEmail(w.Context(), &later) }))
		for key, want := range map[string]store.Email{first.Key: first, later.Key: later, others.Key: {}, "": {}} {
			a, err := scope.AccountWithEmail(w.Context(), u.ID, key)
			w.must(err)
			if a.ID != u.ID || a.Email != u.Email || a.Address.ID != want.ID || a.Address.Primary != want.Primary || a.Address.Exclusive != want.Exclusive {
				w.Errorf("with %q: %+v", key, a)
			}
		}
		w.want(second(scope.AccountWithEmail(w.Context(), secret.NewID(), first.Key)), store.ErrNotFound)
	})
}

// TestNamesakesAreThoseWhoCameFirstAndWereInLast: of accounts that share an address, two that came first and two that were in last.
func TestNamesakesAreThoseWhoCameFirstAndWereInLast(t *testing.T) {
	each(t, func(w world) {
		scope := w.st.For(w.a)
		key := fmt.Sprintf("%x@example.org", secret.Bytes(4))
		names := map[string]string{} // by the user's id
		var emails []string
		add := func(i int) {
			u := store.User{ID: secret.NewID(), Email: key, Password: "x", Active: true, Epoch: 1, CreatedAt: start}
			e := store.Email{ID: secret.NewID(), UserID: u.ID, Email: key, Key: key, Primary: true, CreatedAt: start.Add(time.Duration(i) * time.Second)}
			w.must(scope.Do(w.Context(), func(tx *store.Tx) error {
				return errors.Join(tx.AddUser(w.Context(), &u, ""), tx.AddEmail(w.Context(), &e))
			}))
			names[u.ID], emails = fmt.Sprint(i), append(emails, e.ID)
		}
		found := func() string {
			all, err := scope.Namesakes(w.Context(), key)
			w.must(err)
			got := ""
			for _, a := range all {
				got += names[a.ID]
			}
			return got
		}
		login := func(i int, after time.Duration) {
			for id, name := range names {
				if name == fmt.Sprint(i) {
					w.must(scope.One(func(tx *store.Tx) error {
						return second(tx.SaveLogin(w.Context(), &store.User{ID: id, Epoch: 1}, start.Add(after), ""))
					}))
				}
			}
		}
		for i, want := range []string{"0", "01", "012", "0123", "0134", "0145", "0156"} {
			add(i)
			if got := found(); got != want {
				w.Errorf("of %d, found %s, want %s", i+1, got, want)
			}
		}
		login(3, time.Minute)
		login(2, time.Hour)
		login(0, 2*time.Hour)
		if got := found(); got != "0123" {
			w.Errorf("after logins, found %s", got)
		}
		w.must(scope.One(func(tx *store.Tx) error { return tx.VerifyEmail(w.Context(), emails[4], true) }))
		if got := found(); got != "4" {
			w.Errorf("after one is proved, found %s", got)
		}
	})
}

func TestFirstAddressBecomesPrimary(t *testing.T) {
	each(t, func(w world) {
		u := store.User{ID: secret.NewID(), Active: true, Epoch: 1, CreatedAt: start}
		e := store.Email{ID: secret.NewID(), UserID: u.ID, Email: "X@example.org", Key: fmt.Sprintf("%x@example.org", secret.Bytes(4)), CreatedAt: start}
		scope := w.st.For(w.a)
		w.must(scope.Do(w.Context(), func(tx *store.Tx) error {
			return errors.Join(tx.AddUser(w.Context(), &u, ""), tx.AddEmail(w.Context(), &e), tx.SetFirstPrimary(w.Context(), &e),
				tx.SetFirstEmail(w.Context(), &e, 1))
		}))
		a, err := scope.AccountByID(w.Context(), u.ID)
		w.must(err)
		if a.Email != e.Email || a.Address.ID != e.ID || a.Username != "" {
			w.Errorf("got %+v", a)
		}
		later := store.Email{ID: secret.NewID(), UserID: u.ID, Email: "later@example.org", Key: "later" + e.Key, CreatedAt: start.Add(time.Second)}
		w.must(scope.Do(w.Context(), func(tx *store.Tx) error {
			return errors.Join(tx.AddEmail(w.Context(), &later), tx.SetFirstPrimary(w.Context(), &later),
				tx.SetFirstEmail(w.Context(), &later, 1))
		}))
		list, err := scope.EmailsOf(w.Context(), u.ID)
		w.must(err)
		if len(list) != 2 || !list[0].Primary || list[1].Primary {
			w.Errorf("got %+v", list)
		}
	})
}

func TestLoginIsSavedOnlyForWhoMayStillLogIn(t *testing.T) {
	each(t, func(w world) {
		u, _ := w.user(w.a, "ann")
		scope := w.st.For(w.a)
		save := func(epoch int64, hash string) error {
			return scope.One(func(tx *store.Tx) error {
				return second(tx.SaveLogin(w.Context(), &store.User{ID: u.ID, Epoch: epoch}, start.Add(time.Minute), hash))
			})
		}
		w.must(save(1, ""))
		w.must(save(1, "better"))
		a, err := scope.AccountByUsername(w.Context(), u.Username)
		w.must(err)
		if a.Password != "better" || !a.LastLoginAt.Equal(start.Add(time.Minute)) {
			w.Errorf("got %q at %v", a.Password, a.LastLoginAt)
		}
		w.want(save(2, ""), store.ErrStale)
		w.must(scope.One(func(tx *store.Tx) error { return tx.SetFactors(w.Context(), u.ID, 0, 1) }))
		w.want(save(1, ""), store.ErrStale) // it was granted without the factor
		w.must(scope.One(func(tx *store.Tx) error {
			who, err := tx.SaveLogin(w.Context(), &store.User{ID: u.ID, Epoch: 1, FactorEpoch: 1}, start, "")
			if err == nil && !who.Factors.Has(store.TOTP) {
				w.Errorf("signed in as %+v", who)
			}
			return err
		}))
		w.must(scope.One(func(tx *store.Tx) error { return tx.SetActive(w.Context(), u.ID, false) }))
		w.want(scope.One(func(tx *store.Tx) error {
			return second(tx.SaveLogin(w.Context(), &store.User{ID: u.ID, Epoch: 1, FactorEpoch: 1}, start, ""))
		}), store.ErrStale)
	})
}

func TestAccountIsHeldAsItWasRead(t *testing.T) {
	each(t, func(w world) {
		scope := w.st.For(w.a)
		for what, change := range map[string]struct {
			do   func(tx *store.Tx, u *store.User, e *store.Email) error
			held bool
		}{
			"nothing": {func(*store.Tx, *store.User, *store.Email) error { return nil }, true},
			"a login": {func(tx *store.Tx, u *store.User, _ *store.Email) error {
				return second(tx.SaveLogin(w.Context(), &store.User{ID: u.ID, Epoch: 1}, start.Add(time.Hour), ""))
			}, true},
			"another address is added": {func(tx *store.Tx, u *store.User, _ *store.Email) error {
				return tx.AddEmail(w.Context(), &store.Email{ID: secret.NewID(), UserID: u.ID, Email: "more@example.org", Key: "more@example.org", CreatedAt: start})
			}, true},
			"a factor is added": {func(tx *store.Tx, u *store.User, _ *store.Email) error {
				return tx.SetFactors(w.Context(), u.ID, 0, 1)
			}, false},
			"the address is removed": {func(tx *store.Tx, _ *store.User, e *store.Email) error { return tx.DropEmail(w.Context(), e) }, false},
			"the address is proved": {func(tx *store.Tx, _ *store.User, e *store.Email) error {
				return tx.VerifyEmail(w.Context(), e.ID, false)
			}, false},
			"another is proved": {func(tx *store.Tx, u *store.User, _ *store.Email) error {
				e := store.Email{ID: secret.NewID(), UserID: u.ID, Email: "more@example.com", Key: "more@example.com", CreatedAt: start}
				return errors.Join(tx.AddEmail(w.Context(), &e), tx.VerifyEmail(w.Context(), e.ID, false))
			}, false},
		} {
			u, e := w.user(w.a, strings.ReplaceAll(what, " ", "."))
			read, err := scope.AccountByID(w.Context(), u.ID)
			w.must(err)
			w.must(scope.Do(w.Context(), func(tx *store.Tx) error { return change.do(tx, &u, &e) }))
			one := []store.Email{e}
			unchanged := scope.Do(w.Context(), func(tx *store.Tx) error { return tx.HoldUnchanged(w.Context(), &read, one) })
			if same := what == "nothing" || what == "the address is proved" || what == "a factor is added"; same != (unchanged == nil) || (!same && !errors.Is(unchanged, store.ErrStale)) {
				w.Errorf("after %s: %v", what, unchanged)
			}
			err = scope.Do(w.Context(), func(tx *store.Tx) error { return tx.HoldAddresses(w.Context(), &read) })
			if change.held {
				w.must(err)
			} else if !errors.Is(err, store.ErrStale) {
				w.Errorf("after %s: %v", what, err)
			}
		}
	})
}

// authenticator adds an authenticator to a user, who had that many changes of factors before.
func (w world) authenticator(t *tenants.Tenant, userID string, kind store.AuthenticatorType, factorEpoch int64) *store.Authenticator {
	w.Helper()
	x := &store.Authenticator{ID: secret.NewID(), UserID: userID, Type: kind, Name: "Master key", Data: secret.Bytes(8), CreatedAt: start}
	if kind == store.WebAuthn {
		x.CredentialID = secret.Bytes(8)
	}
	w.must(w.st.For(t).Do(w.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.AddAuthenticator(w.Context(), x), tx.SetFactors(w.Context(), userID, factorEpoch, store.Factors(0).With(kind)))
	}))
	return x
}

func TestAuthenticatorsAreReadAsTheyWereWritten(t *testing.T) {
	each(t, func(w world) {
		u, _ := w.user(w.a, "ann")
		other, _ := w.user(w.a, "bob")
		scope := w.st.For(w.a)
		app := w.authenticator(w.a, u.ID, store.TOTP, 0)
		key := w.authenticator(w.a, u.ID, store.WebAuthn, 1)
		w.authenticator(w.a, other.ID, store.TOTP, 0)
		key.Name, key.Data, key.LastUsedAt = "At home", []byte{1, 2, 0, 255}, start.Add(time.Minute)
		w.must(scope.One(func(tx *store.Tx) error { return tx.SaveAuthenticator(w.Context(), key) }))
		all, err := scope.AuthenticatorsOf(w.Context(), u.ID)
		w.must(err)
		if len(all) != 2 {
			w.Fatalf("got %+v", all)
		}
		slices.SortFunc(all, func(a, b store.Authenticator) int { return strings.Compare(string(a.Type), string(b.Type)) })
		if got := all[0]; got.ID != app.ID || got.UserID != u.ID || got.Type != store.TOTP || got.CredentialID != nil || !got.LastUsedAt.IsZero() ||
			!got.CreatedAt.Equal(start) || !bytes.Equal(got.Data, app.Data) || got.Version != 0 {
			w.Errorf("got %+v, want %+v", got, app)
		}
		if got := all[1]; got.ID != key.ID || got.Name != "At home" || !bytes.Equal(got.CredentialID, key.CredentialID) || !bytes.Equal(got.Data, key.Data) ||
			!got.LastUsedAt.Equal(key.LastUsedAt) || got.Version != 1 {
			w.Errorf("got %+v, want %+v", got, key)
		}
	})
}

// TestAuthenticatorIsSavedOnceForEachReading: of sixty-four uses that read the same, one counts.
func TestAuthenticatorIsSavedOnceForEachReading(t *testing.T) {
	each(t, func(w world) {
		u, _ := w.user(w.a, "ann")
		scope := w.st.For(w.a)
		x := w.authenticator(w.a, u.ID, store.TOTP, 0)
		var g errgroup.Group
		won := make(chan struct{}, 64)
		for range 64 {
			g.Go(func() error {
				used := *x
				err := scope.Do(context.Background(), func(tx *store.Tx) error { return tx.SaveAuthenticator(context.Background(), &used) })
				if err == nil {
					won <- struct{}{}
				} else if !errors.Is(err, store.ErrStale) {
					return err
				}
				return nil
			})
		}
		w.must(g.Wait())
		if len(won) != 1 {
			w.Errorf("%d of 64 uses of one reading won", len(won))
		}
		x.Version++
		foreign := *x
		foreign.UserID = secret.NewID()
		w.want(scope.One(func(tx *store.Tx) error { return tx.SaveAuthenticator(w.Context(), &foreign) }), store.ErrStale)
		w.want(scope.One(func(tx *store.Tx) error { return tx.DropAuthenticator(w.Context(), foreign.UserID, x.ID) }), store.ErrStale)
		w.must(scope.One(func(tx *store.Tx) error { return tx.DropAuthenticator(w.Context(), u.ID, x.ID) }))
		w.want(scope.One(func(tx *store.Tx) error { return tx.DropAuthenticator(w.Context(), u.ID, x.ID) }), store.ErrStale)
		w.want(scope.One(func(tx *store.Tx) error { return tx.SaveAuthenticator(w.Context(), x) }), store.ErrStale)
	})
}

// TestUsersHaveOneOfEachButKeys: one app and one set of recovery codes; and a credential is one user's.
func TestUsersHaveOneOfEachButKeys(t *testing.T) {
	each(t, func(w world) {
		u, _ := w.user(w.a, "ann")
		other, _ := w.user(w.a, "bob")
		scope := w.st.For(w.a)
		add := func(userID string, kind store.AuthenticatorType, credential []byte) error {
			return scope.One(func(tx *store.Tx) error {
				return tx.AddAuthenticator(w.Context(), &store.Authenticator{
					ID: secret.NewID(), UserID: userID, Type: kind, CredentialID: credential, Data: []byte{1}, CreatedAt: start,
				})
			})
		}
		for _, kind := range []store.AuthenticatorType{store.TOTP, store.RecoveryCodes} {
			w.must(add(u.ID, kind, nil))
			w.want(add(u.ID, kind, nil), store.ErrTaken)
			w.must(add(other.ID, kind, nil))
		}
		credential := secret.Bytes(32)
		w.must(add(u.ID, store.WebAuthn, credential))
		w.must(add(u.ID, store.WebAuthn, secret.Bytes(32)))
		w.want(add(u.ID, store.WebAuthn, credential), store.ErrTaken)
		w.want(add(other.ID, store.WebAuthn, credential), store.ErrTaken)
		if err := add(secret.NewID(), store.TOTP, nil); err == nil {
			w.Error("an authenticator is nobody's")
		}
	})
}

func TestFactorsAreSetAsTheyWereRead(t *testing.T) {
	each(t, func(w world) {
		u, _ := w.user(w.a, "ann")
		scope := w.st.For(w.a)
		set := func(epoch int64, f store.Factors) error {
			return scope.One(func(tx *store.Tx) error { return tx.SetFactors(w.Context(), u.ID, epoch, f) })
		}
		w.must(set(0, 5))
		w.want(set(0, 1), store.ErrStale)
		w.want(set(2, 1), store.ErrStale)
		w.must(set(1, 7))
		a, err := scope.AccountByID(w.Context(), u.ID)
		w.must(err)
		if a.Factors != 7 || a.FactorEpoch != 2 || a.Epoch != 1 || !a.Factors.Second() {
			w.Errorf("got %d of %d", a.Factors, a.FactorEpoch)
		}
		w.must(scope.One(func(tx *store.Tx) error { return tx.SetActive(w.Context(), u.ID, false) }))
		w.want(set(2, 0), store.ErrStale)
	})
}

func TestSecondFactorsAreThoseThatStandForThemselves(t *testing.T) {
	for n, second := range []bool{false, true, true, true, false, true, true, true} { // 1 an app, 2 a key, 4 recovery codes
		f := store.Factors(n)
		if f.Second() != second || f.Has(store.TOTP) != (n&1 != 0) || f.Has(store.WebAuthn) != (n&2 != 0) || f.Has(store.RecoveryCodes) != (n&4 != 0) ||
			f.Has("other") || f.With("other") != f {
			t.Errorf("%d is read as %t", n, f.Second())
		}
	}
}

func TestEventsAreReadLatestFirst(t *testing.T) {
	each(t, func(w world) {
		u, _ := w.user(w.a, "ann")
		other, _ := w.user(w.a, "bob")
		x := w.session(w.a, u.ID)
		scope := w.st.For(w.a)
		for i := range 4 {
			w.must(scope.One(func(tx *store.Tx) error {
				return tx.AddEvent(w.Context(), &store.Event{ID: secret.NewID(), At: start.Add(time.Duration(i) * time.Second), Action: store.Action(fmt.Sprint(i)),
					UserID: u.ID, SessionID: x.ID, IP: "192.0.2.1", UserAgent: "test", Details: []byte(`{"n":1}`)})
			}))
		}
		for _, userID := range []string{other.ID, ""} {
			w.must(scope.One(func(tx *store.Tx) error {
				return tx.AddEvent(w.Context(), &store.Event{ID: secret.NewID(), At: start, Action: "else", UserID: userID, Details: []byte("{}")})
			}))
		}
		got, err := scope.EventsOf(w.Context(), u.ID, 3)
		w.must(err)
		if len(got) != 3 || got[0].Action != "3" || got[2].Action != "1" {
			w.Fatalf("got %+v", got)
		}
		if e := got[0]; !e.At.Equal(start.Add(3*time.Second)) || e.UserID != u.ID || e.SessionID != x.ID || e.IP != "192.0.2.1" || e.UserAgent != "test" ||
			string(e.Details) != `{"n":1}` {
			w.Errorf("got %+v", e)
		}
	})
}

func TestNumberIsVerifiedAsItWasRead(t *testing.T) {
	each(t, func(w world) {
		u, _ := w.user(w.a, "ann")
		scope := w.st.For(w.a)
		set := func(phone string) {
			w.must(scope.One(func(tx *store.Tx) error { return tx.SetPhone(w.Context(), u.ID, phone, false) }))
		}
		verify := func() error {
			return scope.One(func(tx *store.Tx) error { return tx.VerifyPhone(w.Context(), u.ID, "+31612345678") })
		}
		for _, other := range []string{"+31687654321", ""} {
			set(other)
			w.want(verify(), store.ErrStale)
		}
		set("+31612345678")
		w.must(verify())
		a, err := scope.AccountByID(w.Context(), u.ID)
		w.must(err)
		if a.Phone != "+31612345678" || !a.PhoneVerified {
			w.Errorf("got %q, verified %t", a.Phone, a.PhoneVerified)
		}
	})
}

func TestAnAddressIsRemovedAsItWasRead(t *testing.T) {
	each(t, func(w world) {
		u, e := w.user(w.a, "ann")
		other := store.Email{ID: secret.NewID(), UserID: u.ID, Email: "bea@example.org", Key: "bea@example.org", CreatedAt: start}
		do := func(f func(*store.Tx) error) error { return w.st.For(w.a).Do(w.Context(), f) }
		w.must(do(func(tx *store.Tx) error { return tx.AddEmail(w.Context(), &other) }))
		w.must(do(func(tx *store.Tx) error {
			return errors.Join(tx.UnsetPrimary(w.Context(), u.ID), tx.SetPrimary(w.Context(), &other))
		}))
		w.want(do(func(tx *store.Tx) error { return tx.DropEmail(w.Context(), &other) }), store.ErrStale) // it is primary now
		w.want(do(func(tx *store.Tx) error { return tx.DropEmail(w.Context(), &e) }), store.ErrStale)     // and this one is not
		e.Primary = false
		w.must(do(func(tx *store.Tx) error { return tx.DropEmail(w.Context(), &e) }))
	})
}

func TestUsernamesAndAddressesInUseAreSeen(t *testing.T) {
	each(t, func(w world) {
		u, e := w.user(w.a, "ann")
		taken, err := w.st.For(w.a).Taken(w.Context(), store.Names{EmailKey: e.Key, Phone: u.Phone, UsernameKeys: []string{"free", u.Username}})
		w.must(err)
		if !taken.Email || !taken.Phone || !taken.Usernames[u.Username] || taken.Usernames["free"] {
			w.Errorf("got %+v", taken)
		}
		taken, err = w.st.For(w.a).Taken(w.Context(), store.Names{})
		w.must(err)
		if taken.Email || taken.Phone || len(taken.Usernames) > 0 {
			w.Errorf("nothing was asked for, and found: %+v", taken)
		}
		held := store.Email{ID: secret.NewID(), UserID: u.ID, Email: "held" + e.Email, Key: "held" + e.Key, Exclusive: true, CreatedAt: start}
		w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.AddEmail(w.Context(), &held) }))
		for _, proved := range []bool{false, true} { // the other address
			taken, err = w.st.For(w.a).Taken(w.Context(), store.Names{EmailKey: held.Key})
			w.must(err)
			if taken.Email == proved || taken.Held != proved {
				w.Errorf("where the other address is proved (%t): %+v", proved, taken)
			}
			w.must(w.st.For(w.a).One(func(tx *store.Tx) error {
				return tx.YieldHeld(w.Context(), &store.Email{ID: secret.NewID(), Key: held.Key})
			}))
			own, err := w.st.For(w.a).EmailsOf(w.Context(), u.ID)
			w.must(err)
			if own[1].Exclusive == proved {
				w.Errorf("where the other address is proved (%t), this one is %+v", proved, own[1])
			}
			if !proved {
				w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.VerifyEmail(w.Context(), e.ID, true) }))
			}
		}
		again := store.User{ID: secret.NewID(), Username: u.Username, Active: true, CreatedAt: start}
		w.want(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.AddUser(w.Context(), &again, u.Username) }), store.ErrTaken)
	})
}

func TestTransactionKeepsAllOrNothing(t *testing.T) {
	each(t, func(w world) {
		u := store.User{ID: secret.NewID(), Active: true, CreatedAt: start}
		boom := errors.New("boom")
		err := w.st.For(w.a).Do(w.Context(), func(tx *store.Tx) error {
			w.must(tx.AddUser(w.Context(), &u, ""))
			return boom
		})
		w.want(err, boom)
		_, err = w.st.For(w.a).AccountByID(w.Context(), u.ID)
		w.want(err, store.ErrNotFound)
	})
}

func TestMessageIsLeasedByOneAndFinishedOnce(t *testing.T) {
	each(t, func(w world) {
		m := store.Message{ID: secret.NewID(), Kind: "k", Channel: store.Mail, Body: []byte("sealed"), CreatedAt: start, DueAt: start}
		w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.AddMessage(w.Context(), &m) }))
		lease := func(now time.Time) []store.Message {
			w.Helper()
			got, err := w.st.LeaseMessages(w.Context(), now, now.Add(time.Minute), 10)
			w.must(err)
			return got
		}
		if got := lease(start.Add(-time.Second)); len(got) != 0 {
			w.Fatalf("leased before it was due: %+v", got)
		}
		got := lease(start)
		if len(got) != 1 || got[0].TenantID != w.a.ID || got[0].Attempts != 1 || string(got[0].Body) != "sealed" {
			w.Fatalf("got %+v", got)
		}
		if again := lease(start.Add(30 * time.Second)); len(again) != 0 {
			w.Fatalf("leased twice: %+v", again)
		}
		late := lease(start.Add(time.Minute)) // the first holder crashed
		if len(late) != 1 || late[0].Attempts != 2 {
			w.Fatalf("got %+v", late)
		}
		w.want(w.st.FinishMessage(w.Context(), got[0], start), store.ErrStale) // it lost its lease
		w.must(w.st.RetryMessage(w.Context(), late[0], start.Add(2*time.Minute), "busy"))
		third := lease(start.Add(2 * time.Minute))
		if len(third) != 1 {
			w.Fatalf("not due again: %+v", third)
		}
		w.must(w.st.FinishMessage(w.Context(), third[0], start))
		w.want(w.st.FailMessage(w.Context(), third[0], start, "late", false), store.ErrStale)
		if left := lease(start.Add(time.Hour)); len(left) != 0 {
			w.Fatalf("sent, and leased again: %+v", left)
		}
		n, err := w.st.SweepMessages(w.Context(), start.Add(time.Second), 10)
		w.must(err)
		if n != 1 {
			w.Errorf("swept %d", n)
		}
	})
}

func TestWasteIsSentToNobodyAndSweptNext(t *testing.T) {
	each(t, func(w world) {
		w.must(w.st.For(w.a).One(func(tx *store.Tx) error { return tx.Waste(w.Context(), secret.NewID(), start) }))
		got, err := w.st.LeaseMessages(w.Context(), start.Add(time.Hour), start.Add(2*time.Hour), 10)
		w.must(err)
		if len(got) != 0 {
			w.Errorf("leased %+v", got)
		}
		n, err := w.st.SweepMessages(w.Context(), start.Add(-30*24*time.Hour), 10)
		w.must(err)
		if n != 1 {
			w.Errorf("swept %d", n)
		}
	})
}

func TestEightWorkersShareTheQueue(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		st := testkit.Open(t, engine, nil)
		a := testkit.AddTenant(t, st, "acme", "")
		const all = 200
		for range all {
			m := store.Message{ID: secret.NewID(), Kind: "k", Channel: store.Mail, Body: []byte("x"), CreatedAt: start, DueAt: start}
			if err := st.For(a).One(func(tx *store.Tx) error { return tx.AddMessage(t.Context(), &m) }); err != nil {
				t.Fatal(err)
			}
		}
		seen := make(chan string, 10*all)
		var g errgroup.Group
		for range 8 {
			g.Go(func() error {
				for {
					got, err := st.LeaseMessages(t.Context(), start, start.Add(time.Minute), 7)
					if err != nil || len(got) == 0 {
						return err
					}
					for _, m := range got {
						seen <- m.ID
					}
				}
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		close(seen)
		distinct := map[string]bool{}
		for id := range seen {
			if distinct[id] {
				t.Errorf("message %s was leased twice", id)
			}
			distinct[id] = true
		}
		if len(distinct) != all {
			t.Errorf("%d of %d messages were leased", len(distinct), all)
		}
	})
}

func TestSweepRemovesWhatExpired(t *testing.T) {
	each(t, func(w world) {
		old, young := w.session(w.a, ""), w.session(w.a, "")
		w.must(w.st.For(w.a).One(func(tx *store.Tx) error {
			return tx.TouchSession(w.Context(), &store.Session{ID: young.ID, SeenAt: start, ExpiresAt: start.Add(48 * time.Hour)}, start, false)
		}))
		n, err := w.st.SweepSessions(w.Context(), start.Add(24*time.Hour), 10)
		w.must(err)
		if n < 1 {
			w.Errorf("swept %d", n)
		}
		_, _, err = w.st.For(w.a).SessionByToken(w.Context(), store.App, old.Token)
		w.want(err, store.ErrNotFound)
		_, _, err = w.st.For(w.a).SessionByToken(w.Context(), store.App, young.Token)
		w.must(err)
	})
}

func TestDeadSessionsAreToldAndDropped(t *testing.T) {
	each(t, func(w world) {
		u, _ := w.user(w.a, "ann")
		scope := w.st.For(w.a)
		look := func(alive int, wantDead bool) {
			w.Helper()
			all, dead, err := scope.SessionsOf(w.Context(), u.ID, start)
			w.must(err)
			if len(all) != alive || dead != wantDead {
				w.Errorf("%d are alive, and there are dead ones: %t", len(all), dead)
			}
		}
		look(0, false)
		w.session(w.a, u.ID)
		look(1, false)
		for _, active := range []bool{false, true} {
			w.must(scope.One(func(tx *store.Tx) error { return tx.SetActive(w.Context(), u.ID, active) }))
		}
		w.session(w.a, u.ID)
		look(1, true)
		w.must(scope.One(func(tx *store.Tx) error { return tx.DropDeadSessionsOf(w.Context(), u.ID, secret.NewID()) }))
		look(1, false)
	})
}

// TestTouchNotesTheFirstOfTwoUses has two requests find a session last seen at the same time.
func TestTouchNotesTheFirstOfTwoUses(t *testing.T) {
	each(t, func(w world) {
		u, _ := w.user(w.a, "ann")
		x := w.session(w.a, u.ID)
		use := func(at time.Time, ip string, from bool) {
			w.must(w.st.For(w.a).One(func(tx *store.Tx) error {
				return tx.TouchSession(w.Context(), &store.Session{ID: x.ID, SeenAt: at, ExpiresAt: at.Add(time.Hour), IP: ip, UserAgent: "of " + ip}, start, from)
			}))
		}
		for i, step := range []struct {
			at   time.Time
			ip   string
			from bool
			want string
		}{
			{start, "192.0.2.2", false, "192.0.2.1 test"},
			{start.Add(time.Minute), "192.0.2.3", true, "192.0.2.3 of 192.0.2.3"},
			{start.Add(2 * time.Minute), "192.0.2.4", true, "192.0.2.3 of 192.0.2.3"},
		} {
			use(step.at, step.ip, step.from)
			all, _, err := w.st.For(w.a).SessionsOf(w.Context(), u.ID, start)
			w.must(err)
			if len(all) != 1 || all[0].IP+" "+all[0].UserAgent != step.want {
				w.Errorf("after use %d: %+v", i, all)
			}
		}
		got, _, err := w.st.For(w.a).SessionByToken(w.Context(), store.App, x.Token)
		w.must(err)
		if !got.SeenAt.Equal(start.Add(time.Minute)) || !got.ExpiresAt.Equal(start.Add(time.Minute+time.Hour)) {
			w.Errorf("seen %s, until %s", got.SeenAt, got.ExpiresAt)
		}
	})
}

func TestTenantsAreKeptApart(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		st := testkit.Open(t, engine, nil)
		w := world{T: t, st: st}
		rec := &store.TenantRecord{ID: secret.NewID(), Slug: "acme", Name: "Acme", State: tenants.Active, Hosts: []string{"a.example", "b.example"},
			Document: []byte(`{"email":{"smtp_url":"smtp://ann:hidden-password@mail.example:587"}}`), CreatedAt: start}
		w.must(st.AddTenant(t.Context(), rec))
		got, err := st.TenantByHost(t.Context(), "b.example")
		w.must(err)
		if got.ID != rec.ID || got.Settings.Email.SMTPURL.Reveal() != "smtp://ann:hidden-password@mail.example:587" {
			t.Errorf("got %+v", got)
		}
		same := *rec
		same.ID = secret.NewID()
		var taken *store.TakenError
		if err := st.AddTenant(t.Context(), &same); !errors.As(err, &taken) || taken.What != "slug" {
			t.Errorf("got %v", err)
		}
		same.Slug = "other"
		if err := st.AddTenant(t.Context(), &same); !errors.As(err, &taken) || taken.What != "host" || taken.Value != "a.example" {
			t.Errorf("got %v", err)
		}
		if _, err := st.TenantRecordBySlug(t.Context(), "other"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a tenant whose host was taken is there: %v", err)
		}
		ids, latest, err := st.TenantChanges(t.Context(), 0)
		w.must(err)
		if len(ids) != 1 || ids[0] != rec.ID {
			t.Errorf("got changes %v", ids)
		}
		stale := *rec
		rec.Name, rec.Hosts = "Acme Inc", []string{"b.example", "c.example"}
		w.must(st.SaveTenant(t.Context(), rec))
		w.want(st.SaveTenant(t.Context(), &stale), store.ErrStale)
		if _, err := st.TenantByHost(t.Context(), "a.example"); !errors.Is(err, tenants.ErrUnknown) {
			t.Errorf("a host that was taken away still leads here: %v", err)
		}
		ids, _, err = st.TenantChanges(t.Context(), latest)
		w.must(err)
		if len(ids) != 1 {
			t.Errorf("got changes %v", ids)
		}
		// Deleted: the names are free, the id is not.
		rec.State, rec.DeletedAt = tenants.Deleted, start
		w.must(st.SaveTenant(t.Context(), rec))
		again := *rec
		again.ID, again.State, again.DeletedAt = secret.NewID(), tenants.Active, time.Time{}
		w.must(st.AddTenant(t.Context(), &again))
		fresh, err := st.TenantBySlug(t.Context(), "acme")
		w.must(err)
		if fresh.ID == rec.ID || fresh.Keys.Verify(got.Keys.Sign(secret.ForCSRF, "x"), secret.ForCSRF, "x") {
			t.Error("a tenant made anew has the old one's id or keys")
		}
	})
}

// A database that was restored from a backup has earlier numbers than a directory has seen.
func TestNumbersSetBackAreSeenAtTheNextLook(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.URL(t, engine)
		st, raw := testkit.OpenURL(t, url, nil), testkit.Raw(t, url)
		acme := testkit.AddTenant(t, st, "acme", "")
		rec, err := st.TenantRecordBySlug(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		rec.Name = "Renamed"
		if err := st.SaveTenant(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
		// The clock stands still, so that nothing but a look makes the directory read anew.
		d, err := tenants.NewDirectory(st, tenants.Options{Clock: clock.At(start)})
		if err != nil {
			t.Fatal(err)
		}
		name := func() string {
			t.Helper()
			if err := d.Look(t.Context()); err != nil {
				t.Fatal(err)
			}
			found, err := d.Resolve(t.Context(), "acme.example", "")
			if err != nil {
				t.Fatal(err)
			}
			return found.Name
		}
		if got := name(); got != "Renamed" {
			t.Fatalf("the tenant is called %q", got)
		}
		for _, restore := range []string{
			fmt.Sprintf(`UPDATE tenants SET name = 'Restored', version = %d WHERE slug = 'acme'`, acme.Version),
			fmt.Sprintf(`UPDATE tenant_changes SET latest = %d WHERE id = 1`, acme.Version),
		} {
			if _, err := raw.ExecContext(t.Context(), restore); err != nil {
				t.Fatal(err)
			}
		}
		if got := name(); got != "Restored" {
			t.Errorf("the tenant is still called %q", got)
		}
		if _, latest, err := st.TenantChanges(t.Context(), rec.Version); err != nil || latest != acme.Version {
			t.Errorf("the latest change is %d, %v", latest, err)
		}
	})
}

func TestMigrationsOfManyProcesses(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.EmptyURL(t, engine)
		var g errgroup.Group
		applied := make(chan int, 4)
		for range 4 {
			st := testkit.OpenURL(t, url, nil)
			g.Go(func() error {
				done, err := st.Migrate(t.Context())
				applied <- len(done)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		close(applied)
		working := 0
		for n := range applied {
			if n > 0 {
				working++
			}
		}
		if working != 1 {
			t.Errorf("%d of 4 processes applied migrations", working)
		}
		st := testkit.OpenURL(t, url, nil)
		if ok, err := st.Current(t.Context()); err != nil || !ok {
			t.Errorf("current: %v, %v", ok, err)
		}
		all, err := st.Migrations(t.Context())
		if err != nil || len(all) < 4 || all[0].AppliedAt.IsZero() {
			t.Errorf("got %v, %v", all, err)
		}
	})
}

// underKeys is a store with secret keys of the test's choice.
func underKeys(t *testing.T, url string, raw ...[]byte) *store.Store {
	t.Helper()
	keys, err := secret.NewKeys(raw...)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(store.Options{URL: url, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() }) // the test is over, whatever closing says
	return st
}

func TestDataKeysMoveToTheFirstSecretKey(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.URL(t, engine)
		old, fresh := secret.Bytes(secret.KeySize), secret.Bytes(secret.KeySize)
		open := func(keys ...[]byte) *store.Store { return underKeys(t, url, keys...) }
		before := testkit.AddTenant(t, open(old), "acme", "")
		if _, err := open(fresh).TenantBySlug(t.Context(), "acme"); !errors.Is(err, secret.ErrUnreadable) {
			t.Errorf("a strange key opens the tenant: %v", err)
		}
		for name, c := range map[string]struct {
			keys *store.Store
			want error
		}{"its key": {open(old), nil}, "two keys": {open(fresh, old), nil}, "a strange key": {open(fresh), secret.ErrUnreadable}} {
			if err := c.keys.CheckKeys(t.Context()); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, want := range []int{1, 0} {
			if n, err := open(fresh, old).SealTenantKeys(t.Context()); err != nil || n != want {
				t.Errorf("sealed %d, %v; want %d", n, err, want)
			}
		}
		after, err := open(fresh).TenantBySlug(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		if !after.Keys.Verify(before.Keys.Sign(secret.ForCSRF, "x"), secret.ForCSRF, "x") {
			t.Error("the data key itself changed")
		}
	})
}

// A panic gives the connection back, and what was written is not kept.
func TestPanicInATransactionRollsBack(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		st, err := store.Open(store.Options{URL: testkit.URL(t, engine), Keys: testkit.Keys(t), MaxConns: 1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = st.Close() }) // the test is over, whatever closing says
		a := testkit.AddTenant(t, st, "acme", "")
		w := world{t, st, a, a}
		u := store.User{ID: secret.NewID(), Active: true, Epoch: 1, CreatedAt: start}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = st.For(a).Do(t.Context(), func(tx *store.Tx) error {
				w.must(tx.AddUser(t.Context(), &u, ""))
				panic("a mistake in a step")
			})
		}()
		_, err = st.For(a).AccountByID(t.Context(), u.ID) // which needs the only connection
		w.want(err, store.ErrNotFound)
	})
}

// A caller waits for a connection no longer than its context lets it: there are no more turns than connections.
func TestWaitingForAConnectionEndsWithTheContext(t *testing.T) {
	st, err := store.Open(store.Options{URL: testkit.URL(t, "postgres"), Keys: testkit.Keys(t), MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() }) // the test is over, whatever closing says
	a := testkit.AddTenant(t, st, "acme", "")
	err = st.For(a).Do(t.Context(), func(*store.Tx) error { // holds the only connection
		impatient, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := st.For(a).EmailsOf(impatient, secret.NewID())
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A tenant whose key is lost stands in nobody's way.
func TestALostKeyIsNoOtherTenantsMatter(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.URL(t, engine)
		open := func(keys ...[]byte) *store.Store { return underKeys(t, url, keys...) }
		old, fresh, lost := secret.Bytes(secret.KeySize), secret.Bytes(secret.KeySize), secret.Bytes(secret.KeySize)
		if err := open(old).CheckKeys(t.Context()); err != nil {
			t.Errorf("without a tenant: %v", err)
		}
		gone := testkit.AddTenant(t, open(lost), "gone", "")
		testkit.AddTenant(t, open(old), "acme", "")
		if err := open(old).CheckKeys(t.Context()); err != nil {
			t.Errorf("one of two keys is lost: %v", err)
		}
		if n, err := open(fresh, old).SealTenantKeys(t.Context()); n != 1 || !errors.Is(err, secret.ErrUnreadable) || !strings.Contains(err.Error(), gone.ID) {
			t.Errorf("sealed %d, %v", n, err)
		}
		st := open(fresh)
		rec, err := st.TenantRecordBySlug(t.Context(), "gone")
		if err != nil {
			t.Fatal(err)
		}
		rec.State, rec.DeletedAt = tenants.Deleted, start
		if err := st.SaveTenant(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
		if n, err := st.SealTenantKeys(t.Context()); n != 0 || err != nil {
			t.Errorf("sealed %d, %v, with the lost one deleted", n, err)
		}
	})
}

func TestTenantsAreNamedByTheirIDs(t *testing.T) {
	onBoth(t, func(w world) {
		ids := []string{w.a.ID, secret.NewID()}
		for range 250 {
			ids = append(ids, secret.NewID())
		}
		ids = append(ids, w.b.ID)
		got, err := w.st.TenantSlugs(w.Context(), ids)
		w.must(err)
		if want := map[string]string{w.a.ID: "acme", w.b.ID: "zenith"}; !maps.Equal(got, want) {
			t.Errorf("they are %v", got)
		}
		w.become(w.b, tenants.Deleted)
		if got, err = w.st.TenantSlugs(w.Context(), ids[1:]); err != nil || len(got) != 0 {
			t.Errorf("of those that are gone: %v, %v", got, err)
		}
		if got, err = w.st.TenantSlugs(w.Context(), nil); err != nil || len(got) != 0 {
			t.Errorf("of none: %v, %v", got, err)
		}
	})
}
