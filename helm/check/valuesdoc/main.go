// Command valuesdoc makes what follows from the chart's values.yaml: values.schema.json, which refuses unknown keys and wrong types,
// and README.md, which lists every value. The settings of the server in values.yaml it makes itself, of docs/configuration.md, so that each
// of them can be given and no other.
//
// It knows a comment above a key as the description, a comment "@schema {…}" as what the default does not say, and "##" as a heading.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

//go:generate go run .

// The files, from the root of the repository.
const (
	settingsFile = "docs/configuration.md"
	valuesFile   = "helm/vestibule/values.yaml"
	schemaFile   = "helm/vestibule/values.schema.json"
	manualFile   = "helm/vestibule/README.md"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "valuesdoc:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := repository()
	if err != nil {
		return err
	}
	files, err := generate(root)
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(root, name), content, 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// repository is the folder above this one that has the chart.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, valuesFile)); err == nil {
			return dir, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("find the repository: %w", err)
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("there is no chart in the folders above this one")
		}
		dir = filepath.Dir(dir)
	}
}

// generate is the content of the generated files by their name.
func generate(root string) (map[string][]byte, error) {
	manual, err := os.ReadFile(filepath.Join(root, settingsFile))
	if err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	settings, err := readSettings(string(manual))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", settingsFile, err)
	}
	text, err := os.ReadFile(filepath.Join(root, valuesFile))
	if err != nil {
		return nil, fmt.Errorf("read the values: %w", err)
	}
	values, err := withSettings(string(text), settings)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", valuesFile, err)
	}
	tree, err := readValues(values)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", valuesFile, err)
	}
	schema, err := schemaOf(tree)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", schemaFile, err)
	}
	return map[string][]byte{valuesFile: []byte(values), schemaFile: schema, manualFile: manualOf(tree)}, nil
}
