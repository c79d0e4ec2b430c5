// Package apidoc shapes OpenAPI documents (3.1) for whoever reads them, and shows them as pages.
//
// A Document is read once, and copied for each shape. What is left out of a shape takes along whatever nothing refers to any more. The
// order and the comments of the text stay as they were written.
package apidoc

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Document is an OpenAPI document. It is not safe for concurrent use; copies are independent.
type Document struct{ root *yaml.Node }

// methods are those that a path may have operations for, in the order in which they are shown.
var methods = []string{"get", "post", "put", "patch", "delete"}

// Parse reads a document, in YAML or JSON.
func Parse(text []byte) (*Document, error) {
	var d yaml.Node
	if err := yaml.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	if d.Kind != yaml.DocumentNode || len(d.Content) != 1 || d.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("read the OpenAPI document: it is no object")
	}
	return &Document{d.Content[0]}, nil
}

// Copy is a document that can be changed without changing this one.
func (d *Document) Copy() *Document { return &Document{copyOf(d.root)} }

func copyOf(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, child := range n.Content {
		c.Content[i] = copyOf(child)
	}
	return &c
}

// member is the value that a mapping has under a name, or nil.
func member(n *yaml.Node, name string) *yaml.Node {
	if n == nil {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

// At is the value at a place, by the names that lead there, or nil. What is done to it is done to the document.
func (d *Document) At(names ...string) *yaml.Node {
	n := d.root
	for _, name := range names {
		n = member(n, name)
	}
	return n
}

// Set puts a value at a place that there is.
func (d *Document) Set(value any, names ...string) error {
	at := d.At(names...)
	if at == nil {
		return fmt.Errorf("the document has no %s", strings.Join(names, "."))
	}
	return at.Encode(value)
}

// Put puts a value under a name into the object at a place that there is, whether or not that has such a member.
func (d *Document) Put(name string, value any, names ...string) error {
	at := d.At(names...)
	if at == nil {
		return fmt.Errorf("the document has no %s", strings.Join(names, "."))
	}
	if member(at, name) != nil {
		return d.Set(value, append(slices.Clone(names), name)...)
	}
	var n yaml.Node
	if err := n.Encode(value); err != nil {
		return fmt.Errorf("put %s into the document: %w", name, err)
	}
	at.Content = append(at.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}, &n)
	return nil
}

// Keep leaves out the operations that it is told to, paths that are left without any, and what is then referred to by nothing.
func (d *Document) Keep(keeps func(method, path string) bool) {
	paths := d.At("paths")
	keepMembers(paths, func(path string, item *yaml.Node) bool {
		some := false
		keepMembers(item, func(name string, _ *yaml.Node) bool {
			if !slices.Contains(methods, name) {
				return true
			}
			kept := keeps(strings.ToUpper(name), path)
			some = some || kept
			return kept
		})
		return some
	})
	d.prune()
}

// KeepOf leaves out the members of an object that it is told to.
func (d *Document) KeepOf(keeps func(name string) bool, names ...string) {
	keepMembers(d.At(names...), func(name string, _ *yaml.Node) bool { return keeps(name) })
}

func keepMembers(n *yaml.Node, keeps func(name string, value *yaml.Node) bool) {
	if n == nil {
		return
	}
	kept := n.Content[:0]
	for i := 0; i+1 < len(n.Content); i += 2 {
		if keeps(n.Content[i].Value, n.Content[i+1]) {
			kept = append(kept, n.Content[i], n.Content[i+1])
		}
	}
	n.Content = kept
}

// prune leaves out the components that nothing refers to, those that only such referred to, and so on.
func (d *Document) prune() {
	components := d.At("components")
	for gone := true; gone; {
		gone = false
		referred := map[string]bool{}
		references(d.root, referred)
		keepMembers(components, func(kind string, all *yaml.Node) bool {
			if kind == "securitySchemes" { // which are referred to by name
				return true
			}
			keepMembers(all, func(name string, _ *yaml.Node) bool {
				kept := referred["#/components/"+kind+"/"+name]
				gone = gone || !kept
				return kept
			})
			return len(all.Content) > 0
		})
	}
}

// references collects what is referred to.
func references(n *yaml.Node, into map[string]bool) {
	if n.Kind == yaml.MappingNode {
		if ref := member(n, "$ref"); ref != nil {
			into[ref.Value] = true
		}
	}
	for _, child := range n.Content {
		references(child, into)
	}
}

// YAML is the document as text.
func (d *Document) YAML() ([]byte, error) {
	b, err := yaml.Marshal(d.root)
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return b, nil
}

// JSON is the document as JSON, whose members are in the order of their names.
func (d *Document) JSON() ([]byte, error) {
	var all map[string]any
	if err := d.root.Decode(&all); err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	b, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return b, nil
}
