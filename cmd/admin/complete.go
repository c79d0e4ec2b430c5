package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// completions has the shell complete what can be known: the forms of --output and, where a server answers, the slugs of tenants, for
// every --tenant and for every command whose first argument is one.
func (t *tool) completions(cmd *cobra.Command) {
	tenants := func(cmd *cobra.Command, typed string) ([]string, cobra.ShellCompDirective) {
		return t.slugsLike(cmd.Context(), cmd, typed), cobra.ShellCompDirectiveNoFileComp
	}
	if cmd.Flags().Lookup("tenant") != nil {
		_ = cmd.RegisterFlagCompletionFunc("tenant", func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
			return tenants(cmd, typed)
		}) // the flag is there
	}
	if cmd.Flags().Lookup("output") != nil || cmd.PersistentFlags().Lookup("output") != nil {
		_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{asTable, asJSON, asYAML}, cobra.ShellCompDirectiveNoFileComp)) // likewise
	}
	if _, args, _ := strings.Cut(cmd.Use, " "); strings.HasPrefix(args, "SLUG") && cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return tenants(cmd, typed)
		}
	}
	for _, below := range cmd.Commands() {
		t.completions(below)
	}
}

// slugsLike are the slugs that begin as was typed; none where the server cannot say. A completion has no place for complaints.
func (t *tool) slugsLike(ctx context.Context, cmd *cobra.Command, typed string) []string {
	if ctx == nil {
		ctx = context.Background()
	}
	var f apiFlags
	f.url, _ = cmd.Flags().GetString("url")
	f.token, _ = cmd.Flags().GetString("token")
	q := url.Values{"limit": {"100"}}
	if typed != "" {
		q.Set("q", typed)
	}
	answer, err := t.answerTo(ctx, &f, request{method: http.MethodGet, path: "/tenants?" + q.Encode()})
	if err != nil {
		return nil
	}
	var page struct{ Items []struct{ Slug, Name string } }
	if json.Unmarshal(answer, &page) != nil {
		return nil
	}
	var all []string
	for _, one := range page.Items {
		if strings.HasPrefix(one.Slug, typed) {
			all = append(all, one.Slug+"\t"+one.Name)
		}
	}
	return all
}
