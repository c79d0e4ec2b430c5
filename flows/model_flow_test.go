package flows_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/factor/factortest"
	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// This is the model that random walks (walk_flow_test.go) are held to. It knows what everybody was given: the passwords that
// were chosen, what came by mail and by text, and what each session was let into. It does not foresee what a call answers. It
// looks at what the call changed, in the database and for whoever called, and asks whether they had shown what that takes.

// knownUser is an account, by what was chosen for it.
type knownUser struct {
	password string // that signs in; "" for none
	claimed  string // that did before somebody else proved the account theirs; whoever is in may still give it as their own

	app   *totpApp                    // nil for none
	keys  []*factortest.Authenticator // some may have been removed
	codes []string                    // recovery codes that were not used
	spent map[string]bool             // codes of the app that were used, with the time that they were of
}

// knownSession is what a session may be.
type knownSession struct {
	tenant *tenants.Tenant
	client flows.Client
	token  string   // the one that names it
	shed   []string // those that did, and must not
	user   string   // who may be signed in with it, "" for nobody
	until  time.Time
	login  *knownLogin // the login that waits
	proved time.Time   // when its user proved who they are, the last time; zero for never
	strong time.Time   // likewise, by a password or a factor
	spared bool        // its browser was trusted, and the second factor not asked for
	signup *signup     // by a provider, that waits; nil for none
	since  time.Time   // when its user signed in
}

// knownLogin is a login on its way.
type knownLogin struct {
	users []string // whose it may be
	by    string   // what it began with: password, code, reset, signup, passkey, provider
	named string   // the address that it was asked for with, "" if by another name
	coded bool     // a login code was given on top
	shown int64    // the account's factors, counted by their changes, when one of them was shown; -1 for never
	code  *slip    // what it began with, if that was sent
	since time.Time

	account string // the account with a provider that it began with, "" for none
	vouches string // the address that a provider vouched for in the place of a code
}

// slip is a secret that was mailed or texted: a code, or the key of a link.
type slip struct {
	purpose string // login, email, phone, reset
	link    bool
	value   string
	to      string
	tenant  *tenants.Tenant
	session *knownSession // a code is good in the session that asked for it alone
	users   []string      // whose accounts it is for; none behind what is pretended
	enters  bool          // it lets in by itself, as a requested login code and what resets a password do
	as      facts         // what the accounts were like when it was sent
	since   time.Time     // from when its time counts
	wrong   *int          // wrong codes that were given in its place, shared by those sent one after the other
	dead    string        // why it is good for nothing any more
}

// slipPurposes are what the kinds of letters with a code or key are for.
var slipPurposes = map[string]string{
	"login_code": "login", "email_confirmation": "email", "email_confirmation_signup": "email",
	"phone_verification": "phone", "password_reset_key": "reset", "password_reset_code": "reset",
}

// bounds are how long the tenant lets a slip be good, and how many wrong codes it forgives; 0 for any number.
func (s *slip) bounds() (timeout time.Duration, tries int) {
	a := &s.tenant.Settings.Account
	switch {
	case s.purpose == "login":
		return a.LoginByCodeTimeout.Duration(), a.LoginByCodeMaxAttempts
	case s.purpose == "phone":
		return a.PhoneVerificationTimeout.Duration(), a.PhoneVerificationMaxAttempts
	case s.purpose == "email" && s.link:
		return time.Duration(a.EmailConfirmationExpireDays) * 24 * time.Hour, 0
	case s.purpose == "email":
		return a.EmailVerificationByCodeTimeout.Duration(), a.EmailVerificationByCodeMaxAttempts
	case s.link:
		return a.PasswordResetTimeout.Duration(), 0
	default:
		return a.PasswordResetByCodeTimeout.Duration(), a.PasswordResetByCodeMaxAttempts
	}
}

// fact is an account as the database has it.
type fact struct {
	tenant   string
	username string
	password string
	active   bool
	holds    map[string]bool // its addresses and its number, and whether they are verified

	connected map[string]bool // accounts with providers

	epoch       int64
	factors     store.Factors
	factorEpoch int64
	has         store.Factors // as its authenticators are
}

func isNumber(name string) bool { return strings.HasPrefix(name, "+") }

// proven reports whether any address is verified.
func (f *fact) proven() bool {
	for name, verified := range f.holds {
		if verified && !isNumber(name) {
			return true
		}
	}
	return false
}

func (f *fact) held(name string) bool { _, ok := f.holds[name]; return ok }

func (f *fact) addresses() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(f.holds)), isNumber)
}

// facts are the accounts of both tenants, by their users' ids.
type facts map[string]*fact

// entered reports whether what is sent to an address or number may let somebody in: it is verified or, if no address of the
// account is, belongs to it.
func (f *fact) entered(name string) bool {
	return f.active && (f.holds[name] || (f.held(name) && !f.proven()))
}

func (all facts) verified(id, name string) bool {
	f := all[id]
	return f != nil && f.holds[name]
}

// reached are the accounts that such a secret may go to: the one that has verified it, or else those that have it.
func (all facts) reached(tenant, to string) (ids []string) {
	for _, id := range slices.Sorted(maps.Keys(all)) {
		f := all[id]
		switch {
		case f.tenant != tenant || !f.entered(to):
		case f.holds[to]:
			return []string{id}
		default:
			ids = append(ids, id)
		}
	}
	return ids
}

// deed is one call, and what came of it.
type deed struct {
	name    string // of the call
	seat    *seat
	tenant  *tenants.Tenant
	v       *flows.Visit
	held    bool // the visit was opened before others that came between
	data    any  // what it was answered besides
	err     error
	hashed  uint64        // passwords that were hashed for it
	was     string        // who was signed in when it began
	opened  *knownSession // the session that it began with, nil for none
	session *knownSession // the one that it left, never nil
	waiting []string      // whose login waited when it began
	read    facts         // the accounts when it began, and
	before  facts         // when it settled: others may have come between
	after   facts
	letters []letter

	slip   *slip  // the code or key that was taken
	typed  string // the current password that was given
	chosen string // the new one
	again  bool   // what it sends is in the place of what was sent before: a resend, or a change
	begun  *knownLogin

	vouched  *vouching // the account with a provider that was taken
	connects bool      // that was to be connected
	gives    string    // the one that was given up
}

// named reports whether an account has a name, or had it when the call began: a login is one of then. Who changes an address ends no
// session, and so none that is a moment younger.
func (x *deed) named(id, name string) bool {
	for _, all := range []facts{x.read, x.before} {
		if f := all[id]; f != nil && (f.held(name) || f.username == name) {
			return true
		}
	}
	return false
}

// userOf is who is signed in, "" for nobody.
func userOf(v *flows.Visit) string {
	if u := v.Status().User; u != nil {
		return u.ID
	}
	return ""
}

// changed are the users whose accounts a call changed.
func (x *deed) changed() (ids []string) {
	for _, id := range slices.Sorted(maps.Keys(x.after)) {
		if !reflect.DeepEqual(x.before[id], x.after[id]) {
			ids = append(ids, id)
		}
	}
	return ids
}

// made is the user that a call made, "" for none.
func (x *deed) made() string {
	for _, id := range x.changed() {
		if x.before[id] == nil {
			return id
		}
	}
	return ""
}

// answer is what a client is told, but for who it is.
func (x *deed) answer() string {
	var told []string
	if r, ok := refusal.As(x.err); ok {
		told = append(told, r.Kind.String())
		for _, d := range r.Details {
			told = append(told, d.Param+": "+string(d.Code)+d.Message)
		}
		slices.Sort(told[1:])
	}
	if x.v.Authenticated() {
		told = append(told, "signed in")
	}
	for _, f := range x.v.Status().Flows {
		if f.IsPending != nil && *f.IsPending {
			told = append(told, "waits at "+f.ID)
		}
	}
	if x.v.Issued() != "" {
		told = append(told, "new token")
	}
	if x.v.Lost() {
		told = append(told, "lost")
	}
	if x.v.Ended() {
		told = append(told, "ended")
	}
	if len(told) == 0 {
		return "ok"
	}
	return strings.Join(told, ", ")
}

// breaks notes a rule that was broken. The first one counts.
func (w *walk) breaks(format string, args ...any) {
	if w.broken == "" {
		w.broken = fmt.Sprintf(format, args...)
	}
}

// opens judges a visit before its call: nobody is in who must not be.
func (w *walk) opens(v *flows.Visit, s *knownSession) {
	switch u := userOf(v); {
	case u == "":
	case s == nil || s.user != u:
		w.breaks("a session is signed in that nobody signed in, or that was ended")
	case !v.Now.Before(s.until):
		w.breaks("a session outlives its age")
	}
}

// judge holds a call to the rules, and learns from it.
func (w *walk) judge(x *deed) *deed {
	if x.err == nil {
		w.done[x.name]++
		for _, id := range x.changed() {
			w.judgeAccount(x, id)
		}
		w.judgeClaim(x)
		w.judgeVouchedClaim(x)
	} else if !reflect.DeepEqual(x.before, x.after) || len(x.letters) > 0 {
		w.breaks("a call that was refused changed or sent something")
	}
	w.judgeVisit(x)
	for _, l := range x.letters {
		w.learn(x, l)
	}
	return x
}

// judgeAccount asks whether a call might change an account the way it did.
func (w *walk) judgeAccount(x *deed, id string) {
	was, now := x.before[id], x.after[id]
	if was == nil {
		if (x.name != "sign up" && (x.vouched == nil || x.connects)) || x.made() != id {
			w.breaks("a call that is no signup made an account")
		}
		w.judgeNewcomer(x, id)
		return
	}
	bySlip := x.slip != nil && slices.Contains(x.slip.users, id)
	byProof := x.vouched != nil && slices.Contains(x.vouched.users, id)
	switch {
	case now.tenant != x.tenant.ID:
		w.breaks("an account of another tenant was changed")
	case id != x.was && !slices.Contains(x.waiting, id) && !bySlip && !byProof:
		w.breaks("an account was changed whose owner had no part in it")
	}
	for name, verified := range now.holds {
		if verified && !was.holds[name] {
			w.judgeProof(x, id, name, bySlip)
		}
	}
	w.judgeFactors(x, id)
	w.judgeConnections(x, id)
	if was.password != now.password {
		w.judgePassword(x, id, bySlip)
	}
	w.killFor(id, "the address was removed", func(s *slip) bool { return s.link && s.purpose == "email" && !now.held(s.to) })
}

// judgeProof asks whether an address or number might become verified: that takes what was sent there and, if the account has a factor
// and nobody has proved it yet, that factor.
func (w *walk) judgeProof(x *deed, id, name string, bySlip bool) {
	was, l := x.before[id], x.session.login
	waited := l != nil && (l.vouches == name || (l.code != nil && l.code.to == name)) && slices.Contains(l.users, id)
	switch {
	case waited && l.shown >= 0:
	case !bySlip || x.slip.to != name:
		w.breaks("%s became verified without what was sent there", name)
	case x.slip.enters && was.factors.Second() && !was.proven() && x.was != id:
		w.breaks("%s became verified without the factor of whoever made the account", name)
	}
}

// judgeFactors asks whether an account's factors might change the way they did: by whoever is signed in, with a recent proof.
func (w *walk) judgeFactors(x *deed, id string) {
	was, now := x.before[id], x.after[id]
	if now.has != now.factors || now.has == store.Factors(0).With(store.RecoveryCodes) {
		w.breaks("an account has the factors %d, and the authenticators %d", now.factors, now.has)
	}
	if was.factors == now.factors && was.factorEpoch == now.factorEpoch {
		return
	}
	u := w.users[id]
	if !now.factors.Has(store.TOTP) {
		u.app = nil
	}
	if !now.factors.Has(store.WebAuthn) {
		u.keys = nil
	}
	if !now.factors.Has(store.RecoveryCodes) {
		u.codes = nil
	}
	if id != x.was || !slices.Contains(factorCalls, x.name) {
		w.breaks("factors were changed by a call that must not")
		return
	}
	read := x.read[id]
	if x.held || (read.password == "" && read.factors == 0) {
		return // others came between, or there is no way to prove anything
	}
	proved := x.opened.proved
	if read.factors.Second() && x.opened.spared {
		proved = x.opened.strong
	}
	if proved.IsZero() || x.v.Now.Sub(proved) >= x.tenant.Settings.Account.ReauthenticationTimeout.Duration() {
		w.breaks("factors were changed without a recent proof")
	}
}

// factorCalls are those that may change factors.
var factorCalls = []string{"set up an app", "add a key", "remove the app", "remove the keys", "make recovery codes"}

// judgePassword asks whether a call might change a password: that takes a mailed secret, or a session and the old password.
func (w *walk) judgePassword(x *deed, id string, bySlip bool) {
	u, was, now := w.users[id], x.before[id], x.after[id]
	var keep *knownSession
	switch x.name {
	case "reset the password":
		if !bySlip {
			w.breaks("a password was set without a mailed secret")
		}
		u.password, u.claimed = x.chosen, ""
	case "change the password":
		old := u.password + u.claimed // one of them is empty
		if id != x.was || x.typed != old {
			w.breaks("a password was changed without a session or the old password")
		}
		u.password, u.claimed = x.chosen, ""
		keep = x.session
	case "hand in a token to login", "come back from google", "come back from github":
		if now.password != "" || !x.claims(id) {
			w.breaks("a provider's word changed the password of an account that it did not claim")
		}
		u.password, u.claimed = "", ""
	default:
		if now.password != passhash.Mark+was.password || !bySlip || !x.slip.enters {
			w.breaks("a password was changed by a call that must not")
		}
		u.password, u.claimed = "", u.password
	}
	if !was.active {
		w.breaks("a password of a deactivated user was changed")
	}
	w.killFor(id, "the password was changed", func(s *slip) bool { return resetLinks(s) || s.purpose == "login" })
	w.putOut(x, id, keep)
}

// judgeClaim asks that whoever proves an account that nobody had proved has it alone: whoever made it may be somebody else,
// who must not get back in by anything that they knew, had or waited for.
func (w *walk) judgeClaim(x *deed) {
	if x.slip == nil || !x.slip.enters {
		return
	}
	for _, id := range x.slip.users {
		was, now := x.before[id], x.after[id]
		if w.squats(was) || reflect.DeepEqual(was, now) || was.proven() || was.holds[x.slip.to] || (x.was == id && x.name == "look at a reset") {
			continue // it was proved before, or whoever looks has the account already
		}
		for name, verified := range now.holds {
			switch {
			case name == x.slip.to || isNumber(x.slip.to):
			case isNumber(name) && verified:
				w.breaks("%s is still verified, of an account that %s has proved now, and nobody had before", name, x.slip.to)
			case !isNumber(name) && slices.Contains(x.after.reached(now.tenant, name), id):
				w.breaks("%s still reaches an account that %s has proved now, and nobody had before", name, x.slip.to)
			}
		}
		if len(now.connected) > 0 {
			w.breaks("%v still signs in to an account that %s has proved now, and nobody had before", now.connected, x.slip.to)
		}
		if u := w.users[id]; x.name != "reset the password" && u.password != "" {
			w.breaks("the password of an account that nobody had proved still signs in")
		}
		w.killFor(id, "the account was claimed", func(s *slip) bool { return s.to != x.slip.to && !isNumber(x.slip.to) })
		w.putOut(x, id, nil)
	}
}

// squats reports whether an account may be anybody's who has its factor: nobody claims it without.
func (w *walk) squats(f *fact) bool { return f.factors.Second() && !f.proven() }

// judgeVisit asks whether whoever is signed in after a call might be.
func (w *walk) judgeVisit(x *deed) {
	s, u := x.session, userOf(x.v)
	switch {
	case u == "":
		if x.v.Pending() == "" && !x.held {
			s.login = nil
		}
		return
	case u == x.was && s == x.opened:
		return
	case x.err != nil:
		w.breaks("a call that was refused signed somebody in")
	}
	w.judgeLogin(x, s.login, u)
	if l := s.login; l != nil {
		w.done["in by "+l.by]++
		if f := x.after[u]; f != nil && f.factors.Second() && l.by != "passkey" {
			s.spared = l.shown != f.factorEpoch
			w.done[fmt.Sprintf("in by %s and a factor, shown %t", l.by, l.shown == f.factorEpoch)]++
		}
	}
	s.user, s.login, s.signup, s.since = u, nil, nil, x.v.Now
	for _, b := range w.trips {
		if b.session == s && b.dead == "" {
			b.dead = "somebody has logged in since"
		}
	}
	w.killFor(u, "its owner has logged in", resetLinks)
}

// judgeLogin asks whether a login that was completed had given everything that the tenant demands.
func (w *walk) judgeLogin(x *deed, l *knownLogin, u string) {
	account, f := &x.tenant.Settings.Account, x.after[u]
	asked, _ := account.SignupFields.Field("phone")
	required := account.LoginByCodeRequired
	verification := account.EmailVerification
	if l != nil && l.by == "provider" {
		verification = x.tenant.Settings.SocialAccount.EmailVerification
	}
	// what is listed as asking for a code
	after := map[string]string{"password": "password", "signup": "password", "passkey": "mfa", "provider": "socialaccount"}
	codeDue := l != nil && l.by != "code" && (required.All || (l.by != "reset" && required.For(after[l.by])))
	switch {
	case l == nil || !slices.Contains(l.users, u):
		w.breaks("somebody is signed in who proved nothing")
	case f == nil || f.tenant != x.tenant.ID || !f.active:
		w.breaks("somebody is signed in who is deactivated, or of another tenant")
	case x.v.Now.Sub(l.since) > account.LoginTimeout.Duration():
		w.breaks("a login was completed that had waited too long")
	case x.v.Issued() == "":
		w.breaks("somebody is signed in under a token from before")
	case verification == tenants.VerificationMandatory && !f.proven():
		w.breaks("somebody is signed in without a verified address")
	case verification == tenants.VerificationMandatory && l.named != "" && !f.holds[l.named] && !x.read.verified(u, l.named):
		w.breaks("somebody is signed in by %s, which is not verified", l.named)
	case codeDue && !l.coded:
		w.breaks("somebody is signed in without the login code that is required")
	case f.factors.Second() && l.shown != f.factorEpoch && x.seat.trusted[u] != trustOf(x.before[u]):
		w.breaks("somebody is signed in without the second factor")
	case l.vouches != "" && l.shown < 0:
		w.breaks("somebody is signed in by an address without the factor of whoever made the account")
	case l.account != "" && !f.connected[l.account]:
		w.breaks("somebody is signed in by %s, which is not theirs any more", l.account)
	case l.by == "passkey" && l.shown != f.factorEpoch:
		w.breaks("somebody is signed in by a passkey that was removed, or might have been")
	}
	for name, verified := range f.holds {
		// A number that was verified before the account was claimed is proved anew at the next login.
		if asked && account.PhoneVerificationEnabled && isNumber(name) && !verified && (x.before[u] == nil || !x.before[u].holds[name]) {
			w.breaks("somebody is signed in whose number is not verified")
		}
	}
}

// trust is what a browser was trusted for: the account's password and factors, counted by their changes.
type trust struct{ epoch, factorEpoch int64 }

func trustOf(f *fact) trust { return trust{f.epoch, f.factorEpoch} }

// recent asks that whoever changed something that a recent proof is asked for had given one.
func (w *walk) recent(x *deed) {
	account := &x.tenant.Settings.Account
	if x.err != nil || x.was == "" || !account.ReauthenticationRequired || x.before[x.was].password == "" {
		return
	}
	if proved := x.opened.proved; proved.IsZero() || x.v.Now.Sub(proved) >= account.ReauthenticationTimeout.Duration() {
		w.breaks("a change was made without a recent proof")
	}
}

// unfit is why a slip must not be taken; "" where it may be.
func (w *walk) unfit(x *deed, purpose string, s *slip) string {
	if s == nil {
		return "it was not sent to anybody"
	}
	timeout, tries := s.bounds()
	fits := func(id string) bool {
		f := x.before[id]
		if s.enters && !f.entered(s.to) {
			return false
		}
		return f.held(s.to) && (!resetLinks(s) || slices.Equal(f.addresses(), s.as[id].addresses()))
	}
	switch {
	case s.purpose != purpose:
		return "it is for something else"
	case s.tenant != x.tenant:
		return "it is another tenant's"
	case !s.link && s.session != x.opened:
		return "it is another session's"
	case s.dead != "":
		return s.dead
	case x.v.Now.Sub(s.since) > timeout:
		return "it is too late"
	case tries > 0 && *s.wrong >= tries:
		return "too many wrong ones were given"
	case (purpose == "login" || purpose == "reset") && (s.enters || len(s.users) > 0) && !slices.ContainsFunc(s.users, fits):
		return "the account is not reached there any more"
	}
	return ""
}

// takes judges a call that was given a slip, or a guess, and reports whether the slip was taken.
func (w *walk) takes(x *deed, purpose string, s *slip) bool {
	why := w.unfit(x, purpose, s)
	switch r, refused := refusal.As(x.err); {
	case refused:
		last := w.lastSlip(func(s *slip) bool { return s.purpose == purpose && !s.link && s.session == x.opened })
		if last != nil && slices.ContainsFunc(r.Details, func(d refusal.Detail) bool { return d.Code == refusal.IncorrectCode }) {
			*last.wrong++
		}
		if why != "" {
			w.spared[purpose+": "+why]++
		}
	case why != "":
		w.breaks("a secret for %s was taken although %s", purpose, why)
	default:
		x.slip = s
	}
	return x.slip != nil
}

// uses is takes, by a call after which the slip is no good. A login whose user was put out while it waited is given up, whatever
// was typed.
func (w *walk) uses(x *deed, purpose string, s *slip) bool {
	if x.err == nil && x.v.Pending() == "" && !x.v.Authenticated() && len(x.changed()) == 0 {
		x.name = "give up a login"
		return false
	}
	taken := w.takes(x, purpose, s)
	if taken {
		s.dead = "it was used"
	}
	return taken
}

// learn takes what came by mail or text to mind.
func (w *walk) learn(x *deed, l letter) {
	s := &slip{
		purpose: slipPurposes[l.Kind], value: l.Data["code"], to: l.To, tenant: x.tenant, session: x.session, since: x.v.Now, wrong: new(int), as: x.after,
	}
	if link := l.Data["url"]; link != "" {
		s.link, s.value = true, keyOf(link)
	}
	if s.value == "" || s.purpose == "" {
		return
	}
	s.enters = s.purpose == "reset" || (s.purpose == "login" && x.session.login == nil)
	switch u := userOf(x.v); {
	case s.enters:
		if s.users = x.after.reached(x.tenant.ID, l.To); len(s.users) == 0 {
			s.users = x.read.reached(x.tenant.ID, l.To) // others came between; whether it is good is asked when it comes back
		}
		if len(s.users) == 0 {
			w.breaks("a secret that lets in was sent to %s, which no account there may be entered by", l.To)
		}
		if s.purpose == "login" && u != "" {
			s.dead = "it was asked for by somebody who was in"
		}
	case u != "":
		s.users = []string{u}
	case x.session.login != nil:
		s.users = x.session.login.users
	}
	if !s.link {
		before := func(o *slip) bool { return o.purpose == s.purpose && !o.link && o.session == s.session }
		if last := w.lastSlip(before); x.again && last != nil {
			s.since, s.wrong = last.since, last.wrong
		}
		w.kill("a newer one was sent", before)
	}
	w.slips = append(w.slips, s)
}

// begins has a session go on to another login. What was sent for the one before is no good for this one.
func (w *walk) begins(x *deed, l *knownLogin) {
	x.session.login, x.session.signup, x.begun = l, nil, l
	w.kill("it was for a login before", func(s *slip) bool { return !s.link && s.purpose != "reset" && s.session == x.session })
}

// kill has slips be good for nothing any more.
func (w *walk) kill(why string, which func(*slip) bool) {
	for _, s := range w.slips {
		if s.dead == "" && which(s) {
			s.dead = why
		}
	}
}

// killFor has slips be good no more for one account, and for nothing if there is no other.
func (w *walk) killFor(id, why string, which func(*slip) bool) {
	for _, s := range w.slips {
		if i := slices.Index(s.users, id); s.dead == "" && i >= 0 && which(s) {
			if s.users = slices.Delete(slices.Clone(s.users), i, i+1); len(s.users) == 0 {
				s.dead = why
			}
		}
	}
}

func resetLinks(s *slip) bool { return s.link && s.purpose == "reset" }

// putOut ends a user's sessions, but for one, and the logins that wait, but for the one that the call began.
func (w *walk) putOut(x *deed, id string, but *knownSession) {
	for _, s := range w.sessions {
		if s.user == id && s != but {
			s.user = ""
		}
		if s.login != nil && s.login != x.begun && slices.Contains(s.login.users, id) {
			s.login = nil
		}
	}
}

func (w *walk) lastSlip(which func(*slip) bool) *slip {
	for _, s := range slices.Backward(w.slips) {
		if which(s) {
			return s
		}
	}
	return nil
}
