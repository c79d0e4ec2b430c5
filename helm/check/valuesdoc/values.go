package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// value is a key of values.yaml with what is said about it.
type value struct {
	key      string
	path     string // with dots between
	heading  string // the one above it, at the top level
	text     string
	schema   map[string]any // what the comment says of it; nil: nothing
	fallback any
	children []*value
}

var (
	keyLine    = regexp.MustCompile(`^( *)([A-Za-z0-9_-]+):(?: (.*))?$`)
	schemaNote = "@schema "
)

// readValues reads values.yaml line by line, since what a comment belongs to is a matter of lines.
func readValues(text string) (*value, error) {
	top := &value{}
	if err := yaml.Unmarshal([]byte(text), &top.fallback); err != nil {
		return nil, fmt.Errorf("read the values: %w", err)
	}
	var (
		words, notes []string
		heading      string
		above        = []*value{top} // the values that the next line may be below, by its indentation
	)
	for n, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "":
			words, notes = nil, nil // a comment stands right above its key
			continue
		case strings.HasPrefix(trimmed, "## "):
			heading = strings.TrimPrefix(trimmed, "## ")
			continue
		case strings.HasPrefix(trimmed, "# BEGIN "), strings.HasPrefix(trimmed, "# END "):
			continue
		case strings.HasPrefix(trimmed, "#"):
			said := strings.TrimSpace(strings.TrimPrefix(trimmed, "#"))
			if note, ok := strings.CutPrefix(said, schemaNote); ok {
				notes = append(notes, note)
			} else {
				words = append(words, said)
			}
			continue
		}
		m := keyLine.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("line %d is neither a comment nor a key", n+1)
		}
		depth := len(m[1]) / 2
		if depth >= len(above) {
			return nil, fmt.Errorf("line %d is too far to the right", n+1)
		}
		above = above[:depth+1]
		v, err := above[depth].child(m[2], words, notes)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		if depth == 0 {
			v.heading = heading
		}
		above = append(above, v)
		words, notes = nil, nil
	}
	return top, nil
}

// child adds a key.
func (v *value) child(key string, words, notes []string) (*value, error) {
	fallbacks, ok := v.fallback.(map[string]any)
	if !ok {
		return nil, errors.New("it is below what is no map")
	}
	c := &value{key: key, path: strings.TrimPrefix(v.path+"."+key, "."), text: strings.Join(words, " "), fallback: fallbacks[key]}
	for _, note := range notes {
		if err := yaml.Unmarshal([]byte(note), &c.schema); err != nil {
			return nil, fmt.Errorf("%s: what is said after @schema: %w", c.path, err)
		}
		if c.schema == nil {
			c.schema = map[string]any{}
		}
	}
	v.children = append(v.children, c)
	return c, nil
}
