package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/store"
)

// statsFlags are the flags of admin stats.
type statsFlags struct {
	apiFlags
	tenant, interval, from, to string
}

// statsCommand is admin stats, which says how much happened.
func (t *tool) statsCommand() *cobra.Command {
	f := &statsFlags{}
	cmd := &cobra.Command{Use: "stats [--tenant SLUG]", Short: "Say how many people signed up, logged in, failed to, and were active",
		Args: cobra.NoArgs, RunE: does(func(ctx context.Context, _ []string) error {
			q := url.Values{}
			for name, value := range map[string]string{"interval": f.interval, "from": f.from, "to": f.to} {
				if value != "" {
					q.Set(name, value)
				}
			}
			path := "/stats?" + q.Encode()
			if f.tenant != "" {
				path = tenantPath(f.tenant) + path
			}
			var s admin.Stats
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: path}, &s, func() error { return t.printStats(&s) })
		})}
	f.add(cmd)
	p := cmd.Flags()
	p.StringVar(&f.tenant, "tenant", "", "of which tenant; without it, of all together")
	p.StringVar(&f.interval, "interval", "day", "hour, day or month, in UTC")
	p.StringVar(&f.from, "from", "", "from when on, such as 2026-06-01T00:00:00Z (default 48 hours, 30 days or 12 months back)")
	p.StringVar(&f.to, "to", "", "until when (default now)")
	return cmd
}

// shownStats are the counts that the table has room for; programs get all of them.
var shownStats = []struct{ head, name string }{
	{"SIGNUPS", "signups"}, {"LOGINS", "logins"}, {"FAILURES", "login_failures"}, {"LIMITED", "rate_limited"}, {"RESETS", "password_resets"},
	{"FACTOR CHANGES", "factor_changes"}, {"MAIL FAILED", "messages_failed"}, {"ACTIVE USERS", store.ActiveUsers},
}

func (t *tool) printStats(s *admin.Stats) error {
	layout := map[store.Span]string{store.Hour: "2006-01-02 15:04", store.Day: "2006-01-02", store.Month: "2006-01"}[s.Interval]
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprint(table, "FROM\t") // Flush tells what went wrong
	for _, c := range shownStats {
		_, _ = fmt.Fprint(table, c.head, "\t")
	}
	_, _ = fmt.Fprintln(table)
	for _, i := range s.Series {
		_, _ = fmt.Fprint(table, i.At.Format(layout), "\t")
		for _, c := range shownStats {
			if n, ok := i.Counts[c.name]; ok {
				_, _ = fmt.Fprint(table, n, "\t")
			} else {
				_, _ = fmt.Fprint(table, "-\t")
			}
		}
		_, _ = fmt.Fprintln(table)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for i, one := range s.Top {
		if i == 0 {
			_, _ = fmt.Fprintln(t.out, "\nMost logins in the last of them:")
		}
		if _, err := fmt.Fprintf(t.out, "%8d  %s\n", one.Logins, orNothing(one.Slug)); err != nil {
			return err
		}
	}
	return nil
}
