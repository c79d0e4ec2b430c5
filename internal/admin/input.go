package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vestibule-auth/vestibule/internal/hostname"
	"github.com/vestibule-auth/vestibule/tenants"
)

// The bounds of a tenant. Those of its configuration are tenants.MaxDocument and what the schema says.
const (
	MaxName  = 200 // characters
	MaxHosts = 50
	MaxNote  = 500 // characters
)

// CreateInput is a new tenant.
type CreateInput struct {
	Slug   string
	Name   string
	Hosts  []string        // the public one first
	Config json.RawMessage // what the tenant wants other than the defaults or than the template; empty: nothing
	Note   string          // why

	Template        string // the slug of a tenant that the new one is to be like; "": none
	TemplateSecrets bool   // its secrets too

	faults faults // what ReadCreateInput found
}

// The members of the documents that operators send, with those that could be meant to be there.
var (
	createMembers = []string{"slug", "name", "hosts", "config", "note", "template", "template_secrets"}
	patchMembers  = []string{"name", "hosts", "state", "config", "note"}
	wholeMembers  = []string{"slug", "name", "hosts", "state", "config", "version", "note"}
	fixedMembers  = []string{"id", "slug", "public_url", "version", "created_at", "updated_at", "error"}
)

// ReadCreateInput reads a new tenant from a JSON object with slug, name, hosts, config, note, template and template_secrets. What does not fit is kept, and
// reported by CreateTenant together with what is wrong with the rest.
func ReadCreateInput(doc json.RawMessage) CreateInput {
	var in CreateInput
	given := in.faults.members(doc, createMembers)
	if raw, ok := given["slug"]; ok {
		in.Slug = in.faults.text("slug", raw)
	}
	if raw, ok := given["name"]; ok {
		in.Name = in.faults.text("name", raw)
	}
	if raw, ok := given["hosts"]; ok {
		in.Hosts = in.faults.texts("hosts", raw)
	}
	in.Config, in.Note = given["config"], in.faults.noteIn(given)
	if raw, ok := given["template"]; ok {
		in.Template = in.faults.text("template", raw)
	}
	if raw, ok := given["template_secrets"]; ok {
		in.TemplateSecrets = in.faults.truth("template_secrets", raw)
	}
	if in.TemplateSecrets && in.Template == "" {
		in.faults.add("template_secrets", "is for a template, and none is named")
	}
	return in
}

// patch is a change to a tenant. Of the members only those that were given count.
type patch struct {
	name   *string
	hosts  *[]string
	state  *tenants.State
	config json.RawMessage // itself a merge patch; nil: not given
	note   string
}

func (f *faults) patch(doc json.RawMessage) patch {
	var p patch
	given := f.members(doc, patchMembers)
	for _, name := range patchMembers {
		if string(given[name]) == "null" { // in a merge patch null takes a member away (RFC 7396)
			f.add(name, "cannot be removed")
			delete(given, name)
		}
	}
	if raw, ok := given["name"]; ok {
		name := f.text("name", raw)
		p.name = &name
	}
	if raw, ok := given["hosts"]; ok {
		hosts := f.texts("hosts", raw)
		p.hosts = &hosts
	}
	p.state = f.state(given)
	p.config, p.note = given["config"], f.noteIn(given)
	return p
}

// state is the state that is asked for, or nil.
func (f *faults) state(given map[string]json.RawMessage) *tenants.State {
	raw, ok := given["state"]
	if !ok {
		return nil
	}
	var state tenants.State
	if json.Unmarshal(raw, &state) != nil || (state != tenants.Active && state != tenants.Suspended) {
		f.add("state", `must be "active" or "suspended"`)
	}
	return &state
}

// noteIn is the note among the members, or "".
func (f *faults) noteIn(given map[string]json.RawMessage) string {
	raw, ok := given["note"]
	if !ok {
		return ""
	}
	note := f.text("note", raw)
	f.note(note)
	return note
}

func (f *faults) note(note string) {
	odd := func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' }
	if !f.has("note") && (!utf8.ValidString(note) || utf8.RuneCountInString(note) > MaxNote || strings.ContainsFunc(note, odd)) {
		f.add("note", "must be at most %d printable characters", MaxNote)
	}
}

// whole is a tenant as it is to be, whatever it was.
type whole struct {
	slug    string // "" where it is not said
	name    string
	hosts   []string
	state   *tenants.State  // nil: as it is, and active for a new one
	config  json.RawMessage // what is not in it is at its default
	version *int64          // the one that this is to take the place of
	note    string
}

func (f *faults) whole(doc json.RawMessage) whole {
	var w whole
	given := f.members(doc, wholeMembers)
	if raw, ok := given["slug"]; ok {
		w.slug = f.text("slug", raw)
	}
	if raw, ok := given["name"]; ok {
		w.name = f.text("name", raw)
	}
	if raw, ok := given["hosts"]; ok {
		w.hosts = f.texts("hosts", raw)
	}
	if raw, ok := given["version"]; ok {
		w.version = f.version("version", raw)
	}
	w.state, w.config, w.note = f.state(given), given["config"], f.noteIn(given)
	return w
}

// version is the number of a version.
func (f *faults) version(path string, raw json.RawMessage) *int64 {
	var n int64
	if json.Unmarshal(raw, &n) != nil || n < 1 {
		f.add(path, "must be the number of a version")
		return nil
	}
	return &n
}

// members are those of a JSON object. Unlike encoding/json it takes names as they are spelt, and none twice.
func (f *faults) members(doc json.RawMessage, known []string) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	if !utf8.Valid(doc) {
		f.add("", "must be UTF-8")
		return out
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		f.add("", "must be a JSON object")
		return out
	}
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		var value json.RawMessage
		if err != nil || !ok || dec.Decode(&value) != nil {
			f.add("", "is not valid JSON")
			return map[string]json.RawMessage{}
		}
		_, twice := out[name]
		switch {
		case twice:
			f.add(memberPath(name), "is given twice")
		case slices.Contains(known, name):
			out[name] = value
		case slices.Contains(fixedMembers, name):
			f.add(name, "cannot be set")
		default:
			f.add(memberPath(name), "unknown member; the members are %s", strings.Join(known, ", "))
		}
	}
	_, err := dec.Token()
	if _, more := dec.Token(); err != nil || !errors.Is(more, io.EOF) {
		f.add("", "is not valid JSON")
	}
	return out
}

// memberPath is the path of a member whose name is anybody's.
func memberPath(name string) string {
	odd := func(r rune) bool {
		return r != '_' && r != '-' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	}
	if name != "" && len(name) <= 64 && !strings.ContainsFunc(name, odd) {
		return name
	}
	return fmt.Sprintf("[%q]", name[:min(len(name), 64)])
}

func (f *faults) text(path string, raw json.RawMessage) string {
	var v any
	if err := json.Unmarshal(raw, &v); err == nil {
		if s, ok := v.(string); ok {
			return s
		}
	}
	f.add(path, "must be text")
	return ""
}

func (f *faults) texts(path string, raw json.RawMessage) []string {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil || list == nil {
		f.add(path, "must be a list")
		return nil
	}
	if len(list) > MaxHosts { // there is no use in a fault for each of a million
		f.add(path, "must list at most %d", MaxHosts)
		return nil
	}
	out := make([]string, len(list))
	for i, one := range list {
		out[i] = f.text(fmt.Sprintf("%s[%d]", path, i), one)
	}
	return out
}

func (f *faults) name(name string) {
	switch {
	case f.has("name"):
	case !utf8.ValidString(name) || utf8.RuneCountInString(name) > MaxName || strings.TrimSpace(name) == "" ||
		strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		f.add("name", "must be 1 to %d printable characters", MaxName)
	case strings.TrimSpace(name) != name:
		f.add("name", "must not begin or end with a space")
	}
}

func (f *faults) slug(slug string) {
	if !f.has("slug") && !tenants.ValidSlug(slug) {
		f.add("slug", "must be 1 to 63 lower-case letters, digits and dashes, with no dash at either end")
	}
}

// has reports whether something is wrong with a member already, so that one mistake is not told in two ways.
func (f *faults) has(path string) bool {
	return slices.ContainsFunc(*f, func(fault Fault) bool { return fault.Path == path })
}

// hosts are normal hosts, as far as those that were given are hosts. What is not stays as it is, for ValidateHosts to name.
// Shared hosts are no tenant's to claim.
func (f *faults) hosts(given, shared []string) []string {
	if len(given) > MaxHosts {
		f.add("hosts", "must list at most %d", MaxHosts)
		return nil
	}
	out := make([]string, len(given))
	for i, h := range given {
		out[i] = h
		if normal, ok := hostname.Bare(h); ok {
			out[i] = normal
		}
		if slices.Contains(shared, out[i]) {
			f.add(fmt.Sprintf("hosts[%d]", i), "is shared by all tenants, as VESTIBULE_SHARED_HOSTS says: leave it out")
		}
	}
	return out
}

// fit reports which of the hosts are none, and what in the settings does not fit them, unless it is the hosts that are not
// as they should be.
func (f *faults) fit(settings *tenants.Settings, hosts []string) error {
	var bad *tenants.ConfigError
	err := settings.ValidateHosts(hosts)
	if err == nil || !errors.As(err, &bad) {
		return err
	}
	unsure := f.has("hosts") || f.has("hosts[0]") && settings.PublicURL == ""
	for _, fault := range bad.Faults {
		switch {
		case strings.HasPrefix(fault.Path, "hosts"):
			if !f.has(fault.Path) {
				f.add(fault.Path, "%s", fault.Message)
			}
		case !unsure:
			f.add("config."+fault.Path, "%s", fault.Message)
		}
	}
	return nil
}
