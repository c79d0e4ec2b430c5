package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// operatorFlags are the flags of admin operator.
type operatorFlags struct {
	apiFlags
	grants []string
	name   string
	yes    bool
}

// operatorCommand is admin operator, which looks after the people who run the platform.
func (t *tool) operatorCommand() *cobra.Command {
	f := &operatorFlags{}
	cmd := &cobra.Command{Use: "operator", Short: "Make, list, change and remove the people who run the platform",
		Args: cobra.ArbitraryArgs, RunE: needsCommand}
	f.add(cmd)
	cmd.AddCommand(t.operatorList(f), t.operatorCreate(f), t.operatorGrant(f), t.operatorRemove(f))
	return cmd
}

func operatorPath(id string) string { return "/operators/" + url.PathEscape(id) }

func (t *tool) operatorList(f *operatorFlags) *cobra.Command {
	return &cobra.Command{Use: "list", Short: "List the operators", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			var all struct{ Items []admin.Operator }
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: "/operators"}, &all, func() error {
				return t.printOperators(all.Items)
			})
		})}
}

func (t *tool) printOperators(all []admin.Operator) error {
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tEMAIL\tNAME\tROLES\tACTIVE\tSECOND FACTOR\tLAST LOGIN") // Flush tells what went wrong
	for _, o := range all {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", o.ID, o.Email, orNothing(o.Name), rolesText(o.Grants), yesOrNo(o.Active),
			yesOrNo(o.SecondFactor), orDash(o.LastLoginAt))
	}
	return table.Flush()
}

func yesOrNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (t *tool) operatorCreate(f *operatorFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "create EMAIL --role ROLE[@TENANT]", Short: "Make an operator, who is mailed a link to set a password",
		Args: cobra.ExactArgs(1)}
	grantFlag(cmd, &f.grants)
	cmd.Flags().StringVar(&f.name, "name", "", "what the operator is called")
	in := map[string]any{}
	work := does(func(ctx context.Context, args []string) error {
		var o admin.Operator
		q := request{method: http.MethodPost, path: "/operators", mediaType: typeJSON, body: in}
		return t.ask(ctx, &f.apiFlags, q, &o, func() error {
			err := t.printOperators([]admin.Operator{o})
			if o.Link != "" {
				_, more := fmt.Fprintf(t.out, "\nWhere the mail does not arrive, give them this link, which sets the password, once:\n%s\n", o.Link)
				err = errors.Join(err, more)
			}
			return err
		})
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		grants, err := grantsOf(f.grants)
		if err != nil {
			return err
		}
		in["email"], in["grants"] = args[0], grants
		if f.name != "" {
			in["name"] = f.name
		}
		return work(cmd, args)
	}
	return cmd
}

func (t *tool) operatorGrant(f *operatorFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "grant ID --role ROLE[@TENANT]", Short: "Give an operator other roles in place of those before",
		Args: cobra.ExactArgs(1)}
	grantFlag(cmd, &f.grants)
	in := map[string]any{}
	work := does(func(ctx context.Context, args []string) error {
		var o admin.Operator
		q := request{method: http.MethodPatch, path: operatorPath(args[0]), mediaType: typePatch, body: in}
		return t.ask(ctx, &f.apiFlags, q, &o, func() error { return t.printOperators([]admin.Operator{o}) })
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		grants, err := grantsOf(f.grants)
		if err != nil {
			return err
		}
		in["grants"] = grants
		return work(cmd, args)
	}
	return cmd
}

func (t *tool) operatorRemove(f *operatorFlags) *cobra.Command {
	return yesFlag(&cobra.Command{Use: "remove ID", Short: "Take all roles from an operator, and end their sessions and tokens", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			if !f.yes {
				var o admin.Operator
				if err := t.look(ctx, &f.apiFlags, operatorPath(args[0]), &o); err != nil {
					return err
				}
				return t.would(&f.apiFlags, "remove", o.ID, fmt.Sprintf("the operator %s (%s, %s)", o.ID, orNothing(o.Email), rolesText(o.Grants)),
					"their roles, sessions and tokens would be gone, and they would be locked out at once")
			}
			if _, err := t.answerTo(ctx, &f.apiFlags, request{method: http.MethodDelete, path: operatorPath(args[0])}); err != nil {
				return err
			}
			return t.did(&f.apiFlags, "removed", args[0])
		})}, &f.yes)
}
