package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
)

// mostConfig is the longest configuration that the API takes, in bytes.
const mostConfig = 1 << 20

// tenantFlags are the flags of admin tenant. Those that only some commands have are given there.
type tenantFlags struct {
	apiFlags
	name, state, config, note string
	hosts                     []string
	ifVersion                 int64
	yes                       bool
}

// tenantCommand is admin tenant, which asks a running server, so that it sees every change at once.
func (t *tool) tenantCommand() *cobra.Command {
	f := &tenantFlags{}
	cmd := &cobra.Command{Use: "tenant", Short: "Make, show, change, delete and restore tenants, and look back at what they were",
		Args: cobra.ArbitraryArgs, RunE: needsCommand}
	f.add(cmd)
	cmd.AddCommand(
		t.tenantList(f), t.tenantShow(f), t.tenantCreate(f), t.tenantPatch(f), t.tenantApply(f), t.tenantValidate(f), t.tenantPreview(f), t.tenantExport(f),
		t.tenantVersions(f), t.tenantDiff(f), t.tenantRollback(f), t.tenantHost(f),
		t.tenantSwitch(f, "suspend", "Have every request to a tenant refused"), t.tenantSwitch(f, "resume", "Serve a suspended tenant again"),
		t.tenantDelete(f), t.tenantDeleted(f), t.tenantRestore(f), t.tenantPurge(f),
	)
	return cmd
}

func (t *tool) tenantList(f *tenantFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "list [PREFIX]", Short: "List tenants: all, or those whose slug, name or a host begins with something",
		Args: cobra.MaximumNArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			q := url.Values{}
			if len(args) > 0 {
				q.Set("q", args[0])
			}
			if f.state != "" {
				q.Set("state", f.state)
			}
			all, err := t.everyPage(ctx, &f.apiFlags, "/tenants", q)
			if err != nil {
				return err
			}
			return t.printTenants(f, all)
		})}
	cmd.Flags().StringVar(&f.state, "state", "", "only those that are active, or suspended")
	return cmd
}

func (t *tool) tenantShow(f *tenantFlags) *cobra.Command {
	return &cobra.Command{Use: "show SLUG", Short: "Show a tenant", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			return t.oneTenant(ctx, f, request{method: http.MethodGet, path: tenantPath(args[0])})
		})}
}

func (t *tool) tenantCreate(f *tenantFlags) *cobra.Command {
	template, secrets := "", false
	cmd := &cobra.Command{Use: "create SLUG --name NAME", Short: "Make a tenant", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			in := map[string]any{"slug": args[0], "name": f.name}
			if f.hosts != nil {
				in["hosts"] = f.hosts
			}
			if err := t.addConfig(in, f.config); err != nil {
				return err
			}
			if f.note != "" {
				in["note"] = f.note
			}
			if template != "" {
				in["template"] = template
			}
			if secrets {
				in["template_secrets"] = true
			}
			return t.oneTenant(ctx, f, request{method: http.MethodPost, path: "/tenants", mediaType: typeJSON, body: in})
		})}
	cmd.Flags().StringVar(&f.name, "name", "", "what people see")
	cmd.Flags().StringSliceVar(&f.hosts, "host", nil, "a host of the tenant, the public one first; give it again for more")
	cmd.Flags().StringVar(&f.config, "config", "", "a file with the configuration as JSON; - is the standard input")
	cmd.Flags().StringVar(&template, "template", "", "a tenant to copy the configuration of, which --config then changes")
	cmd.Flags().BoolVar(&secrets, "template-secrets", false, "copy the template's secrets too")
	f.noteFlag(cmd)
	return cmd
}

func (t *tool) tenantPatch(f *tenantFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "patch SLUG", Short: "Change a tenant; what is not given stays", Args: cobra.ExactArgs(1)}
	flags := cmd.Flags()
	flags.StringVar(&f.name, "name", "", "what people see")
	flags.StringSliceVar(&f.hosts, "host", nil, "the hosts from now on, the public one first; give it again for more")
	flags.StringVar(&f.state, "state", "", "active, or suspended: every request to the tenant is refused")
	flags.StringVar(&f.config, "config", "",
		"a file with the changes to the configuration as a JSON merge patch (null: as if never given); - is the standard input")
	flags.Int64Var(&f.ifVersion, ifVersion, 0, "change it only if this is still its version")
	f.noteFlag(cmd)
	work := does(func(ctx context.Context, args []string) error {
		in := map[string]any{}
		for name, value := range map[string]any{"name": f.name, "state": f.state, "note": f.note} {
			if flags.Changed(name) {
				in[name] = value
			}
		}
		if flags.Changed("host") {
			in["hosts"] = f.hosts
		}
		if err := t.addConfig(in, f.config); err != nil {
			return err
		}
		return t.oneTenant(ctx, f, request{method: http.MethodPatch, path: tenantPath(args[0]),
			mediaType: typePatch, ifMatch: f.tag(), body: in})
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !flags.Changed("name") && !flags.Changed("host") && !flags.Changed("state") && !flags.Changed("config") {
			return errors.New("there is nothing to change: give --name, --host, --state or --config")
		}
		if err := f.checkVersion(cmd); err != nil {
			return err
		}
		return work(cmd, args)
	}
	return cmd
}

// noteFlag gives a command the flag for why.
func (f *tenantFlags) noteFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.note, "note", "", "why, which is kept with the version")
}

// versionFlag gives a command the flag that makes its change conditional, and refuses what cannot be a version.
func (f *tenantFlags) versionFlag(cmd *cobra.Command) {
	cmd.Flags().Int64Var(&f.ifVersion, ifVersion, 0, "only if this is still its version")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error { return f.checkVersion(cmd) }
}

// ifVersion is the flag that makes a change conditional.
const ifVersion = "if-version"

// checkVersion refuses what cannot be a version: a condition that is not understood must not become none.
func (f *tenantFlags) checkVersion(cmd *cobra.Command) error {
	if cmd.Flags().Changed(ifVersion) && f.ifVersion < 1 {
		return errors.New("--if-version must be a version as show prints it, which is 1 or more")
	}
	return nil
}

// tag is the entity tag of the version that a change is meant for, or "" where it is meant for any.
func (f *tenantFlags) tag() string {
	if f.ifVersion == 0 {
		return ""
	}
	return strconv.Quote(strconv.FormatInt(f.ifVersion, 10))
}

func tenantPath(slug string) string { return "/tenants/" + url.PathEscape(slug) }

// addConfig puts the configuration of a file into a document.
func (t *tool) addConfig(in map[string]any, file string) error {
	return t.addJSON(in, "config", file)
}

// addJSON puts the JSON of a file into a document. The flag that names the file is called like the member.
func (t *tool) addJSON(in map[string]any, member, file string) error {
	if file == "" {
		return nil
	}
	b, err := t.read(member, file, mostConfig)
	if err != nil {
		return err
	}
	if !json.Valid(b) {
		return fmt.Errorf("--%s is not valid JSON", member)
	}
	in[member] = json.RawMessage(b)
	return nil
}

// read reads the file that a flag names, which must have no more than so many bytes; - is the standard input.
func (t *tool) read(flag, file string, most int64) ([]byte, error) {
	from := t.in
	if file != "-" {
		f, err := os.Open(file) // #nosec G304 -- the operator names it
		if err != nil {
			return nil, fmt.Errorf("read --%s: %w", flag, err)
		}
		defer func() { _ = f.Close() }() // it was only read
		from = f
	}
	b, err := io.ReadAll(io.LimitReader(from, most+1))
	if err != nil {
		return nil, fmt.Errorf("read --%s: %w", flag, err)
	}
	if int64(len(b)) > most {
		return nil, fmt.Errorf("--%s is too large: the server takes no more than %d KiB", flag, most>>10)
	}
	return b, nil
}

// oneTenant sends a request that a tenant is the answer to, and prints it.
func (t *tool) oneTenant(ctx context.Context, f *tenantFlags, q request) error {
	var one admin.Tenant
	return t.ask(ctx, &f.apiFlags, q, &one, func() error { return t.printTenant(&one) })
}

func (t *tool) printTenant(one *admin.Tenant) error {
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"Slug", one.Slug}, {"Name", one.Name}, {"State", string(one.State)}, {"Hosts", hostsText(one.Hosts)},
		{"Public URL", one.PublicURL}, {"ID", one.ID}, {"Version", strconv.FormatInt(one.Version, 10)},
		{"Created", one.CreatedAt.Format(time.RFC3339)}, {"Changed", one.UpdatedAt.Format(time.RFC3339)}, {"Error", one.Error},
	} {
		if row[1] != "" {
			_, _ = fmt.Fprintf(table, "%s\t%s\n", row[0], row[1]) // Flush tells what went wrong
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(t.out, "Configuration"); err != nil {
		return err
	}
	return t.printJSON(one.Config)
}

func (t *tool) printTenants(f *tenantFlags, all []json.RawMessage) error {
	if f.output != asTable {
		return t.object(&f.apiFlags, all)
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "SLUG\tNAME\tSTATE\tHOSTS\tVERSION") // Flush tells what went wrong
	items, err := itemsOf[admin.Tenant](all)
	if err != nil {
		return err
	}
	for _, one := range items {
		row := fmt.Sprintf("%s\t%s\t%s\t%s\t%d", one.Slug, one.Name, one.State, hostsText(one.Hosts), one.Version)
		if one.Error != "" {
			row += "\t" + one.Error
		}
		_, _ = fmt.Fprintln(table, row)
	}
	return table.Flush()
}

func hostsText(hosts []string) string {
	if len(hosts) == 0 {
		return "-"
	}
	return strings.Join(hosts, ", ")
}

func (t *tool) printJSON(doc []byte) error {
	var b bytes.Buffer
	if err := json.Indent(&b, bytes.TrimSpace(doc), "", "  "); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	_, err := fmt.Fprintln(t.out, b.String())
	return err
}
