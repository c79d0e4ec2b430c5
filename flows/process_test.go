package flows

import (
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// waiting is a visit whose session waits for a code.
func waiting(t testing.TB) *Visit {
	return &Visit{Tenant: holder(t), Now: testkit.Start, session: &store.Session{ID: secret.NewID()}}
}

// right reports whether a code is taken.
func right(v *Visit, of purpose, p *process, typed string) bool {
	var f refusal.Faults
	ok := v.check(&f, "code", of, p, typed)
	return ok && len(f) == 0
}

func TestCodeIsForWhatItWasMadeFor(t *testing.T) {
	v := waiting(t)
	whose := process{Email: "ann@example.org", Phone: "+31612345678", UserID: secret.NewID()}
	p := v.start(whose)
	of := v.forEmail()
	code := v.code(of, p)
	if !right(v, of, p, code) {
		t.Fatal("the code is not taken")
	}
	other := func(change func(p *process)) *process {
		x := p.clone()
		change(x)
		return x
	}
	twin := *v.Tenant
	twin.ID = secret.NewID() // the same keys, as after a mistake in copying a row
	for name, c := range map[string]struct {
		v  *Visit
		of purpose
		p  *process
	}{
		"at another tenant":                 {&Visit{Tenant: holder(t), session: v.session}, of, p},
		"at a tenant of the same keys":      {&Visit{Tenant: &twin, session: v.session}, of, p},
		"in another session":                {&Visit{Tenant: v.Tenant, session: &store.Session{ID: secret.NewID()}}, of, p},
		"as a login code":                   {v, v.forLogin(), p},
		"as a code for a number":            {v, v.forPhone(), p},
		"as a reset code":                   {v, v.forReset(), p},
		"for another address":               {v, of, other(func(p *process) { p.Email = "bob@example.org" })},
		"for no address":                    {v, of, other(func(p *process) { p.Email = "" })},
		"for another number":                {v, of, other(func(p *process) { p.Phone = "+31687654321" })},
		"for another account":               {v, of, other(func(p *process) { p.UserID = secret.NewID() })},
		"for no account":                    {v, of, other(func(p *process) { p.UserID = "" })},
		"where the address is the number":   {v, of, other(func(p *process) { p.Email, p.Phone = p.Phone, p.Email })},
		"where no code is right any more":   {v, of, other((*process).void)},
		"where another code took its place": {v, of, other(func(p *process) { v.code(of, p) })},
	} {
		t.Run(name, func(t *testing.T) {
			if right(c.v, c.of, c.p, code) {
				t.Error("it is taken")
			}
		})
	}
	// What is counted and when it began is no part of it.
	if !right(v, of, other(func(p *process) { p.Tries, p.Resends, p.Changes, p.Since = 1, 1, 1, v.Now.Add(time.Hour) }), code) {
		t.Error("a code is not taken any more after a wrong one")
	}
}

func TestCodesAreComparedAsPeopleTypeThem(t *testing.T) {
	v := waiting(t)
	p := v.start(process{Email: "ann@example.org"})
	for _, format := range []tenants.CodeFormat{{Dashed: true, Length: 8}, {Length: 6}, {Numeric: true, Length: 6}, {Numeric: true, Dashed: true, Length: 7}} {
		of := purpose{name: "login", format: format}
		code := v.code(of, p)
		plain := strings.ReplaceAll(code, "-", "")
		for _, typed := range []string{
			code, plain, strings.ToLower(code), strings.ToLower(plain), " " + code + "\r\n", strings.Join(strings.Split(plain, ""), " "),
			plain[:2] + "-" + plain[2:], "-" + plain + "-", "\u3000" + code + "\u00a0", plain[:2] + "_" + plain[2:],
			plain[:2] + "\u2010" + plain[2:], plain[:2] + "\t" + plain[2:], plain[:3] + "." + plain[3:],
		} {
			if !right(v, of, p, typed) {
				t.Errorf("%q is not taken for %q", typed, code)
			}
		}
		for _, typed := range []string{
			plain[1:], plain + plain[:1], plain + "0", plain[1:] + plain[:1] + "X", strings.ReplaceAll(code, plain[:1], "") + ".",
		} {
			if right(v, of, p, typed) {
				t.Errorf("%q is taken for %q", typed, code)
			}
		}
	}
}

func TestWhatIsNoCodeIsToldAsSuch(t *testing.T) {
	v := waiting(t)
	p := v.start(process{Email: "ann@example.org"})
	of := v.forLogin()
	for name, c := range map[string]struct {
		typed string
		want  refusal.Code
	}{
		"nothing":          {"", refusal.Required},
		"white space":      {" \t\u3000", refusal.Required},
		"a NUL":            {"BCDF\x00GHJK", refusal.NullCharacters},
		"a dash":           {"-", refusal.IncorrectCode},
		"something else":   {"no", refusal.IncorrectCode},
		"a very long text": {strings.Repeat("B", 1<<16), refusal.IncorrectCode},
	} {
		t.Run(name, func(t *testing.T) {
			for _, made := range []bool{false, true} {
				if made {
					v.code(of, p)
				}
				var f refusal.Faults
				if v.check(&f, "code", of, p, c.typed) || len(f) != 1 || f[0].Code != c.want || f[0].Param != "code" {
					t.Errorf("with a code %t: %v", made, f)
				}
			}
			p.void()
		})
	}
}

func TestTriesAreCountedToTheLast(t *testing.T) {
	p := &process{}
	for n := 1; n <= 5; n++ {
		if over := p.missed(purpose{tries: 3}); over != (n >= 3) || p.Tries != n {
			t.Errorf("after %d wrong codes of 3: over %t, %d counted", n, over, p.Tries)
		}
	}
}

func TestProcessRunsOutAfterItsTime(t *testing.T) {
	v := waiting(t)
	of := purpose{timeout: 3 * time.Minute}
	p := v.start(process{})
	if v.late(of, nil) {
		t.Error("what there is not has run out")
	}
	for after, late := range map[time.Duration]bool{
		0: false, of.timeout - 1: false, of.timeout: false, of.timeout + 1: true, time.Hour: true, -time.Hour: false,
	} {
		v.Now = testkit.Start.Add(after)
		if got := v.late(of, p); got != late {
			t.Errorf("after %s: late %t", after, got)
		}
	}
}

// What is typed is taken if it is the code with dashes, spaces and small letters, and is otherwise refused for one reason.
func FuzzCheckCode(f *testing.F) {
	v := waiting(f)
	p := v.start(process{Email: "ann@example.org"})
	of := v.forLogin()
	code := v.code(of, p)
	f.Add(code, 0)
	f.Add(strings.ToLower(code), 4)
	f.Add(" - ", 1)
	f.Add("", 3)
	f.Add("BCDF\x00GHJK", 0)
	f.Add("ßſKİ\xff", 7)
	f.Fuzz(func(t *testing.T, given string, at int) {
		folded := foldCode(given)
		if again := foldCode(folded); again != folded {
			t.Fatalf("%q folds to %q, and that to %q", given, folded, again)
		}
		if strings.ContainsAny(folded, " -abcdefghijklmnopqrstuvwxyz") {
			t.Fatalf("%q folds to %q", given, folded)
		}
		var faults refusal.Faults
		taken := v.check(&faults, "code", of, p, given)
		if taken != (len(faults) == 0) || len(faults) > 1 {
			t.Fatalf("%q: taken %t, with %v", given, taken, faults)
		}
		if taken != (foldCode(trim(given)) == foldCode(code)) {
			t.Fatalf("%q: taken %t for %q", given, taken, code)
		}
		// Wherever dashes and spaces are put into the code, it is still the code.
		at = max(0, at%(len(code)+1))
		filler := strings.Map(func(r rune) rune {
			if r == '-' || r == ' ' {
				return r
			}
			return -1
		}, given)
		if !right(v, of, p, code[:at]+filler+code[at:]) {
			t.Fatalf("%q is not taken for %q", code[:at]+filler+code[at:], code)
		}
	})
}
