package meta_test

import (
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// floors are the floors of the house, from the ground up. A package imports from lower floors, never from its own.
var floors = [][]string{
	{"internal/apidoc", "internal/clock", "internal/hostname", "internal/refusal", "internal/secret", "internal/trace", "internal/yamldoc"},
	{"internal/factor", "internal/outbound", "internal/passhash", "internal/passrule", "internal/saml", "internal/site", "internal/token"},
	{"internal/config", "internal/limit", "internal/store/faultdb", "migrations", "tenants"},
	{"internal/provider", "internal/shadow", "internal/store"},
	{"internal/keyring"},
	{"flows", "internal/post", "internal/webhook", "internal/audit", "internal/stats"},
	{"internal/admin"},
	{"internal/adminapi", "internal/demoapp", "internal/headless", "internal/httpd", "web/admin"},
	{"internal/app"},
	{"cmd/admin", "cmd/server"},
}

// beside is what stands beside the house: it builds, tests or measures it, and nothing of the house imports it. What has
// a row in the table keeps to it.
var beside = []string{
	"examples/api", "examples/cli", "examples/forward-auth/nginx",
	"internal/bench", "internal/factor/factortest", "internal/headless/headlesstest", "internal/meta", "internal/saml/samltest",
	"internal/store/storetest", "internal/testkit",
	"internal/tools/alerts", "internal/tools/image", "internal/tools/kit", "internal/tools/listening", "internal/tools/services",
	"internal/tools/settingsdoc", "internal/trace/tracetest", "sdk/go/client", "sdk/go/vestibuletest",
}

func floorOf(within string) int {
	return slices.IndexFunc(floors, func(floor []string) bool { return slices.Contains(floor, within) })
}

// row is a rule of the table of imports.
type row struct {
	Mode  string   `yaml:"list-mode"`
	Files []string `yaml:"files"`
	Allow []string `yaml:"allow"`
	Deny  []struct {
		Pkg string `yaml:"pkg"`
	} `yaml:"deny"`
}

// packages are the packages that a row is about.
func (r row) packages() (within []string) {
	for _, pattern := range r.Files {
		if rest, ok := strings.CutPrefix(pattern, "**/"); ok {
			within = append(within, path.Dir(rest))
		}
	}
	return within
}

func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

func covers(entry, imported string) bool {
	if entry == "$gostd" {
		return standard(imported)
	}
	if exact, ok := strings.CutSuffix(entry, "$"); ok {
		return imported == exact
	}
	return imported == entry || strings.HasPrefix(imported, entry+"/")
}

// table is the table of imports.
func table(t *testing.T) (allows, denies map[string][]row) {
	t.Helper()
	content, err := os.ReadFile(root + "/.golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]row `yaml:"rules"`
				} `yaml:"depguard"`
			} `yaml:"settings"`
		} `yaml:"linters"`
	}
	if err := yaml.Unmarshal(content, &config); err != nil {
		t.Fatal(err)
	}
	allows, denies = map[string][]row{}, map[string][]row{}
	for name, r := range config.Linters.Settings.Depguard.Rules {
		for _, within := range r.packages() {
			switch r.Mode {
			case "strict":
				allows[within] = append(allows[within], r)
			case "lax":
				denies[within] = append(denies[within], r)
			default:
				t.Errorf("the row %s is neither strict nor lax", name)
			}
		}
	}
	return allows, denies
}

func TestFloorsHold(t *testing.T) {
	allows, denies := table(t)
	for _, p := range packages(t) {
		within := p.within()
		rows := allows[within]
		switch {
		case slices.Contains(beside, within):
		case floorOf(within) < 0:
			t.Errorf("%s stands on no floor: give it one here, and a row in .golangci.yml", within)
		case len(rows) != 1:
			t.Errorf("%s has %d rows in the table of imports (.golangci.yml), not one", within, len(rows))
		}
		for _, imported := range p.Imports {
			for _, r := range rows {
				if !slices.ContainsFunc(r.Allow, func(entry string) bool { return covers(entry, imported) }) {
					t.Errorf("%s imports %s, which its row does not allow", within, imported)
				}
			}
			for _, r := range denies[within] {
				for _, denied := range r.Deny {
					if covers(denied.Pkg, imported) {
						t.Errorf("%s imports %s, which it must not", within, imported)
					}
				}
			}
			if ours, ok := strings.CutPrefix(imported, module); ok && floorOf(within) >= 0 && slices.Contains(beside, ours) {
				t.Errorf("%s imports %s, which is not part of the house", within, ours)
			}
		}
	}
}

func TestNoRowPointsUpwards(t *testing.T) {
	allows, _ := table(t)
	for within, rows := range allows {
		for _, r := range rows {
			for _, entry := range r.Allow {
				ours, ok := strings.CutPrefix(entry, module)
				if !ok || slices.Contains(beside, within) {
					continue
				}
				allowed, exact := strings.CutSuffix(ours, "$")
				if !exact {
					t.Errorf("%s may import all below %s: name the packages", within, ours)
				} else if floorOf(allowed) < 0 || floorOf(allowed) >= floorOf(within) {
					t.Errorf("%s may import %s, which is not below it", within, allowed)
				}
			}
		}
	}
}
