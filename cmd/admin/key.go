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
)

// mostKey is the longest key that is read, in bytes: those of 4096 bits have some 3 KiB.
const mostKey = 64 << 10

// keyFlags are the flags of admin key.
type keyFlags struct {
	apiFlags
	tenant, file string
	lead         time.Duration
	now, yes     bool
}

// keyCommand is admin key, which looks after the keys that a tenant's tokens are signed with.
func (t *tool) keyCommand() *cobra.Command {
	f := &keyFlags{}
	cmd := &cobra.Command{Use: "key", Short: "List, rotate, import and retire the keys that tenants' tokens are signed with",
		Args: cobra.ArbitraryArgs, RunE: needsCommand}
	f.add(cmd)
	cmd.AddCommand(t.keyList(f), t.keySet(f), t.keyRotate(f), t.keyImport(f), t.keyRetire(f))
	return cmd
}

// tenantFlag gives a command the flag that names the tenant.
func (f *keyFlags) tenantFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.tenant, "tenant", "", "whose keys; needed")
	_ = cmd.MarkFlagRequired("tenant") // the flag is there
}

// leadFlags gives a command the flags that say when a key begins to sign.
func (f *keyFlags) leadFlags(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&f.lead, "lead", 0, "how long the key is published before it signs, such as 24h (default 10m)")
	cmd.Flags().BoolVar(&f.now, "now", false, "have it sign at once: those who check tokens may not know it yet")
}

// when is what the flags say about when a key begins to sign.
func (f *keyFlags) when(cmd *cobra.Command) (map[string]any, error) {
	in := map[string]any{}
	switch given := cmd.Flags().Changed("lead"); {
	case given && f.now:
		return nil, errors.New("--lead and --now cannot be given together")
	case given && f.lead%time.Second != 0:
		return nil, errors.New("--lead must be in whole seconds")
	case given:
		in["lead_seconds"] = int64(f.lead / time.Second)
	case f.now:
		in["now"] = true
	}
	return in, nil
}

func keysPath(slug string) string { return tenantPath(slug) + "/keys" }

func (t *tool) keyList(f *keyFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "list --tenant SLUG", Short: "List a tenant's keys, from the first to the last", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			var all struct{ Items []admin.Key }
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: keysPath(f.tenant)}, &all, func() error {
				return t.printKeys(all.Items)
			})
		})}
	f.tenantFlag(cmd)
	return cmd
}

func (t *tool) keySet(f *keyFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "set --tenant SLUG", Short: "Show what a tenant's tokens are checked by, and where that is published", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			var set admin.KeySet
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: tenantPath(f.tenant) + "/jwks"}, &set, func() error {
				if string(set.JWKS) == "null" {
					_, err := fmt.Fprintln(t.out, "The tenant has no tokens: headless.token_strategy is not jwt.")
					return err
				}
				if _, err := fmt.Fprintln(t.out, set.URL); err != nil {
					return err
				}
				return t.printJSON(set.JWKS)
			})
		})}
	f.tenantFlag(cmd)
	return cmd
}

func (t *tool) keyRotate(f *keyFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "rotate --tenant SLUG", Short: "Have another key sign", Args: cobra.NoArgs}
	f.tenantFlag(cmd)
	f.leadFlags(cmd)
	in := map[string]any{}
	work := does(func(ctx context.Context, _ []string) error {
		return t.oneKey(ctx, f, request{method: http.MethodPost, path: keysPath(f.tenant) + "/rotate", mediaType: typeJSON, body: in})
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if in, err = f.when(cmd); err != nil {
			return err
		}
		return work(cmd, args)
	}
	return cmd
}

func (t *tool) keyImport(f *keyFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "import --tenant SLUG --key FILE", Short: "Have a key of the tenant's own sign", Args: cobra.NoArgs}
	f.tenantFlag(cmd)
	f.leadFlags(cmd)
	cmd.Flags().StringVar(&f.file, "key", "",
		"a file with a private key in PEM or, where the tenant's algorithm is HS256, the secret; - is the standard input; needed")
	_ = cmd.MarkFlagRequired("key") // the flag is there
	in := map[string]any{}
	work := does(func(ctx context.Context, _ []string) error {
		material, err := t.read("key", f.file, mostKey)
		if err != nil {
			return err
		}
		in["private_key"] = strings.TrimRight(string(material), "\r\n") // a secret ends where its line does
		return t.oneKey(ctx, f, request{method: http.MethodPost, path: keysPath(f.tenant), mediaType: typeJSON, body: in})
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if in, err = f.when(cmd); err != nil {
			return err
		}
		return work(cmd, args)
	}
	return cmd
}

func (t *tool) keyRetire(f *keyFlags) *cobra.Command {
	cmd := yesFlag(&cobra.Command{Use: "retire KID --tenant SLUG",
		Short: "Take away a key that does not sign: tokens that it signed are good for nothing any more",
		Long: "Take away a key that does not sign: tokens that it signed are good for nothing any more. A kid that begins with a dash goes to the\n" +
			"end, after two dashes: admin key retire --tenant acme --yes -- -kDm…",
		Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			if !f.yes {
				return t.wouldRetire(ctx, f, args[0])
			}
			path := keysPath(f.tenant) + "/" + url.PathEscape(args[0]) + "/retire"
			if _, err := t.answerTo(ctx, &f.apiFlags, request{method: http.MethodPost, path: path}); err != nil {
				return err
			}
			return t.did(&f.apiFlags, "retired", args[0])
		})}, &f.yes)
	f.tenantFlag(cmd)
	return cmd
}

// wouldRetire says what retiring a key would do.
func (t *tool) wouldRetire(ctx context.Context, f *keyFlags, kid string) error {
	var all struct{ Items []admin.Key }
	if err := t.look(ctx, &f.apiFlags, keysPath(f.tenant), &all); err != nil {
		return err
	}
	i := slices.IndexFunc(all.Items, func(k admin.Key) bool { return k.ID == kid })
	switch {
	case i < 0:
		return fmt.Errorf("%s has no key %s: admin key list lists all", f.tenant, kid)
	case all.Items[i].State == "active":
		return errors.New("the key signs now: rotate first")
	}
	return t.would(&f.apiFlags, "retire", kid, "the key "+kid+", which is "+all.Items[i].State,
		"tokens that it signed would be good for nothing any more. This cannot be undone")
}

// oneKey sends a request that a key is the answer to, and prints it.
func (t *tool) oneKey(ctx context.Context, f *keyFlags, q request) error {
	var one admin.Key
	return t.ask(ctx, &f.apiFlags, q, &one, func() error { return t.printKeys([]admin.Key{one}) })
}

func (t *tool) printKeys(all []admin.Key) error {
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "KID\tALGORITHM\tSTATE\tORIGIN\tSIGNS FROM\tKNOWN UNTIL\tROTATES") // Flush tells what went wrong
	for _, k := range all {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Algorithm, k.State, k.Origin, k.SignsFrom.Format(time.RFC3339),
			orDash(k.KnownUntil), orDash(k.RotatesAt))
	}
	return table.Flush()
}

func orDash(at *time.Time) string {
	if at == nil {
		return "-"
	}
	return at.Format(time.RFC3339)
}
