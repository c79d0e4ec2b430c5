package flows_test

import (
	"errors"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// secrets are what is kept of somebody's authenticators, sealed.
func (d *device) secrets() []store.Authenticator {
	d.Helper()
	all, err := d.store.For(d.tenant).AuthenticatorsOf(d.Context(), d.user())
	d.must(err)
	return all
}

// opens reports whether keys open an authenticator.
func opens(keys *secret.Keys, x store.Authenticator) bool {
	_, err := keys.Open(secret.ForFactor, x.UserID+"/"+x.ID, x.Data)
	return err == nil
}

// TestFactorsAreSealedUnderTheUsersOwnKey: whoever loses the user's row has lost what is secret of the user, whatever else they keep.
func TestFactorsAreSealedUnderTheUsersOwnKey(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newFactorHouse(t, engine, optional+`, `+unlimited, keys)
		d, to := signedUp(h, 1)
		x := d.addApp()
		d.addKey(newKey(), false)
		other, _ := signedUp(h, 2)
		other.addApp()
		all := d.secrets()
		if len(all) != 3 {
			t.Fatalf("there are %d authenticators", len(all))
		}
		own, err := h.tenant.UserKeys(d.user(), all[0].UserKey)
		h.must(err)
		others, err := h.tenant.UserKeys(other.user(), other.secrets()[0].UserKey)
		h.must(err)
		for _, x := range all {
			if !opens(own, x) || opens(others, x) || opens(h.tenant.Keys, x) {
				t.Errorf("%s: opens with the user's key %t, another's %t, the tenant's %t", x.Type, opens(own, x), opens(others, x), opens(h.tenant.Keys, x))
			}
		}
		if _, err := h.tenant.UserKeys(other.user(), all[0].UserKey); !errors.Is(err, secret.ErrUnreadable) {
			t.Errorf("one user's key is another's: %v", err)
		}
		elsewhere := testkit.AddTenant(t, h.store, "other", "")
		if _, err := elsewhere.UserKeys(d.user(), all[0].UserKey); !errors.Is(err, secret.ErrUnreadable) {
			t.Errorf("one tenant opens the key of another's user: %v", err)
		}

		// A row that was put together of two users' is no way in.
		h.exec(`UPDATE users SET data_key = $1 WHERE id = $2`, other.secrets()[0].UserKey, d.user())
		waiting := h.waiting(to)
		if v, err := waiting.try(h.showCode(x.next())); err == nil || v.Authenticated() {
			t.Error("a code signs in beside another user's key")
		}
	})
}

// TestUsersFromBeforeGetAKey: what is sealed under the tenant's keys goes on working, and is sealed under the user's when it is saved.
func TestUsersFromBeforeGetAKey(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newFactorHouse(t, engine, optional+`, `+unlimited, keys)
		d, to := signedUp(h, 1)
		x := d.addApp()
		k := newKey()
		d.addKey(k, false)
		codes := d.recoveryCodes()
		for _, x := range d.secrets() {
			own, err := h.tenant.UserKeys(x.UserID, x.UserKey)
			h.must(err)
			plain, err := own.Open(secret.ForFactor, x.UserID+"/"+x.ID, x.Data)
			h.must(err)
			h.exec(`UPDATE authenticators SET data = $1 WHERE id = $2`, h.tenant.Keys.Seal(secret.ForFactor, x.UserID+"/"+x.ID, plain), x.ID)
		}
		h.exec(`UPDATE users SET data_key = NULL`)

		before := d.secrets()
		h.waiting(to).do(h.showCode(x.next()))
		moved := map[store.AuthenticatorType]bool{}
		for _, x := range d.secrets() {
			own, err := h.tenant.UserKeys(x.UserID, x.UserKey)
			h.must(err)
			moved[x.Type] = opens(own, x)
			if opens(own, x) == opens(h.tenant.Keys, x) {
				t.Errorf("%s opens with both keys, or neither", x.Type)
			}
		}
		if before[0].UserKey != nil || !moved[store.TOTP] || moved[store.WebAuthn] {
			t.Errorf("before, the key was %x; moved are %v", before[0].UserKey, moved)
		}
		h.waiting(to).do(h.showCode(codes[0]))
		key := h.waiting(to)
		key.do(h.showKey(k.Get(key.askedForFactor())))
		for _, x := range d.secrets() {
			if opens(h.tenant.Keys, x) {
				t.Errorf("%s is not moved by its use", x.Type)
			}
		}
	})
}

// TestKeyOfAUserFromBeforeIsMadeOnce: of two uses at once each finds the key that one of them made.
func TestKeyOfAUserFromBeforeIsMadeOnce(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
	d, _ := signedUp(h, 1)
	h.exec(`UPDATE users SET data_key = NULL`)
	x := d.appOf(d.look().Secret) // which makes the key
	key := h.one(`SELECT HEX(data_key) FROM users`)
	again := d.appOf(d.look().Secret)
	if key == "" || h.one(`SELECT HEX(data_key) FROM users`) != key {
		t.Fatal("the key is made anew")
	}
	_, err := d.try(h.activate(x.code()))
	if x.code() != again.code() {
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
	}
	d.do(h.activate(again.code()))
	h.must(h.store.For(h.tenant).Do(t.Context(), func(tx *store.Tx) error {
		if err := tx.SetDataKey(t.Context(), d.user(), h.tenant.NewUserKey(d.user())); !errors.Is(err, store.ErrStale) {
			t.Errorf("a second key: %v", err)
		}
		return nil
	}))
}
