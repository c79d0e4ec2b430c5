package tenants

import (
	"fmt"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// NewUserKey is a new key of one user's own, sealed, as the user's row keeps it. What is secret of the user is sealed under it, so that
// it is lost with the row, wherever else there are copies.
func (t *Tenant) NewUserKey(userID string) []byte {
	return t.Keys.Seal(secret.ForUserKey, t.userContext(userID), secret.Bytes(secret.KeySize))
}

// UserKeys are the keys that a user's row keeps, opened.
func (t *Tenant) UserKeys(userID string, sealed []byte) (*secret.Keys, error) {
	raw, err := t.Keys.Open(secret.ForUserKey, t.userContext(userID), sealed)
	if err != nil {
		return nil, fmt.Errorf("open the key of user %s: %w", userID, err)
	}
	keys, err := secret.NewKeys(raw)
	if err != nil {
		return nil, fmt.Errorf("key of user %s: %w", userID, err)
	}
	return keys, nil
}

func (t *Tenant) userContext(userID string) string { return t.ID + "/" + userID }
