// Package yamldoc reads YAML for what is taken as JSON, and writes JSON as YAML.
//
// What is read is YAML 1.2 with nothing in it that means something else than it seems to, or more than is there: no anchors, aliases, merge
// keys and tags; no key twice; only texts for keys; numbers written as JSON has them, so that 0x1F, 1_000, +49151 and 010 are no numbers
// that somebody meant for texts, and neither are dates. What is not quoted and is none of true, false, null and a number is text: yes and
// no are. Everything that is wrong is told at once, with its line; no value is repeated, since it may be secret.
//
// A Document is the JSON, and knows on which line each part of it stood, so that whoever finds fault with the JSON can say where to look.
package yamldoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// maxDepth is how deep mappings and lists may nest.
const maxDepth = 40

// maxFaults are reported at once.
const maxFaults = 50

// Fault is one thing that is wrong with a document.
type Fault struct {
	Line    int // from 1
	Path    string
	Message string // a sentence that goes after the path
}

// Error is everything that is wrong with a document, from the first line to the last.
type Error struct{ Faults []Fault }

// Error lists the faults.
func (e *Error) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = fmt.Sprintf("line %d: %s", f.Line, strings.TrimPrefix(f.Path+": "+f.Message, ": "))
	}
	return "YAML: " + strings.Join(lines, "; ")
}

// Document is a document that was read.
type Document struct {
	JSON  []byte
	lines map[string]int
}

// Line is the line on which the part at a path began, or what it is in; 0 where that is not known. Paths are written as in
// config.account.login_methods[0].
func (d *Document) Line(path string) int {
	for {
		if line, ok := d.lines[path]; ok {
			return line
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return d.lines[""]
		}
		path = path[:cut]
	}
}

// Read reads a text that has exactly one document.
func Read(text []byte) (*Document, error) {
	if !utf8.Valid(text) {
		return nil, &Error{[]Fault{{Line: 1, Message: "must be UTF-8"}}}
	}
	l, err := yaml.NewLoader(bytes.NewReader(text), yaml.WithV4Defaults())
	if err != nil {
		return nil, fmt.Errorf("read YAML: %w", err)
	}
	var root yaml.Node
	switch err := l.Load(&root); {
	case errors.Is(err, io.EOF):
		return nil, &Error{[]Fault{{Line: 1, Message: "there is no document"}}}
	case err != nil:
		return nil, notYAML(err)
	}
	var second yaml.Node
	switch err := l.Load(&second); {
	case err == nil:
		return nil, &Error{[]Fault{{Line: second.Line, Message: "a second document begins here: send one at a time"}}}
	case !errors.Is(err, io.EOF):
		return nil, notYAML(err)
	}
	if len(root.Content) != 1 {
		return nil, &Error{[]Fault{{Line: 1, Message: "there is no document"}}}
	}
	r := reader{doc: &Document{lines: map[string]int{}}}
	r.value("", root.Content[0], 0)
	if r.faults != nil {
		return nil, &Error{r.faults}
	}
	r.doc.JSON = r.out.Bytes()
	return r.doc, nil
}

// notYAML says where a text stops to be YAML, without the parser's words, which may quote it.
func notYAML(err error) error {
	line := 1
	var at *yaml.LoadError
	if errors.As(err, &at) {
		line = max(at.Mark.Line, 1)
	}
	return &Error{[]Fault{{Line: line, Message: "is not valid YAML"}}}
}

type reader struct {
	doc    *Document
	out    bytes.Buffer
	faults []Fault
}

func (r *reader) fault(path string, n *yaml.Node, message string) {
	if len(r.faults) < maxFaults {
		r.faults = append(r.faults, Fault{Line: n.Line, Path: path, Message: message})
	}
}

func (r *reader) value(path string, n *yaml.Node, depth int) {
	if _, known := r.doc.lines[path]; !known {
		r.doc.lines[path] = n.Line
	}
	switch {
	case depth > maxDepth:
		r.fault(path, n, fmt.Sprintf("must not nest more than %d deep", maxDepth))
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.fault(path, n, "has an anchor or an alias, which are not taken here: write it out")
	case n.Style&yaml.TaggedStyle != 0:
		r.fault(path, n, "has a tag, which is not taken here: quotes make a text of anything")
	case n.Kind == yaml.MappingNode:
		r.mapping(path, n, depth)
	case n.Kind == yaml.SequenceNode:
		r.out.WriteByte('[')
		for i, one := range n.Content {
			if i > 0 {
				r.out.WriteByte(',')
			}
			r.value(path+"["+strconv.Itoa(i)+"]", one, depth+1)
		}
		r.out.WriteByte(']')
	default:
		r.scalar(path, n)
	}
}

func (r *reader) mapping(path string, n *yaml.Node, depth int) {
	seen := map[string]bool{}
	r.out.WriteByte('{')
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.Tag != "!!str" || key.Anchor != "" || key.Style&yaml.TaggedStyle != 0 {
			r.fault(path, key, "has a key that is no text: put it in quotes if it is meant")
			continue
		}
		at := below(path, key.Value)
		if seen[key.Value] {
			r.fault(at, key, "is given twice")
			continue
		}
		seen[key.Value] = true
		r.doc.lines[at] = key.Line
		if i > 0 {
			r.out.WriteByte(',')
		}
		r.text(key.Value)
		r.out.WriteByte(':')
		r.value(at, value, depth+1)
	}
	r.out.WriteByte('}')
}

// number is a number as JSON has it.
var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func (r *reader) scalar(path string, n *yaml.Node) {
	switch n.Tag {
	case "!!str":
		r.text(n.Value)
	case "!!null":
		r.out.WriteString("null")
	case "!!bool":
		r.out.WriteString(strings.ToLower(n.Value))
	case "!!int", "!!float":
		if !number.MatchString(n.Value) {
			r.fault(path, n, "is a number in a form that is not taken here: write it in plain digits, or in quotes if it is a text")
			return
		}
		r.out.WriteString(n.Value)
	default:
		r.fault(path, n, "is neither text nor a number, true, false or null: put it in quotes if it is a text")
	}
}

func (r *reader) text(s string) {
	e := json.NewEncoder(&r.out)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic("yamldoc: " + err.Error()) // every string can be encoded
	}
	r.out.Truncate(r.out.Len() - 1) // the encoder's line break
}

// below is the path of a member.
func below(path, key string) string {
	odd := func(c rune) bool {
		return c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	}
	switch {
	case key != "" && strings.Trim(key, "0123456789") == "":
		return path + "[" + key + "]"
	case key == "" || len(key) > 64 || strings.ContainsFunc(key, odd):
		return path + "[" + strconv.Quote(key[:min(len(key), 64)]) + "]"
	case path == "":
		return key
	default:
		return path + "." + key
	}
}

// Split takes a text with several documents apart. What came before a document is left in front of it as empty lines, so that the lines
// that are told of it are those of the whole text. Documents without anything in them are left out.
func Split(text []byte) [][]byte {
	var all [][]byte
	var now bytes.Buffer
	something := false
	line := 0
	end := func() {
		if something {
			all = append(all, bytes.Clone(now.Bytes()))
		}
		now.Reset()
		now.WriteString(strings.Repeat("\n", line))
		something = false
	}
	for one := range bytes.Lines(text) {
		bare := bytes.TrimRight(one, "\r\n")
		// At the beginning of a line these are marks wherever they stand, even inside of a text.
		marks := bytes.Equal(bare, []byte("---")) || bytes.HasPrefix(bare, []byte("--- ")) || bytes.Equal(bare, []byte("..."))
		if marks {
			end()
		}
		if after := bytes.TrimSpace(bytes.TrimPrefix(bare, []byte("---"))); !bytes.Equal(bare, []byte("...")) {
			something = something || len(after) > 0 && after[0] != '#' && after[0] != '%'
			now.Write(one)
		} else {
			now.WriteByte('\n')
		}
		line++
	}
	end()
	return all
}

// Write writes JSON as YAML that Read takes back. Members keep their order.
func Write(doc []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	root, err := node(d)
	if err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	out, err := yaml.Dump(root, yaml.WithV4Defaults(), yaml.WithIndent(2), yaml.WithLineWidth(-1))
	if err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return out, nil
}

// node is the next value as YAML.
func node(d *json.Decoder) (*yaml.Node, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		if t == '[' {
			n = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		}
		for d.More() {
			one, err := node(d)
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, one)
		}
		if len(n.Content) == 0 {
			n.Style = yaml.FlowStyle
		}
		_, err := d.Token()
		return n, err
	case string:
		n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: t}
		switch {
		case readsOtherwise(t):
			n.Style = yaml.DoubleQuotedStyle
		case strings.Contains(t, "\n"):
			n.Style = yaml.LiteralStyle // where it cannot be, the writer takes another
		}
		return n, nil
	case json.Number:
		tag := "!!int"
		if strings.ContainsAny(t.String(), ".eE") {
			tag = "!!float"
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: t.String()}, nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(t)}, nil
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}, nil
	}
}

// readsOtherwise reports whether a text, without quotes, is something else to some reader of YAML: to those of version 1.1, yes and no are
// true and false.
func readsOtherwise(s string) bool {
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "":
		return true
	}
	return strings.Trim(s, "0123456789.,:_+-eExXoO") == ""
}
