package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"
)

// Client is the kind of client that a session belongs to. A token of one kind means nothing to the other.
type Client string

// The kinds of client.
const (
	App     Client = "app"     // a token in a header
	Browser Client = "browser" // a cookie
)

// Session is what the server remembers of one client: who it is, or who it is becoming.
type Session struct {
	ID        string
	Token     []byte // the digest of what the client holds
	Client    Client
	UserID    string  // "" for a stranger
	Pending   bool    // the user has not finished logging in
	Epoch     int64   // the user's epoch when the session was made
	Factors   Factors // of the user whose login waits
	Methods   []byte  // a JSON list, whose form is the wire's
	State     []byte  // JSON, whose meaning is package flows' business
	Version   int64   // counted up by every save
	IP        string
	UserAgent string
	From      bool // whether a save notes IP and UserAgent, as one that signs in does anyway
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time

	RefreshNumber int64     // of the refresh token that is good; counted up by every rotation
	RefreshedAt   time.Time // when it was; read for refreshing only
}

// SessionByToken is the session with a token's digest, of that kind of client, and its user as the session repeats it (the
// zero User for a stranger); or ErrNotFound. The user is Active while the session is alive: neither the user nor the
// session has been put out since. Whether the session has expired is for the caller to decide. This is the one statement of a
// session check. It reads one row, and of that only what is decided by or shown.
func (s Scope) SessionByToken(ctx context.Context, client Client, digest []byte) (*Session, *User, error) {
	r := sessionRow{Session: Session{Token: digest, Client: client}}
	err := s.store.reader().row(ctx, "read session", `
		SELECT `+sessionColumns+`
		  FROM sessions
		 WHERE tenant_id = $1 AND token = $2 AND client = $3`, []any{s.tenant, digest, string(client)}, r.into())
	return r.read(err)
}

// SessionOf is SessionByToken by the session's id, for whoever has shown in another way that the session is theirs. It must be one that
// this user is signed in with.
func (s Scope) SessionOf(ctx context.Context, client Client, userID, id string) (*Session, *User, error) {
	r := sessionRow{Session: Session{Client: client}}
	err := s.store.reader().row(ctx, "read session by id", `
		SELECT `+sessionColumns+`, token
		  FROM sessions
		 WHERE tenant_id = $1 AND id = $2 AND client = $3 AND user_id = $4 AND NOT pending`,
		[]any{s.tenant, id, string(client), userID}, append(r.into(), &r.Token))
	return r.read(err)
}

// IdentityByToken is SessionByToken with the user's EmailVerified, for whoever tells others who somebody is. It reads a second row,
// of the user's primary address.
func (s Scope) IdentityByToken(ctx context.Context, client Client, digest []byte) (*Session, *User, error) {
	r := sessionRow{Session: Session{Token: digest, Client: client}}
	err := s.store.reader().row(ctx, "read identity", `
		SELECT `+sessionColumns+`, `+emailVerified+`
		  FROM sessions
		 WHERE tenant_id = $1 AND token = $2 AND client = $3`, []any{s.tenant, digest, string(client)}, append(r.into(), &r.user.EmailVerified))
	return r.read(err)
}

// IdentityOf is SessionOf with the user's EmailVerified, likewise.
func (s Scope) IdentityOf(ctx context.Context, client Client, userID, id string) (*Session, *User, error) {
	r := sessionRow{Session: Session{Client: client}}
	err := s.store.reader().row(ctx, "read identity by session", `
		SELECT `+sessionColumns+`, token, `+emailVerified+`
		  FROM sessions
		 WHERE tenant_id = $1 AND id = $2 AND client = $3 AND user_id = $4 AND NOT pending`,
		[]any{s.tenant, id, string(client), userID}, append(r.into(), &r.Token, &r.user.EmailVerified))
	return r.read(err)
}

// emailVerified says whether the address that a session repeats is one that its user has proved. It is not among what sessions repeat:
// session checks do not show it.
const emailVerified = `EXISTS (SELECT 1 FROM emails e
		                WHERE e.tenant_id = $1 AND e.user_id = sessions.user_id AND e.is_primary AND e.email = sessions.email AND e.verified)`

const sessionColumns = `id, user_id, pending, epoch, methods, state, version, seen_at, expires_at, refresh_number,
		       username, email, name, has_password, factors, alive`

// sessionRow is a session and its user: one piece of memory for all that is scanned.
type sessionRow struct {
	Session
	user   User
	userID sql.NullString
}

func (r *sessionRow) into() []any {
	return []any{&r.ID, &r.userID, &r.Pending, &r.Epoch, &r.Methods, &r.State, &r.Version, when(&r.SeenAt), when(&r.ExpiresAt),
		&r.RefreshNumber, &r.user.Username, &r.user.Email, &r.user.Name, &r.user.HasPassword, &r.user.Factors, &r.user.Active}
}

func (r *sessionRow) read(err error) (*Session, *User, error) {
	if err != nil {
		return nil, nil, err
	}
	r.UserID = r.userID.String
	r.user.ID, r.user.Epoch, r.Factors = r.UserID, r.Epoch, r.user.Factors
	return &r.Session, &r.user, nil
}

// AddSession writes a new session. With who it signs that user in: who must be locked in this transaction, by SaveLogin or
// AddUser, so that nobody puts the user out between the look and the deed.
func (t *Tx) AddSession(ctx context.Context, x *Session, who *User) error {
	shown := shownBy(x, who)
	_, err := t.exec(ctx, "add session", `
		INSERT INTO sessions (tenant_id, id, token, client, user_id, pending, epoch, alive, username, email, name, has_password,
		                      factors, methods, state, version, ip, user_agent, created_at, seen_at, expires_at, refresh_number, refreshed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`,
		t.tenant, x.ID, x.Token, string(x.Client), orNull(x.UserID), x.Pending, x.Epoch, x.Pending || who != nil,
		shown.Username, shown.Email, shown.Name, shown.HasPassword, int64(shown.Factors), string(x.Methods), string(x.State), x.Version,
		x.IP, x.UserAgent, x.CreatedAt, x.SeenAt, x.ExpiresAt, x.RefreshNumber, orNever(x.RefreshedAt))
	return err
}

// SaveSession writes x if nobody has since it was read, and ErrStale if they have. It is the only statement that changes
// a session's state. With who it signs that user in, as AddSession does; without, a session that stays its user's is as alive
// as it was, and one that changes hands only as far as a login that waits. A session that its user was put out of since it was read
// is ErrStale too, unless it is to be another's, or the same user's anew. The refresh token that is good is another one only
// where RefreshedAt is set, as by a login: nobody can have rotated it meanwhile then.
func (t *Tx) SaveSession(ctx context.Context, x *Session, who *User) error {
	shown := shownBy(x, who)
	res, err := t.exec(ctx, "save session", `
		UPDATE sessions
		   SET token = $4, user_id = $5, pending = $6, epoch = $7, methods = $8, state = $9,
		       ip = CASE WHEN $23 THEN $10 ELSE ip END, user_agent = CASE WHEN $23 THEN $11 ELSE user_agent END,
		       seen_at = $12, expires_at = $13, version = version + 1,
		       alive = CASE WHEN $14 THEN TRUE WHEN user_id = $5 AND epoch = $7 AND pending = $6 THEN alive ELSE $6 END,
		       username = CASE WHEN $14 THEN $15 ELSE username END, email = CASE WHEN $14 THEN $16 ELSE email END,
		       name = CASE WHEN $14 THEN $17 ELSE name END, has_password = CASE WHEN $14 THEN $18 ELSE has_password END,
		       factors = CASE WHEN user_id = $5 AND NOT $14 THEN factors ELSE $19 END,
		       refresh_number = CASE WHEN $20 THEN $21 ELSE refresh_number END, refreshed_at = CASE WHEN $20 THEN $22 ELSE refreshed_at END
		 WHERE tenant_id = $1 AND id = $2 AND version = $3
		   AND (alive OR $14 OR user_id IS NULL OR user_id IS DISTINCT FROM $5 OR epoch <> $7 OR pending <> $6)`,
		t.tenant, x.ID, x.Version, x.Token, orNull(x.UserID), x.Pending, x.Epoch, string(x.Methods), string(x.State),
		x.IP, x.UserAgent, x.SeenAt, x.ExpiresAt, who != nil, shown.Username, shown.Email, shown.Name, shown.HasPassword,
		int64(shown.Factors), !x.RefreshedAt.IsZero(), x.RefreshNumber, orNever(x.RefreshedAt), x.From || who != nil)
	return changedOne(res, err, ErrStale)
}

// shownBy is what a session repeats of the user who is signed in by it; of one whose login waits, no more than the factors.
func shownBy(x *Session, who *User) User {
	if who == nil {
		return User{Factors: x.Factors}
	}
	return *who
}

// TouchSession notes that a session was used and moves its end along, without counting its version up: it changes nothing that
// a flow decides by. With from it notes where from, too. Of several uses that were found last seen at the same time, the first
// is noted.
func (t *Tx) TouchSession(ctx context.Context, x *Session, lastSeen time.Time, from bool) error {
	_, err := t.exec(ctx, "touch session", `
		UPDATE sessions
		   SET seen_at = $4, expires_at = $5,
		       ip = CASE WHEN $6 THEN $7 ELSE ip END, user_agent = CASE WHEN $6 THEN $8 ELSE user_agent END
		 WHERE tenant_id = $1 AND id = $2 AND seen_at <= $3`,
		t.tenant, x.ID, lastSeen, x.SeenAt, x.ExpiresAt, from, x.IP, x.UserAgent)
	return err
}

// Refreshing is what a session's refresh tokens are judged by.
type Refreshing struct {
	User        User // as the session repeats it
	Number      int64
	RefreshedAt time.Time
	SeenAt      time.Time
	ExpiresAt   time.Time
}

// refreshable are the conditions on a session, of the user $3, whose refresh token is good for anything at the time $4: the user may
// use it, and the tenant is served by what the database says now.
const refreshable = `tenant_id = $1 AND id = $2 AND user_id = $3 AND expires_at > $4 AND client = 'app' AND alive AND NOT pending
		   AND EXISTS (SELECT 1 FROM tenants t WHERE t.state = 'active' AND t.id = $1)`

// RotateRefresh counts up the number of the refresh token that is good, if it is x's and nobody has done so since, and moves the
// session's end along. Otherwise it is ErrNotFound: Refreshing tells why. Of any number of rotations at once one succeeds.
func (t *Tx) RotateRefresh(ctx context.Context, x *Session, from bool) (*Refreshing, error) {
	r := &Refreshing{User: User{ID: x.UserID}}
	err := t.row(ctx, "rotate refresh token", `
		UPDATE sessions
		   SET refresh_number = refresh_number + 1, refreshed_at = $4, seen_at = $4, expires_at = $6,
		       ip = CASE WHEN $7 THEN $8 ELSE ip END, user_agent = CASE WHEN $7 THEN $9 ELSE user_agent END
		 WHERE `+refreshable+` AND refresh_number = $5
		RETURNING username, email, name, refresh_number, refreshed_at, seen_at, expires_at`,
		[]any{t.tenant, x.ID, x.UserID, x.SeenAt, x.RefreshNumber, x.ExpiresAt, from, x.IP, x.UserAgent}, r.into())
	return r, err
}

// Refreshing is the state of a session's refresh tokens, or ErrNotFound where they are good for nothing: the session has ended, is not
// that user's, or the tenant is not served.
func (s Scope) Refreshing(ctx context.Context, userID, id string, now time.Time) (*Refreshing, error) {
	r := &Refreshing{User: User{ID: userID}}
	err := s.store.reader().row(ctx, "read refresh token", `
		SELECT username, email, name, refresh_number, refreshed_at, seen_at, expires_at FROM sessions
		 WHERE `+refreshable, []any{s.tenant, id, userID, now}, r.into())
	return r, err
}

func (r *Refreshing) into() []any {
	return []any{&r.User.Username, &r.User.Email, &r.User.Name, &r.Number, when(&r.RefreshedAt), when(&r.SeenAt), when(&r.ExpiresAt)}
}

// DropSession ends a session. One that is gone already is no error: ending is what was asked for.
func (t *Tx) DropSession(ctx context.Context, id string) error {
	_, err := t.exec(ctx, "drop session", `DELETE FROM sessions WHERE tenant_id = $1 AND id = $2`, t.tenant, id)
	return err
}

// LeaveSession ends a session for another that takes its place. One that has changed since it was read, or is gone, is ErrStale: what took
// it away may have been the same proof.
func (t *Tx) LeaveSession(ctx context.Context, x *Session) error {
	res, err := t.exec(ctx, "leave session", `DELETE FROM sessions WHERE tenant_id = $1 AND id = $2 AND version = $3`, t.tenant, x.ID, x.Version)
	return changedOne(res, err, ErrStale)
}

// SessionsOf are the sessions that a user is signed in with, latest first, and whether there are any that the user was put out
// of.
func (s Scope) SessionsOf(ctx context.Context, userID string, now time.Time) (all []Session, dead bool, err error) {
	err = s.store.reader().each(ctx, "read sessions of user", `
		SELECT id, client, ip, user_agent, created_at, seen_at, expires_at, alive
		  FROM sessions
		 WHERE tenant_id = $1 AND user_id = $2 AND NOT pending AND (NOT alive OR expires_at > $3)
		 ORDER BY created_at DESC, id DESC`,
		[]any{s.tenant, userID, now}, func(rows *sqlx.Rows) error {
			var x Session
			var alive bool
			err := rows.Scan(&x.ID, &x.Client, &x.IP, &x.UserAgent, when(&x.CreatedAt), when(&x.SeenAt), when(&x.ExpiresAt), &alive)
			if alive {
				all = append(all, x)
			}
			dead = dead || !alive
			return err
		})
	return all, dead, err
}

// MethodsOf are the ids of the sessions that a user is signed in with, or about to be, and what was proved in each, by their ids: whoever ends several
// of them at once goes about it in that order.
func (s Scope) MethodsOf(ctx context.Context, userID string, now time.Time) (all []Session, err error) {
	err = s.store.reader().each(ctx, "read how a user signed in", `
		SELECT id, methods
		  FROM sessions
		 WHERE tenant_id = $1 AND user_id = $2 AND alive AND expires_at > $3
		 ORDER BY id`,
		[]any{s.tenant, userID, now}, func(rows *sqlx.Rows) error {
			var x Session
			err := rows.Scan(&x.ID, &x.Methods)
			all = append(all, x)
			return err
		})
	return all, err
}

// DropSessionOf ends a session of a user. One that is gone already is no error.
func (t *Tx) DropSessionOf(ctx context.Context, userID, id string) error {
	_, err := t.exec(ctx, "drop session of user", `
		DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND id = $3`, t.tenant, userID, id)
	return err
}

// DropDeadSessionsOf removes the sessions that a user was signed in with and put out of, all but one: that of whoever is coming in
// just now.
func (t *Tx) DropDeadSessionsOf(ctx context.Context, userID, but string) error {
	_, err := t.exec(ctx, "drop dead sessions of user", `
		DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND NOT alive AND NOT pending AND id <> $3`, t.tenant, userID, but)
	return err
}

// SweepSessions removes up to n sessions of any tenant that ended before the given time, and returns how many.
func (s *Store) SweepSessions(ctx context.Context, before time.Time, n int) (int64, error) {
	r := runner{store: s, pool: s.write}
	res, err := r.exec(ctx, "sweep sessions", `
		DELETE FROM sessions WHERE (tenant_id, id) IN (
		       SELECT tenant_id, id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`, before, n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
