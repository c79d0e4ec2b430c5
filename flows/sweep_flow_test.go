package flows_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/factor/factortest"
	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store/faultdb"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// tight lets each thing that is given back when nothing comes of it be done as often as it has to be, and no more: a failure of the
// database must not use any up. What counts requests, whatever comes of them, is lifted.
func tight(sent int) string {
	return fmt.Sprintf(`"rate_limits": {"signup": null, "login": null, "login_failed": "1/h/key", "confirm_email": "%[1]d/h/key", "verify_phone": "%[1]d/h/key",
		"request_login_code": null, "reset_password": null, "reset_password_from_key": null, "change_password": null, "change_phone": null,
		"manage_email": null, "reauthenticate": null, "provider": null}`, sent)
}

// kept are the tables that belong to a tenant, and what a step writes there. Of a message that is its being there: the tests take
// messages out of the queue.
var kept = map[string]string{
	"users":    "id, username, username_key, email, name, phone, phone_verified, password, active, epoch, factors, factor_epoch, created_at, last_login_at",
	"emails":   "id, user_id, email, email_key, verified, is_primary, exclusive, created_at",
	"sessions": "id, token, client, user_id, pending, epoch, alive, username, email, has_password, factors, methods, state, version, ip, user_agent, seen_at, expires_at",
	"messages": "id, kind, channel, created_at",

	"authenticators": "id, user_id, type, name, credential_id, data, version, created_at, last_used_at",
	"audit_events":   "id, at, action, user_id, session_id, ip, user_agent, details",

	"provider_accounts": "provider, uid, user_id, display, created_at, last_used_at",
	"provider_proofs":   "digest, expires_at",
}

// dump is everything that is kept: for each table, its rows as text.
func (h *house) dump() map[string][]string {
	h.Helper()
	all := map[string][]string{}
	for table, columns := range kept {
		all[table] = h.rows(fmt.Sprintf(`SELECT %s FROM %s ORDER BY 1, 2`, columns, table))
	}
	return all
}

// dumpBut is dump but for what sessions remember beside their columns. Who comes back from a provider has used up their state, whatever
// comes of it.
func (h *house) dumpBut() map[string][]string {
	h.Helper()
	all := h.dump()
	all["sessions"] = h.rows(`SELECT id, token, client, user_id, pending, epoch, username, email, has_password, factors, methods FROM sessions ORDER BY id`)
	return all
}

func (h *house) rows(query string) []string {
	h.Helper()
	rows, err := h.raw.QueryContext(h.Context(), query)
	h.must(err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	h.must(err)
	all := []string{}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		h.must(rows.Scan(into...))
		all = append(all, strings.TrimSuffix(fmt.Sprintln(values...), "\n"))
	}
	h.must(rows.Err())
	return all
}

// changed is what rows are only before, and what rows are only after.
func changed(before, after map[string][]string) string {
	var b strings.Builder
	for _, table := range slices.Sorted(maps.Keys(before)) {
		for mark, pair := range map[string][2][]string{"-": {before[table], after[table]}, "+": {after[table], before[table]}} {
			for _, row := range pair[0] {
				if !slices.Contains(pair[1], row) {
					_, _ = fmt.Fprintf(&b, "%s %s: %s\n", mark, table, row) // a builder takes everything
				}
			}
		}
	}
	return b.String()
}

// swept is one step that is made to fail.
type swept struct {
	account string                                          // settings
	before  func(h *house, n int) (d *device, given string) // the nth person is about to take the step, with a code, a key or an address
	step    func(h *house, given string) step
}

// byProvider is a step of an account with a provider.
type byProvider struct {
	swept
	social string                                         // more settings
	again  func(d *device, given string) (instead string) // what is given when the step is taken again, if not the same
}

// after is a step of somebody who waits for a code, and has it.
func after(w waits, account string, next func(h *house, code string) step) swept {
	return swept{account, func(h *house, n int) (*device, string) {
		d, to := w.begin(h, n)
		return d, h.code(to)
	}, next}
}

// signedUp is a device that the nth person has signed in on, whose address is proved.
func signedUp(h *house, n int) (*device, string) {
	d := h.device()
	d.do(h.signUp(signupOf(person(n))))
	h.proveEmail()
	return h.signedIn(person(n)), person(n)
}

// withSecond is the same, with a second address that is proved, too.
func withSecond(h *house, n int) (*device, string) {
	d, _ := signedUp(h, n)
	d.do(h.addEmail("second." + person(n)))
	h.proveEmail()
	return d, "second." + person(n)
}

func newcomer(h *house, n int) (*device, string) { return h.device(), person(n) }

// steps are the steps that are made to fail, beside those that a code takes.
var steps = map[string]swept{
	"a request for a login code": {codeLogin + `, ` + tight(1), func(h *house, n int) (*device, string) {
		h.signup(person(n))
		return h.device(), person(n)
	}, (*house).requestCode},
	"a request for a login code without an account": {codeLogin + `, ` + tight(1), newcomer, (*house).requestCode},
	"a request for a login code that is texted": {byPhone + `, "login_by_code_enabled": true, ` + tight(1), func(h *house, n int) (*device, string) {
		h.caller(number(n))
		return h.device(), number(n)
	}, (*house).requestCode},
	"a login that waits for a code": {codeLogin + `, "login_by_code_required": ["password"], ` + tight(1), func(h *house, n int) (*device, string) {
		h.signup(person(n))
		return h.device(), person(n)
	}, func(h *house, email string) step { return h.logIn(loginOf(email, password)) }},
	"a signup that waits for a code": {byCode + `, ` + tight(1), newcomer, func(h *house, email string) step { return h.signUp(signupOf(email)) }},
	"a signup that waits for a text": {byPhone + `, ` + tight(1), func(h *house, n int) (*device, string) { return h.device(), number(n) },
		func(h *house, phone string) step { return h.signUp(phoneSignup(phone)) }},
	"a signup with a taken address": {byCode + `, ` + tight(2), func(h *house, n int) (*device, string) {
		h.device().do(h.signUp(signupOf(person(n))))
		return h.device(), person(n)
	}, func(h *house, email string) step { return h.signUp(signupOf(email)) }},
	"a signup with a taken number": {byPhone + `, ` + tight(2), func(h *house, n int) (*device, string) {
		h.device().do(h.signUp(phoneSignup(number(n))))
		return h.device(), number(n)
	}, func(h *house, phone string) step { return h.signUp(phoneSignup(phone)) }},
	"a signup that moves to another address": {byCode + `, "email_verification_supports_change": 1, ` + tight(1), func(h *house, n int) (*device, string) {
		d := h.device()
		d.do(h.signUp(signupOf(person(n))))
		return d, "more." + person(n)
	}, (*house).addEmail},
	"a signup that moves to another number": {byPhone + `, "phone_verification_supports_change": 1, ` + tight(1), func(h *house, n int) (*device, string) {
		d := h.device()
		d.do(h.signUp(phoneSignup(number(2 * n))))
		return d, number(2*n + 1)
	}, (*house).changePhone},

	"adding an address":              {optional + `, ` + tight(1), func(h *house, n int) (*device, string) { d, to := signedUp(h, n); return d, "more." + to }, (*house).addEmail},
	"adding an address by code":      {byCode + `, ` + tight(1), func(h *house, n int) (*device, string) { return h.member(person(n)), "more." + person(n) }, (*house).addEmail},
	"adding an address in one's old": {optional + `, "change_email": true, ` + tight(1), func(h *house, n int) (*device, string) { d, to := signedUp(h, n); return d, "more." + to }, (*house).addEmail},
	"proving the address that takes the place of the old": {optional + `, "change_email": true, "email_notifications": true, ` + tight(1), func(h *house, n int) (*device, string) {
		d, to := signedUp(h, n)
		d.do(h.addEmail("more." + to))
		return d, h.key("more." + to)
	}, (*house).verifyEmail},
	"promoting an address": {optional + `, "email_notifications": true, ` + tight(1), withSecond, func(h *house, email string) step {
		return func(v *flows.Visit) error { _, err := h.MakeEmailPrimary(h.Context(), v, email, true); return err }
	}},
	"removing an address": {optional + `, "email_notifications": true, ` + tight(1), withSecond, func(h *house, email string) step {
		return func(v *flows.Visit) error { _, err := h.RemoveEmail(h.Context(), v, email); return err }
	}},
	"removing an address that waits for a code": {byCode + `, ` + tight(1), func(h *house, n int) (*device, string) {
		d := h.member(person(n))
		d.do(h.addEmail("more." + person(n)))
		return d, "more." + person(n)
	}, func(h *house, email string) step {
		return func(v *flows.Visit) error { _, err := h.RemoveEmail(h.Context(), v, email); return err }
	}},
	"mailing a link again": {optional + `, ` + tight(2), withSecond, func(h *house, email string) step {
		return func(v *flows.Visit) error {
			if sent, err := h.ResendEmail(h.Context(), v, email); err != nil || !sent {
				return fmt.Errorf("sent %t: %w", sent, err)
			}
			return nil
		}
	}},
	"asking for another number": {byPhone + `, ` + tight(1), func(h *house, n int) (*device, string) { return h.caller(number(2 * n)), number(2*n + 1) }, (*house).changePhone},

	"a new password": {optional + `, "email_notifications": true, ` + tight(1), signedUp, func(h *house, _ string) step { return h.changePassword(password, otherPassword) }},
	"a new password that logs out": {optional + `, "logout_on_password_change": true, ` + tight(1), signedUp,
		func(h *house, _ string) step { return h.changePassword(password, otherPassword) }},
	"a first password": {codeLogin + `, "signup_fields": ["email*"], "email_notifications": true, ` + tight(1), func(h *house, n int) (*device, string) {
		d := h.device()
		d.do(h.signUp(flows.SignupInput{Email: person(n)}))
		return d, ""
	}, func(h *house, _ string) step { return h.changePassword("", otherPassword) }},
	"a request for a reset":                    {optional + `, ` + tight(1), func(h *house, n int) (*device, string) { h.signup(person(n)); return h.device(), person(n) }, (*house).requestReset},
	"a request for a reset without an account": {optional + `, ` + tight(1), newcomer, (*house).requestReset},
	"a request for a reset by code":            {resetByCode + `, ` + tight(1), func(h *house, n int) (*device, string) { h.signup(person(n)); return h.device(), person(n) }, (*house).requestReset},
	"a reset by a link": {optional + `, "email_notifications": true, ` + tight(1), func(h *house, n int) (*device, string) {
		h.signup(person(n))
		h.device().do(h.requestReset(person(n)))
		return h.device(), h.key(person(n))
	}, func(h *house, key string) step { return h.reset(key, otherPassword) }},
	"a reset by a link that signs in": {optional + `, "login_on_password_reset": true, ` + tight(1), func(h *house, n int) (*device, string) {
		h.signup(person(n))
		h.device().do(h.requestReset(person(n)))
		return h.device(), h.key(person(n))
	}, func(h *house, key string) step { return h.reset(key, otherPassword) }},
	"a reset of one's own":      after(own(codes["a reset code"]), resetByCode+`, `+tight(1), func(h *house, code string) step { return h.reset(code, otherPassword) }),
	"a look with a reset code":  after(codes["a reset code"], resetByCode+`, `+tight(1), (*house).peek),
	"a reauthentication":        {optional + `, ` + tight(1), signedUp, func(h *house, _ string) step { return h.reauthenticate(password) }},
	"ending one's own sessions": {optional + `, ` + tight(1), signedUp, func(h *house, _ string) step { return h.endAll }},
	"a code that claims the account": {codeLogin + `, "login_by_code_max_attempts": 2, ` + tight(1), codes["a login code that was asked for"].withCode,
		(*house).confirmCode},
}

// withFactors is the nth person signed in with an app and a key, whose address is proved. given is a code of the app.
func withFactors(h *house, n int) (d *device, k *factortest.Authenticator, x totpApp) {
	d, _ = signedUp(h, n)
	x, k = d.addApp(), newKey()
	d.addKey(k, true)
	h.clock.Advance(period)
	return d, k, x
}

// waitingFor is a browser of the nth person, who has an app and a key, at the second factor.
func waitingFor(h *house, n int) (d *device, k *factortest.Authenticator, x totpApp) {
	_, k, x = withFactors(h, n)
	return h.browser().waits(person(n)), k, x
}

const factorSettings = codeLogin + `, "email_notifications": true, "prevent_enumeration": false, `

// factorSteps are the steps of second factors that are made to fail.
var factorSteps = map[string]swept{
	"a look at an app to be": {account: factorSettings + tight(1), before: signedUp, step: func(h *house, _ string) step {
		return func(v *flows.Visit) error { _, _, err := h.TOTP(h.Context(), v); return err }
	}},
	"setting up an app": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _ := signedUp(h, n)
		return d, h.appOf(d.look().Secret).code()
	}, step: (*house).activate},
	"removing an app": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, _ := withFactors(h, n)
		return d, ""
	}, step: func(h *house, _ string) step { return h.deactivate }},
	"removing the last factor": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _ := signedUp(h, n)
		return d, strconv.FormatInt(d.addKey(newKey(), false).ID, 10)
	}, step: func(h *house, id string) step {
		n, err := strconv.ParseInt(id, 10, 64)
		h.must(err)
		return h.removeKeys(n)
	}},
	"registering a key": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _ := signedUp(h, n)
		return d, string(newKey().Create(d.asked(func(v *flows.Visit) (json.RawMessage, error) { return h.AddKeyOptions(h.Context(), v, true) })))
	}, step: func(h *house, credential string) step { return h.addKeyOf(json.RawMessage(credential)) }},
	"naming a key": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, _ := withFactors(h, n)
		return d, strconv.FormatInt(d.keyID(), 10)
	}, step: func(h *house, id string) step {
		n, err := strconv.ParseInt(id, 10, 64)
		h.must(err)
		return func(v *flows.Visit) error {
			_, err := h.RenameKey(h.Context(), v, flows.RenameKeyInput{ID: n, Name: "At home"})
			return err
		}
	}},
	"new recovery codes": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, _ := withFactors(h, n)
		return d, ""
	}, step: func(h *house, _ string) step { return h.regenerate }},
	"a first look at recovery codes": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, _ := withFactors(h, n)
		return d, ""
	}, step: func(h *house, _ string) step {
		return func(v *flows.Visit) error { _, err := h.RecoveryCodes(h.Context(), v); return err }
	}},
	"a login by the code of an app": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, x := waitingFor(h, n)
		return d, x.code()
	}, step: (*house).showCode},
	"a login by a code of an app in an app": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		_, _, x := withFactors(h, n)
		return h.waiting(person(n)), x.code()
	}, step: (*house).showCode},
	"a login by a recovery code": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, _ := withFactors(h, n)
		return h.waiting(person(n)), d.recoveryCodes()[7]
	}, step: (*house).showCode},
	"a login by a second factor that is a key": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, k, _ := waitingFor(h, n)
		return d, string(k.Get(d.askedForFactor()))
	}, step: func(h *house, credential string) step { return h.showKey(json.RawMessage(credential)) }},
	"asking for a key": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, _ := waitingFor(h, n)
		return d, ""
	}, step: func(h *house, _ string) step {
		return func(v *flows.Visit) error { _, err := h.AuthenticateKeyOptions(h.Context(), v); return err }
	}},
	"a login by a passkey": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		_, k, _ := withFactors(h, n)
		d := h.device()
		return d, string(k.Get(d.askedToLogIn()))
	}, step: func(h *house, credential string) step { return h.loginByKey(json.RawMessage(credential)) }},
	"a login by a copy of a passkey": {account: factorSettings + unlimited, before: func(h *house, n int) (*device, string) {
		_, k, _ := withFactors(h, n)
		h.signedInByKey(k)
		d := h.device()
		k.Count = 1
		return d, string(k.Get(d.askedToLogIn()))
	}, step: func(h *house, credential string) step { return h.loginByKey(json.RawMessage(credential)) }},
	"a reauthentication by a key": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, k, _ := withFactors(h, n)
		return d, string(k.Get(d.askedAgain()))
	}, step: func(h *house, credential string) step { return h.showKeyAgain(json.RawMessage(credential)) }},
	"a reauthentication by the code of an app": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, x := withFactors(h, n)
		return d, x.code()
	}, step: (*house).showCodeAgain},
	"trusting a browser": {account: factorSettings + tight(1), before: func(h *house, n int) (*device, string) {
		d, _, x := waitingFor(h, n)
		d.do(h.showCode(x.code()))
		return d, ""
	}, step: func(h *house, _ string) step { return h.answerTrust(true) }},
	"a code that proves an address once the factor is shown": {account: factorSettings + unlimited, before: func(h *house, n int) (*device, string) {
		_, _, x := withFactors(h, n)
		h.exec(`UPDATE emails SET verified = FALSE`)
		d := h.device()
		d.do(h.requestCode(person(n)))
		d.do(h.confirmCode(h.code(person(n))))
		return d, x.code()
	}, step: (*house).showCode},
	"the passkey of a signup": {account: byCode + `, ` + tight(1), before: func(h *house, n int) (*device, string) {
		d := h.device()
		d.do(h.signUp(keySignupOf(person(n))))
		d.do(h.verifyEmail(h.code(person(n))))
		return d, string(newKey().Create(d.asked(func(v *flows.Visit) (json.RawMessage, error) { return h.SignupKeyOptions(h.Context(), v) })))
	}, step: func(h *house, credential string) step {
		return func(v *flows.Visit) error {
			return h.FinishSignupByKey(h.Context(), v, flows.KeyInput{Credential: json.RawMessage(credential)})
		}
	}},
}

const bothProviders = `"providers": {"google": {"apps": [{"client_id": "g"}]}, "github": {"apps": [{"client_id": "h"}]}}`

// knownTo is a new device of the nth person, whom a provider vouches for by a proof that is good once. known: who has come in by it before.
func knownTo(h *house, n int, known bool) (*device, string) {
	who := person(n)
	id := vouched("uid of "+who, who)
	h.idp.vouchFor(who, id)
	if known {
		h.device().do(h.byToken(who, "login"))
	}
	id.Once = &provider.Once{ID: "proof of " + who, Until: h.clock.Now().Add(time.Hour)}
	h.idp.vouchFor(who, id)
	return h.device(), who
}

// sentBy is a browser of the nth person that was sent to a provider, and what it comes back with.
func sentBy(d *device, process, who string) (*device, string) {
	d.browser = true
	d.idp.vouchFor(who, vouched("uid of "+who, who)) // here the state takes the place of a proof that is good once
	return d, d.leaves("github", process, who).Encode()
}

// cameBack is the step of coming back with that.
func cameBack(h *house, given string) step {
	params, err := url.ParseQuery(given)
	h.must(err)
	return func(v *flows.Visit) error {
		at, err := h.ReturnFromProvider(h.Context(), v, h.app("github"), params)
		if err == nil && at != done {
			err = fmt.Errorf("went on to %s", at)
		}
		return err
	}
}

// sentAgain has a browser go to the provider once more.
func sentAgain(process string) func(d *device, given string) string {
	return func(d *device, given string) string {
		params, err := url.ParseQuery(given)
		d.must(err)
		_, given = sentBy(d, process, params.Get("as"))
		return given
	}
}

// signsIn and connects are the steps of handing in a proof of the person's.
func signsIn(h *house, who string) step  { return h.byToken(who, "login") }
func connects(h *house, who string) step { return h.byToken(who, "connect") }

const (
	notified   = optional + `, "email_notifications": true, "rate_limits": false`
	trustsAll  = bothProviders + `, "email_authentication": true`
	connectsTo = trustsAll + `, "email_authentication_auto_connect": true`
)

// providerSteps are the steps of accounts with providers that are made to fail.
var providerSteps = map[string]byProvider{
	"going to a provider": {social: bothProviders, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		d, _ := signedUp(h, n)
		return d, ""
	}, step: func(h *house, _ string) step {
		return func(v *flows.Visit) error {
			_, err := h.GoToProvider(h.Context(), v, flows.ProviderRedirectInput{Provider: "google", Callback: "/done", Process: "connect"})
			return err
		}
	}}},
	"coming back as a newcomer": {social: bothProviders, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		d, who := knownTo(h, n, false)
		return sentBy(d, "login", who)
	}, step: cameBack}, again: sentAgain("login")},
	"coming back as somebody known": {social: bothProviders, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		_, who := knownTo(h, n, false)
		first := h.browser()
		first.returns("github", first.leaves("github", "login", who))
		return sentBy(h.device(), "login", who)
	}, step: cameBack}, again: sentAgain("login")},
	"coming back to connect": {social: bothProviders, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		d := h.browser()
		d.do(h.signUp(signupOf(person(n))))
		return sentBy(d, "connect", person(n))
	}, step: cameBack}, again: sentAgain("connect")},
	"the token of a newcomer": {social: bothProviders, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		return knownTo(h, n, false)
	}, step: signsIn}},
	"the token of a newcomer whose address is to be proved": {social: bothProviders, swept: swept{account: byCode + `, ` + tight(1), before: func(h *house, n int) (*device, string) {
		h.idp.vouchFor(person(n), notVerified(vouched("uid of "+person(n), person(n))))
		return h.device(), person(n)
	}, step: signsIn}},
	"the token of somebody known": {social: bothProviders, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		return knownTo(h, n, true)
	}, step: signsIn}},
	"the token of somebody with a factor": {social: bothProviders, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		d, who := knownTo(h, n, false)
		d.do(h.byToken(who, "login"))
		d.addApp()
		_, who = knownTo(h, n+1e6, true)
		id := vouched("uid of "+person(n), person(n))
		id.Once = &provider.Once{ID: "another proof of " + who, Until: h.clock.Now().Add(time.Hour)}
		h.idp.vouchFor(who, id)
		return h.device(), who
	}, step: signsIn}},
	"a token over another's session": {social: bothProviders, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		_, who := knownTo(h, n, true)
		d := h.device()
		d.do(h.signUp(signupOf("other." + who)))
		return d, who
	}, step: signsIn}},
	"connecting": {social: bothProviders, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		_, who := knownTo(h, n, false)
		d, _ := signedUp(h, n)
		return d, who
	}, step: connects}},
	"connecting anew": {social: bothProviders, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		d, who := knownTo(h, n, false)
		d.do(h.byToken(who, "login"))
		id := vouched("uid of "+who, who)
		h.idp.vouchFor(who, id)
		h.clock.Advance(time.Second)
		return d, who
	}, step: connects}},
	"disconnecting": {social: bothProviders, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		_, who := knownTo(h, n, false)
		d, _ := signedUp(h, n)
		d.do(h.byToken(who, "connect"))
		return d, "uid of " + who
	}, step: (*house).disconnect}},
	"disconnecting one of two": {social: bothProviders, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		d, who := knownTo(h, n, false)
		d.do(h.byToken(who, "login"))
		h.idp.vouchFor(who, vouched("another of "+who, ""))
		d.do(h.byToken(who, "connect"))
		return d, "uid of " + who
	}, step: (*house).disconnect}},
	"a signup by a provider that waits for more": {social: bothProviders + `, "auto_signup": false`, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		_, who := knownTo(h, n, false)
		d := h.device()
		d.do(h.signUp(signupOf("other." + who)))
		return d, who
	}, step: signsIn}},
	"finishing a signup by a provider": {social: bothProviders + `, "auto_signup": false`, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		d, who := knownTo(h, n, false)
		d.do(h.byToken(who, "login"))
		return d, "typed." + who
	}, step: func(h *house, email string) step {
		return func(v *flows.Visit) error {
			return h.FinishProviderSignup(h.Context(), v, flows.ProviderSignupInput{Email: email})
		}
	}}},
	"a vouched address that signs in": {social: trustsAll, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		h.verified(person(n))
		return knownTo(h, n, false)
	}, step: signsIn}},
	"a vouched address that connects": {social: connectsTo, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		h.verified(person(n))
		return knownTo(h, n, false)
	}, step: signsIn}},
	"a vouched address that claims":              {social: trustsAll, swept: swept{account: notified, before: squattedBy, step: signsIn}},
	"a vouched address that claims and connects": {social: connectsTo, swept: swept{account: notified, before: squattedBy, step: signsIn}},
	"coming back to claim and connect": {social: connectsTo, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		d, who := squattedBy(h, n)
		return sentBy(d, "login", who)
	}, step: cameBack}, again: sentAgain("login")},
	"the factor of an account that nobody had proved": {social: connectsTo, swept: swept{account: notified, before: func(h *house, n int) (*device, string) {
		d, _ := signedUp(h, n)
		x := d.addApp()
		h.exec(`UPDATE emails SET verified = FALSE`)
		d, who := knownTo(h, n, false)
		d.do(h.byToken(who, "login"))
		h.clock.Advance(period)
		return d, x.code()
	}, step: (*house).showCode}},
}

// squattedBy is a new device of the nth person, with whose address somebody else made an account.
func squattedBy(h *house, n int) (*device, string) {
	squatter := h.device()
	squatter.do(h.signUp(signupOf(person(n))))
	squatter.do(h.addEmail("squatter." + person(n)))
	h.idp.vouchFor("squatter", vouched("squatter "+person(n), ""))
	squatter.do(h.byToken("squatter", "connect"))
	return knownTo(h, n, false)
}

// disconnect takes an account with a provider from whoever is signed in.
func (h *house) disconnect(uid string) step {
	return func(v *flows.Visit) error {
		_, err := h.DisconnectProvider(h.Context(), v, flows.DisconnectInput{Provider: "google", Account: uid})
		return err
	}
}

func (w waits) withCode(h *house, n int) (*device, string) {
	d, to := w.begin(h, n)
	return d, h.code(to)
}

// own has somebody who is signed in ask for the reset of their own password.
func own(w waits) waits {
	begin := w.begin
	w.begin = func(h *house, n int) (*device, string) {
		_, to := begin(h, n)
		d := h.signedIn(to)
		d.do(h.requestReset(to))
		return d, to
	}
	return w
}

// endAll ends all sessions of whoever is signed in.
func (h *house) endAll(v *flows.Visit) error {
	all, err := h.Sessions(h.Context(), v)
	if err != nil {
		return err
	}
	ids := make([]int64, len(all))
	for i, x := range all {
		ids[i] = x.ID
	}
	_, err = h.EndSessions(h.Context(), v, ids)
	return err
}

// TestStepsAreAllOrNothing fails the first operation of each step, then the second, and so on until there is none left to fail. What
// failed has left no trace, hands out nothing, and does when it is asked again.
func TestStepsAreAllOrNothing(t *testing.T) {
	all := maps.Clone(providerSteps)
	for _, those := range []map[string]swept{steps, factorSteps} {
		for name, x := range those {
			all[name] = byProvider{swept: x}
		}
	}
	for name, w := range codes {
		all["typing "+name] = byProvider{swept: after(w, w.account+`, `+tight(1), w.confirm)}
		if w.resends != "" {
			all["sending again "+name] = byProvider{swept: swept{w.account + fmt.Sprintf(`, "%s": 1, `, w.resends) + tight(2), w.begin, w.resend}}
		}
	}
	testkit.Engines(t, func(t *testing.T, engine string) {
		people := map[bool]int{}        // of whom those that providers know are counted apart
		within := map[string][]string{} // steps that one house does for, by its settings
		for _, name := range slices.Sorted(maps.Keys(all)) {
			x := all[name]
			settings := fmt.Sprintf(`{"account": {%s}, "mfa": {%s, "passkey_signup_enabled": %t}, "socialaccount": {%s}}`,
				x.account, trusting, strings.HasPrefix(x.account, byCode), x.social)
			within[settings] = append(within[settings], name)
		}
		sweep := func(t *testing.T, h *house, name string) {
			x := all[name]
			known := x.social != ""
			t.Run(name, func(t *testing.T) {
				dump := (*house).dump
				if x.again != nil {
					dump = (*house).dumpBut
				}
				h.TB = t
				for n := int64(1); ; n++ {
					people[known]++
					d, given := x.before(h, people[known])
					held, trust := d.token, d.trust
					before := dump(h)
					fail, count := faultdb.FailNth(n)
					v := d.visit()
					h.on(fail)
					err := x.step(h, given)(v)
					h.on(nil)
					failed := count.Load() >= n
					refused := strings.Contains(name, "by a copy") // whatever happens, with an event that says so
					if refused && refusal.Is(err, refusal.Invalid) {
						err = nil
					}
					switch {
					case failed && err == nil && strings.Contains(name, "reset"): // failed logins are forgotten after the commit
					case failed:
						h.refused(err, refusal.Busy, "")
						if v.Issued() != "" || v.Ended() || v.TrustCookie() != "" {
							t.Fatalf("operation %d failed, and the client's token changed, or its trust", n)
						}
						if c := changed(before, dump(h)); c != "" {
							t.Fatalf("operation %d failed, and the database is not as it was:\n%s", n, c)
						}
						d.token, d.trust = held, trust
						if x.again != nil {
							given = x.again(d, given)
						}
						if _, err := d.try(x.step(h, given)); err != nil && !(refused && refusal.Is(err, refusal.Invalid)) {
							t.Fatalf("asked again after operation %d failed: %v", n, err)
						}
					default:
						h.must(err)
					}
					if changed(before, dump(h)) == "" {
						t.Fatalf("operation %d: nothing was written", n)
					}
					if !failed {
						if n < 2 {
							t.Fatal("no operation was seen")
						}
						return
					}
				}
			})
		}
		for i, settings := range slices.Sorted(maps.Keys(within)) {
			t.Run(fmt.Sprint("house ", i+1), func(t *testing.T) { // which is closed before the next one is opened: PostgreSQL has a hundred connections
				h := newHouseOf(t, engine, settings)
				for _, name := range within[settings] {
					sweep(t, h, name)
				}
			})
		}
	})
}

// TestWrongCodeThatIsAnsweredIsCounted fails the operations of typing a wrong code one after the other. Whoever is told that the code is
// wrong has one try less, and who is told to come back has not.
func TestWrongCodeThatIsAnsweredIsCounted(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		people := 0
		eachCode(t, func(t *testing.T, w waits) {
			h := newHouse(t, engine, fmt.Sprintf(`%s, %s, "%smax_attempts": 1`, w.account, unlimited, w.setting))
			for n := int64(1); ; n++ {
				people++
				d, to := w.begin(h, people)
				code := h.code(to)
				fail, count := faultdb.FailNth(n)
				v := d.visit()
				h.on(fail)
				err := w.confirm(h, wrong(code))(v)
				h.on(nil)
				failed := count.Load() >= n
				switch {
				case refusal.Is(err, refusal.Invalid): // the one try is used up
					_, err = d.try(w.confirm(h, code))
					h.refused(err, refusal.Conflict, "")
				case failed && refusal.Is(err, refusal.Busy):
					d.do(w.confirm(h, code))
				default:
					t.Fatalf("operation %d, failed %t: %v", n, failed, err)
				}
				if !failed {
					if n < 2 {
						t.Fatal("no operation was seen")
					}
					return
				}
			}
		})
	})
}
