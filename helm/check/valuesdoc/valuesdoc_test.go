package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func made(t *testing.T) (root string, files map[string][]byte) {
	t.Helper()
	root, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	files, err = generate(root)
	if err != nil {
		t.Fatal(err)
	}
	return root, files
}

func TestGeneratedFilesAreFresh(t *testing.T) {
	root, files := made(t)
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: run make generate", name)
		}
	}
}

func TestEveryValueIsExplained(t *testing.T) {
	_, files := made(t)
	tree, err := readValues(string(files[valuesFile]))
	if err != nil {
		t.Fatal(err)
	}
	values := 0
	var walk func(v *value)
	walk = func(v *value) {
		for _, c := range v.children {
			values++
			if len(c.children) == 0 && c.text == "" {
				t.Errorf("%s has no description", c.path)
			}
			if !strings.Contains(string(files[manualFile]), "| "+c.path+" |") && (c.text != "" || len(c.children) == 0) {
				t.Errorf("%s is not in the manual", c.path)
			}
			walk(c)
		}
	}
	walk(tree)
	if values < 150 {
		t.Errorf("only %d values were found", values)
	}
}

func TestSchemaRefusesUnknownKeys(t *testing.T) {
	_, files := made(t)
	var root map[string]any
	if err := json.Unmarshal(files[schemaFile], &root); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, node map[string]any)
	walk = func(path string, node map[string]any) {
		properties, _ := node["properties"].(map[string]any)
		if len(properties) > 0 && node["additionalProperties"] != false {
			t.Errorf("%s takes unknown keys", path)
		}
		for key, below := range properties {
			if below, ok := below.(map[string]any); ok {
				walk(path+"."+key, below)
			}
		}
		if items, ok := node["items"].(map[string]any); ok {
			// Pieces of Kubernetes that are handed on as they are have a required key or none, and are checked there.
			walk(path+"[]", items)
		}
	}
	walk("values", root)
	definitions, _ := root["definitions"].(map[string]any)
	for name, d := range definitions {
		if d, ok := d.(map[string]any); ok {
			walk(name, d)
		}
	}
}

func TestEverySettingHasAValue(t *testing.T) {
	root, files := made(t)
	page, err := os.ReadFile(filepath.Join(root, settingsFile))
	if err != nil {
		t.Fatal(err)
	}
	settings, err := readSettings(string(page))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := readValues(string(files[valuesFile]))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	var walk func(v *value)
	walk = func(v *value) {
		known[v.path] = true
		for _, c := range v.children {
			walk(c)
		}
	}
	walk(tree)
	for _, s := range settings {
		switch {
		case given[s.name]:
			if known["config."+s.key()] {
				t.Errorf("%s is the chart's to give, and a value as well", s.name)
			}
		case s.secret:
			if !known["secrets.keys."+s.key()] || !known["secrets.values."+s.key()] || known["config."+s.key()] {
				t.Errorf("%s is not among the secrets, or not only there", s.name)
			}
		case !known["config."+s.key()]:
			t.Errorf("config.%s is not a value", s.key())
		}
	}
}
