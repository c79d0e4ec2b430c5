package flows_test

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/tenants"
)

// This is the part of walks and of their model that accounts with providers are in. A provider vouches for whoever a walk says, so that each
// seat may come as anybody: what is asked is what the tenant lets them do by that.

// walkProviders are the settings of logins by providers that walks are made under.
var walkProviders = []string{
	bothProviders,
	trustsAll,
	connectsTo,
	bothProviders + `, "auto_signup": false`,
	connectsTo + `, "auto_signup": false`,
	connectsTo + `, "email_verification": "none"`,
	`"providers": {"github": {"apps": [{"client_id": "h"}]},
		"google": {"apps": [{"client_id": "g"}], "email_authentication": true, "email_authentication_auto_connect": true}}`,
}

// proof is what a provider says of somebody: a token or, with another code each time, what is sent back with them.
type proof struct {
	name string // by which the provider knows them
	id   provider.Identity
	used map[string]bool // a token, by the tenants that have taken it
}

// verified are the addresses that the provider has verified.
func (p *proof) verified() (all []string) {
	for _, e := range p.id.Emails {
		if e.Verified {
			all = append(all, e.Address)
		}
	}
	return all
}

// trip is a way to a provider and back that somebody was sent on.
type trip struct {
	tenant  *tenants.Tenant
	session *knownSession
	user    string // who was in
	app     string
	process string
	params  url.Values // what goes along, and has to come back
	at      time.Time
	dead    string // why it is good for nothing any more
}

// vouching is an account with a provider that a call came with, and whom it meant.
type vouching struct {
	*proof
	app     string
	users   []string // whose it is, or who is reached by an address that the provider is trusted with
	address string   // the latter
	claims  []string // those of them whose account was claimed
}

// account is what an account with a provider goes by in facts.
func (p *vouching) account() string { return p.app + " " + p.id.UID }

// signup is one by a provider that waits for more.
type signup struct {
	*proof
	app   string
	since time.Time
}

// connectedTo is whose an account with a provider is, "" for nobody's.
func (all facts) connectedTo(tenant, account string) string {
	for id, f := range all {
		if f.tenant == tenant && f.connected[account] {
			return id
		}
	}
	return ""
}

// lookAtProviders reads the accounts with providers.
func (w *walk) lookAtProviders(all facts) {
	w.rows(`SELECT user_id, provider, uid FROM provider_accounts WHERE tenant_id IN ($1, $2)`, func(scan func(...any) error) error {
		id, app, uid := "", "", ""
		err := scan(&id, &app, &uid)
		if account := app + " " + uid; all.connectedTo(all[id].tenant, account) != "" {
			w.breaks("%s is connected with two users", account)
		} else {
			all[id].connected[account] = true
		}
		return err
	})
}

// The calls.

// byToken hands in a token of a provider, to come in or to connect.
func (w *walk) byToken(d *seat, p *proof, process string) *deed {
	x := w.call(d, "hand in a token to "+process, p.named(), func(v *flows.Visit) (any, error) {
		return nil, w.house.byToken(p.name, process)(v)
	})
	if x.err == nil {
		if p.used[d.tenant.ID] {
			w.breaks("a token was taken twice")
		}
		p.used[d.tenant.ID] = true
		w.vouches(x, &vouching{proof: p, app: "google"}, process)
	}
	return w.judge(x)
}

// goTo sends a seat to a provider.
func (w *walk) goTo(d *seat, app, process string) *deed {
	x := w.call(d, "go to a provider", app+" to "+process, func(v *flows.Visit) (any, error) {
		return w.GoToProvider(w.Context(), v, flows.ProviderRedirectInput{Provider: app, Callback: done, Process: process})
	})
	if location, ok := x.data.(string); ok && x.err == nil {
		u, err := url.Parse(location)
		w.must(err)
		if u.Host != "idp.example" {
			w.breaks("somebody is sent to %s", location)
		}
		w.trips = append(w.trips, &trip{
			tenant: d.tenant, session: x.session, user: x.was, app: app, process: process, params: u.Query(), at: x.v.Now,
		})
	}
	x.data = nil
	return w.judge(x)
}

// comeBack has a seat come back from a provider, to the callback of an app, by a way that is its own or not.
func (w *walk) comeBack(d *seat, back *trip, app string, p *proof) *deed {
	w.codes++
	params := maps.Clone(back.params)
	params.Set("as", p.name)
	params.Set("code", fmt.Sprintf("%s %d", d.tenant.ID, w.codes))
	about := fmt.Sprintf("(trip %d, to %s) %s", 1+slices.Index(w.trips, back), back.process, p.named())
	x := w.call(d, "come back from "+app, about, func(v *flows.Visit) (any, error) {
		a, ok := flows.CallbackApp(d.tenant, "/accounts/"+app+"/login/callback/")
		if !ok {
			return "", fmt.Errorf("%s has no callback", app)
		}
		return w.ReturnFromProvider(w.Context(), v, a, params)
	})
	at, _ := x.data.(string)
	base, _, _ := strings.Cut(done, "#")
	switch why := back.unfit(x, app); {
	case x.err != nil:
	case strings.HasPrefix(at, base):
		if why != "" {
			w.breaks("a state was taken although %s", why)
		}
		back.dead = "it was used"
	case why != "":
		w.spared["state: "+why]++
		fallthrough
	default:
		if back.session == x.opened && !x.v.Lost() {
			back.dead = "it was shown in vain"
		}
	}
	switch {
	case x.err != nil:
	case at == done:
		w.done["come back to "+back.process]++
		if back.process == "connect" && back.user != x.was {
			w.breaks("what somebody began to connect was connected with somebody else")
		}
		w.vouches(x, &vouching{proof: p, app: app}, back.process)
	case len(x.changed())+len(x.letters) > 0 || (x.was == "" && x.v.Authenticated()):
		w.breaks("somebody is told that nothing came of it, and something did")
	}
	w.story[len(w.story)-1] += "; went on to " + at
	return w.judge(x)
}

// unfit is why a state must not be taken in a call; "" where it may be.
func (b *trip) unfit(x *deed, app string) string {
	switch {
	case b.tenant != x.tenant:
		return "it is another tenant's"
	case b.session != x.opened:
		return "it is another session's"
	case b.dead != "":
		return b.dead
	case b.app != app:
		return "it is for another app"
	case x.v.Now.Sub(b.at) > x.tenant.Settings.Account.LoginTimeout.Duration():
		return "it is too late"
	}
	return ""
}

// finishSignup gives what a signup by a provider waits for.
func (w *walk) finishSignup(d *seat, in flows.ProviderSignupInput) *deed {
	x := w.call(d, "finish a signup by a provider", fmt.Sprintf("%s %s %s", in.Email, in.Phone, in.Username), func(v *flows.Visit) (any, error) {
		return nil, w.FinishProviderSignup(w.Context(), v, in)
	})
	if x.err == nil {
		if waits := w.waits(x); waits == nil {
			w.breaks("a signup was finished that does not wait in this session")
		} else {
			w.signsUp(x, &vouching{proof: waits.proof, app: waits.app})
		}
	}
	return w.judge(x)
}

// lookAtSignup asks what a provider told of somebody whose signup waits.
func (w *walk) lookAtSignup(d *seat) *deed {
	x := w.call(d, "look at a signup by a provider", "", func(v *flows.Visit) (any, error) { return w.PendingProviderSignup(v) })
	if view, ok := x.data.(*flows.ProviderSignupView); ok && x.err == nil {
		if waits := w.waits(x); waits == nil || view.Account.UID != waits.id.UID || view.Account.Provider.ID != waits.app {
			w.breaks("somebody is shown a signup that is not theirs")
		}
	}
	x.data = nil
	return w.judge(x)
}

// waits is the signup that may wait in the session that a call came with; nil for none.
func (w *walk) waits(x *deed) *signup {
	s := x.opened
	if s == nil || s.signup == nil || x.v.Now.Sub(s.signup.since) > x.tenant.Settings.Account.LoginTimeout.Duration() {
		return nil
	}
	return s.signup
}

// disconnect gives up an account with a provider.
func (w *walk) disconnect(d *seat, account string) *deed {
	app, uid, _ := strings.Cut(account, " ")
	x := w.call(d, "disconnect", account, func(v *flows.Visit) (any, error) {
		return w.DisconnectProvider(w.Context(), v, flows.DisconnectInput{Provider: app, Account: uid})
	})
	if x.err == nil {
		x.gives = account
		if !x.before[x.was].connected[account] || x.after[x.was].connected[account] {
			w.breaks("nothing was disconnected")
		}
		w.recent(x)
		w.judgeWaysIn(x)
	}
	x.data = nil
	return w.judge(x)
}

// judgeWaysIn asks that whoever gave up an account with a provider has another way in.
func (w *walk) judgeWaysIn(x *deed) {
	f, u, account := x.after[x.was], w.users[x.was], &x.tenant.Settings.Account
	if len(f.connected) > 0 {
		return
	}
	w.done["disconnect the last"]++
	reached := false
	for name := range f.holds {
		reached = reached || (f.entered(name) && (!isNumber(name) || account.LoginByCodeEnabled))
	}
	switch {
	case f.password == "":
		w.breaks("the last account with a provider was given up without a password")
	case account.EmailVerification == tenants.VerificationMandatory && !f.proven():
		w.breaks("the last account with a provider was given up without a verified address")
	case u.password == "" && len(u.keys) == 0 && !reached:
		w.breaks("the last way in was given up")
	}
}

// vouches tells the model what a provider's word means that was taken.
func (w *walk) vouches(x *deed, p *vouching, process string) {
	x.vouched = p
	if process == "connect" {
		x.connects = true
		switch owner := x.before.connectedTo(x.tenant.ID, p.account()); {
		case x.was == "":
			w.breaks("a stranger connected an account with a provider")
		case owner != "" && owner != x.was:
			w.breaks("somebody else's account with a provider was connected")
		case !x.after[x.was].connected[p.account()]:
			w.breaks("nothing was connected")
		default:
			w.recent(x)
		}
		return
	}
	// Whoever was in before is not any more, unless others that came between have changed the token: the one that was shown names nothing then.
	if x.was != "" && x.opened != x.session && !slices.Contains(x.opened.shed, x.v.Origin.Token) {
		x.opened.user, x.opened.login = "", nil
	}
	if x.session.user != "" && x.session == x.opened {
		w.breaks("a login by a provider left the session of who was in before")
	}
	p.users, p.address = w.meant(x, x.before, p)
	if x.held { // others came between, and the order of the two is not told
		users, email := w.meant(x, x.read, p)
		for _, id := range users {
			if !slices.Contains(p.users, id) {
				p.users = append(p.users, id)
			}
		}
		if p.address == "" {
			p.address = email
		}
	}
	l := &knownLogin{users: p.users, by: "provider", shown: -1, since: x.v.Now}
	switch {
	case len(p.users) == 0 || x.made() != "" || x.v.AwaitsProviderSignup():
		w.signsUp(x, p)
		return
	case p.address != "":
		w.judgeAddress(x, p, l)
	default:
		l.account = p.account()
	}
	if slices.ContainsFunc(p.users, func(id string) bool { return x.before[id].active }) {
		w.begins(x, l)
		x.session.proved = x.v.Now
	}
}

// meant are the users whom an account with a provider signs in: its own, or those who are reached by an address that the provider is trusted
// with.
func (w *walk) meant(x *deed, all facts, p *vouching) (users []string, address string) {
	if owner := all.connectedTo(x.tenant.ID, p.account()); owner != "" {
		return []string{owner}, ""
	}
	if trusted, _ := w.trusts(x, p); !trusted {
		return nil, ""
	}
	for _, email := range p.verified() {
		if users = all.reached(x.tenant.ID, email); len(users) > 0 && !all.keptBy(x.tenant.ID, email) {
			return users, email
		}
	}
	return nil, ""
}

// keptBy reports whether somebody who is kept out has verified an address: nobody else is reached there.
func (all facts) keptBy(tenant, email string) bool {
	for _, f := range all {
		if f.tenant == tenant && !f.active && f.holds[email] {
			return true
		}
	}
	return false
}

// trusts is what the settings say of a provider's addresses. It does not ask the product.
func (*walk) trusts(x *deed, p *vouching) (trusted, connects bool) {
	s := &x.tenant.Settings.SocialAccount
	of := s.Providers[p.app]
	trusted, connects = s.EmailAuthentication, s.EmailAuthenticationAutoConnect
	if of.EmailAuthentication != nil {
		trusted = *of.EmailAuthentication
	}
	if of.EmailAuthenticationAutoConnect != nil {
		connects = *of.EmailAuthenticationAutoConnect
	}
	return trusted, trusted && connects
}

// judgeAddress asks that an account that nobody had proved is claimed by whoever comes with its address or, where it has a second factor,
// waits for that.
func (w *walk) judgeAddress(x *deed, p *vouching, l *knownLogin) {
	unproved, protected := 0, []string(nil)
	for _, id := range p.users {
		switch was := x.before[id]; {
		case was.proven():
		case w.squats(was):
			protected = append(protected, id)
		case x.after[id].epoch > was.epoch:
			p.claims = append(p.claims, id)
		default:
			unproved++
		}
	}
	switch {
	case len(p.claims) > 0: // of several, it is that one's
		p.users, l.users = p.claims, p.claims
	case len(protected) > 0: // likewise
		p.users, l.users = protected, protected
		l.vouches, l.named = p.address, p.address
	}
	w.done[fmt.Sprintf("come by an address, claiming %t", len(p.claims) > 0)]++
	if len(p.claims)+len(protected) == 0 && unproved > 0 && unproved == len(p.users) && (x.v.Pending() != "" || x.v.Authenticated()) {
		w.breaks("an account that nobody had proved was entered and not claimed")
	}
}

// signsUp tells the model of a newcomer whom a provider vouches for.
func (w *walk) signsUp(x *deed, p *vouching) {
	x.vouched = p
	made := x.made()
	if x.v.AwaitsProviderSignup() && made == "" {
		w.begins(x, nil)
		x.session.signup = &signup{proof: p.proof, app: p.app, since: x.v.Now}
		if x.v.Issued() == "" {
			w.breaks("a signup by a provider waits under a token from before")
		}
		w.done["a signup by a provider waits"]++
		return
	}
	l := &knownLogin{by: "provider", shown: -1, since: x.v.Now} // of nobody, where it is pretended
	if made != "" {
		w.done["a signup by a provider"]++
		w.users[made] = &knownUser{}
		l.users = []string{made}
		l.account = p.account()
	}
	w.begins(x, l)
	x.session.proved, x.session.strong = x.v.Now, time.Time{}
}

// The rules.

// judgeNewcomer asks that an account that was made has nothing but what the newcomer had shown.
func (w *walk) judgeNewcomer(x *deed, id string) {
	var accounts, verified []string
	if x.vouched != nil && !x.connects {
		accounts, verified = []string{x.vouched.account()}, x.vouched.verified()
	}
	f := x.after[id]
	for name, proved := range f.holds {
		if proved && !slices.Contains(verified, name) {
			w.breaks("%s is verified of an account that was made, and nobody has verified it", name)
		}
	}
	if !slices.Equal(slices.Sorted(maps.Keys(f.connected)), accounts) {
		w.breaks("an account was made that is connected with %v", f.connected)
	}
}

// judgeConnections asks whether an account might be connected, or disconnected, as it was.
func (w *walk) judgeConnections(x *deed, id string) {
	was, now, p := x.before[id], x.after[id], x.vouched
	claimed := x.claims(id) || (x.slip != nil && x.slip.enters && !was.proven() && slices.Contains(x.slip.users, id))
	for account := range was.connected {
		if !now.connected[account] && !claimed && (x.gives != account || x.was != id) {
			w.breaks("%s was disconnected by a call that must not", account)
		}
	}
	for account := range now.connected {
		if was.connected[account] {
			continue
		}
		byAddress := false
		if p != nil && p.address != "" && slices.Contains(p.users, id) {
			_, byAddress = w.trusts(x, p)
			byAddress = byAddress && userOf(x.v) == id
		}
		switch {
		case p == nil || p.account() != account:
			w.breaks("%s was connected, which nobody has shown", account)
		case !(x.connects && x.was == id) && !byAddress:
			w.breaks("%s was connected by a call that must not, or before its user was in", account)
		}
	}
}

// claims reports whether a provider's word for an address claimed an account.
func (x *deed) claims(id string) bool {
	return x.vouched != nil && slices.Contains(x.vouched.claims, id)
}

// judgeVouchedClaim is judgeClaim for whoever comes by a provider's word for an address. The password goes, too.
func (w *walk) judgeVouchedClaim(x *deed) {
	if x.vouched == nil {
		return
	}
	methods := x.tenant.Settings.Account.LoginMethods
	for _, id := range x.vouched.claims {
		now := x.after[id]
		for name, verified := range now.holds {
			if name != x.vouched.address && (!isNumber(name) || verified || len(methods) > 1 || !methods.Has("phone")) {
				w.breaks("%s stays with an account that a provider's word for %s has claimed", name, x.vouched.address)
			}
		}
		for account := range now.connected {
			if account != x.vouched.account() {
				w.breaks("%s still signs in to an account that a provider's word for %s has claimed", account, x.vouched.address)
			}
		}
		if now.password != "" {
			w.breaks("an account that a provider's word has claimed still has the password of before")
		}
		w.users[id].password, w.users[id].claimed = "", ""
		w.killFor(id, "the account was claimed", func(s *slip) bool { return s.to != x.vouched.address })
		w.putOut(x, id, nil)
	}
}

// What is chosen.

func (p *proof) named() string {
	var all []string
	for _, e := range p.id.Emails {
		all = append(all, fmt.Sprintf("%s %t", e.Address, e.Verified))
	}
	return fmt.Sprintf("(as %s, %s)", p.id.UID, strings.Join(all, ", "))
}

// proof is what a provider says of somebody: mostly that they have verified an address of their own.
func (w *walk) proof(a, b byte) *proof {
	n := int(a % 4)
	own, other := w.emails[n%len(w.emails)], w.emails[(n+1)%len(w.emails)]
	id := vouched(fmt.Sprint(n), own)
	id.Username = pick(w.usernames, a/4)
	switch b % 8 {
	case 0:
		id = vouched(id.UID, "")
	case 1:
		id = notVerified(id)
	case 2:
		id.Emails[0].Address = other
	case 3:
		id.Emails = append(id.Emails, provider.Email{Address: other, Verified: b%16 == 3})
	}
	w.codes++
	p := &proof{name: fmt.Sprintf("%s %d", w.tenants[0].ID, w.codes), id: id, used: map[string]bool{}}
	w.idp.vouchFor(p.name, id)
	return p
}

// comer is by which of four uids somebody comes: mostly one that is connected with an account of the tenant.
func (w *walk) comer(d *seat, which byte) byte {
	var all []byte
	for _, f := range w.look() {
		for account := range f.connected {
			if f.tenant == d.tenant.ID {
				all = append(all, account[len(account)-1]-'0')
			}
		}
	}
	if len(all) == 0 || which%4 == 0 {
		return which / 4
	}
	slices.Sort(all)
	return pick(all, which/4)
}

// token is such a proof that is good once, or one that was shown before.
func (w *walk) token(a, b, c byte) *proof {
	if c%4 == 0 && len(w.tokens) > 0 {
		return pick(w.tokens, c/4)
	}
	p := w.proof(a, b)
	p.id.Once = &provider.Once{ID: p.name, Until: w.clock.Now().Add(time.Hour)}
	w.idp.vouchFor(p.name, p.id)
	w.tokens = append(w.tokens, p)
	return p
}

// trip chooses a trip: mostly the one that was begun in the seat's session, and otherwise any.
func (w *walk) trip(d *seat, how, which byte) *trip {
	if how%8 == 0 && len(w.trips) > 0 {
		return pick(w.trips, which)
	}
	for _, b := range slices.Backward(w.trips) {
		if b.tenant == d.tenant && b.session == d.session && (b.dead == "" || how%8 == 1) {
			return b
		}
	}
	return nil
}

// leaveOrReturn goes to a provider or, if a seat has been sent to one, comes back.
func (w *walk) leaveOrReturn(d *seat, a, b, c byte) {
	back := w.trip(d, c, b)
	if back == nil {
		w.goTo(d, pick([]string{"google", "github"}, b/8), pick([]string{"login", "login", "connect"}, c))
		return
	}
	app := back.app
	if c%16 == 2 {
		app = pick([]string{"google", "github"}, a/8)
	}
	w.comeBack(d, back, app, w.proof(a, b))
}

// replay shows a token, or comes back, twice at once.
func (w *walk) replay(d *seat, a, b, c byte) {
	if back := w.trip(d, 2, b); back != nil && c%2 == 0 {
		p := w.proof(a, b)
		w.meanwhile = func() { w.comeBack(d, back, back.app, p) }
		w.comeBack(d, back, back.app, p)
		return
	}
	p, process := w.token(a, b, 1), "login"
	if d.in && c%4 == 1 {
		process = "connect"
	}
	w.meanwhile = func() { w.byToken(w.seats[int(c/4)%len(w.seats)], p, process) }
	w.byToken(d, p, process)
}

// establish has somebody come by a provider who stays: they choose a password and set up a factor.
func (w *walk) establish(d *seat, a, b, c byte) {
	if w.byToken(d, w.token(a, 4+b%4, 1), "login"); d.awaits {
		w.finishSignup(d, w.typedAtSignup(a, b))
	}
	for range 3 {
		if !d.in {
			w.goOn(d, 1, b, 0)
		}
	}
	if d.in {
		w.changePassword(d, "", w.newPassword())
		w.protect(d, 5, b, 0)
	}
	if b%2 == 0 {
		w.byToken(d, w.token(c, 0, 1), "connect")
	}
}

// interfere has somebody who is in take away, elsewhere, what a login waits by.
func (w *walk) interfere(d *seat, a, b, c byte) {
	for _, e := range w.seats {
		s := d.session
		if s == nil || s.login == nil || d.in || !e.in || e.session == nil || !slices.Contains(s.login.users, e.session.user) {
			continue
		}
		switch {
		case a%8 == 0:
			w.addEmail(e, pick(w.emails, b))
		case a%8 == 1:
			w.removeEmail(e, pick(w.emails, b))
		case a%8 == 2:
			w.protect(e, b, 0, 0)
		case s.login.account != "":
			w.disconnect(e, s.login.account)
		default:
			w.giveUp(e, a, b)
		}
		break
	}
	w.goOn(d, 1+2*a, b, c)
}

// giveUp disconnects one of the accounts with providers of whoever is in.
func (w *walk) giveUp(d *seat, a, b byte) {
	account := fmt.Sprintf("%s %d", pick([]string{"google", "github"}, a), b%4)
	if f := w.look()[w.who(d, 1, b)]; f != nil && len(f.connected) > 0 && a%8 != 0 {
		account = pick(slices.Sorted(maps.Keys(f.connected)), b)
	}
	w.disconnect(d, account)
}

// typedAtSignup is what somebody types whose signup by a provider waits.
func (w *walk) typedAtSignup(a, b byte) flows.ProviderSignupInput {
	in := flows.ProviderSignupInput{Email: pick(w.emails, a), Username: pick(w.usernames, b), Phone: pick(w.phones, b/4)}
	if a%8 == 7 {
		in.Email = ""
	}
	return in
}
