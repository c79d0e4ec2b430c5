package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/trace"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Importer applies imports that were started, one at a time, its own server's or another's. A batch of rows, and how far the import is with
// it, are written in one transaction: whoever is killed leaves the import where it was after a batch, and whoever leases it next goes on
// there.
type Importer struct {
	Store *store.Store   // needed
	Flows *flows.Service // needed
	// Tenants finds a tenant by its id, whatever its state: the directory's ByID.
	Tenants func(ctx context.Context, id string) (*tenants.Tenant, error)
	Clock   clock.Clock
	Log     *slog.Logger
	Tracer  *trace.Tracer // begins a trace for each import that is taken up; nil: none does

	Poll  time.Duration // how often it looks for imports unasked; a second when zero
	Batch int           // rows in a transaction; 256 when zero

	wake chan struct{}
}

// The pace of an Importer.
const (
	importLease    = time.Minute     // for how long an import is one's own without getting on
	importBatch    = 256             // rows
	importPatience = 5 * time.Second // how long a batch is prepared before what there is of it is written
	busyPause      = 200 * time.Millisecond

	// mostSkipped is how many skipped rows of an import are listed one by one. Those that failed all are.
	mostSkipped = 10_000
)

// NewImporter is an Importer with what it needs.
func NewImporter(o Importer) *Importer {
	if o.Poll <= 0 {
		o.Poll = time.Second
	}
	if o.Batch <= 0 {
		o.Batch = importBatch
	}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.wake = make(chan struct{}, 1)
	return &o
}

// Wake has the Importer look for an import now.
func (im *Importer) Wake() {
	select {
	case im.wake <- struct{}{}:
	default: // it is going to look anyway
	}
}

// Run applies imports until ctx is done. The batch that it is at then is finished, and the import handed back.
func (im *Importer) Run(ctx context.Context) error {
	tick := time.NewTicker(im.Poll)
	defer tick.Stop()
	for {
		for {
			worked, err := im.Work(ctx)
			if err != nil && ctx.Err() == nil {
				im.Log.WarnContext(ctx, "an import does not get on; trying again", "error", err)
			}
			if !worked || err != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-im.wake:
		case <-tick.C:
		}
	}
}

// Work takes an import that is due as far as it gets, and reports whether there was one.
func (im *Importer) Work(ctx context.Context) (worked bool, err error) {
	if ctx.Err() != nil {
		return false, nil
	}
	now := im.Clock.Now()
	i, err := im.Store.LeaseImport(ctx, now, now.Add(importLease))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lease an import: %w", err)
	}
	ctx, span := im.Tracer.Root(ctx, "import users", trace.Consumer, trace.String("vestibule.import", i.ID))
	defer span.End()
	err = im.apply(ctx, &i)
	if errors.Is(err, store.ErrStale) {
		return true, nil // cancelled, or somebody else's by now
	}
	if i.State == store.RunningImport {
		scope := im.Store.For(&tenants.Tenant{ID: i.TenantID})
		back := scope.One(func(tx *store.Tx) error { return tx.SaveImport(ctx, &i, im.Clock.Now()) })
		switch {
		case errors.Is(back, store.ErrStale):
			return true, nil // whatever went wrong, somebody else is at it by now
		case back != nil && err == nil:
			err = fmt.Errorf("hand an import back: %w", back)
		}
	}
	return true, err
}

// apply applies what is left of a leased import, until ctx is done.
func (im *Importer) apply(ctx context.Context, i *store.Import) error {
	t, err := im.Tenants(ctx, i.TenantID)
	if errors.Is(err, tenants.ErrUnknown) || err == nil && t.State == tenants.Deleted {
		i.State = store.CancelledImport
		return im.Store.For(&tenants.Tenant{ID: i.TenantID}).Do(ctx, func(tx *store.Tx) error { return tx.CancelImport(ctx, i.ID, im.Clock.Now()) })
	}
	if err != nil {
		return fmt.Errorf("read the tenant of an import: %w", err)
	}
	for i.State == store.RunningImport && ctx.Err() == nil {
		if err := im.applyChunk(ctx, t, i); err != nil {
			return err
		}
	}
	return nil
}

// batch is some rows of a chunk.
type batch struct {
	rows []judged
	done bool  // nothing of the chunk is left after it
	next int64 // the line that the next chunk begins with
}

// judged is a row that was read: an arrival, or what is wrong with it.
type judged struct {
	line    int64
	doc     json.RawMessage
	arrival *flows.Arrival
	faults  faults
	lost    string // why it could not be written, although nothing is known to be wrong with it
}

// applyChunk applies what is left of the chunk that an import is at, until ctx is done.
func (im *Importer) applyChunk(ctx context.Context, t *tenants.Tenant, i *store.Import) error {
	c, err := im.Store.For(t).Chunk(ctx, i.ID, i.NextChunk)
	if err != nil {
		return fmt.Errorf("read chunk %d: %w", i.NextChunk, err)
	}
	body, err := t.Keys.Open(secret.ForImport, chunkContext(i.ID, i.NextChunk), c.Body)
	if err != nil {
		return fmt.Errorf("open chunk %d: %w", i.NextChunk, err)
	}
	var header []string
	if i.Header != "" {
		if err := json.Unmarshal([]byte(i.Header), &header); err != nil {
			return fmt.Errorf("read the columns of an import: %w", err)
		}
	}
	rows, header, lines, err := splitRows(ctx, i.Format, i.NextChunk == 1, header, body)
	if err != nil {
		return err
	}
	if header != nil {
		columns, err := json.Marshal(header)
		if err != nil {
			return err
		}
		i.Header = string(columns)
	}
	left := rows[min(int64(len(rows)), i.NextRow):]
	for at := i.NextChunk; i.NextChunk == at && i.State == store.RunningImport && ctx.Err() == nil; {
		b := batch{next: i.FirstLine + lines}
		if b.rows, err = im.judge(ctx, t, i, left); err != nil {
			return err
		}
		left = left[len(b.rows):]
		b.done = len(left) == 0
		if err := im.write(ctx, t, i, b, 0); err != nil {
			return err
		}
	}
	return nil
}

// judge reads the first of the rows, as many as a batch has.
func (im *Importer) judge(ctx context.Context, t *tenants.Tenant, i *store.Import, rows []row) ([]judged, error) {
	now := im.Clock.Now()
	late := time.NewTimer(importPatience)
	defer late.Stop()
	var all []judged
	for _, r := range rows[:min(len(rows), im.Batch)] {
		j := judged{line: i.FirstLine + r.line, doc: r.doc}
		var m flows.Migrant
		if r.bad != "" {
			j.faults.add("", "%s", r.bad)
		} else {
			m = j.faults.migrant(r.doc)
		}
		if len(j.faults) == 0 {
			a, err := im.read(ctx, t, m, now)
			if err := j.faults.refused(r.doc, err); err != nil {
				return nil, fmt.Errorf("line %d: %w", j.line, err)
			}
			j.arrival = a
		}
		j.faults = j.faults.most(mostFaults)
		all = append(all, j)
		select {
		case <-ctx.Done():
			return all, nil // which is written still
		case <-late.C:
			return all, nil // weak hashes take long to wrap
		default:
		}
	}
	return all, nil
}

// read reads a migrant, for as long as others keep the hasher busy.
func (im *Importer) read(ctx context.Context, t *tenants.Tenant, m flows.Migrant, now time.Time) (*flows.Arrival, error) {
	for {
		a, err := im.Flows.ReadMigrant(ctx, t, m, now)
		if !refusal.Is(err, refusal.Busy) {
			return a, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(busyPause):
		}
	}
}

// write writes a batch, and how far the import is with it. What is taken was not when it was looked up a moment before, in the same
// transaction: so somebody else is at it, and another look will find it. If it does not, or if the database does not take something for
// another reason, the rows are written in ever smaller batches, until it is known which one it is, and the others are in.
func (im *Importer) write(ctx context.Context, t *tenants.Tenant, i *store.Import, b batch, again int) error {
	err := im.writeOnce(ctx, t, i, b)
	switch {
	case err == nil, errors.Is(err, store.ErrStale), errors.Is(err, store.ErrUnavailable), len(b.rows) == 0:
		return err
	case errors.Is(err, store.ErrTaken) && (again < 1 || len(b.rows) == 1 && again < 5):
		return im.write(ctx, t, i, b, again+1)
	case len(b.rows) > 1:
		half := len(b.rows) / 2
		if err := im.write(ctx, t, i, batch{rows: b.rows[:half]}, 0); err != nil {
			return err
		}
		return im.write(ctx, t, i, batch{rows: b.rows[half:], done: b.done, next: b.next}, 0)
	case b.rows[0].lost != "":
		return err // it is not the row's fault
	case errors.Is(err, store.ErrTaken):
		b.rows[0].lost = "somebody has something already that is this user's"
	default:
		b.rows[0].lost = "the database does not take this row"
		im.Log.ErrorContext(ctx, "a row of an import could not be written", "tenant", t.Slug, "import", i.ID, "line", b.rows[0].line, "error", err)
	}
	return im.write(ctx, t, i, b, 0)
}

func (im *Importer) writeOnce(ctx context.Context, t *tenants.Tenant, i *store.Import, b batch) error {
	now := im.Clock.Now()
	next := *i
	err := im.Store.For(t).Do(ctx, func(tx *store.Tx) error {
		if err := tx.SaveImport(ctx, i, now.Add(importLease)); err != nil { // it is ours, and stays as it is
			return err
		}
		var arrivals []*flows.Arrival
		for _, j := range b.rows {
			if j.arrival != nil && j.lost == "" {
				arrivals = append(arrivals, j.arrival)
			}
		}
		if err := im.Flows.AdmitArrivals(ctx, tx, arrivals, !i.DryRun); err != nil {
			return err
		}
		next = *i
		next.TouchedAt = now
		if err := tx.AddImportErrors(ctx, i.ID, countRows(&next, b)); err != nil {
			return err
		}
		if b.done {
			if err := tx.DropChunk(ctx, i.ID, i.NextChunk); err != nil {
				return err
			}
			next.NextChunk, next.NextRow, next.FirstLine = i.NextChunk+1, 0, b.next
		}
		if err := tx.SaveImport(ctx, &next, now.Add(importLease)); err != nil || next.NextChunk <= next.Chunks {
			return err
		}
		e, err := finishedImport(&next, now)
		if err != nil {
			return err
		}
		next.State = store.FinishedImport
		return errors.Join(tx.FinishImport(ctx, &next, now), tx.AddEvent(ctx, e))
	})
	if err == nil {
		*i = next
	}
	return err
}

// countRows counts what became of the rows of a batch, and says what there is to say of those that were not imported.
func countRows(i *store.Import, b batch) (all []store.ImportError) {
	for _, j := range b.rows {
		i.NextRow++
		conflict := ""
		switch {
		case j.arrival == nil:
		case j.lost != "":
			j.faults.add("", "%s", j.lost)
		case j.arrival.Here:
			conflict = "this user is here already"
		case j.arrival.Deleted:
			conflict = "this user was deleted here: restore it, or wait until it is erased"
		case j.arrival.Conflict != "":
			conflict = "somebody else has this already"
		default:
			i.Created++
			continue
		}
		outcome, path := "failed", ""
		if conflict != "" {
			path = pathIn(j.doc, j.arrival.Conflict)
			j.faults = faults{{Path: path, Message: conflict}}
		}
		if conflict != "" && i.OnConflict == conflictSkip {
			outcome = "skipped"
			if i.Skipped++; i.Skipped > mostSkipped {
				continue
			}
		} else {
			i.Failed++
		}
		for n, fault := range j.faults {
			all = append(all, store.ImportError{Line: j.line, Number: int64(n), Outcome: outcome, Path: fault.Path, Message: fault.Message})
		}
	}
	return all
}

// finishedImport is the event of an import's end, which comes by itself.
func finishedImport(i *store.Import, now time.Time) (*store.Event, error) {
	details, err := json.Marshal(map[string]any{"created": i.Created, "skipped": i.Skipped, "failed": i.Failed, "dry_run": i.DryRun})
	if err != nil {
		return nil, fmt.Errorf("encode the details of an import: %w", err)
	}
	return &store.Event{
		ID: secret.NewID(), At: now, Action: store.ImportFinished, Actor: store.Actor{Kind: store.ByServer}, Target: "import/" + i.ID, Details: details,
	}, nil
}
