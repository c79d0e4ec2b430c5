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

// messageFlags are the flags of the commands below admin mail that are about messages.
type messageFlags struct {
	*mailFlags
	to, state, channel, kind string
	pageFlags
}

// messageCommands send a test mail, and show what became of messages.
func (t *tool) messageCommands(shared *mailFlags) []*cobra.Command {
	f := &messageFlags{mailFlags: shared}
	all := []*cobra.Command{t.mailTest(f), t.mailLog(f), t.mailShow(f), t.mailRetry(f)}
	for _, cmd := range all {
		cmd.Flags().StringVar(&f.tenant, "tenant", "", "whose mail; needed")
		_ = cmd.MarkFlagRequired("tenant") // the flag is there
	}
	return all
}

func (f *messageFlags) path(parts ...string) string {
	path := tenantPath(f.tenant) + "/messages"
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}

func (t *tool) mailTest(f *messageFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "test --tenant SLUG --to ADDRESS", Short: "Send a mail now, and tell what the mail server said", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			var r admin.MailTest
			err := t.ask(ctx, &f.apiFlags, request{method: http.MethodPost, path: tenantPath(f.tenant) + "/mail-test", mediaType: typeJSON,
				body: map[string]any{"to": f.to}}, &r, func() error { return t.printMailTest(r) })
			if err == nil && !r.Sent {
				return errQuiet
			}
			return err
		})}
	cmd.Flags().StringVar(&f.to, "to", "", "whom it goes to; needed")
	_ = cmd.MarkFlagRequired("to") // the flag is there
	return cmd
}

func (t *tool) printMailTest(r admin.MailTest) error {
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(table, "Server\t%s\nFrom\t%s\nTook\t%d ms\n", plain(r.Server), plain(r.From), r.DurationMS) // Flush tells what went wrong
	if r.Sent {
		_, _ = fmt.Fprintln(table, "Sent\tyes: the mail server took it")
		return table.Flush()
	}
	_, _ = fmt.Fprintf(table, "Sent\tno\nStep\t%s\n", r.Step)
	if r.Code != 0 {
		_, _ = fmt.Fprintf(table, "Code\t%d %s\n", r.Code, plain(r.EnhancedCode))
	}
	_, _ = fmt.Fprintf(table, "Words\t%s\n", plain(r.Words))
	return table.Flush()
}

func (t *tool) mailLog(f *messageFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "log --tenant SLUG", Short: "List a tenant's mails and texts, the latest first, with what became of them", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			q := f.query()
			for name, value := range map[string]string{"state": f.state, "channel": f.channel, "kind": f.kind} {
				if value != "" {
					q.Set(name, value)
				}
			}
			var page struct {
				Items      []admin.Message
				NextCursor string `json:"next_cursor"`
			}
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: f.path() + "?" + q.Encode()}, &page, func() error {
				return errors.Join(t.printMessages(page.Items), t.more(page.NextCursor))
			})
		})}
	flags := cmd.Flags()
	flags.StringVar(&f.state, "state", "", "only those of this state: queued, sent, failed or expired")
	flags.StringVar(&f.channel, "channel", "", "only mail, or only sms")
	flags.StringVar(&f.kind, "kind", "", "only those of this kind, as admin mail kinds has them")
	f.pageFlags.add(cmd)
	return cmd
}

func (t *tool) mailShow(f *messageFlags) *cobra.Command {
	return &cobra.Command{Use: "show ID --tenant SLUG", Short: "Show what became of a message", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			var m admin.Message
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: f.path(args[0])}, &m, func() error {
				return t.printMessages([]admin.Message{m})
			})
		})}
}

func (t *tool) mailRetry(f *messageFlags) *cobra.Command {
	return &cobra.Command{Use: "retry ID --tenant SLUG", Short: "Send a message again that failed", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			var m admin.Message
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodPost, path: f.path(args[0], "retry")}, &m, func() error {
				return t.printMessages([]admin.Message{m})
			})
		})}
}

func (t *tool) printMessages(all []admin.Message) error {
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tKIND\tCHANNEL\tTO\tSTATE\tATTEMPTS\tMADE\tNEXT\tERROR") // Flush tells what went wrong
	for _, m := range all {
		to := "-"
		if m.Recipient != nil {
			to = plain(*m.Recipient)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", m.ID, m.Kind, m.Channel, to, m.State, m.Attempts, m.CreatedAt.Format(time.RFC3339),
			orDash(m.DueAt), plain(m.Error))
	}
	return table.Flush()
}
