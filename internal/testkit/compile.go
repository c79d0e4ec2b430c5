package testkit

import (
	"context"
	"database/sql"
	"regexp"
	"strconv"
)

// Compile has the database make sense of a statement without running it: tables and columns that it names and that are not there make an
// error.
func Compile(ctx context.Context, db *sql.DB, engine, text string) error {
	if engine == "postgres" {
		st, err := db.PrepareContext(ctx, text)
		if err != nil {
			return err
		}
		defer func() { _ = st.Close() }() // it was not run
		return nil
	}
	// Its driver leaves the text alone until it is run. EXPLAIN compiles it, with the triggers that it sets off.
	var args []any
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return err
		}
		for len(args) < n {
			args = append(args, nil)
		}
	}
	rows, err := db.QueryContext(ctx, "EXPLAIN "+text, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells of the failure, if there was one
	return rows.Err()
}

var placeholder = regexp.MustCompile(`\$(\d+)`)
