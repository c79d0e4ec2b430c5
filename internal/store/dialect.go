package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
)

// dialect is what differs between the engines: how to open one, what its errors mean, and the words of a few statements.
type dialect struct {
	name    string
	system  string // what it is called in traces
	open    func(Options) (read, write *sqlx.DB, err error)
	meaning func(error) error
	// skipLocked ends the sub-select of a statement that leases rows. SQLite has one writer, and needs none.
	skipLocked string
	// linkTypes says of what types a list of Links is, which PostgreSQL would take for texts.
	linkTypes [4]string
	// bytewise compares a text byte by byte, and so sorts it, whatever the collation of the database. SQLite always does.
	bytewise string
}

// Deadlines of PostgreSQL. The server gives up on a statement first; the connection's own deadline is for a network that
// has died, on which lib/pq would wait for ever.
const (
	statementTimeout = 5 * time.Second
	networkTimeout   = 8 * time.Second
	connectTimeout   = 5 * time.Second
)

func dialectOf(rawURL string) (dialect, error) {
	scheme, _, _ := strings.Cut(rawURL, ":")
	switch scheme {
	case "postgres", "postgresql":
		return dialect{name: "postgres", system: "postgresql", open: openPostgres, meaning: postgresMeaning, skipLocked: "FOR UPDATE SKIP LOCKED",
			linkTypes: [4]string{"::UUID", "::BIGINT", "::BYTEA", "::BYTEA"}, bytewise: ` COLLATE "C"`}, nil
	case "sqlite":
		return dialect{name: "sqlite", system: "sqlite", open: openSQLite, meaning: sqliteMeaning}, nil
	}
	return dialect{}, fmt.Errorf("database URL: the scheme must be postgres or sqlite, not %q", scheme)
}

func openPostgres(o Options) (read, write *sqlx.DB, err error) {
	connector, err := postgresConnector(o.URL, func(q url.Values) {
		setDefault(q, "statement_timeout", fmt.Sprint(statementTimeout.Milliseconds()))
	})
	if err != nil {
		return nil, nil, err
	}
	connector.Dialer(deadlineDialer{})
	db := sqlx.NewDb(sql.OpenDB(faultdb.Wrap(connector, o.Observe)), "postgres")
	conns := o.MaxConns
	if conns <= 0 {
		conns = 20
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	db.SetConnMaxLifetime(time.Hour)
	return db, db, nil
}

// patientPostgres is a connection for migrations, which may take as long as they must.
func patientPostgres(rawURL string) (*sql.DB, error) {
	connector, err := postgresConnector(rawURL, func(q url.Values) { q.Set("statement_timeout", "0") })
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

func postgresConnector(rawURL string, timeouts func(url.Values)) (*pq.Connector, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("database URL: not a valid URL") // the parser's error would repeat the password
	}
	q := u.Query()
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback()) {
		setDefault(q, "sslmode", "disable") // nothing leaves the machine
	}
	timeouts(q)
	setDefault(q, "binary_parameters", "yes") // one round trip for a query with parameters, not two
	setDefault(q, "connect_timeout", fmt.Sprint(int(connectTimeout.Seconds())))
	setDefault(q, "application_name", "vestibule")
	setDefault(q, "plan_cache_mode", "force_generic_plan") // every statement is a look-up by key: one plan is right for all values
	u.RawQuery = q.Encode()
	connector, err := pq.NewConnector(u.String())
	if err != nil {
		return nil, errors.New("database URL: lib/pq does not accept it; check its parameters")
	}
	return connector, nil
}

func setDefault(q url.Values, key, value string) {
	if !q.Has(key) {
		q.Set(key, value)
	}
}

// openSQLite opens two pools on one file: many readers, which see the last commit without waiting (WAL), and a single
// writer, whose transactions take the lock when they begin and so never fail half way for want of it.
func openSQLite(o Options) (read, write *sqlx.DB, err error) {
	path, params := sqlitePath(o.URL)
	if path == "" || strings.Contains(path, ":memory:") {
		return nil, nil, errors.New("database URL: sqlite needs the path of a file, as in sqlite:vestibule.db")
	}
	given, err := url.ParseQuery(params)
	if err != nil {
		return nil, nil, fmt.Errorf("database URL: parameters of sqlite: %w", err)
	}
	synchronous := "FULL" // a commit that was answered survives a power cut
	if given.Has("synchronous") {
		synchronous = strings.ToUpper(given.Get("synchronous"))
		if synchronous != "NORMAL" && synchronous != "FULL" && synchronous != "OFF" {
			return nil, nil, errors.New("database URL: synchronous must be full, normal or off")
		}
	}
	open := func(conns int, extra ...string) *sqlx.DB {
		v := url.Values{"_time_format": {"sqlite"}, "_txlock": {"immediate"}}
		v["_pragma"] = append([]string{"busy_timeout(5000)", "journal_mode(WAL)", "foreign_keys(1)", "synchronous(" + synchronous + ")",
			"journal_size_limit(67108864)"}, extra...)
		c := dsnConnector{dsn: "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + v.Encode(), driver: &sqlite.Driver{}}
		db := sqlx.NewDb(sql.OpenDB(faultdb.Wrap(c, o.Observe)), "sqlite")
		db.SetMaxOpenConns(conns)
		db.SetMaxIdleConns(conns)
		return db
	}
	// The file holds secrets, sealed though they are: it is made for its owner alone.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open the SQLite file: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, nil, fmt.Errorf("open the SQLite file: %w", err)
	}
	return open(8, "query_only(1)"), open(1), nil
}

// sqlitePath is the file that a sqlite:PATH?PARAMETERS URL names, and its parameters.
func sqlitePath(rawURL string) (path, params string) {
	path, params, _ = strings.Cut(strings.TrimPrefix(rawURL, "sqlite:"), "?")
	return path, params
}

// dsnConnector makes a connector of a driver that only opens by name.
type dsnConnector struct {
	dsn    string
	driver driver.Driver
}

func (c dsnConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c dsnConnector) Driver() driver.Driver                        { return c.driver }

func postgresMeaning(err error) error {
	var pe *pq.Error
	if errors.As(err, &pe) {
		switch pe.Code.Class() {
		case "08", "53", "57", "58": // connection, resources, operator's intervention (a time-out too), system
			return ErrUnavailable
		}
		switch {
		case pe.Code == "23505":
			return ErrTaken
		case pe.Code == "40001", pe.Code == "40P01": // serialization, deadlock
			return ErrStale
		case pe.Code == "25006": // a standby, or one that was a primary a moment ago
			return ErrUnavailable
		case pe.Code == "55000" && pe.Severity == pqerror.SeverityFatal: // the database takes no connections; otherwise a mistake of ours
			return ErrUnavailable
		}
		return nil
	}
	return networkMeaning(err)
}

func networkMeaning(err error) error {
	var ne net.Error
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, context.DeadlineExceeded) || errors.As(err, &ne) {
		return ErrUnavailable
	}
	return nil
}

func sqliteMeaning(err error) error {
	var se *sqlite.Error
	if errors.As(err, &se) {
		switch se.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
			return ErrTaken
		}
		switch se.Code() & 0xff { // the rest of the code says more than is needed
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
			sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_READONLY:
			return ErrUnavailable
		}
		return nil
	}
	return networkMeaning(err)
}

// deadlineDialer makes connections on which no single read or write can wait longer than networkTimeout.
type deadlineDialer struct{}

func (d deadlineDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialTimeout(network, address, connectTimeout)
}

func (deadlineDialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	return deadline((&net.Dialer{Timeout: timeout}).Dial(network, address))
}

func (deadlineDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return deadline((&net.Dialer{Timeout: connectTimeout}).DialContext(ctx, network, address))
}

func deadline(c net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	return &deadlineConn{Conn: c}, nil
}

// deadlineConn moves its deadlines along as it is used. Moving one costs a little, so it is done once a second at most:
// a wait ends between networkTimeout and a second less.
type deadlineConn struct {
	net.Conn
	readUntil, writeUntil time.Time
	fixed                 bool // the driver has set a deadline of its own
}

func (c *deadlineConn) Read(b []byte) (int, error) {
	if err := c.extend(&c.readUntil, c.Conn.SetReadDeadline); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *deadlineConn) Write(b []byte) (int, error) {
	if err := c.extend(&c.writeUntil, c.Conn.SetWriteDeadline); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// SetDeadline is for the driver, which sets one while it connects, and takes it away again. Ours begins anew then.
func (c *deadlineConn) SetDeadline(t time.Time) error {
	c.readUntil, c.writeUntil, c.fixed = time.Time{}, time.Time{}, !t.IsZero()
	return c.Conn.SetDeadline(t)
}

func (c *deadlineConn) extend(until *time.Time, set func(time.Time) error) error {
	if c.fixed {
		return nil
	}
	now := time.Now() // a network deadline is measured by the machine's clock, whatever time a test pretends
	if until.Sub(now) > networkTimeout-time.Second {
		return nil
	}
	*until = now.Add(networkTimeout)
	return set(*until)
}
