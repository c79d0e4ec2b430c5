package config

import (
	"fmt"
	"io"
	"strings"
)

// row is a setting or flag as the help and the manual show it.
type row struct{ name, takes, text string }

// flagsOnly are the flags that are not settings.
var flagsOnly = []row{
	{"--dev", "", "Start for development, with nothing else given: a secret key and an admin token are made once and " +
		"kept in the development folder, the database is a file in it, limits are counted in the process, and mail is " +
		"kept in a mailbox. The tenant demo is made, and its host shows an example of a front end, with that mailbox. " +
		"Never for anything that the public can reach."},
	{"--dev-dir", "PATH", "The development folder (default " + defaultDevDir + "). Its files are readable by you alone."},
	{"--migrate", "", "Apply the database's migrations, then leave. It needs the database alone, and no secret key."},
	{"--wait", "DURATION", "With --migrate: how long to wait for a database that does not answer yet, from 1s to 10m. Unless it is " +
		"given, one that does not answer is a failure at once."},
	{"--seal-keys", "", "Seal every tenant's data key under the first of the secret keys, say how many were sealed, then " +
		"leave. It is the third of the steps that change the secret key; see VESTIBULE_SECRET_KEY."},
	{"--ready", "", "Ask the server that was started here with the same settings whether it is ready, by /readyz of its operators' " +
		"listener, say what it answers, then leave: with status 0 if it is. It is the health check of containers, whose image has no other program."},
	{"--version", "", "Print the version, then leave."},
	{"--help", "", "Print this, then leave."},
}

// defaultText says what holds where no value is given.
func (s *setting) defaultText() string {
	var parts []string
	switch {
	case s.fallback != "":
		parts = append(parts, "default "+s.fallback)
	case s.required:
		parts = append(parts, "required")
	}
	if s.devText != "" {
		parts = append(parts, "with --dev: "+s.devText)
	}
	return strings.Join(parts, "; ")
}

// Usage writes the help: every flag and every setting, with what it takes and what holds by default.
func Usage(w io.Writer) error {
	var b strings.Builder
	b.WriteString("Vestibule, the entrance hall that all tenants share.\n\nUsage: server [flags]\n\n")
	b.WriteString(wrap("", "Each setting is a flag, an environment variable, or a file that the variable with "+fileSuffix+
		" added names; the flag wins. Give secrets in files or variables, since flags can be seen by other users of the machine."))
	b.WriteString("\nFlags\n")
	for _, f := range flagsOnly {
		fmt.Fprintf(&b, "\n  %s\n%s", strings.TrimSpace(f.name+" "+f.takes), wrap("      ", f.text))
	}
	for i := range settings {
		s := &settings[i]
		if s.section != "" {
			fmt.Fprintf(&b, "\n%s\n", s.section)
		}
		fmt.Fprintf(&b, "\n  --%s %s, %s\n", s.flag(), s.takes, s.env())
		if d := s.defaultText(); d != "" {
			b.WriteString(wrap("      ", "("+d+")"))
		}
		b.WriteString(wrap("      ", s.text))
	}
	b.WriteString("\nTraces\n\n" + wrap("  ", otelWords))
	for _, v := range otelVariables {
		fmt.Fprintf(&b, "\n  %s %s\n%s", v.name, v.takes, wrap("      ", v.text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// otelWords are said of otelVariables as a whole.
const otelWords = "Variables of OpenTelemetry, whose names and meanings are the standard's. They have no flags and no files."

// wrap breaks text into lines of at most 80 columns, each behind indent.
func wrap(indent, text string) string {
	const columns = 80
	var b strings.Builder
	line := indent
	for word := range strings.FieldsSeq(text) {
		if len(line) > len(indent) {
			if len(line)+1+len(word) > columns {
				b.WriteString(line + "\n")
				line = indent
			} else {
				line += " "
			}
		}
		line += word
	}
	b.WriteString(line + "\n")
	return b.String()
}
