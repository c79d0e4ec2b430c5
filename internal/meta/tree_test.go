package meta_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module = "github.com/vestibule-auth/vestibule/"
	root   = "../.."
)

// pkg is what go list tells of a package.
type pkg struct {
	ImportPath, Name, Dir string
	GoFiles, Imports      []string
}

// within is the package's path inside the module.
func (p pkg) within() string { return strings.TrimPrefix(p.ImportPath, module) }

// packages are the packages of the tree.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Name,Dir,GoFiles,Imports", "./...")
	cmd.Dir = root
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, complaints.String())
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages only", len(all))
	}
	return all
}

// source is a parsed file with its path inside the repository.
type source struct {
	path string
	file *ast.File
}

// parse parses the files of a package.
func parse(t *testing.T, fset *token.FileSet, p pkg) []source {
	t.Helper()
	var all []source
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, source{path: p.within() + "/" + name, file: f})
	}
	return all
}

// notOurs are directories of what is built, downloaded or kept by other programs. In a second worktree, .git is a file.
var notOurs = []string{".git", ".vestibule", "bin", "dist", "node_modules"}

// walk calls f with every file of the repository and its path in it.
func walk(t *testing.T, f func(name string, content []byte)) {
	t.Helper()
	files := os.DirFS(root)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains(notOurs, path.Base(name)) {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() || slices.Contains(notOurs, path.Base(name)) {
			return nil
		}
		content, err := fs.ReadFile(files, name)
		if err == nil {
			f(name, content)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
