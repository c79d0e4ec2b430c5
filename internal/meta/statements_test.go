package meta_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// acrossTenants are the functions of package store that reach the rows of tenants without a Scope, and why they may.
var acrossTenants = map[string]string{
	"LeaseMessages":      "the worker sends everybody's messages",
	"endMessage":         "the worker holds a lease on the message, and the message names its tenant",
	"RetryMessage":       "the worker holds a lease on the message, and the message names its tenant",
	"EraseSpentMessages": "the sweeper erases what has expired, whoever it was for",
	"SweepMessages":      "the sweeper removes what is finished, whoever it belonged to",
	"SweepProofs":        "the sweeper removes what has run out, whoever it belonged to",
	"SweepSessions":      "the sweeper removes what has ended, whoever it belonged to",

	"insertsOfEvents":  "the callers of addEvents pass the tenant that they are about: Tx its own, AddTenant and SaveTenant the one that they write",
	"operators":        "operators are the users of one tenant, which the text names; its callers pass that one",
	"APITokenByDigest": "whoever shows a token is nobody's yet; its owner is looked for in the operators' tenant alone",
	"DueErasures":      "the sweeper looks for deleted users whose time has come, whoever they belong to",

	"numberEvents":             "NumberEvents, which is Tx's, puts its tenant into each row",
	"lastNumber":               "its callers are Scope and Tx, which pass their tenant",
	"chainedEvents":            "its callers are Scope and Tx, which pass their tenant",
	"EventsEverywhere":         "whoever runs the platform looks for what happened anywhere",
	"TenantWithNewEvents":      "the chainer looks for tenants that have events to chain",
	"TenantWithNewActiveUsers": "the roller looks for tenants that have active users to count",
	"AddTallies":               "a server counts for all tenants, and each tally names its own",
	"RollStats":                "the roller adds up the counts of all tenants",
	"TopTenants":               "whoever runs the platform compares tenants",
	"SweepActiveUsers":         "the sweeper removes what is old, whoever it belonged to",
	"SweepStats":               "the sweeper removes what is old, whoever it belonged to",
	"TenantsWithDueChains":     "the sweeper looks for tenants whose events may have been kept long enough",

	"CountMessagesEverywhere": "whoever runs the platform sees how the queue is doing",
	"Backlog":                 "whoever runs the platform is told when something waits for too long, whoever it belongs to",
	"CountWebhooksEverywhere": "whoever runs the platform sees how webhooks are doing",
	"MostRetried":             "whoever runs the platform sees whose mail server refuses",
	"MostGivenUp":             "whoever runs the platform sees whose messages are given up",
	"LongestWaiting":          "whoever runs the platform sees whose messages wait",
	"troubledWebhooks":        "whoever runs the platform sees whose webhooks fail",
	"OverdueKeys":             "whoever runs the platform sees how many tenants have keys that are overdue",
	"OldestSigningKeys":       "whoever runs the platform sees which keys are oldest",

	"addVersion":            "like addEvent: AddTenant and SaveTenant pass the tenant that they write",
	"addFirstVersion":       "likewise",
	"RestoreTenant":         "ends the sessions of the tenant that it writes",
	"DropSessionsOfDeleted": "the tenant is deleted, and has no Scope any more",

	"LeaseImport":  "the importer works on everybody's imports",
	"SweepImports": "the sweeper removes what is over, whoever it belonged to",

	"DueSigningKeys":   "the rotator looks for tenants whose keys are due",
	"SweepSigningKeys": "the sweeper removes keys that nothing lives of any more, whoever they belonged to",

	"LeaseWebhooks":   "the worker looks after everybody's webhooks, each by a Scope of its tenant",
	"EraseDeliveries": "the sweeper erases what was kept long enough, whoever it belonged to",
	"SweepDeliveries": "the sweeper removes what was kept long enough, whoever it belonged to",
}

// runs are the methods that run a statement: after the context, the name of the operation and the text come the arguments.
var runs = []string{"exec", "row", "each"}

// statement is an SQL statement in the source.
type statement struct {
	at       string // file:line
	function string // the function it stands in; "" for a constant
	receiver string // and that function's receiver's type
	text     string
}

var isStatement = regexp.MustCompile(`(?is)^\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+(\s+\w+)?\s+SET\s|DELETE\s+FROM\s|WITH\s.*\sAS\s*\()`)

// statementsOf finds the statements in a package's source. A constant's text is put where its name stands, and a blank where
// the text is not known before the program runs.
func statementsOf(fset *token.FileSet, files []source) (all []statement) {
	constants := map[string]ast.Expr{}
	for _, f := range files {
		for _, d := range f.file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
				for _, s := range g.Specs {
					if v, ok := s.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
						for i, name := range v.Names {
							constants[name.Name] = v.Values[i]
						}
					}
				}
			}
		}
	}
	for _, f := range files {
		for _, d := range f.file.Decls {
			s := statement{}
			if fn, ok := d.(*ast.FuncDecl); ok {
				s.function, s.receiver = fn.Name.Name, receiverOf(fn)
			}
			ast.Inspect(d, func(n ast.Node) bool {
				e, ok := n.(ast.Expr)
				if !ok {
					return true
				}
				text, ok := textOf(e, constants)
				if !ok {
					return true
				}
				if isStatement.MatchString(text) {
					s.at, s.text = fmt.Sprintf("%s:%d", f.path, fset.Position(n.Pos()).Line), text
					all = append(all, s)
				}
				return false
			})
		}
	}
	return all
}

// textOf is the text of a literal, or of a sum that has one.
func textOf(e ast.Expr, constants map[string]ast.Expr) (text string, ok bool) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return textOf(e.X, constants)
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		x, okX := textOrConstant(e.X, constants)
		y, okY := textOrConstant(e.Y, constants)
		return x + y, okX || okY
	}
	return "", false
}

func textOrConstant(e ast.Expr, constants map[string]ast.Expr) (string, bool) {
	if name, ok := e.(*ast.Ident); ok {
		if value, ok := constants[name.Name]; ok {
			return textOf(value, constants)
		}
	}
	if text, ok := textOf(e, constants); ok {
		return text, true
	}
	return " ", false
}

func receiverOf(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return ""
	}
	t := fn.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if name, ok := t.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

var (
	tableRef   = regexp.MustCompile(`(?i)\b(FROM|JOIN|INTO|UPDATE|USING)\s+(\w+)(?:\s+(?:AS\s+)?(\w+))?`)
	commaJoin  = regexp.MustCompile(`(?i)\bFROM\s+\w+(\s+\w+)?\s*,`)
	everything = regexp.MustCompile(`(?i)(SELECT\s+(DISTINCT\s+)?|RETURNING\s+|,\s*|\w\.)\*`)
	noColumns  = regexp.MustCompile(`(?i)\bINTO\s+\w+\s*(VALUES|SELECT)\b`)
	disjoint   = regexp.MustCompile(`(?i)\bOR\b`)
	ofScope    = regexp.MustCompile(`(?i)\btenant_id\s*=\s*\$1\b|\(\s*tenant_id\b[^)]*\)\s*VALUES\s*\(\s*\$1\b`)
	keywords   = []string{
		"AS", "CROSS", "FOR", "FULL", "GROUP", "INNER", "JOIN", "LEFT", "LIMIT", "ON", "ORDER", "RETURNING", "RIGHT", "SET", "UNION",
		"USING", "VALUES", "WHERE",
	}
)

// faultsOf tells what is wrong with a statement, given the tables whose rows belong to tenants, and whether it has to do
// with any.
func faultsOf(text string, owned []string) (faults []string, tenants bool) {
	if everything.MatchString(text) {
		faults = append(faults, "does not list its columns")
	}
	if noColumns.MatchString(text) {
		faults = append(faults, "does not list the columns it writes")
	}
	for _, ref := range tableRef.FindAllStringSubmatch(text, -1) {
		table, alias := ref[2], ref[3]
		if !slices.Contains(owned, strings.ToLower(table)) {
			continue
		}
		tenants = true
		names := regexp.MustCompile(`(?i)(^|[^\w.])(` + table + `\.)?tenant_id\b`)
		if alias != "" && !slices.Contains(keywords, strings.ToUpper(alias)) {
			names = regexp.MustCompile(`(?i)\b` + alias + `\.tenant_id\b`)
			table += " " + alias
		}
		if !names.MatchString(text) {
			faults = append(faults, "does not name the tenant whose "+table+" it touches")
		}
	}
	if !tenants {
		return faults, false
	}
	if commaJoin.MatchString(text) {
		faults = append(faults, "joins with a comma: write JOIN, so that this test sees the table")
	}
	for _, level := range levels(text) {
		if strings.Contains(level, "tenant_id") && disjoint.MatchString(level) {
			faults = append(faults, "has an OR beside tenant_id: put it into parentheses")
		}
	}
	return faults, true
}

// levels are the parts of a statement, each without what is in parentheses in it.
func levels(text string) (all []string) {
	inner := regexp.MustCompile(`\([^()]*\)`)
	for {
		at := inner.FindStringIndex(text)
		if at == nil {
			return append(all, text)
		}
		all = append(all, text[at[0]:at[1]])
		text = text[:at[0]] + " ... " + text[at[1]:]
	}
}

func storePackage(t *testing.T, fset *token.FileSet) []source {
	t.Helper()
	for _, p := range packages(t) {
		if p.within() == "internal/store" {
			return parse(t, fset, p)
		}
	}
	t.Fatal("there is no package internal/store")
	return nil
}

func TestStatementsNameTheirTenant(t *testing.T) {
	var owned []string
	for name, table := range tables(t) {
		if table.owned {
			owned = append(owned, name)
		}
	}
	for _, known := range []string{"users", "emails", "sessions", "messages"} {
		if !slices.Contains(owned, known) {
			t.Errorf("the migrations do not make %s a table of tenants", known)
		}
	}
	fset := token.NewFileSet()
	found := 0
	unused := maps.Clone(acrossTenants)
	for _, s := range statementsOf(fset, storePackage(t, fset)) {
		faults, tenants := faultsOf(s.text, owned)
		if tenants {
			found++
			_, excepted := acrossTenants[s.function]
			delete(unused, s.function)
			switch {
			case excepted:
			case s.function != "" && s.receiver != "Scope" && s.receiver != "Tx":
				faults = append(faults, "touches rows of tenants and is in no method of Scope or Tx; if it has to, say why in acrossTenants")
			case !ofScope.MatchString(s.text):
				faults = append(faults, "does not begin with the scope: tenant_id = $1")
			}
		}
		for _, fault := range faults {
			t.Errorf("%s: %s %s", s.at, s.function, fault)
		}
	}
	if found < 20 {
		t.Errorf("only %d statements were found", found)
	}
	for name := range unused {
		t.Errorf("acrossTenants excepts %s, which needs no exception", name)
	}
}

// The first argument of every statement of a Scope or Tx is the tenant of the receiver: it is not enough that the
// statement asks for one.
func TestScopesPassTheirTenant(t *testing.T) {
	fset := token.NewFileSet()
	found := 0
	for _, f := range storePackage(t, fset) {
		for _, d := range f.file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil || receiverOf(fn) != "Scope" && receiverOf(fn) != "Tx" {
				continue
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) < 3 {
					return true
				}
				method, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || !slices.Contains(runs, method.Sel.Name) {
					return true
				}
				found++
				if len(call.Args) < 4 || !isTenant(fn, firstOf(fn, call.Args[3])) {
					t.Errorf("%s:%d: %s: the first argument is not the receiver's tenant", f.path, fset.Position(call.Pos()).Line, fn.Name.Name)
				}
				return true
			})
		}
	}
	if found < 15 {
		t.Errorf("only %d calls were found", found)
	}
}

// firstOf is the first element where arguments are given as a slice, directly or by the name of a variable that was made
// as one; otherwise it is the argument itself.
func firstOf(fn *ast.FuncDecl, e ast.Expr) ast.Expr {
	if name, ok := e.(*ast.Ident); ok {
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			a, ok := n.(*ast.AssignStmt)
			if ok && a.Tok == token.DEFINE && len(a.Lhs) == 1 && len(a.Rhs) == 1 {
				if left, ok := a.Lhs[0].(*ast.Ident); ok && left.Name == name.Name {
					e = a.Rhs[0]
				}
			}
			return true
		})
	}
	if list, ok := e.(*ast.CompositeLit); ok && len(list.Elts) > 0 {
		return list.Elts[0]
	}
	return e
}

func isTenant(fn *ast.FuncDecl, e ast.Expr) bool {
	field, ok := e.(*ast.SelectorExpr)
	if !ok || field.Sel.Name != "tenant" {
		return false
	}
	of, ok := field.X.(*ast.Ident)
	return ok && len(fn.Recv.List[0].Names) == 1 && of.Name == fn.Recv.List[0].Names[0].Name
}

func TestOnlyTheStoreSpeaksSQL(t *testing.T) {
	fset := token.NewFileSet()
	for _, p := range packages(t) {
		if p.within() == "internal/store" || slices.Contains(beside, p.within()) {
			continue
		}
		for _, s := range statementsOf(fset, parse(t, fset, p)) {
			t.Errorf("%s: an SQL statement outside internal/store", s.at)
		}
	}
}

// The checks above find what they are for.
func TestFaultyStatementsAreFound(t *testing.T) {
	owned := []string{"users", "emails"}
	for name, c := range map[string]struct{ text, want string }{
		"no tenant":           {"SELECT id FROM users WHERE id = $1", "does not name the tenant whose users it touches"},
		"no tenant in a join": {"SELECT u.id FROM users u JOIN emails e ON e.user_id = u.id WHERE u.tenant_id = $1", "whose emails e"},
		"no tenant in a sub-select": {
			"SELECT id FROM users WHERE tenant_id = $1 AND EXISTS (SELECT 1 FROM emails v WHERE v.verified)", "whose emails v",
		},
		"no tenant in an update": {"UPDATE users SET active = $2 WHERE id = $1", "whose users"},
		"no tenant in a row":     {"INSERT INTO emails (id, email) VALUES ($1, $2)", "whose emails"},
		"every column":           {"SELECT * FROM users WHERE tenant_id = $1", "does not list its columns"},
		"every column of one":    {"SELECT u.* FROM users u WHERE u.tenant_id = $1", "does not list its columns"},
		"every column returned":  {"DELETE FROM users WHERE tenant_id = $1 RETURNING *", "does not list its columns"},
		"columns left out":       {"INSERT INTO users VALUES ($1)", "does not list the columns it writes"},
		"a way around":           {"SELECT id FROM users WHERE tenant_id = $1 AND id = $2 OR email = $3", "has an OR"},
		"a way around, inside": {
			"SELECT 1 FROM tenants t WHERE EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = t.id OR u.active)", "has an OR",
		},
		"a comma": {"SELECT u.id FROM users u, emails WHERE u.tenant_id = $1", "joins with a comma"},
	} {
		t.Run(name, func(t *testing.T) {
			faults, _ := faultsOf(c.text, owned)
			if !strings.Contains(strings.Join(faults, "\n"), c.want) {
				t.Errorf("got %q", faults)
			}
		})
	}
	for name, text := range map[string]string{
		"a condition in parentheses": "SELECT id FROM users WHERE tenant_id = $1 AND (active OR id = $2)",
		"a count":                    "SELECT COUNT(*) FROM users WHERE tenant_id = $1",
		"a product":                  "UPDATE users SET epoch = epoch * 2 WHERE tenant_id = $1",
		"another table":              "SELECT id FROM tenants WHERE slug = $1 OR id = $1",
	} {
		t.Run(name, func(t *testing.T) {
			if faults, _ := faultsOf(text, owned); len(faults) > 0 {
				t.Errorf("got %q", faults)
			}
		})
	}
}
