package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// figures are what a set of requests comes to.
type figures struct {
	requests int
	failures map[string]int // by cause
	p50, p99 time.Duration  // of those that went well
	most     time.Duration  // of all, failed ones included
}

// figuresOf sums up requests of some kinds, or of all where none is named.
func figuresOf(samples []sample, of ...kind) figures {
	f := figures{failures: map[string]int{}}
	var good []time.Duration
	for _, s := range samples {
		if len(of) > 0 && !slices.Contains(of, s.kind) {
			continue
		}
		f.requests++
		f.most = max(f.most, s.took)
		if s.cause == "" {
			good = append(good, s.took)
		} else {
			f.failures[s.cause]++
		}
	}
	f.p50, f.p99 = percentile(good, 0.50), percentile(good, 0.99)
	return f
}

// failed is how many failed altogether.
func (f figures) failed() (n int) {
	for _, one := range f.failures {
		n += one
	}
	return n
}

// causes are the failures in words, the most frequent first.
func (f figures) causes() string {
	names := slices.SortedFunc(maps.Keys(f.failures), func(a, b string) int {
		return cmp.Or(f.failures[b]-f.failures[a], strings.Compare(a, b))
	})
	var all []string
	for _, name := range names {
		all = append(all, fmt.Sprintf("%d × %s", f.failures[name], name))
	}
	return strings.Join(all, ", ")
}

// percentile by nearest rank. It sorts what it is given.
func percentile(all []time.Duration, p float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[max(0, int(math.Ceil(p*float64(len(all))))-1)]
}

// millis shows a duration as milliseconds, or as seconds where it is long.
func millis(d time.Duration) string {
	switch {
	case d == 0:
		return "–"
	case d >= 10*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	default:
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	}
}

// mebibytes shows a number of bytes.
func mebibytes(n int64) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%d MiB", n>>20)
}
