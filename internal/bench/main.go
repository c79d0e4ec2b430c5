// Command bench measures what a request costs, beside what it could cost at best. `make bench` runs it.
//
// It starts the server as production runs it (PostgreSQL, Redis, rate limits, log), asks it over kept-alive connections
// in a closed loop, and reports for each kind of request and number of connections:
//
//   - requests a second, and the 50th and 99th percentile of the time to the answer (nearest rank, milliseconds);
//   - the CPU time, in microseconds per request, of the server and of PostgreSQL with all its processes, both read from
//     /proc, and of Redis, as Redis tells it.
//
// It also tells whether PostgreSQL waits for the disk: writing costs less where it does not.
//
// Requests a second depend on the machine and on what else it does, the generator of the load included; CPU time per
// request depends on them far less, and is what the goals are set in.
//
// # Ceilings
//
// In the same run, as processes of their own, it measures the least that such a request can do in Go: a gorilla/mux
// handler alone, one with a single prepared SELECT by primary key, one with a single prepared INSERT, and argon2id
// without any HTTP at all. The goals are ratios to and differences from these, so that they mean the same on every
// machine.
//
// # Timing
//
// With -timing (`make timing`) it asks for what must not tell whether an address has an account, and compares how long the answers take for
// addresses that have one and for those that have none: over HTTP, on one connection, in pairs whose order is random, each
// address on its own. It tells the medians, their difference, the noise (the difference between two halves of the same kind), the
// z score of the rank sum and, in words, what that comes to. The first row compares the same with the same. Its rows are no
// benchmarks: what is compared are two kinds of one request, in one process and one run.
//
// # What is left behind
//
// Nothing: the database is made for the run and dropped, the limiter's keys are removed from Redis, and the processes
// are stopped, also where the run is interrupted. Any answer but the expected one makes the run fail.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal cleans up, a second one kills
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 2 && args[0] == ceilingCommand {
		return serveCeiling(args[1], os.Stdin, os.Stdout)
	}
	o, err := parseOptions(args, os.Stderr)
	if err != nil {
		return err
	}
	var found table
	if o.timing {
		t, failed := compareAll(ctx, o, os.Stderr)
		if err = failed; t != nil {
			found = t
		}
	} else {
		r, failed := bench(ctx, o, os.Stderr)
		if err = failed; r != nil {
			found = r
		}
	}
	if found != nil { // what was measured is shown even if something failed
		err = errors.Join(err, show(os.Stdout, found, o.json))
	}
	return err
}

// table is what was measured.
type table interface {
	print(out io.Writer) error
}

func show(w io.Writer, t table, asJSON bool) error {
	if !asJSON {
		return t.print(w)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(t)
}

// options are what the command line says.
type options struct {
	duration    time.Duration // of the measured part of a cell
	warmup      time.Duration // before it
	only        *regexp.Regexp
	concurrency []int
	json        bool
	timing      bool // compare the times of answers, instead of measuring what they cost
	pairs       int  // of requests of each comparison
}

// The bounds of the command line.
const (
	shortest       = 100 * time.Millisecond
	longest        = 10 * time.Minute
	maxConnections = 256
	maxPairs       = 100_000
)

func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	var only, concurrency string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.DurationVar(&o.duration, "d", 5*time.Second, "how long each cell is measured")
	f.DurationVar(&o.warmup, "warmup", time.Second, "how long each cell runs before it is measured")
	f.StringVar(&only, "only", "", "measure only the rows whose name matches this `regexp`")
	f.StringVar(&concurrency, "c", "1,16,64", "the numbers of connections")
	f.BoolVar(&o.json, "json", false, "print JSON instead of tables")
	f.BoolVar(&o.timing, "timing", false, "compare how long answers take for addresses with an account and without, instead")
	f.IntVar(&o.pairs, "pairs", 500, "how many pairs of requests each row of -timing takes")
	f.Usage = func() {
		_, _ = fmt.Fprintf(stderr, "Usage: bench [flags]\n\nRows: %s\nRows of -timing: %s\n\n",
			strings.Join(workNames(), ", "), strings.Join(comparisonNames(), ", "))
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q; see -help", f.Arg(0))
	}
	if o.duration < shortest || o.duration > longest || o.warmup < 0 || o.warmup > longest {
		return o, fmt.Errorf("-d takes a time from %s to %s, and -warmup one up to that", shortest, longest)
	}
	if o.pairs < 1 || o.pairs > maxPairs {
		return o, fmt.Errorf("-pairs takes a number from 1 to %d", maxPairs)
	}
	var err error
	if o.only, err = regexp.Compile(only); err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	for part := range strings.SplitSeq(concurrency, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 1 || n > maxConnections {
			return o, fmt.Errorf("-c takes numbers from 1 to %d with commas between", maxConnections)
		}
		o.concurrency = append(o.concurrency, n)
	}
	return o, nil
}
