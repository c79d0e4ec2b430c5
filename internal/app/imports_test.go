package app_test

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// manyMove is how many users move in at once. The figures in docs/import.md are those of 100,000.
var manyMove = flag.Int("import-users", 2000, "how many users TestManyMoveIn imports")

// djangoHash is what Django keeps of a password.
func djangoHash(t *testing.T, password, salt string, rounds int) string {
	t.Helper()
	key, err := pbkdf2.Key(sha256.New, password, []byte(salt), rounds, 32)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("pbkdf2_sha256$%d$%s$%s", rounds, salt, base64.StdEncoding.EncodeToString(key))
}

// importing makes a request of the admin API about imports of a tenant, whose answer must have the status.
func (s *server) importing(status int, method, host, path, mediaType, body string) []byte {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.operator+"/admin/v1/tenants/"+strings.TrimSuffix(host, ".localhost")+"/imports"+path,
		strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	r.Header.Set("Content-Type", mediaType)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status {
		s.Fatalf("%s %s: %d, not %d: %s (%v)", method, path, answer.StatusCode, status, raw, err)
	}
	return raw
}

func (s *server) shownImport(raw []byte) admin.Import {
	s.Helper()
	var i admin.Import
	if err := json.Unmarshal(raw, &i); err != nil {
		s.Fatal(err)
	}
	return i
}

// upload begins an import of a file and uploads it.
func (s *server) upload(host, format, file, options string) admin.Import {
	s.Helper()
	const most = 1 << 20
	mediaType := map[string]string{"ndjson": "application/x-ndjson", "csv": "text/csv"}[format]
	i := s.shownImport(s.importing(http.StatusCreated, http.MethodPost, host, "", "application/json", `{"format": "`+format+`"`+options+`}`))
	for n := 1; file != ""; n++ {
		end := len(file)
		if end > most {
			end = strings.LastIndexByte(file[:most], '\n') + 1
		}
		s.importing(http.StatusNoContent, http.MethodPut, host, fmt.Sprintf("/%s/chunks/%d", i.ID, n), mediaType, file[:end])
		file = file[end:]
	}
	return i
}

// moveIn imports a file and waits for its end.
func (s *server) moveIn(host, format, file, options string) admin.Import {
	s.Helper()
	i := s.upload(host, format, file, options)
	s.importing(http.StatusAccepted, http.MethodPost, host, "/"+i.ID+"/start", "application/json", "")
	return s.ended(host, i.ID)
}

// ended waits for the end of an import.
func (s *server) ended(host, id string) admin.Import {
	s.Helper()
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if i := s.shownImport(s.importing(http.StatusOK, http.MethodGet, host, "/"+id, "application/json", "")); i.FinishedAt != nil {
			return i
		}
	}
	s.Fatal("the import does not end")
	return admin.Import{}
}

func (s *server) importErrors(host, id string) []admin.ImportError {
	s.Helper()
	var page struct{ Items []admin.ImportError }
	if err := json.Unmarshal(s.importing(http.StatusOK, http.MethodGet, host, "/"+id+"/errors?limit=200", "application/json", ""), &page); err != nil {
		s.Fatal(err)
	}
	return page.Items
}

func TestManyMoveIn(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine)
		host := s.tenant("")
		const rounds = 600_000
		var file bytes.Buffer
		sampled, badLine := map[int]bool{}, *manyMove/2+1
		for k := range 10 {
			sampled[k**manyMove/10+k] = true
		}
		for n := range *manyMove {
			encoded := fmt.Sprintf("pbkdf2_sha256$%d$%x$%s", rounds, secret.Bytes(11), base64.StdEncoding.EncodeToString(secret.Bytes(32)))
			if sampled[n] {
				encoded = djangoHash(t, fmt.Sprintf("%s-%d", password, n), "seasalt", rounds)
			}
			if n == badLine-1 {
				encoded = "pbkdf2_sha256$nonsense"
			}
			_, _ = fmt.Fprintf(&file, `{"id": %d, "username": "user%d", "name": "User %d", "email": "user%d@example.org", "email_verified": true, "password_hash": %q, "created_at": "2020-01-02T03:04:05Z"}`+"\n",
				n+1, n, n, n, encoded)
		}
		began := time.Now()
		i := s.moveIn(host, "ndjson", file.String(), fmt.Sprintf(`, "total_lines": %d`, *manyMove))
		t.Logf("%d users, %d KiB, on %s: %v from the first chunk to the end, of which %v to apply them (%.0f a second)",
			*manyMove, file.Len()>>10, engine, time.Since(began).Round(time.Millisecond), i.FinishedAt.Sub(*i.StartedAt).Round(time.Millisecond), i.Rate)
		if i.State != store.FinishedImport || i.Created != int64(*manyMove-1) || i.Failed != 1 || i.Skipped != 0 {
			t.Fatalf("got %+v", i)
		}
		all := s.importErrors(host, i.ID)
		if len(all) != 1 || all[0].Line != int64(badLine) || all[0].Path != "password_hash" || all[0].Outcome != "failed" {
			t.Errorf("the bad row is reported as %+v", all)
		}
		for n := range sampled {
			if n == badLine-1 {
				continue
			}
			email := fmt.Sprintf("user%d@example.org", n)
			s.client("app", host).login(email, password).want(http.StatusBadRequest)
			s.client("app", host).login(email, fmt.Sprintf("%s-%d", password, n)).want(http.StatusOK)
			s.client("app", host).login(email, fmt.Sprintf("%s-%d", password, n)).want(http.StatusOK) // and by the new hash
		}
		again := s.moveIn(host, "ndjson", file.String(), "")
		if again.Created != 0 || again.Skipped != int64(*manyMove-1) || again.Failed != 1 {
			t.Errorf("a second time: %+v", again)
		}
	})
}
