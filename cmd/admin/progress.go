package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
)

// progress says how far something is: on a terminal in one line that is written over, and otherwise now and then in a line.
type progress struct {
	out   io.Writer
	live  bool
	tenth int64
	long  int
}

// terminal reports whether a writer is somebody's screen.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// barWidth is how many characters a bar has.
const barWidth = 30

// show says that so much of the total is done; a total of 0 is not known.
func (p *progress) show(done, total int64, text string) {
	if !p.live {
		if total > 0 && done*10/total > p.tenth {
			p.tenth = done * 10 / total
			_, _ = fmt.Fprintln(p.out, text) // progress that nobody can read is no failure
		}
		return
	}
	if total > 0 {
		full := int(done * barWidth / total)
		text = "[" + strings.Repeat("#", full) + strings.Repeat(".", barWidth-full) + "] " + text
	}
	_, _ = fmt.Fprintf(p.out, "\r%-*s", p.long, text) // progress that nobody can read is no failure
	p.long = len(text)
}

// end leaves the line.
func (p *progress) end() {
	if p.live && p.long > 0 {
		_, _ = fmt.Fprintf(p.out, "\r%*s\r", p.long, "") // progress that nobody can read is no failure
	}
}

// quietly is progress for what may take long: it is shown on a terminal, and nowhere else.
func (t *tool) quietly() *progress {
	return &progress{out: t.complaints, live: terminal(t.complaints)}
}

// counted is a writer that tells how many lines went through it. On a terminal that shows the lines themselves it tells nothing.
type counted struct {
	io.Writer
	what  string
	lines int64
	bar   *progress
}

func (t *tool) counted(what string) *counted {
	c := &counted{Writer: t.out, what: what, bar: t.quietly()}
	if terminal(t.out) {
		c.bar.live = false
	}
	return c
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.lines += int64(bytes.Count(b[:n], []byte{'\n'}))
	c.bar.show(0, 0, fmt.Sprintf("%d %s so far", c.lines, c.what))
	return n, err
}
