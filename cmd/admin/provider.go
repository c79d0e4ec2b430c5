package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// providerFlags are the flags of admin provider.
type providerFlags struct {
	apiFlags
	tenant, id string
}

// providerCommand is admin provider, which helps to set up a tenant's apps at identity providers.
func (t *tool) providerCommand() *cobra.Command {
	f := &providerFlags{}
	cmd := &cobra.Command{Use: "provider", Short: "List a tenant's apps at identity providers, and try them out",
		Long: "List a tenant's apps at identity providers, and try them out. They are those of the setting socialaccount.providers.",
		Args: cobra.ArbitraryArgs, RunE: needsCommand}
	f.add(cmd)
	cmd.AddCommand(t.providerList(f), t.providerTest(f))
	for _, below := range cmd.Commands() {
		below.Flags().StringVar(&f.tenant, "tenant", "", "whose apps; needed")
		_ = below.MarkFlagRequired("tenant") // the flag is there
	}
	return cmd
}

func (f *providerFlags) path() string { return tenantPath(f.tenant) + "/providers" }

func (t *tool) providerList(f *providerFlags) *cobra.Command {
	return &cobra.Command{Use: "list --tenant SLUG", Short: "List a tenant's apps, with the callback URLs to register at the providers", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			var all struct{ Items []admin.ProviderApp }
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: f.path()}, &all, func() error {
				table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
				rows := [][]string{{"PROVIDER", "ID", "CLIENT ID", "NAME", "SECRET", "SHOWN", "TESTABLE", "CALLBACK URL", "METADATA URL"}}
				columns := len(rows[0]) - 1 // the last is for SAML alone
				for _, a := range all.Items {
					rows = append(rows, []string{a.Provider, plain(a.ProviderID), plain(a.ClientID), plain(a.Name),
						yesOrNo(a.HasSecret), yesOrNo(!a.Hidden), yesOrNo(a.Testable), a.CallbackURL, cmp.Or(a.MetadataURL, "-")})
					if a.MetadataURL != "" {
						columns = len(rows[0])
					}
				}
				for _, row := range rows {
					_, _ = fmt.Fprintln(table, strings.Join(row[:columns], "\t")) // Flush tells what went wrong
				}
				return table.Flush()
			})
		})}
}

func (t *tool) providerTest(f *providerFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "test PROVIDER CLIENT_ID --tenant SLUG", Short: "Try an app out as it is saved, and say what is wrong", Args: cobra.ExactArgs(2),
		Long: "Try an app out as it is saved, and say what is wrong. The server asks the provider for its discovery document and keys, and shows it the\n" +
			"app's credentials with a code that was made up; nobody is logged in. The exit status is 1 if there is a problem.",
		RunE: does(func(ctx context.Context, args []string) error {
			in := map[string]string{"provider": args[0], "client_id": args[1]}
			if f.id != "" {
				in["provider_id"] = f.id
			}
			var r admin.ProviderTest
			err := t.ask(ctx, &f.apiFlags, request{method: http.MethodPost, path: f.path() + "/test", mediaType: typeJSON, body: in}, &r, func() error {
				table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
				for _, s := range r.Steps { // Flush tells what went wrong
					_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", s.Level, s.Step, plain(s.Message))
					if s.Remedy != "" {
						_, _ = fmt.Fprintf(table, "\t\t-> %s\n", plain(s.Remedy))
					}
				}
				return table.Flush()
			})
			for _, s := range r.Steps {
				if err == nil && s.Level == admin.Problem {
					err = errQuiet
				}
			}
			return err
		})}
	cmd.Flags().StringVar(&f.id, "id", "", "which, where several apps of the provider have the same client id")
	return cmd
}
