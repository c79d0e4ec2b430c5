package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// The forms of --output.
const (
	asTable = "table"
	asJSON  = "json"
	asYAML  = "yaml"
)

// checkOutput refuses a form that there is not.
func checkOutput(form string) error {
	switch form {
	case asTable, asJSON, asYAML:
		return nil
	}
	return errors.New("--output must be table, json or yaml")
}

// printAs prints an answer of the API for programs: as JSON, or as YAML.
func (t *tool) printAs(form string, doc []byte) error {
	if form != asYAML {
		return t.printJSON(doc)
	}
	text, err := yamlOf(doc)
	if err != nil {
		return err
	}
	_, err = t.out.Write(text)
	return err
}

// yamlOf is a JSON document as YAML, with its members in the order that they have.
func yamlOf(doc []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	node, err := nodeOf(dec)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	text, err := yaml.Marshal(node)
	if err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return text, nil
}

// nodeOf reads the next JSON value.
func nodeOf(dec *json.Decoder) (*yaml.Node, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case json.Delim:
		return listOf(dec, v)
	case string:
		n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v}
		if strings.Contains(v, "\n") {
			n.Style = yaml.LiteralStyle
		}
		return n, nil
	case json.Number:
		tag := "!!int"
		if strings.ContainsAny(v.String(), ".eE") {
			tag = "!!float"
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: v.String()}, nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v)}, nil
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}, nil
	}
}

// listOf reads what is left of a JSON object or array: the names and values of the one, or the values of the other.
func listOf(dec *json.Decoder, opened json.Delim) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if opened == '{' {
		n = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	}
	for dec.More() {
		value, err := nodeOf(dec)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, value)
	}
	if len(n.Content) == 0 {
		n.Style = yaml.FlowStyle // [] and {}
	}
	_, err := dec.Token()
	return n, err
}
