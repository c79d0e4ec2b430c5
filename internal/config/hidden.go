package config

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted stands for a hidden value wherever one is printed.
const redacted = "[redacted]"

// Hidden is a value that is a secret or holds one. However it is printed, logged or marshalled, it shows at most that
// there is one. The zero value stands for "not given".
type Hidden struct {
	value *string // a pointer, since fmt prints the unexported fields of a struct around it without asking
}

// Hide keeps value from being shown.
func Hide(value string) Hidden {
	if value == "" {
		return Hidden{}
	}
	return Hidden{value: &value}
}

// Reveal is the value itself, or "" if none was given.
func (h Hidden) Reveal() string {
	if h.value == nil {
		return ""
	}
	return *h.value
}

// Given reports whether there is a value.
func (h Hidden) Given() bool { return h.value != nil }

// String says that there is a value, and nothing of it.
func (h Hidden) String() string {
	if h.value == nil {
		return ""
	}
	return redacted
}

// GoString is String, for %#v.
func (h Hidden) GoString() string { return fmt.Sprintf("config.Hide(%q)", h.String()) }

// Format prints String for every verb but %#v, %x and %p included.
func (h Hidden) Format(f fmt.State, verb rune) {
	if verb == 'v' && f.Flag('#') {
		_, _ = io.WriteString(f, h.GoString())
		return
	}
	_, _ = io.WriteString(f, h.String())
}

// LogValue is String, for slog.
func (h Hidden) LogValue() slog.Value { return slog.StringValue(h.String()) }

// MarshalText is String, for JSON and the like.
func (h Hidden) MarshalText() ([]byte, error) { return []byte(h.String()), nil }
