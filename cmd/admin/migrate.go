package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/store"
)

// migrateCommand is admin migrate, which works on the database itself, since a server does not start before it is done.
func (t *tool) migrateCommand() *cobra.Command {
	var databaseURL string
	cmd := &cobra.Command{Use: "migrate", Short: "Bring the database up to date", Args: cobra.ArbitraryArgs, RunE: needsCommand}
	cmd.PersistentFlags().StringVar(&databaseURL, "database-url", "",
		"postgres://… or sqlite:PATH (default $VESTIBULE_DATABASE_URL)")
	on := func(work func(context.Context, *store.Store) error) func(*cobra.Command, []string) error {
		return does(func(ctx context.Context, _ []string) error { return t.onDatabase(ctx, databaseURL, work) })
	}
	cmd.AddCommand(&cobra.Command{
		Use: "up", Short: "Apply what is pending; any number of these may run at once",
		Args: cobra.NoArgs, RunE: on(t.migrateUp),
	}, &cobra.Command{
		Use: "status", Short: "List what was applied and what is pending; exit status 1 if anything is",
		Args: cobra.NoArgs, RunE: on(t.migrateStatus),
	})
	return cmd
}

// onDatabase opens the database for work.
func (t *tool) onDatabase(ctx context.Context, databaseURL string, work func(context.Context, *store.Store) error) error {
	databaseURL, err := t.setting(databaseURL, "VESTIBULE_DATABASE_URL")
	if err != nil {
		return err
	}
	if databaseURL == "" {
		return errors.New("which database? Give --database-url or VESTIBULE_DATABASE_URL")
	}
	st, err := store.Open(store.Options{URL: databaseURL}) // no keys: the schema has no secrets in it
	if err != nil {
		return err
	}
	return errors.Join(work(ctx, st), st.Close())
}

func (t *tool) migrateUp(ctx context.Context, st *store.Store) error {
	done, err := st.Migrate(ctx)
	if err != nil {
		return err
	}
	for _, m := range done {
		if _, err := fmt.Fprintln(t.out, "applied", m.Name); err != nil {
			return err
		}
	}
	if len(done) == 0 {
		_, err = fmt.Fprintln(t.out, "nothing is pending")
	}
	return err
}

func (t *tool) migrateStatus(ctx context.Context, st *store.Store) error {
	all, err := st.Migrations(ctx)
	if err != nil {
		return err
	}
	pending := 0
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "MIGRATION\tAPPLIED") // Flush tells what went wrong
	for _, m := range all {
		at := "pending"
		if m.AppliedAt.IsZero() {
			pending++
		} else {
			at = m.AppliedAt.UTC().Format(time.RFC3339)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\n", m.Name, at)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if pending > 0 {
		return errQuiet
	}
	return nil
}
