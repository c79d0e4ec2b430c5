package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// mailFlags are the flags of admin mail.
type mailFlags struct {
	apiFlags
	tenant, kind, template string
	variables              []string // name=value
	text, html, sms        bool
}

// mailCommand is admin mail, which shows what tenants' messages look like and what became of them.
func (t *tool) mailCommand() *cobra.Command {
	f := &mailFlags{}
	cmd := &cobra.Command{Use: "mail", Short: "Preview the mails and texts of tenants, try mail out, and see what became of it",
		Args: cobra.ArbitraryArgs, RunE: needsCommand}
	f.add(cmd)
	cmd.AddCommand(t.mailKinds(f), t.mailPreview(f))
	cmd.AddCommand(t.templateCommand(f))
	cmd.AddCommand(t.messageCommands(f)...)
	return cmd
}

func (t *tool) mailKinds(f *mailFlags) *cobra.Command {
	return &cobra.Command{Use: "kinds", Short: "List the kinds of messages, and what their templates may name", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			var all admin.MailKinds
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: "/mail-kinds"}, &all, func() error {
				table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
				_, _ = fmt.Fprintln(table, "KIND\tCHANNELS\tVARIABLES") // Flush tells what went wrong
				for _, k := range all.Kinds {
					_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", k.Kind, strings.Join(k.Channels, ", "), strings.Join(k.Variables, ", "))
				}
				_, _ = fmt.Fprintf(table, "(every kind)\t\t%s\n", strings.Join(all.Common, ", "))
				return table.Flush()
			})
		})}
}

func (t *tool) mailPreview(f *mailFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "preview --tenant SLUG --kind KIND", Short: "Show what a tenant's messages of a kind look like",
		Args: cobra.NoArgs}
	in := map[string]any{}
	work := does(func(ctx context.Context, _ []string) error {
		if err := t.addJSON(in, "template", f.template); err != nil {
			return err
		}
		var p admin.Preview
		q := request{method: http.MethodPost, path: tenantPath(f.tenant) + "/mail-preview", mediaType: typeJSON, body: in}
		return t.ask(ctx, &f.apiFlags, q, &p, func() error { return t.printPreview(f, p) })
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		values := map[string]string{}
		for _, v := range f.variables {
			name, value, ok := strings.Cut(v, "=")
			if !ok {
				return errors.New("--var must be such as code=1234")
			}
			values[name] = value
		}
		in["kind"], in["variables"] = f.kind, values
		return work(cmd, args)
	}
	flags := cmd.Flags()
	flags.StringVar(&f.tenant, "tenant", "", "whose messages; needed")
	flags.StringVar(&f.kind, "kind", "", "which, such as login_code (admin mail kinds lists all); needed")
	flags.StringVar(&f.template, "template", "",
		"a file with a template as JSON, in the tenant's one's place: subject, text, html, sms; - is the standard input")
	flags.StringArrayVar(&f.variables, "var", nil, "a value in a sample's place, such as code=1234; give it again for more")
	flags.BoolVar(&f.text, "text", false, "print the text of the mail alone")
	flags.BoolVar(&f.html, "html", false, "print the HTML of the mail alone")
	flags.BoolVar(&f.sms, "sms", false, "print what is texted alone")
	for _, needed := range []string{"tenant", "kind"} {
		_ = cmd.MarkFlagRequired(needed) // the flag is there
	}
	return cmd
}

// printPreview prints the parts that were asked for or, if none was, all but the HTML, which few can read as it is.
func (t *tool) printPreview(f *mailFlags, p admin.Preview) error {
	var parts []string
	for _, part := range []struct {
		wanted     bool
		name, body string
	}{{f.text, "text", p.Text}, {f.html, "HTML", p.HTML}, {f.sms, "SMS", p.SMS}} {
		if part.wanted && part.body == "" {
			return errors.New("messages of this kind have no " + part.name)
		}
		if part.wanted {
			parts = append(parts, part.body)
		}
	}
	if !f.text && !f.html && !f.sms {
		if p.Text != "" {
			parts = append(parts, "Subject: "+p.Subject+"\n\n"+p.Text)
		}
		if p.SMS != "" {
			parts = append(parts, "SMS: "+p.SMS)
		}
	}
	for i, part := range parts {
		parts[i] = strings.TrimRight(part, "\n")
	}
	_, err := fmt.Fprintln(t.out, strings.Join(parts, "\n\n"))
	return err
}
