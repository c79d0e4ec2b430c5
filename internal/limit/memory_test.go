package limit

import (
	"fmt"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
)

func (m *Memory) countEntries() (held, counted int) {
	for i := range m.shards {
		s := &m.shards[i]
		held += s.entries
		for _, h := range s.logs {
			counted += len(h.entries)
		}
	}
	return held, counted
}

func TestMemoryIsBoundedUnderAFloodOfKeys(t *testing.T) {
	const capacity, flood = 1 << 14, 150_000
	c := clock.At(noon)
	m := NewMemory(c, capacity)
	for i := range flood {
		take(t, m, "t", Use{fmt.Sprintf("invented:%d", i), 5, time.Hour})
		if i%1000 == 0 {
			c.Advance(time.Millisecond)
		}
	}
	if n := m.Len(); n > capacity || n < capacity/2 {
		t.Errorf("%d keys are held after %d were used, want up to %d", n, flood, capacity)
	}
	if held, counted := m.countEntries(); held != counted || held > capacity*usesPerKey {
		t.Errorf("%d entries are held and %d counted", counted, held)
	}
	if peek(t, m, "t", Use{fmt.Sprintf("invented:%d", flood-1), 1, time.Hour}).Allowed {
		t.Error("the latest key was forgotten")
	}
	if !peek(t, m, "t", Use{"invented:0", 1, time.Hour}).Allowed {
		t.Error("the oldest key was kept")
	}
}

func TestMemoryIsBoundedUnderAFloodOfUses(t *testing.T) {
	const capacity = 64 * 8
	c := clock.At(noon)
	m := NewMemory(c, capacity)
	for i := range 100_000 {
		c.Advance(time.Millisecond)
		take(t, m, "t", Use{fmt.Sprintf("key:%d", i%capacity), 1000, time.Hour})
	}
	if held, counted := m.countEntries(); held != counted || held > capacity*usesPerKey {
		t.Errorf("%d entries are held and %d counted, want up to %d", counted, held, capacity*usesPerKey)
	}
}

func TestMemoryForgetsIdleKeysAsOthersAreUsed(t *testing.T) {
	const keys = 120_000
	c := clock.At(noon)
	m := NewMemory(c, 0)
	for i := range keys {
		take(t, m, "t", Use{fmt.Sprintf("minute:%d", i), 5, time.Minute})
	}
	take(t, m, "t", Use{"hour", 1, time.Hour})
	c.Advance(2 * time.Minute)
	for i := range keys {
		take(t, m, "t", Use{fmt.Sprintf("later:%d", i), 5, time.Minute})
	}
	if n := m.Len(); n > keys+keys/10 {
		t.Errorf("%d keys are held, of which %d can count", n, keys+1)
	}
	if peek(t, m, "t", Use{"hour", 1, time.Hour}).Allowed {
		t.Error("a key that had not run out was forgotten")
	}
}

func TestSweepDropsWhatRanOutAndNothingElse(t *testing.T) {
	c := clock.At(noon)
	m := NewMemory(c, 0)
	for i := range 10_000 {
		take(t, m, "t", Use{fmt.Sprintf("minute:%d", i), 5, time.Minute})
	}
	c.Advance(30 * time.Second)
	late := Use{"minute:7", 2, time.Minute}
	take(t, m, "t", late) // its history was due before this
	m.Sweep()
	if n := m.Len(); n != 10_000 {
		t.Errorf("%d keys are held before any ran out", n)
	}
	c.Advance(30 * time.Second)
	m.Sweep()
	if n := m.Len(); n != 1 {
		t.Errorf("%d keys are held, want the one that was used again", n)
	}
	if take(t, m, "t", late); peek(t, m, "t", late).Allowed {
		t.Error("the use that had not run out was forgotten")
	}
	c.Advance(time.Hour)
	m.Sweep()
	if held, counted := m.countEntries(); m.Len() != 0 || held != 0 || counted != 0 {
		t.Errorf("%d keys, %d and %d entries are left", m.Len(), held, counted)
	}
}

func TestMemoryWithRoomForNothingStillLimits(t *testing.T) {
	m := NewMemory(clock.At(noon), 1)
	use := Use{"a", 10, time.Minute}
	for range 10 {
		take(t, m, "t", use)
	}
	if take(t, m, "t", use).Allowed {
		t.Error("the only key of a full memory was not limited")
	}
}
