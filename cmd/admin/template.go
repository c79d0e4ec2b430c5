package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// templateFlags are the flags of admin mail template.
type templateFlags struct {
	*mailFlags
	file         string
	builtIn, yes bool
}

// templateCommand is admin mail template, which words a tenant's messages.
func (t *tool) templateCommand(shared *mailFlags) *cobra.Command {
	f := &templateFlags{mailFlags: shared}
	cmd := &cobra.Command{Use: "template", Short: "List, show, edit and reset the words of a tenant's messages", Args: cobra.ArbitraryArgs, RunE: needsCommand}
	cmd.AddCommand(t.templateList(f), t.templateShow(f), t.templateSet(f), t.templateReset(f))
	for _, below := range cmd.Commands() {
		below.Flags().StringVar(&f.tenant, "tenant", "", "whose messages; needed")
		_ = below.MarkFlagRequired("tenant") // the flag is there
	}
	return cmd
}

func (f *templateFlags) path(kind string) string {
	if kind == "" {
		return tenantPath(f.tenant) + "/templates"
	}
	return tenantPath(f.tenant) + "/templates/" + url.PathEscape(kind)
}

func (t *tool) templateList(f *templateFlags) *cobra.Command {
	return &cobra.Command{Use: "list --tenant SLUG", Short: "List the kinds of messages, and which have words of the tenant's own", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			var all admin.Templates
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: f.path("")}, &all, func() error {
				table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
				_, _ = fmt.Fprintln(table, "KIND\tCHANNELS\tOWN\tVARIABLES") // Flush tells what went wrong
				for _, one := range all.Items {
					_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", one.Kind, strings.Join(one.Channels, ", "), partsOf(one.Own), strings.Join(one.Variables, ", "))
				}
				_, _ = fmt.Fprintf(table, "(every kind)\t\t\t%s\n", strings.Join(all.Common, ", "))
				return table.Flush()
			})
		})}
}

// partsOf names the parts of a template that are there.
func partsOf(own *admin.TemplateTexts) string {
	if own == nil {
		return "-"
	}
	var parts []string
	for _, part := range [][2]string{{"subject", own.Subject}, {"text", own.Text}, {"html", own.HTML}, {"sms", own.SMS}} {
		if part[1] != "" {
			parts = append(parts, part[0])
		}
	}
	return strings.Join(parts, ", ")
}

func (t *tool) templateShow(f *templateFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "show KIND --tenant SLUG", Args: cobra.ExactArgs(1),
		Short: "Print the templates of a kind as JSON, to be edited and set: the tenant's own or, where it has none, the built-in ones",
		RunE: does(func(ctx context.Context, args []string) error {
			one, err := t.templateOf(ctx, f, args[0])
			if err != nil {
				return err
			}
			texts := one.BuiltIn
			if one.Own != nil && !f.builtIn {
				texts = *one.Own
			}
			shown := map[string]string{}
			for name, text := range map[string]string{"subject": texts.Subject, "text": texts.Text, "html": texts.HTML, "sms": texts.SMS} {
				if text != "" {
					shown[name] = text
				}
			}
			return t.object(&f.apiFlags, shown)
		})}
	cmd.Flags().BoolVar(&f.builtIn, "built-in", false, "the built-in ones, whatever the tenant has")
	return cmd
}

func (t *tool) templateSet(f *templateFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "set KIND --tenant SLUG --template FILE", Short: "Word a tenant's messages of a kind; what the file leaves out is built in",
		Args: cobra.ExactArgs(1), RunE: does(func(ctx context.Context, args []string) error {
			in := map[string]any{}
			if err := t.addJSON(in, "template", f.file); err != nil {
				return err
			}
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodPut, path: f.path(args[0]), mediaType: typeJSON, body: in["template"]}, nil, func() error {
				return t.did(&f.apiFlags, "set", args[0])
			})
		})}
	cmd.Flags().StringVar(&f.file, "template", "", "a file with subject, text, html and sms as JSON; - is the standard input; needed")
	_ = cmd.MarkFlagRequired("template") // the flag is there
	return cmd
}

func (t *tool) templateReset(f *templateFlags) *cobra.Command {
	return yesFlag(&cobra.Command{Use: "reset KIND --tenant SLUG", Short: "Go back to the built-in words of a kind", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			if !f.yes {
				one, err := t.templateOf(ctx, f, args[0])
				if err != nil {
					return err
				}
				return t.would(&f.apiFlags, "reset", args[0], fmt.Sprintf("the words of %s (%s)", args[0], partsOf(one.Own)),
					"the built-in ones would be sent. The versions of the tenant keep the words of before")
			}
			if _, err := t.answerTo(ctx, &f.apiFlags, request{method: http.MethodDelete, path: f.path(args[0])}); err != nil {
				return err
			}
			return t.did(&f.apiFlags, "reset", args[0])
		})}, &f.yes)
}

// templateOf is what a tenant has of a kind.
func (t *tool) templateOf(ctx context.Context, f *templateFlags, kind string) (*admin.Template, error) {
	var all admin.Templates
	if err := t.look(ctx, &f.apiFlags, f.path(""), &all); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all.Items, func(one admin.Template) bool { return one.Kind == kind })
	if i < 0 {
		return nil, errors.New("there is no kind of message of that name: admin mail kinds lists all")
	}
	return &all.Items[i], nil
}
