package vestibule

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

func FuzzParse(f *testing.F) {
	f.Add("eyJhbGciOiJFUzI1NiIsImtpZCI6ImEiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJhIn0.AAAA")
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parse(text)
		if err != nil {
			return
		}
		var c claims
		_ = c.read(parsed.payload)
	})
}

// What is read is what encoding/json reads, where names are told apart by their case.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`{}`, `{"iss":"a"}`, ` { "iss" : "a\"b" , "x" : [1, {"iss":"}"}] , "exp":12 } `, `{"a":{},"iss":"}"}`, `{"iss":"a","iss":"b"}`, `{"iss":null}`, `[]`, `1`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		seen := map[string]json.RawMessage{}
		err := members(object, errClaims, func(name string, value []byte) (int, error) {
			seen[name] = append(json.RawMessage{}, value...)
			return 0, nil
		})
		if err != nil || !utf8.Valid(object) { // in which encoding/json puts something else
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(object, &want); err != nil {
			t.Fatalf("%q is no object: %v", object, err)
		}
		for name, value := range want {
			got, there := seen[name]
			if !there && json.Valid([]byte(`"`+name+`"`)) {
				t.Fatalf("%q: %q is missing", object, name)
			}
			if there && string(got) != string(value) {
				t.Fatalf("%q: %q is %q, want %q", object, name, got, value)
			}
		}
	})
}
