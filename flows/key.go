package flows

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/vestibule-auth/vestibule/internal/factor"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// This file is where what is secret of a user is sealed: under a key of the user's own, which the user's row keeps and which is lost
// with it. So a user who is erased is erased from every copy of the database, too.

// sealFactor fills in what is kept of an authenticator. It is sealed to its row: nobody who writes to the database can give one user
// another's.
func sealFactor(t *tenants.Tenant, x *store.Authenticator, data any) error {
	plain, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode authenticator: %w", err)
	}
	keys, err := t.UserKeys(x.UserID, x.UserKey)
	if err != nil {
		return err
	}
	x.Data = keys.Seal(secret.ForFactor, factorContext(x), plain)
	return nil
}

// openFactor reads what is kept of an authenticator. One from before users had keys is sealed under the tenant's.
func openFactor(t *tenants.Tenant, x *store.Authenticator, data any) error {
	plain, err := unseal(t, x.UserID, x.UserKey, factorContext(x), x.Data)
	if err != nil {
		return fmt.Errorf("open authenticator: %w", err)
	}
	if err := json.Unmarshal(plain, data); err != nil {
		return fmt.Errorf("read authenticator: %w", err)
	}
	return nil
}

func factorContext(x *store.Authenticator) string { return x.UserID + "/" + x.ID }

// unseal opens what is sealed under a user's key or, where it is from before the user had one, under the tenant's.
func unseal(t *tenants.Tenant, userID string, userKey []byte, sealedTo string, sealed []byte) ([]byte, error) {
	if len(userKey) > 0 {
		keys, err := t.UserKeys(userID, userKey)
		if err != nil {
			return nil, err
		}
		if plain, err := keys.Open(secret.ForFactor, sealedTo, sealed); err == nil {
			return plain, nil
		}
	}
	return t.Keys.Open(secret.ForFactor, sealedTo, sealed)
}

// sealFactor is the function of that name, for an authenticator that is changed. Its user gets a key if there is none yet.
func (v *Visit) sealFactor(x *store.Authenticator, data any) error {
	x.UserKey = v.ownKey(x.UserID, x.UserKey)
	return sealFactor(v.Tenant, x, data)
}

// ownKey is a user's key; a user from before there were any gets one, with what else the step writes.
func (v *Visit) ownKey(userID string, key []byte) []byte {
	if len(key) > 0 {
		return key
	}
	key = v.Tenant.NewUserKey(userID)
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.SetDataKey(ctx, userID, key) })
	return key
}

// newAuthenticator is an authenticator that a user with a key gets.
func newAuthenticator(t *tenants.Tenant, u *store.User, kind store.AuthenticatorType, data any, at time.Time) (*store.Authenticator, error) {
	x := &store.Authenticator{ID: secret.NewID(), UserID: u.ID, Type: kind, CreatedAt: at, UserKey: u.DataKey}
	return x, sealFactor(t, x, data)
}

// NewTOTP is an authenticator app that a user with a key brings along, to be written with the user and its factors.
func NewTOTP(t *tenants.Tenant, u *store.User, seed []byte, at time.Time) (*store.Authenticator, error) {
	return newAuthenticator(t, u, store.TOTP, totpData{Seed: seed}, at)
}

// NewRecoveryCodes are recovery codes that a user with a key brings along: those that are unused, of as many as there were.
func NewRecoveryCodes(t *tenants.Tenant, u *store.User, unused []string, total int, at time.Time) (*store.Authenticator, error) {
	return newAuthenticator(t, u, store.RecoveryCodes, recoveryData{Total: total, Unused: unused, Viewed: true}, at)
}

// NewCredential is a WebAuthn credential that a user with a key brings along.
func NewCredential(t *tenants.Tenant, u *store.User, c factor.Credential, name string, at time.Time) (*store.Authenticator, error) {
	x, err := newAuthenticator(t, u, store.WebAuthn, c, at)
	if err != nil {
		return nil, err
	}
	x.Name, x.CredentialID = name, c.ID
	return x, nil
}
