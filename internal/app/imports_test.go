package app_test

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
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
		const rounds = 20_000
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

// allauthDatabase is a database of a Django project, in which bob has a key of his own.
func allauthDatabase(t *testing.T, engine string, registration json.RawMessage) string {
	t.Helper()
	text, err := os.ReadFile("testdata/allauth.sql")
	if err != nil {
		t.Fatal(err)
	}
	script, url := string(text), testkit.EmptyURL(t, engine)
	if engine == "postgres" {
		script = strings.NewReplacer(" datetime ", " timestamptz ", " json ", " jsonb ").Replace(script)
	}
	db := testkit.Raw(t, url)
	for statement := range strings.SplitSeq(script, ";\n") {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%v in %s", err, statement)
		}
	}
	data, err := json.Marshal(map[string]any{"name": "Phone", "credential": registration})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO mfa_authenticator VALUES (3, $1, 2, '2026-01-26 02:35:27.332177', NULL, 'webauthn')", string(data)); err != nil {
		t.Fatal(err)
	}
	path, _, _ := strings.Cut(url, "?")
	if engine == "postgres" {
		return url
	}
	return path
}

// Everybody of a project with django-allauth logs in here with what they logged in with there.
func TestUsersOfAllauthMoveIn(t *testing.T) {
	t.Parallel() // as in everywhere
	testkit.Engines(t, func(t *testing.T, engine string) {
		s := boot(t, engine)
		host := s.tenant(`{"mfa": {` + factorTypes + `}, "account": {"login_methods": ["email", "username"]}}`)
		key := newKey(host)
		key.UV = true
		registration := key.Create(json.RawMessage(`{"publicKey": {"rp": {"id": "` + host + `"}, "challenge": "AAAA", "user": {"id": "Mg"}}}`)) // "2", the user's number
		rows := admin.AllauthRows{Source: store.Allauth{URL: allauthDatabase(t, engine, registration), UserTable: "auth_user",
			Phones: "phonebook_entry.number", PhonesVerified: "checked"}, Codes: 10, Digits: 8}
		var file bytes.Buffer
		var names []string
		if err := rows.Write(t.Context(), &file, func(id string) { names = append(names, id) }); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(names, " "); got != "1 2 3 40 41 42" {
			t.Errorf("the rows are of %s", got)
		}
		i := s.moveIn(host, "ndjson", file.String(), "")
		if all := s.importErrors(host, i.ID); i.Created != 5 || i.Failed != 1 || len(all) != 1 || all[0].Line != 5 || all[0].Path != "password_hash" {
			t.Fatalf("got %+v: %+v\n%s", i, all, &file)
		}

		seed, err := base32.StdEncoding.DecodeString("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
		if err != nil {
			t.Fatal(err)
		}
		app := &pocket{seed: seed, now: time.Now}
		ann := s.client("app", host)
		ann.login("ann@example.org", password).waits("mfa_authenticate")
		ann.giveCode(app.code()).want(http.StatusOK)
		if r := ann.get("/account/email").want(http.StatusOK); !strings.Contains(r.Body, "ann.lee@example.com") {
			t.Errorf("the addresses are %s", r.Body)
		}
		var view struct {
			Codes  []string `json:"unused_codes"`
			Unused int      `json:"unused_code_count"`
			Total  int      `json:"total_code_count"`
		}
		ann.post("/auth/2fa/reauthenticate", map[string]any{"code": app.code()}).want(http.StatusOK)
		ann.get(codesPath).want(http.StatusOK).data(&view)
		// As RecoveryCodes.get_unused_codes gave them.
		if want := []string{"31196257", "36006572", "29459831", "06614981", "93332891", "68422270", "32060448", "27336076"}; !slices.Equal(view.Codes, want) || view.Total != 10 {
			t.Errorf("the recovery codes are %+v", view)
		}
		again := s.client("app", host)
		again.login("ann.lee@example.com", password).waits("mfa_authenticate")
		again.giveCode("52461855").want(http.StatusBadRequest) // used there
		again.giveCode("31196257").want(http.StatusOK)
		third := s.client("app", host)
		third.login("ann@example.org", password).waits("mfa_authenticate")
		third.giveCode("31196257").want(http.StatusBadRequest) // used here

		bob := s.client("app", host)
		bob.showing(byPasskey, key).want(http.StatusOK)
		if r := bob.get("/account/authenticators").want(http.StatusOK); !strings.Contains(r.Body, `"Phone"`) {
			t.Errorf("got %s", r.Body)
		}
		key.UserHandle = []byte("3")
		s.client("app", host).showing(byPasskey, key).want(http.StatusBadRequest)

		eve := s.client("app", host)
		eve.login("eve@example.org", "lètmein").want(http.StatusOK) // by a hash that is wrapped
		s.client("app", host).login("eve@example.org", "lètmein").want(http.StatusOK)
		s.client("app", host).login("eve@example.org", "letmein").want(http.StatusBadRequest)

		kim := s.client("app", host)
		kim.login("kim@example.org", password).waits("mfa_authenticate")
		kim.giveCode("efgh-5678").want(http.StatusOK)

		zoe := s.client("app", host) // whose recovery codes stand in for nothing, and whose name is too long
		zoe.login("zoe@example.org", password).want(http.StatusOK)
		if r := zoe.get("/account/phone").want(http.StatusOK); !strings.Contains(r.Body, `[{"phone":"+31612345679","verified":true}]`) {
			t.Errorf("the number is %s", r.Body)
		}
		if r := zoe.get("/account/providers").want(http.StatusOK); !strings.Contains(r.Body, `"display":"zoe@corp.example"`) {
			t.Errorf("the provider accounts are %s", r.Body)
		}

		if again := s.moveIn(host, "ndjson", file.String(), ""); again.Created != 0 || again.Skipped != 5 {
			t.Errorf("a second time: %+v", again)
		}
	})
}

// Whoever says where numbers are is told if they are not there.
func TestNumbersOfAllauthAreWhereTheyAreSaidToBe(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine string) {
		source := store.Allauth{URL: allauthDatabase(t, engine, json.RawMessage(`{}`)), UserTable: "auth_user"}
		numbers := func(phones, verified string) (all string, err error) {
			source.Phones, source.PhonesVerified = phones, verified
			return all, source.Each(t.Context(), func(u *store.AllauthUser) error {
				if u.Phone != "" {
					all += fmt.Sprintf("%s %s %t, ", u.ID, u.Phone, u.PhoneVerified)
				}
				return nil
			})
		}
		for _, c := range []struct{ phones, verified, want string }{
			{"", "", ""}, {"phonebook_entry.number", "checked", "2 +31612345670 false, 42 +31612345679 true, "}, {"auth_user.username", "is_active",
				"1 ann true, 2 bob true, 3 eve true, 40 kim true, 41 max false, 42 zoe true, "},
		} {
			if got, err := numbers(c.phones, c.verified); err != nil || got != c.want {
				t.Errorf("%q: got %q, %v", c.phones, got, err)
			}
		}
		if got, err := numbers("phonebook_entry.number", ""); err != nil || strings.Contains(got, "true") {
			t.Errorf("without a column that says so: got %q, %v", got, err)
		}
		for _, wrong := range [][2]string{{"phonebook_entry", ""}, {"phonebook_entry.", ""}, {"nowhere.number", ""}, {"phonebook_entry.nothing", ""},
			{"phonebook_entry.number", "nothing"}, {`phonebook_entry.number" FROM auth_user; --`, ""}, {"phonebook_entry.number", `1" --`}} {
			if _, err := numbers(wrong[0], wrong[1]); err == nil {
				t.Errorf("%q are numbers", wrong)
			}
		}
	})
}
