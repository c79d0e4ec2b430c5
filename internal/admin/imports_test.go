package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/factor/factortest"
	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// cheapHashes is a configuration under which to hash costs nothing.
const cheapHashes = `"passwords": {"argon2id_memory": 8192, "argon2id_iterations": 1}`

// strongHash is a hash of "lètmein" that is kept as it is.
const strongHash = "argon2$argon2id$v=19$m=1024,t=2,p=8$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dg$4lSbvNjiDLi89PrbKYhpRxsM76lORXXTuiOjXpTaSS0"

// mover is a house whose database can be looked into.
type mover struct {
	*house
	url string
}

func newMover(t *testing.T, engine string, observe func(op, query string) error) *mover {
	t.Helper()
	url := testkit.URL(t, engine)
	h := houseOn(t, testkit.OpenURL(t, url, observe))
	h.Service = admin.New(admin.Options{Store: h.store, Directory: h.directory, Clock: h.clock, Keys: h.keys, Flows: flowsOf(h)})
	return &mover{h, url}
}

func flowsOf(h *house) *flows.Service {
	return flows.New(flows.Options{Store: h.store, Hasher: passhash.New(passhash.Options{}), Clock: h.clock, Log: slog.New(slog.DiscardHandler)})
}

// importer is a new Importer of the house, as another server on the same database would have.
func (h *mover) importer() *admin.Importer {
	return admin.NewImporter(admin.Importer{
		Store: h.store, Clock: h.clock, Tenants: h.directory.ByID, Batch: 3,
		Flows: flowsOf(h.house), Log: slog.New(slog.DiscardHandler),
	})
}

// upload begins an import with these chunks.
func (h *mover) upload(t *testing.T, slug, options string, chunks ...string) *admin.Import {
	t.Helper()
	if options == "" {
		options = `{"format": "ndjson"}`
	}
	i, err := h.CreateImport(t.Context(), ann, slug, json.RawMessage(options))
	if err != nil {
		t.Fatal(err)
	}
	for n, c := range chunks {
		if err := h.PutChunk(t.Context(), slug, i.ID, fmt.Sprint(n+1), []byte(c)); err != nil {
			t.Fatal(err)
		}
	}
	return i
}

func (h *mover) start(t *testing.T, slug, id string) {
	t.Helper()
	if _, err := h.StartImport(t.Context(), ann, slug, id); err != nil {
		t.Fatal(err)
	}
}

// work has an importer work until nothing is due.
func (h *mover) work(t *testing.T, im *admin.Importer) {
	t.Helper()
	for {
		worked, err := im.Work(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !worked {
			return
		}
	}
}

func (h *mover) shown(t *testing.T, slug, id string) *admin.Import {
	t.Helper()
	i, err := h.Import(t.Context(), slug, id)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// moved imports chunks to the end.
func (h *mover) moved(t *testing.T, slug, options string, chunks ...string) *admin.Import {
	t.Helper()
	i := h.upload(t, slug, options, chunks...)
	h.start(t, slug, i.ID)
	h.work(t, h.importer())
	return h.shown(t, slug, i.ID)
}

func (h *mover) errorsOf(t *testing.T, slug, id string) []string {
	t.Helper()
	var all []string
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, next, err := h.ImportErrors(t.Context(), slug, id, cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			all = append(all, fmt.Sprintf("%d %s %s: %s", e.Line, e.Outcome, e.Path, e.Message))
		}
		cursor = next
	}
	return all
}

// served is a tenant as flows know it.
func (h *mover) served(t *testing.T, slug string) *tenants.Tenant {
	t.Helper()
	rec, err := h.store.TenantRecordBySlug(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	served, err := h.store.TenantByID(t.Context(), rec.ID)
	if err != nil {
		t.Fatal(err)
	}
	return served
}

func (h *mover) account(t *testing.T, slug, email string) *store.Account {
	t.Helper()
	all, err := h.store.For(h.served(t, slug)).AccountsByEmail(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		return nil
	}
	return &all[0]
}

func rowsOf(from, to int) string {
	var b strings.Builder
	for n := from; n < to; n++ {
		_, _ = fmt.Fprintf(&b, `{"id": %d, "email": "user%d@example.org", "email_verified": true, "password_hash": %q}`+"\n", n, n, strongHash)
	}
	return b.String()
}

func TestImportBringsEverything(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newMover(t, engine, nil)
		h.create(t, "acme", `{`+cheapHashes+`}`)
		tenant := h.served(t, "acme")
		key := factortest.New("https://acme.example")
		registration := key.Create(json.RawMessage(`{"publicKey": {"rp": {"id": "acme.example"}, "challenge": "AAAA", "user": {"id": "MQ"}}}`))
		row := fmt.Sprintf(`{"id": "b5e1bd9c-6a0e-4d2c-9a37-1d6a5f0c2a11", "username": "Ann.Lee", "name": "Ann Lee", "phone": "+31612345678", "phone_verified": true,
			"emails": [{"email": "Old@Example.org"}, {"email": "ANN@example.org", "verified": true, "primary": true}, {"email": "ann@bücher.example", "verified": true}],
			"password_hash": %q, "active": false, "created_at": "2019-05-06 07:08:09.5+02", "last_login_at": "2026-05-31T23:59:59Z",
			"metadata_public": {"plan": "gold"}, "metadata_private": {"crm": 12345678901234567890},
			"provider_accounts": [{"provider": "github", "uid": "583231", "created_at": "2020-01-01T00:00:00Z"}]}`, strongHash)
		guarded := fmt.Sprintf(`{"email": "bob@example.org", "email_verified": true, "authenticators": {
			"totp": {"secret": "jbsw y3dp ehpk 3pxp", "created_at": "2021-01-01T00:00:00Z", "last_used_at": "2022-01-01T00:00:00Z"},
			"recovery_codes": {"codes": ["12345678", "87654321"], "total": 10},
			"webauthn": [{"name": "Phone", "credential": %s, "user_handle": "MQ"}]}}`, registration)
		i := h.moved(t, "acme", `{"format": "ndjson", "total_lines": 2}`, oneLine(row)+"\n\n  \n"+oneLine(guarded))
		if i.State != store.FinishedImport || i.Created != 2 || i.Failed != 0 || *i.Total != 2 || i.Done != 2 || i.FinishedAt == nil {
			t.Fatalf("got %+v: %v", i, h.errorsOf(t, "acme", i.ID))
		}
		a := h.account(t, "acme", "ann@example.org")
		if a == nil || a.ID != "b5e1bd9c-6a0e-4d2c-9a37-1d6a5f0c2a11" || a.Username != "Ann.Lee" || a.Name != "Ann Lee" || a.Phone != "+31612345678" || !a.PhoneVerified ||
			a.Email != "ann@example.org" || a.Password != strongHash || a.Active || len(a.DataKey) == 0 ||
			!a.CreatedAt.Equal(time.Date(2019, 5, 6, 5, 8, 9, 5e8, time.UTC)) || !a.LastLoginAt.Equal(time.Date(2026, 5, 31, 23, 59, 59, 0, time.UTC)) {
			t.Fatalf("got %+v", a)
		}
		emails, err := h.store.For(tenant).EmailsOf(t.Context(), a.ID)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range emails {
			got = append(got, fmt.Sprint(e.Email, e.Verified, e.Primary, e.Exclusive))
		}
		slices.Sort(got)
		if want := []string{"ann@example.orgtrue true true", "ann@xn--bcher-kva.exampletrue false true", "old@example.orgfalse false true"}; !slices.Equal(got, want) {
			t.Errorf("the addresses are %v", got)
		}
		providers, err := h.store.For(tenant).ProviderAccountsOf(t.Context(), a.ID)
		if err != nil || len(providers) != 1 || providers[0].UID != "583231" || providers[0].CreatedAt.Year() != 2020 {
			t.Errorf("got %+v, %v", providers, err)
		}
		shown, err := h.User(t.Context(), "acme", a.ID)
		if err != nil || string(shown.MetadataPublic) != `{"plan":"gold"}` || string(shown.MetadataPrivate) != `{"crm":12345678901234567890}` {
			t.Errorf("got %+v, %v", shown, err)
		}
		b := h.account(t, "acme", "bob@example.org")
		factors, err := h.store.For(tenant).AuthenticatorsOf(t.Context(), b.ID)
		if err != nil || len(factors) != 3 || !b.Factors.Second() || !b.Factors.Has(store.RecoveryCodes) || b.HasPassword || b.Username != "bob" {
			t.Errorf("got %+v of %+v, %v", factors, b, err)
		}
		for _, x := range factors {
			if bytes.Contains(x.Data, []byte("87654321")) || bytes.Contains(x.Data, []byte("Hello!")) {
				t.Errorf("%s is not sealed", x.Type)
			}
		}
		if left, err := h.store.For(tenant).ChunksOf(t.Context(), i.ID); err != nil || len(left) != 0 {
			t.Errorf("chunks are left: %v, %v", left, err)
		}
		if acts := h.importActs(t, tenant, i.ID); acts != "import.created import.started import.finished" {
			t.Errorf("the events are %s", acts)
		}
	})
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// importActs are the events of an import, in their order.
func (h *mover) importActs(t *testing.T, tenant *tenants.Tenant, id string) string {
	t.Helper()
	rows, err := testkit.Raw(t, h.url).QueryContext(t.Context(), "SELECT action FROM audit_events WHERE tenant_id = $1 AND target = $2 ORDER BY id", tenant.ID, "import/"+id)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var act string
		if err := rows.Scan(&act); err != nil {
			t.Fatal(err)
		}
		all = append(all, act)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " ")
}

func TestFaultyRowsLoseNothingElse(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newMover(t, engine, nil)
		h.create(t, "acme", `{`+cheapHashes+`}`)
		faulty := []struct{ row, want string }{
			{`{"email": "a1@example.org", "password_hash": "pbkdf2_sha256$nonsense"}`, "password_hash"},
			{`{"email": "a2@example.org", "password_hash": "$argon2id$v=19$m=4194304,t=1,p=1$8PHy8/T19vf4+fr7/P3+/w$azddZ76BEhVa9dYpbTivsNCJp3qJ6/hEFyBNKrzZLms"}`, "password_hash"},
			{`{"email": "a2@example.org", "password_hash": "pbkdf2_sha256$20000$a\u0000b$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A="}`, "password_hash"},
			{`{"email": "a3@example.org", "password_hash": {"algorithm": "rot13"}}`, "password_hash"},
			{`{"email": "a3@example.org", "password_hash": {"algorithm": "sha1", "pepper": "x"}}`, "password_hash.pepper"},
			{`not json`, ""},
			{`[]`, ""},
			{`{"email": "a4@example.org"`, ""},
			{`{"email": "a5@example.org"} {}`, ""},
			{`{"email": "a6@example.org", "email": "a7@example.org"}`, "email"},
			{`{"mail": "a8@example.org"}`, "mail"},
			{`{"email": "no address", "phone": "12", "username": "a b"}`, "email phone username"},
			{`{"email": "a9@example.org", "emails": []}`, "emails"},
			{`{"emails": [{"email": "b1@example.org"}, {"email": "B1@example.org"}]}`, "emails[1].email"},
			{`{"emails": [{"email": "b1@example.org", "primary": true}, {"email": "b2@example.org", "primary": true}]}`, "emails[1].primary"},
			{`{"emails": [{"mail": "b1@example.org"}]}`, "emails[0].mail"},
			{`{}`, ""},
			{`{"name": "Nobody"}`, ""},
			{`{"email": "b3@example.org", "active": "yes", "email_verified": 1}`, "active email_verified"},
			{`{"email": "b4@example.org", "created_at": "2020-01-01"}`, "created_at"},
			{`{"email": "b5@example.org", "created_at": "2036-01-01T00:00:00Z"}`, "created_at"},
			{`{"email": "b6@example.org", "phone_verified": true}`, "phone_verified"},
			{`{"email": "b7@example.org", "metadata_public": []}`, "metadata_public"},
			{`{"email": "b8@example.org", "email_verified": true, "authenticators": {"totp": {"secret": "1"}}}`, "authenticators.totp.secret"},
			{`{"email": "b9@example.org", "email_verified": true, "authenticators": {"recovery_codes": {"codes": ["12345678"]}}}`, "authenticators.recovery_codes"},
			{`{"email": "c1@example.org", "authenticators": {"totp": {"secret": "JBSWY3DPEHPK3PXP"}}}`, "email_verified"},
			{`{"email": "c2@example.org", "email_verified": true, "authenticators": {"webauthn": [{"credential": {}}]}}`, "authenticators.webauthn[0]"},
			{`{"email": "c3@example.org", "email_verified": true, "authenticators": {"webauthn": [{"id": "AAAA", "public_key": "AAAA"}]}}`, "authenticators.webauthn[0]"},
			{`{"email": "c4@example.org", "authenticators": {"sms": {}}}`, "authenticators.sms"},
			{`{"provider_accounts": [{"provider": "github"}]}`, "provider_accounts[0].uid"},
			{`{"username": "a\u0000b"}`, "username"},
			{`{"email": "c5@example.org", "name": "a\u0000b"}`, "name"},
		}
		var file strings.Builder
		for n, f := range faulty {
			_, _ = fmt.Fprintf(&file, "%s\n{\"email\": \"fine%d@example.org\"}\n", f.row, n)
		}
		i := h.moved(t, "acme", "", file.String())
		if i.State != store.FinishedImport || i.Created != int64(len(faulty)) || i.Failed != int64(len(faulty)) {
			t.Errorf("got %+v", i)
		}
		got := map[string][]string{}
		for _, e := range h.errorsOf(t, "acme", i.ID) {
			parts := strings.SplitN(e, " ", 3)
			path, message, _ := strings.Cut(parts[2], ": ")
			got[parts[0]] = append(got[parts[0]], path)
			if parts[1] != "failed" || message == "" {
				t.Errorf("got %q", e)
			}
			if strings.Contains(e, "nonsense") || strings.Contains(e, "JBSWY") {
				t.Errorf("%q repeats what may be secret", e)
			}
		}
		for n, f := range faulty {
			paths := got[fmt.Sprint(2*n+1)]
			slices.Sort(paths)
			if strings.Join(paths, " ") != f.want || len(paths) == 0 {
				t.Errorf("%s: the faults are of %q, not %q", f.row, paths, f.want)
			}
		}
		if h.account(t, "acme", "fine7@example.org") == nil || h.account(t, "acme", "a1@example.org") != nil {
			t.Error("other rows are in than should be")
		}
	})
}

// A credential is one user's, and good for the tenant whose pages it was made on alone.
func TestKeysOfOthersAreRefused(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newMover(t, engine, nil)
		h.create(t, "acme", `{`+cheapHashes+`}`)
		made := func(rp string) json.RawMessage {
			return factortest.New("https://" + rp).Create(json.RawMessage(`{"publicKey": {"rp": {"id": "` + rp + `"}, "challenge": "AAAA", "user": {"id": "MQ"}}}`))
		}
		own, others := made("acme.example"), made("zenith.example")
		row := `{"email": "user%d@example.org", "email_verified": true, "authenticators": {"webauthn": [{"credential": %s}]}}` + "\n"
		twice := fmt.Sprintf(`{"email": "user9@example.org", "email_verified": true, "authenticators": {"webauthn": [{"credential": %s}, {"credential": %s}]}}`, own, own)
		i := h.moved(t, "acme", "", fmt.Sprintf(row+row+row, 1, own, 2, own, 3, others)+twice)
		all := h.errorsOf(t, "acme", i.ID)
		if i.Created != 1 || i.Skipped != 1 || i.Failed != 2 || len(all) != 3 || !strings.HasPrefix(all[0], "2 skipped authenticators.webauthn[0]:") ||
			!strings.HasPrefix(all[1], "3 failed authenticators.webauthn[0]:") || !strings.HasPrefix(all[2], "4 failed authenticators.webauthn[1]:") {
			t.Errorf("got %+v: %q", i, all)
		}
	})
}

func TestASecondImportAddsNobody(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		for name, config := range map[string]string{
			"":       `{` + cheapHashes + `}`,
			"strict": `{` + cheapHashes + `, "account": {"prevent_enumeration": "strict"}}`,
			"shared": `{` + cheapHashes + `, "account": {"unique_email": false, "login_methods": ["username"], "signup_fields": ["username*", "email", "password1*"]}}`,
		} {
			t.Run(name, func(t *testing.T) {
				h := newMover(t, engine, nil)
				h.create(t, "acme", config)
				file := `{"email": "ann@example.org"}` + "\n" + `{"username": "bob"}` + "\n" + `{"phone": "+31612345678"}` + "\n" +
					`{"provider_accounts": [{"provider": "github", "uid": "1"}]}` + "\n" + `{"id": 7, "email": "eve@example.org", "email_verified": true}` + "\n"
				if i := h.moved(t, "acme", "", file); i.Created != 5 {
					t.Fatalf("got %+v: %v", i, h.errorsOf(t, "acme", i.ID))
				}
				i := h.moved(t, "acme", "", file)
				if i.Created != 0 || i.Skipped != 5 || i.Failed != 0 {
					t.Errorf("a second time: %+v", i)
				}
				if all := h.errorsOf(t, "acme", i.ID); len(all) != 5 || all[0] != "1 skipped id: this user is here already" {
					t.Errorf("got %q", all)
				}
				i = h.moved(t, "acme", `{"format": "ndjson", "on_conflict": "fail"}`, file)
				if i.Created != 0 || i.Skipped != 0 || i.Failed != 5 {
					t.Errorf("where that is a failure: %+v", i)
				}
				gone := h.account(t, "acme", "ann@example.org")
				if _, err := h.DeleteUser(t.Context(), ann, "acme", gone.ID); err != nil {
					t.Fatal(err)
				}
				i = h.moved(t, "acme", "", file)
				if all := h.errorsOf(t, "acme", i.ID); i.Created != 0 || !strings.Contains(strings.Join(all, " "), "deleted here") {
					t.Errorf("whoever was deleted comes back: %+v %q", i, all)
				}
			})
		}
	})
}

// Rows that the file itself has twice are found, in one batch and across batches.
func TestAFileMayNameAUserTwice(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newMover(t, engine, nil)
		h.create(t, "acme", `{`+cheapHashes+`}`)
		one := `{"id": "x%d", "email": "ann@example.org", "email_verified": true}` + "\n"
		i := h.moved(t, "acme", "", fmt.Sprintf(one+one+one+one+one, 1, 2, 3, 4, 5))
		if i.Created != 1 || i.Skipped != 4 {
			t.Errorf("got %+v", i)
		}
	})
}

// What a row's addresses become, beside accounts that are here. Accounts of the tenant are u (which has not verified the address), m
// (which has verified another one) and v (which has verified it).
func TestAddressesFollowTheTenantsRules(t *testing.T) {
	const plain, strict, shared = `"account": {}`, `"account": {"prevent_enumeration": "strict"}`, `"account": {"unique_email": false, "login_methods": ["username"], "signup_fields": ["username*", "email", "password1*"]}`
	unverified, verified := `[{"email": "x@example.org"}]`, `[{"email": "x@example.org", "verified": true}]`
	beside := `[{"email": "own@example.org", "verified": true, "primary": true}, {"email": "X@example.org"}]`
	for _, c := range []struct {
		name, config, here, emails string
		admitted, exclusive        bool // the row, and its address x
		left                       bool // whether the account that was here has x alone afterwards
	}{
		{"nobody", plain, "", unverified, true, true, false},
		{"nobody, verified", plain, "", verified, true, true, false},
		{"somebody unverified", plain, "u", unverified, false, false, true},
		{"somebody unverified yields to who has proved it", plain, "u", verified, true, true, false},
		{"somebody unverified, beside a proved one", plain, "u", beside, true, false, true},
		{"somebody who is not reached there", plain, "m", unverified, true, true, false},
		{"somebody who is not reached there, verified", plain, "m", verified, true, true, false},
		{"somebody who has verified it", plain, "v", unverified, false, false, true},
		{"somebody who has verified it, too", plain, "v", verified, false, false, true},
		{"somebody who has verified it, beside a proved one", plain, "v", beside, true, false, true},
		{"strictly hidden, nobody", strict, "", unverified, true, false, false},
		{"strictly hidden, verified", strict, "", verified, true, true, false},
		{"strictly hidden, somebody who has verified it", strict, "v", unverified, true, false, true},
		{"strictly hidden, somebody who has verified it, too", strict, "v", verified, false, false, true},
		{"shared", shared, "v", verified, true, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newMover(t, "sqlite", nil)
			h.create(t, "acme", `{`+cheapHashes+`, `+c.config+`}`)
			tenant := h.served(t, "acme")
			account := &tenant.Settings.Account
			id := secret.NewID()
			if c.here != "" {
				emails := []store.Email{{ID: secret.NewID(), UserID: id, Email: "x@example.org", Key: "x@example.org", Primary: true, CreatedAt: testkit.Start,
					Verified:  c.here == "v",
					Exclusive: account.UniqueEmail && (c.here == "v" || !account.PreventEnumeration.Strict())}}
				if c.here == "m" {
					emails = append(emails, store.Email{ID: secret.NewID(), UserID: id, Email: "m@example.org", Key: "m@example.org", Verified: true, CreatedAt: testkit.Start})
				}
				err := h.store.For(tenant).Do(t.Context(), func(tx *store.Tx) error {
					err := tx.AddUser(t.Context(), &store.User{ID: id, Email: "x@example.org", Active: true, Epoch: 1, CreatedAt: testkit.Start}, "")
					for n := range emails {
						err = errors.Join(err, tx.AddEmail(t.Context(), &emails[n]))
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			i := h.moved(t, "acme", "", `{"id": "b5e1bd9c-6a0e-4d2c-9a37-1d6a5f0c2a11", "emails": `+c.emails+"}\n")
			if (i.Created == 1) != c.admitted || i.Failed != 0 {
				t.Fatalf("got %+v: %v", i, h.errorsOf(t, "acme", i.ID))
			}
			exclusive := func(userID string) bool {
				all, err := h.store.For(tenant).EmailsOf(t.Context(), userID)
				if err != nil {
					t.Fatal(err)
				}
				return slices.ContainsFunc(all, func(e store.Email) bool { return e.Key == "x@example.org" && e.Exclusive })
			}
			if got := exclusive("b5e1bd9c-6a0e-4d2c-9a37-1d6a5f0c2a11"); got != c.exclusive {
				t.Errorf("the address is the newcomer's alone: %v", got)
			}
			if got := exclusive(id); c.here != "" && got != c.left {
				t.Errorf("the address is still the other's alone: %v", got)
			}
		})
	}
}

// Of two rows of one file who have an address, the one that has proved it gets it, whichever comes first.
func TestOfTwoRowsTheProvedOneGetsTheAddress(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newMover(t, engine, nil)
		h.create(t, "acme", `{`+cheapHashes+`}`)
		i := h.moved(t, "acme", "", `{"id": 1, "email": "x@example.org"}
{"id": 2, "email": "x@example.org", "email_verified": true}
{"id": 3, "emails": [{"email": "y@example.org"}, {"email": "z@example.org", "verified": true}]}
{"id": 4, "email": "y@example.org"}
`)
		if i.Created != 4 {
			t.Fatalf("got %+v: %v", i, h.errorsOf(t, "acme", i.ID))
		}
		if a := h.account(t, "acme", "x@example.org"); !a.Address.Verified || !a.Address.Exclusive {
			t.Errorf("got %+v", a)
		}
	})
}

func TestWeakHashesAreNeverAtRest(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newMover(t, engine, nil)
		h.create(t, "acme", `{`+cheapHashes+`}`)
		const sum = "cff36ea83f5706ce9aa7454e63e431fc726b2dc8"
		i := h.upload(t, "acme", "", `{"email": "ann@example.org", "password_hash": "sha1$seasalt$`+sum+`"}`)
		tenant := h.served(t, "acme")
		c, err := h.store.For(tenant).Chunk(t.Context(), i.ID, 1)
		if err != nil || bytes.Contains(c.Body, []byte("ann@")) || bytes.Contains(c.Body, []byte(sum)) {
			t.Errorf("the chunk is kept as it came: %v", err)
		}
		other := h.create(t, "zenith", "")
		if _, err := h.served(t, "zenith").Keys.Open(secret.ForImport, i.ID+"/1", c.Body); err == nil {
			t.Errorf("another tenant's keys (%s) open it", other.Slug)
		}
		h.start(t, "acme", i.ID)
		h.work(t, h.importer())
		a := h.account(t, "acme", "ann@example.org")
		if !strings.HasPrefix(a.Password, "$wrapped$sha1:first:") || strings.Contains(a.Password, sum) {
			t.Errorf("kept is %s", a.Password)
		}
		ok, upgrade, err := passhash.New(passhash.Options{}).For("acme").Verify(t.Context(), passhash.Params{}, a.Password, "lètmein")
		if err != nil || !ok || !upgrade {
			t.Errorf("the password matches: %v, is to be replaced: %v, %v", ok, upgrade, err)
		}
	})
}

func TestChunksComeInAnyOrderAndTwice(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newMover(t, engine, nil)
		h.create(t, "acme", `{`+cheapHashes+`}`)
		h.create(t, "zenith", "")
		i, err := h.CreateImport(t.Context(), ann, "acme", json.RawMessage(`{"format": "ndjson", "total_lines": 6}`))
		if err != nil {
			t.Fatal(err)
		}
		put := func(n, body string) error { return h.PutChunk(t.Context(), "acme", i.ID, n, []byte(body)) }
		start := func() error { _, err := h.StartImport(t.Context(), ann, "acme", i.ID); return err }
		if got := paths(t, start()); !slices.Equal(got, []string{"chunks", "total_lines"}) {
			t.Errorf("without chunks: %v", got)
		}
		for _, c := range []struct{ n, body string }{{"3", rowsOf(4, 6)}, {"1", rowsOf(0, 2)}, {"3", rowsOf(4, 6)}} {
			if err := put(c.n, c.body); err != nil {
				t.Fatal(err)
			}
		}
		if err := put("3", rowsOf(5, 7)); !refusal.Is(err, refusal.Conflict) {
			t.Errorf("another chunk of the same number: %v", err)
		}
		for _, n := range []string{"0", "-1", "01", "1.5", "x", "", "8193", "99999999999999999999"} {
			if got := paths(t, put(n, rowsOf(0, 1))); !slices.Equal(got, []string{"number"}) {
				t.Errorf("chunk %q: %v", n, got)
			}
		}
		for name, body := range map[string]string{"empty": "", "too large": strings.Repeat("x", admin.MaxChunk+1), "not UTF-8": "\xff\n"} {
			if got := paths(t, put("4", body)); len(got) != 1 {
				t.Errorf("a chunk that is %s: %v", name, got)
			}
		}
		if got := h.shown(t, "acme", i.ID); got.Chunks != 2 || got.NextChunk != 2 || *got.Total != 6 || got.StartedAt != nil {
			t.Errorf("got %+v", got)
		}
		if err := start(); err == nil || !strings.Contains(err.Error(), "number 2 is missing") {
			t.Errorf("with a chunk missing: %v", err)
		}
		if err := put("2", strings.TrimSuffix(rowsOf(2, 4), "\n")); err != nil {
			t.Fatal(err)
		}
		if got := paths(t, start()); !slices.Equal(got, []string{"chunks[2]"}) {
			t.Errorf("with a chunk that ends in a line: %v", got)
		}
		for _, slug := range []string{"zenith", "nobody"} {
			if err := h.PutChunk(t.Context(), slug, i.ID, "4", []byte(rowsOf(9, 10))); !refusal.Is(err, refusal.Missing) {
				t.Errorf("at %s: %v", slug, err)
			}
			if _, err := h.Import(t.Context(), slug, i.ID); !refusal.Is(err, refusal.Missing) {
				t.Errorf("at %s: %v", slug, err)
			}
			if _, err := h.StartImport(t.Context(), ann, slug, i.ID); !refusal.Is(err, refusal.Missing) {
				t.Errorf("at %s: %v", slug, err)
			}
			if _, err := h.CancelImport(t.Context(), ann, slug, i.ID); !refusal.Is(err, refusal.Missing) {
				t.Errorf("at %s: %v", slug, err)
			}
			if _, _, err := h.ImportErrors(t.Context(), slug, i.ID, "", 10); !refusal.Is(err, refusal.Missing) {
				t.Errorf("at %s: %v", slug, err)
			}
		}
		for _, id := range []string{"", "x", secret.NewID(), "' OR 1=1"} {
			if _, err := h.Import(t.Context(), "acme", id); !refusal.Is(err, refusal.Missing) {
				t.Errorf("import %q: %v", id, err)
			}
		}
		if _, err := h.CancelImport(t.Context(), ann, "acme", i.ID); err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{"a chunk": put("2", rowsOf(2, 4)), "a start": start()} {
			if got := paths(t, err); len(got) != 1 {
				t.Errorf("%s after the end: %v", name, got)
			}
		}
		if left, err := h.store.For(h.served(t, "acme")).ChunksOf(t.Context(), i.ID); err != nil || len(left) != 0 {
			t.Errorf("the chunks of a cancelled import are kept: %v %v", left, err)
		}
	})
}

// flaky is an observer that a test switches on.
type flaky struct {
	f atomic.Pointer[func(op, query string) error]
}

func (f *flaky) observe(op, query string) error {
	if now := f.f.Load(); now != nil {
		return (*now)(op, query)
	}
	return nil
}

func (f *flaky) on(now func(op, query string) error) { f.f.Store(&now) }
func (f *flaky) off()                                { f.f.Store(nil) }

// Wherever an import breaks off, whoever leases it next finishes it, and nobody is there twice or not at all.
func TestAnImportThatBreaksOffIsFinishedByAnother(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		var f flaky
		h := newMover(t, engine, f.observe)
		n := int64(0)
		for done := false; !done; {
			n++
			slug := fmt.Sprintf("acme%d", n)
			h.create(t, slug, `{`+cheapHashes+`}`)
			i := h.upload(t, slug, "", rowsOf(0, 5), "broken\n"+rowsOf(5, 7), rowsOf(6, 8))
			h.start(t, slug, i.ID)
			fail, count := faultdb.FailNth(n)
			f.on(fail)
			for range 2 { // the second time is another server, to which nothing is due before the lease is over
				if _, err := h.importer().Work(t.Context()); err == nil {
					break
				}
			}
			f.off()
			done = count.Load() < n
			h.clock.Advance(2 * time.Minute)
			h.work(t, h.importer())
			got := h.shown(t, slug, i.ID)
			if got.State != store.FinishedImport || got.Created != 8 || got.Skipped != 1 || got.Failed != 1 {
				t.Fatalf("after failure %d: %+v", n, got)
			}
			if all := h.errorsOf(t, slug, i.ID); len(all) != 2 || !strings.HasPrefix(all[0], "6 failed") || !strings.HasPrefix(all[1], "9 skipped") {
				t.Fatalf("after failure %d: %q", n, all)
			}
			if acts := h.importActs(t, h.served(t, slug), i.ID); acts != "import.created import.started import.finished" {
				t.Fatalf("after failure %d the events are %s", n, acts)
			}
			for k := range 8 {
				if h.account(t, slug, fmt.Sprintf("user%d@example.org", k)) == nil {
					t.Fatalf("after failure %d, user %d is missing", n, k)
				}
			}
		}
		if n < 20 {
			t.Errorf("the import has %d operations only", n)
		}
	})
}

// trap is a clock that does something when it is looked at for the nth time.
type trap struct {
	clock.Clock
	left atomic.Int64
	do   func()
}

func (c *trap) Now() time.Time {
	if c.left.Add(-1) == 0 {
		c.do()
	}
	return c.Clock.Now()
}

// Whoever was too slow, and lost the lease meanwhile, writes nothing.
func TestALostLeaseWritesNothing(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newMover(t, engine, nil)
		for n := range int64(5) { // before the lease, before rows are read, before they are written, and again for the second batch
			slug := fmt.Sprintf("acme%d", n)
			h.create(t, slug, `{`+cheapHashes+`}`)
			i := h.upload(t, slug, "", rowsOf(0, 4), rowsOf(4, 8))
			h.start(t, slug, i.ID)
			c := &trap{Clock: h.clock, do: func() {
				h.clock.Advance(2 * time.Minute)
				h.work(t, h.importer())
			}}
			c.left.Store(n + 1)
			slow := h.importer()
			slow.Clock = c
			h.work(t, slow)
			if got := h.shown(t, slug, i.ID); got.State != store.FinishedImport || got.Created != 8 || got.Skipped != 0 || got.Failed != 0 {
				t.Errorf("%d: got %+v", n, got)
			}
			if acts := h.importActs(t, h.served(t, slug), i.ID); acts != "import.created import.started import.finished" {
				t.Errorf("%d: the events are %s", n, acts)
			}
			if c.left.Load() > 0 {
				t.Errorf("%d: the lease was not lost", n)
			}
		}
	})
}

func TestManyImportersAtOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newMover(t, engine, nil)
		h.create(t, "acme", `{`+cheapHashes+`}`)
		var all []*admin.Import
		for range 3 { // three times the same people
			i := h.upload(t, "acme", "", rowsOf(0, 20), rowsOf(20, 40))
			h.start(t, "acme", i.ID)
			all = append(all, i)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for im := h.importer(); ; {
					worked, err := im.Work(context.WithoutCancel(t.Context()))
					if err != nil {
						t.Error(err)
					}
					if !worked {
						return
					}
				}
			})
		}
		wg.Wait()
		created, skipped := int64(0), int64(0)
		for _, i := range all {
			got := h.shown(t, "acme", i.ID)
			created += got.Created
			skipped += got.Skipped
			if got.State != store.FinishedImport || got.Done != 40 {
				t.Errorf("got %+v: %q", got, h.errorsOf(t, "acme", i.ID))
			}
		}
		if created != 40 || skipped != 80 {
			t.Errorf("%d were made and %d skipped", created, skipped)
		}
	})
}

// One row that others are faster with keeps none of its batch out.
func TestOthersAreFasterWithOneName(t *testing.T) {
	var f flaky
	url := testkit.URL(t, "postgres") // SQLite has one writer, and nobody is faster
	st := testkit.OpenURL(t, url, f.observe)
	h := &mover{houseOn(t, st), url}
	h.create(t, "acme", `{`+cheapHashes+`}`)
	tenant := h.served(t, "acme")
	i := h.upload(t, "acme", "", `{"username": "ann"}`+"\n"+`{"username": "bob"}`+"\n"+`{"username": "eve"}`+"\n")
	h.start(t, "acme", i.ID)
	var once sync.Once
	f.on(func(_, query string) error {
		if strings.Contains(query, "INSERT INTO users") {
			once.Do(func() {
				f.off()
				u := &store.User{ID: secret.NewID(), Username: "bob", Active: true, Epoch: 1, CreatedAt: testkit.Start}
				if err := st.For(tenant).One(func(tx *store.Tx) error { return tx.AddUser(t.Context(), u, "bob") }); err != nil {
					t.Error(err)
				}
			})
		}
		return nil
	})
	h.work(t, h.importer())
	if got := h.shown(t, "acme", i.ID); got.Created != 2 || got.Skipped != 1 || got.Failed != 0 {
		t.Errorf("got %+v: %q", got, h.errorsOf(t, "acme", i.ID))
	}
}

// What the database does not take, for whatever reason, does not hold up the import for ever.
func TestRowsThatCannotBeWrittenAreReported(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		var f flaky
		h := newMover(t, engine, f.observe)
		h.create(t, "acme", `{`+cheapHashes+`}`)
		i := h.upload(t, "acme", "", rowsOf(0, 4))
		h.start(t, "acme", i.ID)
		f.on(func(_, query string) error {
			if strings.Contains(query, "INSERT INTO emails") {
				return errors.New("no")
			}
			return nil
		})
		h.work(t, h.importer())
		f.off()
		if got := h.shown(t, "acme", i.ID); got.State != store.FinishedImport || got.Failed != 4 || got.Created != 0 {
			t.Errorf("got %+v", got)
		}
		if h.account(t, "acme", "user1@example.org") != nil {
			t.Error("a part of a row is in")
		}
	})
}

func TestACancelledImportStops(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		var f flaky
		h := newMover(t, engine, f.observe)
		h.create(t, "acme", `{`+cheapHashes+`}`)
		i := h.upload(t, "acme", "", rowsOf(0, 3), rowsOf(3, 6))
		h.start(t, "acme", i.ID)
		reads := 0
		f.on(func(op, query string) error {
			if op == faultdb.Query && strings.Contains(query, "SELECT body") {
				if reads++; reads == 2 {
					if _, err := h.CancelImport(t.Context(), ann, "acme", i.ID); err != nil {
						t.Error(err)
					}
				}
			}
			return nil
		})
		_, _ = h.importer().Work(t.Context()) // it finds the chunk gone or the import, whichever it looks for first
		h.work(t, h.importer())
		if got := h.shown(t, "acme", i.ID); got.State != store.CancelledImport || got.Created != 3 || got.FinishedAt == nil {
			t.Errorf("got %+v", got)
		}
		if h.account(t, "acme", "user1@example.org") == nil || h.account(t, "acme", "user4@example.org") != nil {
			t.Error("other rows are in than should be")
		}
		if acts := h.importActs(t, h.served(t, "acme"), i.ID); acts != "import.created import.started import.cancelled" {
			t.Errorf("the events are %s", acts)
		}
	})
}

func TestADryRunKeepsNobody(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newMover(t, engine, nil)
		h.create(t, "acme", `{`+cheapHashes+`}`)
		i := h.moved(t, "acme", `{"format": "ndjson", "dry_run": true}`, rowsOf(0, 4)+"{}\n")
		if i.State != store.FinishedImport || i.Created != 4 || i.Failed != 1 || !i.DryRun {
			t.Errorf("got %+v", i)
		}
		if h.account(t, "acme", "user1@example.org") != nil {
			t.Error("somebody was kept")
		}
	})
}

func TestImportOfADeletedTenantEnds(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newMover(t, engine, nil)
		h.create(t, "acme", `{`+cheapHashes+`}`)
		i := h.upload(t, "acme", "", rowsOf(0, 3))
		tenant := h.served(t, "acme")
		h.start(t, "acme", i.ID)
		if err := h.DeleteTenant(t.Context(), ann, "acme", nil); err != nil {
			t.Fatal(err)
		}
		h.work(t, h.importer())
		got, err := h.store.For(tenant).Import(t.Context(), i.ID)
		if err != nil || got.State != store.CancelledImport || got.Created != 0 {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestCSVRows(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newMover(t, engine, nil)
		h.create(t, "acme", `{`+cheapHashes+`}`)
		first := "\ufeffid,email, email_verified ,name,password_hash,active,created_at,metadata_public\r\n" +
			`1,ann@example.org,t,"Lee, ""Ann""` + "\nthe second\",\"" + strongHash + `",True,2020-01-01 00:00:00+00,"{""plan"": ""gold""}"` + "\r\n" + // lines 2 and 3
			"2,bob@example.org,maybe,Bob,,,,\n" + // 4
			"3,eve@example.org\n" + // 5
			`4,"kim@example.org,,,,,,` + "\n" + // 6: the quote does not end
			"5,lea@example.org,f,,,False,,\n" + // 7
			"6,max@example.org,,,,,,not json\n" + // 8
			"\n" // 9
		second := "7,pat@example.org,1,,,,,\n" + // 10
			"8,no address,,,,,,\n" // 11
		i := h.moved(t, "acme", `{"format": "csv"}`, first, second)
		all := h.errorsOf(t, "acme", i.ID)
		if i.Created != 3 || i.Failed != 5 || *i.Total != 8 {
			t.Errorf("got %+v: %q", i, all)
		}
		for n, want := range []string{"4 failed email_verified:", "5 failed :", "6 failed :", "8 failed :", "11 failed email:"} {
			if n >= len(all) || !strings.HasPrefix(all[n], want) {
				t.Errorf("not %s: %q", want, all)
			}
		}
		a := h.account(t, "acme", "ann@example.org")
		if a.Name != "Lee, \"Ann\"\nthe second" && a.Name != "Lee, \"Ann\" the second" || !a.Active || !a.Address.Verified || a.Password != strongHash {
			t.Errorf("got %+v", a)
		}
		if a := h.account(t, "acme", "lea@example.org"); a.Active || a.Address.Verified {
			t.Errorf("got %+v", a)
		}
		one, err := h.CreateImport(t.Context(), ann, "acme", json.RawMessage(`{"format": "csv"}`))
		if err != nil {
			t.Fatal(err)
		}
		err = h.PutChunk(t.Context(), "acme", one.ID, "1", []byte("id,mail,id\n1,x,1\n"))
		if got := paths(t, err); !slices.Equal(got, []string{"id", "mail"}) {
			t.Errorf("unknown columns: %v", got)
		}
	})
}

func TestImportsAreListedAndSwept(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newMover(t, engine, nil)
		h.create(t, "acme", `{`+cheapHashes+`}`)
		h.create(t, "zenith", `{`+cheapHashes+`}`)
		done := h.moved(t, "acme", "", rowsOf(0, 3)+"broken\nbroken\nbroken\n")
		waiting := h.upload(t, "acme", "", rowsOf(3, 6))
		h.upload(t, "zenith", "")
		page, next, err := h.Imports(t.Context(), "acme", "", 1)
		if err != nil || len(page) != 1 || page[0].ID != waiting.ID || page[0].Chunks != 1 || next == "" {
			t.Fatalf("got %+v %q %v", page, next, err)
		}
		if _, _, err := h.Imports(t.Context(), "zenith", next, 1); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("another tenant takes the cursor: %v", err)
		}
		page, next, err = h.Imports(t.Context(), "acme", next, 1)
		if err != nil || len(page) != 1 || page[0].ID != done.ID || next != "" {
			t.Errorf("got %+v %q %v", page, next, err)
		}
		_, errorsNext, err := h.ImportErrors(t.Context(), "acme", done.ID, "", 1)
		if err != nil || errorsNext == "" {
			t.Fatal(err)
		}
		if _, _, err := h.ImportErrors(t.Context(), "acme", waiting.ID, errorsNext, 1); !refusal.Is(err, refusal.Invalid) {
			t.Errorf("another import takes the cursor: %v", err)
		}
		sweep := func(after time.Duration) int64 {
			now := h.clock.Now().Add(after)
			n, err := h.store.SweepImports(t.Context(), now.Add(-30*24*time.Hour), now.Add(-7*24*time.Hour), 10)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := sweep(6 * 24 * time.Hour); n != 0 {
			t.Errorf("%d were swept too soon", n)
		}
		if n := sweep(8 * 24 * time.Hour); n != 2 {
			t.Errorf("%d idle ones were swept, not 2", n)
		}
		if n := sweep(31 * 24 * time.Hour); n != 1 {
			t.Errorf("%d finished ones were swept, not 1", n)
		}
	})
}
