package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// ImportState is how far an import is.
type ImportState string

// The states of an import. The last two are its end.
const (
	UploadingImport ImportState = "uploading" // its chunks come in
	RunningImport   ImportState = "running"   // they are applied
	FinishedImport  ImportState = "finished"
	CancelledImport ImportState = "cancelled"
)

// Import is a job that brings users in from elsewhere.
type Import struct {
	TenantID   string
	ID         string
	Format     string // ndjson or csv
	OnConflict string // skip or fail
	DryRun     bool   // nothing is kept but the errors
	State      ImportState
	Header     string // of CSV, once its first chunk is applied: a JSON list
	Expected   *int64 // how many rows there are to be, where somebody said so
	Total      int64  // how many there are, once it runs
	Chunks     int64  // likewise

	// How far it is.
	NextChunk int64 // the chunk that is being applied, from 1
	NextRow   int64 // how many rows of it are applied
	FirstLine int64 // the line of the whole file that it begins with
	Created   int64 // rows that became users
	Skipped   int64 // whose user was there already
	Failed    int64

	Attempts   int64 // leases so far, this one included
	CreatedAt  time.Time
	TouchedAt  time.Time // when it last got on
	StartedAt  time.Time // zero before
	FinishedAt time.Time // zero before
}

// Done is how many rows have been dealt with.
func (i *Import) Done() int64 { return i.Created + i.Skipped + i.Failed }

const importColumns = `tenant_id, id, format, on_conflict, dry_run, state, header, expected, total, chunks, next_chunk, next_row, first_line,
		       created, skipped, failed, attempts, created_at, touched_at, started_at, finished_at`

func scanImport(rows *sqlx.Rows) (i Import, err error) {
	var expected sql.NullInt64
	err = rows.Scan(&i.TenantID, &i.ID, &i.Format, &i.OnConflict, &i.DryRun, &i.State, &i.Header, &expected, &i.Total, &i.Chunks, &i.NextChunk,
		&i.NextRow, &i.FirstLine, &i.Created, &i.Skipped, &i.Failed, &i.Attempts, when(&i.CreatedAt), when(&i.TouchedAt), when(&i.StartedAt),
		when(&i.FinishedAt))
	if expected.Valid {
		i.Expected = &expected.Int64
	}
	return i, err
}

// Import is the import with that id, or ErrNotFound.
func (s Scope) Import(ctx context.Context, id string) (Import, error) {
	all, err := s.imports(ctx, `
		SELECT `+importColumns+`
		  FROM imports
		 WHERE tenant_id = $1 AND id = $2`, id)
	if err == nil && len(all) == 0 {
		return Import{}, s.store.fault("read import", sql.ErrNoRows)
	}
	if err != nil {
		return Import{}, err
	}
	return all[0], nil
}

// Imports are a tenant's imports, latest first, no more than n. before is the id of the last one of the page before, or "".
func (s Scope) Imports(ctx context.Context, before string, n int) ([]Import, error) {
	if before == "" {
		before = "ffffffff-ffff-ffff-ffff-ffffffffffff"
	}
	return s.imports(ctx, `
		SELECT `+importColumns+`
		  FROM imports
		 WHERE tenant_id = $1 AND id < $2
		 ORDER BY id DESC
		 LIMIT $3`, before, n)
}

func (s Scope) imports(ctx context.Context, query string, more ...any) ([]Import, error) {
	var all []Import
	args := []any{s.tenant}
	args = append(args, more...)
	err := s.store.reader().each(ctx, "read imports", query, args, func(rows *sqlx.Rows) error {
		i, err := scanImport(rows)
		all = append(all, i)
		return err
	})
	return all, err
}

// AddImport writes a new import, which takes chunks.
func (t *Tx) AddImport(ctx context.Context, i *Import) error {
	_, err := t.exec(ctx, "add import", `
		INSERT INTO imports (tenant_id, id, format, on_conflict, dry_run, state, header, expected, total, chunks, next_chunk, next_row, first_line,
		                     created, skipped, failed, attempts, due_at, created_at, touched_at)
		VALUES ($1, $2, $3, $4, $5, 'uploading', '', $6, 0, 0, 1, 0, 1, 0, 0, 0, 0, $7, $7, $7)`,
		t.tenant, i.ID, i.Format, i.OnConflict, i.DryRun, i.Expected, i.CreatedAt)
	return err
}

// Chunk is a part of an import's file.
type Chunk struct {
	Number int64  // from 1
	Body   []byte // sealed under the tenant's keys (secret.ForImport, with the import's id and the number as context)
	MAC    []byte // of what is sealed
	Rows   int64  // how many rows are in it, a header not counted
	Whole  bool   // whether it ends where a line does
}

// AddChunk writes a chunk of an import that takes some. One that is there already, as it is, is nothing new; one whose number another has
// is ErrTaken. An import that takes no chunks any more is ErrStale.
func (t *Tx) AddChunk(ctx context.Context, importID string, c *Chunk, now time.Time) error {
	res, err := t.exec(ctx, "touch import", `
		UPDATE imports SET touched_at = $3 WHERE tenant_id = $1 AND id = $2 AND state = 'uploading'`, t.tenant, importID, now)
	if err := changedOne(res, err, ErrStale); err != nil {
		return err
	}
	res, err = t.exec(ctx, "add chunk", `
		INSERT INTO import_chunks (tenant_id, import_id, number, body, mac, rows, whole)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (tenant_id, import_id, number) DO NOTHING`, t.tenant, importID, c.Number, c.Body, c.MAC, c.Rows, c.Whole)
	if changedOne(res, err, ErrTaken) == nil || err != nil {
		return err
	}
	same := 0
	err = t.row(ctx, "compare chunk", `
		SELECT COUNT(*) FROM import_chunks WHERE tenant_id = $1 AND import_id = $2 AND number = $3 AND mac = $4`,
		[]any{t.tenant, importID, c.Number, c.MAC}, []any{&same})
	if err == nil && same == 0 {
		err = fmt.Errorf("add chunk: %w", ErrTaken)
	}
	return err
}

const chunksQuery = `
		SELECT number, rows, whole FROM import_chunks WHERE tenant_id = $1 AND import_id = $2 ORDER BY number`

func scanChunk(rows *sqlx.Rows) (c Chunk, err error) {
	err = rows.Scan(&c.Number, &c.Rows, &c.Whole)
	return c, err
}

// ChunksOf are the chunks of an import in their order, without what is in them.
func (s Scope) ChunksOf(ctx context.Context, importID string) (all []Chunk, err error) {
	err = s.store.reader().each(ctx, "read chunks", chunksQuery, []any{s.tenant, importID}, func(rows *sqlx.Rows) error {
		c, err := scanChunk(rows)
		all = append(all, c)
		return err
	})
	return all, err
}

// ChunksOf is that of Scope, within the transaction.
func (t *Tx) ChunksOf(ctx context.Context, importID string) (all []Chunk, err error) {
	err = t.each(ctx, "read chunks", chunksQuery, []any{t.tenant, importID}, func(rows *sqlx.Rows) error {
		c, err := scanChunk(rows)
		all = append(all, c)
		return err
	})
	return all, err
}

// Chunk is a chunk of an import, or ErrNotFound.
func (s Scope) Chunk(ctx context.Context, importID string, number int64) (Chunk, error) {
	c := Chunk{Number: number}
	err := s.store.reader().row(ctx, "read chunk", `
		SELECT body, mac, rows, whole FROM import_chunks WHERE tenant_id = $1 AND import_id = $2 AND number = $3`,
		[]any{s.tenant, importID, number}, []any{&c.Body, &c.MAC, &c.Rows, &c.Whole})
	return c, err
}

// HoldImport keeps an import that takes chunks as it is until the transaction ends. One that takes none any more is ErrStale.
func (t *Tx) HoldImport(ctx context.Context, id string) error {
	res, err := t.exec(ctx, "hold import", `
		UPDATE imports SET touched_at = touched_at WHERE tenant_id = $1 AND id = $2 AND state = 'uploading'`, t.tenant, id)
	return changedOne(res, err, ErrStale)
}

// StartImport has an import that takes chunks be applied from now on. HoldImport must come before.
func (t *Tx) StartImport(ctx context.Context, id string, chunks, total int64, now time.Time) error {
	res, err := t.exec(ctx, "start import", `
		UPDATE imports SET state = 'running', chunks = $3, total = $4, started_at = $5, touched_at = $5, due_at = $5
		 WHERE tenant_id = $1 AND id = $2 AND state = 'uploading'`, t.tenant, id, chunks, total, now)
	return changedOne(res, err, ErrStale)
}

// CancelImport ends an import before its end, and erases what was not applied. One that has ended is ErrStale.
func (t *Tx) CancelImport(ctx context.Context, id string, now time.Time) error {
	res, err := t.exec(ctx, "cancel import", `
		UPDATE imports SET state = 'cancelled', finished_at = $3, touched_at = $3
		 WHERE tenant_id = $1 AND id = $2 AND state IN ('uploading', 'running')`, t.tenant, id, now)
	if err := changedOne(res, err, ErrStale); err != nil {
		return err
	}
	_, err = t.exec(ctx, "drop chunks", `DELETE FROM import_chunks WHERE tenant_id = $1 AND import_id = $2`, t.tenant, id)
	return err
}

// LeaseImport takes a running import of any tenant, for the caller alone until the given time, or is ErrNotFound where none is due.
// Whoever crashes with a lease loses it, and nothing else.
func (s *Store) LeaseImport(ctx context.Context, now, until time.Time) (Import, error) {
	var got Import
	found := false
	r := runner{store: s, pool: s.write}
	err := r.each(ctx, "lease import", `
		UPDATE imports SET due_at = $2, attempts = attempts + 1
		 WHERE (tenant_id, id) IN (
		       SELECT tenant_id, id FROM imports WHERE state = 'running' AND due_at <= $1
		        ORDER BY due_at LIMIT 1 `+s.dialect.skipLocked+`)
		RETURNING `+importColumns, []any{now, until}, func(rows *sqlx.Rows) (err error) {
		got, err = scanImport(rows)
		found = true
		return err
	})
	if err == nil && !found {
		err = s.fault("lease import", sql.ErrNoRows)
	}
	return got, err
}

// SaveImport notes how far a leased import is, and leases it further. It is ErrStale if the lease was lost or the import cancelled. It
// locks the import until the transaction ends, and so comes first: whoever else works on it has lost the lease.
func (t *Tx) SaveImport(ctx context.Context, i *Import, due time.Time) error {
	res, err := t.exec(ctx, "save import", `
		UPDATE imports
		   SET header = $4, next_chunk = $5, next_row = $6, first_line = $7, created = $8, skipped = $9, failed = $10, touched_at = $11, due_at = $12
		 WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND state = 'running'`,
		t.tenant, i.ID, i.Attempts, i.Header, i.NextChunk, i.NextRow, i.FirstLine, i.Created, i.Skipped, i.Failed, i.TouchedAt, due)
	return changedOne(res, err, ErrStale)
}

// DropChunk erases a chunk that is applied.
func (t *Tx) DropChunk(ctx context.Context, importID string, number int64) error {
	_, err := t.exec(ctx, "drop chunk", `
		DELETE FROM import_chunks WHERE tenant_id = $1 AND import_id = $2 AND number = $3`, t.tenant, importID, number)
	return err
}

// FinishImport ends a leased import whose chunks are all applied. SaveImport comes before.
func (t *Tx) FinishImport(ctx context.Context, i *Import, now time.Time) error {
	res, err := t.exec(ctx, "finish import", `
		UPDATE imports SET state = 'finished', finished_at = $4, touched_at = $4
		 WHERE tenant_id = $1 AND id = $2 AND attempts = $3 AND state = 'running'`, t.tenant, i.ID, i.Attempts, now)
	return changedOne(res, err, ErrStale)
}

// SweepImports removes up to n imports of any tenant, with all that they had: those that ended before the first time, and those that
// were never started and got no chunk since the second. It returns how many.
func (s *Store) SweepImports(ctx context.Context, ended, idle time.Time, n int) (int64, error) {
	r := runner{store: s, pool: s.write}
	res, err := r.exec(ctx, "sweep imports", `
		DELETE FROM imports WHERE (tenant_id, id) IN (
		       SELECT tenant_id, id FROM imports
		        WHERE touched_at < $2 AND state <> 'running' AND (state = 'uploading' OR touched_at < $1)
		        ORDER BY touched_at LIMIT $3)`, ended, idle, n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// ImportError is what became of a row that was not imported.
type ImportError struct {
	Line    int64
	Number  int64 // of those of one line, from 0
	Outcome string
	Path    string // the member of the row
	Message string
}

// ImportErrors are the errors of an import in the order of their lines, no more than n. The first page is that after line 0, number -1.
func (s Scope) ImportErrors(ctx context.Context, importID string, line, number int64, n int) ([]ImportError, error) {
	var all []ImportError
	err := s.store.reader().each(ctx, "read import errors", `
		SELECT line, number, outcome, path, message
		  FROM import_errors
		 WHERE tenant_id = $1 AND import_id = $2 AND (line, number) > ($3, $4)
		 ORDER BY line, number
		 LIMIT $5`,
		[]any{s.tenant, importID, line, number, n}, func(rows *sqlx.Rows) error {
			var e ImportError
			err := rows.Scan(&e.Line, &e.Number, &e.Outcome, &e.Path, &e.Message)
			all = append(all, e)
			return err
		})
	return all, err
}

// AddImportErrors writes errors of an import.
func (t *Tx) AddImportErrors(ctx context.Context, importID string, all []ImportError) error {
	return inGroups(all, func(some []ImportError) error {
		args := []any{t.tenant}
		for _, e := range some {
			args = append(args, importID, e.Line, e.Number, e.Outcome, e.Path, e.Message)
		}
		_, err := t.exec(ctx, "add import errors", `
		INSERT INTO import_errors (tenant_id, import_id, line, number, outcome, path, message)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`+moreRows(len(some), 6), args...)
		return err
	})
}

// groups are how many rows one statement writes or looks up. There are few sizes, so that there are few texts to prepare.
var groups = []int{32, 8, 1}

// inGroups calls f with all of a list, a group at a time.
func inGroups[T any](all []T, f func([]T) error) error {
	for _, size := range groups {
		for ; len(all) >= size; all = all[size:] {
			if err := f(all[:size]); err != nil {
				return err
			}
		}
	}
	return nil
}

// moreRows is the text of the rows after the first one of an INSERT. Each has $1, the tenant, and so many columns of its own.
func moreRows(rows, columns int) string {
	var b strings.Builder
	for r := 1; r < rows; r++ {
		b.WriteString(", ($1")
		for c := range columns {
			b.WriteString(", $" + strconv.Itoa(2+r*columns+c))
		}
		b.WriteString(")")
	}
	return b.String()
}

// again is a query for the value $2, so many times over for $2, $3 and so on. A list of values would be shorter; but PostgreSQL plans a
// statement once, and where it has not counted the rows yet it would read all of them for every list, however many they become. Each of
// these is a look-up by key.
func again(query string, n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = strings.ReplaceAll(query, "$2", "$"+strconv.Itoa(i+2))
	}
	return strings.Join(parts, " UNION ALL ")
}

// Newcomer is a user from elsewhere, with all that comes along.
type Newcomer struct {
	User           User
	UsernameKey    string
	Emails         []Email
	Authenticators []Authenticator
	Providers      []ProviderAccount
}

// AddNewcomers writes users from elsewhere, all or none. Whatever must be one user's alone and is somebody else's is ErrTaken.
func (t *Tx) AddNewcomers(ctx context.Context, all []*Newcomer) error {
	var emails []*Email
	var authenticators []*Authenticator
	var providers []*ProviderAccount
	for _, n := range all {
		for i := range n.Emails {
			emails = append(emails, &n.Emails[i])
		}
		for i := range n.Authenticators {
			authenticators = append(authenticators, &n.Authenticators[i])
		}
		for i := range n.Providers {
			providers = append(providers, &n.Providers[i])
		}
	}
	for _, add := range []func() error{
		func() error { return inGroups(all, func(some []*Newcomer) error { return t.addUsers(ctx, some) }) },
		func() error { return inGroups(emails, func(some []*Email) error { return t.addEmails(ctx, some) }) },
		func() error {
			return inGroups(authenticators, func(some []*Authenticator) error { return t.addAuthenticators(ctx, some) })
		},
		func() error {
			return inGroups(providers, func(some []*ProviderAccount) error { return t.addProviderAccounts(ctx, some) })
		},
	} {
		if err := add(); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) addUsers(ctx context.Context, all []*Newcomer) error {
	args := []any{t.tenant}
	for _, n := range all {
		u := &n.User
		args = append(args, u.ID, orNull(u.Username), orNull(n.UsernameKey), u.Email, u.Name, orNull(u.Phone), u.PhoneVerified, u.Password, u.Active,
			u.Epoch, int64(u.Factors), u.FactorEpoch, u.CreatedAt, orNever(u.LastLoginAt), orNoBytes(u.DataKey), orEmpty(u.MetadataPublic),
			orEmpty(u.MetadataPrivate))
	}
	_, err := t.exec(ctx, "add users", `
		INSERT INTO users (tenant_id, id, username, username_key, email, name, phone, phone_verified, password, active, epoch, factors, factor_epoch,
		                   created_at, last_login_at, data_key, metadata_public, metadata_private)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`+moreRows(len(all), 17), args...)
	return err
}

func (t *Tx) addEmails(ctx context.Context, all []*Email) error {
	args := []any{t.tenant}
	for _, e := range all {
		args = append(args, e.ID, e.UserID, e.Email, e.Key, e.Verified, e.Primary, e.Exclusive, e.CreatedAt)
	}
	_, err := t.exec(ctx, "add emails", `
		INSERT INTO emails (tenant_id, id, user_id, email, email_key, verified, is_primary, exclusive, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`+moreRows(len(all), 8), args...)
	return err
}

func (t *Tx) addAuthenticators(ctx context.Context, all []*Authenticator) error {
	args := []any{t.tenant}
	for _, x := range all {
		args = append(args, x.ID, x.UserID, string(x.Type), x.Name, orNoBytes(x.CredentialID), x.Data, x.Version, x.CreatedAt, orNever(x.LastUsedAt))
	}
	_, err := t.exec(ctx, "add authenticators", `
		INSERT INTO authenticators (tenant_id, id, user_id, type, name, credential_id, data, version, created_at, last_used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`+moreRows(len(all), 9), args...)
	return err
}

func (t *Tx) addProviderAccounts(ctx context.Context, all []*ProviderAccount) error {
	args := []any{t.tenant}
	for _, p := range all {
		args = append(args, p.Provider, p.UID, p.UserID, p.Display, p.CreatedAt, orNever(p.LastUsedAt))
	}
	_, err := t.exec(ctx, "add provider accounts", `
		INSERT INTO provider_accounts (tenant_id, provider, uid, user_id, display, created_at, last_used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`+moreRows(len(all), 6), args...)
	return err
}

// Wanted is what newcomers want for themselves.
type Wanted struct {
	IDs          []string
	UsernameKeys []string
	Phones       []string
	EmailKeys    []string
	Credentials  [][]byte
	Providers    []ProviderAccount // by provider and uid
}

// Holder is an account that has an address.
type Holder struct {
	Verified bool // this address
	Proved   bool // any address
}

// Held is what of that somebody has.
type Held struct {
	IDs          map[string]bool
	Deleted      map[string]bool // ids of users who may be restored
	UsernameKeys map[string]bool
	Phones       map[string]bool
	Emails       map[string][]Holder // by key
	Credentials  map[string]bool     // by its bytes
	Providers    map[[2]string]bool  // by provider and uid
}

// Held tells what of what newcomers want somebody has.
func (t *Tx) Held(ctx context.Context, w Wanted) (Held, error) {
	h := Held{IDs: map[string]bool{}, Deleted: map[string]bool{}, UsernameKeys: map[string]bool{}, Phones: map[string]bool{}, Emails: map[string][]Holder{},
		Credentials: map[string]bool{}, Providers: map[[2]string]bool{}}
	note := func(seen map[string]bool) func(*sqlx.Rows) error {
		return func(rows *sqlx.Rows) error {
			var key string
			err := rows.Scan(&key)
			seen[key] = true
			return err
		}
	}
	err := inGroups(w.IDs, func(some []string) error {
		args := []any{t.tenant}
		args = appendAll(args, some)
		return t.each(ctx, "look up ids", again(`
		SELECT id FROM users WHERE tenant_id = $1 AND id = $2`, len(some)), args, note(h.IDs))
	})
	err = errors.Join(err, inGroups(w.IDs, func(some []string) error {
		args := []any{t.tenant}
		args = appendAll(args, some)
		return t.each(ctx, "look up deleted users", again(`
		SELECT id FROM deleted_users WHERE tenant_id = $1 AND id = $2`, len(some)), args, note(h.Deleted))
	}), inGroups(w.UsernameKeys, func(some []string) error {
		args := []any{t.tenant}
		args = appendAll(args, some)
		return t.each(ctx, "look up usernames", again(`
		SELECT username_key FROM users WHERE tenant_id = $1 AND username_key = $2`, len(some)), args, note(h.UsernameKeys))
	}), inGroups(w.Phones, func(some []string) error {
		args := []any{t.tenant}
		args = appendAll(args, some)
		return t.each(ctx, "look up phones", again(`
		SELECT phone FROM users WHERE tenant_id = $1 AND phone = $2`, len(some)), args, note(h.Phones))
	}), inGroups(w.Credentials, func(some [][]byte) error {
		args := []any{t.tenant}
		args = appendAll(args, some)
		return t.each(ctx, "look up credentials", again(`
		SELECT credential_id FROM authenticators WHERE tenant_id = $1 AND credential_id = $2`, len(some)), args, note(h.Credentials))
	}), inGroups(w.EmailKeys, func(some []string) error {
		args := []any{t.tenant}
		args = appendAll(args, some)
		return t.each(ctx, "look up addresses", again(`
		SELECT e.email_key, e.verified, EXISTS (SELECT 1 FROM emails v WHERE v.tenant_id = $1 AND v.user_id = e.user_id AND v.verified)
		  FROM emails e WHERE e.tenant_id = $1 AND e.email_key = $2`, len(some)), args, func(rows *sqlx.Rows) error {
			var key string
			var holder Holder
			err := rows.Scan(&key, &holder.Verified, &holder.Proved)
			h.Emails[key] = append(h.Emails[key], holder)
			return err
		})
	}))
	if err != nil {
		return h, err
	}
	for _, p := range w.Providers { // few rows have any
		n := 0
		if err := t.row(ctx, "look up provider account", `
		SELECT COUNT(*) FROM provider_accounts WHERE tenant_id = $1 AND provider = $2 AND uid = $3`,
			[]any{t.tenant, p.Provider, p.UID}, []any{&n}); err != nil {
			return h, err
		}
		h.Providers[[2]string{p.Provider, p.UID}] = n > 0
	}
	return h, nil
}

// appendAll is args with all of a list behind them.
func appendAll[T any](args []any, all []T) []any {
	for _, v := range all {
		args = append(args, v)
	}
	return args
}
