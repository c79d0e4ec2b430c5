package meta_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// During an upgrade the version before this one works on this one's schema. What it needs of it is written down in previousFile, when a
// version is released: every statement that it makes. internal/store/storetest prepares them on the newest schema, and the tests here hold
// the migrations since then to what cannot be prepared.
const previousFile = root + "/internal/store/testdata/previous.jsonl"

// previousHead is the file's first line.
type previousHead struct {
	Version string `json:"version"` // what was written down
	Schema  int    `json:"schema"`  // its newest migration
}

var kept = flag.String("statements", "", "the folder of statements that a run of the store's tests kept: write down the version before from it")

// readPrevious reads the head of the file.
func readPrevious(t *testing.T) (head previousHead) {
	t.Helper()
	f, err := os.Open(previousFile)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := json.NewDecoder(f).Decode(&head); err != nil {
		t.Fatal(err)
	}
	return head
}

// newestMigration is the highest number.
func newestMigration(t *testing.T) (newest int) {
	t.Helper()
	for name := range migrationTexts(t) {
		newest = max(newest, numberOf(t, name))
	}
	return newest
}

func numberOf(t *testing.T, name string) (n int) {
	t.Helper()
	if _, err := fmt.Sscanf(name, "%d_", &n); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

var (
	rowOfValues = regexp.MustCompile(`(\([$0-9A-Z, ]*\))(, \([$0-9A-Z, ]*\))+`)
	parameter   = regexp.MustCompile(`\$\d+`)
	parameters  = regexp.MustCompile(`\$(, \$)+`)
)

// shape is what a statement has in common with those that only have more rows or more parameters.
func shape(text string) string {
	text = parameter.ReplaceAllString(text, "$")
	text = rowOfValues.ReplaceAllString(text, "$1")
	return parameters.ReplaceAllString(text, "$$")
}

// keptStatements are the statements in a folder, one for each engine and shape: the shortest.
func keptStatements(t *testing.T, dir string) []testkit.Statement {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no statements were kept in %s: %v", dir, err)
	}
	shapes := map[string]testkit.Statement{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(strings.NewReader(string(b))); lines.Scan(); {
			var s testkit.Statement
			if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
				t.Fatal(err)
			}
			s.Text = strings.Join(strings.Fields(s.Text), " ")
			if !isStatement.MatchString(s.Text) || strings.Contains(s.Text, "goose_db_version") {
				continue
			}
			key := s.Engine + shape(s.Text)
			if have, ok := shapes[key]; !ok || len(s.Text) < len(have.Text) {
				shapes[key] = s
			}
		}
	}
	return slices.Collect(maps.Values(shapes))
}

// notOfTheStore are the functions of package store whose statements are not asked of its own tables, and why.
var notOfTheStore = map[string]string{
	"Schema": "reads the table of the migrations themselves",
}

// TestPreviousVersionIsWhole writes down this version, with -statements. A text that the source has whole is written down as it stands; what
// is put together while the program runs is taken from what the tests kept, and so is a text that alone makes no sense to the database.
func TestPreviousVersionIsWhole(t *testing.T) {
	if *kept == "" {
		if head, newest := readPrevious(t), newestMigration(t); head.Schema < 1 || head.Schema > newest || head.Version == "" {
			t.Errorf("the version before is written down as %+v, and the newest migration is %d", head, newest)
		}
		return
	}
	all := keptStatements(t, *kept)
	fset := token.NewFileSet()
	source := statementsOf(fset, storePackage(t, fset))
	testkit.Engines(t, func(t *testing.T, engine string) {
		db := testkit.Raw(t, testkit.URL(t, engine))
		for _, s := range source {
			if strings.HasPrefix(s.at, "internal/store/allauth.go") || notOfTheStore[s.function] != "" {
				continue // a foreign database
			}
			if slices.ContainsFunc(all, func(k testkit.Statement) bool { return k.Engine == engine && matches(s.text, k.Text) }) {
				continue
			}
			text := strings.Join(strings.Fields(s.text), " ")
			if err := testkit.Compile(t.Context(), db, engine, text); err != nil {
				t.Errorf("%s: no test of the store makes this statement, and as it stands it makes no sense: %v", s.at, err)
				continue
			}
			all = append(all, testkit.Statement{Engine: engine, Text: text})
		}
	})
	if t.Failed() {
		return
	}
	slices.SortFunc(all, func(a, b testkit.Statement) int { return strings.Compare(a.Text+a.Engine, b.Text+b.Engine) })
	out, err := exec.CommandContext(t.Context(), "git", "describe", "--tags", "--always", "--match", "v*").Output()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(previousHead{Version: strings.TrimSpace(string(out)), Schema: newestMigration(t)}); err != nil {
		t.Fatal(err)
	}
	for _, s := range slices.Compact(all) {
		if err := e.Encode(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(previousFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d statements are written down", len(slices.Compact(all)))
}

// matches reports whether a statement that was made may come from a text in the source. Where that has a blank, anything may have stood.
func matches(source, made string) bool {
	var pattern []string
	for _, word := range strings.Fields(source) {
		pattern = append(pattern, regexp.QuoteMeta(word))
	}
	return regexp.MustCompile(`(?s)` + strings.Join(pattern, `.*?`)).MatchString(made)
}

// The rules of an expanding migration: what the version before may have, it keeps, and it need not know what is new.
var narrowing = []struct {
	pattern *regexp.Regexp
	why     string
}{
	{regexp.MustCompile(`(?i)\bDROP\s+(TABLE|COLUMN)\b`), "takes away what the version before may use"},
	{regexp.MustCompile(`(?i)\bALTER\s+TABLE\s+\w+\s+DROP\s+(?:COLUMN\s+)?(?:IF\s+EXISTS\s+)?\w+`), "takes away what the version before may use"},
	{regexp.MustCompile(`(?i)\bRENAME\b`), "takes away the name that the version before uses"},
	{regexp.MustCompile(`(?i)\bALTER\s+(COLUMN\s+)?\w+\s+(SET\s+DATA\s+)?TYPE\b`), "changes a type under statements that are prepared"},
	{regexp.MustCompile(`(?i)\bSET\s+NOT\s+NULL\b`), "refuses rows that the version before writes"},
	{regexp.MustCompile(`(?i)\bALTER\s+(COLUMN\s+)?\w+\s+DROP\s+DEFAULT\b`), "refuses rows that the version before writes"},
	{regexp.MustCompile(`(?i)\bADD\s+(CONSTRAINT|CHECK|UNIQUE|PRIMARY|FOREIGN|EXCLUDE)\b`), "refuses rows that the version before writes"},
}

var (
	addColumn    = regexp.MustCompile(`(?is)\bADD\s+COLUMN\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)([^;,]*)`)
	uniqueIndex  = regexp.MustCompile(`(?is)\bCREATE\s+UNIQUE\s+INDEX\s+(?:CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?\w+\s+ON\s+(\w+)`)
	notNull      = regexp.MustCompile(`(?i)\bNOT\s+NULL\b`)
	hasDefault   = regexp.MustCompile(`(?i)\bDEFAULT\b`)
	columnRule   = regexp.MustCompile(`(?i)\b(UNIQUE|PRIMARY\s+KEY|CHECK|REFERENCES)\b`)
	sqlComment   = regexp.MustCompile(`--[^\n]*`)
	contraction  = regexp.MustCompile(`(?m)^-- Contracts: (v\d+\.\d+\.\d+) stopped using .+$`)
	createdTable = regexp.MustCompile(`(?i)\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)`)
)

// narrows tells what in a migration the version before could not work with. Tables in fresh are unknown to that version.
func narrows(text string, fresh []string) (faults []string) {
	if contraction.MatchString(text) {
		return nil
	}
	text = sqlComment.ReplaceAllString(text, "")
	for _, rule := range narrowing {
		if found := rule.pattern.FindString(text); found != "" {
			faults = append(faults, found+": "+rule.why)
		}
	}
	for _, m := range addColumn.FindAllStringSubmatch(text, -1) {
		if notNull.MatchString(m[2]) && !hasDefault.MatchString(m[2]) {
			faults = append(faults, m[1]+" is NOT NULL without a DEFAULT: the version before writes rows without it")
		}
		if columnRule.MatchString(m[2]) {
			faults = append(faults, m[1]+" comes with a rule: it may refuse rows that the version before writes")
		}
	}
	for _, m := range uniqueIndex.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(fresh, strings.ToLower(m[1])) {
			faults = append(faults, "a unique index on "+m[1]+": it refuses rows that the version before writes")
		}
	}
	return faults
}

func TestMigrationsSinceThePreviousVersionOnlyExpand(t *testing.T) {
	since := readPrevious(t).Schema
	var fresh []string
	texts := migrationTexts(t)
	for name, text := range texts {
		if numberOf(t, name) <= since {
			continue
		}
		for _, m := range createdTable.FindAllStringSubmatch(text, -1) {
			fresh = append(fresh, strings.ToLower(m[1]))
		}
	}
	for name, text := range texts {
		if numberOf(t, name) <= since {
			continue
		}
		for _, fault := range narrows(text, fresh) {
			t.Errorf("%s: %s; remove it a version later, and say so by a line such as: -- Contracts: v1.2.3 stopped using users.nickname", name, fault)
		}
	}
}

func TestNarrowingIsSeen(t *testing.T) {
	for text, want := range map[string]int{
		"ALTER TABLE users ADD COLUMN nickname TEXT;":                                                0,
		"ALTER TABLE users ADD COLUMN nickname TEXT NOT NULL DEFAULT '';":                            0,
		"ALTER TABLE users ADD COLUMN a BOOLEAN NOT NULL DEFAULT FALSE, ADD COLUMN b TEXT NOT NULL;": 1,
		"ALTER TABLE users ADD COLUMN nickname TEXT NOT NULL;":                                       1,
		"ALTER TABLE users ADD COLUMN nickname TEXT UNIQUE;":                                         1,
		"ALTER TABLE users ADD COLUMN mood TEXT CHECK (mood <> '');":                                 1,
		"ALTER TABLE users DROP COLUMN nickname;":                                                    2,
		"ALTER TABLE users DROP nickname;":                                                           1,
		"ALTER TABLE users RENAME COLUMN nickname TO name;":                                          1,
		"ALTER TABLE users ALTER COLUMN nickname TYPE VARCHAR(10);":                                  1,
		"ALTER TABLE users ALTER nickname SET NOT NULL;":                                             1,
		"ALTER TABLE users ALTER COLUMN nickname DROP DEFAULT;":                                      1,
		"ALTER TABLE users ALTER COLUMN nickname DROP NOT NULL;":                                     0,
		"ALTER TABLE users ADD CONSTRAINT short CHECK (LENGTH(nickname) < 10);":                      1,
		"DROP TABLE moods;":                                                                          1,
		"DROP INDEX users_mood;":                                                                     0,
		"CREATE INDEX users_mood ON users (tenant_id, mood);":                                        0,
		"CREATE UNIQUE INDEX users_mood ON users (tenant_id, mood);":                                 1,
		"CREATE UNIQUE INDEX fresh_mood ON fresh (tenant_id, mood);":                                 0,
		"-- We do not DROP TABLE users here.\nUPDATE users SET mood = '';":                           0,
		"-- Contracts: v1.2.3 stopped using users.nickname\nALTER TABLE users DROP COLUMN nickname;": 0,
		"-- Contracts: nobody uses it\nALTER TABLE users DROP COLUMN nickname;":                      2,
	} {
		if got := narrows(text, []string{"fresh"}); len(got) != want {
			t.Errorf("%s\n\tis said to have %d faults, not %d: %q", text, len(got), want, got)
		}
	}
}
