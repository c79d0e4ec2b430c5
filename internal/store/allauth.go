package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// Allauth is the database of a Django project with django-allauth, from which users come. It is only read.
type Allauth struct {
	URL       string // postgres://… or sqlite:PATH
	UserTable string // of AUTH_USER_MODEL

	// Where the project's adapter keeps phone numbers, as TABLE.COLUMN, and the column beside it that says whether one is verified; "" for
	// nowhere. A row of the table is the user's that its user_id names, or its id where it is the table of users itself.
	Phones, PhonesVerified string
}

// AllauthUser is a user of such a project, with what django-allauth keeps of it.
type AllauthUser struct {
	ID             string
	Numbered       bool // the id is a number
	Username       string
	Email          string
	First, Last    string
	Password       string
	Active         bool
	Joined         time.Time
	LastLogin      time.Time
	Phone          string
	PhoneVerified  bool
	Emails         []AllauthEmail
	SocialAccounts []AllauthSocial
	Authenticators []AllauthAuthenticator
}

// AllauthEmail is a row of account_emailaddress.
type AllauthEmail struct {
	Email             string
	Verified, Primary bool
}

// AllauthSocial is a row of socialaccount_socialaccount.
type AllauthSocial struct {
	Provider, UID     string
	Joined, LastLogin time.Time
	Extra             []byte // JSON: what the provider told
}

// AllauthAuthenticator is a row of mfa_authenticator. Data is JSON.
type AllauthAuthenticator struct {
	Type             string
	Data             []byte
	Created, LastUse time.Time
}

// tableName is what a table may be called. Names stand in statements, and are quoted there.
var tableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

// Each calls f with every user, in the order of their ids. It reads each table once, all at the same rows.
func (a Allauth) Each(ctx context.Context, f func(*AllauthUser) error) (err error) {
	if !tableName.MatchString(a.UserTable) {
		return fmt.Errorf("%q cannot be the name of a table", a.UserTable)
	}
	db, columnsOf, err := a.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	known := func(table string) ([]string, error) { return textsOf(ctx, db, columnsOf, table) }
	columns, err := known(a.UserTable)
	if err != nil {
		return err
	}
	if !slices.Contains(columns, "id") || !slices.Contains(columns, "password") {
		return fmt.Errorf("there is no table %s with the columns id and password: which one is AUTH_USER_MODEL's?", a.UserTable)
	}
	table := `"` + a.UserTable + `"`
	users, err := openCursor(ctx, db, `SELECT u.id, u.password, `+columnsOr(columns, "username", "email", "first_name", "last_name", "is_active", "date_joined", "last_login")+
		` FROM `+table+` u ORDER BY u.id`)
	if err != nil {
		return fmt.Errorf("read users: %w", err)
	}
	defer users.close()
	var parts [4]*cursor
	for n, part := range []struct{ table, columns string }{
		{"account_emailaddress", "t.email, t.verified, t.\"primary\""},
		{"socialaccount_socialaccount", "t.provider, t.uid, t.date_joined, t.last_login, t.extra_data"},
		{"mfa_authenticator", "t.type, t.data, t.created_at, t.last_used_at"},
	} {
		there, err := known(part.table)
		if err != nil {
			return err
		}
		if len(there) == 0 {
			continue // the app is not installed
		}
		parts[n], err = openCursor(ctx, db, `SELECT t.user_id, `+part.columns+` FROM `+part.table+` t JOIN `+table+` u ON u.id = t.user_id ORDER BY u.id, t.id`)
		if err != nil {
			return fmt.Errorf("read %s: %w", part.table, err)
		}
		defer parts[n].close()
	}
	if parts[3], err = a.phones(ctx, db, known); err != nil {
		return err
	}
	if parts[3] != nil {
		defer parts[3].close()
	}
	for {
		row, err := users.next()
		if row == nil || err != nil {
			return err
		}
		u := &AllauthUser{
			ID: idOf(row[0]), Password: textOf(row[1]), Username: textOf(row[2]), Email: textOf(row[3]), First: textOf(row[4]), Last: textOf(row[5]),
			Active: row[6] == nil || truthOf(row[6]), Joined: timeOf(row[7]), LastLogin: timeOf(row[8]),
		}
		_, u.Numbered = row[0].(int64)
		err = errors.Join(parts[0].of(row[0], func(r []any) {
			u.Emails = append(u.Emails, AllauthEmail{textOf(r[1]), truthOf(r[2]), truthOf(r[3])})
		}), parts[1].of(row[0], func(r []any) {
			u.SocialAccounts = append(u.SocialAccounts, AllauthSocial{textOf(r[1]), textOf(r[2]), timeOf(r[3]), timeOf(r[4]), []byte(textOf(r[5]))})
		}), parts[2].of(row[0], func(r []any) {
			u.Authenticators = append(u.Authenticators, AllauthAuthenticator{textOf(r[1]), []byte(textOf(r[2])), timeOf(r[3]), timeOf(r[4])})
		}), parts[3].of(row[0], func(r []any) {
			if verified := truthOf(r[2]); u.Phone == "" || verified && !u.PhoneVerified {
				u.Phone, u.PhoneVerified = textOf(r[1]), verified
			}
		}))
		if err != nil {
			return err
		}
		if err := f(u); err != nil {
			return err
		}
	}
}

// phones reads the numbers of the users, nil where nobody has said where they are.
func (a Allauth) phones(ctx context.Context, db *sql.DB, known func(string) ([]string, error)) (*cursor, error) {
	if a.Phones == "" {
		return nil, nil
	}
	table, number, found := strings.Cut(a.Phones, ".")
	columns := []string{number, a.PhonesVerified, "user_id"}
	if table == a.UserTable {
		columns[2] = "id"
	}
	for _, name := range append([]string{table}, columns...) {
		if !tableName.MatchString(name) && (name != "" || !found || number == "") {
			return nil, fmt.Errorf("where are phone numbers? %q must be such as accounts_phone.number, and %q a column beside it", a.Phones, a.PhonesVerified)
		}
	}
	there, err := known(table)
	if err != nil {
		return nil, err
	}
	verified := "NULL"
	for _, name := range columns {
		if name != "" && !slices.Contains(there, name) {
			return nil, fmt.Errorf("there is no table %s with a column %s, in which phone numbers could be", table, name)
		}
	}
	if a.PhonesVerified != "" {
		verified = `t."` + a.PhonesVerified + `"`
	}
	c, err := openCursor(ctx, db, `SELECT u.id, t."`+number+`", `+verified+` FROM "`+table+`" t JOIN "`+a.UserTable+`" u ON u.id = t."`+columns[2]+`" ORDER BY u.id, t."`+number+`"`)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	return c, nil
}

// open opens the database for reading, and is the query for a table's columns.
func (a Allauth) open() (db *sql.DB, columnsOf string, err error) {
	if path, ok := strings.CutPrefix(a.URL, "sqlite:"); ok && path != "" {
		c := dsnConnector{dsn: "file:" + path + "?mode=ro&_pragma=busy_timeout(5000)", driver: &sqlite.Driver{}}
		return sql.OpenDB(c), `SELECT name FROM pragma_table_info($1)`, nil
	}
	if !strings.HasPrefix(a.URL, "postgres://") && !strings.HasPrefix(a.URL, "postgresql://") {
		return nil, "", errors.New("where is the database? It must be postgres://… or sqlite:PATH")
	}
	db, err = patientPostgres(a.URL)
	return db, `SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND table_schema = ANY (current_schemas(false))`, err
}

// columnsOr are columns of u, with NULL for those that there are not.
func columnsOr(there []string, wanted ...string) string {
	parts := make([]string, len(wanted))
	for i, name := range wanted {
		parts[i] = "NULL"
		if slices.Contains(there, name) {
			parts[i] = "u." + name
		}
	}
	return strings.Join(parts, ", ")
}

func textsOf(ctx context.Context, db *sql.DB, query string, args ...any) (all []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the columns of a table: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, fmt.Errorf("read the columns of a table: %w", err)
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// cursor reads rows one after the other, and can look at the next.
type cursor struct {
	rows  *sql.Rows
	width int
	held  []any
}

func openCursor(ctx context.Context, db *sql.DB, query string) (*cursor, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	names, err := rows.Columns()
	if err != nil {
		return nil, errors.Join(err, rows.Close(), rows.Err())
	}
	return &cursor{rows: rows, width: len(names)}, nil
}

func (c *cursor) close() { _ = c.rows.Close() } // whatever went wrong, next has told

// next is the next row, nil after the last.
func (c *cursor) next() ([]any, error) {
	if row := c.held; row != nil {
		c.held = nil
		return row, nil
	}
	if !c.rows.Next() {
		return nil, c.rows.Err()
	}
	row, into := make([]any, c.width), make([]any, c.width)
	for i := range row {
		into[i] = &row[i]
	}
	if err := c.rows.Scan(into...); err != nil {
		return nil, fmt.Errorf("read a row: %w", err)
	}
	return row, nil
}

// of calls f with the rows of a user, which come next if there are any.
func (c *cursor) of(id any, f func([]any)) error {
	if c == nil {
		return nil
	}
	for {
		row, err := c.next()
		if row == nil || err != nil {
			return err
		}
		if idOf(row[0]) != idOf(id) {
			c.held = row
			return nil
		}
		f(row)
	}
}

// idOf is a primary key as text. Django writes UUIDs to SQLite without their dashes.
func idOf(v any) string {
	s := textOf(v)
	if _, err := hex.DecodeString(s); err != nil || len(s) != 32 {
		return s
	}
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []byte:
		return string(v)
	default:
		return fmt.Sprint(v)
	}
}

func truthOf(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case int64:
		return v != 0
	default:
		return false
	}
}

// timeOf is a time. Django writes them to SQLite in UTC, without saying so.
func timeOf(v any) time.Time {
	switch v := v.(type) {
	case time.Time:
		return v.UTC()
	case string:
		for _, form := range []string{"2006-01-02 15:04:05.999999", time.RFC3339Nano} {
			if t, err := time.Parse(form, v); err == nil {
				return t.UTC()
			}
		}
	}
	return time.Time{}
}
