package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGeneratedFilesAreFresh(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: run go generate ./tenants", name)
		}
	}
}

func TestEveryKeyIsExplained(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(files[schemaFile], &tree); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, node map[string]any)
	walk = func(path string, node map[string]any) {
		properties, _ := node["properties"].(map[string]any)
		for name, p := range properties {
			p, _ := p.(map[string]any)
			at := strings.TrimPrefix(path+"."+name, ".")
			words, _ := p["description"].(string)
			if words == "" && !strings.Contains(path, "rate_limits") {
				t.Errorf("%s has no description", at)
			}
			walk(at, deepest(p))
		}
		if len(properties) > 0 && node["additionalProperties"] != false {
			t.Errorf("%s takes unknown keys", path)
		}
	}
	walk("", tree)
	if manual := string(files[manualFile]); !strings.Contains(manual, "| totp_period | seconds, 1 to 3600 | `30` |") {
		t.Error("the manual has no row for mfa.totp_period")
	}
}
