package flows_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/limit"
	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/post"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

const (
	password      = "Kestrel-Orbit-49!"
	otherPassword = "Lantern-Quartz-83?"
)

// The settings that tests are about, of email_verification above all.
const (
	optional  = `"email_verification": "optional"`
	mandatory = `"email_verification": "mandatory"`
	linkIn    = mandatory + `, "login_on_email_confirmation": true`
)

// house is one tenant with its flows, on a real database, at a time that the test sets.
type house struct {
	testing.TB
	*flows.Service
	clock  *clock.Fake
	store  *store.Store
	hasher *passhash.Hasher // of the first service
	tenant *tenants.Tenant
	rival  *flows.Service // the same flows over a second connection to the database: another process
	second *store.Store   // that connection
	raw    *sql.DB        // the database, past the product

	others chan error // how the change of another connection ended

	mu   sync.Mutex
	hook func(op, query string) error // told of every operation of the first service
	mail []letter

	refusals refusals // of both services
	idp      idp      // every provider that the tenant has
}

// letter is a queued mail, opened.
type letter struct {
	Kind    string
	Channel store.Channel
	flows.Letter
}

// newHouse builds a house on an engine. account are members of the tenant's account settings.
func newHouse(t testing.TB, engine, account string) *house {
	t.Helper()
	return newFactorHouse(t, engine, account, "")
}

// newFactorHouse is newHouse with members of the tenant's mfa settings, too.
func newFactorHouse(t testing.TB, engine, account, mfa string) *house {
	t.Helper()
	return newHouseOf(t, engine, fmt.Sprintf(`{"account": {%s}, "mfa": {%s}}`, account, mfa))
}

// newHouseOf is newHouse with a tenant of these settings.
func newHouseOf(t testing.TB, engine, settings string) *house {
	t.Helper()
	h := &house{TB: t, clock: clock.At(testkit.Start)}
	at, keys := testkit.URL(t, engine), testkit.Keys(t)
	open := func(observe func(op, query string) error) *store.Store {
		st, err := store.Open(store.Options{URL: at, Keys: keys, Observe: observe, MaxConns: 6})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = st.Close() }) // the test is over, whatever closing says
		return st
	}
	h.store = open(h.observe)
	h.tenant = testkit.AddTenant(t, h.store, "acme", settings)
	h.hasher = passhash.New(passhash.Options{Queue: 1000, MaxWait: time.Hour, Cheap: true})
	limiter := limit.NewMemory(h.clock, 0) // one for both, as processes share one
	service := func(st *store.Store) *flows.Service {
		return flows.New(flows.Options{
			Store: st, Hasher: h.hasher, Limiter: limiter, Providers: &h.idp,
			Clock: h.clock, Observer: &h.refusals, Log: slog.New(slog.DiscardHandler), Wake: func() {},
		})
	}
	h.second = open(nil)
	h.Service, h.rival = service(h.store), service(h.second)
	driver, source := "postgres", at
	if file, ok := strings.CutPrefix(at, "sqlite:"); ok {
		file, _, _ = strings.Cut(file, "?")
		driver, source = "sqlite", "file:"+file+"?_pragma=busy_timeout(20000)"
	}
	var err error
	if h.raw, err = sql.Open(driver, source); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.raw.Close() })
	return h
}

// noted makes the events of what operators do.
func (h *house) noted(act store.Action, userID string, _ map[string]any) (*store.Event, error) {
	return &store.Event{ID: secret.NewID(), At: h.clock.Now(), Action: act, UserID: userID, Actor: store.Actor{Kind: store.ByOperator}}, nil
}

// nobody hears of metrics.
type nobody struct{}

func (nobody) Login(string, string)            {}
func (nobody) Signup(string, string)           {}
func (nobody) Factor(string, string)           {}
func (nobody) Limited(*tenants.Tenant, string) {}
func (nobody) Conflict(bool)                   {}

// refusals hears of the requests that limits refused: their tenants' slugs and their actions.
type refusals struct {
	nobody
	mu        sync.Mutex
	all       []string
	conflicts []bool // steps whose session had changed, and whether they were refused for it
}

func (r *refusals) Conflict(refused bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conflicts = append(r.conflicts, refused)
}

func (r *refusals) Limited(t *tenants.Tenant, action string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, t.Slug+" "+action)
}

// take is what it heard of since it was last asked.
func (r *refusals) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.all
	r.all = nil
	return all
}

func (h *house) observe(op, query string) error {
	h.mu.Lock()
	hook := h.hook
	h.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook(op, query)
}

// on has a function told of every operation of the first service from now on; nil ends it.
func (h *house) on(hook func(op, query string) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hook = hook
}

// beside is the house as another process has it, which may do something while a step of this one is under way. It reads the mail
// that it has sent.
func (h *house) beside() *house {
	return &house{TB: h.TB, Service: h.rival, clock: h.clock, store: h.second, hasher: h.hasher, tenant: h.tenant, raw: h.raw}
}

// must fails the test on an error.
func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// refused checks that an error refuses, as that kind and, unless it is "", with that code alone.
func (h *house) refused(err error, kind refusal.Kind, code refusal.Code) {
	h.Helper()
	r, ok := refusal.As(err)
	if !ok || r.Kind != kind || (code != "" && (len(r.Details) != 1 || r.Details[0].Code != code)) {
		h.Fatalf("got %v, want %v %s", err, kind, code)
	}
}

// open is a visit of an app that shows a token, "" for none.
func (h *house) open(token string) *flows.Visit {
	h.Helper()
	v, err := h.visit(h.Service, token)
	h.must(err)
	return v
}

func (h *house) visit(s *flows.Service, token string) (*flows.Visit, error) {
	return s.Open(h.Context(), h.tenant, flows.Origin{
		Slides: true, Client: flows.App, Token: token, IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "a test",
	})
}

func signupOf(email string) flows.SignupInput {
	return flows.SignupInput{Email: email, Password: password}
}

func loginOf(email, password string) flows.LoginInput {
	return flows.LoginInput{Email: flows.Text{Value: email, Sent: true}, Password: flows.Text{Value: password, Sent: true}}
}

// signup signs an address up and is the visit and the token.
func (h *house) signup(email string) (v *flows.Visit, token string) {
	h.Helper()
	v = h.open("")
	h.must(h.Signup(h.Context(), v, signupOf(email)))
	if v.Issued() == "" {
		h.Fatal("a signup gave no token")
	}
	return v, v.Issued()
}

// login signs in and is the token.
func (h *house) login(email string) string {
	h.Helper()
	v := h.open("")
	h.must(h.Login(h.Context(), v, loginOf(email, password)))
	if !v.Authenticated() {
		h.Fatalf("%s is not signed in", email)
	}
	return v.Issued()
}

// verified makes an account whose address is proven, and is its user's id.
func (h *house) verified(email string) string {
	h.Helper()
	h.signup(email)
	h.must(h.VerifyEmail(h.Context(), h.open(""), h.key(email)))
	return h.one(`SELECT user_id FROM emails WHERE email = $1 AND verified`, email)
}

// letters are the messages to an address or a number so far, oldest first. Package post can send each of them.
func (h *house) letters(to string) []letter {
	h.Helper()
	for {
		now := h.clock.Now()
		batch, err := h.store.LeaseMessages(h.Context(), now, now.Add(time.Minute), 100)
		h.must(err)
		slices.SortFunc(batch, func(a, b store.Message) int { return strings.Compare(a.ID, b.ID) }) // as they were queued
		for _, m := range batch {
			plain, err := h.tenant.Keys.Open(secret.ForMessage, m.ID, m.Body)
			h.must(err)
			l := letter{Kind: m.Kind, Channel: m.Channel}
			h.must(json.Unmarshal(plain, &l.Letter))
			h.render(l)
			h.mail = append(h.mail, l)
			h.must(h.store.FinishMessage(h.Context(), m, now))
		}
		if len(batch) == 0 {
			break
		}
	}
	var all []letter
	for _, l := range h.mail {
		if l.To == to {
			all = append(all, l)
		}
	}
	return all
}

// render checks that package post makes a message of a letter, and knows everything in it.
func (h *house) render(l letter) {
	h.Helper()
	var err error
	if l.Channel == store.SMS {
		_, err = post.RenderText(h.tenant, l.Kind, post.Letter{To: l.To, Data: l.Data})
	} else {
		_, err = post.Render(h.tenant, l.Kind, post.Letter{To: l.To, Data: l.Data})
	}
	if err != nil {
		h.Errorf("%s to %s cannot be sent: %v", l.Kind, l.To, err)
	}
	all := post.Kinds()
	i := slices.IndexFunc(all, func(k post.Kind) bool { return k.Name == l.Kind })
	if i < 0 {
		return
	}
	for name := range l.Data {
		if !slices.Contains(append(post.Common(), "expires"), name) && !slices.Contains(all[i].Variables, name) {
			h.Errorf("%s has %s, which its templates cannot name", l.Kind, name)
		}
	}
}

// code is the code in the last message with one to an address or a number.
func (h *house) code(to string) string {
	h.Helper()
	all := h.letters(to)
	for i := len(all) - 1; i >= 0; i-- {
		if code := all[i].Data["code"]; code != "" {
			return code
		}
	}
	h.Fatalf("no code was sent to %s", to)
	return ""
}

// kinds are the kinds of the messages to an address or a number so far, oldest first.
func (h *house) kinds(to string) []string {
	h.Helper()
	all := []string{}
	for _, l := range h.letters(to) {
		all = append(all, l.Kind)
	}
	return all
}

// key is the key in the last link that was mailed to an address.
func (h *house) key(to string) string {
	h.Helper()
	all := h.letters(to)
	for i := len(all) - 1; i >= 0; i-- {
		if link := all[i].Data["url"]; link != "" {
			u, err := url.Parse(link)
			h.must(err)
			return path.Base(u.Path)
		}
	}
	h.Fatalf("no link was mailed to %s", to)
	return ""
}

// one is the only value of a query's only row, as text.
func (h *house) one(query string, args ...any) string {
	h.Helper()
	var v sql.NullString
	if err := h.raw.QueryRowContext(h.Context(), query, args...).Scan(&v); err != nil {
		h.Fatalf("%s: %v", query, err)
	}
	return v.String
}

// count is how many rows a table has.
func (h *house) count(table string) string {
	h.Helper()
	return h.one(`SELECT COUNT(*) FROM ` + table)
}

// queued is how many messages wait to be sent.
func (h *house) queued() string {
	h.Helper()
	return h.one(`SELECT COUNT(*) FROM messages WHERE state = 'queued'`)
}

// exec changes the database past the product.
func (h *house) exec(query string, args ...any) {
	h.Helper()
	_, err := h.raw.ExecContext(h.Context(), query, args...)
	h.must(err)
}

// setActive lets a user in or out.
func (h *house) setActive(userID string, active bool) {
	h.Helper()
	h.must(h.store.For(h.tenant).One(func(tx *store.Tx) error { return tx.SetActive(h.Context(), userID, active) }))
}

// deactivateAtCommit has every user deactivated by another connection when the next transaction is about to commit: before
// that, unless the transaction holds the users' rows and it has to wait.
func (h *house) deactivateAtCommit() {
	h.Helper()
	h.others = make(chan error, 1)
	var once sync.Once
	h.on(func(op, _ string) error {
		if op != faultdb.Commit {
			return nil
		}
		once.Do(func() {
			go func() {
				_, err := h.raw.ExecContext(h.Context(), `UPDATE users SET active = FALSE`)
				h.others <- err
			}()
			for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
				if h.one(`SELECT COUNT(*) FROM users WHERE active`) == "0" ||
					h.one(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) != "0" {
					return
				}
			}
		})
		return nil
	})
}

// deactivated waits until what deactivateAtCommit began is done.
func (h *house) deactivated() {
	h.Helper()
	select {
	case err := <-h.others:
		h.must(err)
	case <-time.After(30 * time.Second):
		h.Fatal("the users were not deactivated")
	}
}

// dead checks that a token names nothing (any more).
func (h *house) dead(token string) {
	h.Helper()
	if v := h.open(token); !v.Lost() || v.Authenticated() || v.Pending() != "" {
		h.Fatalf("the token still names a session: lost %t, signed in %t, pending %q", v.Lost(), v.Authenticated(), v.Pending())
	}
}

// signedInAs checks whose session a token names.
func (h *house) signedInAs(token, userID string) {
	h.Helper()
	if got := h.open(token).Status(); got.User == nil || got.User.ID != userID {
		h.Fatalf("the session is of %v, want %s", got.User, userID)
	}
}

// device is an app or a browser, which shows what it was given last.
type device struct {
	*house
	token   string
	browser bool
	trust   string // what marks a browser as trusted
}

// device is a new one, that nobody is signed in on.
func (h *house) device() *device { return &device{house: h} }

// signedIn is a device that somebody with an account is signed in on.
func (h *house) signedIn(email string) *device {
	h.Helper()
	return &device{house: h, token: h.login(email)}
}

// browser is a new device that keeps cookies.
func (h *house) browser() *device { return &device{house: h, browser: true} }

// visit is the device's next one.
func (d *device) visit() *flows.Visit {
	d.Helper()
	return d.at(d.house.Service)
}

// at is the device's next visit, at one of the services.
func (d *device) at(s *flows.Service) *flows.Visit {
	d.Helper()
	o := flows.Origin{Slides: true, Client: flows.App, Token: d.token, Trust: d.trust, IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "a test"}
	if d.browser {
		o.Client, o.Slides = flows.Browser, false
	}
	v, err := s.Open(d.Context(), d.tenant, o)
	d.must(err)
	return v
}

// try has the device do something, and keeps the token that it is given.
func (d *device) try(step func(v *flows.Visit) error) (*flows.Visit, error) {
	d.Helper()
	v := d.visit()
	err := step(v)
	if v.TrustCookie() != "" {
		d.trust = v.TrustCookie()
	}
	switch {
	case v.Issued() != "":
		d.token = v.Issued()
	case v.Ended():
		d.token = ""
	}
	return v, err
}

// do is try for what must not be refused.
func (d *device) do(step func(v *flows.Visit) error) *flows.Visit {
	d.Helper()
	v, err := d.try(step)
	d.must(err)
	return v
}

// user is whoever is signed in on the device, "" for nobody.
func (d *device) user() string {
	d.Helper()
	if u := d.visit().Status().User; u != nil {
		return u.ID
	}
	return ""
}

// together runs n calls at once and is what they returned.
func together(n int, call func(i int) error) []error {
	errs := make([]error, n)
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-begin
			errs[i] = call(i)
		})
	}
	close(begin)
	all.Wait()
	return errs
}
