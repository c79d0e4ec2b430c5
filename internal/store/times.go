package store

import (
	"database/sql"
	"fmt"
	"time"
)

// sqliteTime is how times are written to SQLite. They are always UTC, so that their texts sort as they do.
const sqliteTime = "2006-01-02 15:04:05.999999999-07:00"

// when scans a time from either engine: PostgreSQL gives a time, SQLite its text. NULL is the zero time.
func when(t *time.Time) sql.Scanner { return moment{t} }

type moment struct{ t *time.Time }

// Scan is for database/sql.
func (m moment) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*m.t = time.Time{}
	case time.Time:
		*m.t = v.UTC()
	case string:
		t, err := time.Parse(sqliteTime, v)
		if err != nil {
			return fmt.Errorf("a time in the database cannot be read: %w", err)
		}
		*m.t = t.UTC()
	default:
		return fmt.Errorf("a time in the database is a %T", v)
	}
	return nil
}

// orNever is NULL for the zero time.
func orNever(t time.Time) sql.NullTime { return sql.NullTime{Time: t, Valid: !t.IsZero()} }
