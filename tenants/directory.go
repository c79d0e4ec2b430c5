package tenants

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/hostname"
	"github.com/vestibule-auth/vestibule/internal/refusal"
)

// Options are how a Directory behaves. The zero value has no shared hosts, and sound values for the rest.
type Options struct {
	SharedHosts []string      // hosts on which the tenant header is honoured
	Clock       clock.Clock   // the machine's, unless given
	Log         *slog.Logger  // nowhere, unless given
	Interval    time.Duration // between looks for changes; 1 s
	MaxAge      time.Duration // how long an entry is used at most; 30 s
	NegativeAge time.Duration // how long it is remembered that there is no such tenant; 5 s
	LoadTimeout time.Duration // how long one reading of the source may take; 3 s
	Tenants     int           // tenants kept; 4096
	Names       int           // hosts, slugs and ids kept that lead to a tenant; 12288
	Negatives   int           // hosts, slugs and ids kept that lead nowhere; 4096
	Strangers   int           // readings at a time of hosts and slugs that led to no tenant so far; 4
}

// Directory finds tenants and remembers them for seconds.
//
// How stale an answer may be. Watch asks the source for changes every Interval and drops what changed, so that a change
// made by any replica counts everywhere within about an Interval. Entries are trusted for two Intervals after the last
// look that succeeded, or after they were read, whichever is later, and never beyond MaxAge. What is no longer trusted
// is read again. Only when that reading fails too is an older entry used, up to MaxAge, and for a second at a time, so
// that a source that is down is not also flooded. A change that is known of is never papered over like this.
//
// Readings of the same name are shared: however many requests wait, the source is asked once, and a caller that gives up
// does not spoil it for the others. Names that lead nowhere are kept apart from those that lead to a tenant, so that a
// flood of made-up hosts displaces nothing but itself. Nor do more than a few of them occupy the source at a time: of its connections
// the most remain for tenants that are known.
//
// A Directory is safe for concurrent use. A lookup that finds its entry allocates nothing.
type Directory struct {
	source Source
	opts   Options
	shared map[string]struct{}

	names   shards[*record]
	nowhere shards[negative]
	strange chan struct{} // holds one for each reading of a name that is not known
	queued  atomic.Int64  // such readings that wait for their turn
	loads   singleflight.Group

	mu      sync.Mutex // held while records are put in or dropped
	records *lru.Cache[string, *record]

	changes  atomic.Int64 // counts drops: what was read across one is not kept
	lastLook atomic.Int64 // when the last look for changes began that succeeded, Unix nanoseconds
	failures atomic.Int64 // looks for changes and readings of tenants that failed

	looking  sync.Mutex // one look at a time; guards position
	position int64      // in the source's order of changes
}

// maxQueued is how many names that are not known wait to be read. At a few milliseconds each and four at a time, the last of them waits for
// a fraction of LoadTimeout.
const maxQueued = 64

// ErrCrowded is in the chain of a refusal whose reason is that too many hosts and slugs that nobody knows yet are being looked for.
var ErrCrowded = errors.New("too many unknown hosts are being looked for")

// kindOfName is what a name is.
type kindOfName byte

const (
	byHost kindOfName = iota
	bySlug
	byID
)

// name is what a tenant is asked for by.
type name struct {
	kind kindOfName
	text string
}

// String is the name for logs.
func (n name) String() string {
	switch n.kind {
	case byHost:
		return "with the host " + n.text
	case bySlug:
		return n.text
	default:
		return "with the id " + n.text
	}
}

// of reports whether the name is one of the tenant's. A tenant may have lost a host or slug since the name was kept.
func (n name) of(t *Tenant) bool {
	switch n.kind {
	case byHost:
		return t.HasHost(n.text)
	case bySlug:
		return t.Slug == n.text
	default:
		return t.ID == n.text
	}
}

// record is what is known of one tenant. All names of a tenant share its record, so that a drop reaches them all.
type record struct {
	latest atomic.Pointer[reading] // nil once it was dropped
}

// reading is a tenant as it was read.
type reading struct {
	tenant *Tenant
	at     int64        // Unix nanoseconds, from before the reading began
	grace  atomic.Int64 // until when it is used although it should be read again, since that just failed
}

// negative remembers that a name leads nowhere.
type negative struct {
	until   int64
	changes int64 // the count of changes when it was read; any change may have made the name lead somewhere
}

// retryAfter is how long a failed reading is not tried again where an older one can be used.
const retryAfter = time.Second

// NewDirectory is a directory of the tenants in source. Without Watch it reads every entry anew after two Intervals.
func NewDirectory(source Source, opts Options) (*Directory, error) {
	setDefault(&opts.Interval, time.Second)
	setDefault(&opts.MaxAge, 30*time.Second)
	setDefault(&opts.NegativeAge, 5*time.Second)
	setDefault(&opts.LoadTimeout, 3*time.Second)
	setDefault(&opts.Tenants, 4096)
	setDefault(&opts.Names, 12288)
	setDefault(&opts.Negatives, 4096)
	setDefault(&opts.Strangers, 4)
	if opts.Clock == nil {
		opts.Clock = clock.System{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	d := &Directory{source: source, opts: opts, shared: map[string]struct{}{}, strange: make(chan struct{}, opts.Strangers)}
	for _, h := range opts.SharedHosts {
		normal, ok := hostname.Normal(h)
		if !ok {
			return nil, fmt.Errorf("shared host %q is not a host", h)
		}
		d.shared[normal] = struct{}{}
	}
	var err error
	d.records, err = lru.NewWithEvict(opts.Tenants, func(_ string, r *record) { r.latest.Store(nil) })
	if err == nil {
		err = d.names.init(opts.Names)
	}
	if err == nil {
		err = d.nowhere.init(opts.Negatives)
	}
	if err != nil {
		return nil, fmt.Errorf("new directory: %w", err)
	}
	return d, nil
}

func setDefault[T time.Duration | int](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

// find is the tenant of that name, or ErrUnknown.
func (d *Directory) find(ctx context.Context, n name) (*Tenant, error) {
	// Before the entry: one that is dropped in between must not serve if reading it again fails.
	changes := d.changes.Load()
	t, old, known := d.remembered(n, changes)
	switch {
	case !known:
		return d.load(ctx, n, old, changes)
	case t == nil:
		return nil, ErrUnknown
	default:
		return t, nil
	}
}

// remembered is what is known of a name without asking the source: its tenant, or none where the name leads nowhere. What
// is not known may have an older entry.
func (d *Directory) remembered(n name, changes int64) (t *Tenant, old *reading, known bool) {
	now := d.opts.Clock.Now().UnixNano()
	if r, ok := d.names.get(n); ok {
		if old = r.latest.Load(); old != nil && n.of(old.tenant) {
			return old.tenant, old, d.trusted(old, now)
		}
	}
	no, ok := d.nowhere.get(n)
	return nil, nil, ok && now < no.until && no.changes == changes
}

// trusted reports whether a reading may be used without asking the source.
func (d *Directory) trusted(r *reading, now int64) bool {
	if now-r.at >= int64(d.opts.MaxAge) {
		return false
	}
	return now-max(r.at, d.lastLook.Load()) <= 2*int64(d.opts.Interval) || now < r.grace.Load()
}

// load asks the source, together with everybody else who wants the same name. If that fails, old serves where it may.
func (d *Directory) load(ctx context.Context, n name, old *reading, changes int64) (*Tenant, error) {
	// The count of changes is a part of the key, so that whoever asks after a change does not join a reading that began
	// before it, and might miss it.
	key := strconv.Itoa(int(n.kind)) + " " + strconv.FormatInt(changes, 10) + " " + n.text
	result := d.loads.DoChan(key, func() (any, error) { return d.read(context.WithoutCancel(ctx), n, changes) })
	late := time.NewTimer(d.opts.LoadTimeout) // a source may hear of its context too late, or not at all
	defer late.Stop()
	var err error
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-late.C:
		err = fmt.Errorf("read tenant: %w", context.DeadlineExceeded)
	case r := <-result:
		if r.Err == nil {
			t, _ := r.Val.(*Tenant)
			return t, nil
		}
		err = r.Err
	}
	now := d.opts.Clock.Now().UnixNano()
	if errors.Is(err, ErrUnknown) || old == nil || now-old.at >= int64(d.opts.MaxAge) || changes != d.changes.Load() {
		return nil, err
	}
	old.grace.Store(now + int64(retryAfter))
	return old.tenant, nil
}

// read reads one name and remembers the answer, unless something changed meanwhile: then nobody can say whether the
// answer is from before or after. A panic in the source becomes an error, since it would otherwise end the program from
// a goroutine that no request's recovery covers.
func (d *Directory) read(ctx context.Context, n name, changes int64) (t *Tenant, err error) {
	ctx, cancel := context.WithTimeout(ctx, d.opts.LoadTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			t, err = nil, fmt.Errorf("read tenant: panic: %v", p)
		}
	}()
	// Another reading may have ended between this caller's look at what is remembered and its own reading's beginning.
	if t, _, known := d.remembered(n, changes); known {
		if t == nil {
			return nil, ErrUnknown
		}
		return t, nil
	}
	if _, known := d.names.get(n); !known && n.kind != byID { // ids come from the database, not from strangers
		if err := d.turn(ctx); err != nil {
			return nil, err
		}
		defer func() { <-d.strange }()
	}
	at := d.opts.Clock.Now().UnixNano()
	switch n.kind {
	case byHost:
		t, err = d.source.TenantByHost(ctx, n.text)
	case bySlug:
		t, err = d.source.TenantBySlug(ctx, n.text)
	default:
		t, err = d.source.TenantByID(ctx, n.text)
	}
	switch {
	case errors.Is(err, ErrUnknown):
		d.names.remove(n) // a name that the tenant lost would be read anew at every request
		d.nowhere.add(n.owned(), negative{until: at + int64(d.opts.NegativeAge), changes: changes})
		return nil, ErrUnknown
	case err != nil:
		d.failures.Add(1)
		return nil, fmt.Errorf("read tenant: %w", err)
	case t == nil:
		return nil, errors.New("read tenant: the source gave neither a tenant nor an error")
	}
	if t.ready == nil {
		t = New(*t)
	}
	d.keep(n.owned(), t, at, changes)
	return t, nil
}

// turn waits until one more name that is not known may be read. Behind so many that its time would run out, nobody is made to wait: those
// before then have their turn in time, a real tenant among them.
func (d *Directory) turn(ctx context.Context) error {
	select {
	case d.strange <- struct{}{}:
		return nil
	default:
	}
	defer d.queued.Add(-1)
	if d.queued.Add(1) > maxQueued {
		return fmt.Errorf("read tenant: %w: %w", ErrCrowded, refusal.Later(refusal.Busy, time.Second))
	}
	select {
	case d.strange <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("read tenant: %w", ctx.Err())
	}
}

// owned is n with a text of its own: that of a request may be a part of something larger.
func (n name) owned() name { return name{n.kind, strings.Clone(n.text)} }

func (d *Directory) keep(n name, t *Tenant, at, changes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if changes != d.changes.Load() {
		return
	}
	r, ok := d.records.Get(t.ID)
	if !ok {
		r = &record{}
		d.records.Add(t.ID, r)
	}
	// Readings of two names may overtake each other.
	if had := r.latest.Load(); had == nil || had.at <= at {
		r.latest.Store(&reading{tenant: t, at: at})
	}
	d.names.add(n, r)
}

// Invalidate forgets a tenant in this process, for the change that this process just made: whoever asks from now on sees
// it. Other processes learn of it by Watch.
func (d *Directory) Invalidate(id string) { d.drop([]string{id}) }

func (d *Directory) drop(ids []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changes.Add(1)
	for _, id := range ids {
		d.records.Remove(id) // which empties the record
	}
}

func (d *Directory) dropAll() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changes.Add(1)
	d.records.Purge()
}

// Look asks the source once for what changed since the last look, and forgets it.
func (d *Directory) Look(ctx context.Context) error {
	d.looking.Lock()
	defer d.looking.Unlock()
	began := d.opts.Clock.Now().UnixNano()
	since := d.position
	ctx, cancel := context.WithTimeout(ctx, d.opts.LoadTimeout)
	defer cancel()
	ids, latest, err := d.source.TenantChanges(ctx, since)
	if err != nil {
		d.failures.Add(1)
		return fmt.Errorf("look for changed tenants: %w", err)
	}
	switch {
	case latest < since: // the source was restored from a backup, say: nothing that is known counts any more
		d.dropAll()
	case len(ids) > 0:
		d.drop(ids)
	}
	d.position = latest
	d.lastLook.Store(began)
	return nil
}

// Stats are a Directory's numbers, for metrics.
type Stats struct {
	Tenants  int       // that are remembered
	LastLook time.Time // when the last look for changes began that succeeded; zero before the first
	Failures int64     // looks for changes and readings of tenants that failed so far
}

// Stats are the numbers of this moment.
func (d *Directory) Stats() Stats {
	s := Stats{Tenants: d.records.Len(), Failures: d.failures.Load()}
	if at := d.lastLook.Load(); at != 0 {
		s.LastLook = time.Unix(0, at)
	}
	return s
}

// Watch looks for changes every Interval until ctx is done, and returns nil then. Looks that fail are logged once, and
// once more when they succeed again.
func (d *Directory) Watch(ctx context.Context) error {
	tick := time.NewTicker(d.opts.Interval)
	defer tick.Stop()
	failing := false
	for {
		err := d.Look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !failing:
			d.opts.Log.ErrorContext(ctx, "cannot see which tenants changed; reading them anew instead", "error", err)
		case err == nil && failing:
			d.opts.Log.InfoContext(ctx, "can see again which tenants changed")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// shardCount is how many parts a map of names has. Each part has a lock of its own.
const shardCount = 16

// shards is a bounded map from names: the least recently used go first.
type shards[V any] struct {
	seed  maphash.Seed
	parts [shardCount]*lru.Cache[name, V]
}

func (s *shards[V]) init(size int) error {
	s.seed = maphash.MakeSeed()
	for i := range s.parts {
		var err error
		if s.parts[i], err = lru.New[name, V](max(1, size/shardCount)); err != nil {
			return err
		}
	}
	return nil
}

func (s *shards[V]) part(n name) *lru.Cache[name, V] {
	return s.parts[maphash.String(s.seed, n.text)%shardCount]
}

func (s *shards[V]) get(n name) (V, bool) { return s.part(n).Get(n) }

func (s *shards[V]) add(n name, v V) { s.part(n).Add(n, v) }

func (s *shards[V]) remove(n name) { s.part(n).Remove(n) }

func (s *shards[V]) len() int {
	total := 0
	for _, p := range s.parts {
		total += p.Len()
	}
	return total
}
