package flows_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/factor/factortest"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Walks are random calls of the flows, by several people at several seats of two tenants, on a real database. After each
// call the model (model_flow_test.go) says whether it might do what it did.
//
//	go test ./flows -run TestWalks -walks 5000          more of them
//	go test ./flows -run TestWalks -seed 17 -walks 1    the one that failed
//	go test ./flows -run '^$' -fuzz FuzzWalk            as many as there is time for
var (
	walkCount = flag.Int("walks", 220, "how many random walks TestWalks makes on SQLite; on PostgreSQL it makes a tenth of them")
	walkSeed  = flag.Uint64("seed", 1, "the seed of the first walk; each next one has the next")
)

// walkSettings are the settings of accounts that walks are made under.
var walkSettings = []struct{ name, account string }{
	{"addresses by link", mandatory + `, "login_by_code_enabled": true`},
	{"links that sign in", linkIn + `, "login_on_password_reset": true, "logout_on_password_change": true, "change_email": true`},
	{"addresses by code", mandatory + `, "email_verification_by_code_enabled": true, "email_verification_supports_resend": true,
		"email_verification_supports_change": true, "password_reset_by_code_enabled": true, "login_on_password_reset": true,
		"login_by_code_enabled": true, "login_by_code_supports_resend": true`},
	{"addresses that need not be verified", optional + `, "login_by_code_enabled": true, "login_by_code_supports_resend": true`},
	{"proofs anew", `"email_verification": "none", "login_by_code_enabled": true, "reauthentication_required": true,
		"password_reset_by_code_enabled": true`},
	{"required codes", `"email_verification": "none", "login_by_code_required": true, "login_on_password_reset": true,
		"login_methods": ["username", "email"], "signup_fields": ["username", "email*", "password1*"]`},
	{"required codes and verified addresses", linkIn + `, "login_by_code_required": true, "login_by_code_enabled": true`},
	{"numbers", optional + `, "login_methods": ["phone", "email"], "signup_fields": ["phone*", "email", "password1*"],
		"login_by_code_enabled": true, "phone_verification_supports_change": true, "phone_verification_supports_resend": true,
		"reauthentication_required": true`},
	{"numbers and addresses by code", mandatory + `, "login_methods": ["phone", "email"],
		"signup_fields": ["phone", "email*", "password1*"], "login_by_code_enabled": true, "email_verification_by_code_enabled": true,
		"phone_verification_supports_change": true, "phone_verification_supports_resend": true, "password_reset_by_code_enabled": true`},
	{"strict", optional + `, "prevent_enumeration": "strict", "login_by_code_enabled": true`},
	{"no passwords", optional + `, "signup_fields": ["email*", "password1"], "login_by_code_enabled": true, "reauthentication_required": true`},
	{"one address by code", mandatory + `, "email_verification_by_code_enabled": true, "change_email": true, "login_by_code_enabled": true,
		"reauthentication_required": true, "login_by_code_required": ["password"]`},
	{"numbers and required codes", mandatory + `, "login_methods": ["phone", "email"], "signup_fields": ["phone", "email*", "password1*"],
		"login_by_code_enabled": true, "login_by_code_required": true, "login_by_code_supports_resend": true`},
	{"limits", mandatory + `, "rate_limits": {}, "login_by_code_enabled": true`},
	{"nothing hidden", optional + `, "prevent_enumeration": false, "login_by_code_enabled": true, "logout_on_password_change": true`},
}

// seat is where somebody sits: at a client of one kind, of one tenant.
type seat struct {
	name    string
	tenant  *tenants.Tenant
	client  flows.Client
	ip      netip.Addr
	token   string
	session *knownSession
	held    []request   // those that were begun and have not been worked at yet
	stage   flows.Stage // what it was told last
	in      bool        // likewise
	awaits  bool        // a signup by a provider waits, likewise

	email, phone, username, password string // what was signed up with here

	seed    string           // of an app that is being set up
	cookie  string           // what marks the browser as trusted
	trusted map[string]trust // by user
}

// request is one that was begun: its visit was opened.
type request struct {
	visit   *flows.Visit
	session *knownSession // nil for none
	waiting []string      // whose login waited
}

// walk is one walk: what it is made on, and what the model knows.
type walk struct {
	*house
	tenants   []*tenants.Tenant
	seats     []*seat
	last      *seat
	users     map[string]*knownUser
	sessions  map[string]*knownSession // by the row's id
	slips     []*slip
	passwords []string // all that were chosen
	emails    []string // what people sign up with
	phones    []string
	usernames []string
	tokens    []*proof // that providers gave
	trips     []*trip  // to providers and back
	codes     int      // that providers gave

	meanwhile func()                                             // has somebody make a call when the next one is about to settle
	choose    func(at byte) func(*walk, *seat, byte, byte, byte) // among walkSteps

	story  []string
	broken string         // the first rule that was broken
	done   map[string]int // calls that did something, and ways in
	spared map[string]int // slips that were rightly refused, by why
}

// newWalk begins a walk in a house, with tenants of its own.
func newWalk(h *house, number int, settings, social byte) *walk {
	w := &walk{
		house: h, users: map[string]*knownUser{}, sessions: map[string]*knownSession{}, done: map[string]int{}, spared: map[string]int{},
		emails:    []string{"ann@example.org", "ann@example.com", "bob@example.org", "eve@example.org"},
		phones:    []string{"+31612345678", "+31687654321", "+32470123456"},
		usernames: []string{"ann", "bob", "eve"},
	}
	account := walkSettings[int(settings)%len(walkSettings)].account
	if !strings.Contains(account, "rate_limits") {
		account += `, "rate_limits": false`
	}
	for _, name := range []string{"acme", "globex"} {
		t := testkit.AddTenant(h, h.store, fmt.Sprintf("%s-%d", name, number), fmt.Sprintf(`{"account": {%s}, "mfa": {%s, "trust_enabled": true}, "socialaccount": {%s}}`,
			account, unverified, pick(walkProviders, social)))
		t.Settings.Passwords.Argon2idMemory, t.Settings.Passwords.Argon2idIterations = 8, 1 // less than a tenant may have
		w.tenants = append(w.tenants, t)
	}
	for i, client := range []flows.Client{flows.App, flows.Browser, flows.App, flows.Browser} {
		w.seats = append(w.seats, w.newSeat(fmt.Sprintf("%s %d of acme", client, i/2+1), w.tenants[0], client, byte(i)))
	}
	for i, client := range []flows.Client{flows.App, flows.Browser} {
		w.seats = append(w.seats, w.newSeat(fmt.Sprintf("%s of globex", client), w.tenants[1], client, byte(10+i)))
	}
	w.last = w.seats[0]
	return w
}

func (w *walk) newSeat(name string, t *tenants.Tenant, client flows.Client, ip byte) *seat {
	return &seat{name: name, tenant: t, client: client, ip: netip.AddrFrom4([4]byte{192, 0, 2, ip}), trusted: map[string]trust{}}
}

// tell notes what happened, for whoever has to find out how a rule was broken.
func (w *walk) tell(format string, args ...any) {
	w.story = append(w.story, fmt.Sprintf(format, args...))
}

// look reads the accounts of both tenants.
func (w *walk) look() facts {
	all := facts{}
	w.rows(`SELECT id, tenant_id, COALESCE(username, ''), password, active, COALESCE(phone, ''), phone_verified, epoch, factors, factor_epoch FROM users WHERE tenant_id IN ($1, $2)`,
		func(scan func(...any) error) error {
			f, id, phone, verified := &fact{holds: map[string]bool{}, connected: map[string]bool{}}, "", "", false
			err := scan(&id, &f.tenant, &f.username, &f.password, &f.active, &phone, &verified, &f.epoch, &f.factors, &f.factorEpoch)
			if phone != "" {
				f.holds[phone] = verified
			}
			all[id] = f
			return err
		})
	w.rows(`SELECT user_id, email_key, verified FROM emails WHERE tenant_id IN ($1, $2)`, func(scan func(...any) error) error {
		id, email, verified := "", "", false
		err := scan(&id, &email, &verified)
		all[id].holds[email] = verified
		return err
	})
	w.rows(`SELECT user_id, type FROM authenticators WHERE tenant_id IN ($1, $2)`, func(scan func(...any) error) error {
		id, kind := "", store.AuthenticatorType("")
		err := scan(&id, &kind)
		all[id].has = all[id].has.With(kind)
		return err
	})
	w.lookAtProviders(all)
	return all
}

// post takes what was queued, and opens it.
func (w *walk) post(t *tenants.Tenant) (all []letter) {
	w.rows(`DELETE FROM messages WHERE tenant_id IN ($1, $2) AND state = 'queued' RETURNING id, kind, body`, func(scan func(...any) error) error {
		id, l, body := "", letter{}, []byte(nil)
		if err := scan(&id, &l.Kind, &body); err != nil {
			return err
		}
		plain, err := t.Keys.Open(secret.ForMessage, id, body)
		if err != nil {
			w.breaks("a message was queued for another tenant than the one that was called")
			return nil
		}
		all = append(all, l)
		return json.Unmarshal(plain, &all[len(all)-1].Letter)
	})
	return all
}

func (w *walk) rows(query string, each func(scan func(...any) error) error) {
	w.Helper()
	rows, err := w.raw.QueryContext(w.Context(), query, w.tenants[0].ID, w.tenants[1].ID)
	w.must(err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		w.must(each(rows.Scan))
	}
	w.must(rows.Err())
}

// keyOf is the key in a link.
func keyOf(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return path.Base(u.Path)
}

// begin has a seat begin a request: the session that it shows is read, and no more.
func (w *walk) begin(d *seat) request {
	w.clock.Advance(time.Millisecond) // no two things happen at once
	v, err := w.Open(w.Context(), d.tenant, flows.Origin{
		Slides: d.client == flows.App, Client: d.client, Token: d.token, Trust: d.cookie, IP: d.ip, UserAgent: "a walk",
	})
	w.must(err)
	w.opens(v, d.session)
	if v.Lost() || v.Ended() {
		d.session = nil
	}
	if s := d.session; s != nil && s.client == flows.App {
		s.until = v.Now.Add(d.tenant.Settings.Cookies.SessionAge.Duration())
	}
	r := request{visit: v, session: d.session}
	if r.session != nil && r.session.login != nil {
		r.waiting = r.session.login.users
	}
	return r
}

// call makes a call, and tells what came of it. judge must follow.
func (w *walk) call(d *seat, name, about string, do func(*flows.Visit) (any, error)) *deed {
	held := len(d.held) > 0
	if !held {
		d.held = append(d.held, w.begin(d))
	} else {
		about += " (in a request that was begun before)"
	}
	r := d.held[0]
	d.held = d.held[1:]
	x := &deed{
		name: name, seat: d, tenant: d.tenant, v: r.visit, held: held, was: userOf(r.visit), opened: r.session, waiting: r.waiting, read: w.look(),
	}
	x.before = x.read
	if meanwhile := w.meanwhile; meanwhile != nil {
		w.meanwhile = nil
		about += " (and others came between)"
		w.atSettling(func() {
			ours, store := w.Service, w.store
			w.Service, w.store = w.rival, w.second // as another process
			meanwhile()
			w.Service, w.store = ours, store
			x.before, x.held = w.look(), true
		})
	}
	hashed := w.hasher.Stats().Done
	x.data, x.err = w.safely(x.v, do)
	x.hashed = w.hasher.Stats().Done - hashed
	w.on(nil)
	x.after, x.letters = w.look(), w.post(d.tenant)
	w.settle(x)
	told := x.answer()
	for _, l := range x.letters {
		told += fmt.Sprintf("; %s to %s", l.Kind, l.To)
	}
	w.tell("%-20s %s %s: %s", d.name, name, about, told)
	return x
}

// safely makes a call of which nothing may come but an answer.
func (w *walk) safely(v *flows.Visit, do func(*flows.Visit) (any, error)) (data any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		if _, refused := refusal.As(err); err != nil && !refused {
			w.breaks("a call failed: %v", err)
		}
	}()
	return do(v)
}

// settle gives the seat what a call gave it: a token, or none.
func (w *walk) settle(x *deed) {
	d, v := x.seat, x.v
	d.stage, d.in, d.awaits = v.Pending(), v.Authenticated(), v.AwaitsProviderSignup()
	if v.TrustCookie() != "" {
		d.cookie = v.TrustCookie()
	}
	switch {
	case v.Issued() != "":
		id := ""
		if err := w.raw.QueryRowContext(w.Context(), `SELECT id FROM sessions WHERE token = $1`, secret.Digest(v.Issued())).Scan(&id); err != nil {
			w.breaks("a token was given that names no session: %v", err)
		}
		s := w.sessions[id]
		if s == nil {
			s = &knownSession{tenant: d.tenant, client: d.client}
			w.sessions[id] = s
		} else {
			s.shed = append(s.shed, s.token)
		}
		s.token, s.until = v.Issued(), v.Now.Add(d.tenant.Settings.Cookies.SessionAge.Duration())
		d.token, d.session, x.session = s.token, s, s
	case v.Lost() || v.Ended():
		if x.opened != nil && v.Ended() {
			x.opened.user, x.opened.login = "", nil
		}
		x.session = &knownSession{}
	case x.opened != nil:
		x.session = x.opened
	default:
		x.session = &knownSession{}
	}
}

// The calls. Each tells the model what it means if it is not refused.

func (w *walk) signUp(d *seat, in flows.SignupInput) *deed {
	x := w.call(d, "sign up", fmt.Sprintf("%s %s %s", in.Email, in.Phone, in.Username), func(v *flows.Visit) (any, error) {
		return nil, w.Signup(w.Context(), v, in)
	})
	if x.err == nil {
		w.begins(x, nil)
		x.session.proved = time.Time{}
		x.session.login = &knownLogin{by: "signup", named: in.Email, shown: -1, since: x.v.Now} // of nobody, where it is pretended
		if id := x.made(); id != "" {
			w.users[id] = &knownUser{password: in.Password}
			x.session.login.users = []string{id}
		}
	}
	return w.judge(x)
}

func (w *walk) logIn(d *seat, name, password string) *deed {
	in := flows.LoginInput{Password: flows.Text{Value: password, Sent: true}}
	given, email := flows.Text{Value: name, Sent: true}, ""
	switch {
	case isNumber(name):
		in.Phone = given
	case strings.Contains(name, "@"):
		in.Email, email = given, name
	default:
		in.Username = given
	}
	x := w.call(d, "log in", name+" "+password, func(v *flows.Visit) (any, error) { return nil, w.Login(w.Context(), v, in) })
	if x.err == nil {
		var who []string
		for id, f := range x.before {
			if f.tenant == d.tenant.ID && x.named(id, name) && w.users[id].password == password {
				who = append(who, id)
			}
		}
		switch {
		case len(who) == 0:
			w.breaks("a wrong password was taken")
		case x.before[who[0]].active:
			w.begins(x, &knownLogin{users: who, by: "password", named: email, shown: -1, since: x.v.Now})
			x.session.proved, x.session.strong = x.v.Now, x.v.Now
		}
	}
	return w.judge(x)
}

func (w *walk) requestCode(d *seat, name string) *deed {
	in := flows.LoginCodeInput{Email: flows.Text{Value: name, Sent: true}}
	if isNumber(name) {
		in = flows.LoginCodeInput{Phone: flows.Text{Value: name, Sent: true}}
	}
	x := w.call(d, "request a login code", name, func(v *flows.Visit) (any, error) { return nil, w.RequestLoginCode(w.Context(), v, in) })
	if x.err == nil && x.was == "" {
		w.begins(x, nil)
	}
	return w.judge(x)
}

func (w *walk) resendCode(d *seat) *deed {
	x := w.call(d, "resend the login code", "", func(v *flows.Visit) (any, error) { return nil, w.ResendLoginCode(w.Context(), v) })
	x.again = true
	return w.judge(x)
}

func (w *walk) confirmCode(d *seat, s *slip) *deed {
	x := w.call(d, "confirm a login code", w.named(s), func(v *flows.Visit) (any, error) {
		return nil, w.ConfirmLoginCode(w.Context(), v, typed(s))
	})
	if w.uses(x, "login", s) {
		switch l := x.session.login; {
		case s.enters:
			l = &knownLogin{users: s.users, by: "code", shown: -1, code: s, since: x.v.Now}
			if !isNumber(s.to) {
				l.named = s.to
			}
			w.begins(x, l)
		case l != nil:
			l.coded = true
		}
		x.session.proved = x.v.Now
	}
	return w.judge(x)
}

func (w *walk) verifyEmail(d *seat, s *slip) *deed {
	x := w.call(d, "verify an address", w.named(s), func(v *flows.Visit) (any, error) { return nil, w.VerifyEmail(w.Context(), v, typed(s)) })
	verified := func(id string) bool { return !x.before[id].holds[s.to] && x.after[id].holds[s.to] }
	if w.uses(x, "email", s) && !slices.ContainsFunc(s.users, verified) {
		w.breaks("a secret was taken that verified nothing")
	}
	return w.judge(x)
}

func (w *walk) lookAtEmail(d *seat, s *slip) *deed {
	x := w.call(d, "look at a verification", w.named(s), func(v *flows.Visit) (any, error) {
		found, _, err := w.LookAtEmailKey(w.Context(), v, typed(s))
		return found, err
	})
	w.takes(x, "email", s)
	return w.judge(x)
}

func (w *walk) resendEmailCode(d *seat) *deed {
	x := w.call(d, "resend the address's code", "", func(v *flows.Visit) (any, error) { return nil, w.ResendEmailCode(w.Context(), v) })
	x.again = true
	return w.judge(x)
}

func (w *walk) verifyPhone(d *seat, s *slip) *deed {
	x := w.call(d, "verify a number", w.named(s), func(v *flows.Visit) (any, error) { return nil, w.VerifyPhone(w.Context(), v, typed(s)) })
	w.uses(x, "phone", s)
	return w.judge(x)
}

func (w *walk) resendPhoneCode(d *seat) *deed {
	x := w.call(d, "resend the number's code", "", func(v *flows.Visit) (any, error) { return nil, w.ResendPhoneCode(w.Context(), v) })
	x.again = true
	return w.judge(x)
}

func (w *walk) changePhone(d *seat, phone string) *deed {
	x := w.call(d, "change the number", phone, func(v *flows.Visit) (any, error) { return w.ChangePhone(w.Context(), v, phone) })
	x.again = x.was == ""
	w.recent(x)
	return w.judge(x)
}

func (w *walk) requestReset(d *seat, email string) *deed {
	x := w.call(d, "request a reset", email, func(v *flows.Visit) (any, error) {
		return nil, w.RequestPasswordReset(w.Context(), v, email)
	})
	return w.judge(x)
}

func (w *walk) lookAtReset(d *seat, s *slip) *deed {
	x := w.call(d, "look at a reset", w.named(s), func(v *flows.Visit) (any, error) { return w.LookAtResetKey(w.Context(), v, typed(s)) })
	w.takes(x, "reset", s)
	return w.judge(x)
}

func (w *walk) resetPassword(d *seat, s *slip, password string) *deed {
	x := w.call(d, "reset the password", w.named(s)+" "+password, func(v *flows.Visit) (any, error) {
		return nil, w.ResetPassword(w.Context(), v, typed(s), password)
	})
	x.chosen = password
	signsIn := d.tenant.Settings.Account.LoginOnPasswordReset
	if w.uses(x, "reset", s) && signsIn && (x.was == "" || slices.Contains(s.users, x.was)) {
		l := &knownLogin{users: s.users, by: "reset", shown: -1, since: x.v.Now}
		if !s.link {
			l.named, l.code = s.to, s
		}
		w.begins(x, l)
		x.session.proved = x.v.Now
	}
	return w.judge(x)
}

func (w *walk) changePassword(d *seat, current, password string) *deed {
	x := w.call(d, "change the password", current+" "+password, func(v *flows.Visit) (any, error) {
		return nil, w.ChangePassword(w.Context(), v, flows.ChangePasswordInput{Current: current, New: password})
	})
	x.typed, x.chosen = current, password
	return w.judge(x)
}

func (w *walk) reauthenticate(d *seat, password string) *deed {
	x := w.call(d, "reauthenticate", password, func(v *flows.Visit) (any, error) { return nil, w.Reauthenticate(w.Context(), v, password) })
	if x.err == nil {
		if u := w.users[x.was]; u == nil || password != u.password+u.claimed {
			w.breaks("a wrong password proved anew who somebody is")
		}
		x.session.proved, x.session.strong = x.v.Now, x.v.Now
	}
	return w.judge(x)
}

func (w *walk) addEmail(d *seat, email string) *deed {
	x := w.call(d, "add an address", email, func(v *flows.Visit) (any, error) { return w.AddEmail(w.Context(), v, email) })
	w.recent(x)
	x.again = x.was == ""
	if l := x.session.login; x.again && x.err == nil && l != nil && len(l.users) > 0 && x.after[l.users[0]].held(email) {
		l.named = email // a signup goes on with it
	}
	return w.judge(x)
}

func (w *walk) resendEmail(d *seat, email string) *deed {
	x := w.call(d, "resend to an address", email, func(v *flows.Visit) (any, error) { return w.ResendEmail(w.Context(), v, email) })
	return w.judge(x)
}

func (w *walk) makePrimary(d *seat, email string) *deed {
	x := w.call(d, "make an address primary", email, func(v *flows.Visit) (any, error) {
		return w.MakeEmailPrimary(w.Context(), v, email, true)
	})
	w.recent(x)
	return w.judge(x)
}

func (w *walk) removeEmail(d *seat, email string) *deed {
	x := w.call(d, "remove an address", email, func(v *flows.Visit) (any, error) { return w.RemoveEmail(w.Context(), v, email) })
	if len(x.changed()) > 0 { // one that only waits for its code is nothing of the account's
		w.recent(x)
	}
	return w.judge(x)
}

func (w *walk) logOut(d *seat) *deed {
	return w.judge(w.call(d, "log out", "", func(v *flows.Visit) (any, error) { return nil, w.Logout(w.Context(), v) }))
}

// endOthers ends all other sessions of whoever is signed in.
func (w *walk) endOthers(d *seat) *deed {
	listed := 0
	x := w.call(d, "end the other sessions", "", func(v *flows.Visit) (any, error) {
		all, err := w.Sessions(w.Context(), v)
		var others []int64
		for _, s := range all {
			if listed++; !s.IsCurrent {
				others = append(others, s.ID)
			}
		}
		if err == nil && len(others) > 0 {
			_, err = w.EndSessions(w.Context(), v, others)
		}
		return nil, err
	})
	if x.err == nil {
		for _, s := range w.sessions {
			if s.user != x.was {
				continue
			}
			listed--
			if s != x.session && !(x.held && s.since.After(x.v.Now)) { // who came between is not listed yet
				s.user = ""
			}
		}
		if listed > 0 && !x.held { // nor is who came between and has left
			w.breaks("more sessions are listed than there can be")
		}
	}
	return w.judge(x)
}

// lookAtApp asks for the secret of an app to be.
func (w *walk) lookAtApp(d *seat) *deed {
	x := w.call(d, "look at an app to be", "", func(v *flows.Visit) (any, error) {
		_, setup, err := w.TOTP(w.Context(), v)
		if setup != nil {
			d.seed = setup.Secret
		}
		return nil, err
	})
	return w.judge(x)
}

func (w *walk) addApp(d *seat) *deed {
	app := w.appOf(d.seed)
	x := w.call(d, "set up an app", "", func(v *flows.Visit) (any, error) { return w.ActivateTOTP(w.Context(), v, app.at(v.Now)) })
	if x.err == nil {
		w.users[x.was].app, w.users[x.was].spent = &app, map[string]bool{}
	}
	return w.judge(x)
}

func (w *walk) addKey(d *seat) *deed {
	k := factortest.New(d.tenant.PublicURL())
	x := w.call(d, "add a key", "", func(v *flows.Visit) (any, error) {
		options, err := w.AddKeyOptions(w.Context(), v, true)
		if err != nil {
			return nil, err
		}
		_, _, err = w.AddKey(w.Context(), v, flows.KeyInput{Credential: k.Create(options)})
		return nil, err
	})
	if x.err == nil {
		w.users[x.was].keys = append(w.users[x.was].keys, k)
	}
	return w.judge(x)
}

func (w *walk) removeApp(d *seat) *deed {
	return w.judge(w.call(d, "remove the app", "", func(v *flows.Visit) (any, error) { return nil, w.DeactivateTOTP(w.Context(), v) }))
}

func (w *walk) removeKeys(d *seat) *deed {
	return w.judge(w.call(d, "remove the keys", "", func(v *flows.Visit) (any, error) {
		all, err := w.Authenticators(w.Context(), v)
		if err != nil {
			return nil, err
		}
		var ids []int64
		for _, x := range all {
			if x.Type == store.WebAuthn {
				ids = append(ids, x.ID)
			}
		}
		return nil, w.RemoveKeys(w.Context(), v, ids)
	}))
}

func (w *walk) makeCodes(d *seat) *deed {
	x := w.call(d, "make recovery codes", "", func(v *flows.Visit) (any, error) { return w.GenerateRecoveryCodes(w.Context(), v) })
	if view, ok := x.data.(flows.AuthenticatorView); ok && x.err == nil {
		w.users[x.was].codes = *view.UnusedCodes
	}
	x.data = nil
	return w.judge(x)
}

// showCode shows a code of an app or a recovery code, be it what is waited for or somebody else's: as a second factor, or to prove
// anew who is in.
func (w *walk) showCode(d *seat, id string, which byte) *deed {
	u, code, recovery := w.users[id], "000000", false
	call := "show a factor"
	if d.in {
		call = "show a factor again"
	}
	x := w.call(d, call, fmt.Sprintf("(of %s, %d)", id, which), func(v *flows.Visit) (any, error) {
		switch {
		case u == nil:
		case len(u.codes) > 0 && which%4 == 0:
			code, recovery = pick(u.codes, which/4), true
		case u.app != nil:
			code = u.app.at(v.Now)
		}
		if d.in {
			return nil, w.ReauthenticateByCode(w.Context(), v, code)
		}
		return nil, w.AuthenticateByCode(w.Context(), v, code)
	})
	if w.givenUp(x) {
		return w.judge(x)
	}
	if x.err == nil {
		of := fmt.Sprint(code, " ", x.v.Now.Unix()/30)
		switch {
		case recovery && slices.Contains(u.codes, code):
			u.codes = slices.DeleteFunc(slices.Clone(u.codes), func(c string) bool { return c == code })
		case recovery, u == nil || u.app == nil || code != u.app.at(x.v.Now), u.spent[of]:
			w.breaks("a code was taken that is wrong, or was used")
		default:
			u.spent[of] = true
		}
		w.factorOf(x, id)
	}
	return w.judge(x)
}

// givenUp reports whether a login that waited was given up, whatever was shown.
func (w *walk) givenUp(x *deed) bool {
	return x.err == nil && x.v.Pending() == "" && !x.v.Authenticated()
}

// factorOf notes that a factor of a user was shown.
func (w *walk) factorOf(x *deed, id string) {
	s := x.session
	s.proved, s.strong = x.v.Now, x.v.Now
	switch l := s.login; {
	case x.was != "" && x.was != id:
		w.breaks("somebody else's factor proved anew who is in")
	case x.was != "":
	case l == nil || !slices.Contains(l.users, id):
		w.breaks("somebody else's factor was taken")
	default:
		l.users, l.shown = []string{id}, x.before[id].factorEpoch
	}
}

// showKey shows a key, as showCode does a code.
func (w *walk) showKey(d *seat, id string, which byte) *deed {
	k := w.keyOf(d, id, which)
	call := "show a key"
	if d.in {
		call = "show a key again"
	}
	x := w.call(d, call, "(of "+id+")", func(v *flows.Visit) (any, error) {
		ask, show := w.AuthenticateKeyOptions, w.AuthenticateByKey
		if d.in {
			ask, show = w.ReauthenticateKeyOptions, w.ReauthenticateByKey
		}
		options, err := ask(w.Context(), v)
		if err != nil {
			return nil, err
		}
		return nil, show(w.Context(), v, flows.KeyInput{Credential: k.Get(options)})
	})
	if x.err == nil && !w.givenUp(x) {
		w.factorOf(x, id)
	}
	return w.judge(x)
}

// keyOf is a key of a user or, where there is none, one that is nobody's.
func (w *walk) keyOf(d *seat, id string, which byte) *factortest.Authenticator {
	if u := w.users[id]; u != nil && len(u.keys) > 0 {
		return pick(u.keys, which)
	}
	return w.stray(d)
}

// stray is a key that nobody has registered.
func (w *walk) stray(d *seat) *factortest.Authenticator {
	k := factortest.New(d.tenant.PublicURL())
	k.Create(json.RawMessage(`{"publicKey": {"rp": {"id": "` + d.tenant.RPID() + `"}, "user": {"id": "AAAAAAAAAAAAAAAAAAAAAA"}}}`))
	return k
}

func (w *walk) logInByKey(d *seat, id string, which byte) *deed {
	k := w.keyOf(d, id, which)
	x := w.call(d, "log in by a passkey", "(of "+id+")", func(v *flows.Visit) (any, error) {
		options, err := w.LoginKeyOptions(w.Context(), v)
		if err != nil {
			return nil, err
		}
		return nil, w.LoginByKey(w.Context(), v, flows.KeyInput{Credential: k.Get(options)})
	})
	if f := x.before[id]; x.err == nil && !w.givenUp(x) && (f == nil || f.active) { // nothing comes of a key of somebody who is kept out
		if u := w.users[id]; u == nil || !slices.Contains(u.keys, k) {
			w.breaks("a passkey was taken that nobody has")
		}
		l := &knownLogin{users: []string{id}, by: "passkey", shown: x.before[id].factorEpoch, since: x.v.Now}
		switch {
		case x.was == "" || x.opened.user == "": // nobody was in, or whoever was is not any more
			w.begins(x, l)
		case x.was != id: // whoever was in before is not any more, and nothing recent is recorded
			if x.session == x.opened {
				w.breaks("a login by a passkey left the session of who was in before")
			}
			if !slices.Contains(x.opened.shed, x.v.Origin.Token) {
				x.opened.user, x.opened.login = "", nil
			}
			w.begins(x, l)
			return w.judge(x)
		}
		x.session.proved, x.session.strong = x.v.Now, x.v.Now
	}
	return w.judge(x)
}

func (w *walk) answerTrust(d *seat, trust bool) *deed {
	x := w.call(d, "answer whether to trust", fmt.Sprint(trust), func(v *flows.Visit) (any, error) {
		return nil, w.Trust(w.Context(), v, trust)
	})
	if l := x.session.login; x.err == nil && x.v.TrustCookie() != "" {
		switch {
		case l == nil || len(l.users) != 1 || l.shown != x.before[l.users[0]].factorEpoch || !trust:
			w.breaks("a browser is trusted for what was not shown, or not asked for")
		default:
			d.trusted[l.users[0]] = trustOf(x.before[l.users[0]])
		}
	}
	return w.judge(x)
}

// who chooses a user: mostly the one who is in at a seat, or whose login waits there, and otherwise any of the tenant's.
func (w *walk) who(d *seat, how, which byte) string {
	s := d.session
	switch {
	case s == nil || how%4 == 0:
	case s.login != nil && len(s.login.users) > 0 && !d.in:
		return s.login.users[0]
	case s.user != "":
		return s.user
	}
	var all []string
	for id, f := range w.look() {
		if f.tenant == d.tenant.ID {
			all = append(all, id)
		}
	}
	if len(all) == 0 {
		return ""
	}
	slices.Sort(all)
	return pick(all, which)
}

// named is a slip as the story has it.
func (w *walk) named(s *slip) string {
	if s == nil {
		return "(a guess)"
	}
	return fmt.Sprintf("(slip %d, for %s, to %s)", 1+slices.Index(w.slips, s), s.purpose, s.to)
}

// typed is a slip as somebody types it.
func typed(s *slip) string {
	switch {
	case s == nil:
		return "BCDF-GHJK"
	case s.link:
		return s.value
	default:
		return strings.ToLower(strings.ReplaceAll(s.value, "-", " "))
	}
}

// A tape is what a walk is made of: two bytes for the settings and for how closely everybody is watched, and then five for each
// step, which say what is done, at which seat, and with what. Steps are of one size so that a walk can be shortened by leaving
// some of them out.
const (
	tapeHead = 2
	stepSize = 5
)

// walkSteps are what a walk may do next. The greater the share, the more often it does.
var walkSteps = []struct {
	share int
	do    func(w *walk, d *seat, a, b, c byte)
}{
	{12, (*walk).goOn},
	{2, func(w *walk, d *seat, a, b, _ byte) { w.signUp(d, w.newcomer(d, a, b)) }},
	{3, func(w *walk, d *seat, a, b, c byte) {
		name := w.name(d, a, b)
		w.logIn(d, name, w.password(d, name, c))
	}},
	{3, func(w *walk, d *seat, a, b, _ byte) { w.requestCode(d, w.name(d, a, b)) }},
	{3, func(w *walk, d *seat, a, b, _ byte) { w.confirmCode(d, w.slip(d, "login", a, b)) }},
	{1, func(w *walk, d *seat, _, _, _ byte) { w.resendCode(d) }},
	{3, func(w *walk, d *seat, a, b, _ byte) { w.verifyEmail(d, w.slip(d, "email", a, b)) }},
	{1, func(w *walk, d *seat, a, b, _ byte) { w.lookAtEmail(d, w.slip(d, "email", a, b)) }},
	{1, func(w *walk, d *seat, _, _, _ byte) { w.resendEmailCode(d) }},
	{2, func(w *walk, d *seat, a, _, _ byte) { w.requestReset(d, pick(w.emails, a)) }},
	{3, func(w *walk, d *seat, a, b, _ byte) { w.resetPassword(d, w.slip(d, "reset", a, b), w.newPassword()) }},
	{1, func(w *walk, d *seat, a, b, _ byte) { w.lookAtReset(d, w.slip(d, "reset", a, b)) }},
	{2, func(w *walk, d *seat, a, b, _ byte) { w.verifyPhone(d, w.slip(d, "phone", a, b)) }},
	{1, func(w *walk, d *seat, _, _, _ byte) { w.resendPhoneCode(d) }},
	{2, func(w *walk, d *seat, a, _, _ byte) { w.changePhone(d, pick(w.phones, a)) }},
	{2, func(w *walk, d *seat, a, _, _ byte) { w.addEmail(d, pick(w.emails, a)) }},
	{1, func(w *walk, d *seat, a, _, _ byte) { w.resendEmail(d, pick(w.emails, a)) }},
	{1, func(w *walk, d *seat, a, _, _ byte) { w.makePrimary(d, pick(w.emails, a)) }},
	{1, func(w *walk, d *seat, a, _, _ byte) { w.removeEmail(d, pick(w.emails, a)) }},
	{2, func(w *walk, d *seat, a, _, _ byte) { w.changePassword(d, w.password(d, d.email, a), w.newPassword()) }},
	{2, func(w *walk, d *seat, a, _, _ byte) { w.reauthenticate(d, w.password(d, d.email, a)) }},
	{3, (*walk).protect},
	{2, func(w *walk, d *seat, a, b, c byte) { w.showCode(d, w.who(d, a, b), c) }},
	{1, func(w *walk, d *seat, a, b, c byte) { w.showKey(d, w.who(d, a, b), c) }},
	{2, func(w *walk, d *seat, _, b, c byte) { w.logInByKey(d, w.keyholder(d, b), c) }},
	{1, func(w *walk, d *seat, a, _, _ byte) { w.answerTrust(d, a%2 == 0) }},
	{1, func(w *walk, d *seat, _, _, _ byte) { w.logOut(d) }},
	{1, func(w *walk, d *seat, _, _, _ byte) { w.endOthers(d) }},
	{4, func(w *walk, d *seat, a, b, c byte) { w.byToken(d, w.token(a, b, c), "login") }},
	{2, func(w *walk, d *seat, a, b, c byte) { w.byToken(d, w.token(a, b, c), "connect") }},
	{6, (*walk).leaveOrReturn},
	{2, func(w *walk, d *seat, a, b, _ byte) { w.giveUp(d, a, b) }},
	{2, func(w *walk, d *seat, a, b, _ byte) { w.finishSignup(d, w.typedAtSignup(a, b)) }},
	{1, func(w *walk, d *seat, _, _, _ byte) { w.lookAtSignup(d) }},
	{1, func(w *walk, d *seat, _, _, _ byte) { w.leave(d) }},
	{2, (*walk).replay},
	{2, (*walk).establish},
	{3, (*walk).interfere},
	{3, (*walk).guess},
	{3, func(w *walk, _ *seat, a, b, _ byte) { w.pause(pauses[int(a)%(4+int(b)%(len(pauses)-3))]) }},
	{4, func(w *walk, d *seat, a, _, _ byte) { w.hold(d, 1+int(a)%2) }},
	{1, func(w *walk, _ *seat, a, _, _ byte) { w.admit(a) }},
	{5, (*walk).interrupt},
	{1, (*walk).twins},
}

// run walks a tape to its end, or until a rule is broken.
func (w *walk) run(tape []byte) {
	watched := tape[1]%4 == 0
	share := 0
	for _, s := range walkSteps {
		share += s.share
	}
	w.choose = func(at byte) func(*walk, *seat, byte, byte, byte) {
		left := int(at) % share
		for _, s := range walkSteps {
			if left -= s.share; left < 0 {
				return s.do
			}
		}
		panic("the shares do not add up to their sum") // left is less than their sum, so that one of them takes it below zero
	}
	for steps := tape[tapeHead:]; len(steps) >= stepSize && w.broken == ""; steps = steps[stepSize:] {
		if at := int(steps[1]); at%2 == 0 { // otherwise whoever came last goes on
			w.last = w.seats[at/2%len(w.seats)]
		}
		w.choose(steps[0])(w, w.last, steps[2], steps[3], steps[4])
		for _, s := range w.sessions {
			if watched {
				w.opens(w.shows(s.tenant, s.client, s.token), s)
			}
		}
	}
	for _, s := range w.sessions {
		w.holdToken(s)
	}
}

// shows is the visit of a client that shows a token.
func (w *walk) shows(t *tenants.Tenant, client flows.Client, token string) *flows.Visit {
	w.Helper()
	v, err := w.Open(w.Context(), t, flows.Origin{Client: client, Token: token})
	w.must(err)
	return v
}

// holdToken asks that a session's token is good for what the session may be, and that neither it at another tenant or for another
// kind of client nor one that it replaced is good for anything.
func (w *walk) holdToken(s *knownSession) {
	w.opens(w.shows(s.tenant, s.client, s.token), s)
	other, elsewhere := flows.App, w.tenants[0]
	if s.client == flows.App {
		other = flows.Browser
	}
	if s.tenant == elsewhere {
		elsewhere = w.tenants[1]
	}
	strangers := []*flows.Visit{w.shows(elsewhere, s.client, s.token), w.shows(s.tenant, other, s.token)}
	for _, token := range s.shed {
		strangers = append(strangers, w.shows(s.tenant, s.client, token))
	}
	for _, v := range strangers {
		if !v.Lost() || v.Authenticated() || v.Pending() != "" {
			w.breaks("a token names a session at another tenant, for another kind of client, or after it was replaced")
		}
	}
}

// newPassword is a password that nobody has.
func (w *walk) newPassword() string {
	p := fmt.Sprintf("Kestrel-Orbit-%d!", 100+len(w.passwords))
	w.passwords = append(w.passwords, p)
	return p
}

func pick[T any](all []T, by byte) T { return all[int(by)%len(all)] }

// slip chooses a slip: mostly the one that is waited for, and otherwise another or none.
func (w *walk) slip(d *seat, purpose string, how, which byte) *slip {
	wanted := func(s *slip) bool {
		return s.purpose == purpose && s.tenant == d.tenant && (s.link || s.session == d.session)
	}
	var all []*slip
	for _, s := range w.slips {
		if s.purpose == purpose && (how%8 == 1 || (how%8 == 2 && s.dead != "" && wanted(s))) {
			all = append(all, s)
		}
	}
	switch {
	case how%8 == 0:
		return nil
	case how%8 == 3 && len(w.slips) > 0:
		return pick(w.slips, which)
	case len(all) > 0:
		return pick(all, which)
	}
	return w.lastSlip(wanted)
}

// password chooses a password: mostly the one of the account with a name, and otherwise any that there ever was.
func (w *walk) password(d *seat, name string, how byte) string {
	if how%4 != 0 {
		for id, f := range w.look() {
			if u := w.users[id]; f.tenant == d.tenant.ID && (f.held(name) || f.username == name) {
				return u.password + u.claimed
			}
		}
	}
	return pick(append(w.passwords, otherPassword), how/4)
}

// name chooses what an account is named by, as the tenant has it.
func (w *walk) name(d *seat, how, which byte) string {
	switch pick(d.tenant.Settings.Account.LoginMethods, how) {
	case "username":
		return pick(w.usernames, which)
	case "phone":
		return pick(w.phones, which)
	default:
		return pick(w.emails, which)
	}
}

// newcomer is what somebody signs up with: what the tenant asks for, and some of what it does not insist on.
func (w *walk) newcomer(d *seat, how, which byte) flows.SignupInput {
	gives := func(field string, bit byte) bool {
		asked, required := d.tenant.Settings.Account.SignupFields.Field(field)
		return asked && (required || how&bit == 0)
	}
	*d = seat{
		name: d.name, tenant: d.tenant, client: d.client, ip: d.ip, token: d.token, session: d.session, held: d.held, cookie: d.cookie, trusted: d.trusted,
	}
	if gives("email", 1) {
		d.email = pick(w.emails, which)
	}
	if gives("phone", 2) {
		d.phone = pick(w.phones, which/4)
	}
	if gives("username", 4) {
		d.username = pick(w.usernames, which/16)
	}
	if gives("password1", 8) {
		d.password = w.newPassword()
	}
	return flows.SignupInput{Email: d.email, Phone: d.phone, Username: d.username, Password: d.password}
}

// goOn does at a seat what an honest person would do next.
func (w *walk) goOn(d *seat, a, b, _ byte) {
	own := func(purpose string) *slip { return w.slip(d, purpose, 4, 0) }
	waits := func(s *slip) bool { return s.session == d.session && s.dead == "" && s.purpose != "login" }
	account := &d.tenant.Settings.Account
	switch s := w.lastSlip(waits); {
	case d.stage == flows.LoginByCode:
		w.confirmCode(d, own("login"))
	case d.stage == flows.VerifyPhone:
		w.verifyPhone(d, own("phone"))
	case d.stage == flows.VerifyEmail && a%4 != 0:
		w.verifyEmail(d, own("email"))
	case d.stage == flows.MFAAuthenticate && a%3 == 0:
		w.showKey(d, w.who(d, 1, 0), b)
	case d.stage == flows.MFAAuthenticate:
		w.showCode(d, w.who(d, 1, 0), b)
	case d.stage == flows.MFATrust:
		w.answerTrust(d, a%4 != 0)
	case d.awaits:
		w.finishSignup(d, w.typedAtSignup(a, b))
	case s != nil && s.purpose == "reset" && !d.in:
		w.resetPassword(d, s, w.newPassword())
	case s != nil && s.purpose == "email":
		w.verifyEmail(d, s)
	case s != nil && s.purpose == "phone":
		w.verifyPhone(d, s)
	case d.in && a%4 == 0 && w.protectedAt(d):
		w.logOut(d) // to come in again, past the factor
	case d.in && a%4 != 1:
		w.protect(d, a/4, b, 0)
	case d.in && a%8 == 1 && b%4 == 0:
		w.giveUp(d, a, b/4)
	case d.in && a%8 == 1:
		w.byToken(d, w.token(a/8, b, 1), "connect")
	case d.in:
		w.addEmail(d, pick(w.emails, b))
	case d.email == "" && d.phone == "":
		w.signUp(d, w.newcomer(d, a, b))
	case a%8 == 1 && d.email != "":
		w.requestReset(d, d.email)
	case a%8 == 2 && account.LoginByCodeEnabled:
		w.requestCode(d, w.name(d, a, b))
	case a%8 == 3:
		w.logInByKey(d, w.keyholder(d, b), b)
	case a%8 == 6:
		w.byToken(d, w.token(w.comer(d, a/8), b, 1), "login")
	case a%8 == 7:
		w.leaveOrReturn(d, w.comer(d, a/8), b, 3)
	case d.phone != "" && account.LoginMethods.Has("phone"):
		w.logIn(d, d.phone, w.password(d, d.phone, 1))
	case d.username != "" && account.LoginMethods.Has("username"):
		w.logIn(d, d.username, w.password(d, d.username, 1))
	default:
		w.logIn(d, d.email, w.password(d, d.email, 1))
	}
}

// protectedAt reports whether whoever is in at a seat has a factor.
func (w *walk) protectedAt(d *seat) bool {
	if d.session == nil {
		return false
	}
	u := w.users[d.session.user]
	return u != nil && (u.app != nil || len(u.keys) > 0)
}

// keyholder is somebody of a seat's tenant who has a key, "" for nobody.
func (w *walk) keyholder(d *seat, which byte) string {
	var all []string
	for id, f := range w.look() {
		if f.tenant == d.tenant.ID && len(w.users[id].keys) > 0 {
			all = append(all, id)
		}
	}
	if len(all) == 0 {
		return ""
	}
	slices.Sort(all)
	return pick(all, which)
}

// protect changes the factors of whoever is in: mostly there are more of them afterwards. Who has proved nothing for a while mostly
// does so first.
func (w *walk) protect(d *seat, a, b, c byte) {
	if s := d.session; s != nil && d.in && w.clock.Now().Sub(s.strong) > time.Minute && b%4 != 0 {
		if id := w.who(d, 1, 0); w.protectedAt(d) && c%2 == 0 {
			w.showCode(d, id, b)
		} else {
			w.reauthenticate(d, w.password(d, d.email, 1))
		}
	}
	switch {
	case a%8 == 0:
		w.removeApp(d)
	case a%8 == 1:
		w.removeKeys(d)
	case a%8 == 2:
		w.makeCodes(d)
	case a%8 < 5:
		w.addKey(d)
	default:
		if w.lookAtApp(d); d.seed != "" && d.in {
			w.addApp(d)
		}
	}
}

// guess makes up codes for what a seat waits for: once, or as often as it takes.
func (w *walk) guess(d *seat, a, _, _ byte) {
	for range 1 + a%4 {
		switch {
		case d.stage == flows.LoginByCode:
			w.confirmCode(d, nil)
		case d.stage == flows.VerifyPhone:
			w.verifyPhone(d, nil)
		case d.stage == flows.VerifyEmail:
			w.verifyEmail(d, nil)
		case d.in && a%8 < 4:
			w.verifyEmail(d, nil)
		case d.in:
			w.verifyPhone(d, nil)
		default:
			w.lookAtReset(d, nil)
		}
	}
}

// leave has somebody walk away from a seat, whose session goes on without anybody.
func (w *walk) leave(d *seat) {
	*d = seat{name: d.name, tenant: d.tenant, client: d.client, ip: d.ip, trusted: map[string]trust{}}
	w.tell("%-20s is left, and taken by somebody without a token", d.name)
}

// pauses are how long nothing may happen: nearly as long as something is good, or a little longer.
var pauses = []time.Duration{
	time.Second, 2 * time.Minute, 181 * time.Second, 301 * time.Second, 901 * time.Second, time.Hour, 73 * time.Hour, 8 * 24 * time.Hour,
}

// pause lets time pass. Requests that were begun are given up: none takes as long.
func (w *walk) pause(long time.Duration) {
	w.clock.Advance(long)
	for _, d := range w.seats {
		d.held = nil
	}
	w.tell("%-20s for %s", "nothing happens", long)
}

// hold begins requests at a seat, which its next calls are made in. Others come between.
func (w *walk) hold(d *seat, n int) {
	for range n {
		d.held = append(d.held, w.begin(d))
	}
	w.tell("%-20s begins %d requests", d.name, n)
	w.last = w.seats[(slices.Index(w.seats, d)+1)%len(w.seats)]
}

// interrupt has the next call wait when it has read everything and is about to settle, until somebody has made another.
func (w *walk) interrupt(_ *seat, a, b, c byte) {
	w.meanwhile = func() { w.choose(a%meanwhileSteps)(w, w.seats[int(b)%len(w.seats)], c, b/8, a/2) }
}

// meanwhileSteps is how many of the shares of walkSteps are single calls.
const meanwhileSteps = 77

// admit deactivates a user, or lets one back in.
func (w *walk) admit(which byte) {
	all := w.look()
	if len(all) == 0 {
		return
	}
	ids := slices.Sorted(maps.Keys(all)) // in the order in which they were made
	id := pick(ids, which)
	active := !all[id].active
	t := w.tenants[slices.IndexFunc(w.tenants, func(t *tenants.Tenant) bool { return t.ID == all[id].tenant })]
	w.must(w.store.For(t).One(func(tx *store.Tx) error { return tx.SetActive(w.Context(), id, active) }))
	if !active {
		w.putOut(&deed{}, id, nil)
	}
	w.tell("%-20s has the one of %v active: %t", "an operator", slices.Sorted(maps.Keys(all[id].holds)), active)
}

// twins has two strangers make the same calls, one with a name that has an account, and one with a name that has none. Where the
// tenant hides which have one, both are told the same, and as many passwords are hashed for both.
func (w *walk) twins(d *seat, a, b, c byte) {
	var names []string
	for _, f := range w.look() {
		if f.tenant == d.tenant.ID {
			names = slices.AppendSeq(names, maps.Keys(f.holds))
		}
	}
	if len(names) == 0 || !d.tenant.Settings.Account.PreventEnumeration.Prevented() {
		return
	}
	slices.Sort(names)
	known := pick(names, a)
	unknown := fmt.Sprintf("nobody%d@example.org", len(w.story))
	if isNumber(known) {
		unknown = fmt.Sprintf("+4479%08d", len(w.story))
	}
	w.meanwhile = nil
	w.pause(10 * time.Minute) // whatever the limits have counted
	pair := []*seat{w.newSeat("a twin", d.tenant, d.client, 101), w.newSeat("the other twin", d.tenant, d.client, 102)}
	for i, d := range pair {
		w.nameTwin(d, i)
	}
	if c%4 == 0 && !w.enroll(pair) {
		return
	}
	for n := range 4 {
		for i, d := range pair {
			if !d.in { // what was signed up with before may be taken now
				w.nameTwin(d, i)
			}
		}
		what, chosen := b>>(n+n)+c*byte(n), w.newPassword()
		one, two := w.twin(pair[0], known, chosen, what), w.twin(pair[1], unknown, chosen, what)
		if one == nil || two == nil || w.broken != "" {
			continue
		}
		w.done["twins"]++
		if told, other := pair[0].anonymous(one, known), pair[1].anonymous(two, unknown); told != other {
			w.breaks("%s has an account, and is answered %q; %s has none, and is answered %q", known, told, unknown, other)
		}
		if one.hashed != two.hashed {
			w.breaks("%d passwords are hashed for %s, which has an account, and %d for %s", one.hashed, known, two.hashed, unknown)
		}
	}
}

func (w *walk) nameTwin(d *seat, i int) {
	n := len(w.story)
	d.email, d.phone, d.username = fmt.Sprintf("twin%d.%d@example.org", i, n), fmt.Sprintf("+447%d%08d", i, n), fmt.Sprintf("twin%d.%d", i, n)
}

// anonymous is an answer without the names that are the twin's, or that it asked about.
func (d *seat) anonymous(x *deed, name string) string {
	return strings.NewReplacer(name, "X", d.email, "Y", d.phone, "Z").Replace(fmt.Sprint(x.answer(), x.data))
}

// enroll signs both twins up and in.
func (w *walk) enroll(pair []*seat) bool {
	for _, d := range pair {
		w.signUp(d, flows.SignupInput{Email: d.email, Phone: d.phone, Username: d.username, Password: w.newPassword()})
		for range 6 {
			if !d.in && w.broken == "" {
				w.goOn(d, 1+4, 0, 0)
			}
		}
	}
	return pair[0].in && pair[1].in
}

// twin makes one call of a twin about a name; nil for one whose answer may differ. Both twins make the same one.
func (w *walk) twin(d *seat, name, chosen string, what byte) *deed {
	account := &d.tenant.Settings.Account
	byName := !isNumber(name) || account.LoginMethods.Has("phone")
	hidden := account.EmailVerification == tenants.VerificationMandatory || account.PreventEnumeration.Strict()
	mine := w.slip(d, "phone", 4, 0)
	in := flows.SignupInput{Email: name, Phone: d.phone, Username: d.username, Password: chosen}
	if isNumber(name) {
		hidden = account.PhoneVerificationEnabled
		in.Email, in.Phone, mine = d.email, name, nil
	}
	switch what %= 12; {
	case d.in && isNumber(name) && what < 6:
		return w.changePhone(d, name)
	case d.in && isNumber(name):
		return w.verifyPhone(d, nil)
	case d.in && what < 5:
		return w.addEmail(d, name)
	case d.in && what < 7:
		return w.resendEmail(d, name)
	case d.in && what < 9:
		return w.makePrimary(d, name)
	case d.in:
		return w.verifyEmail(d, nil)
	case what < 2 && hidden:
		return w.signUp(d, in)
	case what < 4 && byName:
		return w.requestCode(d, name)
	case what == 4 && byName:
		return w.logIn(d, name, otherPassword)
	case what == 5:
		return w.confirmCode(d, nil)
	case what == 6:
		return w.resendCode(d)
	case what == 7 && !isNumber(name):
		return w.requestReset(d, name)
	case what == 8:
		return w.resetPassword(d, nil, chosen)
	case what == 9:
		return w.verifyEmail(d, nil)
	case what == 10:
		return w.verifyPhone(d, mine)
	case what == 11:
		return w.resendEmailCode(d)
	}
	return nil
}

// tapeOf is the tape of a seed.
func tapeOf(seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 0))
	tape := make([]byte, tapeHead+75*stepSize)
	for i := range tape {
		tape[i] = byte(random.Uint32()) //nolint:forbidigo // a walk is made again from its seed
	}
	tape[0] = byte(seed % uint64(len(walkSettings)))
	return tape
}

// walker makes walks in one house.
type walker struct {
	*house
	made         int
	done, spared map[string]int
}

func newWalker(t testing.TB, engine string) *walker {
	return &walker{house: newHouse(t, engine, optional), done: map[string]int{}, spared: map[string]int{}}
}

// walk walks a tape.
func (r *walker) walk(tape []byte) *walk {
	r.made++
	w := newWalk(r.house, r.made, tape[0], tape[1]/4)
	w.run(tape)
	return w
}

// shorten leaves out whatever steps a walk breaks a rule without: first half of them, then a quarter, down to single ones.
func (r *walker) shorten(tape []byte) []byte {
	for n := (len(tape) - tapeHead) / stepSize / 2; n > 0; n /= 2 {
		for at := tapeHead; at+n*stepSize <= len(tape); {
			shorter := slices.Delete(slices.Clone(tape), at, at+n*stepSize)
			if r.walk(shorter).broken != "" {
				tape = shorter
			} else {
				at += n * stepSize
			}
		}
	}
	return tape
}

// check walks a tape. If a rule is broken, it fails the test with the shortest story that it finds.
func (r *walker) check(t *testing.T, tape []byte) {
	t.Helper()
	r.TB = t
	w := r.walk(tape)
	for name, n := range w.done {
		r.done[name] += n
	}
	for why, n := range w.spared {
		r.spared[why] += n
	}
	if w.broken == "" {
		return
	}
	if short := r.walk(r.shorten(tape)); short.broken != "" {
		w = short
	}
	settings := walkSettings[int(tape[0])%len(walkSettings)]
	var story strings.Builder
	for i, line := range w.story {
		_, _ = fmt.Fprintf(&story, "%3d. %s\n", i+1, line)
	}
	t.Errorf("%s\n%s, that is %s, and %s:\n%s", w.broken, settings.name, settings.account, pick(walkProviders, tape[1]/4), story.String())
}

func TestWalks(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		n := *walkCount
		if engine == "postgres" {
			n = (n + 9) / 10
		}
		r := newWalker(t, engine)
		for i := range n {
			seed := *walkSeed + uint64(i)
			t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { r.check(t, tapeOf(seed)) })
		}
		for _, m := range []map[string]int{r.done, r.spared} {
			for _, name := range slices.Sorted(maps.Keys(m)) {
				t.Logf("%5d %s", m[name], name)
			}
		}
	})
}

func FuzzWalk(f *testing.F) {
	for seed := range uint64(len(walkSettings)) {
		f.Add(tapeOf(seed))
	}
	r := newWalker(f, "sqlite")
	f.Fuzz(func(t *testing.T, tape []byte) {
		if len(tape) >= tapeHead && len(tape) <= 1000 {
			r.check(t, tape)
		}
	})
}
