package tenants

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// draft is a configuration that somebody wants to save, and everything that is wrong with it.
//
// All faults are told at once, although some of them stand in the way of looking for others. Hence a faulty node is left
// out, and the rest is looked at without it. What only follows from its absence is not told: whatever depends on a
// setting that was left out asks Settings.known first.
type draft struct {
	tree   map[string]any
	faults faults
	left   [][]string // the nodes that are faulty and to be left out
	twice  [][]string // keys that were given twice, which are left out too, once their last value was looked at
}

// fault notes that something is wrong with a node.
func (d *draft) fault(path []string, format string, args ...any) {
	d.faults.add(pathText(path), format, args...)
	d.left = append(d.left, slices.Clone(path))
}

// Parse reads a configuration: a JSON document of what a tenant wants other than the defaults. It is strict. Unknown
// keys, keys given twice, wrong types, values out of range and combinations that cannot work are all refused, together,
// in a *ConfigError. Secrets are given in the clear (see OpenSecrets).
//
// Settings that come with a *ConfigError are those that could be read. They are good for finding more faults, by
// ValidateHosts and ValidateTemplates, and for nothing else.
func Parse(doc []byte) (Settings, error) {
	d := readDraft(doc)
	s := d.judge()
	return s, d.faults.err()
}

// ParseNew is Parse for a new tenant, and also makes its document: doc, and what a new tenant gets that does not say
// otherwise. An empty doc is an empty object.
func ParseNew(doc []byte) ([]byte, Settings, error) {
	if len(bytes.TrimSpace(doc)) == 0 {
		doc = []byte("{}")
	}
	d := readDraft(doc)
	d.addNew()
	s := d.judge()
	return d.finish(s)
}

// addNew adds what a new tenant gets that does not say otherwise. Where it cannot be added, the schema says why.
func (d *draft) addNew() {
	if d.tree == nil {
		return
	}
	if _, given := d.tree["account"]; !given {
		d.tree["account"] = map[string]any{}
	}
	account := object(d.tree, "account")
	if account == nil {
		return
	}
	if _, given := account["login_methods"]; !given {
		account["login_methods"] = []any{"email"}
	}
	if _, given := account["signup_fields"]; !given {
		account["signup_fields"] = []any{"email*", "password1*"}
	}
}

// ParsePatch is Parse for a document that a merge patch (RFC 7396) changes, and also makes that document: what the patch
// leaves out stays, null means as if never given, lists are replaced whole. Both have their secrets in the clear.
//
// A secret that the patch gives as Mask keeps its stored value, so that what Redact showed can be sent back. But a stored
// secret stays only where it is sent to the same place as before: whoever may change settings but never saw the
// password must not be able to have it sent to a server of their own. That is why a masked SMTP password needs the same
// scheme, user and host, and why an app's secret needs the same provider, client id and server.
func ParsePatch(doc, patch []byte) ([]byte, Settings, error) {
	old, err := readDocument(doc)
	if err != nil {
		return nil, unread(), err
	}
	d := readDraft(patch)
	if d.tree != nil {
		d.merge(old)
	}
	s := d.judge()
	return d.finish(s)
}

// ParseWhole is Parse for a document that takes the place of another, and also makes that document: what it leaves out is as if never
// given. Both have their secrets in the clear; a secret that is given as Mask keeps its stored value, under the conditions of ParsePatch.
// The old document is empty where there was none. An empty doc is an empty object.
func ParseWhole(old, doc []byte) ([]byte, Settings, error) {
	before := map[string]any{}
	if len(old) > 0 {
		var err error
		if before, err = readDocument(old); err != nil {
			return nil, unread(), err
		}
	}
	if len(bytes.TrimSpace(doc)) == 0 {
		doc = []byte("{}")
	}
	d := readDraft(doc)
	if d.tree != nil {
		d.keepFixed(before)
		d.keepAppSecrets(before, d.tree)
	}
	s := d.judge()
	return d.finish(s)
}

// finish is the document to save, or what is wrong with it.
func (d *draft) finish(s Settings) ([]byte, Settings, error) {
	if err := d.faults.err(); err != nil {
		return nil, s, err
	}
	doc, err := writeDocument(d.tree)
	return doc, s, err
}

// judge finds what is wrong with the document as a whole, and is the settings that could be read.
func (d *draft) judge() Settings {
	if d.tree == nil {
		return unread()
	}
	d.checkSize()
	d.checkShape()
	if len(d.faults) >= manyFaults {
		return unread() // nobody reads that far, and not all of the faulty nodes are known
	}
	for _, path := range slices.Concat(d.left, d.twice) {
		leaveOut(d.tree, path)
	}
	s, err := decodeTree(d.tree)
	if err != nil {
		d.faults.take(err)
		return unread()
	}
	for _, path := range slices.Concat(d.left, d.twice) {
		s.left = append(s.left, pathText(path))
	}
	d.faults.take(s.Validate())
	return s
}

// checkSize refuses a document that became too large by what was added to it.
func (d *draft) checkSize() {
	doc, err := encode(d.tree)
	switch {
	case err != nil:
		d.faults.add("", "cannot be written")
	case len(doc) > MaxDocument:
		d.faults.add("", "%s", tooLarge)
	}
}

// unread are settings of which nothing could be read.
func unread() Settings {
	s := Defaults()
	s.left = []string{""}
	return s
}

// leaveOut takes a node out of a document. In a list its place stays, so that the others keep theirs; what it is decoded to
// then means nothing.
func leaveOut(tree map[string]any, path []string) {
	var at any = tree
	for i, key := range path {
		last := i == len(path)-1
		switch in := at.(type) {
		case map[string]any:
			if at = in[key]; last {
				delete(in, key)
			}
		case []any:
			n, err := strconv.Atoi(key)
			if err != nil || n >= len(in) {
				return
			}
			if at = in[n]; last {
				in[n] = nil
			}
		default:
			return // it went with what it was in
		}
	}
}

// known reports whether all of these settings could be read, down to the last part.
func (s *Settings) known(paths ...string) bool {
	for _, left := range s.left {
		if slices.ContainsFunc(paths, func(p string) bool { return partOf(p, left) || partOf(left, p) }) {
			return false
		}
	}
	return true
}

// partOf reports whether a path is the same as another, or leads to a part of it.
func partOf(path, whole string) bool {
	rest, ok := strings.CutPrefix(path, whole)
	return ok && (whole == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}

var tooLarge = fmt.Sprintf("must be at most %d bytes of JSON", MaxDocument)
