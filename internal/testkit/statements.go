package testkit

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
)

// statements are what the databases of this run were asked, by engine and text, as far as it was written down.
var statements struct {
	sync.Mutex
	file *os.File
	seen map[string]bool
}

// Statement is a line of what watched writes down.
type Statement struct {
	Engine string `json:"engine"`
	Text   string `json:"text"`
}

// watched is observe, which may be nil. Where VESTIBULE_TEST_STATEMENTS names a folder, every statement that a store prepares is written into
// a file there as well, once for each engine: `make baseline` makes of them what the next version must leave working.
func watched(t testing.TB, databaseURL string, observe func(op, query string) error) func(op, query string) error {
	dir := os.Getenv("VESTIBULE_TEST_STATEMENTS")
	if dir == "" {
		return observe
	}
	engine := "postgres"
	if strings.HasPrefix(databaseURL, "sqlite:") {
		engine = "sqlite"
	}
	return func(op, query string) error {
		if op == faultdb.Prepare {
			if err := keep(dir, Statement{Engine: engine, Text: query}); err != nil {
				t.Errorf("keep a statement: %v", err)
			}
		}
		if observe == nil {
			return nil
		}
		return observe(op, query)
	}
}

func keep(dir string, s Statement) error {
	statements.Lock()
	defer statements.Unlock()
	if statements.file == nil {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%d.jsonl", os.Getpid()))) // test programs of several packages run at once
		if err != nil {
			return err
		}
		statements.file, statements.seen = f, map[string]bool{}
	}
	if id := s.Engine + s.Text; !statements.seen[id] {
		statements.seen[id] = true
		return json.NewEncoder(statements.file).Encode(s)
	}
	return nil
}
