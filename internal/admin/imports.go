package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The bounds of an import.
const (
	MaxChunk  = 1 << 20 // bytes
	MaxChunks = 8192
)

// The formats of an import, and what becomes of a row whose user is here already.
const (
	formatNDJSON = "ndjson"
	formatCSV    = "csv"

	conflictSkip = "skip" // it is counted, and nothing is changed
	conflictFail = "fail" // it counts as failed
)

// Import is an import as operators see it.
type Import struct {
	ID         string            `json:"id"`
	Format     string            `json:"format"` // ndjson or csv
	OnConflict string            `json:"on_conflict"`
	DryRun     bool              `json:"dry_run"`
	State      store.ImportState `json:"state"`
	Chunks     int64             `json:"chunks"`     // how many are there
	NextChunk  int64             `json:"next_chunk"` // while it takes chunks: the first that is missing; then: the one that is applied
	Total      *int64            `json:"total"`      // rows; null where nobody knows yet
	Done       int64             `json:"done"`
	Created    int64             `json:"created"`
	Skipped    int64             `json:"skipped"`
	Failed     int64             `json:"failed"`
	Rate       float64           `json:"rate"` // rows a second, since it was started
	CreatedAt  time.Time         `json:"created_at"`
	StartedAt  *time.Time        `json:"started_at"`
	FinishedAt *time.Time        `json:"finished_at"`
}

// ImportError is what became of a row that was not imported.
type ImportError struct {
	Line    int64  `json:"line"`
	Outcome string `json:"outcome"` // failed, or skipped
	Path    string `json:"path"`
	Message string `json:"message"`
}

func (s *Service) viewImport(i *store.Import, chunks []store.Chunk) *Import {
	v := &Import{
		ID: i.ID, Format: i.Format, OnConflict: i.OnConflict, DryRun: i.DryRun, State: i.State, Chunks: i.Chunks, NextChunk: i.NextChunk,
		Done: i.Done(), Created: i.Created, Skipped: i.Skipped, Failed: i.Failed, CreatedAt: i.CreatedAt.UTC(),
		StartedAt: atOrNull(i.StartedAt), FinishedAt: atOrNull(i.FinishedAt), Total: i.Expected,
	}
	if i.State == store.UploadingImport {
		v.Chunks, v.NextChunk = int64(len(chunks)), firstMissing(chunks)
	}
	if !i.StartedAt.IsZero() {
		v.Total = &i.Total
		until := i.FinishedAt
		if until.IsZero() {
			until = s.clock.Now()
		}
		if took := until.Sub(i.StartedAt).Seconds(); took > 0 {
			v.Rate = float64(v.Done) / took
		}
	}
	return v
}

// firstMissing is the number of the first chunk that is not there.
func firstMissing(chunks []store.Chunk) int64 {
	next := int64(1)
	for _, c := range chunks {
		if c.Number != next {
			break
		}
		next++
	}
	return next
}

// CreateImport makes an import, which takes chunks until it is started. It reads a JSON object with format and, if wanted, total_lines (how
// many rows there will be), on_conflict (skip, which is what happens otherwise, or fail) and dry_run, which finds every fault and keeps
// nobody.
func (s *Service) CreateImport(ctx context.Context, by Actor, slug string, doc json.RawMessage) (*Import, error) {
	var f faults
	i := f.newImport(doc)
	t, err := s.served(ctx, slug)
	if err == nil {
		err = f.err()
	}
	if err != nil {
		return nil, err
	}
	i.ID, i.CreatedAt, i.State, i.NextChunk = secret.NewID(), s.clock.Now(), store.UploadingImport, 1
	e, err := s.event(by, store.ImportCreated, "import/"+i.ID, map[string]any{"format": i.Format, "on_conflict": i.OnConflict, "dry_run": i.DryRun})
	if err != nil {
		return nil, err
	}
	err = s.store.For(t).Do(ctx, func(tx *store.Tx) error { return errors.Join(tx.AddImport(ctx, &i), tx.AddEvent(ctx, e)) })
	if err != nil {
		return nil, failed("create import", err)
	}
	return s.viewImport(&i, nil), nil
}

func (f *faults) newImport(doc json.RawMessage) store.Import {
	i := store.Import{OnConflict: conflictSkip}
	given := f.members(doc, []string{"format", "total_lines", "on_conflict", "dry_run"})
	if raw, ok := given["format"]; ok {
		i.Format = f.text("format", raw)
	}
	if !slices.Contains([]string{formatNDJSON, formatCSV}, i.Format) && !f.has("format") {
		f.add("format", "must be ndjson or csv")
	}
	if raw, ok := given["on_conflict"]; ok {
		i.OnConflict = f.text("on_conflict", raw)
	}
	if !slices.Contains([]string{conflictSkip, conflictFail}, i.OnConflict) && !f.has("on_conflict") {
		f.add("on_conflict", "must be skip or fail")
	}
	if raw, ok := given["dry_run"]; ok {
		i.DryRun = f.truth("dry_run", raw)
	}
	if raw, ok := given["total_lines"]; ok && string(raw) != "null" {
		var n int64
		if json.Unmarshal(raw, &n) != nil || n < 1 {
			f.add("total_lines", "must be a whole number from 1")
		}
		i.Expected = &n
	}
	return i
}

// ImportFormat is the format of an import, which says of what media type its chunks are.
func (s *Service) ImportFormat(ctx context.Context, slug, id string) (string, error) {
	_, i, err := s.findImport(ctx, slug, id)
	if err != nil {
		return "", err
	}
	return i.Format, nil
}

// PutChunk keeps a chunk of an import's file: whole lines, the first of them with the number 1. One that is there already changes nothing,
// so that an upload that broke off can go on.
func (s *Service) PutChunk(ctx context.Context, slug, id, number string, body []byte) error {
	t, i, err := s.findImport(ctx, slug, id)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 1 || n > MaxChunks || strconv.FormatInt(n, 10) != number {
		return (&faults{{Path: "number", Message: fmt.Sprintf("must be a whole number from 1 to %d", MaxChunks)}}).err()
	}
	c, err := readChunk(ctx, i, n, body)
	if err != nil {
		return err
	}
	of := chunkContext(i.ID, n)
	c.Body, c.MAC = t.Keys.Seal(secret.ForImport, of, body), t.Keys.First().Sign(secret.ForImport, of, string(body))
	err = s.store.For(t).Do(ctx, func(tx *store.Tx) error { return tx.AddChunk(ctx, i.ID, c, s.clock.Now()) })
	switch {
	case errors.Is(err, store.ErrTaken):
		return errNumberUsed
	case errors.Is(err, store.ErrStale):
		return tooLate(i)
	case err != nil:
		return failed("keep chunk", err)
	}
	return nil
}

// errNumberUsed keeps a chunk what it was when it was first sent.
var errNumberUsed = &refusal.Refusal{Kind: refusal.Conflict, Details: []refusal.Detail{{
	Message: "another chunk has this number: go on with the import's next_chunk", Code: refusal.Malformed, Param: "number",
}}}

// readChunk checks a chunk as far as it can be checked before those before it are known.
func readChunk(ctx context.Context, i *store.Import, n int64, body []byte) (*store.Chunk, error) {
	var f faults
	switch {
	case len(body) == 0:
		f.add("", "the chunk is empty")
	case len(body) > MaxChunk:
		f.add("", "the chunk has more than %d bytes", MaxChunk)
	case !utf8.Valid(body):
		f.add("", "the chunk must be UTF-8, and end where a line does")
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	rows, header, _, err := splitRows(ctx, i.Format, n == 1, nil, body)
	if err != nil {
		return nil, err
	}
	if n == 1 && i.Format == formatCSV {
		f = append(f, headerFaults(header)...)
	}
	return &store.Chunk{Number: n, Rows: int64(len(rows)), Whole: bytes.HasSuffix(body, []byte("\n"))}, f.err()
}

// chunkContext is what a chunk is sealed to.
func chunkContext(importID string, n int64) string {
	return importID + "/" + strconv.FormatInt(n, 10)
}

// tooLate is what is said of an import that is past what was asked of it.
func tooLate(i *store.Import) error {
	return (&faults{{Message: "the import is " + string(i.State) + ", or has gone on just now: it is too late for this"}}).err()
}

// StartImport has the chunks of an import be applied, all of which must be there. It says what is missing.
func (s *Service) StartImport(ctx context.Context, by Actor, slug, id string) (*Import, error) {
	t, i, err := s.findImport(ctx, slug, id)
	if err != nil {
		return nil, err
	}
	e, err := s.event(by, store.ImportStarted, "import/"+i.ID, nil)
	if err != nil {
		return nil, err
	}
	err = s.store.For(t).Do(ctx, func(tx *store.Tx) error {
		if err := tx.HoldImport(ctx, i.ID); err != nil {
			return err
		}
		chunks, err := tx.ChunksOf(ctx, i.ID)
		if err != nil {
			return err
		}
		total, err := allThere(i, chunks)
		if err != nil {
			return err
		}
		if e.Details, err = json.Marshal(map[string]any{"rows": total, "dry_run": i.DryRun}); err != nil {
			return err
		}
		if err := tx.StartImport(ctx, i.ID, int64(len(chunks)), total, s.clock.Now()); err != nil {
			return err
		}
		return tx.AddEvent(ctx, e)
	})
	var bad *Invalid
	switch {
	case errors.As(err, &bad):
		return nil, err
	case errors.Is(err, store.ErrStale):
		return nil, tooLate(i)
	case err != nil:
		return nil, failed("start import", err)
	}
	if s.onImport != nil {
		s.onImport()
	}
	return s.Import(ctx, slug, id)
}

// allThere is how many rows the chunks of an import have, or what is wrong with them.
func allThere(i *store.Import, chunks []store.Chunk) (rows int64, err error) {
	var f faults
	if len(chunks) == 0 {
		f.add("chunks", "there are none")
	}
	last := int64(len(chunks))
	if next := firstMissing(chunks); next <= last {
		f.add("chunks", "number %d is missing", next)
	}
	for _, c := range chunks {
		rows += c.Rows
		if !c.Whole && c.Number != last {
			f.add(fmt.Sprintf("chunks[%d]", c.Number), "does not end where a line does, and others follow")
		}
	}
	if i.Expected != nil && *i.Expected != rows {
		f.add("total_lines", "was said to be %d, and there are %d", *i.Expected, rows)
	}
	return rows, f.err()
}

// CancelImport ends an import, whose chunks are erased. Users who were made stay.
func (s *Service) CancelImport(ctx context.Context, by Actor, slug, id string) (*Import, error) {
	t, i, err := s.findImport(ctx, slug, id)
	if err != nil {
		return nil, err
	}
	e, err := s.event(by, store.ImportCancelled, "import/"+i.ID, nil)
	if err != nil {
		return nil, err
	}
	err = s.store.For(t).Do(ctx, func(tx *store.Tx) error {
		if err := tx.CancelImport(ctx, i.ID, s.clock.Now()); err != nil {
			return err
		}
		return tx.AddEvent(ctx, e)
	})
	switch {
	case errors.Is(err, store.ErrStale):
		return nil, tooLate(i)
	case err != nil:
		return nil, failed("cancel import", err)
	}
	return s.Import(ctx, slug, id)
}

// Import shows how far an import is.
func (s *Service) Import(ctx context.Context, slug, id string) (*Import, error) {
	t, i, err := s.findImport(ctx, slug, id)
	if err != nil {
		return nil, err
	}
	var chunks []store.Chunk
	if i.State == store.UploadingImport {
		if chunks, err = s.store.For(t).ChunksOf(ctx, i.ID); err != nil {
			return nil, failed("read chunks", err)
		}
	}
	return s.viewImport(i, chunks), nil
}

// findImport is a tenant with one of its imports.
func (s *Service) findImport(ctx context.Context, slug, id string) (*tenants.Tenant, *store.Import, error) {
	t, err := s.served(ctx, slug)
	if err != nil {
		return nil, nil, err
	}
	known, err := uuid.Parse(id)
	if err != nil {
		return nil, nil, refusal.Of(refusal.Missing)
	}
	i, err := s.store.For(t).Import(ctx, known.String())
	if err != nil {
		return nil, nil, failed("read import", err)
	}
	return t, &i, nil
}

// Imports lists a tenant's imports, latest first, as Tenants lists tenants.
func (s *Service) Imports(ctx context.Context, slug, cursor string, limit int) (page []*Import, next string, err error) {
	if err := checkLimit(limit); err != nil {
		return nil, "", err
	}
	t, err := s.served(ctx, slug)
	if err != nil {
		return nil, "", err
	}
	before, err := s.after(list{"imports", t.ID}, cursor)
	if err != nil {
		return nil, "", err
	}
	all, err := s.store.For(t).Imports(ctx, before, limit+1)
	if err != nil {
		return nil, "", failed("list imports", err)
	}
	if len(all) > limit {
		all = all[:limit]
		next = s.cursor(list{"imports", t.ID}, all[limit-1].ID)
	}
	page = []*Import{}
	for i := range all {
		var chunks []store.Chunk
		if all[i].State == store.UploadingImport {
			if chunks, err = s.store.For(t).ChunksOf(ctx, all[i].ID); err != nil {
				return nil, "", failed("read chunks", err)
			}
		}
		page = append(page, s.viewImport(&all[i], chunks))
	}
	return page, next, nil
}

// ImportErrors lists what became of the rows of an import that were not imported, in the order of their lines.
func (s *Service) ImportErrors(ctx context.Context, slug, id, cursor string, limit int) (page []ImportError, next string, err error) {
	if err := checkLimit(limit); err != nil {
		return nil, "", err
	}
	t, i, err := s.findImport(ctx, slug, id)
	if err != nil {
		return nil, "", err
	}
	after, err := s.after(list{"import errors", t.ID, i.ID}, cursor)
	if err != nil {
		return nil, "", err
	}
	line, number := int64(0), int64(-1)
	if first, second, ok := strings.Cut(after, "/"); ok { // it is ours, and so two numbers
		line, _ = strconv.ParseInt(first, 10, 64)
		number, _ = strconv.ParseInt(second, 10, 64)
	}
	all, err := s.store.For(t).ImportErrors(ctx, i.ID, line, number, limit+1)
	if err != nil {
		return nil, "", failed("list import errors", err)
	}
	if len(all) > limit {
		all = all[:limit]
		last := all[limit-1]
		next = s.cursor(list{"import errors", t.ID, i.ID}, fmt.Sprintf("%d/%d", last.Line, last.Number))
	}
	page = []ImportError{}
	for _, e := range all {
		page = append(page, ImportError{Line: e.Line, Outcome: e.Outcome, Path: e.Path, Message: e.Message})
	}
	return page, next, nil
}
