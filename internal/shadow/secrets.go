package shadow

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// hidden is shown in the place of a secret.
const hidden = "•••"

var (
	jwt  = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`)
	uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$`)
)

// sensitive reports whether the value of a member, in a request or an answer, is a secret. Codes are not, here: errors have them too.
func sensitive(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "challenge", "key", "unused_codes", "totp_url", "totp_svg", "csrfmiddlewaretoken":
		return true
	}
	return strings.Contains(name, "password") || strings.HasSuffix(name, "token") || strings.HasSuffix(name, "secret")
}

// least is how long a secret is that is looked for elsewhere: what is shorter would be found everywhere.
const least = 4

// most bounds how many secrets of a conversation are remembered on a side.
const most = 4096

// secrets are what a conversation must not show on one side, wherever it turns up.
type secrets struct{ all []string }

// add remembers secrets; where there are too many, the latest.
func (s *secrets) add(values ...string) {
	for _, v := range values {
		if len(v) < least || slices.Contains(s.all, v) {
			continue
		}
		s.all = append(s.all, v)
		if len(s.all) > most {
			s.all = s.all[1:]
		}
	}
}

// masked is a text without the secrets of any of these, the longest first: one may be part of another.
func masked(text string, of ...*secrets) string {
	text = jwt.ReplaceAllLiteralString(text, hidden)
	var found []string
	for _, s := range of {
		for _, secret := range s.all {
			if strings.Contains(text, secret) {
				found = append(found, secret)
			}
		}
	}
	slices.SortFunc(found, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range found {
		text = strings.ReplaceAll(text, secret, hidden)
	}
	return text
}

// gather remembers the secrets of a JSON document: in what was sent, codes among them.
func (s *secrets) gather(doc any, name string, sent bool) {
	switch v := doc.(type) {
	case map[string]any:
		for member, below := range v {
			s.gather(below, member, sent)
		}
	case []any:
		for _, below := range v {
			s.gather(below, name, sent)
		}
	case string:
		if sensitive(name) || sent && name == "code" {
			s.add(v)
		}
	case json.Number:
		if sensitive(name) || sent && name == "code" {
			s.add(v.String())
		}
	}
}

// mask hides what is secret in a value, a member of that name, that is to be shown.
func mask(doc any, name string, of ...*secrets) any {
	switch v := doc.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for member, below := range v {
			out[masked(member, of...)] = mask(below, member, of...)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, below := range v {
			out[i] = mask(below, name, of...)
		}
		return out
	case string:
		if sensitive(name) && v != "" {
			return hidden
		}
		return masked(v, of...)
	case json.Number:
		if sensitive(name) || masked(v.String(), of...) != v.String() {
			return hidden
		}
	}
	return doc
}
