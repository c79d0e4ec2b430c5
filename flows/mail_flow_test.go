package flows_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/post"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
)

// everything are settings with which everything can be done: by address and number, with and without passwords.
const everything = optional + `, "login_methods": ["email", "phone"], "signup_fields": ["email", "phone", "password1"], "login_by_code_enabled": true, ` + unlimited

// household is ann@example.org with her number, both proved, on a device that she is signed in on.
func (h *house) household() *device {
	h.Helper()
	h.device().do(h.signUp(flows.SignupInput{Email: "ann@example.org", Phone: number(1), Password: password}))
	h.provePhone()
	h.proveEmail()
	return h.signedIn("ann@example.org")
}

// events are the changes that an account's owner is told of: the kinds of mail, and whom they go to. Each is of ann@example.org,
// who has the proved address ann@example.com and the number 1, too.
var events = map[string]struct {
	settings string
	change   func(h *house, d *device)
	want     []string // kinds and addresses
}{
	"a new password": {"", func(h *house, d *device) { d.do(h.changePassword(password, otherPassword)) }, []string{"password_changed to ann@example.org"}},
	"a first password": {"", func(h *house, d *device) {
		h.exec(`UPDATE users SET password = ''`)
		d.do(h.changePassword("", otherPassword))
	}, []string{"password_set to ann@example.org"}},
	"a reset by a link that went to the second address": {"", func(h *house, d *device) {
		d.do(h.requestReset("ann@example.com"))
		h.device().do(h.reset(h.key("ann@example.com"), otherPassword))
	}, []string{"password_reset_key to ann@example.com", "password_reset to ann@example.org"}},
	"a reset by a code": {`, "password_reset_by_code_enabled": true`, func(h *house, d *device) {
		d.do(h.requestReset("ann@example.org"))
		d.do(h.reset(h.code("ann@example.org"), otherPassword))
	}, []string{"password_reset_code to ann@example.org", "password_reset to ann@example.org"}},
	"the same primary address": {"", func(h *house, d *device) { _, err := d.promote("ann@example.org"); h.must(err) }, []string{"email_changed to ann@example.org"}},
	"another primary address":  {"", func(h *house, d *device) { _, err := d.promote("ann@example.com"); h.must(err) }, []string{"email_changed to ann@example.org"}},
	"an address that takes the place of all": {`, "change_email": true`, func(h *house, d *device) {
		d.do(h.addEmail("new@example.org"))
		d.do(h.verifyEmail(h.key("new@example.org")))
	}, []string{"email_confirmation to new@example.org", "email_changed to ann@example.org"}},
	"an address less": {"", func(h *house, d *device) { _, err := d.remove("ann@example.com"); h.must(err) }, []string{"email_deleted to ann@example.org"}},
	"another number": {"", func(h *house, d *device) {
		d.do(h.changePhone(number(2)))
		d.do(h.verifyPhone(h.code(number(2))))
	}, []string{"phone_verification to " + number(2), "phone_changed to ann@example.org"}},
	"an address more": {"", func(h *house, d *device) {
		d.do(h.addEmail("more@example.org"))
		d.do(h.verifyEmail(h.key("more@example.org")))
	}, []string{"email_confirmation to more@example.org"}},
	"an app":      {"", func(_ *house, d *device) { d.addApp() }, []string{"totp_activated to ann@example.org"}},
	"an app less": {"", func(h *house, d *device) { d.addApp(); d.do(h.deactivate) }, []string{"totp_activated to ann@example.org", "totp_deactivated to ann@example.org"}},
	"a key":       {"", func(_ *house, d *device) { d.addKey(newKey(), true) }, []string{"webauthn_added to ann@example.org"}},
	"two keys, and both less": {"", func(h *house, d *device) {
		d.do(h.removeKeys(d.addKey(newKey(), true).ID, d.addKey(newKey(), false).ID))
	}, []string{"webauthn_added to ann@example.org", "webauthn_added to ann@example.org", "webauthn_removed to ann@example.org", "webauthn_removed to ann@example.org"}},
	"new recovery codes": {"", func(h *house, d *device) { d.addApp(); d.do(h.regenerate) }, []string{"totp_activated to ann@example.org", "recovery_codes_generated to ann@example.org"}},
	"a look at recovery codes, and at an app to be": {"", func(_ *house, d *device) {
		d.look()
		x := d.addApp()
		d.recoveryCodes()
		d.do(d.showCodeAgain(x.code()))
	},
		[]string{"totp_activated to ann@example.org"}},
	"an account with a provider": {"", func(h *house, d *device) {
		h.withGoogle("ann")
		d.do(h.byToken("ann", "connect"))
	}, []string{"account_connected to ann@example.org"}},
	"an account with a provider less": {"", func(h *house, d *device) {
		h.withGoogle("ann")
		d.do(h.byToken("ann", "connect"))
		d.do(func(v *flows.Visit) error {
			_, err := h.DisconnectProvider(h.Context(), v, flows.DisconnectInput{Provider: "google", Account: "uid of ann"})
			return err
		})
	}, []string{"account_connected to ann@example.org", "account_disconnected to ann@example.org"}},
	"a login":            {"", func(h *house, _ *device) { h.login("ann@example.org") }, nil},
	"a reauthentication": {"", func(h *house, d *device) { d.do(h.reauthenticate(password)) }, nil},
	"a change that is refused": {"", func(h *house, d *device) {
		_, err := d.try(h.changePassword(password, weakPassword))
		h.refused(err, refusal.Invalid, "")
	}, nil},
}

// TestChangesAreToldToTheOwner where the tenant wants that, and to nobody otherwise.
func TestChangesAreToldToTheOwner(t *testing.T) {
	for name, e := range events {
		for setting, on := range map[string]bool{"true": true, "false": false} {
			t.Run(name+", notifications "+setting, func(t *testing.T) {
				h := newFactorHouse(t, "sqlite", everything+e.settings+`, "email_notifications": `+setting, keys)
				h.household().do(h.addEmail("ann@example.com"))
				h.proveEmail()
				d := h.signedIn("ann@example.org")
				h.letters("")
				before := len(h.mail)
				e.change(h, d)
				h.letters("")
				var got, want []string
				for _, l := range h.mail[before:] {
					got = append(got, l.Kind+" to "+l.To)
					if slices.Contains(notices, l.Kind) && (l.Data["ip"] != "192.0.2.7" || l.Data["user_agent"] != "a test" || l.Data["at"] != "1 June 2026, 12:00 UTC") {
						t.Errorf("%s says %v", l.Kind, l.Data)
					}
				}
				for _, w := range e.want {
					if kind, _, _ := strings.Cut(w, " "); on || !slices.Contains(notices, kind) {
						want = append(want, w)
					}
				}
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("sent %v, want %v", got, want)
				}
			})
		}
	}
}

// notices are the kinds that tell of a change.
var notices = []string{"password_changed", "password_set", "password_reset", "email_changed", "email_deleted", "phone_changed",
	"totp_activated", "totp_deactivated", "webauthn_added", "webauthn_removed", "recovery_codes_generated", "account_connected", "account_disconnected"}

// TestNobodyIsToldWhereThereIsNoAddress: an account of a number alone has none.
func TestNobodyIsToldWhereThereIsNoAddress(t *testing.T) {
	h := newHouse(t, "sqlite", everything+`, "email_notifications": true`)
	d := h.caller(number(1))
	d.do(h.changePassword(password, otherPassword))
	d.do(h.changePhone(number(2)))
	d.do(h.verifyPhone(h.code(number(2))))
	if n := h.one(`SELECT COUNT(*) FROM messages WHERE channel = 'mail'`); n != "0" {
		t.Errorf("%s mails", n)
	}
}

// TestEveryKindOfMessageIsOneThatPostKnows, and every one that post knows is sent on some occasion. That each can be sent is checked
// wherever one is looked for.
func TestEveryKindOfMessageIsOneThatPostKnows(t *testing.T) {
	sent := map[string]bool{}
	gather := func(h *house) {
		h.letters("")
		for _, l := range h.mail {
			sent[l.Kind+" by "+string(l.Channel)] = true
		}
	}
	for _, e := range events {
		h := newFactorHouse(t, "sqlite", everything+e.settings+`, "email_notifications": true`, keys)
		h.household().do(h.addEmail("ann@example.com"))
		h.proveEmail()
		e.change(h, h.signedIn("ann@example.org"))
		gather(h)
	}
	for _, w := range codes {
		h := newHouse(t, "sqlite", w.account+`, `+unlimited)
		w.begin(h, 1)
		gather(h)
	}
	h := newHouse(t, "sqlite", everything)
	h.household()
	for _, to := range []string{"nobody@example.org", number(9), "ann@example.org", number(1)} {
		h.device().do(h.requestCode(to))
	}
	gather(h)
	h = newHouse(t, "sqlite", mandatory+`, "login_methods": ["email", "phone"], "signup_fields": ["email*", "phone", "password1*"], `+unlimited)
	h.household()
	h.device().do(h.signUp(flows.SignupInput{Email: "ann@example.org", Password: password}))
	h.device().do(h.signUp(flows.SignupInput{Email: "eve@example.org", Phone: number(1), Password: password}))
	gather(h)
	h = newHouse(t, "sqlite", everything)
	_, err := h.Desk(h.tenant, h.noted).Create(t.Context(), flows.NewAccount{Email: "guest@example.org", Invited: true})
	h.must(err)
	gather(h)

	known := map[string]bool{}
	for _, k := range post.Kinds() {
		for _, c := range k.Channels {
			known[k.Name+" by "+string(c)] = true
		}
	}
	if !maps.Equal(sent, known) {
		t.Errorf("sent are\n%v\nand known\n%v", slices.Sorted(maps.Keys(sent)), slices.Sorted(maps.Keys(known)))
	}
}

// TestMailsSayWhenTheirCodeIsWorthNothing: a minute after it has run out, by which time a code that is under way is not sent.
func TestMailsSayWhenTheirCodeIsWorthNothing(t *testing.T) {
	want := map[string]string{
		"login_by_code_": "2026-06-01T12:04:00Z", "email_verification_by_code_": "2026-06-01T12:16:00Z",
		"phone_verification_": "2026-06-01T12:16:00Z", "password_reset_by_code_": "2026-06-01T12:04:00Z",
	}
	eachCode(t, func(t *testing.T, w waits) {
		h := newHouse(t, "sqlite", w.account+`, `+unlimited)
		_, to := w.begin(h, 1)
		letters := h.letters(to)
		if got := letters[len(letters)-1].Data["expires"]; got != want[w.setting] {
			t.Errorf("got %s, want %s", got, want[w.setting])
		}
	})
}

// TestWhoHasNoAccountIsLedToTheSignup where it is open.
func TestWhoHasNoAccountIsLedToTheSignup(t *testing.T) {
	for setting, want := range map[string]string{"true": "https://acme.example/account/signup", "false": ""} {
		h := newHouse(t, "sqlite", optional+`, "signup_enabled": `+setting)
		h.device().do(h.requestReset("nobody@example.org"))
		l := h.letters("nobody@example.org")
		if len(l) != 1 || l[0].Channel != store.Mail || l[0].Data["signup_url"] != want {
			t.Errorf("signup %s: %+v", setting, l)
		}
	}
}

// TestFirstLinkIsOwed: whoever signs up gets the link that proves the address, although somebody else had the address mailed while
// the number was being proved.
func TestFirstLinkIsOwed(t *testing.T) {
	h := newHouse(t, "sqlite", mandatory+`, "signup_fields": ["email*", "phone", "password1*"], "rate_limits": {"confirm_email": "1/h/key", "verify_phone": null}`)
	d := h.device()
	d.do(h.signUp(flows.SignupInput{Email: "ann@example.org", Phone: number(1), Password: password}))
	h.device().do(h.signUp(signupOf("ann@example.org")))
	d.do(h.verifyPhone(h.code(number(1))))
	if got := h.kinds("ann@example.org"); !slices.Equal(got, []string{"account_already_exists", "email_confirmation_signup"}) {
		t.Errorf("got %q", got)
	}
}

// TestWordOfAnAccountIsTheAccounts: what its owner is sent about a signup with what is taken is forgotten when the account is erased.
func TestWordOfAnAccountIsTheAccounts(t *testing.T) {
	for name, c := range map[string]struct {
		account string
		signUp  func(h *house, n int) *device
		change  func(h *house) step // instead of a signup with what is taken
	}{
		"an address that is proved by a link": {mandatory, nil, nil},
		"an address that is proved by a code": {byCode, nil, nil},
		"an address, behind a login code":     {mandatory + `, "login_by_code_required": true`, nil, nil},
		"a number": {byPhone, func(h *house, _ int) *device {
			d := h.device()
			d.do(h.signUp(phoneSignup(number(1))))
			return d
		}, nil},
		"a number that a signup changes to": {byPhone + `, "phone_verification_supports_change": 4`, func(h *house, n int) *device {
			d := h.device()
			d.do(h.signUp(phoneSignup(number(n))))
			return d
		}, func(h *house) step { return h.changePhone(number(1)) }},
		"an address that a signup changes to": {byCode + `, "email_verification_supports_change": 4`, func(h *house, n int) *device {
			d := h.device()
			d.do(h.signUp(signupOf(person(n))))
			return d
		}, func(h *house) step { return h.addEmail(person(1)) }},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", c.account+`, `+unlimited)
			if c.signUp == nil {
				c.signUp = func(h *house, _ int) *device {
					d := h.device()
					d.do(h.signUp(signupOf(person(1))))
					return d
				}
			}
			c.signUp(h, 1)
			owner := h.one(`SELECT id FROM users`)
			h.clock.Advance(time.Hour)
			if d := c.signUp(h, 2); c.change != nil {
				d.do(c.change(h))
			}
			if got := h.one(`SELECT user_id FROM messages WHERE kind = 'account_already_exists'`); got != owner {
				t.Errorf("the message is about %q, not %q", got, owner)
			}
		})
	}
}
