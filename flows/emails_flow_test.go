package flows_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
)

// changeEmails does something about the addresses of whoever is signed in on the device. What it answers is what there is
// afterwards.
func (d *device) changeEmails(change func(v *flows.Visit) ([]flows.EmailView, error)) (map[string]string, error) {
	d.Helper()
	var views []flows.EmailView
	_, err := d.try(func(v *flows.Visit) (err error) {
		views, err = change(v)
		return err
	})
	if err != nil {
		return nil, err
	}
	now, err := d.Emails(d.Context(), d.visit())
	d.must(err)
	if !reflect.DeepEqual(views, now) {
		d.Errorf("the answer is %+v, and then there are %+v", views, now)
	}
	return seen(views), nil
}

func (d *device) add(email string) (map[string]string, error) {
	d.Helper()
	return d.changeEmails(func(v *flows.Visit) ([]flows.EmailView, error) { return d.AddEmail(d.Context(), v, email) })
}

func (d *device) promote(email string) (map[string]string, error) {
	d.Helper()
	return d.changeEmails(func(v *flows.Visit) ([]flows.EmailView, error) {
		return d.MakeEmailPrimary(d.Context(), v, email, true)
	})
}

func (d *device) remove(email string) (map[string]string, error) {
	d.Helper()
	return d.changeEmails(func(v *flows.Visit) ([]flows.EmailView, error) { return d.RemoveEmail(d.Context(), v, email) })
}

// resend has what proves an address mailed once more, and is whether it was.
func (d *device) resend(email string) (sent bool, err error) {
	d.Helper()
	_, err = d.try(func(v *flows.Visit) (err error) {
		sent, err = d.ResendEmail(d.Context(), v, email)
		return err
	})
	return sent, err
}

// have checks what an account's addresses are.
func (h *house) have(got map[string]string, err error, want ...string) {
	h.Helper()
	h.must(err)
	all := map[string]string{}
	for _, w := range want {
		email, is, _ := strings.Cut(w, " ")
		all[email] = is
	}
	if !maps.Equal(got, all) {
		h.Fatalf("the addresses are %v, want %v", got, all)
	}
}

func TestAddressesAreAddedProvedPromotedAndRemoved(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, `+unlimited)
	h.verified("ann@example.org")
	d := h.signedIn("ann@example.org")
	other := h.signedIn("ann@example.org")

	got, err := d.add(" Ann@Example.COM ")
	h.have(got, err, "ann@example.org primary verified", "ann@example.com unverified")
	if got := h.kinds("ann@example.com"); !slices.Equal(got, []string{"email_confirmation"}) {
		t.Errorf("sent %v", got)
	}
	_, err = d.promote("ann@example.com")
	h.refused(err, refusal.Invalid, refusal.UnverifiedPrimary)
	_, err = h.device().try(h.logIn(loginOf("ann@example.com", password)))
	h.must(err) // which waits for nothing where verifying is a wish

	d.do(h.verifyEmail(h.key("ann@example.com")))
	h.have(d.emails(), nil, "ann@example.org primary verified", "ann@example.com verified")
	got, err = d.promote("ANN@example.com")
	h.have(got, err, "ann@example.org verified", "ann@example.com primary verified")
	for _, d := range []*device{d, other} {
		if got := d.visit().Status().User.Email; got != "ann@example.com" {
			t.Errorf("the user is shown with %s", got)
		}
	}
	_, err = d.remove("ann@example.com")
	h.refused(err, refusal.Invalid, refusal.CannotRemovePrimary)
	got, err = d.remove("Ann@example.org")
	h.have(got, err, "ann@example.com primary verified")
	_, err = d.remove("ann@example.com")
	h.refused(err, refusal.Invalid, refusal.CannotRemovePrimary) // it is the only way in
	_, err = h.device().try(h.logIn(loginOf("ann@example.org", password)))
	h.refused(err, refusal.Invalid, refusal.EmailMismatch)
	if d.user() == "" || other.user() == "" {
		t.Error("a session ended with the address that it was begun with")
	}
}

func TestAddressesThatCannotBeAdded(t *testing.T) {
	const bound = optional + `, "max_email_addresses": 2, ` + unlimited
	for name, c := range map[string]struct {
		account, email string
		code           refusal.Code
	}{
		"none":                           {optional, " ", refusal.Required},
		"what is none":                   {optional, "nope", refusal.Malformed},
		"one that is too long":           {optional + `, "email_max_length": 20`, "a.long.name@example.org", refusal.TooLong},
		"one's own":                      {optional, "ANN@Example.org", refusal.DuplicateEmail},
		"one's own second":               {optional, "ann@example.com", refusal.DuplicateEmail},
		"somebody else's, which is told": {optional + `, "prevent_enumeration": false`, "Bob@example.org", refusal.EmailTaken},
		"somebody else's second, which is told": {
			optional + `, "prevent_enumeration": false`, "bob@example.com", refusal.EmailTaken,
		},
		"one too many":                      {bound, "third@example.org", refusal.MaxEmailAddresses},
		"one too many, and somebody else's": {bound, "bob@example.org", refusal.MaxEmailAddresses},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", c.account)
			for _, who := range []string{"bob", "ann"} {
				h.signup(who + "@example.org")
				h.signedIn(who + "@example.org").do(h.addEmail(who + "@example.com"))
			}
			sent := h.queued()
			_, err := h.signedIn("ann@example.org").add(c.email)
			h.refused(err, refusal.Invalid, c.code)
			if r, _ := refusal.As(err); r.Details[0].Param != "email" || h.queued() != sent || h.count("emails") != "4" {
				t.Errorf("param %q, %s messages, %s addresses", r.Details[0].Param, h.queued(), h.count("emails"))
			}
		})
	}
}

// TestTakenAddressIsAddedAsAnyOther: where it is not told who has an address, whoever proves it first has it.
func TestTakenAddressIsAddedAsAnyOther(t *testing.T) {
	for name, proved := range map[string]bool{"and proved by the other": true, "and not proved": false} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", optional+`, `+unlimited)
			if proved {
				h.verified("bob@example.org")
			} else {
				h.signup("bob@example.org")
			}
			h.verified("ann@example.org")
			d := h.signedIn("ann@example.org")
			got, err := d.add("bob@example.org")
			h.have(got, err, "ann@example.org primary verified", "bob@example.org unverified")
			_, err = d.try(h.verifyEmail(h.key("bob@example.org")))
			if proved {
				h.refused(err, refusal.Invalid, refusal.EmailTaken)
				h.have(d.emails(), nil, "ann@example.org primary verified", "bob@example.org unverified")
				return
			}
			h.must(err)
			if n := h.one(`SELECT COUNT(*) FROM emails WHERE email_key = 'bob@example.org' AND exclusive`); n != "1" {
				t.Errorf("%s accounts have the address for themselves", n)
			}
		})
	}
}

func TestPrimaryAddressIsChosenAmongWhatIsProved(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, `+unlimited)
	h.signup("ann@example.org")
	d := h.signedIn("ann@example.org")
	d.do(h.addEmail("ann@example.com"))
	got, err := d.promote("ann@example.com") // nothing is proved: any will do
	h.have(got, err, "ann@example.org unverified", "ann@example.com primary unverified")
	got, err = d.promote("ann@example.com")
	h.have(got, err, "ann@example.org unverified", "ann@example.com primary unverified")
	for email, code := range map[string]refusal.Code{"bob@example.org": refusal.UnknownEmail, "": refusal.Required, "nope": refusal.Malformed} {
		_, err := d.promote(email)
		h.refused(err, refusal.Invalid, code)
	}
	_, err = h.MakeEmailPrimary(t.Context(), d.visit(), "ann@example.org", false)
	h.refused(err, refusal.Invalid, refusal.Required)
	_, err = h.MakeEmailPrimary(t.Context(), d.visit(), "", false)
	if r, ok := refusal.As(err); !ok || len(r.Details) != 2 {
		t.Errorf("got %v", err)
	}
	d.do(h.verifyEmail(h.key("ann@example.org")))
	_, err = d.promote("ann@example.com")
	h.refused(err, refusal.Invalid, refusal.UnverifiedPrimary)
	got, err = d.promote("ann@example.org")
	h.have(got, err, "ann@example.org primary verified", "ann@example.com unverified")
}

func TestLastAddressIsRemovedWhereItIsNotTheOnlyWayIn(t *testing.T) {
	const username = optional + `, "login_methods": ["username"], "signup_fields": ["username*", "email", "password1*"], "email_notifications": true, ` + unlimited
	h := newHouse(t, "sqlite", username)
	in := flows.SignupInput{Username: "ann", Email: "ann@example.org", Password: password}
	d := h.device()
	d.do(h.signUp(in))
	key := h.key("ann@example.org")
	got, err := d.remove("ann@example.org")
	h.have(got, err)
	if u := d.visit().Status().User; u.Email != "" || u.Username != "ann" {
		t.Errorf("the user is %+v", u)
	}
	if got := h.kinds("ann@example.org"); !slices.Equal(got, []string{"email_confirmation_signup"}) {
		t.Errorf("an address that is gone is sent %v", got)
	}
	_, err = d.try(h.verifyEmail(key))
	h.refused(err, refusal.Invalid, refusal.InvalidOrExpiredKey)
	got, err = d.add("ann@example.com")
	h.have(got, err, "ann@example.com unverified")
	d.do(h.verifyEmail(h.key("ann@example.com"))) // the first that is proved becomes the primary one
	h.have(d.emails(), nil, "ann@example.com primary verified")
	if u := d.visit().Status().User; u.Email != "ann@example.com" {
		t.Errorf("the user is %+v", u)
	}
}

func TestAddressesOfOthersAreUnknown(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, `+unlimited)
	h.verified("ann@example.org")
	h.verified("bob@example.org")
	d := h.signedIn("ann@example.org")
	_, err := d.remove("bob@example.org")
	h.refused(err, refusal.Invalid, refusal.UnknownEmail)
	_, err = d.promote("bob@example.org")
	h.refused(err, refusal.Invalid, refusal.UnknownEmail)
	_, err = d.resend("bob@example.org")
	h.refused(err, refusal.Invalid, refusal.UnknownEmail)
	if n := len(h.letters("bob@example.org")); n != 1 || h.count("emails") != "2" {
		t.Errorf("%d mails, %s addresses", n, h.count("emails"))
	}
}

func TestAddressesAreForWhoeverIsSignedIn(t *testing.T) {
	h := newHouse(t, "sqlite", mandatory)
	_, waiting := h.signup("ann@example.org")
	for _, d := range []*device{h.device(), {house: h, token: waiting}} {
		_, err := h.Emails(t.Context(), d.visit())
		h.refused(err, refusal.Unauthenticated, "")
		_, err = d.add("ann@example.com")
		h.refused(err, refusal.Conflict, "") // which could be a signup that changes its address
		_, err = d.promote("ann@example.org")
		h.refused(err, refusal.Unauthenticated, "")
		_, err = d.remove("ann@example.org")
		h.refused(err, refusal.Unauthenticated, "")
		_, err = d.resend("ann@example.org")
		h.refused(err, refusal.Unauthenticated, "")
	}
}

func TestManagingAddressesIsLimited(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, "rate_limits": {"manage_email": "2/m/user"}`)
	h.signup("ann@example.org")
	h.signup("bob@example.org")
	d := h.signedIn("ann@example.org")
	_, err := d.remove("nope")
	h.refused(err, refusal.Invalid, "")
	d.do(h.addEmail("ann@example.com"))
	for name, call := range map[string]func() error{
		"adding":    func() error { _, err := d.add("more@example.org"); return err },
		"promoting": func() error { _, err := d.promote("ann@example.com"); return err },
		"removing":  func() error { _, err := d.remove("ann@example.com"); return err },
		"resending": func() error { _, err := d.resend("ann@example.com"); return err },
	} {
		if err := call(); !refusal.Is(err, refusal.Limited) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.emails() // looking is free
	h.signedIn("bob@example.org").do(h.addEmail("bob@example.com"))
	h.clock.Advance(time.Minute)
	d.do(h.addEmail("more@example.org"))
}

// TestLinkIsMailedAgainAfterAWhile: what came first is still good meanwhile.
func TestLinkIsMailedAgainAfterAWhile(t *testing.T) {
	h := newHouse(t, "sqlite", optional)
	h.verified("ann@example.org")
	h.clock.Advance(time.Hour)
	d := h.signedIn("ann@example.org")
	d.do(h.addEmail("ann@example.com"))
	first := h.key("ann@example.com")
	for wait, want := range []bool{false, true} {
		if wait > 0 {
			h.clock.Advance(3 * time.Minute)
		}
		if sent, err := d.resend("ann@example.com"); err != nil || sent != want {
			t.Errorf("sent %t, %v", sent, err)
		}
		if refused := len(h.refusals.take()); refused == 1 == want {
			t.Errorf("sent is %t, and %d requests are said to have been refused", want, refused)
		}
	}
	if n := len(h.letters("ann@example.com")); n != 2 {
		t.Errorf("%d mails", n)
	}
	if sent, err := d.resend("ann@example.org"); err != nil || !sent { // though it is proved
		t.Errorf("sent %t, %v", sent, err)
	}
	d.do(h.verifyEmail(first))
}

// TestAddressThatIsAddedAgainIsMailedOnceInAWhile: its owner is not to be flooded.
func TestAddressThatIsAddedAgainIsMailedOnceInAWhile(t *testing.T) {
	h := newHouse(t, "sqlite", optional)
	h.signup("ann@example.org")
	d := h.signedIn("ann@example.org")
	for range 2 {
		d.do(h.addEmail("ann@example.com"))
		_, err := d.remove("ann@example.com")
		h.must(err)
	}
	if n := len(h.letters("ann@example.com")); n != 1 {
		t.Errorf("%d mails within three minutes", n)
	}
	d.do(h.addEmail("ann@example.com"))
	if refused := h.refusals.take(); len(refused) > 0 {
		t.Errorf("%q are said to have been refused, and were served without a mail", refused)
	}
	if sent, err := d.resend("ann@example.com"); sent || err != nil {
		t.Errorf("sent %t, %v", sent, err)
	}
	h.clock.Advance(3 * time.Minute)
	if sent, err := d.resend("ann@example.com"); !sent || err != nil {
		t.Errorf("sent %t, %v", sent, err)
	}
	d.do(h.verifyEmail(h.key("ann@example.com")))
}

func TestAddressThatWaitsForACodeIsTheSessionsAlone(t *testing.T) {
	h := newHouse(t, "sqlite", byCode+`, `+unlimited)
	d := h.member("ann@example.org")
	other := h.signedIn("ann@example.org")
	got, err := d.add("first@example.org")
	h.have(got, err, "ann@example.org primary verified", "first@example.org unverified")
	h.have(other.emails(), nil, "ann@example.org primary verified")
	if h.count("emails") != "1" {
		t.Errorf("%s addresses", h.count("emails"))
	}
	first := h.code("first@example.org")
	got, err = d.add("second@example.org") // in place of the first
	h.have(got, err, "ann@example.org primary verified", "second@example.org unverified")
	_, err = d.try(h.verifyEmail(first))
	h.refused(err, refusal.Invalid, refusal.IncorrectCode)
	_, err = d.promote("second@example.org")
	h.refused(err, refusal.Invalid, refusal.UnverifiedPrimary)
	got, err = d.remove("second@example.org") // giving it up
	h.have(got, err, "ann@example.org primary verified")
	_, err = d.try(h.verifyEmail(h.code("second@example.org")))
	h.refused(err, refusal.Conflict, "")

	got, err = d.add("third@example.org")
	h.have(got, err, "ann@example.org primary verified", "third@example.org unverified")
	key := h.code("third@example.org")
	found, pending, err := h.LookAtEmailKey(t.Context(), d.visit(), key)
	if err != nil || pending || found.Email != "third@example.org" || found.User.Email != "ann@example.org" {
		t.Errorf("the code is for %+v, %t, %v", found, pending, err)
	}
	d.do(h.verifyEmail(key)) // looking used nothing up
	h.have(other.emails(), nil, "ann@example.org primary verified", "third@example.org verified")
	if d.user() == "" || other.user() == "" {
		t.Error("a session ended")
	}
}

// TestPeeksAtACodeAreCounted: looking with a wrong code is a try.
func TestPeeksAtACodeAreCounted(t *testing.T) {
	h := newHouse(t, "sqlite", byCode+`, `+unlimited)
	d := h.device()
	d.do(h.signUp(signupOf("ann@example.org")))
	peek := func(code string) error {
		_, err := d.try(func(v *flows.Visit) error { _, _, err := h.LookAtEmailKey(t.Context(), v, code); return err })
		return err
	}
	right := h.code("ann@example.org")
	for _, look := range []bool{true, false} {
		if look {
			h.refused(peek(wrong(right)), refusal.Invalid, refusal.IncorrectCode)
			continue
		}
		_, err := d.try(h.verifyEmail(wrong(right)))
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
	}
	h.must(peek(right))
	h.refused(peek(wrong(right)), refusal.Invalid, refusal.IncorrectCode)
	h.refused(peek(right), refusal.Conflict, "")
	if d.visit().Pending() != "" {
		t.Error("the login still waits")
	}
}

func TestCodeIsMailedAgainAfterAWhile(t *testing.T) {
	h := newHouse(t, "sqlite", byCode+`, "email_verification_supports_resend": 2`)
	d := h.member("ann@example.org")
	h.clock.Advance(time.Minute)
	d.do(h.addEmail("ann@example.com"))
	_, err := d.resend("ann@example.com")
	h.refused(err, refusal.Limited, "")
	h.clock.Advance(10 * time.Second)
	for range 2 {
		if sent, err := d.resend("ann@example.com"); !sent || err != nil {
			t.Errorf("sent %t, %v", sent, err)
		}
		h.clock.Advance(10 * time.Second)
	}
	if sent, err := d.resend("ann@example.com"); sent || err != nil {
		t.Errorf("sent %t, %v", sent, err)
	}
	d.do(h.verifyEmail(h.code("ann@example.com")))
}

// TestCodeForAnAddressThatIsTakenProvesNothing, where another account has proved it; the code counts as a wrong one.
func TestCodeForAnAddressThatIsTakenProvesNothing(t *testing.T) {
	h := newHouse(t, "sqlite", byCode+`, "email_verification_by_code_max_attempts": 2, `+unlimited)
	h.member("bob@example.org")
	d := h.member("ann@example.org")
	d.do(h.addEmail("bob@example.org"))
	code := h.code("bob@example.org")
	for range 2 {
		_, err := d.try(h.verifyEmail(code))
		h.refused(err, refusal.Invalid, refusal.EmailTaken)
	}
	_, err := d.try(h.verifyEmail(code))
	h.refused(err, refusal.Conflict, "")
	h.have(d.emails(), nil, "ann@example.org primary verified")
}

// TestWhatIsRemovedWaitsForNoCode: an address of the list that is being proved by a code is not shown, nor proved, once it is
// removed.
func TestWhatIsRemovedWaitsForNoCode(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, `+unlimited)
	h.verified("ann@example.org")
	d := h.signedIn("ann@example.org")
	d.do(h.addEmail("ann@example.com"))
	account := &h.tenant.Settings.Account
	account.EmailVerification, account.EmailVerificationByCodeEnabled = "mandatory", true // from now on
	if sent, err := d.resend("ann@example.com"); !sent || err != nil {
		t.Fatalf("sent %t, %v", sent, err)
	}
	h.have(d.emails(), nil, "ann@example.org primary verified", "ann@example.com unverified")
	code := h.code("ann@example.com")
	got, err := d.remove("ann@example.com")
	h.have(got, err, "ann@example.org primary verified")
	_, err = d.try(h.verifyEmail(code))
	h.refused(err, refusal.Conflict, "")
}

// TestChangeModeHasOneAddress: the new one takes the place of the old when it is proved, and not before.
func TestChangeModeHasOneAddress(t *testing.T) {
	for name, account := range map[string]string{"by link": mandatory, "by code": byCode} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", account+`, "change_email": true, "email_notifications": true, `+unlimited)
			proof := func(to string) string {
				if account == byCode {
					return h.code(to)
				}
				return h.key(to)
			}
			h.device().do(h.signUp(signupOf("ann@example.org")))
			d := h.device()
			d.do(h.logIn(loginOf("ann@example.org", password)))
			d.do(h.verifyEmail(proof("ann@example.org")))
			if d.user() == "" {
				d = h.signedIn("ann@example.org")
			}
			sent := len(h.letters("ann@example.org"))

			got, err := d.add("typo@example.org")
			h.have(got, err, "ann@example.org primary verified", "typo@example.org unverified")
			typo := proof("typo@example.org")
			got, err = d.add("ann@example.com")
			h.have(got, err, "ann@example.org primary verified", "ann@example.com unverified")
			if _, err := d.try(h.verifyEmail(typo)); !refusal.Is(err, refusal.Invalid) {
				t.Errorf("what proves an address that was given up is answered with %v", err)
			}
			if u := d.visit().Status().User; u.Email != "ann@example.org" {
				t.Errorf("the address has changed before it is proved: %+v", u)
			}
			h.login("ann@example.org")

			d.do(h.verifyEmail(proof("ann@example.com")))
			h.have(d.emails(), nil, "ann@example.com primary verified")
			if u := d.visit().Status().User; u.Email != "ann@example.com" {
				t.Errorf("the user is %+v", u)
			}
			_, err = h.device().try(h.logIn(loginOf("ann@example.org", password)))
			h.refused(err, refusal.Invalid, refusal.EmailMismatch)
			h.login("ann@example.com")
			letters := h.letters("ann@example.org")[sent:]
			if len(letters) != 1 || letters[0].Kind != "email_changed" || letters[0].Data["from_email"] != "ann@example.org" || letters[0].Data["to_email"] != "ann@example.com" {
				t.Errorf("the old address is told %+v", letters)
			}
			if n := len(h.letters("ann@example.com")); n != 1 {
				t.Errorf("the new address is sent %d mails", n)
			}
		})
	}
}

func TestBoundOfAddressesCountsWhatThereIs(t *testing.T) {
	for most := 1; most <= 3; most++ {
		h := newHouse(t, "sqlite", fmt.Sprintf(`%s, "max_email_addresses": %d, %s`, optional, most, unlimited))
		h.signup("ann@example.org")
		d := h.signedIn("ann@example.org")
		for n := 1; n < most; n++ {
			d.do(h.addEmail(person(n)))
		}
		_, err := d.add("more@example.org")
		h.refused(err, refusal.Invalid, refusal.MaxEmailAddresses)
		if most > 1 {
			_, err = d.remove(person(1))
			h.must(err)
			d.do(h.addEmail("more@example.org"))
		}
	}
}

// TestAddressIsLookedForWithOneFault names addresses that cannot be one's own.
func TestAddressIsLookedForWithOneFault(t *testing.T) {
	h := newHouse(t, "sqlite", optional+`, `+unlimited)
	h.signup("ann@example.org")
	d := h.signedIn("ann@example.org")
	for typed, code := range map[string]refusal.Code{
		" ": refusal.Required, "nope": refusal.Malformed, "a\x00b@example.org": refusal.NullCharacters,
		strings.Repeat("x", 400): refusal.Malformed, "bob@example.org": refusal.UnknownEmail,
	} {
		for what, do := range map[string]func() error{
			"resend":  func() error { _, err := d.resend(typed); return err },
			"promote": func() error { _, err := d.promote(typed); return err },
			"remove":  func() error { _, err := d.remove(typed); return err },
		} {
			if got := faults(do()); len(got) != 1 || got[0] != "email: "+string(code) {
				t.Errorf("%s %.20q: %v", what, typed, got)
			}
		}
	}
}
