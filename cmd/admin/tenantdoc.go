package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/yamldoc"
	"github.com/vestibule-auth/vestibule/tenants"
)

// mostDocuments is how long a file of documents may be.
const mostDocuments = 64 << 20

// tenantDocument is one document of a file, and whose it is.
type tenantDocument struct {
	slug string
	text []byte // with the lines of what came before it
}

// documents are those of a file.
func (t *tool) documents(file string) ([]tenantDocument, error) {
	text, err := t.read("file", file, mostDocuments)
	if err != nil {
		return nil, err
	}
	var all []tenantDocument
	for _, part := range yamldoc.Split(text) {
		read, err := yamldoc.Read(part)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		var of struct{ Slug string }
		if err := json.Unmarshal(read.JSON, &of); err != nil || of.Slug == "" {
			return nil, fmt.Errorf("%s: line %d: a document has to say its slug", file, read.Line(""))
		}
		all = append(all, tenantDocument{of.Slug, part})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: there is no document", file)
	}
	return all, nil
}

func fileFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVarP(file, "file", "f", "", "a file with tenants as YAML or JSON, several separated by ---; - is the standard input; needed")
	_ = cmd.MarkFlagRequired("file") // the flag is there
}

func (t *tool) tenantApply(f *tenantFlags) *cobra.Command {
	var file string
	var dry bool
	cmd := &cobra.Command{Use: "apply -f FILE", Short: "Make tenants what a file says, whether they are there or not", Args: cobra.NoArgs,
		Long: "Make tenants what a file says, whether they are there or not. What a document leaves out of its config is at its default\n" +
			"afterwards; a secret given as " + tenants.Mask + " stays as it is. Nothing is changed if anything is wrong with any document.",
		RunE: does(func(ctx context.Context, _ []string) error {
			docs, err := t.documents(file)
			if err != nil {
				return err
			}
			results, err := t.putAll(ctx, f, docs, "?dry_run=true")
			if err == nil && !dry {
				results, err = t.putAll(ctx, f, docs, "")
			}
			return errors.Join(t.printApplied(f, docs, results), err)
		})}
	fileFlag(cmd, &file)
	cmd.Flags().BoolVar(&dry, "dry-run", false, "change nothing, and print what would be changed")
	return cmd
}

// putAll sends each document, and returns what became of those before the first that was declined.
func (t *tool) putAll(ctx context.Context, f *tenantFlags, docs []tenantDocument, query string) ([]json.RawMessage, error) {
	var all []json.RawMessage
	for _, d := range docs {
		answer, err := t.answerTo(ctx, &f.apiFlags, request{method: http.MethodPut, path: tenantPath(d.slug) + query, mediaType: typeYAML, body: d.text})
		if err != nil {
			if query != "" { // of a rehearsal there is nothing to tell but what is wrong
				all = nil
			}
			return all, fmt.Errorf("%s: %w", d.slug, err)
		}
		all = append(all, answer)
	}
	return all, nil
}

func (t *tool) tenantValidate(f *tenantFlags) *cobra.Command {
	var file, patched string
	cmd := &cobra.Command{Use: "validate -f FILE", Short: "Say what a file would change, or everything that is wrong with it", Args: cobra.NoArgs,
		RunE: does(func(ctx context.Context, _ []string) error {
			if patched != "" {
				return t.validatePatch(ctx, f, patched, file)
			}
			docs, err := t.documents(file)
			if err != nil {
				return err
			}
			var results []json.RawMessage
			for _, d := range docs {
				answer, wrong := t.answerTo(ctx, &f.apiFlags,
					request{method: http.MethodPost, path: tenantPath(d.slug) + "/validate", mediaType: typeYAML, body: d.text})
				if wrong != nil {
					err = errors.Join(err, fmt.Errorf("%s: %w", d.slug, wrong))
					continue
				}
				results = append(results, answer)
			}
			if err != nil {
				return err
			}
			return t.printApplied(f, docs, results)
		})}
	fileFlag(cmd, &file)
	cmd.Flags().StringVar(&patched, "patch", "", "the file is a JSON merge patch of this tenant, and no whole document")
	return cmd
}

func (t *tool) validatePatch(ctx context.Context, f *tenantFlags, slug, file string) error {
	text, err := t.read("file", file, mostConfig)
	if err != nil {
		return err
	}
	answer, err := t.answerTo(ctx, &f.apiFlags,
		request{method: http.MethodPost, path: tenantPath(slug) + "/validate", mediaType: typePatch, body: text})
	if err != nil {
		return err
	}
	return t.printApplied(f, []tenantDocument{{slug: slug}}, []json.RawMessage{answer})
}

func (t *tool) tenantExport(f *tenantFlags) *cobra.Command {
	return &cobra.Command{Use: "export SLUG...", Short: "Print tenants as the YAML that apply takes, their secrets masked", Args: cobra.MinimumNArgs(1),
		Long: "Print tenants as the YAML that apply takes, their secrets masked. With -o json they are JSON,\n" +
			"likewise separated by ---, which apply takes as well.",
		RunE: does(func(ctx context.Context, args []string) error {
			var out bytes.Buffer
			bar := t.quietly()
			defer bar.end()
			for i, slug := range args {
				bar.show(int64(i), int64(len(args)), fmt.Sprintf("%d of %d tenants", i, len(args)))
				doc, err := t.answerTo(ctx, &f.apiFlags, request{method: http.MethodGet, path: tenantPath(slug) + "?format=yaml"})
				if err != nil {
					return fmt.Errorf("%s: %w", slug, err)
				}
				if i > 0 {
					out.WriteString("---\n")
				}
				if f.output == asJSON {
					read, err := yamldoc.Read(doc)
					if err == nil {
						err = json.Indent(&out, read.JSON, "", "  ")
					}
					if err != nil {
						return fmt.Errorf("read the answer: %w", err)
					}
					out.WriteByte('\n')
					continue
				}
				out.Write(doc)
			}
			_, err := t.out.Write(out.Bytes())
			return err
		})}
}

// printApplied prints what became of documents, or what would.
func (t *tool) printApplied(f *tenantFlags, docs []tenantDocument, results []json.RawMessage) error {
	if f.output != asTable {
		if results == nil {
			return nil
		}
		return t.object(&f.apiFlags, results)
	}
	for i, raw := range results {
		var one admin.Applied
		if err := json.Unmarshal(raw, &one); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		line := docs[i].slug + " "
		switch {
		case one.DryRun && one.Outcome == admin.TenantWasUnchanged:
			line += "would not be changed"
		case one.DryRun:
			line += "would be " + string(one.Outcome)
		case one.Tenant != nil:
			line += fmt.Sprintf("%s (version %d)", one.Outcome, one.Tenant.Version)
		}
		if _, err := fmt.Fprintln(t.out, line); err != nil {
			return err
		}
		if err := t.printChanges(one.Changes, "  "); err != nil {
			return err
		}
	}
	return nil
}

// printChanges prints a line for each change: what is new, what is gone, and what is another.
func (t *tool) printChanges(changes []tenants.Change, indent string) error {
	for _, c := range changes {
		before, after := strings.TrimSpace(string(c.Before)), strings.TrimSpace(string(c.After))
		line := ""
		switch {
		case before == "null":
			line = "+ " + c.Path + ": " + after
		case after == "null":
			line = "- " + c.Path + ": " + before
		default:
			line = "~ " + c.Path + ": " + before + " -> " + after
		}
		if c.Secret && before != "null" && after != "null" {
			line += " (another secret)"
		}
		if _, err := fmt.Fprintln(t.out, indent+line); err != nil {
			return err
		}
	}
	return nil
}
