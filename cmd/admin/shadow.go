package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/vestibule-auth/vestibule/internal/shadow"
)

// shadowFlags are the flags of admin shadow.
type shadowFlags struct {
	reference, referenceHost string
	target, targetHost       string
	replay, output, csrf     string
	ignore                   []string
	writes, insecure, words  bool
	parallel, limit          int
	rate                     float64
	timeout, tolerance       time.Duration
}

// shadowCommand is admin shadow, which compares another server with this one, request by request. It needs no admin API.
func (t *tool) shadowCommand() *cobra.Command {
	f := &shadowFlags{}
	cmd := &cobra.Command{Use: "shadow --reference URL --target URL --replay FILE", Args: cobra.NoArgs,
		Short: "Replay recorded requests against two servers, and say where their answers differ",
		Long: "Replay recorded requests against two servers, and say where their answers differ.\n\n" +
			"The recording is NDJSON, one request a line: {\"client\", \"method\", \"path\", \"headers\", \"body\", \"at\"}, where client\n" +
			"names the conversation that it is part of. Each conversation has cookies and tokens of its own on each side; the recording's\n" +
			"are sent to nobody.\n\n" +
			"Only GET and HEAD are sent, unless --writes is given: the rest changes accounts, sends mail and texts, and uses up limits.\n" +
			"Replay it against copies, never against accounts of real people. A recording with bodies holds passwords:\n" +
			"keep it as you would keep those.\n\n" +
			"The exit status is 0 if something was compared and nothing differs, 1 if something does or was not answered (429 and 5xx of both are\n" +
			"no answers), or if nothing was sent, 2 if the command line or the recording makes no sense; nothing was sent then."}
	p := cmd.Flags()
	p.StringVar(&f.reference, "reference", "", "the server that is right, such as the one you move from; needed")
	p.StringVar(&f.target, "target", "", "the server that is compared with it; needed")
	p.StringVar(&f.replay, "replay", "", "the recording; - is the standard input; needed")
	for _, needed := range []string{"reference", "target", "replay"} {
		_ = cmd.MarkFlagRequired(needed) // the flag is there
	}
	p.StringVar(&f.referenceHost, "reference-host", "", "the Host header for the reference, if not that of its URL")
	p.StringVar(&f.targetHost, "target-host", "", "the Host header for the target, if not that of its URL: it names the tenant")
	p.BoolVar(&f.writes, "writes", false, "send what may change something, too: POST, PUT, PATCH, DELETE")
	p.BoolVar(&f.insecure, "insecure", false, "let passwords and tokens go over http to other machines")
	p.StringArrayVar(&f.ignore, "ignore", nil,
		"a known difference, as often as needed: POINTER or 'METHOD PATH=POINTER'; a * stands for one part")
	p.BoolVar(&f.words, "messages", false, "compare the words of errors, too")
	p.StringVar(&f.csrf, "csrf-cookie", "csrftoken", "the cookie that holds the CSRF token, on both sides")
	p.IntVar(&f.parallel, "parallel", 4, "how many conversations go on at once, 1 to 64; with 1 all requests keep their order")
	p.IntVar(&f.limit, "limit", 0, "send no more requests than that; 0 sends all")
	p.Float64Var(&f.rate, "rate", 10, "how many requests a second each server gets; 0 for as many as it answers")
	p.DurationVar(&f.timeout, "timeout", 15*time.Second, "how long an answer may take")
	p.DurationVar(&f.tolerance, "tolerance", time.Minute, "how far times in two answers may lie apart")
	p.StringVarP(&f.output, "output", "o", asTable, "how to print: table, json or yaml")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o, err := f.options()
		if err != nil {
			return err
		}
		recording, err := t.recording(f.replay)
		if err != nil {
			return err
		}
		return does(func(ctx context.Context, _ []string) error { return t.shadow(ctx, f, recording, o) })(cmd, nil)
	}
	return cmd
}

// options are what the flags say, or what makes no sense of it.
func (f *shadowFlags) options() (o shadow.Options, err error) {
	if err := checkOutput(f.output); err != nil {
		return o, err
	}
	switch {
	case f.parallel < 1 || f.parallel > 64:
		return o, errors.New("--parallel must be 1 to 64")
	case f.limit < 0:
		return o, errors.New("--limit must not be below 0")
	case !(f.rate >= 0 && f.rate <= 10000):
		return o, errors.New("--rate must be 0 to 10000")
	case f.timeout <= 0 || f.timeout > 10*time.Minute:
		return o, errors.New("--timeout must be above 0, and 10m at most")
	case f.tolerance < 0:
		return o, errors.New("--tolerance must not be below 0")
	case f.csrf == "":
		return o, errors.New("--csrf-cookie must be the name of a cookie")
	}
	o = shadow.Options{
		Writes: f.writes, Parallel: f.parallel, Limit: f.limit, Rate: f.rate, Timeout: f.timeout, Slack: f.tolerance, CSRFCookie: f.csrf,
		Messages: f.words,
	}
	for _, of := range []struct {
		flag, url, host string
		server          *shadow.Server
	}{{"reference", f.reference, f.referenceHost, &o.Reference}, {"target", f.target, f.targetHost, &o.Target}} {
		u, err := shadow.ParseServer(of.url, f.insecure)
		if err != nil {
			return o, fmt.Errorf("--%s %w", of.flag, err)
		}
		*of.server = shadow.Server{URL: u, Host: of.host}
	}
	if o.Reference.Is(o.Target) {
		return o, errors.New("--reference and --target are one server: it would be compared with itself")
	}
	for _, one := range f.ignore {
		i, err := shadow.ParseIgnore(one)
		if err != nil {
			return o, err
		}
		o.Ignore = append(o.Ignore, i)
	}
	return o, nil
}

// recording reads the whole recording before anything is sent.
func (t *tool) recording(name string) ([]shadow.Request, error) {
	in := t.in
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("open the recording: %w", err)
		}
		defer func() { _ = file.Close() }() // it was only read
		in = file
	}
	return shadow.Read(in)
}

func (t *tool) shadow(ctx context.Context, f *shadowFlags, recording []shadow.Request, o shadow.Options) error {
	bar := t.quietly()
	o.Progress = func(done, total int) {
		bar.show(int64(done), int64(total), fmt.Sprintf("%d of %d requests", done, total))
	}
	if !bar.live {
		o.Progress = nil
	}
	report, err := shadow.Replay(ctx, recording, o)
	bar.end()
	if err := t.printShadow(f, report); err != nil {
		return err
	}
	if err != nil { // what was found until then is told all the same
		return fmt.Errorf("replay the recording: %w", err)
	}
	if !report.Clean() {
		return errQuiet
	}
	return nil
}

func (t *tool) printShadow(f *shadowFlags, r *shadow.Report) error {
	if f.output != asTable {
		doc, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		return t.printAs(f.output, doc)
	}
	if len(r.Differences) > 0 {
		table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "ROUTE\tWHERE\tCOUNT\tLINE\tREFERENCE\tTARGET") // Flush tells what went wrong
		for _, d := range r.Differences {
			route, where, count := d.Route, plain(d.Pointer), fmt.Sprint(d.Count)
			for _, e := range d.Examples {
				_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\n",
					plain(route), where, count, e.Line, plain(e.Reference), plain(e.Target)) // likewise
				route, where, count = "", "", ""
			}
		}
		if err := table.Flush(); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(t.out) // the last line tells what went wrong
	}
	for _, x := range r.Failures {
		_, _ = fmt.Fprintf(t.out, "line %d: the %s: %s\n", x.Line, x.Server, plain(x.Error)) // likewise
	}
	return t.sumUp(t.out, r)
}

// sumUp says in a few lines what came of a replay.
func (t *tool) sumUp(out io.Writer, r *shadow.Report) error {
	_, err := fmt.Fprintf(out, "%d of %d requests in %d conversations were answered the same, %d differently, %d not by both\n",
		r.Same, r.Requests, r.Conversations, r.Differ, r.Failed)
	for _, line := range []struct {
		count int
		what  string
	}{
		{r.Away, "requests were answered by both with 429 or 5xx, which compares nothing: see --rate"},
		{r.Withheld, "requests may change something and were not sent: see --writes"},
		{r.Beyond, "requests are beyond --limit and were not sent"},
		{r.Ignored, "differences were known and are not shown"},
		{r.Unlisted, "differences are beyond what is listed"},
	} {
		if line.count > 0 && err == nil {
			_, err = fmt.Fprintf(out, "%d %s\n", line.count, line.what)
		}
	}
	return err
}
