package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// journal is what the generator of the load knows must be so: for each fact, such as a session or a password, the values
// that it can have. It is the whole of the proof that nothing is lost, and knows nothing of HTTP.
//
//   - A write that was acknowledged leaves one value.
//   - A write that was not (no answer, or a 5xx) may have happened or not: it adds its value to those there were.
//   - Whoever reads a value that is not among them has found a write that was lost, or one that came back from the dead. What
//     was read is the only value from then on: an uncertain write may have gone either way, but not both.
type journal struct {
	mu    sync.Mutex
	facts map[string][]string
	acked int      // writes that were acknowledged
	open  int      // writes of which nobody knows
	read  int      // facts that were read again
	lost  []string // what was found to be wrong, in words
}

func newJournal() *journal { return &journal{facts: map[string][]string{}} }

// wrote notes an acknowledged write.
func (j *journal) wrote(fact, value string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.acked++
	j.facts[fact] = []string{value}
}

// perhaps notes a write of which nobody knows. before is the value from before where the fact is new.
func (j *journal) perhaps(fact, value, before string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open++
	if _, known := j.facts[fact]; !known {
		j.facts[fact] = []string{before}
	}
	if !slices.Contains(j.facts[fact], value) {
		j.facts[fact] = append(j.facts[fact], value)
	}
}

// follows sets a fact that another one brings with it, without counting a write.
func (j *journal) follows(fact string, values ...string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.facts[fact] = values
}

// saw compares what was read with what can be.
func (j *journal) saw(fact, value string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.read++
	can, known := j.facts[fact]
	if known && !slices.Contains(can, value) {
		j.lost = append(j.lost, fmt.Sprintf("%s is %s, and was to be %s", clip(fact), clip(value), clip(strings.Join(can, " or "))))
	}
	j.facts[fact] = []string{value}
}

// wrong notes something that cannot be and is no value of a fact.
func (j *journal) wrong(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lost = append(j.lost, fmt.Sprintf(format, args...))
}

// can are the values that a fact may have.
func (j *journal) can(fact string) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.facts[fact])
}

// tally is how far a journal has come.
type tally struct{ acked, open, read, lost int }

func (j *journal) tally() tally {
	j.mu.Lock()
	defer j.mu.Unlock()
	return tally{j.acked, j.open, j.read, len(j.lost)}
}

// complaints are what was found to be wrong, from the nth on.
func (j *journal) complaints(from int) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.lost[from:])
}

// clip shortens what is shown of a token.
func clip(s string) string {
	if len(s) > 80 {
		return s[:77] + "..."
	}
	return s
}
