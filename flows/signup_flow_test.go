package flows_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// TestManySignupsWithOneAddressMakeOneAccount signs one address up many times at once.
func TestManySignupsWithOneAddressMakeOneAccount(t *testing.T) {
	const n = 64
	testkit.Engines(t, func(t *testing.T, engine string) {
		for _, row := range []struct {
			name, account string
			lost          func(v *flows.Visit, err error) string // what is wrong with a signup that came late
		}{
			{"where the address is hidden", mandatory, func(v *flows.Visit, err error) string {
				if err != nil || v.Pending() != flows.VerifyEmail || v.Issued() == "" {
					return fmt.Sprintf("pending %q, %v", v.Pending(), err)
				}
				return ""
			}},
			{"where it is told", optional, func(v *flows.Visit, err error) string {
				if r, ok := refusal.As(err); !ok || len(r.Details) != 1 || r.Details[0].Code != refusal.EmailTaken || v.Issued() != "" {
					return fmt.Sprint(err)
				}
				return ""
			}},
		} {
			t.Run(row.name, func(t *testing.T) {
				h := newHouse(t, engine, row.account)
				visits := make([]*flows.Visit, n)
				for i := range visits {
					visits[i] = h.open("")
				}
				errs := together(n, func(i int) error { return h.Signup(t.Context(), visits[i], signupOf("ann@example.org")) })
				won := 0
				for i, err := range errs {
					if err == nil && visits[i].Authenticated() {
						won++
						continue
					}
					if fault := row.lost(visits[i], err); fault != "" {
						t.Error(fault)
					}
				}
				if row.account == optional && won != 1 {
					t.Errorf("%d signups were let in", won)
				}
				if row.account == mandatory && won != 0 {
					t.Errorf("%d signups were let in before the address was proven", won)
				}
				if h.count("users") != "1" || h.count("emails") != "1" {
					t.Errorf("%s users and %s addresses", h.count("users"), h.count("emails"))
				}
				if got := h.one(`SELECT COUNT(*) FROM sessions WHERE user_id IS NOT NULL`); got != "1" {
					t.Errorf("%s sessions belong to the user", got)
				}
				key := h.key("ann@example.org")
				h.must(h.VerifyEmail(t.Context(), h.open(""), key))
				h.login("ann@example.org")
			})
		}
	})
}

// TestStrictlyHiddenAddressesAreProvenOnce lets two accounts sign up with one address. Whoever proves it first has it.
func TestStrictlyHiddenAddressesAreProvenOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		for _, atOnce := range []bool{false, true} {
			t.Run(map[bool]string{false: "one after the other", true: "at once"}[atOnce], func(t *testing.T) {
				h := newHouse(t, engine, optional+`, "prevent_enumeration": "strict"`)
				_, squatter := h.signup("ann@example.org")
				keys := []string{h.key("ann@example.org")}
				h.clock.Advance(4 * time.Minute)
				_, owner := h.signup("ann@example.org")
				keys = append(keys, h.key("ann@example.org"))
				if h.count("users") != "2" || keys[0] == keys[1] {
					t.Fatalf("%s users", h.count("users"))
				}
				visits := []*flows.Visit{h.open(squatter), h.open(owner)}
				verify := func(i int) error { return h.VerifyEmail(t.Context(), visits[i], keys[i]) }
				var errs []error
				if atOnce {
					errs = together(2, verify)
				} else {
					errs = []error{verify(0), verify(1)}
				}
				won := 0
				for i, err := range errs {
					if err == nil {
						won++
						continue
					}
					h.refused(err, refusal.Invalid, refusal.EmailTaken)
					if all, err := h.Emails(t.Context(), h.open([]string{squatter, owner}[i])); err != nil || all[0].Verified {
						t.Errorf("whoever came late has %v, %v", all, err)
					}
				}
				if won != 1 {
					t.Errorf("%d proved the address", won)
				}
				if n := h.one(`SELECT COUNT(*) FROM emails WHERE verified AND exclusive`); n != "1" {
					t.Errorf("%s accounts have the address for themselves", n)
				}
				// From now on the address means the account that proved it.
				h.signedInAs(h.login("ann@example.org"), h.one(`SELECT user_id FROM emails WHERE verified`))
				h.clock.Advance(4 * time.Minute)
				third := h.open("")
				h.must(h.Signup(t.Context(), third, signupOf("ann@example.org")))
				h.refused(h.VerifyEmail(t.Context(), third, h.key("ann@example.org")), refusal.Invalid, refusal.EmailTaken)
			})
		}
	})
}

// TestHoneypotLeavesNoTrace: a program that fills in the field which people leave empty is answered as a person whose signup waits,
// and that is all.
func TestHoneypotLeavesNoTrace(t *testing.T) {
	for name, c := range map[string]struct {
		account string
		at      flows.Stage
	}{
		"where a link is mailed":   {mandatory, flows.VerifyEmail},
		"where a code is mailed":   {byCode, flows.VerifyEmail},
		"where a code is texted":   {mandatory + `, "login_methods": ["phone"], "signup_fields": ["email*", "phone*", "password1*"]`, flows.VerifyPhone},
		"where a code is required": {mandatory + `, "login_by_code_required": true`, flows.LoginByCode},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", c.account+`, "signup_form_honeypot_field": "website"`)
			in := signupOf("bot@example.org")
			in.Phone, in.Honeypot = number(1), "https://spam.example"
			d := h.device()
			v := d.do(h.signUp(in))
			program := told(v, nil)
			if v.Pending() != c.at {
				t.Errorf("the answer gives it away: pending %q", v.Pending())
			}
			for _, confirm := range []func(code string) step{h.confirmCode, h.verifyPhone, h.verifyEmail} {
				if v, err := d.try(confirm("BCDF-GHJK")); err == nil || v.Authenticated() {
					t.Error("a guess is taken")
				}
			}
			if h.count("users") != "0" || h.queued() != "0" {
				t.Errorf("%s users, %s messages", h.count("users"), h.queued())
			}
			_, err := h.device().try(h.signUp(signupOf("nobody")))
			if !refusal.Is(err, refusal.Invalid) {
				t.Errorf("got %v", err)
			}
			h.clock.Advance(time.Hour)
			in.Honeypot = ""
			person := told(h.device().do(h.signUp(in)), nil)
			if h.count("users") != "1" {
				t.Error("a person who left the field empty got no account")
			}
			if program != person {
				t.Errorf("a program is told %s\na person %s", program, person)
			}
		})
	}
}

// TestTakenAndFreeAddressesLookAlike compares what a stranger is told of a taken and of a free address.
func TestTakenAndFreeAddressesLookAlike(t *testing.T) {
	h := newHouse(t, "sqlite", mandatory)
	h.verified("ann@example.org")
	h.clock.Advance(time.Hour)
	taken, _ := h.signup("ann@example.org")
	free, _ := h.signup("eve@example.org")
	if a, b := fmt.Sprint(taken.Status()), fmt.Sprint(free.Status()); a != b {
		t.Errorf("a taken address is answered %s, a free one %s", a, b)
	}
	if a, b := len(h.letters("ann@example.org")), len(h.letters("eve@example.org")); a != 2 || b != 1 {
		t.Errorf("%d and %d mails", a, b)
	}
}

// TestAddressThatIsTypedInTwoWays and is taken, or none, has that told and nothing else.
func TestAddressThatIsTypedInTwoWays(t *testing.T) {
	h := newHouse(t, "sqlite", `"email_verification": "none", "signup_fields": ["email*", "email2*", "password1*"], `+unlimited)
	in := signupOf("ann@example.org")
	in.Email2 = "ANN@example.org"
	h.device().do(h.signUp(in))
	in.Email2 = "bob@example.org"
	for email, want := range map[string]string{
		"ann@example.org": "email: email_taken", "nope": "email: invalid", "eve@example.org": "email2: ",
	} {
		in.Email = email
		_, err := h.device().try(h.signUp(in))
		if got := strings.Join(faults(err), ", "); got != want {
			t.Errorf("%s is answered %s", email, got)
		}
	}
}

// TestSignupsAtOnceWhoseNamesAreMadeOfTheirAddresses are all served, and told nothing of each other: one of them gets the name, and the
// others one that is like it.
func TestSignupsAtOnceWhoseNamesAreMadeOfTheirAddresses(t *testing.T) {
	const n = 64
	for name, c := range map[string]struct {
		account string
		email   func(i int) string
		users   string
		in      bool
	}{
		"of one address":                            {mandatory, func(int) string { return "ann@example.org" }, "1", false},
		"of one address, proved by a code":          {byCode, func(int) string { return "ann@example.org" }, "1", false},
		"of one address, strictly hidden":           {optional + `, "prevent_enumeration": "strict"`, func(int) string { return "ann@example.org" }, "64", true},
		"of addresses that begin alike":             {optional, func(i int) string { return fmt.Sprintf("ann@example%d.org", i) }, "64", true},
		"of addresses that begin alike, and hidden": {mandatory, func(i int) string { return fmt.Sprintf("ann@example%d.org", i) }, "64", false},
		"of addresses that make no name":            {mandatory, func(i int) string { return fmt.Sprintf("!@example%d.org", i) }, "64", false},
	} {
		t.Run(name, func(t *testing.T) {
			testkit.Engines(t, func(t *testing.T, engine string) {
				h := newHouse(t, engine, c.account+`, `+unlimited)
				visits := make([]*flows.Visit, n)
				for i := range visits {
					visits[i] = h.open("")
				}
				answers := map[string]int{}
				errs := together(n, func(i int) error { return h.Signup(t.Context(), visits[i], signupOf(c.email(i))) })
				for i, err := range errs {
					v := visits[i]
					answers[fmt.Sprint(err, v.Authenticated(), v.Pending(), v.Issued() != "")]++
				}
				want := fmt.Sprint(nil, c.in, flows.VerifyEmail, true)
				if c.in {
					want = fmt.Sprint(nil, c.in, flows.Done, true)
				}
				if answers[want] != n {
					t.Errorf("answered %v", answers)
				}
				if got := h.count("users"); got != c.users {
					t.Errorf("%s accounts", got)
				}
			})
		})
	}
}

// TestSquattersDoNotCrowdOutTheOwner: where addresses are hidden strictly, any number of accounts may be made with one that nobody has
// proved. However many there are, and whenever they came, the owner of the mailbox can sign up, log in and set a password, and is the only
// one whom the address means once it is proved.
func TestSquattersDoNotCrowdOutTheOwner(t *testing.T) {
	const squatters = 6
	const ownPassword = "Harbour-Violet-61!"
	signUp := func(h *house) *device {
		d := h.device()
		d.do(h.signUp(flows.SignupInput{Email: victim, Password: ownPassword}))
		h.clock.Advance(time.Second)
		return d
	}
	verify := func(h *house, d *device) {
		h.clock.Advance(time.Hour) // until a link is mailed again
		if sent, err := d.resend(victim); err != nil || !sent {
			h.Fatalf("sent %t, %v", sent, err)
		}
		h.must(h.VerifyEmail(h.Context(), h.open(""), h.key(victim)))
	}
	logIn := func(h *house) *device {
		d := h.device()
		d.do(h.logIn(loginOf(victim, ownPassword)))
		return d
	}
	for name, c := range map[string]struct {
		account string
		before  bool // the owner has signed up before some of the squatters
		enter   func(h *house) *device
	}{
		"a signup, and its link": {optional, false, func(h *house) *device {
			d := signUp(h)
			h.must(h.VerifyEmail(h.Context(), h.open(""), h.key(victim)))
			return d
		}},
		"a signup, a login, and a link": {optional, false, func(h *house) *device {
			own := signUp(h).user()
			d := logIn(h)
			if d.user() != own {
				h.Error("the password signs in somebody else")
			}
			verify(h, d)
			return d
		}},
		"a signup before most of them, a login, and a link": {optional, true, func(h *house) *device {
			d := logIn(h)
			verify(h, d)
			return d
		}},
		"a signup, a link for a new password, a login, and a link": {optional, false, func(h *house) *device {
			signUp(h)
			h.device().do(h.requestReset(victim))
			h.device().do(h.reset(h.proof(victim), ownPassword))
			d := logIn(h)
			verify(h, d)
			return d
		}},
		"a link for a new password, a login, and a link": {optional, false, func(h *house) *device {
			h.device().do(h.requestReset(victim))
			h.device().do(h.reset(h.proof(victim), ownPassword))
			d := logIn(h)
			verify(h, d)
			return d
		}},
		"a code for a new password": {resetByCode, false, func(h *house) *device {
			d := h.device()
			d.do(h.requestReset(victim))
			d.do(h.reset(h.proof(victim), ownPassword))
			return logIn(h)
		}},
		"a login code": {codeLogin, false, func(h *house) *device {
			d := h.device()
			d.do(h.requestCode(victim))
			d.do(h.confirmCode(h.code(victim)))
			return d
		}},
	} {
		t.Run(name, func(t *testing.T) {
			testkit.Engines(t, func(t *testing.T, engine string) {
				h := newHouse(t, engine, c.account+`, "prevent_enumeration": "strict", `+unlimited)
				var others []*device
				for i := range squatters {
					if c.before && i == 1 {
						signUp(h)
					}
					d := h.device()
					d.do(h.signUp(flows.SignupInput{Email: victim, Password: fmt.Sprintf("Kestrel-Orbit-%d!", i)}))
					h.clock.Advance(time.Second)
					others = append(others, d)
				}
				owner := c.enter(h)
				id := owner.user()
				if id == "" || owner.emails()[victim] != "primary verified" {
					t.Fatalf("the owner is %q, with %v", id, owner.emails())
				}
				if n := h.one(`SELECT COUNT(*) FROM emails WHERE verified`); n != "1" {
					t.Errorf("%s accounts have proved the address", n)
				}
				for i, d := range others {
					if d.user() == id {
						t.Errorf("squatter %d is still in the owner's account", i)
					}
					_, err := h.device().try(h.logIn(loginOf(victim, fmt.Sprintf("Kestrel-Orbit-%d!", i))))
					h.refused(err, refusal.Invalid, refusal.EmailMismatch)
				}
				before := len(h.letters(victim))
				h.device().do(h.requestReset(victim))
				if n := len(h.letters(victim)) - before; n != 1 {
					t.Errorf("%d letters to one owner", n)
				}
			})
		})
	}
}

// TestAddressThatIsHeldIsNotTaken: whoever has proved an address of their own and adds another's to it, to keep its owner out, does not.
func TestAddressThatIsHeldIsNotTaken(t *testing.T) {
	for name, account := range map[string]string{
		"where it is hidden": mandatory, "where it is told": optional, "where nothing is hidden": optional + `, "prevent_enumeration": false`,
	} {
		t.Run(name, func(t *testing.T) {
			testkit.Engines(t, func(t *testing.T, engine string) {
				h := newHouse(t, engine, account+`, `+unlimited)
				h.signup(evil)
				h.must(h.VerifyEmail(t.Context(), h.open(""), h.key(evil)))
				d := h.signedIn(evil)
				d.do(h.addEmail(victim))
				const n = 8
				visits := make([]*flows.Visit, n)
				for i := range visits {
					visits[i] = h.open("")
				}
				together(n, func(i int) error { return h.Signup(t.Context(), visits[i], signupOf(victim)) })
				if got := h.count("users"); got != "2" {
					t.Fatalf("%s users", got)
				}
				h.must(h.VerifyEmail(t.Context(), h.open(""), h.key(victim)))
				owner := h.login(victim)
				if d.user() == h.open(owner).Status().User.ID {
					t.Error("it is the squatter's account")
				}
				if got := d.emails()[victim]; got != "unverified" {
					t.Errorf("to the squatter it is %q", got)
				}
			})
		})
	}
}

// TestThoseWhoAreNotReachedDoNotCrowdOutTheOwner: accounts that have another's address beside one that they proved, before the owner signs
// up with it and after, keep no code and no link from the owner, nor the password that is set by it.
func TestThoseWhoAreNotReachedDoNotCrowdOutTheOwner(t *testing.T) {
	const ownPassword = "Harbour-Violet-61!"
	for _, squatter := range []string{"proved another", "inactive"} {
		t.Run(squatter, func(t *testing.T) {
			testkit.Engines(t, func(t *testing.T, engine string) {
				h := newHouse(t, engine, codeLogin+`, "prevent_enumeration": "strict", `+unlimited)
				squat := func(names ...string) {
					for _, own := range names {
						d := h.device()
						d.do(h.signUp(signupOf(own)))
						h.exec(`UPDATE emails SET verified = TRUE WHERE email = $1`, own)
						d.do(h.addEmail(victim))
						if squatter == "inactive" {
							h.exec(`UPDATE emails SET verified = FALSE WHERE email = $1`, own)
							h.setActive(d.user(), false)
						}
						h.clock.Advance(time.Second)
					}
				}
				squat("a@example.com", "b@example.com")
				owner := h.device()
				owner.do(h.signUp(signupOf(victim)))
				h.clock.Advance(time.Second)
				squat("c@example.com", "d@example.com")

				h.device().do(h.requestReset(victim))
				h.device().do(h.reset(h.proof(victim), ownPassword))
				h.device().do(h.logIn(loginOf(victim, ownPassword)))
				d := h.device()
				d.do(h.requestCode(victim))
				d.do(h.confirmCode(h.code(victim)))
				if d.emails()[victim] != "primary verified" || len(d.emails()) != 1 {
					t.Errorf("the owner has %v", d.emails())
				}
			})
		})
	}
}
