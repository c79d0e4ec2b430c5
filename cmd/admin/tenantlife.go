package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/tenants"
)

func (t *tool) tenantVersions(f *tenantFlags) *cobra.Command {
	var p pageFlags
	cmd := &cobra.Command{Use: "versions SLUG", Short: "List what a tenant was after each change, the latest first", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			path := tenantPath(args[0]) + "/versions?" + p.query().Encode()
			var page struct {
				Items      []admin.Version
				NextCursor string `json:"next_cursor"`
			}
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: path}, &page, func() error {
				table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
				_, _ = fmt.Fprintln(table, "VERSION\tAT\tACTION\tBY\tNAME\tSTATE\tNOTE") // Flush tells what went wrong
				for _, v := range page.Items {
					_, _ = fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", v.Number, v.At.Format(time.RFC3339), orNothing(v.Act), orNothing(v.Actor.Name),
						v.Name, v.State, strings.ReplaceAll(v.Note, "\n", " "))
				}
				return errors.Join(table.Flush(), t.more(page.NextCursor))
			})
		})}
	p.add(cmd)
	return cmd
}

func (t *tool) tenantDiff(f *tenantFlags) *cobra.Command {
	return &cobra.Command{Use: "diff SLUG FROM [TO]", Short: "Compare a version of a tenant with another one, or with what it is now",
		Args: cobra.RangeArgs(2, 3),
		RunE: does(func(ctx context.Context, args []string) error {
			q := url.Values{"from": {args[1]}}
			if len(args) > 2 {
				q.Set("to", args[2])
			}
			var got struct{ Changes []tenants.Change }
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: tenantPath(args[0]) + "/diff?" + q.Encode()}, &got, func() error {
				return t.printChanges(got.Changes, "")
			})
		})}
}

func (t *tool) tenantRollback(f *tenantFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "rollback SLUG VERSION", Short: "Give a tenant the name, hosts and configuration of an earlier version",
		Args: cobra.ExactArgs(2),
		RunE: does(func(ctx context.Context, args []string) error {
			number, err := strconv.ParseInt(args[1], 10, 64)
			if err != nil {
				return errors.New("VERSION must be a number as versions prints it")
			}
			in := map[string]any{"version": number}
			return t.actOn(ctx, f, args[0], "/rollback", in)
		})}
	f.versionFlag(cmd)
	f.noteFlag(cmd)
	return cmd
}

// actOn sends an act on a tenant, which is the answer.
func (t *tool) actOn(ctx context.Context, f *tenantFlags, slug, act string, in map[string]any) error {
	if f.note != "" {
		in["note"] = f.note
	}
	return t.oneTenant(ctx, f, request{method: http.MethodPost, path: tenantPath(slug) + act, mediaType: typeJSON, ifMatch: f.tag(), body: in})
}

// tenantSwitch is admin tenant suspend and admin tenant resume.
func (t *tool) tenantSwitch(f *tenantFlags, verb, short string) *cobra.Command {
	cmd := &cobra.Command{Use: verb + " SLUG", Short: short, Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			return t.actOn(ctx, f, args[0], "/"+verb, map[string]any{})
		})}
	f.versionFlag(cmd)
	f.noteFlag(cmd)
	return cmd
}

// tenantHost is admin tenant host, which adds hosts and removes them.
func (t *tool) tenantHost(f *tenantFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "host", Short: "Add and remove a tenant's hosts", Args: cobra.ArbitraryArgs, RunE: needsCommand}
	first := false
	add := &cobra.Command{Use: "add SLUG HOST", Short: "Give a tenant another host", Args: cobra.ExactArgs(2),
		RunE: does(func(ctx context.Context, args []string) error {
			return t.actOn(ctx, f, args[0], "/hosts", map[string]any{"host": args[1], "first": first})
		})}
	add.Flags().BoolVar(&first, "first", false, "make it the public one, which links lead to unless public_url says otherwise")
	f.versionFlag(add)
	f.noteFlag(add)
	remove := yesFlag(&cobra.Command{Use: "remove SLUG HOST", Short: "Take a host from a tenant", Args: cobra.ExactArgs(2),
		RunE: does(func(ctx context.Context, args []string) error {
			if !f.yes {
				return t.wouldRemoveHost(ctx, f, args[0], args[1])
			}
			path := tenantPath(args[0]) + "/hosts/" + url.PathEscape(args[1])
			return t.oneTenant(ctx, f, request{method: http.MethodDelete, path: path, ifMatch: f.tag()})
		})}, &f.yes)
	f.versionFlag(remove)
	cmd.AddCommand(add, remove)
	return cmd
}

// lookAtTenant reads a tenant that an act is meant for, which must be of the version that was asked for.
func (t *tool) lookAtTenant(ctx context.Context, f *tenantFlags, slug string, one *admin.Tenant) error {
	err := t.look(ctx, &f.apiFlags, tenantPath(slug), one)
	if err == nil && f.ifVersion != 0 && f.ifVersion != one.Version {
		err = fmt.Errorf("%s was changed by someone else: it is at version %d", slug, one.Version)
	}
	return err
}

// wouldRemoveHost says what taking a host from a tenant would do.
func (t *tool) wouldRemoveHost(ctx context.Context, f *tenantFlags, slug, host string) error {
	var one admin.Tenant
	if err := t.lookAtTenant(ctx, f, slug, &one); err != nil {
		return err
	}
	if !slices.ContainsFunc(one.Hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
		return fmt.Errorf("%s has no host %s: it has %s", one.Slug, host, hostsText(one.Hosts))
	}
	return t.would(&f.apiFlags, "remove", host, fmt.Sprintf("the host %s from %s (%s, version %d)", host, one.Slug, one.Name, one.Version),
		"it would lead to the tenant no more, and be free for another one")
}

func (t *tool) tenantDelete(f *tenantFlags) *cobra.Command {
	cmd := yesFlag(&cobra.Command{Use: "delete SLUG", Short: "Delete a tenant, which can be restored for a while", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			if !f.yes {
				var one admin.Tenant
				if err := t.lookAtTenant(ctx, f, args[0], &one); err != nil {
					return err
				}
				return t.would(&f.apiFlags, "delete", one.Slug, fmt.Sprintf("the tenant %s (%s, version %d)", one.Slug, one.Name, one.Version),
					fmt.Sprintf("nothing would reach its people and their sessions any more,\nand its hosts (%s) would be free. It could be restored for %d days, "+
						"and would then be purged", hostsText(one.Hosts), int(admin.Grace.Hours()/24)))
			}
			if _, err := t.answerTo(ctx, &f.apiFlags, request{method: http.MethodDelete, path: tenantPath(args[0]), ifMatch: f.tag()}); err != nil {
				return err
			}
			return t.did(&f.apiFlags, "deleted", args[0])
		})}, &f.yes)
	f.versionFlag(cmd)
	return cmd
}

func (t *tool) tenantDeleted(f *tenantFlags) *cobra.Command {
	return &cobra.Command{Use: "deleted", Short: "List deleted tenants that can come back, the latest deletion first", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			all, err := t.everyPage(ctx, &f.apiFlags, "/deleted-tenants", url.Values{})
			if err != nil {
				return err
			}
			if f.output != asTable {
				return t.object(&f.apiFlags, all)
			}
			items, err := itemsOf[admin.DeletedTenant](all)
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
			_, _ = fmt.Fprintln(table, "ID\tSLUG\tNAME\tDELETED\tPURGED ON") // Flush tells what went wrong
			for _, one := range items {
				_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", one.ID, one.Slug, one.Name, one.DeletedAt.Format(time.RFC3339),
					one.PurgeAt.Format(time.RFC3339))
			}
			return table.Flush()
		})}
}

// findDeleted is the deleted tenant of an id or, where there is only one, of a slug.
func (t *tool) findDeleted(ctx context.Context, f *tenantFlags, name string) (*admin.DeletedTenant, error) {
	all, err := t.everyPage(ctx, &f.apiFlags, "/deleted-tenants", url.Values{})
	if err != nil {
		return nil, err
	}
	items, err := itemsOf[admin.DeletedTenant](all)
	if err != nil {
		return nil, err
	}
	var found *admin.DeletedTenant
	for _, one := range items {
		if one.ID == name {
			return &one, nil
		}
		if one.Slug == name {
			if found != nil {
				return nil, fmt.Errorf("several deleted tenants had the slug %s: give the id of one, as deleted prints it", name)
			}
			found = &one
		}
	}
	if found == nil {
		return nil, fmt.Errorf("no deleted tenant has the id or had the slug %s", name)
	}
	return found, nil
}

func (t *tool) tenantRestore(f *tenantFlags) *cobra.Command {
	slug := ""
	cmd := &cobra.Command{Use: "restore ID|SLUG", Short: "Bring a deleted tenant back, without the sessions that it had", Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVar(&slug, "slug", "", "what it goes by from now on, where another tenant has its slug")
	cmd.Flags().StringSliceVar(&f.hosts, "host", nil, "its hosts from now on, where another tenant has one of its own; give it again for more")
	f.noteFlag(cmd)
	cmd.RunE = does(func(ctx context.Context, args []string) error {
		one, err := t.findDeleted(ctx, f, args[0])
		if err != nil {
			return err
		}
		in := map[string]any{}
		if slug != "" {
			in["slug"] = slug
		}
		if cmd.Flags().Changed("host") {
			in["hosts"] = f.hosts
		}
		if f.note != "" {
			in["note"] = f.note
		}
		return t.oneTenant(ctx, f, request{method: http.MethodPost, path: "/deleted-tenants/" + one.ID + "/restore", mediaType: typeJSON, body: in})
	})
	return cmd
}

func (t *tool) tenantPurge(f *tenantFlags) *cobra.Command {
	return yesFlag(&cobra.Command{Use: "purge ID|SLUG", Short: "Purge a deleted tenant for good", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			one, err := t.findDeleted(ctx, f, args[0])
			if err != nil {
				return err
			}
			if !f.yes {
				return t.would(&f.apiFlags, "purge", one.ID, fmt.Sprintf("the tenant %s (%s, %s), deleted %s", one.Slug, one.Name, one.ID,
					one.DeletedAt.Format(time.RFC3339)), "everything that is held of it would be gone for good. This cannot be undone")
			}
			if _, err := t.answerTo(ctx, &f.apiFlags, request{method: http.MethodDelete, path: "/deleted-tenants/" + one.ID}); err != nil {
				return err
			}
			return t.did(&f.apiFlags, "purged", one.ID)
		})}, &f.yes)
}
