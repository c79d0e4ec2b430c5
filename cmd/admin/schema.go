package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

// schemaCommand is admin config-schema, which editors check a tenant's configuration by.
func (t *tool) schemaCommand() *cobra.Command {
	f := &apiFlags{}
	cmd := &cobra.Command{Use: "config-schema", Short: "Print the JSON Schema of a tenant's configuration", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			answer, err := t.answerTo(ctx, f, request{method: http.MethodGet, path: "/config-schema"})
			if err != nil {
				return err
			}
			return t.printAs(f.output, answer)
		})}
	f.add(cmd)
	return cmd
}
