package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// User is one account of a tenant.
type User struct {
	ID          string
	Username    string // "" where the user has none
	Email       string // the primary address, "" where there is none
	Name        string
	Phone       string // in E.164 form, "" where there is none; read for logins only
	Password    string // the encoded hash, "" where there is none; read for logins only
	HasPassword bool
	Active      bool
	Epoch       int64 // sessions of an earlier epoch have ended
	CreatedAt   time.Time
	LastLoginAt time.Time // zero before the first login
	Factors     Factors   // which authenticators the user has
	DataKey     []byte    // the user's own key, sealed; nil for one from before there were any; read for logins only
	FactorEpoch int64     // counts their changes; read for logins only

	PhoneVerified bool
	EmailVerified bool // that of Email; read for identities only

	// JSON objects, which the user is made with; read for operators only. Nil is an empty one.
	MetadataPublic  []byte
	MetadataPrivate []byte
}

// Account is what a login needs to know of a user: the user with the password's hash, and the address that counts.
type Account struct {
	User
	// Address is the address that was asked for, or else the primary one or, where none is, the first; its ID is "" where there is
	// none at all.
	Address Email
	// AnyVerified says whether any address of the user is verified.
	AnyVerified bool
}

// MaxNamesakes bounds how many accounts with one address a login tries. More than one exist only where the tenant lets
// accounts share an address.
const MaxNamesakes = 4

// accountColumns are what scanAccount reads: of users u and of the address e.
const accountColumns = `
		       u.id, u.username, u.email, u.name, u.phone, u.phone_verified, u.password, u.active, u.epoch, u.created_at, u.last_login_at,
		       u.factors, u.factor_epoch, u.data_key, e.id, e.email, e.email_key, e.verified, e.is_primary, e.exclusive,
		       EXISTS (SELECT 1 FROM emails v WHERE v.tenant_id = u.tenant_id AND v.user_id = u.id AND v.verified)`

// closed tells of the account u with an address e whether nobody gets in by what is sent there: it is inactive, or has verified another
// address and not this one.
const closed = `(NOT u.active OR (NOT e.verified AND EXISTS (
		            SELECT 1 FROM emails c WHERE c.tenant_id = u.tenant_id AND c.user_id = u.id AND c.verified)))`

// AccountsByEmail are the accounts that hold an address, by its key, no more than MaxNamesakes. If any have verified it, they are the
// only ones; and those that nobody gets into by it come last, so that they do not crowd out the others.
func (s Scope) AccountsByEmail(ctx context.Context, emailKey string) ([]Account, error) {
	return s.accountsByEmail(ctx, `
		SELECT `+accountColumns+`
		  FROM emails e
		  JOIN users u ON u.tenant_id = e.tenant_id AND u.id = e.user_id
		 WHERE e.tenant_id = $1 AND e.email_key = $2
		 ORDER BY e.verified DESC, e.exclusive DESC, `+closed+`, e.created_at, e.id
		 LIMIT $3`, emailKey)
}

// Namesakes is AccountsByEmail where accounts may share an address. Of many that nobody has verified, half are those that came first and
// half those that were in last: whoever comes after others, or before them, is not crowded out by their number.
func (s Scope) Namesakes(ctx context.Context, emailKey string) ([]Account, error) {
	return s.accountsByEmail(ctx, `
		WITH holders AS (
		       SELECT e.id, e.created_at, u.last_login_at, `+closed+` AS closed
		         FROM emails e
		         JOIN users u ON u.tenant_id = e.tenant_id AND u.id = e.user_id
		        WHERE e.tenant_id = $1 AND e.email_key = $2),
		     first AS (SELECT id FROM holders ORDER BY closed, created_at, id LIMIT $3 / 2),
		     latest AS (
		       SELECT id FROM holders WHERE id NOT IN (SELECT id FROM first)
		        ORDER BY closed, last_login_at IS NULL, last_login_at DESC, created_at DESC, id DESC LIMIT $3 / 2)
		SELECT `+accountColumns+`
		  FROM emails e
		  JOIN users u ON u.tenant_id = e.tenant_id AND u.id = e.user_id
		 WHERE e.tenant_id = $1 AND e.email_key = $2
		   AND (e.verified OR e.id IN (SELECT id FROM first) OR e.id IN (SELECT id FROM latest))
		 ORDER BY e.verified DESC, e.exclusive DESC, `+closed+`, e.created_at, e.id
		 LIMIT $3`, emailKey)
}

func (s Scope) accountsByEmail(ctx context.Context, query, emailKey string) ([]Account, error) {
	var all []Account
	err := s.store.reader().each(ctx, "read accounts by email", query, []any{s.tenant, emailKey, MaxNamesakes}, func(rows *sqlx.Rows) error {
		a, err := scanAccount(rows)
		all = append(all, a)
		return err
	})
	for i := 1; i < len(all); i++ {
		if all[0].Address.Verified && !all[i].Address.Verified {
			all = all[:i]
		}
	}
	return all, err
}

// AccountByUsername is the account with a username, by its key, or ErrNotFound.
func (s Scope) AccountByUsername(ctx context.Context, usernameKey string) (Account, error) {
	return s.account(ctx, "read account by username", accountQuery+` AND u.username_key = $2`, []any{usernameKey})
}

// AccountByID is the account with that id, or ErrNotFound.
func (s Scope) AccountByID(ctx context.Context, id string) (Account, error) {
	return s.account(ctx, "read account by id", accountQuery+` AND u.id = $2`, []any{id})
}

// AccountWithEmail is the account with that id and, of its addresses, the one with that key, which has no ID where the account
// does not hold it; or ErrNotFound.
func (s Scope) AccountWithEmail(ctx context.Context, id, emailKey string) (Account, error) {
	return s.account(ctx, "read account with email", `
		SELECT `+accountColumns+`
		  FROM users u
		  LEFT JOIN emails e ON e.tenant_id = u.tenant_id AND e.user_id = u.id AND e.email_key = $3
		 WHERE u.tenant_id = $1 AND u.id = $2`, []any{id, emailKey})
}

// AccountByPhone is the account with a number, verified or not, or ErrNotFound.
func (s Scope) AccountByPhone(ctx context.Context, phone string) (Account, error) {
	return s.account(ctx, "read account by phone", accountQuery+` AND u.phone = $2`, []any{phone})
}

const accountQuery = `
		SELECT ` + accountColumns + `
		  FROM users u
		  LEFT JOIN emails e ON e.tenant_id = u.tenant_id AND e.user_id = u.id AND e.id = (
		       SELECT x.id FROM emails x WHERE x.tenant_id = u.tenant_id AND x.user_id = u.id
		        ORDER BY x.is_primary DESC, x.verified DESC, x.created_at, x.id LIMIT 1)
		 WHERE u.tenant_id = $1`

func (s Scope) account(ctx context.Context, op, query string, args []any, more ...any) (Account, error) {
	var a Account
	found := false
	all := []any{s.tenant}
	all = append(all, args...)
	err := s.store.reader().each(ctx, op, query, all, func(rows *sqlx.Rows) (err error) {
		a, err = scanAccount(rows, more...)
		found = true
		return err
	})
	if err == nil && !found {
		err = s.store.fault(op, sql.ErrNoRows)
	}
	return a, err
}

func scanAccount(rows *sqlx.Rows, more ...any) (a Account, err error) {
	var username, phone, emailID, email, emailKey sql.NullString
	var verified, primary, exclusive sql.NullBool
	err = rows.Scan(append([]any{&a.ID, &username, &a.Email, &a.Name, &phone, &a.PhoneVerified, &a.Password, &a.Active, &a.Epoch, when(&a.CreatedAt), when(&a.LastLoginAt),
		&a.Factors, &a.FactorEpoch, &a.DataKey, &emailID, &email, &emailKey, &verified, &primary, &exclusive, &a.AnyVerified}, more...)...)
	a.Username, a.Phone, a.HasPassword = username.String, phone.String, a.Password != ""
	a.Address = Email{
		ID: emailID.String, UserID: a.ID, Email: email.String, Key: emailKey.String,
		Verified: verified.Bool, Primary: primary.Bool, Exclusive: exclusive.Bool,
	}
	return a, err
}

// maxNames is how many usernames Taken looks up at once.
const maxNames = 4

// Names are what a signup wants for itself. What is "" is not asked for.
type Names struct {
	EmailKey     string
	Phone        string
	UsernameKeys []string // at most four
}

// Taken is what of that is in use by any account.
type Taken struct {
	Email     bool
	Held      bool // the address, but only by accounts that have not verified it and have verified another
	Phone     bool
	EmailOf   string          // the account that has the address or, where none does but some hold it, one of those
	PhoneOf   string          // the account that has the number
	Usernames map[string]bool // by key
}

// Taken tells which names are in use.
func (s Scope) Taken(ctx context.Context, n Names) (Taken, error) {
	args := []any{s.tenant, n.EmailKey, n.Phone} // no row has the empty address, number or username
	for i := range maxNames {
		key := ""
		if i < len(n.UsernameKeys) {
			key = n.UsernameKeys[i]
		}
		args = append(args, key)
	}
	taken := Taken{Usernames: map[string]bool{}}
	err := s.store.reader().each(ctx, "look up names", `
		SELECT CASE WHEN (e.verified OR NOT EXISTS (
		            SELECT 1 FROM emails v WHERE v.tenant_id = $1 AND v.user_id = e.user_id AND v.verified)) THEN 1 ELSE 4 END, e.email_key, e.user_id
		  FROM emails e WHERE e.tenant_id = $1 AND e.email_key = $2
		UNION ALL
		SELECT 2, p.phone, p.id FROM users p WHERE p.tenant_id = $1 AND p.phone = $3
		UNION ALL
		SELECT 3, u.username_key, u.id FROM users u WHERE u.tenant_id = $1 AND u.username_key IN ($4, $5, $6, $7)`,
		args, func(rows *sqlx.Rows) error {
			var kind int
			var key, owner string
			if err := rows.Scan(&kind, &key, &owner); err != nil {
				return err
			}
			switch kind {
			case 1:
				taken.Email, taken.EmailOf = true, owner
			case 2:
				taken.Phone, taken.PhoneOf = true, owner
			case 4:
				if taken.Held = true; !taken.Email {
					taken.EmailOf = owner
				}
			default:
				taken.Usernames[key] = true
			}
			return nil
		})
	return taken, err
}

// Holders are who has an address, as far as that matters to somebody whom a provider vouches for.
type Holders struct {
	Taken   bool // as Taken has it
	Held    bool // likewise
	Reached bool // some account is entered by what is sent there: of those that have verified it, or else of those that have not verified another
}

// MaxHeld is how many addresses HoldersOf looks up.
const MaxHeld = 50

// HoldersOf tells who has which of some addresses, by their keys: of the first MaxHeld. Those that nobody has are left out.
func (s Scope) HoldersOf(ctx context.Context, emailKeys []string) (map[string]Holders, error) {
	args := []any{s.tenant}
	for i := range MaxHeld { // as many whatever is asked for, so that there is one text to prepare
		key := "" // which no row has
		if i < len(emailKeys) {
			key = emailKeys[i]
		}
		args = append(args, key)
	}
	all := map[string]Holders{}
	err := s.store.reader().each(ctx, "look up addresses", `
		SELECT e.email_key,
		       MAX(CASE WHEN e.verified OR NOT EXISTS (
		           SELECT 1 FROM emails v WHERE v.tenant_id = $1 AND v.user_id = e.user_id AND v.verified) THEN 1 ELSE 0 END),
		       MAX(CASE WHEN e.verified THEN 1 ELSE 0 END),
		       MAX(CASE WHEN e.verified AND u.active THEN 1 ELSE 0 END),
		       MAX(CASE WHEN `+closed+` THEN 0 ELSE 1 END)
		  FROM emails e
		  JOIN users u ON u.tenant_id = e.tenant_id AND u.id = e.user_id
		 WHERE e.tenant_id = $1 AND e.email_key IN (`+places(2, MaxHeld)+`)
		 GROUP BY e.email_key`, args, func(rows *sqlx.Rows) error {
		var key string
		var taken, proved, enteredByProof, entered int
		err := rows.Scan(&key, &taken, &proved, &enteredByProof, &entered)
		if proved > 0 { // the others that have it are not reached there
			entered = enteredByProof
		}
		all[key] = Holders{Taken: taken > 0, Held: taken == 0, Reached: entered > 0}
		return err
	})
	return all, err
}

// AddUser writes a new user; a username or number that is in use is ErrTaken.
func (t *Tx) AddUser(ctx context.Context, u *User, usernameKey string) error {
	_, err := t.exec(ctx, "add user", `
		INSERT INTO users (tenant_id, id, username, username_key, email, name, phone, phone_verified, password, active, epoch, created_at,
		                   last_login_at, factors, factor_epoch, data_key, metadata_public, metadata_private)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		t.tenant, u.ID, orNull(u.Username), orNull(usernameKey), u.Email, u.Name, orNull(u.Phone), u.PhoneVerified, u.Password, u.Active, u.Epoch,
		u.CreatedAt, orNever(u.LastLoginAt), int64(u.Factors), u.FactorEpoch, orNoBytes(u.DataKey), orEmpty(u.MetadataPublic), orEmpty(u.MetadataPrivate))
	return err
}

// SetDataKey gives a user a key who has none yet. One who has got one meanwhile is ErrStale.
func (t *Tx) SetDataKey(ctx context.Context, userID string, key []byte) error {
	res, err := t.exec(ctx, "set user's key", `
		UPDATE users SET data_key = $3 WHERE tenant_id = $1 AND id = $2 AND data_key IS NULL`, t.tenant, userID, key)
	return changedOne(res, err, ErrStale)
}

// SaveLogin notes that a user logged in, keeps the password's hash that was made anew, if one was ("" keeps the old one),
// and returns the user as it is now, locked until the transaction ends: it is what a session may be signed in as. Deactivated
// or changed users (one of the epochs differs from what was read) are ErrStale: what the login was granted on is no longer so.
func (t *Tx) SaveLogin(ctx context.Context, read *User, at time.Time, rehashed string) (*User, error) {
	u := &User{ID: read.ID, Active: true, Epoch: read.Epoch, FactorEpoch: read.FactorEpoch, LastLoginAt: at}
	var username sql.NullString
	err := t.row(ctx, "save login", `
		UPDATE users
		   SET last_login_at = $5, password = CASE WHEN $6 = '' THEN password ELSE $6 END
		 WHERE tenant_id = $1 AND id = $2 AND epoch = $3 AND factor_epoch = $4 AND active
		RETURNING username, email, name, password <> '', factors`,
		[]any{t.tenant, read.ID, read.Epoch, read.FactorEpoch, at, rehashed}, []any{&username, &u.Email, &u.Name, &u.HasPassword, &u.Factors})
	u.Username = username.String
	if errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("save login: %w", ErrStale)
	}
	return u, err
}

// SetActive deactivates a user, which ends the user's sessions at once, or lets the user back in.
func (t *Tx) SetActive(ctx context.Context, userID string, active bool) error {
	res, err := t.exec(ctx, "set active", `
		UPDATE users SET active = $3 WHERE tenant_id = $1 AND id = $2`, t.tenant, userID, active)
	return changedOne(res, err, ErrNotFound)
}

// SetPassword gives a user a new password and ends every session and every login that waits, by the epoch. It returns the
// user as it is now, as SaveLogin does; the epoch is the next one. Somebody who changed meanwhile is ErrStale.
func (t *Tx) SetPassword(ctx context.Context, userID string, epoch int64, encoded string) (*User, error) {
	u := &User{ID: userID, Active: true, Epoch: epoch + 1}
	var username sql.NullString
	err := t.row(ctx, "set password", `
		UPDATE users SET password = $4, epoch = epoch + 1
		 WHERE tenant_id = $1 AND id = $2 AND epoch = $3 AND active
		RETURNING username, email, name, password <> '', factors`,
		[]any{t.tenant, userID, epoch, encoded}, []any{&username, &u.Email, &u.Name, &u.HasPassword, &u.Factors})
	u.Username = username.String
	if errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("set password: %w", ErrStale)
	}
	return u, err
}

// HoldUser keeps a user as of an epoch from being put out until the transaction ends. One who was put out already is ErrStale:
// nothing that a session of theirs began may be written any more.
func (t *Tx) HoldUser(ctx context.Context, userID string, epoch int64) error {
	res, err := t.exec(ctx, "hold user", `
		UPDATE users SET epoch = epoch WHERE tenant_id = $1 AND id = $2 AND epoch = $3 AND active`, t.tenant, userID, epoch)
	return changedOne(res, err, ErrStale)
}

// HoldAddresses asks that a user has the addresses proved that it had when an account was read, and its Address, if that has an ID,
// as it was, and the same factors: what lets somebody in, or proves something, must not have been taken away since, nor another way
// been opened. It is ErrStale otherwise. HoldUser must come before; whoever changes addresses or factors holds the user, too.
func (t *Tx) HoldAddresses(ctx context.Context, a *Account) error {
	same, factors, anyVerified := a.Address.ID == "", false, false
	err := t.each(ctx, "hold addresses", `
		SELECT u.factor_epoch, e.id, e.verified
		  FROM users u
		  LEFT JOIN emails e ON e.tenant_id = u.tenant_id AND e.user_id = u.id
		 WHERE u.tenant_id = $1 AND u.id = $2`, []any{t.tenant, a.ID}, func(rows *sqlx.Rows) error {
		var factorEpoch int64
		var id sql.NullString
		var verified sql.NullBool
		err := rows.Scan(&factorEpoch, &id, &verified)
		factors = factorEpoch == a.FactorEpoch
		same = same || (id.String == a.Address.ID && verified.Bool == a.Address.Verified)
		anyVerified = anyVerified || verified.Bool
		return err
	})
	if err == nil && (!factors || !same || anyVerified != a.AnyVerified) {
		err = fmt.Errorf("hold addresses: %w", ErrStale)
	}
	return err
}

// HoldProved asks that every address of a user is verified, and is ErrStale if one is not: who gets a second factor must have none
// that may be somebody else's. HoldUser must come before; whoever adds addresses holds the user, too.
func (t *Tx) HoldProved(ctx context.Context, userID string) error {
	return t.holdNone(ctx, "hold proved addresses", `
		SELECT COUNT(*) FROM emails WHERE tenant_id = $1 AND user_id = $2 AND NOT verified`, userID)
}

// HoldUnprotected asks that a user has no authenticators, and is ErrStale otherwise. HoldUser must come before; whoever adds
// authenticators holds the user, too.
func (t *Tx) HoldUnprotected(ctx context.Context, userID string) error {
	return t.holdNone(ctx, "hold unprotected", `
		SELECT COUNT(*) FROM users WHERE tenant_id = $1 AND id = $2 AND factors <> 0`, userID)
}

func (t *Tx) holdNone(ctx context.Context, op, query, userID string) error {
	n := 0
	err := t.row(ctx, op, query, []any{t.tenant, userID}, []any{&n})
	if err == nil && n > 0 {
		err = fmt.Errorf("%s: %w", op, ErrStale)
	}
	return err
}

// HoldUnchanged asks that a user has not logged in since an account was read, and has the addresses that were read then and no others,
// and the same primary one. It is ErrStale otherwise. HoldUser must come before.
func (t *Tx) HoldUnchanged(ctx context.Context, a *Account, emails []Email) error {
	left := map[string]bool{}
	for _, e := range emails {
		left[e.ID] = true
	}
	same := false
	err := t.each(ctx, "hold unchanged", `
		SELECT u.last_login_at, u.email, e.id
		  FROM users u
		  LEFT JOIN emails e ON e.tenant_id = u.tenant_id AND e.user_id = u.id
		 WHERE u.tenant_id = $1 AND u.id = $2`, []any{t.tenant, a.ID}, func(rows *sqlx.Rows) error {
		var at time.Time
		var primary string
		var id sql.NullString
		err := rows.Scan(when(&at), &primary, &id)
		same = at.Equal(a.LastLoginAt) && primary == a.Email
		if id.Valid && !left[id.String] {
			left[id.String] = true // one more
		} else {
			delete(left, id.String)
		}
		return err
	})
	if err == nil && (!same || len(left) > 0) {
		err = fmt.Errorf("hold unchanged: %w", ErrStale)
	}
	return err
}

// SetHash keeps a password's hash that was made anew of the same password. Somebody who changed meanwhile is ErrStale.
func (t *Tx) SetHash(ctx context.Context, userID string, epoch int64, encoded string) error {
	res, err := t.exec(ctx, "set password's hash", `
		UPDATE users SET password = $4 WHERE tenant_id = $1 AND id = $2 AND epoch = $3`, t.tenant, userID, epoch, encoded)
	return changedOne(res, err, ErrStale)
}

// Claim is for somebody who has proved an address of an account that nobody had proved an address of before: whoever made
// the account may be somebody else. It ends every session and login that waits, by the epoch; puts the mark before the
// password's hash, so that it does not sign in any more; and has a verified number proved anew. Somebody who
// changed meanwhile is ErrStale.
func (t *Tx) Claim(ctx context.Context, userID string, epoch int64, mark string) error {
	res, err := t.exec(ctx, "claim account", `
		UPDATE users
		   SET epoch = epoch + 1, phone_verified = FALSE,
		       password = CASE WHEN password = '' THEN password WHEN password LIKE '!%' THEN password ELSE $4 || password END
		 WHERE tenant_id = $1 AND id = $2 AND epoch = $3 AND active`, t.tenant, userID, epoch, mark)
	return changedOne(res, err, ErrStale)
}

// DropPassword takes a user's password away.
func (t *Tx) DropPassword(ctx context.Context, userID string) error {
	res, err := t.exec(ctx, "drop password", `UPDATE users SET password = '' WHERE tenant_id = $1 AND id = $2`, t.tenant, userID)
	return changedOne(res, err, ErrNotFound)
}

// SetPhone gives a user a number in place of the one before. A number that somebody else has is ErrTaken.
func (t *Tx) SetPhone(ctx context.Context, userID, phone string, verified bool) error {
	res, err := t.exec(ctx, "set phone", `
		UPDATE users SET phone = $3, phone_verified = $4 WHERE tenant_id = $1 AND id = $2`, t.tenant, userID, orNull(phone), verified)
	return changedOne(res, err, ErrNotFound)
}

// VerifyPhone marks a user's number as verified. One that the user does not have any more is ErrStale.
func (t *Tx) VerifyPhone(ctx context.Context, userID, phone string) error {
	res, err := t.exec(ctx, "verify phone", `
		UPDATE users SET phone_verified = TRUE WHERE tenant_id = $1 AND id = $2 AND phone = $3`, t.tenant, userID, phone)
	return changedOne(res, err, ErrStale)
}

// orEmpty is a JSON object as it is kept.
func orEmpty(object []byte) string {
	if len(object) == 0 {
		return "{}"
	}
	return string(object)
}

func orNull(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
