package tenants

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// The bounds of a document.
const (
	MaxDocument = 256 << 10 // bytes
	maxDepth    = 32        // objects and lists within each other
	maxFaults   = 100       // reported at once
	manyFaults  = 3 * maxFaults
)

// Fault is one thing that is wrong with a configuration.
type Fault struct {
	Path    string `json:"path"`    // such as account.login_methods[0]; "" is the whole document
	Message string `json:"message"` // a sentence that goes after the path
}

// String is the path and the message.
func (f Fault) String() string {
	if f.Path == "" {
		return f.Message
	}
	return f.Path + ": " + f.Message
}

// ConfigError is everything that is wrong with a configuration, sorted by path. No secret is in it.
type ConfigError struct{ Faults []Fault }

// Error lists the faults.
func (e *ConfigError) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = f.String()
	}
	return "configuration: " + strings.Join(lines, "; ")
}

// faults gathers what is wrong.
type faults []Fault

func (f *faults) add(path, format string, args ...any) {
	*f = append(*f, Fault{path, fmt.Sprintf(format, args...)})
}

// take adds the faults of an error. One that has none is a fault of the whole.
func (f *faults) take(err error) {
	var bad *ConfigError
	switch {
	case err == nil:
	case errors.As(err, &bad):
		*f = append(*f, bad.Faults...)
	default:
		f.add("", "cannot be read as settings")
	}
}

// err is the sorted error of what was gathered, or nil.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	f = slices.Compact(f)
	if len(f) > maxFaults {
		f = f[:maxFaults]
	}
	return &ConfigError{Faults: f}
}

//go:embed schema.json
var schemaJSON []byte

// Schema is the JSON Schema (draft 2020-12) of a configuration, as it is published. It carries descriptions and defaults.
// The names of its formats are ours; other validators ignore them.
func Schema() []byte { return bytes.Clone(schemaJSON) }

// published is the schema twice: compiled, to judge documents, and as a tree, to find the words for what is wrong.
type published struct {
	compiled *jsonschema.Schema
	tree     any
}

const schemaLocation = "mem:///settings.json"

var loadSchema = sync.OnceValue(func() published {
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaJSON))
	if err != nil {
		panic("tenants: schema.json: " + err.Error()) // embedded, and covered by every test
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for name, check := range formats {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			if s, ok := v.(string); ok {
				return check(s)
			}
			return nil
		}})
	}
	if err := c.AddResource(schemaLocation, tree); err != nil {
		panic("tenants: schema.json: " + err.Error()) // embedded, and covered by every test
	}
	compiled, err := c.Compile(schemaLocation)
	if err != nil {
		panic("tenants: schema.json: " + err.Error()) // embedded, and covered by every test
	}
	return published{compiled, tree}
})

// Decode reads a configuration that Parse accepted when it was saved. It checks types alone, so that a tenant still
// comes up although a later version would ask for more.
func Decode(doc []byte) (Settings, error) {
	tree, err := readDocument(doc)
	if err != nil {
		return Settings{}, err
	}
	return decodeTree(tree)
}

// decodeTree decodes over the defaults. What follows another setting is only known once that was read, and may itself
// be followed (query_email follows email_required, which follows signup_fields): hence three readings.
func decodeTree(tree map[string]any) (Settings, error) {
	settleNulls(tree)
	doc, err := json.Marshal(tree)
	if err != nil {
		return Settings{}, fmt.Errorf("decode settings: %w", err)
	}
	s := Defaults()
	for range 3 {
		next := Defaults()
		next.follow(s)
		if err := json.Unmarshal(doc, &next); err != nil {
			var wrong *json.UnmarshalTypeError
			if errors.As(err, &wrong) {
				return Settings{}, &ConfigError{[]Fault{{wrong.Field, "has the wrong type"}}}
			}
			return Settings{}, &ConfigError{[]Fault{{"", "cannot be read as settings"}}}
		}
		s = next
	}
	if s.PublicURL != "" {
		if o, err := publicOrigin(s.PublicURL); err == nil {
			s.PublicURL = o
		}
	}
	return s, nil
}

// settleNulls takes the nulls out of a document, which has no use for them: in a merge patch (RFC 7396) null takes a
// setting away, so that a document with nulls in it could not be sent back as it was shown. Null means "as if never given"
// and goes, except where it means something that no default does, namely no limit and no usernames: there it becomes "",
// which means the same. Lists are replaced whole by a patch, and keep theirs.
func settleNulls(tree map[string]any) {
	spell := func(in map[string]any, key string) {
		if v, given := in[key]; given && v == nil {
			in[key] = ""
		}
	}
	spell(object(tree, "account"), "user_model_username_field")
	for _, section := range []string{"account", "idp_oidc"} {
		limits := object(object(tree, section), "rate_limits")
		for action := range limits {
			spell(limits, action)
		}
	}
	dropNulls(tree)
}

func dropNulls(tree map[string]any) {
	for key, v := range tree {
		switch v := v.(type) {
		case nil:
			delete(tree, key)
		case map[string]any:
			dropNulls(v)
		}
	}
}

// writeDocument is a document as it is stored and shown.
func writeDocument(tree map[string]any) ([]byte, error) {
	settleNulls(tree)
	return encode(tree)
}

func encode(tree any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(tree); err != nil {
		return nil, fmt.Errorf("write settings: %w", err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// readDocument reads a document that was saved. Here and in readDraft, a tree is of map[string]any, []any, string, bool,
// json.Number and nil.
func readDocument(doc []byte) (map[string]any, error) {
	d := readTree(doc)
	return d.tree, d.faults.err()
}

// readDraft reads a document that somebody sent. Its tree is nil where it is of no use at all.
func readDraft(doc []byte) *draft {
	if len(doc) > MaxDocument {
		return &draft{faults: faults{{"", tooLarge}}}
	}
	return readTree(doc)
}

// readTree reads a JSON object. Unlike encoding/json it refuses keys that are given twice, text that is not UTF-8, and
// numbers that cost more than they say.
func readTree(doc []byte) *draft {
	whole := func(message string) *draft { return &draft{faults: faults{{"", message}}} }
	if !utf8.Valid(doc) {
		return whole("must be UTF-8")
	}
	r := treeReader{dec: json.NewDecoder(bytes.NewReader(doc)), draft: &draft{}}
	r.dec.UseNumber()
	v, err := r.value(nil)
	if err == nil {
		if _, more := r.dec.Token(); !errors.Is(more, io.EOF) {
			err = errNotJSON
		}
	}
	switch {
	case errors.Is(err, errTooDeep):
		return whole(fmt.Sprintf("must not nest more than %d deep", maxDepth))
	case err != nil:
		return whole(fmt.Sprintf("is not valid JSON, at byte %d", r.dec.InputOffset()))
	}
	tree, ok := v.(map[string]any)
	if !ok {
		return whole("must be an object")
	}
	r.draft.tree = tree
	return r.draft
}

var (
	errNotJSON = errors.New("not JSON")
	errTooDeep = errors.New("too deep")
)

type treeReader struct {
	dec   *json.Decoder
	draft *draft
}

func (r *treeReader) value(path []string) (any, error) {
	t, err := r.dec.Token()
	if err != nil {
		return nil, errNotJSON
	}
	switch t := t.(type) {
	case json.Delim:
		if len(path) >= maxDepth {
			return nil, errTooDeep
		}
		if t == '{' {
			return r.object(path)
		}
		return r.list(path)
	case json.Number:
		return r.number(path, string(t)), nil
	default:
		return t, nil
	}
}

func (r *treeReader) object(path []string) (any, error) {
	out := map[string]any{}
	for r.dec.More() {
		t, err := r.dec.Token()
		key, ok := t.(string)
		if err != nil || !ok {
			return nil, errNotJSON
		}
		at := slices.Concat(path, []string{key})
		v, err := r.value(at)
		if err != nil {
			return nil, err
		}
		if _, twice := out[key]; twice {
			r.draft.faults.add(pathText(at), "is given twice")
			r.draft.twice = append(r.draft.twice, at)
		}
		out[key] = v
	}
	_, err := r.dec.Token()
	return out, err
}

func (r *treeReader) list(path []string) (any, error) {
	out := []any{}
	for r.dec.More() {
		v, err := r.value(append(path, strconv.Itoa(len(out))))
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	_, err := r.dec.Token()
	return out, err
}

// number keeps plain whole numbers, and brings all others into a form without surprises: JSON Schema takes 900.0 and 9e2
// for integers, encoding/json does not, and 1e999999999 must not be worked out by anyone.
func (r *treeReader) number(path []string, text string) json.Number {
	if digits := strings.TrimPrefix(text, "-"); len(digits) <= 18 && strings.Trim(digits, "0123456789") == "" {
		return json.Number(text)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f > 1e15 || f < -1e15 {
		r.draft.fault(path, "must be a number from -1e15 to 1e15")
		return "0"
	}
	return json.Number(strconv.FormatFloat(f, 'f', -1, 64))
}

// pathText writes a path: dots before keys, brackets around indices. Which of the two a number is cannot be told from
// the path alone, and need not be: no key of ours is a number, so that one is written like an index either way.
func pathText(path []string) string {
	var b strings.Builder
	for _, p := range path {
		switch {
		case p != "" && strings.Trim(p, "0123456789") == "":
			b.WriteString("[" + p + "]")
		case p == "" || len(p) > 64 || strings.ContainsFunc(p, oddInKey):
			b.WriteString("[" + strconv.Quote(p[:min(len(p), 64)]) + "]")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(p)
		}
	}
	return b.String()
}

func oddInKey(r rune) bool {
	return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// checkShape holds a document against the published schema.
func (d *draft) checkShape() {
	schema := loadSchema()
	err := schema.compiled.Validate(d.tree)
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		schema.explain(d, invalid, d.left)
	} else {
		d.faults.take(err)
	}
}

// explain turns what the validator found into sentences, as far as anyone would read them. Nothing more is said of a value
// that something was said of before.
func (p published) explain(d *draft, e *jsonschema.ValidationError, said [][]string) {
	if len(d.faults) >= manyFaults {
		return
	}
	if len(e.Causes) > 0 {
		for _, cause := range e.Causes {
			p.explain(d, cause, said)
		}
		return
	}
	path := e.InstanceLocation
	if slices.ContainsFunc(said, func(at []string) bool { return slices.Equal(at, path) }) {
		return
	}
	node := p.node(e.SchemaURL)
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		slices.Sort(k.Properties)
		for _, key := range k.Properties[:min(len(k.Properties), manyFaults)] {
			d.fault(append(slices.Clone(path), key), "%s", p.unknownKey(path, key, node))
		}
	case *kind.Format:
		d.fault(path, "%s", k.Err.Error())
	case *kind.UniqueItems:
		d.fault(path, "must not list the same thing twice")
	case *kind.MinItems:
		d.fault(path, "must list at least %s", plural(k.Want, "thing"))
	case *kind.MaxItems:
		d.fault(path, "must list at most %s", plural(k.Want, "thing"))
	case *kind.MinLength:
		d.fault(path, "must have at least %s", plural(k.Want, "character"))
	case *kind.MaxLength:
		d.fault(path, "must have at most %s", plural(k.Want, "character"))
	case *kind.Maximum:
		d.fault(path, "must be %s, at most %s", noun(node), k.Want.RatString())
	case *kind.Enum:
		d.fault(path, "%s", enumSentence(node, k))
	default:
		d.fault(path, "must be %s%s", noun(node), bound(node))
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// node is the part of the schema that a validation error is about.
func (p published) node(location string) map[string]any {
	_, pointer, _ := strings.Cut(location, "#")
	var at any = p.tree
	for _, part := range strings.Split(strings.Trim(pointer, "/"), "/") {
		if part == "" {
			continue
		}
		m, _ := at.(map[string]any)
		at = m[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
	}
	m, _ := at.(map[string]any)
	return m
}

// noun says what a value has to be.
func noun(node map[string]any) string {
	if words, ok := node["x-expects"].(string); ok {
		return words
	}
	if enum, ok := node["enum"].([]any); ok {
		return choice(enum)
	}
	var types []string
	switch t := node["type"].(type) {
	case string:
		types = []string{t}
	case []any:
		for _, one := range t {
			types = append(types, fmt.Sprint(one))
		}
	}
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = map[string]string{
			"boolean": "true or false", "integer": "a whole number", "number": "a number", "string": "text",
			"array": "a list", "object": "an object", "null": "null",
		}[t]
	}
	return strings.Join(words, " or ")
}

func bound(node map[string]any) string {
	if least, ok := node["minimum"].(json.Number); ok {
		return ", at least " + least.String()
	}
	return ""
}

func choice(enum []any) string {
	words := make([]string, len(enum))
	for i, v := range enum {
		b, err := json.Marshal(v)
		if err != nil {
			b = []byte("?")
		}
		words[i] = string(b)
	}
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func enumSentence(node map[string]any, k *kind.Enum) string {
	got, _ := k.Got.(string)
	sentence := "must be " + noun(node)
	switch {
	case got == "password" || got == "password*":
		return sentence + ` (the password's field is called "password1")`
	case strings.Contains(got, "Strategy"):
		return sentence + " (Python classes have no place here)"
	}
	return sentence
}

// unknownKey says why a key is refused: because it has no place here, or because nobody knows it.
func (p published) unknownKey(section []string, key string, node map[string]any) string {
	path := strings.ToLower(strings.Join(append(slices.Clone(section), key), "."))
	if reason, ok := refused[path]; ok {
		return reason
	}
	if len(section) == 0 {
		if full, ok := p.djangoName(key); ok {
			if reason, ok := refused[full]; ok {
				return reason
			}
			return "unknown key; did you mean " + full + "?"
		}
	}
	if near, ok := nearest(key, properties(node)); ok {
		return "unknown key; did you mean " + near + "?"
	}
	root, _ := p.tree.(map[string]any)
	if len(section) <= 1 {
		for _, name := range properties(root) {
			if inner, ok := keysOf(root, name)[strings.ToLower(key)]; ok && inner != nil {
				return "unknown key; did you mean " + name + "." + strings.ToLower(key) + "?"
			}
		}
	}
	return "unknown key"
}

// djangoName is the path of a setting that was given under its name in Django, such as ACCOUNT_LOGIN_METHODS.
func (p published) djangoName(key string) (string, bool) {
	lower := strings.ToLower(key)
	root, _ := p.tree.(map[string]any)
	for _, section := range append(properties(root), "allauth") {
		rest, ok := strings.CutPrefix(lower, section+"_")
		if section == "allauth" {
			section = "common"
		}
		if !ok {
			continue
		}
		if _, known := keysOf(root, section)[rest]; known {
			return section + "." + rest, true
		}
		if _, known := refused[section+"."+rest]; known {
			return section + "." + rest, true
		}
	}
	return "", false
}

// properties are the keys that a part of the schema knows, sorted.
func properties(node map[string]any) []string {
	known, _ := node["properties"].(map[string]any)
	return slices.Sorted(maps.Keys(known))
}

// keysOf are the parts of the schema for the keys of a section.
func keysOf(root map[string]any, section string) map[string]any {
	known, _ := root["properties"].(map[string]any)
	node, _ := known[section].(map[string]any)
	inner, _ := node["properties"].(map[string]any)
	return inner
}

// nearest is the known key that was most likely meant.
func nearest(key string, known []string) (string, bool) {
	if len(key) > 64 {
		return "", false
	}
	lower := strings.ReplaceAll(strings.ToLower(key), "-", "_")
	best, least := "", 1+max(1, min(3, len(key)/4))
	for _, k := range known {
		if d := distance(lower, k); d < least {
			best, least = k, d
		}
	}
	return best, best != ""
}

// distance is how many letters have to be put in, taken out, changed or swapped with their neighbour to make b of a
// (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}

// Reasons why settings that allauth has are refused here.
const (
	pythonCode = "names Python code, which has no place here"
	djangoPage = "is about pages that Django renders; there are none here, and headless.frontend_urls says where links lead"
)

// refused are settings that a team may bring along from allauth, and why they have no place here.
var refused = map[string]string{
	"account.adapter":                                       pythonCode,
	"account.forms":                                         pythonCode,
	"account.signup_form_class":                             pythonCode,
	"account.password_reset_token_generator":                pythonCode,
	"account.username_validators":                           pythonCode,
	"account.user_model_email_field":                        "names a field of a Django model, which has no place here",
	"account.template_extension":                            djangoPage,
	"account.password_input_render_value":                   djangoPage,
	"account.signup_redirect_url":                           djangoPage,
	"account.login_redirect_url":                            djangoPage,
	"account.logout_redirect_url":                           djangoPage,
	"account.logout_on_get":                                 djangoPage,
	"account.confirm_email_on_get":                          djangoPage,
	"account.authenticated_login_redirects":                 djangoPage,
	"account.email_confirmation_anonymous_redirect_url":     djangoPage,
	"account.email_confirmation_authenticated_redirect_url": djangoPage,
	"account.default_http_protocol":                         "is part of public_url here",
	"account.salt":                                          "is not needed: the server keeps a key for each tenant",
	"account.session_cookie_age":                            "is cookies.session_age here",
	"account.password_min_length":                           "is passwords.min_length here",
	"account.authentication_method":                         "is account.login_methods now",
	"account.email_required":                                `is "email*" in account.signup_fields now`,
	"account.username_required":                             `is "username*" in account.signup_fields now`,
	"account.signup_email_enter_twice":                      `is "email2*" in account.signup_fields now`,
	"account.signup_password_enter_twice":                   `is "password2*" in account.signup_fields now`,
	"account.signup_password_verification":                  `is "password2*" in account.signup_fields now`,
	"account.login_attempts_limit":                          "is login_failed in account.rate_limits now",
	"account.login_attempts_timeout":                        "is login_failed in account.rate_limits now",
	"account.email_confirmation_cooldown":                   "is confirm_email in account.rate_limits now",
	"common.default_auto_field":                             "names a field of a Django model, which has no place here",
	"common.trusted_proxy_count":                            "belongs to the server's own configuration, not to a tenant's",
	"common.trusted_client_ip_header":                       "belongs to the server's own configuration, not to a tenant's",
	"headless.adapter":                                      pythonCode,
	"headless.specification_template_name":                  djangoPage,
	"headless.only":                                         "is always so here: leave it out",
	"idp_oidc.adapter":                                      pythonCode,
	"idp_oidc.private_key":                                  "is headless.jwt_private_key here, for all tokens of a tenant",
	"mfa.adapter":                                           pythonCode,
	"mfa.forms":                                             pythonCode,
	"mfa.totp_insecure_bypass_code":                         "would let in whoever knows it, and is not offered",
	"socialaccount.adapter":                                 pythonCode,
	"socialaccount.forms":                                   pythonCode,
	"socialaccount.socialaccount_str":                       pythonCode,
	"socialaccount.login_on_get":                            "is not offered: the API posts",
	"usersessions.adapter":                                  pythonCode,
}
