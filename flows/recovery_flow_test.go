package flows_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// TestRecoveryCodesComeWithTheFirstFactorAndGoWithTheLast.
func TestRecoveryCodesComeWithTheFirstFactorAndGoWithTheLast(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
	d, _ := signedUp(h, 1)
	_, err := d.try(func(v *flows.Visit) error { _, err := h.RecoveryCodes(t.Context(), v); return err })
	h.refused(err, refusal.Missing, "")
	_, err = d.try(h.regenerate)
	h.refused(err, refusal.Invalid, refusal.CannotGenerateCodes)

	d.addApp()
	codes := d.recoveryCodes()
	if len(codes) != 10 || len(codes[0]) != 8 {
		t.Errorf("the codes are %q", codes)
	}
	first := d.addKey(newKey(), false)
	if !slices.Equal(d.recoveryCodes(), codes) {
		t.Error("a second factor brings other recovery codes")
	}
	second := d.addKey(newKey(), false)
	for _, c := range []struct {
		remove step
		left   string
	}{
		{h.removeKeys(first.ID), "recovery_codes totp webauthn"},
		{h.deactivate, "recovery_codes webauthn"},
		{h.removeKeys(second.ID), ""},
	} {
		d.do(c.remove)
		h.consistent()
		if got := d.types(); got != c.left {
			t.Errorf("%q are left, want %q", got, c.left)
		}
	}
	d.addKey(newKey(), false)
	if again := d.recoveryCodes(); len(again) != 10 || slices.Contains(codes, again[0]) {
		t.Errorf("the codes are now %q", again)
	}
	all, err := h.Authenticators(t.Context(), d.visit())
	h.must(err)
	for _, x := range all {
		if x.UnusedCodes != nil || (x.Type == "recovery_codes" && (*x.TotalCodeCount != 10 || *x.UnusedCodeCount != 10)) {
			t.Errorf("the list shows %+v", x)
		}
	}
}

func TestTenantWithoutRecoveryCodesHasNone(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, `"supported_types": ["totp", "webauthn"]`)
	d, _ := signedUp(h, 1)
	d.addApp()
	if d.types() != "totp" {
		t.Errorf("there are %s", d.types())
	}
	d.do(h.deactivate)
	h.consistent()
}

func TestRecoveryCodesCannotBeReadInTheDatabase(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newFactorHouse(t, engine, optional+`, `+unlimited, keys)
		d, to := signedUp(h, 1)
		d.addApp()
		codes := d.recoveryCodes()
		h.waiting(to).do(h.showCode(codes[4]))
		var texts []string
		for _, code := range codes {
			texts = append(texts, code, code[:4]+"-"+code[4:], code[:4]+" "+code[4:])
			texts = append(texts, spellings([]byte(code))...)
		}
		if where := h.found(texts...); where != nil {
			t.Errorf("recovery codes can be read in %v", where)
		}
	})
}

func TestRecoveryCodeIsGoodOnceHoweverItIsTyped(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
	owner, to := signedUp(h, 1)
	owner.addApp()
	codes := owner.recoveryCodes()
	for i, typed := range []string{codes[0], codes[1][:4] + "-" + codes[1][4:], "\t" + codes[2][:4] + " " + codes[2][4:] + "\n"} {
		h.waiting(to).do(h.showCode(typed))
		for _, again := range []string{typed, codes[i]} {
			_, err := h.waiting(to).try(h.showCode(again))
			h.refused(err, refusal.Invalid, refusal.IncorrectCode)
		}
	}
	owner.do(h.showCodeAgain(codes[3]))
	if left := owner.recoveryCodes(); !slices.Equal(left, codes[4:]) {
		t.Errorf("%q are left of %q", left, codes)
	}
	all, err := h.Authenticators(t.Context(), owner.visit())
	h.must(err)
	if x := all[slices.IndexFunc(all, func(x flows.AuthenticatorView) bool { return x.Type == "recovery_codes" })]; *x.UnusedCodeCount != 6 || x.LastUsedAt == nil {
		t.Errorf("the list shows %+v", x)
	}
}

func TestNewRecoveryCodesTakeTheOldOnesPlace(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
	owner, to := signedUp(h, 1)
	owner.addApp()
	old := owner.recoveryCodes()
	var shown []string
	owner.do(func(v *flows.Visit) error {
		view, err := h.GenerateRecoveryCodes(t.Context(), v)
		shown = *view.UnusedCodes
		return err
	})
	if !slices.Equal(shown, owner.recoveryCodes()) || slices.ContainsFunc(old, func(code string) bool { return slices.Contains(shown, code) }) {
		t.Errorf("%q come after %q", shown, old)
	}
	h.consistent()
	for _, code := range old {
		_, err := h.waiting(to).try(h.showCode(code))
		h.refused(err, refusal.Invalid, refusal.IncorrectCode)
	}
	h.waiting(to).do(h.showCode(shown[0]))
}

func TestRecoveryCodesAreShownOnceWhereTheTenantWantsThat(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys+`, "recovery_codes_show_once": true`)
	owner, to := signedUp(h, 1)
	owner.addApp()
	codes := owner.recoveryCodes()
	if len(codes) != 10 {
		t.Fatalf("the first look shows %q", codes)
	}
	for range 2 {
		if again := owner.recoveryCodes(); again != nil {
			t.Errorf("the next look shows %q", again)
		}
	}
	h.waiting(to).do(h.showCode(codes[0]))
	owner.do(h.regenerate) // which shows them
	if again := owner.recoveryCodes(); again != nil {
		t.Errorf("a look after they were made shows %q", again)
	}
}

// TestManyLooksAtCodesThatAreShownOnceShowThemOnce: of any number at once, one.
func TestManyLooksAtCodesThatAreShownOnceShowThemOnce(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newFactorHouse(t, engine, optional+`, `+unlimited, keys+`, "recovery_codes_show_once": true`)
		owner, to := signedUp(h, 1)
		const n = 16
		var others [n]*device
		for i := range others {
			others[i] = h.signedIn(to)
		}
		owner.addApp()
		visits := make([]*flows.Visit, n)
		for i := range visits {
			visits[i] = others[i].at([]*flows.Service{h.Service, h.rival}[i%2])
		}
		shown := make([]bool, n)
		for _, err := range together(n, func(i int) error {
			view, err := []*flows.Service{h.Service, h.rival}[i%2].RecoveryCodes(t.Context(), visits[i])
			shown[i] = err == nil && view.UnusedCodes != nil
			return err
		}) {
			if err != nil && !refusal.Is(err, refusal.Conflict) {
				t.Errorf("got %v", err)
			}
		}
		looks := 0
		for _, s := range shown {
			if s {
				looks++
			}
		}
		if looks != 1 {
			t.Errorf("%d looks showed them", looks)
		}
	})
}

// TestFactorsThatChangeAtOnce: what users and sessions say of their factors follows from the authenticators, whoever comes between.
func TestFactorsThatChangeAtOnce(t *testing.T) {
	type change struct {
		before func(d *device) // what the account is like
		first  func(h *house, d *device) step
		second func(h *house, d *device) step
		left   string
	}
	keysOf := func(h *house, d *device) (ids []int64) {
		all, err := h.Authenticators(h.Context(), d.visit())
		h.must(err)
		for _, x := range all {
			if x.Type == "webauthn" {
				ids = append(ids, x.ID)
			}
		}
		return ids
	}
	newKeyOf := func(h *house, d *device) step {
		k := newKey()
		credential := k.Create(d.asked(func(v *flows.Visit) (json.RawMessage, error) { return h.AddKeyOptions(h.Context(), v, false) }))
		return func(v *flows.Visit) error {
			_, _, err := h.AddKey(h.Context(), v, flows.KeyInput{Credential: credential})
			return err
		}
	}
	newAppOf := func(h *house, d *device) step { return h.activate(h.appOf(d.look().Secret).code()) }
	testkit.Engines(t, func(t *testing.T, engine string) {
		for name, c := range map[string]change{
			"the last two are removed": {func(d *device) { d.addApp(); d.addKey(newKey(), false) },
				func(h *house, d *device) step { return h.removeKeys(keysOf(h, d)...) },
				func(h *house, _ *device) step { return h.deactivate }, ""},
			"the first two are added":           {func(*device) {}, newAppOf, newKeyOf, "recovery_codes totp webauthn"},
			"two keys are added":                {func(*device) {}, newKeyOf, newKeyOf, "recovery_codes webauthn webauthn"},
			"the last is removed, one is added": {func(d *device) { d.addApp() }, func(h *house, _ *device) step { return h.deactivate }, newKeyOf, "recovery_codes webauthn"},
			"one is added, the last is removed": {func(d *device) { d.addApp() }, newKeyOf, func(h *house, _ *device) step { return h.deactivate }, "recovery_codes webauthn"},
			"new codes, and the last is removed": {func(d *device) { d.addApp() }, func(h *house, _ *device) step { return h.regenerate },
				func(h *house, _ *device) step { return h.deactivate }, ""},
			"new codes twice": {func(d *device) { d.addApp() }, func(h *house, _ *device) step { return h.regenerate },
				func(h *house, _ *device) step { return h.regenerate }, "recovery_codes totp"},
		} {
			t.Run(name, func(t *testing.T) {
				h := newFactorHouse(t, engine, optional+`, `+unlimited, keys)
				d, to := signedUp(h, 1)
				other := h.signedIn(to)
				c.before(d)
				h.clock.Advance(time.Second)
				first, second := c.first(h, d), c.second(h.beside(), other)
				v, w := d.visit(), other.at(h.rival)
				came := false
				h.atSettling(func() { came = true; h.must(second(w)) })
				err := first(v)
				h.on(nil)
				if !came {
					t.Fatal("nobody came between")
				}
				if _, refused := refusal.As(err); err != nil && !refused {
					t.Errorf("got %v", err)
				}
				h.consistent()
				if got := other.types(); got != c.left {
					t.Errorf("there are %q, want %q; answered %v", got, c.left, err)
				}
			})
		}
	})
}

// TestOneOfTwoSetUpsOfAnAppCounts: an account has one app.
func TestOneOfTwoSetUpsOfAnAppCounts(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, engine string) {
		h := newFactorHouse(t, engine, optional+`, `+unlimited, keys)
		_, to := signedUp(h, 1)
		const n = 8
		steps, visits := make([]step, n), make([]*flows.Visit, n)
		for i := range n {
			d := h.signedIn(to)
			steps[i] = h.activate(h.appOf(d.look().Secret).code())
			visits[i] = d.visit()
		}
		won := 0
		for _, err := range together(n, func(i int) error { return steps[i](visits[i]) }) {
			switch {
			case err == nil:
				won++
			case !refusal.Is(err, refusal.Conflict):
				t.Errorf("got %v", err)
			}
		}
		if won != 1 || h.one(`SELECT COUNT(*) FROM authenticators WHERE type = 'totp'`) != "1" {
			t.Errorf("%d were set up", won)
		}
		h.consistent()
	})
}

// TestNobodyHasRecoveryCodesAlone: whoever asks for new ones as the last factor goes, gets none.
func TestNobodyHasRecoveryCodesAlone(t *testing.T) {
	h := newFactorHouse(t, "sqlite", optional+`, `+unlimited, keys)
	d, to := signedUp(h, 1)
	other := h.signedIn(to)
	d.addApp()
	v := other.visit()
	d.do(h.deactivate)
	h.refused(h.regenerate(v), refusal.Invalid, refusal.CannotGenerateCodes)
	h.consistent()
	if d.types() != "" {
		t.Errorf("there are %q", d.types())
	}
}
