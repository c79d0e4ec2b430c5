package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/factor/factortest"
	"github.com/vestibule-auth/vestibule/internal/headless"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// sharedHost is where the tenant header names the tenant, on servers that bootShared started.
const sharedHost = "shared.localhost"

// bootShared is boot with a host that tenants share, and a look at the database.
func bootShared(t *testing.T, engine string, change ...func(*config.Config, *app.Options)) (*server, database) {
	t.Helper()
	var at string
	s := boot(t, engine, append(change, func(cfg *config.Config, _ *app.Options) {
		cfg.SharedHosts = []string{sharedHost}
		at = cfg.Database.Reveal()
	})...)
	return s, look(t, at)
}

// slugOf is the slug of the tenant on a host.
func slugOf(host string) string { return strings.TrimSuffix(host, ".localhost") }

// workers are the columns that the mail worker and the keeper of the log write at their own time, by table.
var workers = map[string][]string{
	"messages":     {"body", "state", "attempts", "last_error", "due_at", "finished_at"},
	"audit_events": {"number", "digest", "mac"},
}

// passing are the rows that count, by table. The sweeper may remove messages that say nothing at any minute, and what is made of the log is
// made in its own time; that something was tried in vain, or asked for by anybody, is logged and changes nothing; and what operators do to a
// tenant in the middle of a test is not what the test is about.
var passing = map[string]string{
	"messages": ` AND state <> 'void'`,
	"audit_events": ` AND actor_kind <> 'break_glass'
		AND action NOT IN ('user.login_failed', 'user.reauthentication_failed', 'user.signup_refused', 'password.reset_requested')`,
	"tenant_versions": ` AND 1 = 0`,
	"audit_chains":    ` AND 1 = 0`, "stats": ` AND 1 = 0`, "active_users": ` AND 1 = 0`,
}

// everything is what is kept of the tenant on a host, in whatever table there is: for each table with a tenant_id, its
// rows as text. A table that comes with a later migration is looked at without a change here.
func (d database) everything(host string) map[string][]string {
	d.t.Helper()
	tenant := d.one(`SELECT id FROM tenants WHERE slug = $1`, slugOf(host))
	all := map[string][]string{}
	for table, columns := range d.columns() {
		all[table] = d.rows(fmt.Sprintf(`SELECT %s FROM %s WHERE tenant_id = $1%s`, strings.Join(columns, ", "), table, passing[table]), tenant)
		slices.Sort(all[table])
	}
	return all
}

// ofTenants are the tables with a tenant_id and their columns, but for what the mail worker writes.
func (d database) ofTenants(driver string) map[string][]string {
	d.t.Helper()
	tables := `SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON TRUE
		WHERE m.type = 'table' AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) k WHERE k.name = 'tenant_id')`
	if driver == "postgres" {
		tables = `SELECT table_name || '.' || column_name FROM information_schema.columns c
			WHERE table_schema = 'public' AND EXISTS (SELECT 1 FROM information_schema.columns k
				WHERE k.table_schema = 'public' AND k.table_name = c.table_name AND k.column_name = 'tenant_id')`
	}
	columns := map[string][]string{}
	for _, name := range d.rows(tables) {
		table, column, _ := strings.Cut(name, ".")
		if !slices.Contains(workers[table], column) {
			columns[table] = append(columns[table], column)
		}
	}
	if len(columns) < 4 {
		d.t.Fatalf("only %d tables were found", len(columns))
	}
	return columns
}

// operation is one route of the public wire for one kind of client, as its OpenAPI document describes it.
type operation struct {
	method string
	path   string
	kind   string
	params []string // headers and parts of the path that it takes
	fields []string // members of its body
	bodied bool
}

// operations are all of them, in a fixed order.
func operations(t *testing.T) []operation {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(headless.Document())
	if err != nil {
		t.Fatal(err)
	}
	var all []operation
	for path, item := range doc.Paths.Map() {
		for method, of := range item.Operations() {
			for _, kind := range []string{"app", "browser"} {
				if !strings.Contains(path, "{client}") && !strings.Contains(path, "/"+kind+"/") {
					continue
				}
				o := operation{method: method, path: strings.ReplaceAll(path, "{client}", kind), kind: kind}
				for _, p := range slices.Concat(item.Parameters, of.Parameters) {
					if p.Value.Name != "client" {
						o.params = append(o.params, p.Value.Name)
					}
				}
				if of.RequestBody != nil {
					o.bodied = true
					for _, content := range of.RequestBody.Value.Content { // JSON, or a form
						o.fields = slices.Sorted(maps.Keys(content.Schema.Value.Properties))
					}
				}
				all = append(all, o)
			}
		}
	}
	if len(all) < 16 {
		t.Fatalf("the document describes %d operations only", len(all))
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+" "+a.method, b.path+" "+b.method) })
	return all
}

func (o operation) String() string { return o.method + " " + o.path }

// inMethods is the operation, and its path asked for by every other method.
func (o operation) inMethods() []operation {
	all := []operation{o}
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead} {
		if m != o.method {
			other := o
			other.method = m
			all = append(all, other)
		}
	}
	return all
}

// loot is what somebody holds, or makes up: everything that a request can carry.
type loot struct {
	password string
	token    string // of an app that is signed in
	waiting  string // of an app whose login waits
	cookie   string // of a browser that is signed in
	csrf     string // that goes with it
	key      string // of a mailed link, or a mailed code, that proves an address and was not used
	reset    string // likewise, for another password
	code     string // to log in by
	texted   string // a code that proves a number
	phone    string
	session  string // a session's id
	number   int64  // what the wire calls it
	user     string // a user's id

	// Of somebody with a second factor.
	guarded    string          // of an app that is signed in
	halfway    string          // of an app whose login waits for it
	trusted    string          // the session cookie of a browser that is trusted
	trustCSRF  string          // that goes with it
	trust      string          // the cookie that it is trusted by
	appCode    string          // the next one of the authenticator app
	keyID      int64           // what the wire calls the key
	credential json.RawMessage // the key's answer to what the waiting login was asked
	access     string          // tokens
	refresh    string
}

// madeUp is loot of the right form that nobody gave out.
func madeUp() loot {
	key := factortest.New("https://nowhere.localhost")
	key.Create(json.RawMessage(`{"publicKey": {"challenge": "AAAA", "rp": {"id": "nowhere.localhost"}, "user": {"id": "` + base64URL(16) + `"}}}`))
	return loot{
		guarded: secret.Token(), halfway: secret.Token(), trusted: secret.Token(), trustCSRF: base64URL(48), trust: base64URL(41), appCode: "123456",
		keyID: 1, credential: key.Get(json.RawMessage(`{"publicKey": {"challenge": "AAAA", "rpId": "nowhere.localhost"}}`)),
		password: "Quill-Marble-27!", token: secret.Token(), waiting: secret.Token(), cookie: secret.Token(),
		csrf: base64URL(48), key: base64URL(64), reset: base64URL(56), code: "BCDF-GHJK", texted: "BCDF-GHJL", phone: "+4915100000000",
		session: secret.NewID(), number: 1, user: secret.NewID(),
		access: base64URL(60) + "." + base64URL(200) + "." + base64URL(64), refresh: base64URL(60) + "." + base64URL(200) + "." + base64URL(64),
	}
}

// text is what loot puts where a request for a path has a place for something of that name.
func (l loot) text(path, name string) string {
	found := ""
	switch strings.ToLower(name) {
	case "email", "email2":
		found = twin
	case "username":
		found = "ann"
	case "password", "current_password", "new_password":
		found = l.password
	case "phone":
		found = l.phone
	case "user", "user_id":
		found = l.user
	case "refresh_token":
		found = l.refresh
	case "session", "session_id", "id":
		found = l.session
	case "code":
		found = l.code
		switch {
		case strings.Contains(path, "/phone/"):
			found = l.texted
		case strings.Contains(path, "/2fa/"), strings.Contains(path, "/authenticators/"):
			found = l.appCode
		}
	case "key", "x-password-reset-key":
		if strings.HasSuffix(path, "/password/reset") {
			found = l.reset
		}
	}
	if found == "" {
		return l.key // whatever it is called
	}
	return found
}

// send makes the operation's request with what the loot has for its parameters and its body.
func (o operation) send(c *client, l loot, header ...string) *reply {
	c.s.Helper()
	path := o.path
	for _, name := range o.params {
		if strings.Contains(path, "{"+name+"}") {
			path = strings.ReplaceAll(path, "{"+name+"}", l.text(o.path, name))
		} else {
			header = append([]string{name, l.text(o.path, name)}, header...)
		}
	}
	var in any
	if o.bodied {
		values := map[string]any{}
		for _, name := range o.fields {
			switch {
			case name == "username", name == "phone" && !strings.HasSuffix(o.path, "/phone"): // a login names its account in one way
			case name == "sessions":
				values[name] = []int64{l.number}
			case name == "authenticators":
				values[name] = []int64{l.keyID}
			case name == "id":
				values[name] = l.keyID
			case name == "credential":
				values[name] = l.credential
			case name == "primary", name == "trust":
				values[name] = true
			default:
				values[name] = l.text(o.path, name)
			}
		}
		in = values
	}
	return c.do(o.method, path, in, header...)
}

// twin is the address of an account at either tenant.
const twin = "ann@example.org"

// house is a server with two tenants that have accounts of the same address.
type house struct {
	*scene
	a, b     string // hosts
	ofA, ofB loot
	codes    bool // everything is proved by codes
	waiting  []waiter
}

// waiter is a session that waits for a code, and what it does with one.
type waiter struct {
	c    *client
	use  func(c *client, l loot) *reply
	want int // where the code is the one that is waited for
}

// newHouse makes both tenants alike, with an account that is signed in everywhere and another whose login waits. Addresses are
// proved by links.
func newHouse(t *testing.T, engine string) *house {
	t.Helper()
	return houseOf(t, engine, false, `"email_verification": "mandatory", "login_on_email_confirmation": true`)
}

// newCodeHouse is newHouse where everything is proved by codes. They are good for as long as the test.
func newCodeHouse(t *testing.T, engine string) *house {
	t.Helper()
	return houseOf(t, engine, true, byCodes+`, "login_timeout": 86400, "login_by_code_timeout": 86400, "email_verification_by_code_timeout": 86400,
		"phone_verification_timeout": 86400, "password_reset_by_code_timeout": 86400`)
}

func houseOf(t *testing.T, engine string, codes bool, account string) *house {
	t.Helper()
	h := &house{scene: newScene(t, engine), codes: codes}
	account += `, "rate_limits": false}, "headless": {"token_strategy": "jwt", "jwt_algorithm": "EdDSA",
		"jwt_access_token_expires_in": 86400` // more than of accounts, and the walk takes longer than the five minutes that tokens have
	h.a, h.b = h.house(account), h.house(account)
	h.ofA, h.ofB = h.move(h.a, password), h.move(h.b, otherPassword)
	return h
}

// move has people move in at a tenant.
func (h *house) move(host, secretWord string) loot {
	h.Helper()
	const late = "bea@example.org"
	l := loot{password: secretWord, phone: another}
	signUp := func(c *client, email string) func() {
		return func() {
			c.post("/auth/signup", map[string]any{"email": email, "password": secretWord}).want(http.StatusUnauthorized)
		}
	}
	key := func(to string, act func()) string {
		if h.codes {
			return h.code(to, act)
		}
		return h.letter(to, act).key(h)
	}
	one, browser, other := h.client("app", host), h.client("browser", host), h.client("app", host)
	in := one.verify(key(twin, signUp(one, twin))).want(http.StatusOK)
	l.user, l.token, l.access, l.refresh = in.userID(), one.token, in.handed().access, in.handed().refresh
	browser.login(twin, secretWord).want(http.StatusOK)
	l.cookie, l.csrf = browser.cookies["sessionid"], browser.cookies["csrftoken"]
	l.key = key(late, signUp(other, late))
	l.waiting = other.token
	l.session = h.db.one(`SELECT id FROM sessions WHERE tenant_id = $1 AND token = $2`, h.tenantOf(host).ID, secret.Digest(l.token))
	l.number, _ = one.sessions()
	h.guardIn(host, secretWord, &l)
	if !h.codes {
		l.reset = h.resetKey(twin, func() { h.client("app", host).askReset(twin).want(http.StatusOK) })
		return l
	}
	resets, logsIn, texted := h.client("app", host), h.client("app", host), h.client("app", host)
	l.reset = h.code(twin, func() { resets.askReset(twin).want(http.StatusUnauthorized) })
	l.code = h.code(twin, func() { logsIn.request(twin).want(http.StatusUnauthorized) })
	l.texted = h.code(number, func() {
		texted.post("/auth/signup", map[string]any{"email": "cat@example.org", "phone": number, "password": secretWord}).want(http.StatusUnauthorized)
	})
	h.waiting = append(h.waiting,
		waiter{other, func(c *client, l loot) *reply { return c.verify(l.key) }, http.StatusOK},
		waiter{resets, func(c *client, l loot) *reply { return c.lookReset(l.reset) }, http.StatusOK},
		waiter{logsIn, func(c *client, l loot) *reply { return c.confirm(l.code) }, http.StatusOK},
		waiter{texted, func(c *client, l loot) *reply { return c.verifyPhone(l.texted) }, http.StatusUnauthorized},
	)
	return l
}

// withFactor is the address of an account at either tenant that has a second factor.
const withFactor = "dora@example.org"

// guardIn has somebody with a second factor move in.
func (h *house) guardIn(host, secretWord string, l *loot) {
	h.Helper()
	body := map[string]any{"email": withFactor, "password": secretWord}
	one, waits, browser := h.client("app", host), h.client("app", host), h.client("browser", host)
	proof := h.letter(withFactor, func() { one.post("/auth/signup", body).want(http.StatusUnauthorized) })
	if h.codes {
		one.verify(typedCode.FindString(proof.text)).want(http.StatusOK)
	} else {
		one.verify(proof.key(h)).want(http.StatusOK)
	}
	one.post("/auth/reauthenticate", map[string]any{"password": secretWord}).want(http.StatusOK)
	p := h.setUp(one)
	p.key = newKey(host)
	l.keyID = h.addKey(one, p.key, "")
	h.recoveryCodes(one)
	l.guarded = one.token
	browser.login(withFactor, secretWord).waits("mfa_authenticate")
	browser.giveCode(p.code()).waits("mfa_trust")
	browser.trust(true).want(http.StatusOK)
	l.trusted, l.trustCSRF, l.trust = browser.cookies["sessionid"], browser.cookies["csrftoken"], browser.cookies["mfa_trusted"]
	waits.login(withFactor, secretWord).waits("mfa_authenticate")
	l.credential = p.key.Get(waits.options(byKey))
	l.halfway, l.appCode = waits.token, p.code()
}

// slot is a way to carry loot into a request of one kind of client.
type slot struct {
	name string
	kind string
	fill func(c *client, l loot)
}

var slots = []slot{
	{"nothing but what the request is about", "app", func(*client, loot) {}},
	{"the token", "app", func(c *client, l loot) { c.token = l.token }},
	{"the token of a login that waits", "app", func(c *client, l loot) { c.token = l.waiting }},
	{"the token of somebody with a second factor", "app", func(c *client, l loot) { c.token = l.guarded }},
	{"the token of a login that waits for a second factor", "app", func(c *client, l loot) { c.token = l.halfway }},
	{"a browser's cookie for a token", "app", func(c *client, l loot) { c.token = l.cookie }},
	{"the session's id for a token", "app", func(c *client, l loot) { c.token = l.session }},
	{"the user's id for a token", "app", func(c *client, l loot) { c.token = l.user }},
	{"the key of a link for a token", "app", func(c *client, l loot) { c.token = l.key }},
	{"the access token", "app", func(c *client, l loot) { c.header.Set("Authorization", "Bearer "+l.access) }},
	{"the refresh token for an access token", "app", func(c *client, l loot) { c.header.Set("Authorization", "Bearer "+l.refresh) }},
	{"the access token for a token", "app", func(c *client, l loot) { c.token = l.access }},
	{"everything at once", "app", func(c *client, l loot) {
		c.token = l.token
		c.header.Set("Authorization", "Bearer "+l.access)
		c.header.Set("Cookie", "sessionid="+l.cookie+"; csrftoken="+l.csrf)
		c.header.Set("X-CSRFToken", l.csrf)
	}},
	{"the cookies", "browser", func(c *client, l loot) { c.cookies["sessionid"], c.cookies["csrftoken"] = l.cookie, l.csrf }},
	{"the cookies of a trusted browser", "browser", func(c *client, l loot) {
		c.cookies["sessionid"], c.cookies["csrftoken"], c.cookies["mfa_trusted"] = l.trusted, l.trustCSRF, l.trust
	}},
	{"the session cookie, with a CSRF token of this tenant", "browser", func(c *client, l loot) {
		c.cookies["sessionid"], c.cookies["csrftoken"] = l.cookie, "x"
		c.delete("/auth/session").want(http.StatusForbidden) // hands out one that fits the cookie
	}},
	{"the CSRF token alone", "browser", func(c *client, l loot) { c.cookies["csrftoken"] = l.csrf }},
	{"a stranger's own CSRF token", "browser", func(c *client, _ loot) { c.get("/config") }},
	{"an app's token for a cookie", "browser", func(c *client, l loot) {
		c.cookies["sessionid"], c.cookies["csrftoken"] = l.token, "x"
		c.delete("/auth/session").want(http.StatusForbidden)
	}},
	{"the session's id for a cookie", "browser", func(c *client, l loot) {
		c.cookies["sessionid"], c.cookies["csrftoken"] = l.session, "x"
		c.delete("/auth/session").want(http.StatusForbidden)
	}},
	{"an app's header", "browser", func(c *client, l loot) {
		c.get("/config")
		c.header.Set("X-Session-Token", l.token)
		c.header.Set("Authorization", "Bearer "+l.access)
	}},
}

// ways are how a tenant can be named.
var ways = map[string]func(c *client, host string){
	"by host":   func(c *client, host string) { c.host = host },
	"by header": func(c *client, host string) { c.host = sharedHost; c.header.Set("X-Tenant", slugOf(host)) },
}

// carrying is a client of the tenant on a host that carries loot in a slot.
func (h *house) carrying(t *testing.T, sl slot, way, host string, l loot) *client {
	of := *h.server
	of.T = t
	c := &client{s: &of, kind: sl.kind, ip: "192.0.2.1", cookies: map[string]string{}, header: http.Header{}}
	ways[way](c, host)
	sl.fill(c, l)
	return c
}

// good makes sure that the loot opens everything at home, or the tests below would prove nothing.
func (h *house) good(t *testing.T, host string, l loot) {
	t.Helper()
	for _, way := range []string{"by host", "by header"} {
		for _, sl := range slots {
			switch sl.name {
			case "the token", "the access token", "the cookies":
				if got := h.carrying(t, sl, way, host, l).get("/auth/session").want(http.StatusOK).userID(); got != l.user {
					t.Fatalf("%s %s is of %s, not %s", sl.name, way, got, l.user)
				}
			case "the token of somebody with a second factor", "the cookies of a trusted browser":
				r := h.carrying(t, sl, way, host, l).get("/account/authenticators").want(http.StatusOK)
				if !strings.Contains(r.Body, fmt.Sprintf(`"id":%d,`, l.keyID)) {
					t.Fatalf("%s %s has no key %d: %s", sl.name, way, l.keyID, r.Body)
				}
			case "the token of a login that waits for a second factor":
				h.carrying(t, sl, way, host, l).get("/auth/session").waits("mfa_authenticate")
			case "the token of a login that waits":
				c := h.carrying(t, sl, way, host, l)
				if r := c.get("/auth/session").want(http.StatusUnauthorized); !strings.Contains(r.Body, `"is_pending":true`) {
					t.Fatalf("the login does not wait: %s", r.Body)
				}
				if !h.codes { // to look at a code takes the session that it was sent to
					c.get("/auth/email/verify", "X-Email-Verification-Key", l.key).want(http.StatusOK)
					c.lookReset(l.reset).want(http.StatusOK)
				}
			}
		}
	}
}

// Two tenants with accounts of the same address: nothing that one of them gave out does anything at the other. For every
// route and every place where a request can carry something, the other tenant's rows are as they were, or changed by
// exactly what a stranger with made-up values would have changed (who may begin a session of nobody's by signing up).
func TestNothingOfOneTenantDoesAnythingAtAnother(t *testing.T) {
	t.Parallel() // as do its parts, for it is the longest of all
	testkit.Engines(t, func(t *testing.T, engine string) {
		t.Parallel()
		t.Run("by links", func(t *testing.T) {
			t.Parallel()
			newHouse(t, engine).nothingOfA(t)
		})
		t.Run("by codes", func(t *testing.T) {
			t.Parallel()
			h := newCodeHouse(t, engine)
			h.nothingOfA(t)
			at := map[string]loot{h.a: h.ofA, h.b: h.ofB}
			for _, w := range h.waiting { // and, to those who wait for one, a code from next door is a wrong one
				other := h.a
				if w.c.host == h.a {
					other = h.b
				}
				if r := w.use(w.c, at[other]).want(http.StatusBadRequest); !strings.Contains(r.Body, "incorrect_code") {
					t.Errorf("got %s", r.Body)
				}
				w.use(w.c, at[w.c.host]).want(w.want)
			}
		})
	})
}

// nothingOfA is that test for one way of proving things.
func (h *house) nothingOfA(t *testing.T) {
	h.good(t, h.a, h.ofA)
	h.good(t, h.b, h.ofB)
	tenant := h.db.one(`SELECT id FROM tenants WHERE slug = $1`, slugOf(h.b))
	owned := func() string {
		return h.db.one(`SELECT count(*) FROM sessions WHERE tenant_id = $1 AND user_id IS NOT NULL AND NOT pending`, tenant)
	}
	atHome := h.db.everything(h.a)
	for _, o := range operations(t) {
		for _, sl := range slots {
			if sl.kind != o.kind {
				continue
			}
			for way := range ways {
				t.Run(fmt.Sprintf("%s/%s/%s", o, sl.name, way), func(t *testing.T) {
					stolen, invented := h.carrying(t, sl, way, h.b, h.ofA), h.carrying(t, sl, way, h.b, madeUp())
					before, mine := h.db.everything(h.b), owned()
					got := o.send(stolen, h.ofA)
					between := h.db.everything(h.b)
					other := o.send(invented, madeUp())
					after := h.db.everything(h.b)
					for table, rows := range before {
						for _, row := range rows {
							if !slices.Contains(between[table], row) {
								t.Errorf("a row of %s was changed or lost: %s", table, row)
							}
						}
						if did, does := len(between[table])-len(rows), len(after[table])-len(between[table]); did != does {
							t.Errorf("%d rows were added to %s, where made-up values add %d", did, table, does)
						}
					}
					if owned() != mine {
						t.Error("a session of somebody's was begun or ended")
					}
					switch strings.TrimPrefix(o.path, "/_allauth/"+o.kind+"/v1") {
					case "/config", "/auth/password/request", "/auth/webauthn/login": // which answer whoever asks, and everybody alike
						if got.plain() != other.plain() {
							t.Errorf("answered %s, where made-up values are answered %s", got.plain(), other.plain())
						}
					default:
						if got.Status == http.StatusOK {
							t.Errorf("answered %d: %s", got.Status, got.Body)
						}
					}
				})
			}
		}
	}
	if d := difference(atHome, h.db.everything(h.a)); d != "" {
		t.Errorf("something changed at the tenant whose values were carried about:\n%s", d)
	}
	h.good(t, h.a, h.ofA)
	h.good(t, h.b, h.ofB)
}
