package meta_test

import (
	"bytes"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// leastDoc is how many lines a package's documentation has at least: fewer say no more than the name. A command's manual
// is its help.
const (
	leastDoc        = 3
	leastCommandDoc = 2
)

func TestEveryPackageTeaches(t *testing.T) {
	fset := token.NewFileSet()
	for _, p := range packages(t) {
		var docs []string
		var at []string
		for _, s := range parse(t, fset, p) {
			if s.file.Doc != nil {
				docs, at = append(docs, s.file.Doc.Text()), append(at, s.path)
			}
		}
		if len(p.GoFiles) == 0 {
			continue // a package of tests
		}
		if len(docs) != 1 {
			t.Errorf("%s has %d package comments, not one: %v", p.within(), len(docs), at)
			continue
		}
		lines := slices.DeleteFunc(strings.Split(docs[0], "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
		least, begins := leastDoc, "Package "+p.Name+" "
		if p.Name == "main" {
			least, begins = leastCommandDoc, "" // it begins with what the command is called
		}
		if len(lines) < least {
			t.Errorf("%s: the package comment has %d lines, and teaches with %d or more", at[0], len(lines), least)
		}
		if !strings.HasPrefix(docs[0], begins) {
			t.Errorf("%s: the package comment does not begin with %q", at[0], begins)
		}
	}
}

// unfinished and a developer's paths are spelt so that this file does not find itself.
var (
	unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|X` + `XX)\b`)
	elsewhere  = regexp.MustCompile(`(^|[^\w.])/(wo` + `rk|ho` + `me/\w+|ro` + `ot|Us` + `ers/\w+)/`)
	conflict   = regexp.MustCompile(`(?m)^(<<<` + `<<<<|>>>` + `>>>>) `)
)

func TestNothingSpeaksOfTheWorkplace(t *testing.T) {
	files := 0
	walk(t, func(name string, content []byte) {
		if path.Base(name) == "go.sum" || path.Base(name) == "package-lock.json" {
			return // checksums, which may spell anything
		}
		if !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0 {
			return // a picture or a font
		}
		files++
		for i, line := range strings.Split(string(content), "\n") {
			for what, pattern := range map[string]*regexp.Regexp{
				"something is left to do": unfinished, "a path of one machine": elsewhere, "an unresolved conflict": conflict,
			} {
				if pattern.MatchString(line) {
					t.Errorf("%s:%d: %s: %s", name, i+1, what, strings.TrimSpace(line))
				}
			}
		}
	})
	if files < 50 {
		t.Errorf("only %d files were found", files)
	}
}
