package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// Chain is where a tenant's events are chained to each other: from the first that is still kept to the last that has a number.
type Chain struct {
	First  int64     // the number of the first event that is kept
	Before []byte    // the MAC of the one before that
	Last   int64     // the number of the latest event; one less than First where none is kept
	MAC    []byte    // of the latest event
	Seal   []byte    // the MAC of all of that
	DueAt  time.Time // when it is to be looked whether events have been kept long enough
}

// Link is an event's place in its chain.
type Link struct {
	ID     string
	Number int64
	Digest []byte // the MACs of what may have to be erased
	MAC    []byte // of the event and the MAC before it
}

// ChainedEvent is an event as it stands in its chain.
type ChainedEvent struct {
	Event
	Digest []byte
	MAC    []byte
	Erased bool // what was personal in it is blank, and the user whom it is about is gone
}

// TenantWithNewEvents is the first tenant after the given one that has events without a number, or ErrNotFound.
func (s *Store) TenantWithNewEvents(ctx context.Context, after string) (id string, err error) {
	err = s.reader().row(ctx, "find new events", `
		SELECT tenant_id FROM audit_events WHERE number IS NULL AND tenant_id > $1 ORDER BY tenant_id LIMIT 1`, []any{after}, []any{&id})
	return id, err
}

// TenantsWithDueChains are up to n tenants of whose events some may have been kept long enough.
func (s *Store) TenantsWithDueChains(ctx context.Context, now time.Time, n int) (ids []string, err error) {
	err = s.reader().each(ctx, "find due chains", `
		SELECT tenant_id FROM audit_chains WHERE due_at < $1 ORDER BY due_at LIMIT $2`, []any{now, n}, func(rows *sqlx.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

const chainColumns = `first_number, before, last_number, last, seal, due_at`

func (c *Chain) into() []any {
	return []any{&c.First, &c.Before, &c.Last, &c.MAC, &c.Seal, when(&c.DueAt)}
}

// Chain is the tenant's chain, or ErrNotFound where no event was ever chained.
func (s Scope) Chain(ctx context.Context) (*Chain, error) {
	c := &Chain{}
	err := s.store.reader().row(ctx, "read chain", `SELECT `+chainColumns+` FROM audit_chains WHERE tenant_id = $1`, []any{s.tenant}, c.into())
	return c, err
}

// LockChain is the tenant's chain, which nobody else can change until the transaction ends. It is ErrNotFound where there is none, or
// where somebody else has it.
func (t *Tx) LockChain(ctx context.Context) (*Chain, error) {
	c := &Chain{}
	err := t.row(ctx, "lock chain", `SELECT `+chainColumns+` FROM audit_chains WHERE tenant_id = $1 `+t.store.dialect.skipLocked, []any{t.tenant}, c.into())
	return c, err
}

// AddChain begins the tenant's chain, which is then locked. Where there is one already it is ErrStale.
func (t *Tx) AddChain(ctx context.Context, c *Chain) error {
	res, err := t.exec(ctx, "add chain", `
		INSERT INTO audit_chains (tenant_id, first_number, before, last_number, last, seal, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (tenant_id) DO NOTHING`, t.tenant, c.First, c.Before, c.Last, c.MAC, c.Seal, c.DueAt)
	return changedOne(res, err, ErrStale)
}

// SaveChain writes a chain that is locked.
func (t *Tx) SaveChain(ctx context.Context, c *Chain) error {
	res, err := t.exec(ctx, "save chain", `
		UPDATE audit_chains SET first_number = $2, before = $3, last_number = $4, last = $5, seal = $6, due_at = $7 WHERE tenant_id = $1`,
		t.tenant, c.First, c.Before, c.Last, c.MAC, c.Seal, c.DueAt)
	return changedOne(res, err, ErrStale)
}

// PutOffChain has the tenant's chain be looked at again no sooner than at a time.
func (t *Tx) PutOffChain(ctx context.Context, until time.Time) error {
	_, err := t.exec(ctx, "put off chain", `UPDATE audit_chains SET due_at = $2 WHERE tenant_id = $1`, t.tenant, until)
	return err
}

// NewEvents are up to n events of the tenant that have no number, in the order in which they were made. They are the caller's until the
// transaction ends: whoever forgets a user waits for what is told of it, and what is being forgotten is told later, without it.
func (t *Tx) NewEvents(ctx context.Context, n int) ([]Event, error) {
	var all []Event
	err := t.each(ctx, "read new events", `
		SELECT `+eventColumns+` FROM audit_events WHERE tenant_id = $1 AND number IS NULL ORDER BY id LIMIT $2 `+t.store.dialect.skipLocked,
		[]any{t.tenant, n}, func(rows *sqlx.Rows) error {
			e, err := scanEvent(rows)
			all = append(all, e)
			return err
		})
	return all, err
}

// LinksAtOnce is how many events NumberEvents numbers at the most.
const LinksAtOnce = 256

// linkSizes are for how many events there are statements. A list that fits none is filled up with its last one.
var linkSizes = []int{1, 4, 16, 64, LinksAtOnce}

// NumberEvents gives events their places in the chain. One that has a place already is ErrStale.
func (t *Tx) NumberEvents(ctx context.Context, links []Link) error {
	size := 0
	for _, size = range linkSizes {
		if size >= len(links) {
			break
		}
	}
	if len(links) == 0 || size < len(links) {
		return fmt.Errorf("number events: %d at once", len(links))
	}
	args := []any{t.tenant}
	for i := range size {
		l := links[min(i, len(links)-1)]
		args = append(args, l.ID, l.Number, l.Digest, l.MAC)
	}
	res, err := t.exec(ctx, "number events", numberEvents(t.store.dialect, size), args...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != int64(len(links)) {
		return fmt.Errorf("number events: %d of %d: %w", n, len(links), ErrStale)
	}
	return nil
}

// numberEvents is the statement that numbers so many events. Each row of the list names the tenant, so that SQLite goes through the list
// and looks each event up, and not the other way round.
func numberEvents(d dialect, n int) string {
	rows := make([]string, n)
	for i := range rows {
		words := make([]string, len(d.linkTypes))
		for j, as := range d.linkTypes {
			words[j] = "$" + strconv.Itoa(2+i*len(words)+j) + as
		}
		rows[i] = "($1" + d.linkTypes[0] + ", " + strings.Join(words, ", ") + ")"
	}
	return `
		UPDATE audit_events SET number = l.column3, digest = l.column4, mac = l.column5
		  FROM (VALUES ` + strings.Join(rows, ", ") + `) AS l
		 WHERE audit_events.tenant_id = l.column1 AND audit_events.id = l.column2 AND audit_events.number IS NULL`
}

// ChainedEvents are up to n events of the tenant from a number on, by number.
func (s Scope) ChainedEvents(ctx context.Context, from int64, n int) ([]ChainedEvent, error) {
	return s.store.reader().chainedEvents(ctx, s.tenant, from, n)
}

// ChainedEvents is that of Scope, within the transaction.
func (t *Tx) ChainedEvents(ctx context.Context, from int64, n int) ([]ChainedEvent, error) {
	return t.chainedEvents(ctx, t.tenant, from, n)
}

func (r runner) chainedEvents(ctx context.Context, tenantID string, from int64, n int) ([]ChainedEvent, error) {
	var all []ChainedEvent
	err := r.each(ctx, "read chained events", `
		SELECT `+eventColumns+`, digest, mac,
		       ip = '' AND user_agent = '' AND details = '{}' AND user_id IS NOT NULL AND NOT EXISTS (
		       SELECT 1 FROM users u WHERE u.tenant_id = $1 AND u.id = audit_events.user_id)
		  FROM audit_events
		 WHERE tenant_id = $1 AND number >= $2
		 ORDER BY number
		 LIMIT $3`, []any{tenantID, from, n}, func(rows *sqlx.Rows) error {
		var c ChainedEvent
		var err error
		c.Event, err = scanEvent(rows, &c.Digest, &c.MAC, &c.Erased)
		all = append(all, c)
		return err
	})
	return all, err
}

// LastNumber is the highest number of any event of the tenant, whatever its chain says; 0 where there is none.
func (s Scope) LastNumber(ctx context.Context) (int64, error) {
	return s.store.reader().lastNumber(ctx, s.tenant)
}

// LastNumber is that of Scope, within the transaction.
func (t *Tx) LastNumber(ctx context.Context) (int64, error) { return t.lastNumber(ctx, t.tenant) }

func (r runner) lastNumber(ctx context.Context, tenantID string) (int64, error) {
	var n sql.NullInt64
	err := r.row(ctx, "read last number", `SELECT MAX(number) FROM audit_events WHERE tenant_id = $1`, []any{tenantID}, []any{&n})
	return n.Int64, err
}

// DropEvents removes the tenant's events from before a time with a number below the given one, where its chain must begin by now.
func (t *Tx) DropEvents(ctx context.Context, below int64, before time.Time) (int64, error) {
	res, err := t.exec(ctx, "drop events", `DELETE FROM audit_events WHERE tenant_id = $1 AND number < $2 AND at < $3`, t.tenant, below, before)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
