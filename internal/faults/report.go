package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// report is what a run came to.
type report struct {
	rows          []*row
	rate          int
	cores         int
	commit, goes  string
	old           string // the version that was upgraded from and to, if one was
	grouped       string // how the kernel shares out the processor
	hashers       int    // of each replica
	when          time.Time
	length        time.Duration
	mails, twice  int
	missing       int
	people, acked int
}

// broken are the promises that were not kept.
func (r *report) broken() []string {
	var all []string
	for _, one := range r.rows {
		for _, b := range one.broken {
			all = append(all, one.scenario.name+": "+b)
		}
	}
	if r.missing > 0 {
		all = append(all, fmt.Sprintf("mail: %d that were to be sent did not come", r.missing))
	}
	return all
}

// write writes it as Markdown.
func (r *report) write(w io.Writer) error {
	var b strings.Builder
	before := ""
	if r.old != "" {
		before = ", the version before " + r.old
	}
	fmt.Fprintf(&b, "%s, %d cores, commit %s%s, %s. Three replicas that hash %d at once each, processes %s, %d requests a second, %s altogether.\n\n",
		r.goes, r.cores, r.commit, before, r.when.UTC().Format("2006-01-02 15:04 UTC"), r.hashers, r.grouped, r.rate, r.length.Round(time.Second))
	b.WriteString("| Fault | Requests | Failed, by cause | Uncertain writes | Lost writes | Recovered in | " +
		"Session check p50, p99: before | during | after | Most memory |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|\n")
	for _, one := range r.rows {
		if one.skipped != "" {
			fmt.Fprintf(&b, "| %s | not run here: %s | | | | | | | | |\n", one.scenario.title, one.skipped)
			continue
		}
		failed := "0"
		if n := one.all.failed(); n > 0 {
			failed = fmt.Sprintf("%d: %s", n, one.all.causes())
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %d | %d | %s | %s | %s | %s | %s |\n", one.scenario.title, one.all.requests, failed, one.open, one.lost,
			zero(one.recovered), pair(one.before), pair(one.during), pair(one.after), mebibytes(one.memory))
	}
	fmt.Fprintf(&b, "\n%d accounts, %d writes acknowledged. %d different mails came, %d of them more than once; %d did not come.\n",
		r.people, r.acked, r.mails, r.twice, r.missing)
	for _, one := range r.rows {
		for _, note := range one.notes {
			fmt.Fprintf(&b, "\n- %s: %s", one.scenario.title, note)
		}
	}
	for _, broken := range r.broken() {
		fmt.Fprintf(&b, "\n- **Not kept.** %s", broken)
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// The comments between which a page has the table.
const (
	tableBegins = "<!-- measured: written by make faults -->\n"
	tableEnds   = "<!-- end of what was measured -->\n"
)

// into puts the table into a page.
func (r *report) into(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the page: %w", err)
	}
	var b strings.Builder
	if err := r.write(&b); err != nil {
		return err
	}
	page, err := spliced(string(text), b.String())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(page), 0o644)
}

// spliced is a page with another table in it.
func spliced(page, table string) (string, error) {
	head, rest, ok := strings.Cut(page, tableBegins)
	_, tail, ended := strings.Cut(rest, tableEnds)
	if !ok || !ended {
		return "", errors.New("the page has no two comments between which the table goes")
	}
	return head + tableBegins + "\n" + strings.TrimSpace(table) + "\n\n" + tableEnds + tail, nil
}

func pair(f figures) string {
	if f.requests == 0 {
		return "–"
	}
	return millis(f.p50) + ", " + millis(f.p99)
}

// zero shows a time to recover.
func zero(d time.Duration) string {
	if d <= 0 {
		return "at once"
	}
	return millis(d)
}
