package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// fleetCommand is admin fleet, which says how the platform is doing.
func (t *tool) fleetCommand() *cobra.Command {
	f := &apiFlags{}
	cmd := &cobra.Command{Use: "fleet", Short: "Say how the platform is doing: tenants, health, mail, webhooks and the age of signing keys",
		Args: cobra.NoArgs, RunE: does(func(ctx context.Context, _ []string) error {
			var fleet admin.Fleet
			return t.ask(ctx, f, request{method: http.MethodGet, path: "/fleet"}, &fleet, func() error { return t.printFleet(&fleet) })
		})}
	f.add(cmd)
	return cmd
}

func (t *tool) printFleet(f *admin.Fleet) error {
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(table, name+"\t"+format+"\n", args...) // Flush tells what went wrong
	}
	var checks []string
	for _, name := range slices.Sorted(maps.Keys(f.Health.Checks)) {
		checks = append(checks, name+" "+f.Health.Checks[name])
	}
	oldest := ""
	if f.Messages.OldestDueAt != nil {
		oldest = ", the oldest due " + age(f.Messages.OldestDueSecs) + " ago"
	}
	row("Server", "%s", orNothing(plain(f.Version)))
	row("Health", "%s", plain(f.Health.Status))
	if len(checks) > 0 {
		row("Checks", "%s", plain(strings.Join(checks, ", ")))
	}
	row("Migrations", "%d applied, %d pending", f.Migrations.Applied, f.Migrations.Pending)
	row("Tenants", "%d active, %d suspended, %d deleted", f.Tenants.Active, f.Tenants.Suspended, f.Tenants.Deleted)
	again := ""
	if f.Messages.Retried > 0 {
		again = ", " + orMore(f.Messages.Retried, f) + " of them tried in vain three times or more"
	}
	row("Messages", "%s queued%s%s; %s given up in 24 hours", orMore(f.Messages.Queued, f), again, oldest, orMore(f.Messages.Failed, f))
	row("Webhooks", "%d enabled, %d of them failing; %d disabled by the server", f.Webhooks.Enabled, f.Webhooks.Failing, f.Webhooks.Disabled)
	row("Keys", "%d tenants with a key that should have been rotated", f.Keys.Overdue)
	if err := table.Flush(); err != nil {
		return err
	}
	return t.printWorst(f)
}

// printWorst prints whose messages, webhooks and keys need somebody, a table of each; none where there is nobody.
func (t *tool) printWorst(f *admin.Fleet) error {
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	var err error
	list := func(head string, rows [][]string) {
		if len(rows) == 0 || err != nil {
			return
		}
		_, _ = fmt.Fprintln(table, "\n"+head)
		for _, row := range rows {
			_, _ = fmt.Fprintln(table, strings.Join(row, "\t"))
		}
		err = table.Flush()
	}
	at := func(when time.Time) string { return when.Format(time.RFC3339) }
	var waiting, retried, failed, webhooks, keys [][]string
	for _, w := range f.Messages.LongestWaiting {
		waiting = append(waiting, []string{w.Tenant, fmt.Sprint(w.Due), at(w.OldestDueAt), age(w.OldestDueSecs)})
	}
	for _, m := range f.Messages.MostRetried {
		retried = append(retried, []string{m.Tenant, fmt.Sprint(m.Retried)})
	}
	for _, m := range f.Messages.MostFailed {
		failed = append(failed, []string{m.Tenant, fmt.Sprint(m.Failed), fmt.Sprint(m.Expired), at(m.LastAt)})
	}
	for _, w := range slices.Concat(f.Webhooks.LongestFailing, f.Webhooks.LastDisabled) {
		state := "failing"
		if w.DisabledWhy != "" {
			state = "disabled (" + w.DisabledWhy + ")"
		}
		webhooks = append(webhooks, []string{w.Tenant, w.ID, plain(w.Host), state, at(w.Since)})
	}
	for _, k := range f.Keys.Oldest {
		rotates := orDash(k.RotatesAt)
		if k.Overdue {
			rotates += " (overdue)"
		}
		keys = append(keys, []string{k.Tenant, k.ID, k.Algorithm, at(k.CreatedAt), age(k.AgeSeconds), rotates})
	}
	list("TENANT\tMESSAGES DUE\tOLDEST DUE\tWAITS", waiting)
	list("TENANT\tTRIED IN VAIN", retried)
	list("TENANT\tGIVEN UP IN 24 HOURS\tOF THEM EXPIRED\tLAST", failed)
	list("TENANT\tWEBHOOK\tHOST\tSTATE\tSINCE", webhooks)
	list("TENANT\tOLDEST KEYS\tALGORITHM\tCREATED\tAGE\tROTATES", keys)
	return err
}

// orMore is a number, with a plus if counting stopped there.
func orMore(n int, f *admin.Fleet) string {
	if n > 0 && n >= f.Messages.CountedUpTo {
		return fmt.Sprintf("%d+", n)
	}
	return fmt.Sprint(n)
}

// age is a time of so many seconds in the largest unit that it has two of.
func age(seconds int64) string {
	d := time.Duration(seconds) * time.Second
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	default:
		return fmt.Sprintf("%d s", seconds)
	}
}
