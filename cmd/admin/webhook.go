package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// webhookFlags are the flags of admin webhook.
type webhookFlags struct {
	apiFlags
	tenant, address, description, state, delivery, since string
	events                                               []string
	enabled, yes                                         bool
	overlap                                              time.Duration
}

// webhookCommand is admin webhook, which looks after the servers that tenants want to be told of events.
func (t *tool) webhookCommand() *cobra.Command {
	f := &webhookFlags{}
	cmd := &cobra.Command{Use: "webhook", Short: "Have tenants' own servers told of events, and see what became of it",
		Args: cobra.ArbitraryArgs, RunE: needsCommand}
	f.add(cmd)
	cmd.PersistentFlags().StringVar(&f.tenant, "tenant", "", "whose webhooks; needed")
	_ = cmd.MarkPersistentFlagRequired("tenant") // the flag is there
	cmd.AddCommand(t.webhookList(f), t.webhookShow(f), t.webhookCreate(f), t.webhookPatch(f), t.webhookDelete(f), t.webhookRotate(f),
		t.webhookTest(f), t.webhookDeliveries(f), t.webhookDelivery(f), t.webhookReplay(f))
	return cmd
}

func (f *webhookFlags) path(parts ...string) string {
	path := tenantPath(f.tenant) + "/webhooks"
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return path
}

func (t *tool) webhookList(f *webhookFlags) *cobra.Command {
	return &cobra.Command{Use: "list --tenant SLUG", Short: "List a tenant's webhooks", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			var all struct{ Items []admin.Webhook }
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: f.path()}, &all, func() error {
				table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
				_, _ = fmt.Fprintln(table, "ID\tURL\tEVENTS\tSTATE\tDESCRIPTION") // Flush tells what went wrong
				for _, h := range all.Items {
					_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", h.ID, h.URL, strings.Join(h.Events, ", "), webhookState(h), h.Description)
				}
				return table.Flush()
			})
		})}
}

// webhookState is what a webhook does, in a word or two.
func webhookState(h admin.Webhook) string {
	switch {
	case !h.Enabled && h.DisabledWhy != "":
		return "disabled: " + h.DisabledWhy
	case !h.Enabled:
		return "disabled"
	case h.FailingSince != nil:
		return "failing since " + h.FailingSince.Format(time.RFC3339)
	default:
		return "enabled"
	}
}

func (t *tool) webhookShow(f *webhookFlags) *cobra.Command {
	return &cobra.Command{Use: "show ID --tenant SLUG", Short: "Show a webhook", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			return t.oneWebhook(ctx, f, request{method: http.MethodGet, path: f.path(args[0])})
		})}
}

func (t *tool) webhookCreate(f *webhookFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "create --tenant SLUG --at URL --event EVENT", Args: cobra.NoArgs,
		Short: "Have a server told of events; prints the secret that they are signed with, once",
		RunE: does(func(ctx context.Context, _ []string) error {
			in := map[string]any{"url": f.address, "events": f.events, "description": f.description, "enabled": f.enabled}
			return t.oneWebhook(ctx, f, request{method: http.MethodPost, path: f.path(), mediaType: typeJSON, body: in})
		})}
	f.said(cmd)
	_ = cmd.MarkFlagRequired("at")    // the flag is there
	_ = cmd.MarkFlagRequired("event") // likewise
	return cmd
}

// said gives a command the flags of what is said of a webhook.
func (f *webhookFlags) said(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.address, "at", "", "where events are sent, such as https://example.org/hooks")
	cmd.Flags().StringSliceVar(&f.events, "event", nil, "an event such as user.signed_up, all of a kind such as 'user.*', or '*'; give it again for more")
	cmd.Flags().StringVar(&f.description, "description", "", "what it is for")
	cmd.Flags().BoolVar(&f.enabled, "enabled", true, "whether events are sent there")
}

func (t *tool) webhookPatch(f *webhookFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "patch ID --tenant SLUG", Short: "Change a webhook; what is not given stays", Args: cobra.ExactArgs(1)}
	f.said(cmd)
	in := map[string]any{}
	work := does(func(ctx context.Context, args []string) error {
		return t.oneWebhook(ctx, f, request{method: http.MethodPatch, path: f.path(args[0]), mediaType: typePatch, body: in})
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		for _, one := range []struct {
			flag, member string
			value        any
		}{{"at", "url", f.address}, {"event", "events", f.events}, {"description", "description", f.description}, {"enabled", "enabled", f.enabled}} {
			if cmd.Flags().Changed(one.flag) {
				in[one.member] = one.value
			}
		}
		return work(cmd, args)
	}
	return cmd
}

func (t *tool) webhookDelete(f *webhookFlags) *cobra.Command {
	return yesFlag(&cobra.Command{Use: "delete ID --tenant SLUG", Short: "Remove a webhook, and what is on its way there", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			if !f.yes {
				var h admin.Webhook
				if err := t.look(ctx, &f.apiFlags, f.path(args[0]), &h); err != nil {
					return err
				}
				return t.would(&f.apiFlags, "delete", h.ID, fmt.Sprintf("the webhook %s (%s)", h.ID, h.URL),
					"it would be told of nothing any more, and what is on its way there would be gone. This cannot be undone")
			}
			if _, err := t.answerTo(ctx, &f.apiFlags, request{method: http.MethodDelete, path: f.path(args[0])}); err != nil {
				return err
			}
			return t.did(&f.apiFlags, "deleted", args[0])
		})}, &f.yes)
}

func (t *tool) webhookRotate(f *webhookFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "rotate-secret ID --tenant SLUG", Short: "Give a webhook another secret; both sign for a while", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			return t.oneWebhook(ctx, f, request{method: http.MethodPost, path: f.path(args[0], "rotate-secret"), mediaType: typeJSON,
				body: map[string]any{"overlap_seconds": int64(f.overlap / time.Second)}})
		})}
	cmd.Flags().DurationVar(&f.overlap, "overlap", 24*time.Hour, "how long the secret before signs as well, at most 168h")
	return cmd
}

func (t *tool) webhookTest(f *webhookFlags) *cobra.Command {
	return &cobra.Command{Use: "test ID --tenant SLUG", Short: "Send a test event, and tell what came of it", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			c, err := t.client(&f.apiFlags)
			if err != nil {
				return err
			}
			answer, err := c.do(ctx, request{method: http.MethodPost, path: f.path(args[0], "test")})
			if err != nil {
				return err
			}
			var d admin.Delivery
			for range testLooks { // the server sends it at once; a webhook may take some seconds to answer
				if err := json.Unmarshal(answer, &d); err != nil {
					return fmt.Errorf("read the answer: %w", err)
				}
				if d.State != "queued" || d.Error != "" {
					break
				}
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(testEvery):
				}
				if answer, err = c.do(ctx, request{method: http.MethodGet, path: f.path(args[0], "deliveries", d.ID)}); err != nil {
					return err
				}
			}
			if err := t.printDelivery(f, answer, d); err != nil {
				return err
			}
			if d.State != "delivered" {
				return errQuiet
			}
			return nil
		})}
}

// How often, and how many times, the command line asks what came of a test.
const (
	testEvery = 250 * time.Millisecond
	testLooks = 80
)

func (t *tool) webhookDeliveries(f *webhookFlags) *cobra.Command {
	var p pageFlags
	cmd := &cobra.Command{Use: "deliveries ID --tenant SLUG", Short: "List deliveries to a webhook, the latest first", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			q := p.query()
			if f.state != "" {
				q.Set("state", f.state)
			}
			var page struct {
				Items      []admin.Delivery
				NextCursor string `json:"next_cursor"`
			}
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: f.path(args[0], "deliveries") + "?" + q.Encode()}, &page, func() error {
				table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
				_, _ = fmt.Fprintln(table, "ID\tTYPE\tSTATE\tATTEMPTS\tSTATUS\tMADE\tNEXT\tERROR") // Flush tells what went wrong
				for _, d := range page.Items {
					_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", d.ID, d.Type, d.State, d.Attempts, statusOf(d), d.CreatedAt.Format(time.RFC3339),
						orDash(d.DueAt), plain(d.Error))
				}
				return errors.Join(table.Flush(), t.more(page.NextCursor))
			})
		})}
	cmd.Flags().StringVar(&f.state, "state", "", "only those of this state: queued, delivered or failed")
	p.add(cmd)
	return cmd
}

func statusOf(d admin.Delivery) string {
	if d.Status == nil {
		return "-"
	}
	return strconv.Itoa(*d.Status)
}

// plain is a text of somebody else's as a terminal can show it: control characters would move the cursor, or worse.
func plain(s string) string {
	q := strconv.QuoteToGraphic(s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
}

func (t *tool) webhookDelivery(f *webhookFlags) *cobra.Command {
	return &cobra.Command{Use: "delivery ID DELIVERY --tenant SLUG", Short: "Show a delivery, with what is sent and answered", Args: cobra.ExactArgs(2),
		RunE: does(func(ctx context.Context, args []string) error {
			return t.oneDelivery(ctx, f, request{method: http.MethodGet, path: f.path(args[0], "deliveries", args[1])})
		})}
}

func (t *tool) webhookReplay(f *webhookFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "replay ID --tenant SLUG {--delivery DELIVERY | --since TIME}", Args: cobra.ExactArgs(1),
		Short: "Send again one delivery, or all that were given up since a time"}
	cmd.Flags().StringVar(&f.delivery, "delivery", "", "the delivery to send again")
	cmd.Flags().StringVar(&f.since, "since", "", "send again what was given up since then: a time such as 2026-06-01T12:00:00Z")
	work := does(func(ctx context.Context, args []string) error {
		if f.delivery != "" {
			return t.oneDelivery(ctx, f, request{method: http.MethodPost, path: f.path(args[0], "deliveries", f.delivery, "replay")})
		}
		for all := int64(0); ; {
			answer, err := t.answerTo(ctx, &f.apiFlags, request{method: http.MethodPost, path: f.path(args[0], "replay"), mediaType: typeJSON,
				body: map[string]any{"since": f.since}})
			if err != nil {
				return err
			}
			var n admin.Replayed
			if err := json.Unmarshal(answer, &n); err != nil {
				return fmt.Errorf("read the answer: %w", err)
			}
			switch all += n.Replayed; {
			case n.More:
			case f.output != asTable:
				return t.object(&f.apiFlags, admin.Replayed{Replayed: all})
			default:
				_, err := fmt.Fprintln(t.out, all, "are sent again")
				return err
			}
		}
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if (f.delivery == "") == (f.since == "") {
			return errors.New("give --delivery or --since")
		}
		return work(cmd, args)
	}
	return cmd
}

// oneWebhook sends a request that a webhook is the answer to, and prints it.
func (t *tool) oneWebhook(ctx context.Context, f *webhookFlags, q request) error {
	var h admin.Webhook
	return t.ask(ctx, &f.apiFlags, q, &h, func() error {
		table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintf(table, "ID\t%s\nURL\t%s\nEvents\t%s\nState\t%s\nDescription\t%s\nMade\t%s\n", h.ID, h.URL, strings.Join(h.Events, ", "),
			webhookState(h), h.Description, h.CreatedAt.Format(time.RFC3339)) // Flush tells what went wrong
		if h.OldSecretUntil != nil {
			_, _ = fmt.Fprintf(table, "Old secret\tsigns until %s\n", h.OldSecretUntil.Format(time.RFC3339))
		}
		if h.Secret != "" {
			_, _ = fmt.Fprintf(table, "Secret\t%s (keep it: it is not shown again)\n", h.Secret)
		}
		return table.Flush()
	})
}

// oneDelivery sends a request that a delivery is the answer to, and prints it.
func (t *tool) oneDelivery(ctx context.Context, f *webhookFlags, q request) error {
	answer, err := t.answerTo(ctx, &f.apiFlags, q)
	if err != nil {
		return err
	}
	var d admin.Delivery
	if err := json.Unmarshal(answer, &d); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return t.printDelivery(f, answer, d)
}

func (t *tool) printDelivery(f *webhookFlags, answer []byte, d admin.Delivery) error {
	if f.output != asTable {
		return t.printAs(f.output, answer)
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(table, "ID\t%s\nType\t%s\nState\t%s\nAttempts\t%d\nStatus\t%s\nTook\t%d ms\nMade\t%s\nNext\t%s\n", d.ID, d.Type, d.State, d.Attempts,
		statusOf(d), d.DurationMS, d.CreatedAt.Format(time.RFC3339), orDash(d.DueAt)) // Flush tells what went wrong
	if d.Error != "" {
		_, _ = fmt.Fprintf(table, "Error\t%s\n", plain(d.Error))
	}
	if d.Answer != "" {
		_, _ = fmt.Fprintf(table, "Answer\t%s\n", plain(d.Answer))
	}
	if len(d.Payload) > 0 {
		_, _ = fmt.Fprintf(table, "Payload\t%s\n", d.Payload) // JSON, whose control characters are escaped
	}
	return table.Flush()
}
