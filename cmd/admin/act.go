package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

// yesFlag gives a command that takes something away the flag without which it only says what it would do.
func yesFlag(cmd *cobra.Command, yes *bool) *cobra.Command {
	cmd.Use += " [--yes]"
	cmd.Flags().BoolVar(yes, "yes", false, "really do it; without it, say what would be done")
	return cmd
}

// would says what an act would do to what, and that nothing was done. Programs are told the act and the id.
func (t *tool) would(f *apiFlags, act, id, what, means string) error {
	if f.output != asTable {
		return t.object(f, map[string]any{"would": map[string]string{act: id}})
	}
	_, err := fmt.Fprintf(t.out, "would %s %s: %s.\nNothing was done: add --yes if it is meant.\n", act, what, means)
	return err
}

// did says what was done to what, where the API answers with nothing.
func (t *tool) did(f *apiFlags, done, id string) error {
	if f.output != asTable {
		return t.object(f, map[string]any{done: id})
	}
	_, err := fmt.Fprintln(t.out, done, id)
	return err
}

// object prints what is for programs to read.
func (t *tool) object(f *apiFlags, v any) error {
	doc, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return t.printAs(f.output, doc)
}

// look reads what is at a path, without printing it.
func (t *tool) look(ctx context.Context, f *apiFlags, path string, out any) error {
	answer, err := t.answerTo(ctx, f, request{method: http.MethodGet, path: path})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}
