package main

import (
	"errors"

	"github.com/vestibule-auth/vestibule/internal/yamldoc"
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

// checkLines refuses a form that an export cannot have which is JSON, one object a line, as long as it may be.
func checkLines(form string) error {
	if form == asYAML {
		return errors.New("the export is JSON, one object a line, and never yaml")
	}
	return nil
}

// printAs prints an answer of the API for programs: as JSON, or as YAML.
func (t *tool) printAs(form string, doc []byte) error {
	if form != asYAML {
		return t.printJSON(doc)
	}
	text, err := yamldoc.Write(doc)
	if err != nil {
		return err
	}
	_, err = t.out.Write(text)
	return err
}
