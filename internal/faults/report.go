package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// report is what a run came to.
type report struct {
	rows          []*row
	rate          int
	cores         int
	commit, goes  string
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
	fmt.Fprintf(&b, "%s, %d cores, commit %s, %s. Three replicas, %d requests a second, %s altogether.\n\n",
		r.goes, r.cores, r.commit, r.when.UTC().Format("2006-01-02 15:04 UTC"), r.rate, r.length.Round(time.Second))
	b.WriteString("| Fault | Requests | Failed, by cause | Uncertain writes | Lost writes | Recovered in | Session check p50, p99: before | during | after | Most memory |\n")
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
