package flows_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"database/sql"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/factor/factortest"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// The mfa settings of the tests. All of them take keys.
const (
	keys       = `"supported_types": ["totp", "webauthn", "recovery_codes"], "passkey_login_enabled": true`
	trusting   = keys + `, "trust_enabled": true`
	unverified = keys + `, "allow_unverified_email": true`
)

// page is the origin of the tenant's pages.
const page = "https://acme.example"

// period is how long an authenticator app shows a code.
const period = 30 * time.Second

// totpApp is an authenticator app that one account was set up in. It makes codes as RFC 6238 has them, by itself.
type totpApp struct {
	house *house
	seed  []byte
}

func (h *house) appOf(secret string) totpApp {
	h.Helper()
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	h.must(err)
	return totpApp{h, seed}
}

// at is the code that the app shows at a time.
func (x totpApp) at(t time.Time) string {
	mac := hmac.New(sha1.New, x.seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(t.Unix())/30))
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[offset:])&0x7fffffff%1e6)
}

// code is the one that the app shows now, and bad is none that it shows.
func (x totpApp) code() string { return x.at(x.house.clock.Now()) }

func (x totpApp) bad() string {
	right, _ := strconv.Atoi(x.code())
	return fmt.Sprintf("%06d", (right+1)%1e6)
}

// next is the code that the app shows when the one of now is gone, which is waited for.
func (x totpApp) next() string {
	x.house.clock.Advance(period)
	return x.code()
}

// newKey is a key in software, in a browser on the tenant's page.
func newKey() *factortest.Authenticator { return factortest.New(page) }

// look is the secret of an authenticator app that is being set up.
func (d *device) look() *flows.TOTPSetup {
	d.Helper()
	var setup *flows.TOTPSetup
	d.do(func(v *flows.Visit) (err error) { _, setup, err = d.TOTP(d.Context(), v); return err })
	return setup
}

// addApp sets an authenticator app up.
func (d *device) addApp() totpApp {
	d.Helper()
	x := d.appOf(d.look().Secret)
	d.do(d.activate(x.code()))
	return x
}

// addKey registers a key, as a passkey that logs in by itself if it is to be one.
func (d *device) addKey(k *factortest.Authenticator, passwordless bool) flows.AuthenticatorView {
	d.Helper()
	options := d.asked(func(v *flows.Visit) (json.RawMessage, error) { return d.AddKeyOptions(d.Context(), v, passwordless) })
	var view flows.AuthenticatorView
	d.do(func(v *flows.Visit) (err error) {
		view, _, err = d.AddKey(d.Context(), v, flows.KeyInput{Credential: k.Create(options)})
		return err
	})
	return view
}

// asked are the options of a ceremony that is begun.
func (d *device) asked(begin func(v *flows.Visit) (json.RawMessage, error)) (options json.RawMessage) {
	d.Helper()
	d.do(func(v *flows.Visit) (err error) { options, err = begin(v); return err })
	return options
}

func (d *device) askedToLogIn() json.RawMessage {
	d.Helper()
	return d.asked(func(v *flows.Visit) (json.RawMessage, error) { return d.LoginKeyOptions(d.Context(), v) })
}

func (d *device) askedForFactor() json.RawMessage {
	d.Helper()
	return d.asked(func(v *flows.Visit) (json.RawMessage, error) { return d.AuthenticateKeyOptions(d.Context(), v) })
}

func (d *device) askedAgain() json.RawMessage {
	d.Helper()
	return d.asked(func(v *flows.Visit) (json.RawMessage, error) { return d.ReauthenticateKeyOptions(d.Context(), v) })
}

func (h *house) activate(code string) step {
	return func(v *flows.Visit) error { _, err := h.ActivateTOTP(h.Context(), v, code); return err }
}

func (h *house) deactivate(v *flows.Visit) error { return h.DeactivateTOTP(h.Context(), v) }

func (h *house) regenerate(v *flows.Visit) error {
	_, err := h.GenerateRecoveryCodes(h.Context(), v)
	return err
}

func (h *house) removeKeys(ids ...int64) step {
	return func(v *flows.Visit) error { return h.RemoveKeys(h.Context(), v, ids) }
}

func (h *house) showCode(code string) step {
	return func(v *flows.Visit) error { return h.AuthenticateByCode(h.Context(), v, code) }
}

func (h *house) showCodeAgain(code string) step {
	return func(v *flows.Visit) error { return h.ReauthenticateByCode(h.Context(), v, code) }
}

func (h *house) showKey(credential json.RawMessage) step {
	return func(v *flows.Visit) error {
		return h.AuthenticateByKey(h.Context(), v, flows.KeyInput{Credential: credential})
	}
}

func (h *house) showKeyAgain(credential json.RawMessage) step {
	return func(v *flows.Visit) error {
		return h.ReauthenticateByKey(h.Context(), v, flows.KeyInput{Credential: credential})
	}
}

func (h *house) loginByKey(credential json.RawMessage) step {
	return func(v *flows.Visit) error {
		return h.LoginByKey(h.Context(), v, flows.KeyInput{Credential: credential})
	}
}

// recoveryCodes are the recovery codes of whoever is signed in, as far as they may be seen.
func (d *device) recoveryCodes() []string {
	d.Helper()
	var view flows.AuthenticatorView
	d.do(func(v *flows.Visit) (err error) { view, err = d.RecoveryCodes(d.Context(), v); return err })
	if view.UnusedCodes == nil {
		return nil
	}
	return *view.UnusedCodes
}

// types are the types of authenticator that whoever is signed in has, in order.
func (d *device) types() string {
	d.Helper()
	all, err := d.Authenticators(d.Context(), d.visit())
	d.must(err)
	var types []string
	for _, x := range all {
		types = append(types, string(x.Type))
	}
	slices.Sort(types)
	return strings.Join(types, " ")
}

// waiting is a new device on which somebody has given their password, and is asked for a second factor.
func (h *house) waiting(email string) *device {
	h.Helper()
	return h.device().waits(email)
}

func (d *device) waits(email string) *device {
	d.Helper()
	if v := d.do(d.logIn(loginOf(email, password))); v.Pending() != flows.MFAAuthenticate || v.Authenticated() {
		d.Fatalf("the login waits at %q, signed in %t", v.Pending(), v.Authenticated())
	}
	return d
}

// consistent checks that users and sessions say of their factors what the authenticators are, and that nobody has recovery codes
// alone.
func (h *house) consistent() {
	h.Helper()
	bits := map[string]int{string(store.TOTP): 1, string(store.WebAuthn): 2, string(store.RecoveryCodes): 4}
	want := map[string]int{}
	for _, row := range h.rows(`SELECT CAST(id AS TEXT), 0 FROM users`) {
		id, _, _ := strings.Cut(row, " ")
		want[id] = 0
	}
	for _, row := range h.rows(`SELECT CAST(user_id AS TEXT), type FROM authenticators`) {
		id, kind, _ := strings.Cut(row, " ")
		want[id] |= bits[kind]
	}
	for _, table := range []string{`SELECT CAST(id AS TEXT), factors FROM users`, `SELECT CAST(user_id AS TEXT), factors FROM sessions WHERE user_id IS NOT NULL`} {
		for _, row := range h.rows(table) {
			id, got, _ := strings.Cut(row, " ")
			if got != strconv.Itoa(want[id]) {
				h.Errorf("%s: %s has %s, and its authenticators are %d", table, id, got, want[id])
			}
		}
	}
	for id, n := range want {
		if n == bits[string(store.RecoveryCodes)] {
			h.Errorf("%s has recovery codes alone", id)
		}
	}
}

// found are the tables of the raw database that hold any of some texts, in any column.
func (h *house) found(texts ...string) (tables []string) {
	h.Helper()
	for _, table := range []string{"tenants", "users", "emails", "sessions", "messages", "authenticators", "provider_accounts", "deleted_users", "audit_events"} {
		if h.inTable(table, texts) {
			tables = append(tables, table)
		}
	}
	return tables
}

func (h *house) inTable(table string, texts []string) (found bool) {
	h.Helper()
	rows, err := h.raw.QueryContext(h.Context(), `SELECT * FROM `+table)
	h.must(err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	h.must(err)
	for rows.Next() {
		values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		h.must(rows.Scan(into...))
		row := bytes.Join(toBytes(values), []byte{0})
		found = found || slices.ContainsFunc(texts, func(text string) bool { return bytes.Contains(row, []byte(text)) })
	}
	h.must(rows.Err())
	return found
}

func toBytes(values []sql.RawBytes) (all [][]byte) {
	for _, v := range values {
		all = append(all, v)
	}
	return all
}

// spellings are all the ways in which bytes may be written down.
func spellings(raw []byte) []string {
	return []string{
		string(raw), base32.StdEncoding.EncodeToString(raw), strings.ToLower(base32.StdEncoding.EncodeToString(raw)),
		hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)),
		base64.RawStdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
	}
}

func TestAppIsSetUpByALookAndACode(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newFactorHouse(t, engine, optional+`, `+unlimited, keys)
		d, _ := signedUp(h, 1)
		first := d.look()
		if !strings.HasPrefix(first.URL, "otpauth://totp/") || !strings.Contains(first.URL, first.Secret) {
			t.Errorf("the URL is %q", first.URL)
		}
		old, x := h.appOf(first.Secret), h.appOf(d.look().Secret)
		if bytes.Equal(old.seed, x.seed) {
			t.Fatal("two looks show one secret")
		}
		for what, texts := range map[string][]string{"the first": spellings(old.seed), "the second": spellings(x.seed)} {
			if where := h.found(texts...); where != nil {
				t.Errorf("%s seed can be read in %v while it waits", what, where)
			}
		}
		for _, code := range []string{old.code(), x.bad(), "000 000", "12345", "none"} {
			if code == x.code() {
				continue
			}
			_, err := d.try(h.activate(code))
			h.refused(err, refusal.Invalid, refusal.IncorrectCode)
		}
		_, err := d.try(h.activate(" "))
		h.refused(err, refusal.Invalid, refusal.Required)
		if d.types() != "" {
			t.Fatalf("there are %s before a right code", d.types())
		}
		d.do(h.activate(x.code()))
		h.consistent()
		if where := h.found(spellings(x.seed)...); where != nil {
			t.Errorf("the seed can be read in %v", where)
		}
		if strings.Contains(h.one(`SELECT state FROM sessions WHERE user_id IS NOT NULL AND state LIKE '%seed%' UNION SELECT '' ORDER BY 1 DESC LIMIT 1`), "seed") {
			t.Error("the session keeps the seed")
		}
		if d.types() != "recovery_codes totp" {
			t.Errorf("there are %s", d.types())
		}
		_, err = d.try(h.activate(x.code()))
		h.refused(err, refusal.Invalid, refusal.IncorrectCode) // nothing waits any more
		if d.look() != nil {
			t.Error("a secret is shown of an account that has one")
		}
	})
}

// TestSeedIsSealedToItsRow: who writes to the database cannot give one user the other's app, nor confirm it in another session.
func TestSeedIsSealedToItsRow(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
	eve, _ := signedUp(h, 1)
	ann, to := signedUp(h, 2)
	x := eve.addApp()
	ann.addApp()
	h.exec(`UPDATE authenticators SET data = (SELECT data FROM authenticators WHERE type = 'totp' AND user_id = $1)
		WHERE type = 'totp' AND user_id = $2`, eve.user(), ann.user())
	d := h.waiting(to)
	_, err := d.try(h.showCode(x.code()))
	if _, refused := refusal.As(err); err == nil || refused || d.user() != "" {
		t.Errorf("the other's app is answered with %v", err)
	}
}

// TestSeedWaitsInItsSession: a seed that was shown in one session is nothing to another of the same user.
func TestSeedWaitsInItsSession(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
	d, to := signedUp(h, 1)
	x := h.appOf(d.look().Secret)
	other := h.signedIn(to)
	_, err := other.try(h.activate(x.code()))
	h.refused(err, refusal.Invalid, refusal.IncorrectCode)
	h.exec(`UPDATE sessions SET state = (SELECT state FROM sessions WHERE state LIKE '%seed%') WHERE state NOT LIKE '%seed%' AND user_id IS NOT NULL`)
	if _, err := other.try(h.activate(x.code())); err == nil {
		t.Error("a seed that was copied from one session to another is taken there")
	}
}

func TestCodeOfAnAppIsGoodOnce(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
	owner, to := signedUp(h, 1)
	x := owner.addApp()
	d := h.waiting(to)
	v := d.do(h.showCode(x.code())) // the one that it was set up with
	if m := methods(t, v); len(m) != 2 || m[0].Method != "password" || m[1].Method != "mfa" || m[1].Type != "totp" {
		t.Errorf("signed in by %+v", m)
	}
	for range 2 {
		_, err := h.waiting(to).try(h.showCode(x.code()))
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
		_, err = owner.try(h.showCodeAgain(x.code()))
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
		h.clock.Advance(period - time.Second - time.Duration(h.clock.Now().Second()%30)*time.Second) // the last moment of the same code
	}
	owner.do(h.showCodeAgain(x.next()))
	_, err := h.waiting(to).try(h.showCode(x.code()))
	h.refused(err, refusal.Invalid, refusal.IncorrectCode)
}

// TestUsedCodeStaysUsed for as long as the tolerance would let it be taken.
func TestUsedCodeStaysUsed(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys+`, "totp_tolerance": 2`)
	owner, to := signedUp(h, 1)
	x := owner.addApp()
	h.clock.Advance(10 * period)
	now := h.clock.Now()
	used := []time.Duration{2, -2, 0, 1} // periods from now, in the order in which they are used
	for _, n := range used {
		h.waiting(to).do(h.showCode(x.at(now.Add(n * period))))
	}
	for range 8 {
		for _, n := range used {
			_, err := h.waiting(to).try(h.showCode(x.at(now.Add(n * period))))
			h.refused(err, refusal.Invalid, refusal.IncorrectCode)
		}
		h.clock.Advance(period)
	}
	h.clock.Advance(-8 * period) // another server, whose clock is behind
	_, err := h.waiting(to).try(h.showCode(x.at(now)))
	h.refused(err, refusal.Invalid, refusal.IncorrectCode)
	h.clock.Advance(period)
	h.waiting(to).do(h.showCode(x.at(now.Add(-period)))) // the one that was not used
}

// usesAtOnce has one code shown in sixty-four sessions at once, by two processes, and is how many were let in.
func (h *house) usesAtOnce(to, code string) (in int) {
	h.Helper()
	const n = 64
	visits := make([]*flows.Visit, n)
	services := make([]*flows.Service, n)
	for i := range visits {
		services[i] = []*flows.Service{h.Service, h.rival}[i%2]
		visits[i] = h.waiting(to).at(services[i])
	}
	for i, err := range together(n, func(i int) error { return services[i].AuthenticateByCode(h.Context(), visits[i], code) }) {
		if err != nil && !refusal.Is(err, refusal.Invalid) && !refusal.Is(err, refusal.Conflict) {
			h.Errorf("got %v", err)
		}
		if visits[i].Authenticated() != (err == nil) {
			h.Errorf("signed in %t, answered %v", visits[i].Authenticated(), err)
		}
		if visits[i].Authenticated() {
			in++
		}
	}
	return in
}

func TestOneCodeInManySessionsAtOnceLetsOneIn(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newFactorHouse(t, engine, optional+`, `+unlimited, keys)
		owner, to := signedUp(h, 1)
		x := owner.addApp()
		if in := h.usesAtOnce(to, x.next()); in != 1 {
			t.Errorf("one code of an app let %d in", in)
		}
		codes := owner.recoveryCodes()
		if in := h.usesAtOnce(to, codes[0]); in != 1 {
			t.Errorf("one recovery code let %d in", in)
		}
		if left := owner.recoveryCodes(); !slices.Equal(left, codes[1:]) {
			t.Errorf("%d recovery codes are left of %d", len(left), len(codes))
		}
	})
}

// TestWrongCodesAreCountedByAccount, wherever they are typed: in other sessions, at another process, by whoever is in already.
func TestWrongCodesAreCountedByAccount(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, "rate_limits": {"login": null, "signup": null, "login_failed": "5/h/key,1000/h/ip"}`, keys)
	owner, to := signedUp(h, 1)
	x := owner.addApp()
	stranger, other := signedUp(h, 2)
	y := stranger.addApp()
	h.clock.Advance(period)
	for i := range 5 {
		var err error
		switch i {
		case 0, 1:
			_, err = h.waiting(to).try(h.showCode(x.bad()))
		case 2, 3:
			err = h.rival.AuthenticateByCode(t.Context(), h.waiting(to).at(h.rival), x.bad())
		default:
			_, err = owner.try(h.showCodeAgain(x.bad()))
		}
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
	}
	for _, code := range []string{x.code(), x.bad(), owner.recoveryCodesPast()} {
		_, err := h.waiting(to).try(h.showCode(code))
		h.refused(err, refusal.Invalid, refusal.TooManyLogins)
		err = h.rival.AuthenticateByCode(t.Context(), h.waiting(to).at(h.rival), code)
		h.refused(err, refusal.Invalid, refusal.TooManyLogins)
		_, err = owner.try(h.showCodeAgain(code))
		h.refused(err, refusal.Invalid, refusal.TooManyLogins)
	}
	h.waiting(other).do(h.showCode(y.code())) // nobody else is kept out
	h.clock.Advance(time.Hour)
	h.waiting(to).do(h.showCode(x.code()))
}

// recoveryCodesPast is a recovery code, whatever has been proved.
func (d *device) recoveryCodesPast() string {
	d.Helper()
	d.do(d.reauthenticate(password))
	return d.recoveryCodes()[0]
}

// TestWrongCodesAtOnceAreLimited: no more of them are compared than the limit lets, at two processes together.
func TestWrongCodesAtOnceAreLimited(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, "rate_limits": {"login": null, "signup": null, "login_failed": "5/h/key"}`, keys)
	owner, to := signedUp(h, 1)
	x := owner.addApp()
	h.clock.Advance(period)
	const n = 64
	visits := make([]*flows.Visit, n)
	for i := range visits {
		visits[i] = h.waiting(to).at([]*flows.Service{h.Service, h.rival}[i%2])
	}
	told := 0
	for _, err := range together(n, func(i int) error {
		return []*flows.Service{h.Service, h.rival}[i%2].AuthenticateByCode(t.Context(), visits[i], x.bad())
	}) {
		switch r, ok := refusal.As(err); {
		case !ok || r.Kind != refusal.Invalid:
			t.Errorf("got %v", err)
		case r.Details[0].Code == refusal.IncorrectCode:
			told++
		}
	}
	if told != 5 {
		t.Errorf("%d were told that their code is wrong, and the limit is 5", told)
	}
}

// TestRightCodeForgetsTheWrongOnes that were counted by account, and no others.
func TestRightCodeForgetsTheWrongOnes(t *testing.T) {
	for name, c := range map[string]struct {
		rate   string
		forget bool
	}{"by account": {"3/h/key", true}, "by address": {"3/h/ip", false}} {
		t.Run(name, func(t *testing.T) {
			h := newFactorHouse(t, "sqlite", optional+`, "rate_limits": {"login": null, "signup": null, "login_failed": "`+c.rate+`"}`, keys)
			owner, to := signedUp(h, 1)
			x := owner.addApp()
			h.clock.Advance(period)
			waiting := []*device{h.waiting(to), h.waiting(to), h.waiting(to)}
			for range 2 {
				_, err := waiting[0].try(h.showCode(x.bad()))
				h.refused(err, refusal.Invalid, refusal.IncorrectCode)
			}
			waiting[0].do(h.showCode(x.code())) // it is no failure itself
			_, err := waiting[1].try(h.showCode(x.bad()))
			h.refused(err, refusal.Invalid, refusal.IncorrectCode)
			_, err = waiting[1].try(h.showCode(x.next()))
			if c.forget {
				h.must(err)
				return
			}
			h.refused(err, refusal.Invalid, refusal.TooManyLogins)
		})
	}
}

// TestGuessIsGivenBackWhereNothingWasCompared: who is told to come back has used up no guess.
func TestGuessIsGivenBackWhereNothingWasCompared(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, "rate_limits": {"login": null, "signup": null, "login_failed": "1/h/key"}`, keys)
	owner, to := signedUp(h, 1)
	x := owner.addApp()
	d := h.waiting(to)
	h.on(func(op, query string) error {
		if strings.Contains(query, "JOIN authenticators") {
			return sql.ErrConnDone
		}
		return nil
	})
	_, err := d.try(h.showCode(x.bad()))
	h.on(nil)
	h.refused(err, refusal.Busy, "")
	for _, code := range []string{"", "\x00"} {
		_, err := d.try(h.showCode(code))
		if !refusal.Is(err, refusal.Invalid) {
			t.Errorf("%q is answered with %v", code, err)
		}
	}
	d.do(h.showCode(x.next()))
}
