package storetest

import (
	"errors"
	"net/url"
	"strings"
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

func TestADatabaseThatTakesNoConnectionsIsAway(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		if engine == "sqlite" {
			t.Skip("SQLite takes every connection")
		}
		at, err := url.Parse(testkit.EmptyURL(t, engine))
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(at.Path, "/")
		elsewhere := *at
		elsewhere.Path = "/postgres"
		if _, err := testkit.Raw(t, elsewhere.String()).ExecContext(t.Context(), "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false"); err != nil {
			t.Fatal(err)
		}
		if _, err := testkit.OpenURL(t, at.String(), nil).CountTenants(t.Context()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("a read ends with %v", err)
		}
	})
}
