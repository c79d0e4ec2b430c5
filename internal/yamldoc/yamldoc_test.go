package yamldoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestYAMLBecomesTheJSONThatItSeemsToBe(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\nb: [x, 'y', \"z\"]\nc: {d: true}":    `{"a":1,"b":["x","y","z"],"c":{"d":true}}`,
		"a: yes\nb: no\nc: on\nd: '1'\ne: null\nf:": `{"a":"yes","b":"no","c":"on","d":"1","e":null,"f":null}`,
		"a: -1.5e3\nb: 0\nc: True":                  `{"a":-1.5e3,"b":0,"c":true}`,
		"a: |\n  one\n  ---\n  two\n":               `{"a":"one\n---\ntwo\n"}`,
		`{"a": "<\u0041>", "b": [1, {}, []]}`:       `{"a":"<A>","b":[1,{},[]]}`,
		"# nothing\n---\na: 1.2.3\n...\n":           `{"a":"1.2.3"}`,
		"%YAML 1.1\n---\na: yes\n":                  `{"a":"yes"}`,
		"- 1\n- a":                                  `[1,"a"]`,
	} {
		d, err := Read([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if string(d.JSON) != want {
			t.Errorf("%q is %s", text, d.JSON)
		}
	}
}

func TestWhatMayMeanSomethingElseIsRefused(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 9), ","))
	}
	for name, c := range map[string]struct{ text, at string }{
		"a key twice":             {"a: 1\nb:\n  c: 1\n  c: 2", "line 4: b.c: is given twice"},
		"an alias":                {"a: &x 1\nb: *x", "line 1: a: has an anchor"},
		"a merge key":             {"a: 1\n<<: {b: 1}", "line 2: has a key that is no text"},
		"a tag":                   {"a: !!str 1", "line 1: a: has a tag"},
		"a tag of somebody's own": {"a: !ruby/object {}", "line 1: a: has a tag"},
		"a number for a key":      {"a:\n  1: x", "line 2: a: has a key"},
		"a list for a key":        {"? [a]\n: b", "line 1: has a key"},
		"hexadecimal":             {"a: 0x1F", "line 1: a: is a number in a form"},
		"octal":                   {"a: 010", "line 1: a: is a number in a form"},
		"underscores":             {"a: 1_000", "line 1: a: is a number in a form"},
		"a phone number":          {"a: +4915112345", "line 1: a: is a number in a form"},
		"infinity":                {"a: [.inf]", "line 1: a[0]: is a number in a form"},
		"a date":                  {"a: 2026-01-02", "line 1: a: is neither"},
		"two documents":           {"a: 1\n---\na: 2", "line 2: a second document"},
		"no document":             {"# nothing", "line 1: there is no document"},
		"nothing":                 {"", "line 1: there is no document"},
		"no YAML":                 {"a: 1\nb: [1", "is not valid YAML"},
		"no YAML after it":        {"a: 1\n---\nb: [1", "is not valid YAML"},
		"no UTF-8":                {"a: \xff", "must be UTF-8"},
		"a bomb":                  {bomb, "has an anchor"},
		"very deep":               {strings.Repeat("[", 60) + strings.Repeat("]", 60), "must not nest"},
	} {
		_, err := Read([]byte(c.text))
		var bad *Error
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.at) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFaultsQuoteNothing(t *testing.T) {
	for _, text := range []string{"a: [hunter2", "a: 'hunter2", "hunter2: &hunter2 1\nb: *nothing", "a: !hunter2 x", "a: \"\\q hunter2\"", "a: *hunter2"} {
		if _, err := Read([]byte(text)); err == nil || strings.Contains(strings.ReplaceAll(err.Error(), "hunter2: has", ""), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestLinesAreFound(t *testing.T) {
	d, err := Read([]byte("slug: a\nconfig:\n  account:\n    login_methods:\n    - email\n    - fax\n  odd key: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"slug": 1, "config": 2, "config.account.login_methods[1]": 6, "config.account.nothing": 3, `config["odd key"]`: 7, "": 1, "elsewhere": 1,
	} {
		if got := d.Line(path); got != want {
			t.Errorf("%s is on line %d, not %d", path, got, want)
		}
	}
}

func TestSplitKeepsTheLines(t *testing.T) {
	text := "# first\na: 1\n---\n---\n# empty\n--- # second\nb: |\n  ----\n  --- x\n...\nc: 1\n"
	parts := Split([]byte(text))
	var got []string
	for _, p := range parts {
		d, err := Read(p)
		if err != nil {
			t.Fatalf("%q: %v", p, err)
		}
		for path, line := range d.lines {
			if path != "" {
				got = append(got, fmt.Sprint(path, " ", line))
			}
		}
	}
	if fmt.Sprint(got) != "[a 2 b 7 c 11]" {
		t.Errorf("got %v of %q", got, parts)
	}
}

func FuzzWhatIsWrittenIsReadBack(f *testing.F) {
	for _, doc := range []string{
		`{"a":"yes","b":"1e3","c":"********","d":" x ","e":"a\nb","f":"","g":[],"h":{},"i":[[{"j":null}]],"1":true,"k":"#","l":"a: b","m":"\t\u0000\u2028"}`,
		`{"a":"0x1F","b":"2026-01-01","c":"~","d":"- x","e":"<<","f":-1.5,"g":"\n","h":"  a\n b\n\n","i":"é","j":"😀"}`, `{"=":1}`, `{"<<":1}`,
	} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var before any
		d := json.NewDecoder(bytes.NewReader(doc))
		d.UseNumber()
		if d.Decode(&before) != nil || !json.Valid(doc) || depth(before) > maxDepth-1 {
			t.Skip("not JSON that is taken") // the fuzzer makes any bytes; what is written is asked of documents alone
		}
		text, err := Write(doc)
		if err != nil {
			t.Skip(err) // what cannot be written is told, and there is nothing to read back
		}
		read, err := Read(text)
		if err != nil && strings.Contains(err.Error(), "twice") {
			t.Skip("JSON may have a key twice") // YAML may not, and says so
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		var after any
		d = json.NewDecoder(bytes.NewReader(read.JSON))
		d.UseNumber()
		if err := d.Decode(&after); err != nil || !reflect.DeepEqual(before, after) {
			t.Fatalf("%s\nwas written as\n%s\nand read as\n%s", doc, text, read.JSON)
		}
	})
}

func depth(v any) int {
	deepest := 0
	switch v := v.(type) {
	case map[string]any:
		for _, one := range v {
			deepest = max(deepest, depth(one))
		}
	case []any:
		for _, one := range v {
			deepest = max(deepest, depth(one))
		}
	default:
		return 0
	}
	return deepest + 1
}
