package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/store"
)

// importFlags are the flags of admin import.
type importFlags struct {
	apiFlags
	tenant, file, format, conflict, job string
	dryRun, yes                         bool

	allauth          store.Allauth
	codes, codeDigit int
}

// importCommand is admin import, which brings users in from elsewhere.
func (t *tool) importCommand() *cobra.Command {
	f := &importFlags{}
	cmd := &cobra.Command{Use: "import", Short: "Bring users in from a file, or from the database of django-allauth",
		Args: cobra.ArbitraryArgs, RunE: needsCommand}
	f.add(cmd)
	cmd.AddCommand(t.importUsers(f), t.importAllauth(f), t.importList(f), t.importShow(f), t.importErrors(f), t.importCancel(f))
	return cmd
}

func (f *importFlags) tenantFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.tenant, "tenant", "", "whose users; needed")
	_ = cmd.MarkFlagRequired("tenant") // the flag is there
}

// jobFlags are those of commands that begin an import, or go on with one.
func (f *importFlags) jobFlags(cmd *cobra.Command) {
	f.tenantFlag(cmd)
	cmd.Flags().StringVar(&f.conflict, "on-conflict", "skip", "what becomes of users who are here already: skip, or fail")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "find every fault and keep nobody")
	cmd.Flags().StringVar(&f.job, "job", "", "go on with this import, which broke off; the source must be the same")
}

func importsPath(slug string) string { return tenantPath(slug) + "/imports" }

func importPath(slug, id string) string { return importsPath(slug) + "/" + url.PathEscape(id) }

func (t *tool) importUsers(f *importFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "users --tenant SLUG -f FILE", Short: "Import users from a file of NDJSON or CSV", Args: cobra.NoArgs}
	f.jobFlags(cmd)
	cmd.Flags().StringVarP(&f.file, "file", "f", "", "the file; - is the standard input; needed")
	_ = cmd.MarkFlagRequired("file") // the flag is there
	cmd.Flags().StringVar(&f.format, "format", "", "ndjson or csv (default by the file's name)")
	work := does(func(ctx context.Context, _ []string) error {
		in := t.in
		if f.file != "-" {
			file, err := os.Open(f.file)
			if err != nil {
				return fmt.Errorf("open the file: %w", err)
			}
			defer func() { _ = file.Close() }() // it was only read
			in = file
		}
		return t.importFrom(ctx, f, in, nil)
	})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if f.format == "" {
			f.format = "ndjson"
			if strings.EqualFold(filepath.Ext(f.file), ".csv") {
				f.format = "csv"
			}
		}
		if f.format != "ndjson" && f.format != "csv" {
			return errors.New("--format must be ndjson or csv")
		}
		return work(cmd, args)
	}
	return cmd
}

func (t *tool) importAllauth(f *importFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "allauth --tenant SLUG --from URL", Short: "Import users from the database of a Django project with django-allauth",
		Long: "Import users from the database of a Django project with django-allauth: their passwords, addresses, social accounts,\n" +
			"authenticator apps, recovery codes and security keys. Sessions and pending confirmations are left behind. The database\n" +
			"is only read.", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			from, err := t.setting(f.allauth.URL, "ALLAUTH_DATABASE_URL")
			if err != nil {
				return err
			}
			source := f.allauth
			source.URL, f.format = from, "ndjson"
			read, write := io.Pipe()
			names := &[]string{}
			go func() {
				rows := admin.AllauthRows{Source: source, Codes: f.codes, Digits: f.codeDigit}
				write.CloseWithError(rows.Write(ctx, write, func(id string) { *names = append(*names, id) }))
			}()
			defer func() { _ = read.Close() }() // which ends the other side
			return t.importFrom(ctx, f, read, names)
		})}
	f.jobFlags(cmd)
	cmd.Flags().StringVar(&f.allauth.URL, "from", "", "where the database is: postgres://… or sqlite:PATH (default $ALLAUTH_DATABASE_URL)")
	cmd.Flags().StringVar(&f.allauth.UserTable, "user-table", "auth_user", "the table of AUTH_USER_MODEL")
	cmd.Flags().StringVar(&f.allauth.Phones, "phones", "", "where the adapter keeps phone numbers, as TABLE.COLUMN (default: they are left behind)")
	cmd.Flags().StringVar(&f.allauth.PhonesVerified, "phones-verified", "", "the column beside it that says whether a number is verified (default: none is)")
	cmd.Flags().IntVar(&f.codes, "recovery-code-count", 10, "what MFA_RECOVERY_CODE_COUNT is")
	cmd.Flags().IntVar(&f.codeDigit, "recovery-code-digits", 8, "what MFA_RECOVERY_CODE_DIGITS is")
	return cmd
}

// importFrom uploads a source, has it be applied, and says what became of it. names, if there are any, are what the rows are called where
// they come from.
func (t *tool) importFrom(ctx context.Context, f *importFlags, in io.Reader, names *[]string) error {
	c, err := t.client(&f.apiFlags)
	if err != nil {
		return err
	}
	i, err := t.beginImport(ctx, c, f)
	if err != nil {
		return err
	}
	if i.State != store.UploadingImport {
		names = nil // the source is not read again
	}
	bar := t.quietly()
	if i.State == store.UploadingImport {
		if err := t.uploadChunks(ctx, c, f, i, in, bar); err != nil {
			bar.end()
			return fmt.Errorf("%w\nGo on with: --job %s", err, i.ID)
		}
		if i, err = oneImport(ctx, c, request{method: http.MethodPost, path: importPath(f.tenant, i.ID) + "/start"}); err != nil {
			bar.end()
			return err
		}
	}
	for i.FinishedAt == nil {
		bar.show(i.Done, *i.Total, fmt.Sprintf("%d of %d users, %.0f a second", i.Done, *i.Total, i.Rate))
		select {
		case <-ctx.Done():
			bar.end()
			return fmt.Errorf("the import goes on by itself; see it with: admin import show --tenant %s %s", f.tenant, i.ID)
		case <-time.After(importPause):
		}
		if i, err = oneImport(ctx, c, request{method: http.MethodGet, path: importPath(f.tenant, i.ID)}); err != nil {
			bar.end()
			return err
		}
	}
	bar.end()
	return t.importEnded(ctx, c, f, i, names)
}

// importPause is how long to wait before another look at an import.
const importPause = 300 * time.Millisecond

// beginImport is a new import, or the one to go on with.
func (t *tool) beginImport(ctx context.Context, c *client, f *importFlags) (*admin.Import, error) {
	if f.job != "" {
		return oneImport(ctx, c, request{method: http.MethodGet, path: importPath(f.tenant, f.job)})
	}
	i, err := oneImport(ctx, c, request{method: http.MethodPost, path: importsPath(f.tenant), mediaType: typeJSON,
		body: map[string]any{"format": f.format, "on_conflict": f.conflict, "dry_run": f.dryRun}})
	if err == nil {
		_, _ = fmt.Fprintf(t.complaints, "import %s\n", i.ID) // it is of use where it can be read
	}
	return i, err
}

func oneImport(ctx context.Context, c *client, q request) (*admin.Import, error) {
	answer, err := c.do(ctx, q)
	if err != nil {
		return nil, err
	}
	var i admin.Import
	if err := json.Unmarshal(answer, &i); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return &i, nil
}

// uploadChunks uploads what is not there yet. The same source is always cut at the same places.
func (t *tool) uploadChunks(ctx context.Context, c *client, f *importFlags, i *admin.Import, in io.Reader, bar *progress) error {
	mediaType := map[string]string{"ndjson": "application/x-ndjson", "csv": "text/csv"}[i.Format]
	number, sent := int64(0), 0
	return chunks(in, i.Format == "csv", func(chunk []byte) error {
		number++
		if sent += len(chunk); number < i.NextChunk {
			return nil
		}
		bar.show(0, 0, fmt.Sprintf("uploading, %.1f MiB", float64(sent)/(1<<20)))
		_, err := c.do(ctx, request{method: http.MethodPut, path: fmt.Sprintf("%s/chunks/%d", importPath(f.tenant, i.ID), number), mediaType: mediaType, body: chunk})
		return err
	})
}

// chunks calls f with a source, cut where lines end and, of CSV, where no quote is open if that can be.
func chunks(in io.Reader, csv bool, f func([]byte) error) error {
	r := bufio.NewReaderSize(in, 64<<10)
	var chunk []byte
	cut, quotes := 0, 0 // where the chunk can be cut, and how many quotes there are up to its end
	for {
		line, err := r.ReadBytes('\n')
		if len(line) > admin.MaxChunk {
			return fmt.Errorf("a line has more than %d bytes", admin.MaxChunk)
		}
		if len(chunk)+len(line) > admin.MaxChunk {
			if cut == 0 {
				cut = len(chunk) // a quote does not end
			}
			if err := f(chunk[:cut]); err != nil {
				return err
			}
			chunk = bytes.Clone(chunk[cut:])
			cut = 0
		}
		chunk = append(chunk, line...)
		if quotes += bytes.Count(line, []byte{'"'}); !csv || quotes%2 == 0 {
			cut = len(chunk)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("read the source: %w", err)
		}
	}
	if len(chunk) == 0 {
		return nil
	}
	return f(chunk)
}

// importEnded prints what became of an import, and fails if rows did.
func (t *tool) importEnded(ctx context.Context, c *client, f *importFlags, i *admin.Import, names *[]string) error {
	if f.output != asTable {
		if err := t.object(&f.apiFlags, i); err != nil {
			return err
		}
	} else if err := t.printImport(i); err != nil {
		return err
	}
	if i.Failed > 0 {
		if err := t.printImportErrors(ctx, c, f.tenant, i.ID, t.complaints, names); err != nil {
			return err
		}
	}
	if i.Failed > 0 || i.State != store.FinishedImport {
		return errQuiet
	}
	return nil
}

func (t *tool) printImport(i *admin.Import) error {
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	total := "unknown"
	if i.Total != nil {
		total = fmt.Sprint(*i.Total)
	}
	made := "Created"
	if i.DryRun {
		made = "Fit"
	}
	_, _ = fmt.Fprintf(table, "Import\t%s\nState\t%s\nRows\t%s\n%s\t%d\nSkipped\t%d\nFailed\t%d\nRate\t%.0f a second\n", // Flush tells what went wrong
		i.ID, i.State, total, made, i.Created, i.Skipped, i.Failed, i.Rate)
	return table.Flush()
}

// printImportErrors prints the rows that failed, one fault a line.
func (t *tool) printImportErrors(ctx context.Context, c *client, slug, id string, out io.Writer, names *[]string) error {
	read, write := io.Pipe()
	go func() {
		write.CloseWithError(c.stream(ctx, request{method: http.MethodGet, path: importPath(slug, id) + "/errors?format=ndjson"}, write))
	}()
	defer func() { _ = read.Close() }() // which ends the other side
	for d := json.NewDecoder(read); ; {
		var e admin.ImportError
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read the errors: %w", err)
		}
		if e.Outcome != "failed" && names == nil && out == t.complaints {
			continue
		}
		place := fmt.Sprintf("line %d", e.Line)
		if names != nil && e.Line <= int64(len(*names)) {
			place = "user " + (*names)[e.Line-1]
		}
		if e.Path != "" {
			place += ": " + e.Path
		}
		if _, err := fmt.Fprintf(out, "%s: %s: %s\n", e.Outcome, place, e.Message); err != nil {
			return err
		}
	}
}

func (t *tool) importList(f *importFlags) *cobra.Command {
	var p pageFlags
	cmd := &cobra.Command{Use: "list --tenant SLUG", Short: "List a tenant's imports, the latest first", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			var all struct {
				Items      []admin.Import
				NextCursor string `json:"next_cursor"`
			}
			return t.ask(ctx, &f.apiFlags, request{method: http.MethodGet, path: importsPath(f.tenant) + "?" + p.query().Encode()}, &all, func() error {
				table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
				_, _ = fmt.Fprintln(table, "ID\tSTATE\tCREATED\tSKIPPED\tFAILED\tBEGUN") // Flush tells what went wrong
				for _, i := range all.Items {
					_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%s\n", i.ID, i.State, i.Created, i.Skipped, i.Failed, i.CreatedAt.Format(time.RFC3339))
				}
				return errors.Join(table.Flush(), t.more(all.NextCursor))
			})
		})}
	f.tenantFlag(cmd)
	p.add(cmd)
	return cmd
}

func (t *tool) importShow(f *importFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "show --tenant SLUG ID", Short: "Show how far an import is", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			return t.oneImport(ctx, f, request{method: http.MethodGet, path: importPath(f.tenant, args[0])})
		})}
	f.tenantFlag(cmd)
	return cmd
}

func (t *tool) importCancel(f *importFlags) *cobra.Command {
	cmd := yesFlag(&cobra.Command{Use: "cancel --tenant SLUG ID", Short: "End an import; users who were made stay", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			if !f.yes {
				return t.wouldCancel(ctx, f, args[0])
			}
			return t.oneImport(ctx, f, request{method: http.MethodPost, path: importPath(f.tenant, args[0]) + "/cancel"})
		})}, &f.yes)
	f.tenantFlag(cmd)
	return cmd
}

// wouldCancel says what cancelling an import would do.
func (t *tool) wouldCancel(ctx context.Context, f *importFlags, id string) error {
	var i admin.Import
	if err := t.look(ctx, &f.apiFlags, importPath(f.tenant, id), &i); err != nil {
		return err
	}
	if i.FinishedAt != nil {
		return fmt.Errorf("the import has ended already: it is %s", i.State)
	}
	return t.would(&f.apiFlags, "cancel", i.ID, fmt.Sprintf("the import %s, which is %s", i.ID, i.State),
		fmt.Sprintf("what was uploaded would be erased. The %d users who were made would stay", i.Created))
}

func (t *tool) oneImport(ctx context.Context, f *importFlags, q request) error {
	var i admin.Import
	return t.ask(ctx, &f.apiFlags, q, &i, func() error { return t.printImport(&i) })
}

func (t *tool) importErrors(f *importFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "errors --tenant SLUG ID", Short: "List the rows of an import that were not imported", Args: cobra.ExactArgs(1),
		RunE: does(func(ctx context.Context, args []string) error {
			if f.output != asTable {
				all, err := t.everyPage(ctx, &f.apiFlags, importPath(f.tenant, args[0])+"/errors", url.Values{})
				if err != nil {
					return err
				}
				return t.object(&f.apiFlags, all)
			}
			c, err := t.client(&f.apiFlags)
			if err != nil {
				return err
			}
			return t.printImportErrors(ctx, c, f.tenant, args[0], t.out, nil)
		})}
	f.tenantFlag(cmd)
	return cmd
}
