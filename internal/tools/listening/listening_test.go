package listening

import "testing"

// What a server really writes is read by the tests of internal/app that start one.
func TestAddresses(t *testing.T) {
	const (
		operators = `{"level":"INFO","msg":"listening","listener":"operators","address":"127.0.0.1:9090"}` + "\n"
		public    = `{"level":"INFO","msg":"listening","listener":"public","address":"127.0.0.1:8080"}` + "\n"
	)
	for name, c := range map[string]struct{ log, public, operators string }{
		"nothing yet":             {},
		"the first of the two":    {log: operators, operators: "127.0.0.1:9090"},
		"both":                    {log: operators + public, public: "127.0.0.1:8080", operators: "127.0.0.1:9090"},
		"a line that is not done": {log: operators + public[:40], operators: "127.0.0.1:9090"},
		"other lines":             {log: "panic: no\n" + `{"msg":"request","listener":"public","address":"10.0.0.1:1"}` + "\n" + operators, operators: "127.0.0.1:9090"},
	} {
		t.Run(name, func(t *testing.T) {
			if public, operators := Addresses(c.log); public != c.public || operators != c.operators {
				t.Errorf("got %q and %q", public, operators)
			}
		})
	}
}
