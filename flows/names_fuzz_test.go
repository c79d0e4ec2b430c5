package flows

import (
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/tenants"
)

func TestAddressesAreRead(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain":                         {"ann@example.org", "ann@example.org"},
		"capitals":                      {"Ann.Lee@Example.ORG", "ann.lee@example.org"},
		"a tag":                         {"ann+news@example.org", "ann+news@example.org"},
		"every mark that an atom has":   {"!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~@example.org"},
		"this machine":                  {"ann@localhost", "ann@localhost"},
		"an international last label":   {"ann@example.\u0440\u0444", "ann@example.xn--p1ai"},
		"an international domain":       {"ann@b\u00fccher.example", "ann@xn--bcher-kva.example"},
		"the same in capitals":          {"ann@B\u00dcCHER.example", "ann@xn--bcher-kva.example"},
		"the same with loose accents":   {"ann@bu\u0308cher.example", "ann@xn--bcher-kva.example"},
		"the same in its ASCII form":    {"ann@XN--bcher-KVA.example", "ann@xn--bcher-kva.example"}, // spelt in either form
		"a domain that folds otherwise": {"ann@stra\u00dfe.example", "ann@xn--strae-oqa.example"},
	} {
		t.Run(name, func(t *testing.T) {
			a, ok := parseAddress(c.in)
			if !ok || string(a) != c.want {
				t.Errorf("got %+v, %v", a, ok)
			}
		})
	}
}

func TestWhatIsNoAddressIsRefused(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":                       "",
		"no at":                         "ann.example.org",
		"nothing before the at":         "@example.org",
		"nothing behind the at":         "ann@",
		"two ats":                       "ann@example.org@example.net",
		"an at that is none":            "ann\uff20example.org",
		"a second at that is none":      "ann@example.org\uff20example.net",
		"a dotless i":                   "m\u0131ke@example.org",
		"a dotted capital i":            "m\u0130ke@example.org",
		"a Kelvin sign":                 "mi\u212ae@example.org",
		"a long s":                      "\u017fam@example.org",
		"full-width letters":            "\uff4dike@example.org",
		"a Cyrillic letter":             "\u0430nn@example.org",
		"an invisible letter":           "an\u200bn@example.org",
		"a trailing dot":                "ann.@example.org",
		"a leading dot":                 ".ann@example.org",
		"two dots":                      "an..n@example.org",
		"a last label of digits":        "ann@example.123",
		"a last label with a digit":     "ann@example.c0m",
		"an address of the network":     "ann@192.0.2.1",
		"a trailing dot of the domain":  "ann@example.org.",
		"an ideographic trailing dot":   "ann@example.org\u3002",
		"two dots in the domain":        "ann@example..org",
		"a quoted local part":           `"ann"@example.org`,
		"an address quoted in another":  `"ann@example.net"@example.org`,
		"a comment":                     "ann(x)@example.org",
		"a name":                        "Ann <ann@example.org>",
		"angle brackets":                "<ann@example.org>",
		"two addresses":                 "ann@example.org,bob@example.org",
		"a route":                       "@example.net:ann@example.org",
		"a line break":                  "ann@example.org\r\nBcc: bob@example.org",
		"a line break before the at":    "ann\r\nbob@example.org",
		"a line break at the end":       "ann@example.org\n",
		"a NUL":                         "ann\x00@example.org",
		"a NUL at the end":              "ann@example.org\x00",
		"a space":                       "an n@example.org",
		"a space in front":              " ann@example.org",
		"an address literal":            "ann@[127.0.0.1]",
		"an IPv6 literal":               "ann@[IPv6:::1]",
		"a domain without a dot":        "ann@example",
		"an underscore in the domain":   "ann@exa_mple.org",
		"a dash before a dot":           "ann@example-.org",
		"a dash behind a dot":           "ann@-example.org",
		"a port":                        "ann@example.org:25",
		"a label that is too long":      "ann@" + strings.Repeat("x", 64) + ".org",
		"an international one":          "ann@" + strings.Repeat("\u00fc", 63) + ".org",
		"too many characters":           strings.Repeat("x", 320) + "@example.org",
		"bad UTF-8 in the local part":   "an\xffn@example.org",
		"bad UTF-8 in the domain":       "ann@ex\xffample.org",
		"what is no A-label when heard": "ann@xn--.org",
	} {
		t.Run(name, func(t *testing.T) {
			if a, ok := parseAddress(in); ok || a != "" {
				t.Errorf("got %+v, %v", a, ok)
			}
		})
	}
}

// What is stored, shown and mailed to is the address that it is compared by, and not another one that looks alike.
func TestSpellingOfAnAddressMeansTheSameMailbox(t *testing.T) {
	for name, in := range map[string]string{
		"a dotted capital i in the domain": "ann@g\u0130thub.example",
		"a dotless i in the domain":        "ann@g\u0131thub.example",
		"a Kelvin sign in the domain":      "ann@\u212aite.example",
		"a long s in the domain":           "ann@\u017fite.example",
		"a full-width letter":              "ann@githu\uff42.example",
		"an ideographic dot":               "ann@github\u3002example",
		"a soft hyphen":                    "ann@git\u00adhub.example",
		"a space without width":            "ann@git\u200bhub.example",
		"a variation selector":             "ann@git\ufe0fhub.example",
		"loose accents":                    "ann@bu\u0308cher.example",
		"a sharp s":                        "ann@stra\u1e9ee.example",
	} {
		t.Run(name, func(t *testing.T) {
			a, ok := parseAddress(in)
			if !ok {
				return // refusing is fine
			}
			again, ok := parseAddress(string(a))
			if !ok || again != a {
				t.Errorf("%q is read as %q", a, again)
			}
		})
	}
}

func TestUsernamesAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		in, want string
		code     refusal.Code
		change   func(*tenants.Account)
	}{
		"plain":                       {in: "ann", want: "ann"},
		"capitals are kept":           {in: "Ann", want: "Ann"},
		"capitals are not kept":       {in: "Ann", want: "ann", change: func(a *tenants.Account) { a.PreserveUsernameCasing = false }},
		"another script":              {in: "\u0430\u043d\u043d\u0430", want: "\u0430\u043d\u043d\u0430"},
		"marks":                       {in: "a.n_n@x+y-z", want: "a.n_n@x+y-z"},
		"white space around it":       {in: "\u3000ann\t", want: "ann"},
		"full-width letters":          {in: "\uff41nn", want: "ann"},
		"nothing":                     {in: " ", code: refusal.Required},
		"a space":                     {in: "an n", want: "an n", code: refusal.Malformed},
		"a slash":                     {in: "an/n", want: "an/n", code: refusal.Malformed},
		"a letter that is not seen":   {in: "an\u200bn", want: "an\u200bn", code: refusal.Malformed},
		"writing turned round":        {in: "\u202eann", want: "\u202eann", code: refusal.Malformed},
		"a picture":                   {in: "ann\U0001f600", want: "ann\U0001f600", code: refusal.Malformed},
		"a NUL":                       {in: "an\x00n", want: "an\x00n", code: refusal.NullCharacters},
		"as long as may be":           {in: strings.Repeat("\u00fc", 150), want: strings.Repeat("\u00fc", 150)},
		"too long":                    {in: strings.Repeat("x", 151), want: strings.Repeat("x", 151), code: refusal.TooLong},
		"too short":                   {in: "an", want: "an", code: refusal.TooShort, change: func(a *tenants.Account) { a.UsernameMinLength = 3 }},
		"forbidden":                   {in: "admin", want: "admin", code: refusal.UsernameBlacklisted, change: forbidAdmin},
		"forbidden, in capitals":      {in: "ADMIN", want: "ADMIN", code: refusal.UsernameBlacklisted, change: forbidAdmin},
		"forbidden, in wide letters":  {in: "\uff41dmin", want: "admin", code: refusal.UsernameBlacklisted, change: forbidAdmin},
		"forbidden, with a long s":    {in: "\u017fys", want: "sys", code: refusal.UsernameBlacklisted, change: forbidAdmin},
		"forbidden, with a dotless i": {in: "adm\u0131n", want: "adm\u0131n", change: forbidAdmin}, // another letter in every script
	} {
		t.Run(name, func(t *testing.T) {
			tenant := holder(t)
			if c.change != nil {
				c.change(&tenant.Settings.Account)
			}
			var f refusal.Faults
			got := usernameFaults(&f, tenant, c.in, true)
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			switch {
			case c.code == "" && len(f) > 0:
				t.Errorf("faults %+v", f)
			case c.code != "" && (len(f) != 1 || f[0].Code != c.code || f[0].Param != "username"):
				t.Errorf("faults %+v, want %s", f, c.code)
			}
		})
	}
}

// Front ends show the words of a fault beside the field, so they say what belongs there.
func TestFaultsOfNamesSayWhatIsWanted(t *testing.T) {
	var f refusal.Faults
	addressFaults(&f, "email", "ann", true, maxAddress)
	usernameFaults(&f, holder(t), "an n", true)
	if len(f) != 2 || f[0].Message != notAnAddress || f[1].Message != notAUsername {
		t.Errorf("faults %+v", f)
	}
}

func forbidAdmin(a *tenants.Account) { a.UsernameBlacklist = []string{"Admin", "sys"} }

func TestUsernamesThatAreMadeAreGood(t *testing.T) {
	for name, c := range map[string]struct {
		email  string
		first  string // "" for anything
		change func(*tenants.Account)
	}{
		"of the local part":               {email: "ann@example.org", first: "ann"},
		"without what names cannot have":  {email: "a#n$n!@example.org", first: "ann"},
		"of nothing that is left":         {email: "#$!@example.org"},
		"of no address":                   {},
		"of a forbidden one":              {email: "admin@example.org", change: forbidAdmin},
		"of one that is too short":        {email: "an@example.org", change: func(a *tenants.Account) { a.UsernameMinLength = 12 }},
		"of one that fits the shortest":   {email: "ann@example.org", first: "ann", change: func(a *tenants.Account) { a.UsernameMinLength = 3 }},
		"where the shortest is as long":   {email: "ann@example.org", change: func(a *tenants.Account) { a.UsernameMinLength = 150 }},
		"of one that is too long":         {email: strings.Repeat("x", 200) + "@example.org", first: strings.Repeat("x", 150)},
		"and never the name for nobody's": {email: "user@example.org"},
	} {
		t.Run(name, func(t *testing.T) {
			tenant := holder(t)
			if c.change != nil {
				c.change(&tenant.Settings.Account)
			}
			a, _ := parseAddress(c.email)
			for _, crowded := range []bool{false, true} {
				names := usernamesFor(tenant, a, crowded)
				if len(names) != 4 {
					t.Fatalf("%d names: %q", len(names), names)
				}
				if c.first != "" && names[0] != c.first {
					t.Errorf("the first is %q, want %q", names[0], c.first)
				}
				if slices.Contains(names, "user") {
					t.Errorf("everybody's name is offered: %q", names)
				}
				for i, n := range names {
					if digits := len(n) - len(strings.TrimRight(n, "0123456789")); crowded && i > 0 && digits < 10 {
						t.Errorf("another may be offered %q, too", n)
					}
					var f refusal.Faults
					if got := usernameFaults(&f, tenant, n, true); got != n || len(f) > 0 {
						t.Errorf("%q is no good: %q, %+v", n, got, f)
					}
					if slices.Contains(names[:i], n) {
						t.Errorf("%q is offered twice", n)
					}
				}
			}
		})
	}
}

// FuzzParseAddress holds what the accounts of a tenant are kept apart by. Two addresses of ASCII are one if and only if
// they differ in the case of letters alone; and an address as it is stored is the address that it was stored for.
func FuzzParseAddress(f *testing.F) {
	for _, seed := range [][2]string{
		{"ann@example.org", "ANN@EXAMPLE.ORG"},
		{"mike@example.org", "m\u0130ke@example.org"},
		{"ann@b\u00fccher.example", "ann@xn--bcher-kva.example"},
		{"ann@bu\u0308cher.example", "ann@B\u00dcCHER.example"},
		{"ann@github.example", "ann@g\u0130thub.example"},
		{"ann@github.example", "ann@git\u00adhub\u3002example"},
		{"ann@\u212aite.example", "ann@kite.example"},
		{`"ann"@example.org`, "ann.@example.org"},
		{"ann@localhost", "ann@LOCALHOST"},
		{"@", "a@b"},
		{"ann\uff20example.org", "ann@example.org\r\nbob@example.org"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, x, y string) {
		a, aok := parseAddress(x)
		b, bok := parseAddress(y)
		if aok {
			soundAddress(t, x, a)
		}
		if bok {
			soundAddress(t, y, b)
		}
		if aok && bok && isASCII(x) && isASCII(y) && (a == b) != (lowerASCII(x) == lowerASCII(y)) {
			t.Errorf("%q and %q are compared by %q and %q", x, y, a, b)
		}
	})
}

func soundAddress(t *testing.T, in string, a address) {
	t.Helper()
	text := string(a)
	if !isASCII(text) || strings.Count(text, "@") != 1 || text != lowerASCII(text) || strings.ContainsAny(text, "\x00\r\n\t \"<>(),;:\\[]") {
		t.Fatalf("%q is read as %+q", in, a)
	}
	if again, ok := parseAddress(text); !ok || again != a {
		t.Errorf("%q is read as %q, which is read as %+q, %v", in, a, again, ok)
	}
}

// A number that is taken is in the form of E.164 and stays as it is; what is not taken is refused as malformed, and
// for a NUL besides, or as missing.
func FuzzPhoneFaults(f *testing.F) {
	for _, seed := range []string{
		"+31612345678", " +31612345678\t", "\u3000+14155550123\u00a0", "0612345678", "+", "+0612345678", "+1234567", "+123456", "+123456789012345",
		"+1234567890123456", "+31 612345678", "+31-612345678", "+31612345678\x00", "+\u0663\u0661612345678", "", " ", "\xff+31612345678",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, given string, required bool) {
		var faults refusal.Faults
		got := phoneFaults(&faults, "phone", given, required)
		reasons := 1
		if strings.ContainsRune(given, 0) {
			reasons = 2
		}
		if len(faults) > reasons || (got != "" && len(faults) > 0) || (got == "" && len(faults) == 0 && (required || trim(given) != "")) {
			t.Fatalf("%q is %q, with %v", given, got, faults)
		}
		if got == "" {
			return
		}
		digits := strings.TrimPrefix(got, "+")
		if len(got) != len(digits)+1 || len(digits) < 6 || len(digits) > 15 || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
			t.Fatalf("%q is taken for the number %q", given, got)
		}
		if trim(given) != got {
			t.Fatalf("%q is taken for another number, %q", given, got)
		}
		faults = nil
		if again := phoneFaults(&faults, "phone", got, true); again != got || len(faults) > 0 {
			t.Fatalf("%q is no number the second time: %q, %v", got, again, faults)
		}
	})
}
