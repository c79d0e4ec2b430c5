package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// setting is one setting of the server, as docs/configuration.md tells of it.
type setting struct {
	name     string // without VESTIBULE_
	takes    string
	fallback string
	required bool
	secret   bool
	text     string
}

// given are the settings that the chart gives itself, since services, probes and policies follow from them.
var given = map[string]bool{"LISTEN": true, "ADMIN_LISTEN": true}

// key is the setting's name among the values: TRUSTED_PROXY_COUNT is trustedProxyCount.
func (s setting) key() string {
	words := strings.Split(strings.ToLower(s.name), "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}

var (
	settingHead = regexp.MustCompile("(?m)^### VESTIBULE_([A-Z_]+)\n\nFlag `--[a-z-]+ ([A-Z]+)`(?:, default `([^`]*)`)?([^.]*)\\.")
	nextHead    = regexp.MustCompile(`(?m)^##`)
)

// readSettings reads the page that lists the settings.
func readSettings(page string) ([]setting, error) {
	var all []setting
	for _, at := range settingHead.FindAllStringSubmatchIndex(page, -1) {
		group := func(n int) string {
			if at[2*n] < 0 {
				return ""
			}
			return page[at[2*n]:at[2*n+1]]
		}
		rest := page[at[1]:]
		if end := nextHead.FindStringIndex(rest); end != nil {
			rest = rest[:end[0]]
		}
		_, text, ok := strings.Cut(rest, "\n\n") // what is left of the flag's line speaks of --dev
		if !ok {
			return nil, fmt.Errorf("VESTIBULE_%s has no text", group(1))
		}
		all = append(all, setting{
			name: group(1), takes: group(2), fallback: group(3), required: strings.Contains(group(4), "required"),
			secret: strings.Contains(group(4), "secret"), text: strings.TrimSpace(text),
		})
	}
	if heads := strings.Count(page, "\n### VESTIBULE_"); heads != len(all) || heads == 0 {
		return nil, fmt.Errorf("of %d settings, %d could be read", heads, len(all))
	}
	return all, nil
}

// schema is what the setting may be.
func (s setting) schema() string {
	switch s.takes {
	case "NUMBER":
		return `{type: [integer, "null"], minimum: 0}`
	case "BOOL":
		return `{type: [boolean, "null"]}`
	case "DURATION":
		return `{type: [string, "null"], pattern: "^([0-9]+m)?([0-9]+s)?$", minLength: 2}`
	}
	return `{type: [string, "null"]}`
}

// withSettings is values.yaml with the parts between BEGIN and END made anew.
func withSettings(values string, settings []setting) (string, error) {
	var config, keys, secrets strings.Builder
	for _, s := range settings {
		switch {
		case given[s.name]:
		case !s.secret:
			text := s.text
			if s.fallback != "" {
				text = fmt.Sprintf("(`%s`) %s", s.fallback, text)
			}
			comment(&config, "  ", text)
			fmt.Fprintf(&config, "  # @schema %s\n  %s: null\n", s.schema(), s.key())
		default:
			key := `""`
			if s.required {
				key = strings.ToLower(strings.ReplaceAll(s.name, "_", "-"))
			}
			fmt.Fprintf(&keys, "    # The key that holds VESTIBULE_%s.\n    # @schema {$ref: \"#/definitions/secretKey\"}\n    %s: %s\n", s.name, s.key(), key)
			comment(&secrets, "    ", s.text)
			fmt.Fprintf(&secrets, "    %s: \"\"\n", s.key())
		}
	}
	var err error
	for name, made := range map[string]string{"settings": config.String(), "keys": keys.String(), "values": secrets.String()} {
		if values, err = between(values, name, made); err != nil {
			return "", err
		}
	}
	return values, nil
}

// between replaces what stands between "# BEGIN name" and "# END name".
func between(text, name, made string) (string, error) {
	before, rest, begins := strings.Cut(text, "# BEGIN "+name+"\n")
	_, after, ends := strings.Cut(rest, "# END "+name+"\n")
	if !begins || !ends {
		return "", errors.New("there is no part between BEGIN and END " + name)
	}
	indent := before[strings.LastIndexByte(before, '\n')+1:]
	return before + "# BEGIN " + name + "\n" + made + indent + "# END " + name + "\n" + after, nil
}

// comment writes text as a comment, in lines that are not too long.
func comment(b *strings.Builder, indent, text string) {
	const columns = 130
	line := indent + "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > columns {
			b.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
