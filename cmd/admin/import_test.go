package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// importing is a bench beside a server that applies imports, with a tenant called acme.
func importing(t *testing.T) *bench {
	t.Helper()
	st := testkit.Open(t, "sqlite", nil)
	testkit.AddTenant(t, st, "acme", "")
	log := slog.New(slog.DiscardHandler)
	im := admin.NewImporter(admin.Importer{
		Store: st, Tenants: st.TenantByID, Clock: clock.System{}, Log: log, Poll: 10 * time.Millisecond,
		Flows: flows.New(flows.Options{Store: st, Hasher: passhash.New(passhash.Options{}), Clock: clock.System{}, Log: log}),
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- im.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return withServerOn(t, st)
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUsersAreImportedFromFiles(t *testing.T) {
	b := importing(t)
	fine := write(t, "users.ndjson", `{"email": "ann@example.org"}`+"\n"+`{"email": "bob@example.org"}`)
	out, _ := b.run(0, "import", "users", "--tenant", "acme", "-f", fine, "--dry-run")
	if !strings.Contains(out, "Fit      2\n") {
		t.Errorf("a dry run prints\n%s", out)
	}
	out, complaints := b.run(0, "import", "users", "--tenant", "acme", "-f", fine)
	if !strings.Contains(out, "State    finished\n") || !strings.Contains(out, "Created  2\n") || !strings.Contains(complaints, "2 of 2 users") && !strings.HasPrefix(complaints, "import ") {
		t.Errorf("it prints\n%s%s", out, complaints)
	}
	bad := write(t, "users.CSV", "email,password_hash\neve@example.org,nonsense\nann@example.org,\nkim@example.org,\n")
	out, complaints = b.run(1, "import", "users", "--tenant", "acme", "-f", bad)
	if !strings.Contains(out, "Created  1\n") || !strings.Contains(out, "Skipped  1\n") || !strings.Contains(out, "Failed   1\n") ||
		!strings.Contains(complaints, "failed: line 2: password_hash: ") || strings.Contains(complaints, "skipped") {
		t.Errorf("it prints\n%s%s", out, complaints)
	}
	id := strings.Fields(strings.TrimPrefix(complaints, "import "))[0]
	if out, _ := b.run(0, "import", "errors", "--tenant", "acme", id); !strings.Contains(out, "skipped: line 3: id: ") {
		t.Errorf("the errors are\n%s", out)
	}
	if out, complaints := b.run(0, "import", "list", "--tenant", "acme"); strings.Count(out, "finished") != 3 || complaints != "" {
		t.Errorf("the list is\n%s%s", out, complaints)
	}
	if out, complaints := b.run(0, "import", "list", "--tenant", "acme", "--limit", "1"); strings.Count(out, "finished") != 1 || !strings.Contains(complaints, "--cursor ") {
		t.Errorf("a page is\n%s%s", out, complaints)
	}
	var errs []admin.ImportError
	if out, _ := b.run(0, "import", "errors", "--tenant", "acme", id, "-o", "json"); json.Unmarshal([]byte(out), &errs) != nil || len(errs) != 2 {
		t.Errorf("the errors are\n%s", out)
	}
	if out, _ := b.run(0, "import", "errors", "--tenant", "acme", id, "-o", "yaml"); !strings.HasPrefix(out, "- ") {
		t.Errorf("the errors are\n%s", out)
	}
	out, _ = b.run(0, "import", "show", "--tenant", "acme", id, "-o", "json")
	var i admin.Import
	if err := json.Unmarshal([]byte(out), &i); err != nil || i.State != store.FinishedImport || i.Failed != 1 {
		t.Errorf("it is %s, %v", out, err)
	}
	b.run(1, "import", "cancel", "--tenant", "acme", id)
	b.run(1, "import", "cancel", "--tenant", "acme", id, "--yes")
	b.run(1, "import", "users", "--tenant", "nobody", "-f", fine)
	b.run(1, "import", "users", "--tenant", "acme", "-f", fine+".not")
	b.run(2, "import", "users", "--tenant", "acme", "-f", fine, "--format", "xml")
	b.run(2, "import", "users", "--tenant", "acme")
	b.in = `{"username": "from-stdin"}`
	b.run(0, "import", "users", "--tenant", "acme", "-f", "-")
}

// An upload that broke off goes on where it was, and the same file is cut at the same places.
func TestAnUploadThatBrokeOffGoesOn(t *testing.T) {
	b := importing(t)
	var file strings.Builder
	for n := range 12_000 { // some chunks
		_, _ = fmt.Fprintf(&file, `{"username": "user-%d", "name": "%s"}`+"\n", n, strings.Repeat("x", 150))
	}
	path := write(t, "users.ndjson", file.String())
	c, err := newClient(strings.TrimSuffix(b.env["VESTIBULE_ADMIN_URL"], "/"), token)
	if err != nil {
		t.Fatal(err)
	}
	i, err := oneImport(t.Context(), c, request{method: "POST", path: importsPath("acme"), mediaType: "application/json", body: map[string]any{"format": "ndjson"}})
	if err != nil {
		t.Fatal(err)
	}
	sent := 0
	err = chunks(strings.NewReader(file.String()), false, func(chunk []byte) error {
		if sent++; sent > 1 {
			return nil
		}
		_, err := c.do(t.Context(), request{method: "PUT", path: importPath("acme", i.ID) + "/chunks/1", mediaType: "application/x-ndjson", body: chunk})
		return err
	})
	if err != nil || sent < 3 {
		t.Fatalf("%d chunks, %v", sent, err)
	}
	if out, _ := b.run(0, "import", "cancel", "--tenant", "acme", i.ID); !strings.HasPrefix(out, "would cancel the import "+i.ID+", which is uploading: ") {
		t.Errorf("without --yes it says %s", out)
	}
	out, _ := b.run(0, "import", "users", "--tenant", "acme", "-f", path, "--job", i.ID)
	if !strings.Contains(out, "Created  12000\n") {
		t.Errorf("it prints\n%s", out)
	}
	if out, _ = b.run(0, "import", "users", "--tenant", "acme", "-f", path, "--job", i.ID); !strings.Contains(out, "Created  12000\n") {
		t.Errorf("an import that has ended prints\n%s", out)
	}
}

func TestChunksEndWhereLinesDo(t *testing.T) {
	cut := func(csv bool, text string) (all []string) {
		t.Helper()
		err := chunks(strings.NewReader(text), csv, func(c []byte) error {
			if len(c) > admin.MaxChunk {
				t.Errorf("a chunk has %d bytes", len(c))
			}
			all = append(all, string(c))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Join(all, "") != text {
			t.Error("the chunks are not the whole")
		}
		return all
	}
	line := strings.Repeat("x", 1000) + "\n"
	for _, text := range []string{"", "a", "a\n", "a\nb", strings.Repeat(line, 3000), strings.Repeat(line, 1049)} {
		for n, c := range cut(false, text) {
			if n+1 < len(cut(false, text)) && !strings.HasSuffix(c, "\n") {
				t.Error("a chunk does not end where a line does")
			}
		}
	}
	record := `"` + strings.Repeat("y\n", 400) + `",1` + "\n"
	for _, c := range cut(true, strings.Repeat(record, 4000)) {
		if !strings.HasSuffix(c, "\",1\n") {
			t.Error("a record is cut in two")
		}
	}
	open := `"` + strings.Repeat(line, 3000)
	if got := cut(true, open); len(got) < 3 || slices.Contains(got, "") {
		t.Errorf("a quote that does not end makes %d chunks", len(got))
	}
	if err := chunks(bytes.NewReader(make([]byte, admin.MaxChunk+1)), false, func([]byte) error { return nil }); err == nil {
		t.Error("a line without end is taken")
	}
}

func TestProgressIsShown(t *testing.T) {
	var out bytes.Buffer
	plain := progress{out: &out}
	for n := range int64(101) {
		plain.show(n, 100, fmt.Sprintf("%d of 100", n))
	}
	plain.end()
	if strings.Count(out.String(), "\n") != 10 || !strings.HasPrefix(out.String(), "10 of 100\n20 of 100\n") {
		t.Errorf("in a file it is\n%s", out.String())
	}
	out.Reset()
	live := progress{out: &out, live: true}
	live.show(50, 100, "50 of 100")
	live.show(100, 100, "done")
	live.end()
	if got := out.String(); !strings.HasPrefix(got, "\r[###############...............] 50 of 100\r[##############################] done") || strings.Contains(got, "\n") || !strings.HasSuffix(got, "\r") {
		t.Errorf("on a terminal it is %q", got)
	}
	if terminal(&out) {
		t.Error("a buffer is a terminal")
	}
}

func TestExportsTellHowFarTheyAre(t *testing.T) {
	var out, complaints bytes.Buffer
	c := &counted{Writer: &out, what: "events", bar: &progress{out: &complaints, live: true}}
	for _, part := range []string{"a\nb", "\nc\n", ""} {
		if n, err := c.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	c.bar.end()
	if out.String() != "a\nb\nc\n" || !strings.Contains(complaints.String(), "\r1 events so far\r3 events so far") {
		t.Errorf("%q is written, %q is told", out.String(), complaints.String())
	}
	complaints.Reset()
	silent := (&tool{out: &out, complaints: &complaints}).counted("events")
	_, _ = silent.Write([]byte("d\n"))
	silent.bar.end()
	if complaints.Len() > 0 {
		t.Errorf("where nobody looks %q is told", complaints.String())
	}
}
