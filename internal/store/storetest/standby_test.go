package storetest

import (
	"errors"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// After a failover a database's address may for a while be that of one that can only be read. That is not this program's fault, and clients
// are to come back.
func TestADatabaseThatTakesNoWritesIsAway(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		if engine == "sqlite" {
			t.Skip("SQLite has no standby")
		}
		st := testkit.OpenURL(t, testkit.URL(t, engine)+"&default_transaction_read_only=on", nil)
		if _, err := st.CountTenants(t.Context()); err != nil {
			t.Errorf("it cannot be read: %v", err)
		}
		if _, err := st.SweepSessions(t.Context(), start, 1); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("a write ends with %v", err)
		}
	})
}
