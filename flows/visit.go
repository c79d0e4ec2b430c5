package flows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/limit"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/token"
	"github.com/vestibule-auth/vestibule/internal/trace"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Origin is where a visit comes from.
type Origin struct {
	Client    store.Client
	Token     string     // what the client showed; "" for nothing
	Access    string     // an access token that it showed in its place
	Slides    bool       // use moves the session's end along; otherwise it ends a fixed time after the last login
	Trust     string     // what marks a browser as trusted, as it was handed out; "" for nothing
	Identity  bool       // what Visit.Identity tells is read
	Tokens    bool       // whoever signs in is handed an access and a refresh token, where the tenant has them
	IP        netip.Addr // the client's address; invalid where there is none
	UserAgent string
	RequestID string // that the request goes by in the logs; "" for none
}

// maxUserAgent is how much of a user agent's name is kept, in bytes.
const maxUserAgent = 200

// Visit is one request on its way through. It is for one goroutine.
type Visit struct {
	Tenant *tenants.Tenant
	Now    time.Time // read once: nothing expires half way through a request
	Origin Origin
	trace  string // what it is part of, as a traceparent; "" where that is not traced

	service *Service        // nil for an operator's visit
	session *store.Session  // nil for a client without one
	methods json.RawMessage // the proofs that the user gave, as the wire has them: a list of Method
	state   state
	user    *store.User // who is signed in; nil for nobody
	lost    bool        // a token was shown that names no session
	ended   bool        // the session was ended by this visit
	issued  string      // the token that this visit gave to the client
	trust   string      // what the browser must keep from now on to be trusted; "" for what it has
	shown   bool        // the session was named by an access token
	keys    *token.Set  // what tokens are signed with, once this visit has signed somebody in who is to be handed some
	proofs  int         // how many the user of the latest has given under the session, once it gave one in this visit
	dirty   bool        // the session is to be saved
	desk    bool        // it is an operator's, who has no session and reaches users who are not active, too
	granted *store.User // whom the session is signed in as when it is saved: locked by then
	writes  []write
	notes   []note // what is to be written of it in the audit log
	mailed  bool   // a write queues mail
	missed  func() // counts a miss in a visit that is refused for it
	ranOut  Stage  // what the login waited for, until its code ran out

	reauthenticate bool             // a step was refused for want of a recent proof
	actor          actor            // who was signed in when the step began
	spent          []limit.Decision // uses that were taken for what is queued, and are given back if nothing comes of it
}

// actor is a user as of an epoch; the zero value is nobody.
type actor struct {
	userID string
	epoch  int64
}

// write is one queued change. It is one statement, since a step that queues a single one runs it outside a transaction.
type write func(context.Context, *store.Tx) error

// state is what a session remembers besides its columns. It is stored as JSON.
type state struct {
	// MethodsOf is the user who gave the proofs, where that is not the session's: the one of a login that was given up.
	MethodsOf string `json:"methods_of,omitempty"`
	// Foreign is how many of the proofs, the first ones, are another's.
	Foreign int `json:"foreign,omitempty"`

	// Trusted says that the user's second factor was not asked for, since the browser was trusted.
	Trusted bool `json:"trusted,omitempty"`
	// Enrolled is the authenticator that the session's user added under it while they had no second factor: adding one takes a proof of
	// having it.
	Enrolled string `json:"enrolled,omitempty"`

	Login *login   `json:"login,omitempty"`
	Email *process `json:"email,omitempty"` // an address is proved by a code: the login's, or one that its user adds
	Phone *process `json:"phone,omitempty"` // the number that the user changes to
	Reset *process `json:"reset,omitempty"` // a password is reset by a code
	// Seed is the sealed seed of an authenticator app that the user is setting up.
	Seed []byte    `json:"seed,omitempty"`
	Key  *ceremony `json:"key,omitempty"` // a WebAuthn credential is to be made or shown

	Sent     []sent          `json:"sent,omitempty"`     // to providers, and not back yet; the latest last
	Provider *providerSignup `json:"provider,omitempty"` // a signup by a provider that waits
}

// none is the list of proofs of somebody who gave none.
var none = json.RawMessage("[]")

// maxMethods is how many proofs a session remembers: the latest.
const maxMethods = 20

// Method is one proof that the user of a session gave. It is part of the wire contract.
type Method struct {
	Method   string  `json:"method"` // such as "password"
	At       float64 `json:"at"`     // seconds since 1970
	Email    string  `json:"email,omitempty"`
	Username string  `json:"username,omitempty"`
	Phone    string  `json:"phone,omitempty"`

	Reauthenticated bool `json:"reauthenticated,omitempty"`

	// Of an authenticator.
	ID           int64  `json:"id,omitempty"`
	Type         string `json:"type,omitempty"`
	Passwordless bool   `json:"passwordless,omitempty"`

	// Of an account with a provider.
	Provider string `json:"provider,omitempty"`
	UID      string `json:"uid,omitempty"`
}

// login is a login on its way through the stages.
type login struct {
	UserID string `json:"user_id,omitempty"` // "" for a pretended one, behind which there is no account
	Email  string `json:"email,omitempty"`   // the address it was asked for with
	Phone  string `json:"phone,omitempty"`   // the number, likewise
	Proof  string `json:"proof,omitempty"`   // the method of the latest proof; "" at a signup
	Signup bool   `json:"signup,omitempty"`
	// ByProvider says that it began with an account with a provider: of the app that App names and, where it is connected, with this UID.
	ByProvider bool      `json:"by_provider,omitempty"`
	App        string    `json:"app,omitempty"`
	UID        string    `json:"uid,omitempty"`
	Since      time.Time `json:"since"`
	Stage      Stage     `json:"stage"`

	Requested bool     `json:"requested,omitempty"`  // it is a login by nothing but the code
	Code      *process `json:"code,omitempty"`       // the login code
	CodeGiven bool     `json:"code_given,omitempty"` // and it was given
	Text      *process `json:"text,omitempty"`       // the code that was sent to the number
	// EmailTaken and PhoneTaken say what a pretended signup is one because of. To what is not taken a code is sent as to anybody's:
	// what comes is seen by whoever signs up, and must not tell that the other is. PhoneGiven says that the number's was given.
	EmailTaken    bool   `json:"email_taken,omitempty"`
	PhoneTaken    bool   `json:"phone_taken,omitempty"`
	EmailOf       string `json:"email_of,omitempty"` // whose account has the address, where it is taken: word of it is about that account
	PhoneOf       string `json:"phone_of,omitempty"` // likewise
	PhoneGiven    bool   `json:"phone_given,omitempty"`
	Passwordless  bool   `json:"passwordless,omitempty"`   // it is by a passkey, which is both factors
	FactorShown   bool   `json:"factor_shown,omitempty"`   // the second factor, while the account's factors were of FactorEpoch
	TrustAnswered bool   `json:"trust_answered,omitempty"` // whether the browser is to be trusted
	Passkey       bool   `json:"passkey,omitempty"`        // a signup with a passkey, which is not made yet
	// FactorEpoch is the one of the account when its second factor was shown, or the passkey that it is by.
	FactorEpoch int64 `json:"factor_epoch,omitempty"`
	// Proves is what a code has proved that nobody else had, of an account that has a second factor: it counts once that is shown.
	Proves *process `json:"proves,omitempty"`
	// Kept says that it waits for the second factor under the token that its client had before, as the contract has it.
	Kept bool `json:"kept,omitempty"`
	// Unheard says that it is a program's, which filled in the field that people leave empty: nobody is sent anything for it.
	Unheard bool `json:"unheard,omitempty"`

	rehashed string // the password as it is to be kept from now on, "" for as it is
	here     bool   // it is by a code or state that means nothing in another session than this
	made     bool   // the account is made by this very step
	begins   bool   // as does the login
}

// Authenticated reports whether somebody is signed in.
func (v *Visit) Authenticated() bool { return v.user != nil }

// Lost reports whether the client showed a token that names no session (any more).
func (v *Visit) Lost() bool { return v.lost }

// Ended reports whether this visit ended the client's session.
func (v *Visit) Ended() bool { return v.ended }

// Issued is the token that the client must use from now on, or "" if nothing changed.
func (v *Visit) Issued() string { return v.issued }

// TrustCookie is what the browser must keep from now on to be trusted, or "" if nothing changed.
func (v *Visit) TrustCookie() string { return v.trust }

// Pending is the stage that a login waits at, or "".
func (v *Visit) Pending() Stage {
	if v.user != nil || v.state.Login == nil {
		return ""
	}
	return v.state.Login.Stage
}

// Open finds the session that a client showed. A token that names none makes a stranger's visit with Lost set; what is
// then answered is the client kind's choice. The tenant must be the one that the request was addressed to: a token of
// another tenant names nothing here.
func (s *Service) Open(ctx context.Context, t *tenants.Tenant, o Origin) (*Visit, error) {
	v := s.Stranger(t, o)
	v.Now = s.clock.Now()
	// A header may hold any bytes, and a cut may split a letter: PostgreSQL takes only what is UTF-8.
	v.Origin.UserAgent = strings.ToValidUTF8(o.UserAgent[:min(len(o.UserAgent), maxUserAgent)], "")
	switch {
	case o.Token != "":
		return v, s.read(ctx, v, secret.Digest(o.Token))
	case o.Access != "" && TokensOffered(t):
		return v, s.readShown(ctx, v)
	default:
		return v, nil
	}
}

// read fills the visit from the session with a token's digest.
func (s *Service) read(ctx context.Context, v *Visit, digest []byte) error {
	find := s.store.For(v.Tenant).SessionByToken
	if v.Origin.Identity {
		find = s.store.For(v.Tenant).IdentityByToken
	}
	session, user, err := find(ctx, v.Origin.Client, digest)
	return s.found(ctx, v, session, user, err)
}

// readOf fills the visit from a user's session with an id.
func (s *Service) readOf(ctx context.Context, v *Visit, userID, id string) error {
	find := s.store.For(v.Tenant).SessionOf
	if v.Origin.Identity {
		find = s.store.For(v.Tenant).IdentityOf
	}
	session, user, err := find(ctx, v.Origin.Client, userID, id)
	return s.found(ctx, v, session, user, err)
}

// again reads the session that the visit has, which somebody else changed.
func (s *Service) again(ctx context.Context, v *Visit) error {
	before := v.session
	*v = Visit{Tenant: v.Tenant, Now: v.Now, Origin: v.Origin, shown: v.shown, service: v.service}
	if !v.shown {
		return s.read(ctx, v, before.Token)
	}
	return s.readOf(ctx, v, before.UserID, before.ID)
}

// found fills the visit from what was read.
func (s *Service) found(ctx context.Context, v *Visit, session *store.Session, user *store.User, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		v.lost = true
		return nil
	}
	if err != nil {
		return err
	}
	if !v.Now.Before(session.ExpiresAt) {
		v.lost = true
		return s.drop(ctx, v, session.ID)
	}
	if session.UserID != "" && !user.Active {
		// Deactivated, or the password was changed elsewhere. The client is told once that nobody is signed in; from
		// then on its token names nothing.
		v.ended = true
		return s.drop(ctx, v, session.ID)
	}
	var st state
	if len(session.State) > len("{}") {
		if err := json.Unmarshal(session.State, &st); err != nil {
			return fmt.Errorf("read session state: %w", err)
		}
	}
	v.session, v.methods, v.state = session, session.Methods, st
	if session.UserID != "" && !session.Pending {
		v.user = user
	}
	v.forgetLate()
	return s.touch(ctx, v)
}

// forgetLate forgets what was waited for in vain. A login whose code for its number has run out still waits, as the contract has
// it, until it runs out itself: the code is no good any more (see awaitsText). One that waited for another code is over; but it is shown
// as waiting until somebody asks for it (see over), as the contract has that.
func (v *Visit) forgetLate() {
	v.ranOut = ""
	if l := v.state.Login; l != nil {
		late := v.Now.Sub(l.Since) > v.Tenant.Settings.Account.LoginTimeout.Duration()
		switch l.Stage {
		case LoginByCode:
			if !late && v.late(v.forLogin(), l.Code) {
				late, v.ranOut = true, l.Stage
			}
		case VerifyEmail:
			if !late && v.late(v.forEmail(), v.state.Email) {
				late, v.ranOut = true, l.Stage
			}
		case MFAAuthenticate:
			late = late || !v.session.Factors.Second() // removed meanwhile: whoever logs in again is let in
		case MFASignup:
			late = late || v.session.Factors.Second() // set up meanwhile: whoever logs in again is asked for it
		}
		if late {
			v.abandon()
		}
	}
	if all := v.state.Sent; len(all) > 0 && v.Now.Sub(all[0].At) > v.Tenant.Settings.Account.LoginTimeout.Duration() {
		v.state.Sent = slices.DeleteFunc(slices.Clone(all), func(x sent) bool {
			return v.Now.Sub(x.At) > v.Tenant.Settings.Account.LoginTimeout.Duration()
		})
		v.dirty = true
	}
	if p := v.state.Provider; p != nil && v.Now.Sub(p.Since) > v.Tenant.Settings.Account.LoginTimeout.Duration() {
		v.state.Provider, v.dirty = nil, true
	}
	for _, p := range []struct {
		of purpose
		at **process
	}{{v.forEmail(), &v.state.Email}, {v.forPhone(), &v.state.Phone}, {v.forReset(), &v.state.Reset}} {
		if v.late(p.of, *p.at) {
			*p.at, v.dirty = nil, true
		}
	}
}

// touchAfter is the part of a session's life after which its use moves its end along. Seldom, because it is a write.
const touchAfter = 14

// trackAfter is how long after a session was last seen its use is noted again, where the tenant tracks it.
const trackAfter = time.Minute

// touch keeps a session that is in use from expiring and, where the tenant tracks activity, notes where and when it is used.
func (s *Service) touch(ctx context.Context, v *Visit) error {
	age := v.sessionAge()
	slides := v.Origin.Slides && v.session.ExpiresAt.Sub(v.Now) <= age-age/touchAfter
	tracks := v.Tenant.Settings.UserSessions.TrackActivity
	if !slides && !(tracks && v.Now.Sub(v.session.SeenAt) >= trackAfter) {
		return nil
	}
	lastSeen := v.session.SeenAt
	v.session.SeenAt, v.session.IP, v.session.UserAgent = v.Now, v.address(), v.Origin.UserAgent
	if slides {
		v.session.ExpiresAt = v.Now.Add(age)
	}
	return s.store.For(v.Tenant).One(func(tx *store.Tx) error { return tx.TouchSession(ctx, v.session, lastSeen, tracks) })
}

func (s *Service) drop(ctx context.Context, v *Visit, id string) error {
	return s.store.For(v.Tenant).One(func(tx *store.Tx) error { return tx.DropSession(ctx, id) })
}

// address is the client's address as it is kept.
func (v *Visit) address() string {
	if !v.Origin.IP.IsValid() {
		return ""
	}
	return v.Origin.IP.String()
}

func (v *Visit) sessionAge() time.Duration { return v.Tenant.Settings.Cookies.SessionAge.Duration() }

// step runs fn and settles what it queued. fn may be run twice, on what the database says the second time; and once more where what it
// takes was taken, since a signup may find first its name taken and then its address.
func (s *Service) step(ctx context.Context, v *Visit, fn func() error) error {
	for run := 1; ; run++ {
		before := *v
		before.state = v.state.clone()
		if v.session != nil {
			copied := *v.session
			before.session = &copied
		}
		if v.user != nil {
			copied := *v.user
			before.user = &copied
		}
		v.actor, v.trace = actor{}, trace.Note(ctx)
		if v.user != nil {
			v.actor = actor{v.user.ID, v.user.Epoch}
		}
		err := fn()
		if err == nil {
			err = s.settle(ctx, v)
		}
		if err == nil {
			return nil
		}
		for _, d := range v.spent {
			err = s.refund(ctx, d, err)
		}
		missed, reauthenticate := v.missed, v.reauthenticate
		*v = before
		v.reauthenticate = reauthenticate
		if _, refused := refusal.As(err); refused && missed != nil {
			counted := s.count(ctx, v, missed)
			if counted == nil {
				return err
			}
			err = counted // nobody is told whether a guess was right that was not counted
		}
		if !errors.Is(err, store.ErrStale) && !errors.Is(err, store.ErrTaken) {
			return err
		}
		refused := run > 2 || (run == 2 && !errors.Is(err, store.ErrTaken))
		s.observe.Conflict(refused)
		if refused {
			return fmt.Errorf("%w: %w", refusal.Of(refusal.Conflict), err)
		}
		if v.session != nil {
			if err := s.again(ctx, v); err != nil {
				return err
			}
		}
	}
}

// count saves a miss in the visit as it was.
func (s *Service) count(ctx context.Context, v *Visit, missed func()) error {
	missed()
	v.dirty = true
	return s.settle(ctx, v)
}

// miss has a wrong code counted, although the step is refused. f changes the visit as it was before the step.
func (v *Visit) miss(f func()) { v.missed = f }

// over refuses a step of a stage that nothing waits at. If its code has run out it is shown no longer.
func (v *Visit) over(stage Stage) error {
	if v.ranOut == stage {
		v.miss(func() {}) // forgetLate did it; it is to be kept
	}
	return refusal.Of(refusal.Conflict)
}

// settle writes the visit's session and everything it queued, together.
func (s *Service) settle(ctx context.Context, v *Visit) error {
	writes := v.writes
	leaving := v.ended && len(writes) == 1 // logging out, which nobody is kept from
	if by := v.actor; by.userID != "" && len(writes) > 0 && !leaving {
		hold := func(ctx context.Context, tx *store.Tx) error { return tx.HoldUser(ctx, by.userID, by.epoch) }
		writes = append([]write{hold}, writes...)
	}
	noted, err := v.noted()
	if err != nil {
		return err
	}
	writes = append(slices.Clip(writes), noted...)
	if v.dirty && !v.ended {
		save, err := v.save()
		if err != nil {
			return err
		}
		writes = append(slices.Clip(writes), save)
	}
	scope := s.store.For(v.Tenant)
	switch len(writes) {
	case 0:
		return nil
	case 1:
		err = scope.One(func(tx *store.Tx) error { return writes[0](ctx, tx) })
	default:
		err = scope.Do(ctx, func(tx *store.Tx) error {
			for _, w := range writes {
				if err := w(ctx, tx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return err
	}
	if v.mailed {
		s.wake()
	}
	if v.granted != nil {
		v.user = v.granted // as it was under the lock
	}
	v.writes, v.notes, v.dirty, v.granted, v.mailed, v.spent, v.missed, v.ranOut = nil, nil, false, nil, false, nil, nil, ""
	return nil
}

// save is the write that saves the session, new or changed.
func (v *Visit) save() (write, error) {
	encoded, err := json.Marshal(v.state)
	if err != nil {
		return nil, fmt.Errorf("encode session state: %w", err)
	}
	x := v.session
	x.IP, x.UserAgent, x.From = v.address(), v.Origin.UserAgent, v.Tenant.Settings.UserSessions.TrackActivity
	x.SeenAt = v.Now
	if v.Origin.Slides || v.issued != "" {
		x.ExpiresAt = v.Now.Add(v.sessionAge())
	}
	x.Methods, x.State = v.methods, encoded
	if x.Methods == nil {
		x.Methods = none
	}
	if x.Version > 0 {
		return func(ctx context.Context, tx *store.Tx) error {
			err := tx.SaveSession(ctx, x, v.granted)
			x.Version++ // a failed step forgets x
			return err
		}, nil
	}
	x.Version = 1
	return func(ctx context.Context, tx *store.Tx) error { return tx.AddSession(ctx, x, v.granted) }, nil
}

// keep makes sure that there is a session, and has it saved.
func (v *Visit) keep() {
	if v.session == nil {
		v.session = &store.Session{ID: secret.NewID(), Client: v.Origin.Client, CreatedAt: v.Now}
		v.rotate()
	}
	v.dirty, v.lost, v.ended = true, false, false
}

// rotate gives the client a new token. It happens whenever the session comes to mean more than it did, so that a token
// that somebody planted or saw before is worth nothing after.
func (v *Visit) rotate() {
	v.issued = secret.Token()
	v.session.Token = secret.Digest(v.issued)
}

// abandon forgets a login that waits. The session stays, as a stranger's, and with it the proofs that were given.
func (v *Visit) abandon() {
	v.state.Login, v.state.Email, v.state.Key, v.state.Enrolled = nil, nil, nil, ""
	if v.session != nil {
		v.state.MethodsOf = v.session.UserID
		v.session.UserID, v.session.Pending, v.session.Epoch, v.session.Factors = "", false, 0, 0
		v.dirty = true
	}
}

// queue has a change written when the step settles.
func (v *Visit) queue(w write) { v.writes = append(v.writes, w) }

// record notes a proof that a user gave. Proofs of another user, from a login that was never finished, stay in the list, as the
// contract has it, and count for nothing.
func (v *Visit) record(userID string, m Method) error {
	all, err := v.given()
	if err != nil {
		return err
	}
	m.At = float64(v.Now.UnixMicro()) / 1e6
	if v.provedBy() != userID {
		v.state.Foreign = len(all)
	}
	all = append(all, m)
	over := max(0, len(all)-maxMethods)
	all, v.state.Foreign = all[over:], max(0, v.state.Foreign-over)
	encoded, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("encode the session's methods: %w", err)
	}
	v.proofs = len(v.own(all))
	v.methods, v.state.MethodsOf = encoded, ""
	return nil
}

// disown has the proofs that were given so far count for nothing: what comes next is another's, or begins anew.
func (v *Visit) disown() error {
	all, err := v.given()
	v.state.MethodsOf, v.state.Foreign, v.state.Enrolled = "", len(all), ""
	return err
}

// given are the proofs that were given in this session, by whomever.
func (v *Visit) given() ([]Method, error) { return readMethods(v.methods) }

// readMethods reads the proofs of a session as they are kept.
func readMethods(kept []byte) (all []Method, err error) {
	if len(kept) > 0 {
		if err := json.Unmarshal(kept, &all); err != nil {
			return nil, fmt.Errorf("read the session's methods: %w", err)
		}
	}
	return all, nil
}

// own are the proofs of the session's user among all.
func (v *Visit) own(all []Method) []Method { return all[min(v.state.Foreign, len(all)):] }

// provedBy is who gave the session's proofs, "" for nobody.
func (v *Visit) provedBy() string {
	if v.session != nil && v.session.UserID != "" {
		return v.session.UserID
	}
	return v.state.MethodsOf
}

func (st state) clone() state {
	c := state{MethodsOf: st.MethodsOf, Foreign: st.Foreign, Trusted: st.Trusted, Enrolled: st.Enrolled, Email: st.Email.clone(), Phone: st.Phone.clone(), Reset: st.Reset.clone(), Seed: st.Seed}
	c.Sent = st.Sent // which is replaced, and never written into
	if st.Provider != nil {
		p := *st.Provider
		c.Provider = &p
	}
	if st.Key != nil {
		k := *st.Key
		c.Key = &k
	}
	if st.Login != nil {
		l := *st.Login
		l.Code, l.Text, l.Proves = l.Code.clone(), l.Text.clone(), l.Proves.clone()
		c.Login = &l
	}
	return c
}

func (p *process) clone() *process {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

// Logout ends the visit's session, whatever it was.
func (s *Service) Logout(ctx context.Context, v *Visit) error {
	return s.step(ctx, v, func() error {
		if v.session == nil {
			return nil
		}
		if v.user != nil {
			v.audit(store.UserLoggedOut, v.user.ID, nil)
		}
		id := v.session.ID
		v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.DropSession(ctx, id) })
		v.forget()
		return nil
	})
}
