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
	"time"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/clock"
)

// tokenFlags are the flags of admin token.
type tokenFlags struct {
	apiFlags
	grants, scopes []string
	expires        time.Duration
	yes            bool
}

// tokenCommand is admin token, which looks after the credentials of programs that act as operators.
func (t *tool) tokenCommand() *cobra.Command {
	f := &tokenFlags{}
	cmd := &cobra.Command{Use: "token", Short: "Make, list and revoke the API tokens that programs act as operators with",
		Args: cobra.ArbitraryArgs, RunE: needsCommand}
	f.add(cmd)
	cmd.AddCommand(t.tokenList(f), t.tokenCreate(f), t.tokenRevoke(f), t.tokenSelf(f))
	return cmd
}

func (t *tool) tokenList(f *tokenFlags) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the tokens that were not revoked", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			var all struct{ Items []admin.APIToken }
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: "/tokens"}, &all, func() error {
				table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
				_, _ = fmt.Fprintln(table, "ID\tNAME\tROLES\tMADE BY\tEXPIRES\tLAST USED\tFROM") // Flush tells what went wrong
				for _, k := range all.Items {
					_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Name, rolesText(k.Grants), k.CreatedBy,
						k.ExpiresAt.Format(time.RFC3339), orDash(k.LastUsedAt), orNothing(k.LastUsedIP))
				}
				return table.Flush()
			})
		})}
}

func (t *tool) tokenCreate(f *tokenFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "create NAME --role ROLE[@TENANT]",
		Short: "Make a token, and print it: it is shown this once", Args: cobra.ExactArgs(1)}
	grantFlag(cmd, &f.grants)
	cmd.Flags().StringSliceVar(&f.scopes, "scope", nil, "a permission to narrow it to, such as users.read; give it again for more")
	cmd.Flags().DurationVar(&f.expires, "expires", 0, "after which time it is good for nothing, such as 720h (default 90 days; a year at most)")
	in := map[string]any{}
	work := does(func(ctx context.Context, _ []string) error {
		var one admin.APIToken
		q := request{method: http.MethodPost, path: "/tokens", mediaType: typeJSON, body: in}
		return t.ask(ctx, &f.apiFlags, q, &one, func() error {
			// The token alone goes where a script reads it.
			_, err := fmt.Fprintf(t.complaints, "Made the token %s, good until %s. Keep it now: it is not shown again.\n",
				one.ID, one.ExpiresAt.Format(time.RFC3339))
			_, out := fmt.Fprintln(t.out, one.Secret)
			return errors.Join(err, out)
		})
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		grants, err := grantsOf(f.grants)
		if err != nil {
			return err
		}
		in["name"], in["grants"] = args[0], grants
		if f.scopes != nil {
			in["scopes"] = f.scopes
		}
		if cmd.Flags().Changed("expires") {
			in["expires_at"] = clock.System{}.Now().Add(f.expires).UTC().Format(time.RFC3339)
		}
		return work(cmd, args)
	}
	return cmd
}

func (t *tool) tokenRevoke(f *tokenFlags) *cobra.Command {
	return yesFlag(&cobra.Command{Use: "revoke ID", Short: "Have a token be good for nothing", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			if !f.yes {
				return t.wouldRevoke(ctx, f, args[0])
			}
			if _, err := t.answerTo(ctx, &f.apiFlags, request{method: http.MethodDelete, path: "/tokens/" + url.PathEscape(args[0])}); err != nil {
				return err
			}
			return t.did(&f.apiFlags, "revoked", args[0])
		})}, &f.yes)
}

// wouldRevoke says what revoking a token would do.
func (t *tool) wouldRevoke(ctx context.Context, f *tokenFlags, id string) error {
	var all struct{ Items []admin.APIToken }
	if err := t.look(ctx, &f.apiFlags, "/tokens", &all); err != nil {
		return err
	}
	i := slices.IndexFunc(all.Items, func(k admin.APIToken) bool { return k.ID == id })
	if i < 0 {
		return fmt.Errorf("there is no token %s: admin token list lists all", id)
	}
	return t.would(&f.apiFlags, "revoke", id, fmt.Sprintf("the token %s (%s)", id, all.Items[i].Name),
		"it would be good for nothing at once, and so would the tokens that it made. This cannot be undone")
}

func (t *tool) tokenSelf(f *tokenFlags) *cobra.Command {
	return &cobra.Command{Use: "self", Short: "Show who the token in use is taken for, and what it may do", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			var me admin.Me
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: "/me"}, &me, func() error { return t.printMe(&me) })
		})}
}

func (t *tool) printMe(me *admin.Me) error {
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(table, "Name\t%s\nKind\t%s\nRoles\t%s\n", me.Name, me.Kind, rolesText(me.Grants)) // Flush tells what went wrong
	if len(me.Permissions) > 0 {
		_, _ = fmt.Fprintf(table, "With every tenant\t%s\n", permissionsText(me.Permissions))
	}
	for _, with := range me.Tenants {
		_, _ = fmt.Fprintf(table, "With %s\t%s\n", orUnknown(with.Tenant), permissionsText(with.Permissions))
	}
	return table.Flush()
}

// grantFlag gives a command the flag that says what somebody is trusted with.
func grantFlag(cmd *cobra.Command, grants *[]string) {
	cmd.Flags().StringSliceVar(grants, "role", nil,
		"owner, admin, developer, support or viewer, for the platform and all tenants or, as in admin@acme, for one; give it again for more; needed")
	_ = cmd.MarkFlagRequired("role") // the flag is there
}

// grantsOf are the grants that were given as ROLE or ROLE@TENANT.
func grantsOf(given []string) ([]map[string]string, error) {
	var all []map[string]string
	for _, g := range given {
		role, tenant, with := strings.Cut(g, "@")
		one := map[string]string{"role": role}
		if with {
			one["tenant"] = tenant
		}
		if role == "" || with && tenant == "" {
			return nil, fmt.Errorf("--role %s must be such as viewer or admin@acme", g)
		}
		all = append(all, one)
	}
	return all, nil
}

func rolesText(grants []admin.GrantView) string {
	all := make([]string, len(grants))
	for i, g := range grants {
		all[i] = string(g.Role)
		if g.TenantID != nil {
			all[i] += "@" + orUnknown(g.Tenant)
		}
	}
	return strings.Join(all, ", ")
}

func permissionsText(all []admin.Permission) string {
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = string(p)
	}
	return strings.Join(names, " ")
}

// orUnknown is the slug of a tenant, which one that was purged has no more.
func orUnknown(slug *string) string {
	if slug == nil {
		return "(gone)"
	}
	return *slug
}

func orNothing(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
