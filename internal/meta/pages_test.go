package meta_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	fenced   = regexp.MustCompile("(?ms)^```.*?^```")
	heading  = regexp.MustCompile(`(?m)^#{1,6} +(.+)$`)
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	linkText = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	named    = regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")
	declared = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9_]+)\(`)
)

// files are the files of the tree whose names end as given, by their paths inside the repository, with what is in them.
func files(t *testing.T, suffix string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(at string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && (name == "node_modules" || name == "bin" || strings.HasPrefix(name, ".") && name != "..") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(at, suffix) {
			return nil
		}
		b, err := os.ReadFile(at)
		if err != nil {
			return err
		}
		within, err := filepath.Rel(root, at)
		found[filepath.ToSlash(within)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// anchor is what a heading is called in links.
func anchor(title string) string {
	title = linkText.ReplaceAllString(title, "$1")
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, title)
}

func TestLinksLeadSomewhere(t *testing.T) {
	pages := files(t, ".md")
	anchors := map[string]map[string]bool{}
	for at, text := range pages {
		anchors[at] = map[string]bool{}
		for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			anchors[at][anchor(m[1])] = true
		}
	}
	checked := 0
	for at, text := range pages {
		for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			to, part, _ := strings.Cut(m[1], "#")
			if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
				continue
			}
			checked++
			target := at
			if to != "" {
				target = path.Join(path.Dir(at), to)
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(target))); err != nil {
				t.Errorf("%s: %s leads nowhere", at, m[1])
			} else if part != "" && strings.HasSuffix(target, ".md") && !anchors[target][part] {
				t.Errorf("%s: %s has no heading for #%s", at, target, part)
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d links were found", checked)
	}
}

// What the page shows is the file that is tried out.
func TestPageOfForwardAuthShowsTheExample(t *testing.T) {
	var shown strings.Builder
	for line := range strings.Lines(read(t, "examples/forward-auth/nginx/nginx.conf")) {
		if strings.TrimSpace(line) != "" {
			line = "    " + line
		}
		shown.WriteString(line)
	}
	if !strings.Contains(read(t, "docs/forward-auth.md"), shown.String()) {
		t.Error("docs/forward-auth.md does not have examples/forward-auth/nginx/nginx.conf as it is")
	}
}

func TestPagesNameTestsThatThereAre(t *testing.T) {
	there := map[string]bool{}
	for _, text := range files(t, "_test.go") {
		for _, m := range declared.FindAllStringSubmatch(text, -1) {
			there[m[1]] = true
		}
	}
	found := map[string]int{}
	for at, text := range files(t, ".md") {
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			found[at]++
			if !there[m[1]] {
				t.Errorf("%s names %s, which is no test", at, m[1])
			}
		}
	}
	if found["docs/threat-model.md"] < 40 {
		t.Errorf("the threat model names %d tests only", found["docs/threat-model.md"])
	}
}
