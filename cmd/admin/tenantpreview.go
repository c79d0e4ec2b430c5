package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/tenants"
)

func (t *tool) tenantPreview(f *tenantFlags) *cobra.Command {
	file := ""
	cmd := &cobra.Command{Use: "preview SLUG [-f FILE]", Short: "Show what front ends would be told of how to sign in", Args: cobra.ExactArgs(1),
		Long: "Show what front ends would be told of how to sign in: what GET config answers and, while nobody is signed in, GET auth/session.\n" +
			"A file with a change, as the API's PATCH takes it, is shown as if it were made. Nothing is changed.",
		RunE: does(func(ctx context.Context, args []string) error {
			text := []byte("{}")
			if file != "" {
				var err error
				if text, err = t.read("file", file, mostConfig); err != nil {
					return err
				}
			}
			var p admin.SignInPreview
			q := request{method: http.MethodPost, path: tenantPath(args[0]) + "/sign-in-preview", mediaType: typeYAML, body: text} // which JSON is
			return t.ask(ctx, &f.apiFlags, q, &p, func() error { return t.printSignIn(&p) })
		})}
	cmd.Flags().StringVarP(&file, "file", "f", "", "a file with a change as YAML or JSON, such as config: {account: {signup_enabled: false}}; - is the standard input")
	return cmd
}

// printSignIn prints what each kind of client would be told.
func (t *tool) printSignIn(p *admin.SignInPreview) error {
	if p.State != tenants.Active {
		if _, err := fmt.Fprintln(t.out, "The tenant is "+string(p.State)+": every request to it is refused."); err != nil {
			return err
		}
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0) // Flush tells what went wrong
	for _, of := range []struct {
		name  string
		offer *admin.SignInOffer
	}{{"browser", p.Clients.Browser}, {"app", p.Clients.App}} {
		if of.offer == nil {
			_, _ = fmt.Fprintf(table, "%s\tnot served\n", of.name)
			continue
		}
		var flows struct{ Flows []struct{ ID string } }
		if err := json.Unmarshal(of.offer.Unauthenticated, &flows); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		var ids []string
		for _, one := range flows.Flows {
			ids = append(ids, one.ID)
		}
		_, _ = fmt.Fprintf(table, "%s\tflows\t%s\n", of.name, strings.Join(ids, ", "))
		signup := "nobody can sign up"
		if after := of.offer.AfterSignup; after != nil {
			signup = stepText(*after)
		}
		_, _ = fmt.Fprintf(table, "\tafter a signup\t%s\n\tafter a login\t%s\n", signup, stepText(of.offer.AfterLogin))
		var sections map[string]map[string]any
		if err := json.Unmarshal(of.offer.Config, &sections); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		for _, section := range slices.Sorted(maps.Keys(sections)) {
			for _, name := range slices.Sorted(maps.Keys(sections[section])) {
				value, err := json.Marshal(sections[section][name])
				if err != nil {
					return fmt.Errorf("read the answer: %w", err)
				}
				_, _ = fmt.Fprintf(table, "\t%s.%s\t%s\n", section, name, value)
			}
		}
	}
	return table.Flush()
}

func stepText(s admin.SignInStep) string {
	if s.Pending == nil {
		return "signed in"
	}
	return *s.Pending + " is pending"
}
