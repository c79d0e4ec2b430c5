package storetest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/lib/pq"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// previous are the statements of the version before this one; see package meta on how they are written down.
func previous(t *testing.T, engine string) (version string, texts []string) {
	t.Helper()
	f, err := os.Open("../testdata/previous.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line struct{ Version, Engine, Text string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.Version != "" {
			version = line.Version
		}
		if line.Engine == engine {
			texts = append(texts, line.Text)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return version, texts
}

// Replicas of two versions share a database during an upgrade, and the schema is the newer one's by then.
func TestPreviousVersionWorksOnThisSchema(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		version, texts := previous(t, engine)
		if len(texts) < 100 {
			t.Fatalf("only %d statements of %s are written down", len(texts), version)
		}
		db := testkit.Raw(t, testkit.URL(t, engine))
		for _, text := range texts {
			if err := testkit.Compile(t.Context(), db, engine, text); err != nil {
				t.Errorf("%s makes this statement, and this schema does not have what it needs: %v\n\t%s", version, err, text)
			}
		}
	})
}

// What the test above leans on: a column that is gone is seen.
func TestCompilingSeesWhatIsGone(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		db := testkit.Raw(t, testkit.URL(t, engine))
		for _, text := range []string{
			"SELECT nickname FROM users WHERE tenant_id = $1", "INSERT INTO users (tenant_id, nickname) VALUES ($1, $2)",
			"UPDATE users SET nickname = $2 WHERE tenant_id = $1", "DELETE FROM nicknames WHERE tenant_id = $1",
		} {
			if err := testkit.Compile(t.Context(), db, engine, text); err == nil {
				t.Errorf("%s on %s is nothing to complain about", text, engine)
			}
		}
	})
}

// A migration changes tables under servers that have statements prepared on them. PostgreSQL refuses a prepared statement whose result
// would have another shape from then on, which SELECT * has, and a list of columns has not.
func TestPreparedStatementsOutliveAnExpandingMigration(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		url := testkit.URL(t, engine)
		st := testkit.OpenURL(t, url, nil)
		tenant := testkit.AddTenant(t, st, "acme", "")
		db := testkit.Raw(t, url)
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		careless, err := conn.PrepareContext(t.Context(), "SELECT * FROM users")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = careless.Close() }()
		run := func() error {
			rows, err := careless.QueryContext(t.Context())
			if err != nil {
				return err
			}
			defer func() { _ = rows.Close() }()
			for rows.Next() { // until it is over, so that the connection is free
			}
			return rows.Err()
		}
		if err := run(); err != nil {
			t.Fatal(err)
		}

		// Signups and reads go on, on every connection of the pool, before, while and after the tables change.
		ctx, stop := context.WithCancel(t.Context())
		var workers sync.WaitGroup
		rounds := make(chan struct{})
		for range 4 {
			workers.Go(func() {
				for ctx.Err() == nil {
					if err := signup(t.Context(), st.For(tenant)); err != nil {
						t.Errorf("while the schema changes: %v", err)
						stop()
						return
					}
					select {
					case rounds <- struct{}{}:
					case <-ctx.Done():
					}
				}
			})
		}
		pass := func(n int) {
			for range n {
				select {
				case <-rounds:
				case <-ctx.Done():
					return
				}
			}
		}
		pass(40)
		for _, change := range []string{
			"ALTER TABLE users ADD COLUMN nickname TEXT", "ALTER TABLE users ADD COLUMN mood TEXT NOT NULL DEFAULT ''",
			"CREATE INDEX users_mood ON users (tenant_id, mood)", "ALTER TABLE emails ADD COLUMN since TIMESTAMPTZ",
			"ALTER TABLE tenants ADD COLUMN motto TEXT NOT NULL DEFAULT ''", "CREATE TABLE moods (tenant_id UUID NOT NULL PRIMARY KEY)",
		} {
			if _, err := db.ExecContext(t.Context(), change); err != nil {
				t.Errorf("%s: %v", change, err)
			}
			pass(20)
		}
		stop()
		workers.Wait()

		var refused *pq.Error
		if err := run(); engine == "postgres" && (!errors.As(err, &refused) || refused.Code != "0A000") {
			t.Errorf("a statement that lists no columns gave %v: this test would not see one", err)
		}
	})
}

// signup makes an account with names of its own, and reads it.
func signup(ctx context.Context, scope store.Scope) error {
	name := "user-" + secret.NewID()
	u := store.User{ID: secret.NewID(), Username: name, Email: name + "@example.org", Password: "hash", Active: true, Epoch: 1, CreatedAt: start}
	e := store.Email{ID: secret.NewID(), UserID: u.ID, Email: u.Email, Key: u.Email, Primary: true, Exclusive: true, CreatedAt: start}
	err := scope.Do(ctx, func(tx *store.Tx) error { return errors.Join(tx.AddUser(ctx, &u, name), tx.AddEmail(ctx, &e)) })
	if err != nil {
		return err
	}
	_, err = scope.AccountByID(ctx, u.ID)
	return err
}
