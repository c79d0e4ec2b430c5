package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// auditFlags are the flags of admin audit.
type auditFlags struct {
	apiFlags
	tenant, action, actor, user, session, request, since, until string
}

// auditCommand is admin audit, which reads the log of what people and operators did.
func (t *tool) auditCommand() *cobra.Command {
	f := &auditFlags{}
	cmd := &cobra.Command{Use: "audit", Short: "Read, export and verify the log of what people and operators did",
		Args: cobra.ArbitraryArgs, RunE: needsCommand}
	f.add(cmd)
	cmd.AddCommand(t.auditList(f), t.auditExport(f), t.auditVerify(f))
	return cmd
}

// filterFlags gives a command the flags that say which events it is about.
func (f *auditFlags) filterFlags(cmd *cobra.Command) {
	p := cmd.Flags()
	p.StringVar(&f.tenant, "tenant", "", "whose events; without it, those of all tenants")
	p.StringVar(&f.action, "action", "", "what happened, such as user.login_failed, or what such words begin with, such as factor")
	p.StringVar(&f.actor, "actor", "", "the id of who did it")
	p.StringVar(&f.user, "user", "", "the id of the user whom it is about")
	p.StringVar(&f.session, "session", "", "the id of the session that it happened in")
	p.StringVar(&f.request, "request", "", "the id of the request that it happened in")
	p.StringVar(&f.since, "since", "", "from when on, such as 2026-06-01T00:00:00Z")
	p.StringVar(&f.until, "until", "", "until when, that time left out")
}

// path is where the events are that the flags say, below a name.
func (f *auditFlags) path(below string, more url.Values) string {
	q := more
	for name, value := range map[string]string{"action": f.action, "actor": f.actor, "user": f.user, "session": f.session, "request": f.request,
		"since": f.since, "until": f.until} {
		if value != "" {
			q.Set(name, value)
		}
	}
	path := "/audit" + below
	if f.tenant != "" {
		path = tenantPath(f.tenant) + path
	}
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return path
}

func (t *tool) auditList(f *auditFlags) *cobra.Command {
	var p pageFlags
	cmd := &cobra.Command{Use: "list [--tenant SLUG]", Short: "List events, the latest first", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			var all struct {
				Items      []admin.AuditEvent
				NextCursor string `json:"next_cursor"`
			}
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: f.path("", p.query())}, &all, func() error {
				return errors.Join(t.printEvents(all.Items, f.tenant == ""), t.more(all.NextCursor))
			})
		})}
	f.filterFlags(cmd)
	p.add(cmd)
	return cmd
}

// printEvents prints events and, where they are of many tenants, whose each is.
func (t *tool) printEvents(all []admin.AuditEvent, many bool) error {
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "AT\t"+worded(many, "TENANT\t")+"ACTION\tBY\tUSER\tTARGET\tIP\tREQUEST\tDETAILS") // Flush tells what went wrong
	for _, e := range all {
		whose := e.TenantID // of one that is gone
		if e.Tenant != nil {
			whose = *e.Tenant
		}
		by := string(e.Actor.Kind)
		switch {
		case e.Actor.Name != "":
			by += " " + e.Actor.Name
		case e.Actor.ID != "" && (e.UserID == nil || *e.UserID != e.Actor.ID):
			by += " " + e.Actor.ID
		}
		user := ""
		if e.UserID != nil {
			user = *e.UserID
		}
		_, _ = fmt.Fprintf(table, "%s\t%s%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.At.Format(time.RFC3339), worded(many, whose+"\t"), e.Action, orNothing(by), orNothing(user),
			orNothing(e.Target), orNothing(e.IP), orNothing(e.RequestID), e.Details)
	}
	return table.Flush()
}

func (t *tool) auditExport(f *auditFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "export [--tenant SLUG]", Short: "Print events as JSON, one a line, the latest first", Args: cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error { return checkLines(f.output) },
		RunE: does(func(ctx context.Context, _ []string) error {
			c, err := t.client(&f.apiFlags)
			if err != nil {
				return err
			}
			out := t.counted("events")
			defer out.bar.end()
			return c.stream(ctx, request{method: http.MethodGet, path: f.path("/export", url.Values{})}, out)
		})}
	f.filterFlags(cmd)
	return cmd
}

func (t *tool) auditVerify(f *auditFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "verify --tenant SLUG", Short: "Say whether a tenant's log was tampered with, and where",
		Long: "Say whether a tenant's log was tampered with, and where. Exits with 1 if it was.\n\n" +
			"Keep the head that it prints in another place: a log that was set back to an earlier state as a whole has another one.",
		Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			r, err := t.verifyAudit(ctx, f)
			if err != nil {
				return err
			}
			if err := t.printReport(f, r); err != nil {
				return err
			}
			if !r.Intact {
				return errQuiet
			}
			return nil
		})}
	cmd.Flags().StringVar(&f.tenant, "tenant", "", "whose log; needed")
	_ = cmd.MarkFlagRequired("tenant") // the flag is there
	return cmd
}

// verifyAudit asks for one part of the chain after another, and sums up.
func (t *tool) verifyAudit(ctx context.Context, f *auditFlags) (*admin.AuditReport, error) {
	sum := &admin.AuditReport{}
	bar := t.quietly()
	defer bar.end()
	for cursor := ""; ; {
		q := url.Values{}
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		var r admin.AuditReport
		if err := t.look(ctx, &f.apiFlags, f.path("/verify", q), &r); err != nil {
			return nil, err
		}
		r.Verified, r.Erased = r.Verified+sum.Verified, r.Erased+sum.Erased
		if sum = &r; r.NextCursor == nil || !r.Intact {
			return sum, nil
		}
		cursor = *r.NextCursor
		bar.show(0, 0, fmt.Sprintf("%d events so far", sum.Verified))
	}
}

func (t *tool) printReport(f *auditFlags, r *admin.AuditReport) error {
	if f.output != asTable {
		return t.object(&f.apiFlags, r)
	}
	var err error
	switch {
	case !r.Intact && r.Break.EventID != "":
		_, err = fmt.Fprintf(t.out, "NOT INTACT: at number %d, event %s: %s\n", r.Break.Number, r.Break.EventID, r.Break.Kind)
	case !r.Intact:
		_, err = fmt.Fprintf(t.out, "NOT INTACT: at number %d: %s\n", r.Break.Number, r.Break.Kind)
	case r.Verified == 0:
		_, err = fmt.Fprintln(t.out, "intact: there are no events yet")
	default:
		_, err = fmt.Fprintf(t.out, "intact: %d events, %d to %d, %d of them erased with their users\nhead %s\n", r.Verified, r.FirstNumber, r.LastNumber,
			r.Erased, r.Head)
	}
	return err
}
