// Settingsdoc writes what the Settings of package tenants say about themselves: tenants/schema.json, the JSON Schema that
// configurations are held against, and docs/settings.md, the manual.
//
// Keys, types and bounds come from the structs and their tags, defaults from tenants.Defaults, and the words from the
// comments. It is run by go generate in tenants, and a test here fails when the two files are stale.
//
// Tags: json names the key, jsonschema has bounds in the syntax of invopop/jsonschema, jsonschema_extras marks what may
// be null, and default is what to say of a default that follows another setting.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/vestibule-auth/vestibule/tenants"
)

const (
	module     = "github.com/vestibule-auth/vestibule"
	schemaFile = "tenants/schema.json"
	manualFile = "docs/settings.md"
)

func main() {
	root, err := moduleRoot()
	if err == nil {
		err = write(root)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "settingsdoc:", err)
		os.Exit(1)
	}
}

// moduleRoot is the directory of go.mod, at or above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", fmt.Errorf("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}

func write(root string) error {
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

// generate is the content of the generated files by their name.
func generate(root string) (map[string][]byte, error) {
	r := jsonschema.Reflector{
		Anonymous: true, DoNotReference: true, ExpandedStruct: true, RequiredFromJSONSchemaTags: true, Mapper: special,
		CommentMap: map[string]string{},
	}
	// AddGoComments joins the path that it is given to the import path, so that it has to run at the root.
	here, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	if err := os.Chdir(root); err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	err = r.AddGoComments(module, "./tenants", jsonschema.WithFullComment())
	if back := os.Chdir(here); err == nil {
		err = back
	}
	if err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	schema := r.Reflect(tenants.Settings{})
	tree, err := toTree(schema)
	if err != nil {
		return nil, err
	}
	defaults, err := toTree(tenants.Defaults())
	if err != nil {
		return nil, err
	}
	finish(tree, reflect.TypeFor[tenants.Settings](), defaults, r.CommentMap)
	tree["title"] = "Configuration of a tenant"
	tree["description"] = "What a tenant wants other than the defaults."
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(tree); err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	return map[string][]byte{schemaFile: out.Bytes(), manualFile: manual(tree)}, nil
}

func toTree(v any) (map[string]any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	var tree map[string]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	return tree, nil
}

// special is the schema of types that write themselves in a way of their own. x-also lists further JSON types, and
// x-expects are the words for what a value has to be; the server's own messages use them.
func special(t reflect.Type) *jsonschema.Schema {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	words := func(s *jsonschema.Schema, expects string, also ...string) *jsonschema.Schema {
		s.Extras = map[string]any{"x-expects": expects}
		if len(also) > 0 {
			s.Extras["x-also"] = also
		}
		return s
	}
	text := &jsonschema.Schema{Type: "string"}
	switch t {
	case reflect.TypeFor[tenants.Seconds]():
		return words(&jsonschema.Schema{Type: "integer"}, "a whole number of seconds")
	case reflect.TypeFor[tenants.Times]():
		return words(&jsonschema.Schema{Type: "integer", Minimum: "0", Maximum: "100"},
			"false, true (2 times) or a number of times", "boolean")
	case reflect.TypeFor[tenants.Bound]():
		return &jsonschema.Schema{Type: "integer"}
	case reflect.TypeFor[tenants.Enumeration]():
		return &jsonschema.Schema{Enum: []any{true, false, "strict"}}
	case reflect.TypeFor[tenants.UsernameField]():
		return words(text, `"username" or ""`)
	case reflect.TypeFor[tenants.OneOrList]():
		return words(&jsonschema.Schema{Type: "array", Items: text}, "true, false or a list", "boolean")
	case reflect.TypeFor[tenants.OneOrSome]():
		return words(&jsonschema.Schema{Type: "array", Items: text}, "a text or a list of them", "string")
	case reflect.TypeFor[tenants.Secret]():
		return &jsonschema.Schema{Type: "string", Format: "secret", WriteOnly: true}
	case reflect.TypeFor[tenants.SecretURL]():
		return &jsonschema.Schema{Type: "string", Format: "smtp-url", WriteOnly: true}
	case reflect.TypeFor[tenants.SignupFields]():
		var fields []any
		for _, f := range []string{"username", "email", "email2", "phone", "password1", "password2"} {
			fields = append(fields, f, f+"*")
		}
		return &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{Type: "string", Enum: fields}}
	case reflect.TypeFor[tenants.RateLimits]():
		return words(&jsonschema.Schema{Type: "object"}, "false or an object of rates by action", "boolean")
	}
	return nil
}

// finish completes the schema of a struct: types that also take other JSON types, defaults, the actions of rates, and the
// words for sections, which are the comments of their types.
func finish(node map[string]any, t reflect.Type, defaults map[string]any, comments map[string]string) {
	properties, _ := node["properties"].(map[string]any)
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		p, ok := properties[name].(map[string]any)
		if !ok {
			continue
		}
		value, hasDefault := defaults[name]
		if field.Type == reflect.TypeFor[tenants.RateLimits]() {
			rates(p, value)
			hasDefault = false
		}
		widen(p)
		if values, ok := p["additionalProperties"].(map[string]any); ok {
			widen(values)
		}
		if words, ok := p["description"].(string); ok {
			p["description"] = strings.ReplaceAll(words, "\n", " ")
		} else if inner := structOf(field.Type); inner != nil {
			p["description"] = sentence(comments[inner.PkgPath()+"."+inner.Name()])
		}
		said, follows := field.Tag.Lookup("default")
		switch inner := structOf(field.Type); {
		case inner != nil:
			below, _ := value.(map[string]any)
			finish(deepest(p), inner, below, comments)
			if follows {
				p["x-default"] = said
			} else if inner == reflect.TypeFor[tenants.CodeFormat]() {
				p["default"] = value
			}
		case follows:
			p["x-default"] = said
		case hasDefault:
			p["default"] = value
		}
	}
}

// structOf is the struct of ours that a field holds, directly or as the elements of a list or map.
func structOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct && special(t) == nil {
		return t
	}
	return nil
}

// deepest is the schema of the elements, where a schema is of a list or map.
func deepest(node map[string]any) map[string]any {
	for _, key := range []string{"items", "additionalProperties"} {
		if inner, ok := node[key].(map[string]any); ok {
			return deepest(inner)
		}
	}
	return node
}

// widen lets a value be of the types in x-also too, and null where it is marked nullable.
func widen(p map[string]any) {
	types := []any{}
	if t, ok := p["type"]; ok {
		types = append(types, t)
	}
	also, _ := p["x-also"].([]any)
	types = append(types, also...)
	if p["nullable"] == true {
		types = append(types, "null")
		if enum, ok := p["enum"].([]any); ok {
			p["enum"] = append(enum, nil)
		}
	}
	delete(p, "x-also")
	delete(p, "nullable")
	if len(types) > 1 {
		p["type"] = types
	}
}

// rates spells out the actions of a map of rates.
func rates(p map[string]any, defaults any) {
	byAction, _ := defaults.(map[string]any)
	actions := map[string]any{}
	for action, text := range byAction {
		actions[action] = map[string]any{"type": []any{"string", "null"}, "format": "rates", "default": text}
	}
	p["properties"] = actions
	p["additionalProperties"] = false
	p["not"] = map[string]any{"const": true}
}

// manual is docs/settings.md.
func manual(tree map[string]any) []byte {
	var b bytes.Buffer
	b.WriteString(`# Settings of a tenant

<!-- Written by internal/tools/settingsdoc from the comments of tenants/settings.go: change those, then run go generate. -->

A tenant's configuration is one JSON document of sections. It holds what the tenant wants other than the defaults below,
and is changed while the server runs. Where a setting exists in django-allauth it keeps that setting's name, meaning and
default: ` + "`ACCOUNT_LOGIN_METHODS`" + ` is ` + "`account.login_methods`" + `.

Durations are whole seconds, unless a name says days. Unknown keys, wrong types and combinations that cannot work are
refused, each with its path. A change is sent as a merge patch (RFC 7396): what it leaves out stays, and null means "as
if never given". What is shown can be sent back as it is and changes nothing; secrets are shown as ` + "`" + tenants.Mask + "`" + `, and
stay as they are where they are sent back like that.

The same as a JSON Schema: [tenants/schema.json](../tenants/schema.json).
`)
	properties, _ := tree["properties"].(map[string]any)
	plain := map[string]any{}
	sections := []string{}
	t := reflect.TypeFor[tenants.Settings]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if structOf(t.Field(i).Type) != nil {
			sections = append(sections, name)
		} else {
			plain[name] = properties[name]
		}
	}
	b.WriteString("\n## Outside the sections\n\n")
	table(&b, reflect.TypeFor[tenants.Settings](), plain)
	for _, name := range sections {
		node, _ := properties[name].(map[string]any)
		field, _ := fieldOf(t, name)
		section(&b, "## "+name, node, field.Type)
	}
	return b.Bytes()
}

func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name == key {
			return t.Field(i), true
		}
	}
	return reflect.StructField{}, false
}

// section writes one section, and below it the objects that its keys hold.
func section(b *bytes.Buffer, heading string, node map[string]any, t reflect.Type) {
	fmt.Fprintf(b, "\n%s\n\n", heading)
	if words, ok := node["description"].(string); ok {
		fmt.Fprintf(b, "%s\n\n", cell(words))
	}
	node, t = deepest(node), structOf(t)
	properties, _ := node["properties"].(map[string]any)
	table(b, t, properties)
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		p, _ := properties[name].(map[string]any)
		if actions, ok := p["properties"].(map[string]any); ok && structOf(t.Field(i).Type) == nil {
			rateTable(b, strings.TrimLeft(heading, "# ")+"."+name, actions)
		}
		if inner := structOf(t.Field(i).Type); inner != nil && inner != reflect.TypeFor[tenants.CodeFormat]() {
			title := strings.TrimLeft(heading, "# ") + "." + name
			switch t.Field(i).Type.Kind() {
			case reflect.Map:
				title += ".<name>"
			case reflect.Slice:
				title += "[]"
			}
			section(b, "### "+title, p, t.Field(i).Type)
		}
		if heading == "## common" {
			p["description"] = "What a format leaves out is not taken from another format, but from here."
			section(b, "### Code formats", p, t.Field(i).Type)
		}
	}
}

func rateTable(b *bytes.Buffer, title string, actions map[string]any) {
	fmt.Fprintf(b, "\n### %s\n\n| action | default |\n|---|---|\n", title)
	for _, name := range slices.Sorted(maps.Keys(actions)) {
		p, _ := actions[name].(map[string]any)
		note := ""
		if name == "confirm_email" {
			note = " by link, `1/10s/key` by code"
		}
		fmt.Fprintf(b, "| %s | `%v`%s |\n", name, p["default"], note)
	}
}

func table(b *bytes.Buffer, t reflect.Type, properties map[string]any) {
	b.WriteString("| key | type | default | meaning |\n|---|---|---|---|\n")
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		p, ok := properties[name].(map[string]any)
		if !ok {
			continue
		}
		words, _ := p["description"].(string)
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", name, typeOf(p, t.Field(i).Type), defaultOf(p), cell(words))
	}
}

// sentence is a struct's comment without the name that it begins with.
func sentence(words string) string {
	_, rest, ok := strings.Cut(strings.TrimSpace(strings.ReplaceAll(words, "\n", " ")), " ")
	if !ok {
		return words
	}
	for _, verb := range []string{"is ", "are "} {
		rest = strings.TrimPrefix(rest, verb)
	}
	return strings.ToUpper(rest[:1]) + rest[1:]
}

func cell(s string) string {
	return strings.NewReplacer("\n", " ", "|", `\|`, "<", "&lt;").Replace(s)
}

func typeOf(p map[string]any, t reflect.Type) string {
	switch t {
	case reflect.TypeFor[tenants.CodeFormat]():
		return "code format"
	case reflect.TypeFor[tenants.SignupFields]():
		return "list of fields: username, email, email2, phone, password1, password2, with or without a star"
	}
	var enum []any
	prefix := ""
	if e, ok := p["enum"].([]any); ok {
		enum = e
	} else if items, ok := p["items"].(map[string]any); ok {
		enum, _ = items["enum"].([]any)
		prefix = "list of "
	}
	nullable := ""
	if types, ok := p["type"].([]any); ok && slices.Contains(types, any("null")) && p["enum"] == nil {
		nullable = ", or null"
	}
	words, expects := p["x-expects"].(string)
	switch {
	case len(enum) > 0 && !expects:
		parts := make([]string, len(enum))
		for i, v := range enum {
			text, err := json.Marshal(v)
			if err != nil {
				continue
			}
			parts[i] = "`" + string(text) + "`"
		}
		return prefix + strings.Join(parts, ", ") + nullable
	case expects:
		return strings.TrimPrefix(words, "a whole number of ") + bounds(p) + nullable
	case p["writeOnly"] == true:
		return "secret"
	}
	kinds := map[string]string{
		"boolean": "true or false", "integer": "whole number", "string": "text", "array": "list of text", "object": "object",
	}
	name := kinds[fmt.Sprint(p["type"])]
	if types, ok := p["type"].([]any); ok {
		name = kinds[fmt.Sprint(types[0])]
	}
	if t.Kind() == reflect.Slice && structOf(t) != nil {
		name = "list of objects"
	}
	return name + bounds(p) + nullable
}

func bounds(p map[string]any) string {
	least, low := p["minimum"]
	most, high := p["maximum"]
	switch {
	case low && high:
		return fmt.Sprintf(", %v to %v", least, most)
	case low:
		return fmt.Sprintf(", at least %v", least)
	}
	return ""
}

func defaultOf(p map[string]any) string {
	if said, ok := p["x-default"].(string); ok {
		return cell(said)
	}
	v, ok := p["default"]
	if !ok {
		return ""
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return "`" + string(text) + "`"
}
