package limit

import (
	"cmp"
	"container/heap"
	"context"
	"hash/maphash"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/vestibule-auth/vestibule/internal/clock"
)

const (
	// DefaultKeys is how many keys a Memory holds unless it is told otherwise: about 66 MiB of them.
	DefaultKeys = 1 << 18

	// shardCount is the number of parts with a lock of their own. A set of shards is the bits of one word.
	shardCount = 64

	// usesPerKey bounds the recorded uses: a Memory holds at most this many times its keys.
	usesPerKey = 4

	// sweepStep is how many logs a Take looks at to see if they ran out. It is more than the one key that a Take may
	// add for each use, so that what has run out goes faster than new keys come.
	sweepStep = 3
)

// Memory keeps the logs in this process. It serves development, single hosts, and Failover.
//
// Its size is bounded twice: logs that ran out are dropped as others are used (and by Sweep), and beyond the cap on keys
// the log of the same shard that would run out first is dropped early. So a flood of invented keys costs memory up to the
// cap, and then precision, but never the process.
type Memory struct {
	clock  clock.Clock
	seed   maphash.Seed
	last   atomic.Uint64 // the id that the latest Take gave its entries
	shards [shardCount]shard
}

// shard is one part of the keys under its own lock.
type shard struct {
	mu      sync.Mutex
	logs    map[logKey]*history
	due     dueHeap // every history of logs once
	entries int     // the entries of all histories
	maxKeys int
}

type logKey struct{ tenant, key string }

// history is the log of one key: its entries in order of time and of id.
type history struct {
	key     logKey
	entries []entry
	keep    int64 // microseconds that an entry is kept
	due     int64 // a time before which the history cannot have run out; the heap is ordered by it
	index   int   // where the heap has it
}

type entry struct {
	at int64 // Unix microseconds
	id uint64
}

// NewMemory is an empty Memory that holds at most maxKeys keys, or DefaultKeys if that is zero.
func NewMemory(c clock.Clock, maxKeys int) *Memory {
	if maxKeys <= 0 {
		maxKeys = DefaultKeys
	}
	m := &Memory{clock: c, seed: maphash.MakeSeed()}
	for i := range m.shards {
		m.shards[i].logs = map[logKey]*history{}
		m.shards[i].maxKeys = max(1, maxKeys/shardCount)
	}
	return m
}

// Take records the uses, up to the first that is at its limit.
func (m *Memory) Take(ctx context.Context, tenant string, uses []Use) (Decision, error) {
	if err := cmp.Or(ctx.Err(), check(uses)); err != nil {
		return Decision{}, err
	}
	var set uint64
	for i := range uses {
		set |= 1 << m.shardOf(logKey{tenant, uses[i].Key})
	}
	m.lock(set)
	defer m.unlock(set)

	now := m.clock.Now().UnixMicro()
	for rest := set; rest != 0; rest &= rest - 1 {
		m.shards[bits.TrailingZeros64(rest)].sweep(now, sweepStep)
	}
	id := m.last.Add(1)
	d := allowed()
	for i, u := range uses {
		key := logKey{tenant, u.Key}
		s := &m.shards[m.shardOf(key)]
		h, window := s.logs[key], u.Window.Microseconds()
		if wait, full := h.full(now, u.Amount, window); full {
			d = denied(i, wait, window)
			break
		}
		s.record(key, h, entry{at: now, id: id}, keep(uses, i))
	}
	n := len(uses)
	if !d.Allowed {
		n = d.Denied
	}
	d.taken = receipt{tenant: tenant, keys: keysOf(uses, n), id: id}
	return d, nil
}

// Peek decides as Take would, each use on its own, and records nothing.
func (m *Memory) Peek(ctx context.Context, tenant string, uses []Use) (Decision, error) {
	if err := cmp.Or(ctx.Err(), check(uses)); err != nil {
		return Decision{}, err
	}
	now := m.clock.Now().UnixMicro()
	for i, u := range uses {
		key, window := logKey{tenant, u.Key}, u.Window.Microseconds()
		s := &m.shards[m.shardOf(key)]
		s.mu.Lock()
		wait, full := s.logs[key].full(now, u.Amount, window)
		s.mu.Unlock()
		if full {
			return denied(i, wait, window), nil
		}
	}
	return allowed(), nil
}

// Refund removes what the Decision recorded here.
func (m *Memory) Refund(ctx context.Context, d Decision) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, k := range d.taken.keys {
		key := logKey{d.taken.tenant, k}
		s := &m.shards[m.shardOf(key)]
		s.mu.Lock()
		s.refund(s.logs[key], d.taken.id)
		s.mu.Unlock()
	}
	return nil
}

// Clear forgets the logs of these keys.
func (m *Memory) Clear(ctx context.Context, tenant string, keys ...string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, k := range keys {
		key := logKey{tenant, k}
		s := &m.shards[m.shardOf(key)]
		s.mu.Lock()
		if h := s.logs[key]; h != nil {
			s.drop(h)
		}
		s.mu.Unlock()
	}
	return nil
}

// Sweep drops every log that ran out. Takes do so little by little; Sweep frees what is left when they stop coming.
func (m *Memory) Sweep() {
	now := m.clock.Now().UnixMicro()
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		s.sweep(now, len(s.due))
		s.mu.Unlock()
	}
}

// Len is the number of keys that are held.
func (m *Memory) Len() int {
	n := 0
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		n += len(s.logs)
		s.mu.Unlock()
	}
	return n
}

func (m *Memory) shardOf(k logKey) int {
	return int(maphash.Comparable(m.seed, k) % shardCount)
}

// lock takes the locks of a set of shards. All go from the lowest to the highest, so that none wait for each other.
func (m *Memory) lock(set uint64) {
	for ; set != 0; set &= set - 1 {
		m.shards[bits.TrailingZeros64(set)].mu.Lock()
	}
}

func (m *Memory) unlock(set uint64) {
	for ; set != 0; set &= set - 1 {
		m.shards[bits.TrailingZeros64(set)].mu.Unlock()
	}
}

// full reports whether amount uses lie in the window that ends now, and if so how many microseconds remain until one
// fewer does. A nil history is empty.
func (h *history) full(now int64, amount int, window int64) (wait int64, full bool) {
	if amount <= 0 {
		return window, true
	}
	if h == nil || len(h.entries) < amount {
		return 0, false
	}
	first := h.entries[len(h.entries)-amount].at // once this one has left, there are fewer than amount
	return first + window - now, first > now-window
}

// record adds e to the log of key, which is h or has yet to be made.
func (s *shard) record(key logKey, h *history, e entry, keep int64) {
	if h == nil {
		h = &history{key: key, due: e.at + keep}
		s.logs[key] = h
		heap.Push(&s.due, h)
	} else if n := len(h.entries); n > 0 {
		e.at = max(e.at, h.entries[n-1].at) // the clock was set back; the log stays in order
	}
	h.keep = keep
	s.trim(h, e.at)
	h.entries = append(h.entries, e)
	s.entries++
	if h.runsOut() < h.due { // its window became shorter
		h.due = h.runsOut()
		heap.Fix(&s.due, h.index)
	}
	s.makeRoom(h)
}

// makeRoom drops the histories that run out first while the shard holds too much; never spare, which was just used.
func (s *shard) makeRoom(spare *history) {
	for (len(s.logs) > s.maxKeys || s.entries > s.maxKeys*usesPerKey) && len(s.due) > 1 {
		victim := s.first()
		if victim == spare { // the next one is below the top of the heap
			victim = s.due[1]
			if len(s.due) > 2 && s.due[2].due < victim.due {
				victim = s.due[2]
			}
		}
		s.drop(victim)
	}
}

// first is the history that runs out first of at least one, after the heap was told the truth about those at its top.
func (s *shard) first() *history {
	for {
		h := s.due[0]
		if h.runsOut() <= h.due {
			return h
		}
		h.due = h.runsOut()
		heap.Fix(&s.due, 0)
	}
}

// sweep looks at the n histories that are the most likely to have run out and drops those that have.
func (s *shard) sweep(now int64, n int) {
	for ; n > 0 && len(s.due) > 0 && s.due[0].due <= now; n-- {
		h := s.due[0]
		if at := h.runsOut(); at > now {
			h.due = at
			heap.Fix(&s.due, 0)
			continue
		}
		s.drop(h)
	}
}

// trim removes the entries that have left the log's widest window.
func (s *shard) trim(h *history, now int64) {
	old := 0
	for old < len(h.entries) && h.entries[old].at <= now-h.keep {
		old++
	}
	h.entries = h.entries[old:]
	s.entries -= old
}

func (s *shard) refund(h *history, id uint64) {
	if h == nil {
		return
	}
	i, found := slices.BinarySearchFunc(h.entries, id, func(e entry, id uint64) int { return cmp.Compare(e.id, id) })
	if !found {
		return
	}
	h.entries = slices.Delete(h.entries, i, i+1)
	s.entries--
	if len(h.entries) == 0 {
		s.drop(h)
	}
}

func (s *shard) drop(h *history) {
	delete(s.logs, h.key)
	heap.Remove(&s.due, h.index)
	s.entries -= len(h.entries)
}

// runsOut is when the last entry leaves the log.
func (h *history) runsOut() int64 {
	if len(h.entries) == 0 {
		return 0
	}
	return h.entries[len(h.entries)-1].at + h.keep
}

// dueHeap orders histories by the time before which they cannot have run out. A use does not move its history: its due
// is put right when it comes to the top, so that the hot path does not pay for the order.
type dueHeap []*history

func (q dueHeap) Len() int           { return len(q) }
func (q dueHeap) Less(i, j int) bool { return q[i].due < q[j].due }
func (q dueHeap) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push is for container/heap.
func (q *dueHeap) Push(x any) {
	h := x.(*history)
	h.index = len(*q)
	*q = append(*q, h)
}

// Pop is for container/heap.
func (q *dueHeap) Pop() any {
	old := *q
	h := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return h
}
