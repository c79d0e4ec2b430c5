package tenants

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Change is one difference between two configurations. A value that is not there is null. Of secrets it is told that they differ, and no
// more.
type Change struct {
	Path   string          `json:"path"` // as in a Fault
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
	Secret bool            `json:"secret,omitempty"` // a secret differs, although it may be shown alike
}

// Diff is what has to be changed in one document to have the other, sorted by path. Both have their secrets in the clear, or as they are
// stored if they cannot be opened: those are then taken for the same. Objects are compared member by member, and so are lists of
// objects; other lists are replaced whole.
func Diff(before, after []byte) ([]Change, error) {
	a, err := readDocument(before)
	if err != nil {
		return nil, err
	}
	b, err := readDocument(after)
	if err != nil {
		return nil, err
	}
	d := differ{secrets: map[string]bool{}}
	for _, tree := range []map[string]any{a, b} {
		for _, v := range secretsOf(tree) {
			d.secrets[v.path] = true
		}
	}
	if err := d.value(nil, a, b); err != nil {
		return nil, err
	}
	return d.changes, nil
}

type differ struct {
	secrets map[string]bool // their paths
	changes []Change
}

func (d *differ) value(path []string, a, b any) error {
	if x, ok := a.(map[string]any); ok {
		if y, ok := b.(map[string]any); ok {
			return d.object(path, x, y)
		}
	}
	x, okX := objects(a)
	y, okY := objects(b)
	switch {
	case okX && okY && len(x)+len(y) > 0:
		for i := range max(len(x), len(y)) {
			if err := d.value(append(slices.Clone(path), strconv.Itoa(i)), at(x, i), at(y, i)); err != nil {
				return err
			}
		}
		return nil
	case reflect.DeepEqual(a, b), sealed(a) && sealed(b):
		return nil
	}
	return d.leaf(path, a, b)
}

// object compares what has members. What is on one side alone is told member by member too, so that a new section reads like one.
func (d *differ) object(path []string, a, b map[string]any) error {
	both := maps.Clone(a)
	maps.Copy(both, b)
	for _, key := range slices.Sorted(maps.Keys(both)) {
		x, y := a[key], b[key]
		if o, ok := y.(map[string]any); ok && x == nil && len(o) > 0 {
			x = map[string]any{}
		}
		if o, ok := x.(map[string]any); ok && y == nil && len(o) > 0 {
			y = map[string]any{}
		}
		if err := d.value(append(slices.Clone(path), key), x, y); err != nil {
			return err
		}
	}
	return nil
}

func (d *differ) leaf(path []string, a, b any) error {
	change := Change{Path: pathText(path)}
	change.Secret = d.secrets[change.Path]
	before, err := d.shown(path, a)
	if err != nil {
		return err
	}
	after, err := d.shown(path, b)
	if err != nil {
		return err
	}
	change.Before, change.After = before, after
	d.changes = append(d.changes, change)
	return nil
}

// shown is a value with its secrets masked, wherever in it they are.
func (d *differ) shown(path []string, v any) (json.RawMessage, error) {
	return encode(d.mask(path, copyOf(v)))
}

func (d *differ) mask(path []string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, one := range v {
			v[key] = d.mask(append(slices.Clone(path), key), one)
		}
	case []any:
		for i, one := range v {
			v[i] = d.mask(append(slices.Clone(path), strconv.Itoa(i)), one)
		}
	case nil:
	default:
		if d.secrets[pathText(path)] {
			return masked(v, pathText(path) == smtpPath)
		}
	}
	return v
}

// sealed reports whether a value is a secret that could not be opened. It is sealed anew by each change, and so never like itself.
func sealed(v any) bool {
	s, ok := v.(string)
	return ok && strings.HasPrefix(s, sealedMark)
}

// objects are the elements of a list that has nothing but objects. No list at all is an empty one.
func objects(v any) ([]any, bool) {
	if v == nil {
		return nil, true
	}
	list, ok := v.([]any)
	return list, ok && !slices.ContainsFunc(list, func(one any) bool { _, is := one.(map[string]any); return !is })
}

func at(list []any, i int) any {
	if i >= len(list) {
		return nil
	}
	return list[i]
}
