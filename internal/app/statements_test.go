package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// lookForChanges is in the one statement that reads the number of the latest change.
const lookForChanges = "FROM tenant_changes"

// background reports whether a statement is none of a request's: the worker's, the directory's look for changes, the
// sweeper's. The worker finds tenants by id, which requests never do.
func background(query string) bool {
	for _, part := range []string{"UPDATE messages", lookForChanges, "FROM tenants t WHERE t.id", "DELETE FROM messages", "WHERE expires_at <",
		"FROM signing_keys WHERE due_at", "FROM signing_keys WHERE known_until", "erase_at <=", "webhook_endpoints", "webhook_deliveries",
		"UPDATE imports", "DELETE FROM imports"} {
		if strings.Contains(query, part) {
			return true
		}
	}
	return false
}

// looks counts the directory's looks for changes. A tenant that was made is forgotten at the next, and read once more.
type looks struct{ seen atomic.Int64 }

func (l *looks) observe(query string) {
	if strings.Contains(query, lookForChanges) {
		l.seen.Add(1)
	}
}

// pass waits until whatever was changed so far was seen: the second look from now began after now.
func (l *looks) pass(t testing.TB) {
	t.Helper()
	was := l.seen.Load()
	eventually(t, "the directory looked for changes", func() bool { return l.seen.Load() > was+2 })
}

// counted keeps the statements of requests.
type counted struct {
	looks
	mu  sync.Mutex
	all []string
}

func (c *counted) observe(op, query string) error {
	c.looks.observe(query)
	if (op != faultdb.Query && op != faultdb.Exec) || background(query) {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, strings.Join(strings.Fields(query), " "))
	return nil
}

// take is what was run since it was last asked.
func (c *counted) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.all
	c.all = nil
	return all
}

// turn is one row's: a client of a tenant, names of an account that nobody else has, and what the row's request needs.
type turn struct {
	*scene
	*client
	at string // the host

	email, other      string // addresses
	phone, otherPhone string
	secret            string // that was sent before
	session           int64  // one to be ended

	pocket *pocket
	asked  json.RawMessage // the options of a ceremony that was begun
}

// does is a row's request, and the status that it is answered with.
func does(status int, request func(t *turn) *reply) func(t *turn) *reply {
	return func(t *turn) *reply { t.Helper(); return request(t).want(status) }
}

// gets is a row that asks for a path.
func gets(status int, path string) func(t *turn) *reply {
	return does(status, func(t *turn) *reply { return t.get(path) })
}

// posts is a row that sends nothing to a path.
func posts(status int, path string) func(t *turn) *reply {
	return does(status, func(t *turn) *reply { return t.post(path, nil) })
}

func (t *turn) signUp() *reply { return t.signup(t.email) }

func (t *turn) signUpByText() *reply {
	return t.post("/auth/signup", map[string]any{"phone": t.phone, "password": password})
}

func (t *turn) emails(method, email string) *reply {
	return t.do(method, "/account/email", map[string]any{"email": email, "primary": true})
}

func (t *turn) changePhone(phone string) *reply {
	return t.post("/account/phone", map[string]any{"phone": phone})
}

func (t *turn) changePassword(current string) *reply {
	return t.post("/account/password/change", map[string]any{"current_password": current, "new_password": otherPassword})
}

func (t *turn) proveAgain(password string) *reply {
	return t.post("/auth/reauthenticate", map[string]any{"password": password})
}

func (t *turn) endSession() *reply {
	return t.do(http.MethodDelete, "/auth/sessions", map[string]any{"sessions": []int64{t.session}})
}

func (t *turn) look(key string) *reply {
	return t.get("/auth/email/verify", "X-Email-Verification-Key", key)
}

// in signs up, with a code where one is asked for, and is signed in.
func (t *turn) in() {
	t.Helper()
	waits := false
	l := t.letter(t.email, func() { waits = t.signUp().Status == http.StatusUnauthorized })
	if waits {
		t.verify(typedCode.FindString(l.text)).want(http.StatusOK)
	}
}

// proved signs up, and proves the address by its link.
func (t *turn) proved() {
	t.Helper()
	t.linked()
	t.verify(t.secret).want(http.StatusOK)
}

// linked signs up, and has the key of the link that proves the address.
func (t *turn) linked() {
	t.Helper()
	t.secret = t.letter(t.email, func() { t.signUp() }).key(t)
}

// coded has the code that comes of a request.
func (t *turn) coded(to string, request func() *reply) {
	t.Helper()
	t.secret = t.code(to, func() { request() })
}

// out ends the session.
func (t *turn) out() {
	t.Helper()
	t.delete("/auth/session").want(http.StatusUnauthorized)
	t.token = ""
}

// added adds the other address, and has the key of the link that proves it.
func (t *turn) added() {
	t.Helper()
	t.secret = t.letter(t.other, func() { t.emails(http.MethodPost, t.other).want(http.StatusOK) }).key(t)
}

// guardedIn signs up, proves the address, has everything there is of second factors, and is signed in.
func (t *turn) guardedIn() {
	t.Helper()
	t.in()
	if l := t.inbox.wait(t.scene, t.email, 0); keyInLink.MatchString(l.text) {
		t.verify(l.key(t.scene)).want(http.StatusOK)
	}
	t.pocket = t.guard(t.client)
}

// halfway logs in as somebody with a second factor, which is waited for.
func (t *turn) halfway() {
	t.Helper()
	t.guardedIn()
	t.out()
	t.login(t.email, password).waits("mfa_authenticate")
}

// begun begins a ceremony.
func (t *turn) begun(path string) { t.Helper(); t.asked = t.options(path) }

// answers answers the ceremony that was begun with the key.
func (t *turn) answers(path string) *reply {
	return t.post(path, map[string]any{"credential": t.pocket.key.Get(t.asked)})
}

// keeps makes a new key for the ceremony that was begun.
func (t *turn) keeps(method, path string) *reply {
	return t.do(method, path, map[string]any{"credential": newKey(t.at).Create(t.asked)})
}

// cost is what a kind of request takes.
type cost struct {
	name     string
	count    int // today; change it on purpose only
	promised int // the most that it may ever be
	settings string
	before   func(t *turn)
	request  func(t *turn) *reply
}

// The settings of the rows.
const (
	links     = `"email_verification": "optional"`
	waitLinks = `"email_verification": "mandatory"`
	linksIn   = `"email_verification": "mandatory", "login_on_email_confirmation": true`
	resetsIn  = `"email_verification": "optional", "login_on_password_reset": true`
	mailCodes = `"email_verification": "mandatory", "email_verification_by_code_enabled": true, "email_verification_supports_resend": true,
		"email_verification_supports_change": true, "password_reset_by_code_enabled": true`
	loginCodes = `"email_verification": "optional", "login_by_code_enabled": true, "login_by_code_supports_resend": true`
	textCodes  = `"email_verification": "none", "login_methods": ["phone"], "signup_fields": ["phone*", "password1*"],
		"phone_verification_supports_resend": true, "phone_verification_supports_change": true`
	dummies = `"email_verification": "optional"}, "socialaccount": {"providers": {"dummy": {"apps": [{"client_id": "1"}]}}}, "headless": {
		"frontend_urls": {"account_signup": "https://app.example.org/signup"}}, "mfa": {` + offersFactors
	keepers = `"email_verification": "optional"}, "socialaccount": {"store_tokens": true, "providers": {"dummy": {"apps": [{"client_id": "1"}]}}}, "headless": {
		"frontend_urls": {"account_signup": "https://app.example.org/signup"}}, "mfa": {` + offersFactors
	factors = `"email_verification": "optional"}, "mfa": {` + factorTypes
	trusts  = `"email_verification": "optional"}, "mfa": {` + offersFactors
)

// costs is the table of what is promised.
func costs() []cost {
	none := func(*turn) {}
	inAndOut := func(t *turn) { t.in(); t.out() }
	provedAndOut := func(t *turn) { t.proved(); t.out() }
	mailWaits := func(t *turn) { t.coded(t.email, t.signUp) }
	textWaits := func(t *turn) { t.coded(t.phone, t.signUpByText) }
	inByText := func(t *turn) { textWaits(t); t.verifyPhone(t.secret).want(http.StatusOK) }
	withOther := func(t *turn) { t.proved(); t.added() }
	withTwo := func(t *turn) { withOther(t); t.verify(t.secret).want(http.StatusOK) }
	codeWaits := func(t *turn) { provedAndOut(t); t.coded(t.email, func() *reply { return t.request(t.email) }) }
	resetWaits := func(t *turn) { inAndOut(t); t.coded(t.email, func() *reply { return t.askReset(t.email) }) }
	resetCame := func(t *turn) { provedAndOut(t); t.secret = t.resetKey(t.email, func() { t.askReset(t.email) }) }
	otherWaits := func(t *turn) {
		t.in()
		t.coded(t.other, func() *reply { return t.emails(http.MethodPost, t.other) })
	}
	numberWaits := func(t *turn) {
		inByText(t)
		t.coded(t.otherPhone, func() *reply { return t.changePhone(t.otherPhone) })
	}

	asked := func(t *turn) *reply { return t.s.asks(t.at, t.carried()) }
	logIn := func(t *turn) *reply { return t.login(t.email, password) }
	askCode := func(t *turn) *reply { return t.request(t.email) }
	askReset := func(t *turn) *reply { return t.askReset(t.email) }
	confirm := func(t *turn) *reply { return t.confirm(t.secret) }
	verify := func(t *turn) *reply { return t.verify(t.secret) }
	verifyText := func(t *turn) *reply { return t.verifyPhone(t.secret) }
	reset := func(t *turn) *reply { return t.reset(t.secret, otherPassword) }
	addOther := func(t *turn) *reply { return t.emails(http.MethodPost, t.other) }
	mailOther := func(t *turn) *reply { return t.emails(http.MethodPut, t.other) }
	preferOther := func(t *turn) *reply { return t.emails(http.MethodPatch, t.other) }
	moveText := func(t *turn) *reply { return t.changePhone(t.otherPhone) }
	mistyped := func(request func(t *turn) *reply) func(t *turn) *reply {
		return func(t *turn) *reply { t.secret = wrongCode(t.secret); return request(t) }
	}
	madeUp := func(request func(t *turn) *reply) func(t *turn) *reply {
		return func(t *turn) *reply { t.secret = "AAAA"; return request(t) }
	}
	return []cost{
		{"reading the configuration", 0, 0, links, none, gets(http.StatusOK, "/config")},
		{"reading the configuration while signed in", 1, 1, links, (*turn).in, gets(http.StatusOK, "/config")},
		{"a stranger's session check", 0, 0, links, none, gets(http.StatusUnauthorized, "/auth/session")},
		{"a session check", 1, 1, links, (*turn).in, gets(http.StatusOK, "/auth/session")},
		{"a session check of a login that waits", 1, 1, waitLinks, (*turn).linked, gets(http.StatusUnauthorized, "/auth/session")},

		{"a proxy's question about a stranger", 0, 0, links, none, does(http.StatusUnauthorized, asked)},
		{"a proxy's question", 1, 1, links, (*turn).in, does(http.StatusOK, asked)},
		{"a proxy's question about a login that waits", 1, 1, waitLinks, (*turn).linked, does(http.StatusUnauthorized, asked)},

		{"a login", 4, 4, links, inAndOut, does(http.StatusOK, logIn)},
		{"a login by number", 4, 4, textCodes, func(t *turn) { inByText(t); t.out() }, does(http.StatusOK, func(t *turn) *reply {
			return t.post("/auth/login", map[string]any{"phone": t.phone, "password": password})
		})},
		{"a login over one that waits", 5, 5, waitLinks, (*turn).linked, does(http.StatusUnauthorized, logIn)},
		{"a login with a wrong password", 2, 4, links, inAndOut, does(http.StatusBadRequest, func(t *turn) *reply { return t.login(t.email, otherPassword) })},
		{"a login to no account", 2, 4, links, none, does(http.StatusBadRequest, logIn)},
		{"a logout", 3, 3, links, (*turn).in, does(http.StatusUnauthorized, func(t *turn) *reply { return t.delete("/auth/session") })},
		{"a stranger's logout", 0, 0, links, none, does(http.StatusUnauthorized, func(t *turn) *reply { return t.delete("/auth/session") })},

		{"a signup that mails", 6, 6, links, none, does(http.StatusOK, (*turn).signUp)},
		{"a signup that waits for its mail", 6, 6, waitLinks, none, does(http.StatusUnauthorized, (*turn).signUp)},
		{"a signup that waits for its code", 6, 6, mailCodes, none, does(http.StatusUnauthorized, (*turn).signUp)},
		{"a signup that waits for its text", 5, 6, textCodes, none, does(http.StatusUnauthorized, (*turn).signUpByText)},
		{"a signup with a taken address", 6, 6, waitLinks, func(t *turn) { t.linked(); t.out() }, does(http.StatusUnauthorized, (*turn).signUp)},
		{"a signup with a taken number", 5, 6, textCodes, func(t *turn) { inByText(t); t.out() }, does(http.StatusUnauthorized, (*turn).signUpByText)},
		{"a signup with faults", 0, 6, links, none, does(http.StatusBadRequest, func(t *turn) *reply { return t.signup("nope") })},

		{"asking for a login code", 3, 3, loginCodes, provedAndOut, does(http.StatusUnauthorized, askCode)},
		{"asking for a login code without an account", 3, 3, loginCodes, none, does(http.StatusUnauthorized, askCode)},
		{"asking for a login code with faults", 0, 0, loginCodes, none, does(http.StatusBadRequest, func(t *turn) *reply { return t.request("nope") })},
		{"asking for another login code", 4, 4, loginCodes, codeWaits, posts(http.StatusOK, "/auth/code/resend")},
		{"asking for another login code for nothing", 0, 0, loginCodes, none, posts(http.StatusConflict, "/auth/code/resend")},
		{"a login by code", 7, 7, loginCodes, codeWaits, does(http.StatusOK, confirm)},
		{"a login by code that claims the account", 12, 12, loginCodes, func(t *turn) { inAndOut(t); t.coded(t.email, func() *reply { return t.request(t.email) }) },
			does(http.StatusOK, confirm)},
		{"a login by a wrong code", 3, 3, loginCodes, codeWaits, does(http.StatusBadRequest, mistyped(confirm))},

		{"looking at a link", 2, 2, waitLinks, (*turn).linked, does(http.StatusOK, func(t *turn) *reply { return t.look(t.secret) })},
		{"looking at a link that is none", 0, 0, waitLinks, none, does(http.StatusBadRequest, func(t *turn) *reply { return t.look("nope") })},
		{"proving an address while signed in", 6, 6, links, (*turn).linked, does(http.StatusOK, verify)},
		{"proving another address while signed in", 7, 7, links, withOther, does(http.StatusOK, verify)},
		{"proving an address that a login waits for", 7, 7, linksIn, (*turn).linked, does(http.StatusOK, verify)},
		{"proving an address by no link", 1, 1, waitLinks, (*turn).linked, does(http.StatusBadRequest, madeUp(verify))},
		{"proving an address by code", 8, 8, mailCodes, mailWaits, does(http.StatusOK, verify)},
		{"proving another address by code", 10, 10, mailCodes, otherWaits, does(http.StatusOK, verify)},
		{"proving an address by a wrong code", 2, 2, mailCodes, mailWaits, does(http.StatusBadRequest, mistyped(verify))},
		{"asking for another code for an address", 4, 4, mailCodes, mailWaits, posts(http.StatusOK, "/auth/email/verify/resend")},
		{"asking for another code for no address", 0, 0, mailCodes, none, posts(http.StatusConflict, "/auth/email/verify/resend")},

		{"the list of addresses", 2, 2, links, (*turn).in, gets(http.StatusOK, "/account/email")},
		{"a stranger's list of addresses", 0, 0, links, none, gets(http.StatusUnauthorized, "/account/email")},
		{"adding an address", 8, 8, links, (*turn).proved, does(http.StatusOK, addOther)},
		{"adding an address that is proved by code", 6, 6, mailCodes, (*turn).in, does(http.StatusOK, addOther)},
		{"adding an address twice", 2, 2, links, withOther, does(http.StatusBadRequest, addOther)},
		{"moving a signup to another address", 11, 11, mailCodes, mailWaits, does(http.StatusOK, addOther)},
		{"moving a signup to no other address", 1, 1, mailCodes, mailWaits, does(http.StatusBadRequest, func(t *turn) *reply { return t.emails(http.MethodPost, t.email) })},
		{"another link for an address", 4, 4, links, withOther, does(http.StatusOK, mailOther)},
		{"another link for somebody else's address", 2, 2, links, (*turn).proved, does(http.StatusBadRequest, mailOther)},
		{"another code for an address that is added", 6, 6, mailCodes, otherWaits, does(http.StatusOK, mailOther)},
		{"another primary address", 7, 7, links, withTwo, does(http.StatusOK, preferOther)},
		{"another primary address that is not proved", 2, 2, links, withOther, does(http.StatusBadRequest, preferOther)},
		{"removing an address", 5, 5, links, withTwo, does(http.StatusOK, func(t *turn) *reply { return t.emails(http.MethodDelete, t.other) })},
		{"removing the primary address", 2, 2, links, withTwo, does(http.StatusBadRequest, func(t *turn) *reply { return t.emails(http.MethodDelete, t.email) })},

		{"proving a number that a login waits for", 8, 8, textCodes, textWaits, does(http.StatusOK, verifyText)},
		{"proving a number by a wrong code", 2, 2, textCodes, textWaits, does(http.StatusBadRequest, mistyped(verifyText))},
		{"asking for another text", 4, 4, textCodes, textWaits, posts(http.StatusOK, "/auth/phone/verify/resend")},
		{"asking for another text for nothing", 0, 0, textCodes, none, posts(http.StatusConflict, "/auth/phone/verify/resend")},
		{"moving a signup to another number", 9, 9, textCodes, textWaits, does(http.StatusAccepted, moveText)},
		{"moving a signup to no other number", 3, 3, textCodes, textWaits, does(http.StatusBadRequest, func(t *turn) *reply { return t.changePhone(t.phone) })},
		{"one's number", 2, 2, textCodes, inByText, gets(http.StatusOK, "/account/phone")},
		{"a stranger's number", 0, 0, textCodes, none, gets(http.StatusUnauthorized, "/account/phone")},
		{"asking for another number", 6, 6, textCodes, inByText, does(http.StatusAccepted, moveText)},
		{"asking for the number that one has", 3, 3, textCodes, inByText, does(http.StatusBadRequest, func(t *turn) *reply { return t.changePhone(t.phone) })},
		{"proving another number", 7, 7, textCodes, numberWaits, does(http.StatusOK, verifyText)},
		{"proving another number by a wrong code", 2, 2, textCodes, numberWaits, does(http.StatusBadRequest, mistyped(verifyText))},

		{"another password", 5, 5, links, (*turn).in, does(http.StatusOK, func(t *turn) *reply { return t.changePassword(password) })},
		{"another password after a wrong one", 3, 3, links, (*turn).in, does(http.StatusBadRequest, func(t *turn) *reply { return t.changePassword(otherPassword) })},
		{"asking for a reset by link", 4, 4, links, provedAndOut, does(http.StatusOK, askReset)},
		{"asking for a reset by link without an account", 4, 4, links, none, does(http.StatusOK, askReset)},
		{"asking for a reset by code", 4, 4, mailCodes, inAndOut, does(http.StatusUnauthorized, askReset)},
		{"asking for a reset by code without an account", 4, 4, mailCodes, none, does(http.StatusUnauthorized, askReset)},
		{"asking for a reset with faults", 0, 0, links, none, does(http.StatusBadRequest, func(t *turn) *reply { return t.askReset("nope") })},
		{"looking at a reset by link", 2, 2, links, resetCame, does(http.StatusOK, func(t *turn) *reply { return t.lookReset(t.secret) })},
		{"looking at a reset by no link", 0, 0, links, none, does(http.StatusBadRequest, func(t *turn) *reply { return t.lookReset("nope") })},
		{"looking at a reset by code", 2, 2, mailCodes, resetWaits, does(http.StatusOK, func(t *turn) *reply { return t.lookReset(t.secret) })},
		{"looking at a reset by a wrong code", 2, 2, mailCodes, resetWaits, does(http.StatusBadRequest, mistyped(func(t *turn) *reply { return t.lookReset(t.secret) }))},
		{"a reset by link", 8, 8, links, resetCame, does(http.StatusUnauthorized, reset)},
		{"a reset by link that claims the account", 11, 11, links, func(t *turn) { inAndOut(t); t.secret = t.resetKey(t.email, func() { t.askReset(t.email) }) },
			does(http.StatusUnauthorized, reset)},
		{"a reset by link that signs in", 11, 11, resetsIn, resetCame, does(http.StatusOK, reset)},
		{"a reset by no link", 0, 0, links, none, does(http.StatusBadRequest, madeUp(reset))},
		{"a reset by code", 8, 8, mailCodes, resetWaits, does(http.StatusUnauthorized, reset)},
		{"a reset by a wrong code", 2, 2, mailCodes, resetWaits, does(http.StatusBadRequest, mistyped(reset))},

		{"proving again who one is", 4, 4, links, (*turn).in, does(http.StatusOK, func(t *turn) *reply { return t.proveAgain(password) })},
		{"proving again who one is by a wrong password", 3, 3, links, (*turn).in, does(http.StatusBadRequest, func(t *turn) *reply { return t.proveAgain(otherPassword) })},

		{"the list of sessions", 2, 2, links, (*turn).in, gets(http.StatusOK, "/auth/sessions")},
		{"a stranger's list of sessions", 0, 0, links, none, gets(http.StatusUnauthorized, "/auth/sessions")},
		{"ending another session", 5, 5, links, func(t *turn) {
			t.in()
			t.front(t.at).login(t.email, password).want(http.StatusOK)
			_, t.session = t.sessions()
		},
			does(http.StatusOK, (*turn).endSession)},
		{"ending one's own session", 4, 4, links, func(t *turn) { t.in(); t.session, _ = t.sessions() }, does(http.StatusUnauthorized, (*turn).endSession)},
		{"ending no session", 2, 2, links, (*turn).in, does(http.StatusBadRequest, (*turn).endSession)},

		{"a signup by a provider", 8, 8, dummies, none, does(http.StatusOK, func(t *turn) *reply { return t.vouched(t.email) })},
		{"a login by a provider", 6, 6, dummies, func(t *turn) { t.vouched(t.email).want(http.StatusOK); t.out() },
			does(http.StatusOK, func(t *turn) *reply { return t.vouched(t.email) })},
		{"a login by a provider with faults", 0, 0, dummies, none, does(http.StatusBadRequest, func(t *turn) *reply { return t.post("/auth/provider/token", nil) })},
		{"a signup by a provider that waits for more", 2, 2, dummies, none, does(http.StatusUnauthorized, func(t *turn) *reply { return t.vouched("") })},
		{"what a signup by a provider waits for", 1, 1, dummies, (*turn).halfVouched, gets(http.StatusOK, "/auth/provider/signup")},
		{"the end of a signup by a provider", 8, 8, dummies, (*turn).halfVouched, does(http.StatusOK, func(t *turn) *reply {
			return t.post("/auth/provider/signup", map[string]any{"email": t.email})
		})},
		// Keeping tokens takes no statement more than keeping none.
		{"a signup by a provider whose tokens are kept", 8, 8, keepers, none, does(http.StatusOK, func(t *turn) *reply { return t.vouched(t.email) })},
		{"a login by a provider whose tokens are kept", 6, 6, keepers, func(t *turn) { t.vouched(t.email).want(http.StatusOK); t.out() },
			does(http.StatusOK, func(t *turn) *reply { return t.vouched(t.email) })},
		{"a signup by a provider whose tokens wait with it", 2, 2, keepers, none, does(http.StatusUnauthorized, func(t *turn) *reply { return t.vouched("") })},
		{"connecting an account with a provider whose tokens are kept", 6, 6, keepers, (*turn).in, does(http.StatusOK, func(t *turn) *reply { return t.connect() })},
		{"the list of accounts with providers", 2, 2, dummies, (*turn).connected, gets(http.StatusOK, "/account/providers")},
		{"a stranger's list of accounts with providers", 0, 0, dummies, none, gets(http.StatusUnauthorized, "/account/providers")},
		{"connecting an account with a provider", 6, 6, dummies, (*turn).in, does(http.StatusOK, func(t *turn) *reply { return t.connect() })},
		{"disconnecting an account with a provider", 6, 6, dummies, (*turn).connected, does(http.StatusOK, func(t *turn) *reply { return t.disconnect(t.email) })},
		{"disconnecting no account with a provider", 2, 2, dummies, (*turn).connected, does(http.StatusBadRequest, func(t *turn) *reply { return t.disconnect("nobody") })},

		{"a session check of somebody with a second factor", 1, 1, factors, (*turn).guardedIn, gets(http.StatusOK, "/auth/session")},
		{"a session check of a login that waits for a second factor", 1, 1, factors, (*turn).halfway, gets(http.StatusUnauthorized, "/auth/session")},
		{"a login that is to wait for a second factor", 3, 4, factors, func(t *turn) { t.guardedIn(); t.out() }, does(http.StatusUnauthorized, logIn)},
		{"a login by a code of an app", 7, 7, factors, (*turn).halfway, does(http.StatusOK, func(t *turn) *reply { return t.giveCode(t.pocket.code()) })},
		{"a login by a recovery code", 7, 7, factors, (*turn).halfway, does(http.StatusOK, func(t *turn) *reply { return t.giveCode(t.pocket.codes[0]) })},
		{"a login by a wrong code of an app", 4, 4, factors, (*turn).halfway, does(http.StatusBadRequest, func(t *turn) *reply { return t.giveCode(t.pocket.wrong()) })},
		{"what the key of a login is asked", 3, 3, factors, (*turn).halfway, gets(http.StatusOK, byKey)},
		{"a login by a key", 7, 7, factors, func(t *turn) { t.halfway(); t.begun(byKey) }, does(http.StatusOK, func(t *turn) *reply { return t.answers(byKey) })},
		{"a login by a key that does not answer", 4, 4, factors, func(t *turn) { t.halfway(); t.asked = t.options(byPasskey) },
			does(http.StatusBadRequest, func(t *turn) *reply { return t.answers(byKey) })},

		{"what a passkey is asked", 1, 1, factors, none, gets(http.StatusOK, byPasskey)},
		{"a login by passkey", 7, 7, factors, func(t *turn) { t.guardedIn(); t.out(); t.begun(byPasskey) },
			does(http.StatusOK, func(t *turn) *reply { return t.answers(byPasskey) })},
		{"a login by nobody's passkey", 3, 3, factors, func(t *turn) {
			t.pocket = &pocket{key: newKey(t.at)}
			t.pocket.key.Create(json.RawMessage(`{"publicKey": {"challenge": "AAAA", "rp": {"id": "x"}, "user": {"id": "` + base64URL(16) + `"}}}`))
			t.begun(byPasskey)
		}, does(http.StatusBadRequest, func(t *turn) *reply { return t.answers(byPasskey) })},
		{"a signup with a passkey", 6, 6, byCodes, none, does(http.StatusUnauthorized, func(t *turn) *reply { return t.post(signupByKey, map[string]any{"email": t.email}) })},
		{"what the passkey of a signup is made with", 3, 3, byCodes, (*turn).signingUp, gets(http.StatusOK, signupByKey)},
		{"the passkey of a signup", 7, 7, byCodes, func(t *turn) { t.signingUp(); t.begun(signupByKey) },
			does(http.StatusOK, func(t *turn) *reply { return t.keeps(http.MethodPut, signupByKey) })},

		{"the list of authenticators", 2, 2, factors, (*turn).guardedIn, gets(http.StatusOK, "/account/authenticators")},
		{"a stranger's list of authenticators", 0, 0, factors, none, gets(http.StatusUnauthorized, "/account/authenticators")},
		{"one's authenticator app", 2, 2, factors, (*turn).guardedIn, gets(http.StatusOK, appPath)},
		{"the secret of a new authenticator app", 4, 4, factors, (*turn).proved, gets(http.StatusNotFound, appPath)},
		{"a new authenticator app", 11, 11, factors, (*turn).appShown, does(http.StatusOK, func(t *turn) *reply {
			return t.post(appPath, map[string]any{"code": t.pocket.code()})
		})},
		{"a new authenticator app with a wrong code", 4, 4, factors, (*turn).appShown, does(http.StatusBadRequest, func(t *turn) *reply {
			return t.post(appPath, map[string]any{"code": t.pocket.wrong()})
		})},
		{"no authenticator app any more", 7, 7, factors, (*turn).guardedIn, does(http.StatusOK, func(t *turn) *reply { return t.delete(appPath) })},
		{"no authenticator app any more, where there was none", 1, 1, factors, (*turn).in, does(http.StatusOK, func(t *turn) *reply { return t.delete(appPath) })},
		{"recovery codes, for the first time", 5, 5, factors, func(t *turn) {
			t.appShown()
			t.post(appPath, map[string]any{"code": t.pocket.code()}).want(http.StatusOK)
		}, gets(http.StatusOK, codesPath)},
		{"recovery codes", 3, 3, factors, (*turn).guardedIn, gets(http.StatusOK, codesPath)},
		{"new recovery codes", 8, 8, factors, (*turn).guardedIn, posts(http.StatusOK, codesPath)},
		{"new recovery codes of nobody with a second factor", 1, 1, factors, (*turn).in, posts(http.StatusBadRequest, codesPath)},
		{"what a key is made with", 5, 5, factors, (*turn).guardedIn, gets(http.StatusOK, keysPath)},
		{"a new key", 10, 10, factors, func(t *turn) { t.guardedIn(); t.begun(keysPath) }, does(http.StatusOK, func(t *turn) *reply { return t.keeps(http.MethodPost, keysPath) })},
		{"another name for a key", 6, 6, factors, (*turn).guardedIn, does(http.StatusOK, func(t *turn) *reply { return t.rename(t.pocket.keyID) })},
		{"another name for somebody else's key", 3, 3, factors, (*turn).guardedIn, does(http.StatusBadRequest, func(t *turn) *reply { return t.rename(1) })},
		{"removing a key", 7, 7, factors, (*turn).guardedIn, does(http.StatusOK, func(t *turn) *reply { return t.remove(t.pocket.keyID) })},
		{"removing somebody else's key", 3, 3, factors, (*turn).guardedIn, does(http.StatusBadRequest, func(t *turn) *reply { return t.remove(1) })},
		{"proving again who one is, by a code of an app", 6, 6, factors, (*turn).guardedIn, does(http.StatusOK, func(t *turn) *reply { return t.proveBy(t.pocket.code()) })},
		{"proving again who one is, by a wrong code", 3, 3, factors, (*turn).guardedIn, does(http.StatusBadRequest, func(t *turn) *reply { return t.proveBy(t.pocket.wrong()) })},
		{"what a key is asked to prove who one is", 3, 3, factors, (*turn).guardedIn, gets(http.StatusOK, againByKey)},
		{"proving again who one is, by a key", 6, 6, factors, func(t *turn) { t.guardedIn(); t.begun(againByKey) },
			does(http.StatusOK, func(t *turn) *reply { return t.answers(againByKey) })},
	}
}

// The settings of the rows of tokens, which are more than of accounts.
const (
	tokens   = `"email_verification": "none", "rate_limits": false}, "headless": {"token_strategy": "jwt", "jwt_algorithm": "EdDSA"`
	oneToken = tokens + `, "jwt_rotate_refresh_token": false`
)

// tokenCosts is the table for what apps alone have.
func tokenCosts() []cost {
	shown := func(t *turn) {
		t.header.Set("Authorization", "Bearer "+t.signUp().want(http.StatusOK).handed().access)
		t.token = ""
	}
	handed := func(t *turn) { t.secret = t.signUp().want(http.StatusOK).handed().refresh; t.token = "" }
	refresh := func(t *turn) *reply { return t.post("/tokens/refresh", map[string]any{"refresh_token": t.secret}) }
	rotated := func(t *turn) string { return refresh(t).want(http.StatusOK).refreshed().refresh }
	return []cost{
		{"a login that hands out tokens", 4, 4, tokens, func(t *turn) { t.signUp(); t.out() }, does(http.StatusOK, func(t *turn) *reply { return t.login(t.email, password) })},
		{"a session check by an access token", 1, 1, tokens, shown, gets(http.StatusOK, "/auth/session")},
		{"a session check by an access token that is none", 0, 0, tokens, func(t *turn) { t.header.Set("Authorization", "Bearer nope") },
			gets(http.StatusUnauthorized, "/auth/session")},
		{"a proxy's question about an access token", 1, 1, tokens, shown, does(http.StatusOK, func(t *turn) *reply { return t.s.asks(t.at, t.header) })},
		{"a refresh", 1, 1, tokens, handed, does(http.StatusOK, refresh)},
		{"a refresh that is asked for again", 2, 2, tokens, func(t *turn) { handed(t); rotated(t) }, does(http.StatusOK, refresh)},
		{"a refresh by a token that was used before", 4, 4, tokens, func(t *turn) {
			handed(t)
			first := t.secret
			t.secret = rotated(t)
			rotated(t)
			t.secret = first
		}, does(http.StatusBadRequest, refresh)},
		{"a refresh without rotation", 1, 1, oneToken, handed, does(http.StatusOK, refresh)},
		{"a refresh by a token that is none", 0, 0, tokens, func(t *turn) { t.secret = "nope" }, does(http.StatusBadRequest, refresh)},
		{"the published keys", 0, 0, tokens, func(*turn) {}, func(t *turn) *reply {
			return t.s.plainRequest(http.MethodGet, t.at, "/.well-known/jwks.json").want(http.StatusOK)
		}},
	}
}

// browserCosts is the table for what browsers alone have.
func browserCosts() []cost {
	return []cost{
		{"going to a provider", 1, 1, dummies, func(*turn) {}, does(http.StatusFound, func(t *turn) *reply { return t.goTo("login", "/welcome") })},
		{"a signup by coming back from a provider", 10, 10, dummies, (*turn).gone, does(http.StatusFound, (*turn).comeBack)},
		{"a login by coming back from a provider", 8, 8, dummies, func(t *turn) { t.vouched(t.email).want(http.StatusOK); t.out(); t.gone() },
			does(http.StatusFound, (*turn).comeBack)},
		{"coming back from a provider that one did not go to", 1, 1, dummies, func(t *turn) { t.gone(); t.secret = "nope" }, does(http.StatusFound, (*turn).comeBack)},
		{"a login that shows its second factor", 5, 5, trusts, (*turn).halfway,
			does(http.StatusUnauthorized, func(t *turn) *reply { return t.giveCode(t.pocket.code()) })},
		{"trusting a browser", 5, 5, trusts, func(t *turn) { t.halfway(); t.giveCode(t.pocket.code()).waits("mfa_trust") },
			does(http.StatusOK, func(t *turn) *reply { return t.trust(true) })},
		{"a login in a browser that is trusted", 4, 4, trusts, func(t *turn) {
			t.halfway()
			t.giveCode(t.pocket.code()).waits("mfa_trust")
			t.trust(true).want(http.StatusOK)
			t.out()
		}, does(http.StatusOK, func(t *turn) *reply { return t.login(t.email, password) })},
	}
}

// vouched comes in by a token of a provider, with an address that the provider vouches for.
func (t *turn) vouched(email string) *reply {
	return t.handIn("login", fmt.Sprintf(`{"id": %q, "email": %q, "email_verified": true, "access_token": "a", "refresh_token": "r"}`, t.email, email))
}

// halfVouched signs up by a provider that knows no address.
func (t *turn) halfVouched() { t.Helper(); t.vouched("").waits("provider_signup") }

// connect has an account with a provider from now on.
func (t *turn) connect() *reply {
	return t.handIn("connect", fmt.Sprintf(`{"id": %q, "access_token": "a", "refresh_token": "r"}`, t.email))
}

func (t *turn) connected() { t.Helper(); t.in(); t.connect().want(http.StatusOK) }

func (t *turn) disconnect(uid string) *reply {
	return t.do(http.MethodDelete, "/account/providers", map[string]any{"provider": "dummy", "account": uid})
}

// gone is at a provider, with the state that it is to send back.
func (t *turn) gone() { t.Helper(); t.secret = t.goTo("login", "/welcome").state() }

// comeBack comes back from the provider.
func (t *turn) comeBack() *reply { return t.returnsAs(t.secret, t.email) }

// signingUp signs up with a passkey, which is waited for.
func (t *turn) signingUp() {
	t.Helper()
	code := t.scene.code(t.email, func() { t.post(signupByKey, map[string]any{"email": t.email}) })
	t.verify(code).waits("mfa_signup_webauthn")
}

// appShown is shown what an authenticator app is set up with.
func (t *turn) appShown() {
	t.Helper()
	t.proved()
	t.proveAgain(password).want(http.StatusOK)
	t.pocket = t.shownSeed(t.client)
}

func (t *turn) rename(id int64) *reply {
	return t.do(http.MethodPut, keysPath, map[string]any{"id": id, "name": "Desk"})
}

func (t *turn) remove(id int64) *reply {
	return t.do(http.MethodDelete, keysPath, map[string]any{"authenticators": []int64{id}})
}

// TestStatementsOfARequestAreFew holds each request to the number of statements that it takes today, and to what the
// product promises. Beginning and ending a transaction is not counted.
func TestStatementsOfARequestAreFew(t *testing.T) {
	t.Parallel() // it waits for the directory, which looks for changes once a second
	testkit.Engines(t, func(t *testing.T, engine string) {
		var seen counted
		s := newScene(t, engine, func(_ *config.Config, o *app.Options) {
			o.Observe, o.Unchained, o.Dummy = seen.observe, true, true
			// A clock that stands still: the tenant stays known, and no session is old enough to be moved along.
			o.Clock = clock.At(time.Now())
		})
		hosts := map[string]string{}
		for _, row := range slices.Concat(costs(), tokenCosts(), browserCosts()) {
			if _, ok := hosts[row.settings]; !ok {
				hosts[row.settings] = s.house(row.settings)
				s.plainRequest(http.MethodGet, hosts[row.settings], "/.well-known/jwks.json") // makes the key, where there are any
			}
		}
		seen.pass(t)
		n, ran := 0, 0
		asked := map[string]bool{}
		for _, kind := range []string{"app", "browser"} {
			rows := costs()
			if kind == "app" {
				rows = append(rows, tokenCosts()...)
			} else {
				rows = append(rows, browserCosts()...)
			}
			for _, row := range rows {
				n++
				s.of(t, kind).run(kind+"/"+row.name, func(s *scene) {
					one := &turn{
						scene: s, client: s.front(hosts[row.settings]), at: hosts[row.settings], email: fmt.Sprintf("one%d@example.org", n),
						other: fmt.Sprintf("other%d@example.org", n), phone: fmt.Sprintf("+49160%07d", n), otherPhone: fmt.Sprintf("+49170%07d", n),
					}
					one.get("/config").want(http.StatusOK) // from now on the tenant is known
					row.before(one)
					s.settle()
					seen.take()
					r := row.request(one)
					got := seen.take()
					asked[r.asked] = true
					ran++
					if len(got) > row.promised {
						s.Errorf("%d statements, and no more than %d are promised", len(got), row.promised)
					}
					if len(got) != row.count {
						s.Errorf("%d statements where there were %d; if that is meant, change the number in the table:\n%s",
							len(got), row.count, strings.Join(got, "\n"))
					}
				})
			}
		}
		for _, o := range operations(t) {
			if ran == n && !asked[o.String()] { // or somebody runs a part of this
				t.Errorf("no row asks for %s", o)
			}
		}
	})
}
