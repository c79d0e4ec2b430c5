package main

import (
	_ "embed" // intro.txt
	"encoding/json"
	"fmt"
	"strings"
)

// manualOf is the chart's README.md.
func manualOf(top *value) []byte {
	var b strings.Builder
	b.WriteString(intro)
	heading := ""
	for _, v := range top.children {
		if v.heading != heading {
			heading = v.heading
			fmt.Fprintf(&b, "\n### %s\n\n| value | default | meaning |\n|---|---|---|\n", heading)
		}
		rows(&b, v)
	}
	return []byte(b.String())
}

func rows(b *strings.Builder, v *value) {
	fallback := ""
	if len(v.children) == 0 {
		if text, err := json.Marshal(v.fallback); err == nil { // it came from YAML, and has no other types
			fallback = "`" + string(text) + "`"
		}
	}
	if fallback != "" || v.text != "" {
		fmt.Fprintf(b, "| %s | %s | %s |\n", v.path, fallback, cell(v.text))
	}
	for _, c := range v.children {
		rows(b, c)
	}
}

func cell(s string) string { return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(s) }

// intro is what stands above the values.
//
//go:embed intro.txt
var intro string
