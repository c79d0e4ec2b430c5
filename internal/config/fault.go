package config

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is one thing that is wrong with the settings.
type Fault struct {
	Name    string // where the value came from: VESTIBULE_LISTEN, VESTIBULE_LISTEN_FILE or --listen
	Problem string // what is wrong, to be read after the name
	Remedy  string // what to do
}

// String is the fault as a line.
func (f Fault) String() string { return f.Name + " " + f.Problem + ". " + f.Remedy + "." }

// Error lists everything that is wrong with the settings. No secret is in it.
type Error struct {
	Faults []Fault
}

// Error is one line for each fault, below a heading.
func (e *Error) Error() string {
	var b strings.Builder
	if len(e.Faults) == 1 {
		b.WriteString("cannot start: one setting is at fault.")
	} else {
		fmt.Fprintf(&b, "cannot start: %d settings are at fault.", len(e.Faults))
	}
	for _, f := range e.Faults {
		b.WriteString("\n  " + f.String())
	}
	return b.String()
}

// flaw is what a parser reports: the problem and the remedy of a Fault that does not know its name yet.
type flaw struct {
	format string
	args   []any
	remedy string
}

// Error is the problem, without the value.
func (f *flaw) Error() string { return f.problem(false) }

// problem says what is wrong, and repeats the value only if it may be repeated.
func (f *flaw) problem(repeat bool) string {
	args := make([]any, len(f.args))
	for i, a := range f.args {
		if _, ok := a.(quoted); ok && !repeat {
			a = "(not shown)"
		}
		args[i] = a
	}
	return fmt.Sprintf(f.format, args...)
}

// flawed makes a flaw. The problem is a format; what goes into it must never come from a hidden setting.
func flawed(remedy, problem string, args ...any) error {
	return &flaw{format: problem, args: args, remedy: remedy}
}

// faultOf is the fault of a value. What a file holds is not repeated, whichever setting it was meant for: the file may be
// that of a secret.
func faultOf(g grant, err error) Fault {
	var f *flaw
	if errors.As(err, &f) {
		return Fault{Name: g.source, Problem: f.problem(!g.file), Remedy: f.remedy}
	}
	return Fault{Name: g.source, Problem: "is not accepted: " + err.Error(), Remedy: seeHelp}
}

// quoted is a value, or a part of one, in a fault.
type quoted string

// shown quotes a value for a fault, cut to a length that a terminal can bear.
func shown(value string) quoted {
	const most = 60
	if r := []rune(value); len(r) > most {
		value = string(r[:most]) + "…"
	}
	return quoted(fmt.Sprintf("%q", value))
}
