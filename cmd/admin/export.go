package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// exportCommand is admin export: everything that can be taken along, in one place. Each part is the export of its own noun, too.
func (t *tool) exportCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "export", Short: "Print a tenant's configuration, its users or its log, to be taken along",
		Args: cobra.ArbitraryArgs, RunE: needsCommand}
	tenant, user, audit := &tenantFlags{}, &userFlags{}, &auditFlags{}
	of := t.tenantExport(tenant)
	tenant.add(of)
	users := t.userExport(user)
	user.add(users)
	users.Flags().StringVar(&user.tenant, "tenant", "", "whose users; needed")
	_ = users.MarkFlagRequired("tenant") // the flag is there
	log := t.auditExport(audit)
	audit.add(log)
	for name, below := range map[string]*cobra.Command{"tenant": of, "users": users, "audit": log} {
		below.Use = strings.Replace(below.Use, "export", name, 1)
		cmd.AddCommand(below)
	}
	return cmd
}
