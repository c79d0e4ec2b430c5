package main

import (
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/tenants"
)

func inMillis(values ...float64) []time.Duration {
	var all []time.Duration
	for _, v := range values {
		all = append(all, time.Duration(v*float64(time.Millisecond)))
	}
	return all
}

// long are n times around a middle, in steps.
func long(n int, middle, step float64) []time.Duration {
	var all []float64
	for i := range n {
		all = append(all, middle+float64(i*7919%n-n/2)*step) // in no order, and each once
	}
	return inMillis(all...)
}

func TestRankSum(t *testing.T) {
	for name, c := range map[string]struct {
		a, b []time.Duration
		want float64
	}{
		"nothing":            {nil, nil, 0},
		"nothing on a side":  {inMillis(1, 2), nil, 0},
		"all are equal":      {inMillis(5, 5, 5), inMillis(5, 5), 0},
		"the same":           {inMillis(1, 2, 3), inMillis(1, 2, 3), 0},
		"all of a above b":   {inMillis(4, 5, 6), inMillis(1, 2, 3), 1.9640}, // (15 − 10.5) / √(9·7/12)
		"all of a below b":   {inMillis(1, 2, 3), inMillis(4, 5, 6), -1.9640},
		"sizes that differ":  {inMillis(1, 4), inMillis(2, 3, 5), -0.5774},          // (5 − 6) / √(6·6/12)
		"ties have one rank": {inMillis(1, 2, 2, 3), inMillis(2, 2, 2, 4), -0.6614}, // (16 − 18) / √(16/12·(9 − 120/56))
	} {
		t.Run(name, func(t *testing.T) {
			if got := rankSum(c.a, c.b); math.Abs(got-c.want) > 5e-5 {
				t.Errorf("got %.4f, want %.4f", got, c.want)
			}
			if got, back := rankSum(c.a, c.b), rankSum(c.b, c.a); math.Abs(got+back) > 1e-9 {
				t.Errorf("%.4f, and %.4f the other way round", got, back)
			}
		})
	}
}

func TestMedianAndSpread(t *testing.T) {
	for name, c := range map[string]struct {
		values []time.Duration
		median float64
	}{
		"nothing": {nil, 0}, "one": {inMillis(3), 3}, "two": {inMillis(1, 2), 1.5}, "three": {inMillis(9, 1, 2), 2}, "four": {inMillis(4, 1, 3, 2), 2.5},
	} {
		if got := median(c.values); got != c.median {
			t.Errorf("%s: got %v, want %v", name, got, c.median)
		}
	}
	if got := spread(inMillis(1, 2, 3, 4, 5, 6, 7, 8000)); math.Abs(got-4/1.349) > 1e-9 {
		t.Errorf("the spread is %v", got)
	}
	if evens, odds := halves(inMillis(1, 2, 3)); !slices.Equal(evens, inMillis(1, 3)) || !slices.Equal(odds, inMillis(2)) {
		t.Errorf("the halves are %v and %v", evens, odds)
	}
}

func TestVerdictOfTimes(t *testing.T) {
	for name, c := range map[string]struct {
		known, unknown []time.Duration
		want           string
	}{
		"the same":                    {long(1000, 20, 0.001), long(1000, 20, 0.001), "no difference"},
		"less than shows":             {long(1000, 20.01, 0.001), long(1000, 20, 0.001), "no difference"},
		"longer":                      {long(1000, 20.2, 0.001), long(1000, 20, 0.001), "LONGER with an account"},
		"shorter":                     {long(1000, 19.8, 0.001), long(1000, 20, 0.001), "SHORTER with an account"},
		"longer, and noisy by itself": {alternate(long(1000, 20.2, 0.001), 1), long(1000, 20, 0.001), "a difference within the noise"},
	} {
		t.Run(name, func(t *testing.T) {
			row := judgeTimes(c.known, c.unknown)
			if got := row.verdict(); got != c.want {
				t.Errorf("got %q, want %q: %+v, shows %v", got, c.want, row, row.resolution())
			}
			if c.want == "no difference" && math.Abs(row.difference()) > row.resolution() {
				t.Errorf("%v would have shown, and %v did not", row.resolution(), row.difference())
			}
		})
	}
}

// alternate makes every other value longer.
func alternate(values []time.Duration, by float64) []time.Duration {
	for i := range values {
		if i%2 == 0 {
			values[i] += time.Duration(by * float64(time.Millisecond))
		}
	}
	return values
}

func TestTimingsAreATableAndJSON(t *testing.T) {
	calm, busy := judgeTimes(inMillis(2, 3, 4), inMillis(2, 3, 4)), judgeTimes(inMillis(5), inMillis(6))
	calm.Title, busy.Title, busy.Others = "a reset", "a login", 0.5
	found := &timings{CPUs: 2, durability: durability{Fsync: "on", SynchronousCommit: "on"}, Rows: []timing{calm, busy}}
	var table, object strings.Builder
	if err := show(&table, found, false); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"a reset", "3.000", "+0.000", "no difference", "* 50%", "* Others took", "fsync on"} {
		if !strings.Contains(table.String(), part) {
			t.Errorf("%q is missing from\n%s", part, &table)
		}
	}
	if err := show(&object, found, true); err != nil || !strings.Contains(object.String(), `"known_ms": 3`) {
		t.Errorf("%v, %s", err, &object)
	}
}

func TestTimingIsChosenByItsFlags(t *testing.T) {
	o, err := parseOptions([]string{"-timing", "-pairs", "20"}, io.Discard)
	if err != nil || !o.timing || o.pairs != 20 {
		t.Errorf("got %+v, %v", o, err)
	}
	for _, pairs := range []string{"0", "-1", "1000000", "many"} {
		if _, err := parseOptions([]string{"-timing", "-pairs", pairs}, io.Discard); err == nil {
			t.Errorf("%s pairs are accepted", pairs)
		}
	}
}

// TestComparisonsAreOfActionsThatAreNotLimited: a limit that is met in a run would be what is compared.
func TestComparisonsAreOfActionsThatAreNotLimited(t *testing.T) {
	for _, c := range comparisons {
		limits, err := tenants.NewRateLimits(c.config["rate_limits"].(map[string]string))
		if err != nil {
			t.Fatal(err)
		}
		for _, action := range limits.Actions() {
			for _, r := range limits.Of(action) {
				if r.Amount < 1_000_000 {
					t.Errorf("%s: %s is limited to %s", c.name, action, r)
				}
			}
		}
	}
}
