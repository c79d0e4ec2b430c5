package flows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// What comes late does nothing: a secret that was mailed or texted is good for nothing once the account that it is for is another's, is
// proved at another address, has another password, or has lost what the secret was sent to. That is so for whoever comes afterwards,
// for whoever had begun a request before, and for whoever's step had read everything and was about to settle.

const (
	evil   = "eve@example.com"
	victim = "ann@example.org"
)

// squat is an account of a squatter, who is signed in with it twice. It has an address and a number of theirs, and the victim's address
// beside them; none of them is proved.
type squat struct {
	*house
	token, second string
	bob           string // the token of somebody else
	link          string // the key of the link to the victim's address
	by            string // what the secret was sent to
}

func newSquat(t *testing.T, engine string) *squat {
	h := newHouse(t, engine, optional+`, "login_methods": ["phone", "email"], "signup_fields": ["phone", "email*", "password1*"],
		"login_by_code_enabled": true, `+unlimited)
	d, bob := h.device(), h.device()
	d.do(h.signUp(flows.SignupInput{Email: evil, Phone: number(1), Password: password}))
	d.do(h.verifyPhone(h.code(number(1))))
	d.do(h.addEmail(victim))
	s := &squat{house: h, token: d.token, second: h.login(evil), link: h.key(victim)}
	bob.do(h.signUp(signupOf("bob@example.org")))
	s.bob = bob.token
	h.unproveNumber()
	h.clock.Advance(time.Second)
	return s
}

func (h *house) unproveNumber() { h.exec(`UPDATE users SET phone_verified = FALSE`) }

// lateSecret is a secret that a squatter has, and what it is used for.
type lateSecret struct {
	by     string // what it was sent to
	enters bool   // it lets in by itself
	unique bool   // it proves what it was sent to, and only one account may
	dies   bool   // with any change of the account
	begin  func(s *squat) (d *device, secret string)
	use    func(h *house, secret string) step
}

func account(h *house) *tenants.Account { return &h.tenant.Settings.Account }

// asked is a device of somebody who waits for a secret that was asked for.
func asked(ask func(h *house, to string) step, to string, change func(a *tenants.Account)) func(s *squat) (*device, string) {
	return func(s *squat) (*device, string) {
		change(account(s.house))
		d := s.device()
		d.do(ask(s.house, to))
		return d, s.proof(to)
	}
}

func withPassword(h *house, email string) step { return h.logIn(loginOf(email, password)) }

func asIs(*tenants.Account) {}

func resetsByCode(a *tenants.Account) { a.PasswordResetByCodeEnabled = true }

func provesByCode(a *tenants.Account) {
	a.EmailVerification, a.EmailVerificationByCodeEnabled = tenants.VerificationMandatory, true
}

func newOne(h *house, secret string) step { return h.reset(secret, otherPassword) }

var lateSecrets = map[string]lateSecret{
	"a link that proves an address": {evil, false, true, false, func(s *squat) (*device, string) { return s.device(), s.key(evil) }, (*house).verifyEmail},
	"a link that proves an address, which takes the place of all others": {evil, false, true, false, func(s *squat) (*device, string) {
		account(s.house).ChangeEmail = true
		return s.device(), s.key(evil)
	}, (*house).verifyEmail},
	"a login code":         {evil, true, true, false, asked((*house).requestCode, evil, asIs), (*house).confirmCode},
	"a login code by text": {number(1), true, false, false, asked((*house).requestCode, number(1), asIs), (*house).confirmCode},
	"a login code on top": {evil, false, true, false, asked(withPassword, evil, func(a *tenants.Account) {
		a.LoginByCodeRequired.All, a.PhoneVerificationEnabled = true, false
	}), (*house).confirmCode},
	"a login code on top, before the number": {evil, false, true, false, asked(withPassword, evil, func(a *tenants.Account) { a.LoginByCodeRequired.All = true }),
		(*house).confirmCode},
	"the number of a login": {number(1), false, false, false, func(s *squat) (*device, string) {
		d := s.device()
		d.do(withPassword(s.house, evil))
		return d, s.code(number(1))
	}, (*house).verifyPhone},
	"the number of a login, before the address": {number(1), false, false, false, func(s *squat) (*device, string) {
		account(s.house).EmailVerification = tenants.VerificationMandatory
		d := s.device()
		d.do(withPassword(s.house, evil))
		return d, s.code(number(1))
	}, (*house).verifyPhone},
	"another number": {number(2), false, true, false, func(s *squat) (*device, string) {
		d := &device{house: s.house, token: s.token}
		d.do(s.changePhone(number(2)))
		return d, s.code(number(2))
	}, (*house).verifyPhone},
	"the code of an address": {evil, false, true, false, func(s *squat) (*device, string) {
		provesByCode(account(s.house))
		s.exec(`UPDATE users SET phone_verified = TRUE`)
		d := s.device()
		d.do(withPassword(s.house, evil))
		return d, s.code(evil)
	}, (*house).verifyEmail},
	"the code of another address": {"eve@example.net", false, true, false, func(s *squat) (*device, string) {
		provesByCode(account(s.house))
		d := &device{house: s.house, token: s.token}
		d.do(s.addEmail("eve@example.net"))
		return d, s.code("eve@example.net")
	}, (*house).verifyEmail},
	"a link for a new password":                     {evil, true, false, true, asked((*house).requestReset, evil, asIs), newOne},
	"a code for a new password":                     {evil, true, true, false, asked((*house).requestReset, evil, resetsByCode), newOne},
	"a code for a new password, which is looked at": {evil, true, true, false, asked((*house).requestReset, evil, resetsByCode), (*house).peek},
}

// lateEvent is what happens meanwhile, in another process.
type lateEvent struct {
	kills func(x lateSecret) bool // which secrets
	do    func(s *squat, h *house)
}

var lateEvents = map[string]lateEvent{
	"the owner comes in by a login code": {anySecret, func(_ *squat, h *house) {
		owner := h.device()
		owner.do(h.requestCode(victim))
		owner.do(h.confirmCode(h.code(victim)))
	}},
	"the owner sets a password": {anySecret, func(_ *squat, h *house) {
		owner := h.device()
		owner.do(h.requestReset(victim))
		owner.do(h.reset(h.proof(victim), "Harbour-Violet-61!"))
	}},
	"the password is changed": {anySecret, func(s *squat, h *house) {
		(&device{house: h, token: s.second}).do(h.changePassword(password, "Harbour-Violet-61!"))
	}},
	"the user is deactivated": {anySecret, func(_ *squat, h *house) { h.exec(`UPDATE users SET active = FALSE`) }},
	"another address is proved": {func(x lateSecret) bool { return x.enters }, func(s *squat, h *house) {
		h.must(h.VerifyEmail(h.Context(), h.open(""), s.link))
	}},
	"the address is removed": {func(x lateSecret) bool { return x.by == evil }, func(s *squat, h *house) {
		d := &device{house: h, token: s.second}
		_, err := d.promote(victim)
		h.must(err)
		_, err = d.remove(evil)
		h.must(err)
	}},
	"the number is changed": {func(x lateSecret) bool { return x.by == number(1) }, func(s *squat, h *house) {
		d := &device{house: h, token: s.second}
		d.do(h.changePhone(number(3)))
		d.do(h.verifyPhone(h.code(number(3))))
	}},
	"its owner logs in": {func(x lateSecret) bool { return x.dies }, func(s *squat, h *house) {
		account(h).PhoneVerificationEnabled = false
		h.login(evil)
	}},
	"another address becomes the primary one": {func(x lateSecret) bool { return x.dies }, func(s *squat, h *house) {
		_, err := (&device{house: h, token: s.second}).promote(victim)
		h.must(err)
	}},
	"another address is added": {func(x lateSecret) bool { return x.dies }, func(s *squat, h *house) {
		(&device{house: h, token: s.second}).do(h.addEmail("eve@example.net"))
	}},
	"somebody else has it": {func(x lateSecret) bool { return x.unique }, func(s *squat, h *house) {
		d := &device{house: h, token: s.bob}
		if strings.HasPrefix(s.by, "+") {
			d.do(h.changePhone(s.by))
			d.do(h.verifyPhone(h.code(s.by)))
			return
		}
		d.do(h.addEmail(s.by))
		d.do(h.verifyEmail(h.proof(s.by)))
	}},
}

func anySecret(lateSecret) bool { return true }

// accounts is everything that is kept of the accounts.
func (h *house) accounts() map[string][]string {
	h.Helper()
	all := h.dump()
	return map[string][]string{"users": all["users"], "emails": all["emails"]}
}

// atSettling has something happen once when the first service is about to write.
func (h *house) atSettling(do func()) {
	done := false
	h.on(func(op, query string) error {
		reads := (op != faultdb.Exec && op != faultdb.Query) || strings.HasPrefix(strings.TrimSpace(query), "SELECT")
		if !done && (op == faultdb.Begin || !reads) {
			done = true
			do()
		}
		return nil
	})
}

func TestWhatComesLateDoesNothing(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		for name, x := range lateSecrets {
			t.Run(name, func(t *testing.T) {
				for event, e := range lateEvents {
					if !e.kills(x) {
						continue
					}
					whens := []string{"before the request", "before the step", "before the step settles"}
					if engine == "postgres" {
						whens = whens[2:] // the others are no matter of the engine
					}
					for _, when := range whens {
						t.Run(event+" "+when, func(t *testing.T) {
							s := newSquat(t, engine)
							s.by = x.by
							d, secret := x.begin(s)
							var after map[string][]string
							happen := func() {
								e.do(s, s.beside())
								after = s.accounts()
							}
							use := x.use(s.house, secret)
							var v *flows.Visit
							if when == "before the request" {
								happen()
							}
							v = d.visit()
							switch when {
							case "before the step":
								happen()
							case "before the step settles":
								s.atSettling(happen)
							}
							in := v.Authenticated()
							err := use(v)
							s.on(nil)
							if after == nil {
								t.Fatalf("nothing happened: %v", err)
							}
							if v.Authenticated() && !in {
								t.Errorf("signed in as %v", v.Status().User)
							}
							if v.Issued() != "" {
								d.token = v.Issued()
							}
							_, again := d.try(use)
							if what := changed(after, s.accounts()); what != "" {
								t.Errorf("it was answered %v and %v, and changed\n%s", err, again, what)
							}
							if in && slices.Contains([]string{"somebody else has it", "the number is changed"}, event) {
								return // who was signed in still is
							}
							if u := d.user(); u != "" {
								t.Errorf("the device is signed in as %s", u)
							}
						})
					}
				}
			})
		}
	})
}

func TestSecretsOfASquatterAreGoodWhereNothingHappens(t *testing.T) {
	for name, x := range lateSecrets {
		t.Run(name, func(t *testing.T) {
			s := newSquat(t, "sqlite")
			d, secret := x.begin(s)
			before := s.accounts()
			d.do(x.use(s.house, secret))
			if changed(before, s.accounts()) == "" {
				t.Error("it did nothing")
			}
		})
	}
}

// TestLoginIsNotSavedLate: a login whose password was compared before the owner came is refused after. One by nothing but a code proved
// nothing yet, and waits for what its code cannot give it any more.
func TestLoginIsNotSavedLate(t *testing.T) {
	for name, c := range map[string]struct {
		ask     func(h *house) step
		refused bool
	}{
		"by a password": {func(h *house) step { return withPassword(h, evil) }, true},
		"by a code":     {func(h *house) step { return h.requestCode(evil) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSquat(t, "sqlite")
			account(s.house).LoginByCodeRequired.All = true
			d := s.device()
			s.atSettling(func() { lateEvents["the owner comes in by a login code"].do(s, s.beside()) })
			_, err := d.try(c.ask(s.house))
			s.on(nil)
			if c.refused {
				s.refused(err, refusal.Conflict, "")
				if told := s.refusals.conflicts; !slices.Equal(told, []bool{false, true}) {
					t.Errorf("the observer was told of %v, not of a step that is run again and then refused", told)
				}
				if n := len(s.letters(evil)); n != 1 {
					t.Errorf("%d letters", n)
				}
				return
			}
			s.must(err)
			after := s.accounts()
			_, err = d.try(s.confirmCode(s.code(evil)))
			if what := changed(after, s.accounts()); what != "" || d.user() != "" {
				t.Errorf("it was answered %v, and changed\n%s", err, what)
			}
		})
	}
}

// TestSessionThatWasPutOutIsGoodForNothing: the accounts are asked, and not what the session says. Otherwise one that is saved by another
// way after its user was put out would be as good as before.
func TestSessionThatWasPutOutIsGoodForNothing(t *testing.T) {
	for name, x := range map[string]struct {
		change func(s *squat)
		to     string
		use    func(h *house, code string) step
		again  []func(h *house) step // what else may be done while it waits
	}{
		"for the code of its address": {func(s *squat) {
			provesByCode(account(s.house))
			account(s.house).EmailVerificationSupportsResend, account(s.house).EmailVerificationSupportsChange = 5, 5
			s.exec(`UPDATE users SET phone_verified = TRUE`)
		}, evil, (*house).verifyEmail, []func(h *house) step{
			func(h *house) step { return func(v *flows.Visit) error { return h.ResendEmailCode(h.Context(), v) } },
			func(h *house) step { return h.addEmail("eve@example.net") },
		}},
		"for the code of its number": {func(s *squat) {
			account(s.house).EmailVerification = tenants.VerificationMandatory
			account(s.house).PhoneVerificationSupportsResend, account(s.house).PhoneVerificationSupportsChange = 5, 5
		}, number(1), (*house).verifyPhone, []func(h *house) step{
			func(h *house) step { return h.resendText },
			func(h *house) step { return h.changePhone(number(2)) },
		}},
		"for a login code on top": {func(s *squat) { account(s.house).LoginByCodeRequired.All = true }, evil, (*house).confirmCode, []func(h *house) step{
			func(h *house) step { return h.resendCode },
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range len(x.again) + 1 {
				s := newSquat(t, "sqlite")
				x.change(s)
				d := s.device()
				d.do(withPassword(s.house, evil))
				s.code(x.to) // otherwise the other process reads it
				lateEvents["the owner comes in by a login code"].do(s, s.beside())
				s.exec(`UPDATE sessions SET alive = TRUE WHERE pending`)
				after := s.accounts()
				if i > 0 {
					_, _ = d.try(x.again[i-1](s.house)) // it may be refused
				}
				_, err := d.try(x.use(s.house, s.code(x.to)))
				if what := changed(after, s.accounts()); what != "" || d.user() != "" {
					t.Errorf("it was answered %v, and changed\n%s", err, what)
				}
			}
		})
	}
}

// TestSignupThatIsClaimedIsNotMoved: whoever signed up with another's address or number, and changes it for their own just when the
// owner comes in, changes nothing of the owner's account.
func TestSignupThatIsClaimedIsNotMoved(t *testing.T) {
	const both = `, "login_methods": ["phone", "email"], "login_by_code_enabled": true, "phone_verification_supports_change": 1,
		"email_verification_supports_change": 1, ` + unlimited
	for name, x := range map[string]struct {
		fields string
		in     flows.SignupInput
		owner  string
		move   func(h *house) step
	}{
		"to another address": {`["email*", "password1*"]`, signupOf(victim), victim, func(h *house) step { return h.addEmail(evil) }},
		"to another number":  {`["phone*", "email*", "password1*"]`, flows.SignupInput{Email: evil, Phone: number(1), Password: password}, number(1), func(h *house) step { return h.changePhone(number(2)) }},
	} {
		t.Run(name, func(t *testing.T) {
			testkit.Engines(t, func(t *testing.T, engine string) {
				h := newHouse(t, engine, byCode+both+`, "signup_fields": `+x.fields)
				d := h.device()
				d.do(h.signUp(x.in))
				var after map[string][]string
				h.atSettling(func() {
					b := h.beside()
					owner := b.device()
					owner.do(b.requestCode(x.owner))
					owner.do(b.confirmCode(b.code(x.owner)))
					after = h.accounts()
				})
				v, err := d.try(x.move(h))
				h.on(nil)
				if what := changed(after, h.accounts()); what != "" || v.Pending() != "" {
					t.Errorf("it was answered %v, waits at %q, and changed\n%s", err, v.Pending(), what)
				}
			})
		})
	}
}

// TestClaimAndProofAtOnceAreOneAfterTheOther has the owner claim an account when the link that proves the squatter's address has done
// everything but commit, and the other way round. Whichever is first, only one of the two addresses is proved.
func TestClaimAndProofAtOnceAreOneAfterTheOther(t *testing.T) {
	for name, linkFirst := range map[string]bool{"the link first": true, "the owner first": false} {
		t.Run(name, func(t *testing.T) {
			s := newSquat(t, "postgres")
			owner := s.device()
			owner.do(s.requestCode(victim))
			code, link, b := s.code(victim), s.key(evil), s.beside()
			claims := func(h *house) error { return h.ConfirmLoginCode(h.Context(), h.open(owner.token), code) }
			proves := func(h *house) error { return h.VerifyEmail(h.Context(), h.open(""), link) }
			first, second := claims, proves
			if linkFirst {
				first, second = proves, claims
			}
			others := make(chan error, 1)
			began := false
			s.on(func(op, _ string) error {
				if op != faultdb.Commit || began {
					return nil
				}
				began = true
				go func() { others <- second(b) }()
				for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
					if len(others) > 0 || s.one(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) != "0" {
						break
					}
				}
				return nil
			})
			err := first(s.house)
			s.on(nil)
			other := <-others
			if n := s.one(`SELECT COUNT(*) FROM emails WHERE verified`); n != "1" {
				t.Errorf("%s addresses are proved; answered %v and %v", n, err, other)
			}
			if in := s.open(owner.token).Authenticated(); in {
				t.Error("the token that waited is signed in")
			}
		})
	}
}

// TestOwnerIsToldWhereTheAddressIsProved, and not whoever made the account with an address of their own before the owner's.
func TestOwnerIsToldWhereTheAddressIsProved(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *squat, owner *device)
		want   string
	}{
		"a new password": {func(s *squat, owner *device) { owner.do(s.changePassword(password, otherPassword)) }, "password_changed"},
		"a reset": {func(s *squat, owner *device) {
			s.device().do(s.requestReset(victim))
			s.device().do(s.reset(s.key(victim), otherPassword))
		}, "password_reset"},
		"a code for a new password, first of all": {func(s *squat, owner *device) {
			account(s.house).PasswordResetByCodeEnabled = true
			owner.do(s.requestReset(victim))
			owner.do(s.reset(s.code(victim), otherPassword))
		}, "password_reset"},
		"another number": {func(s *squat, owner *device) {
			owner.do(s.changePhone(number(3)))
			owner.do(s.verifyPhone(s.code(number(3))))
		}, "phone_changed"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSquat(t, "sqlite")
			account(s.house).EmailNotifications = true
			owner := s.device()
			if !strings.HasSuffix(name, "first of all") {
				owner.do(s.requestCode(victim))
				owner.do(s.confirmCode(s.code(victim)))
			}
			before := len(s.letters(evil))
			c.change(s, owner)
			if got := s.kinds(evil)[before:]; len(got) > 0 {
				t.Errorf("whoever made the account is sent %v", got)
			}
			if got := s.kinds(victim); got[len(got)-1] != c.want {
				t.Errorf("the owner is sent %v", got)
			}
		})
	}
}
