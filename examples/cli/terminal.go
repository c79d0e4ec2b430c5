package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// terminal asks and tells. What somebody asked for goes to out, so that it can be piped on; everything else goes to notes.
type terminal struct {
	in         *bufio.Reader
	file       *os.File // what in reads
	out, notes io.Writer
}

func newTerminal(in *os.File, out, notes io.Writer) *terminal {
	return &terminal{in: bufio.NewReader(in), file: in, out: out, notes: notes}
}

// say prints a line of what was asked for.
func (t *terminal) say(format string, args ...any) {
	_, _ = fmt.Fprintf(t.out, format+"\n", args...) // there is nowhere else to say it
}

// tell prints a line beside it.
func (t *terminal) tell(format string, args ...any) {
	_, _ = fmt.Fprintf(t.notes, format+"\n", args...) // likewise
}

var errNoAnswer = errors.New("there is nothing more to read: run this on a terminal, or put each answer on a line of its standard input")

// ask is the answer to a question.
func (t *terminal) ask(ctx context.Context, question string) (string, error) {
	text, err := t.answer(ctx, question, t.line)
	return strings.TrimSpace(text), err
}

// secret is an answer that does not show while it is typed. What is no terminal is read line by line.
func (t *terminal) secret(ctx context.Context, question string) (string, error) {
	fd := int(t.file.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return t.answer(ctx, question, t.line)
	}
	defer func() { _ = term.Restore(fd, before) }() // where it was interrupted
	return t.answer(ctx, question, func() (string, error) {
		typed, err := term.ReadPassword(fd)
		t.tell("") // the line break did not show either
		return string(typed), err
	})
}

// newPassword is a password that is to be one. On a terminal it is typed twice, since it cannot be seen.
func (t *terminal) newPassword(ctx context.Context) (string, error) {
	for {
		first, err := t.secret(ctx, "New password")
		if err != nil || !term.IsTerminal(int(t.file.Fd())) {
			return first, err
		}
		second, err := t.secret(ctx, "The same once more")
		if err != nil || first == second {
			return first, err
		}
		t.tell("These are not the same.")
	}
}

// line is the next line, without its end.
func (t *terminal) line() (string, error) {
	line, err := t.in.ReadString('\n')
	if line != "" && errors.Is(err, io.EOF) {
		err = nil // the last line need not end
	}
	return strings.TrimRight(line, "\r\n"), err
}

// answer reads what a question is answered with, or gives up with the context: reading itself cannot be interrupted.
func (t *terminal) answer(ctx context.Context, question string, read func() (string, error)) (string, error) {
	_, _ = fmt.Fprint(t.notes, question, ": ") // as in tell
	type result struct {
		text string
		err  error
	}
	came := make(chan result, 1)
	go func() {
		text, err := read()
		came <- result{text, err}
	}()
	select {
	case r := <-came:
		if errors.Is(r.err, io.EOF) {
			t.tell("")
			r.err = errNoAnswer
		}
		return r.text, r.err
	case <-ctx.Done():
		t.tell("")
		return "", ctx.Err()
	}
}
