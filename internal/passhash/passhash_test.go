package passhash

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// quick are parameters for tests that do not care.
var quick = Params{Memory: 64, Time: 1, Threads: 1}

const word = "lètmein"

// The vectors were made by other programs than this one: argon2 by libargon2, PBKDF2 and scrypt by Python's hashlib, bcrypt
// by libxcrypt, digests by Django and passlib. Firebase's is the example of its documentation.
var formats = []struct {
	name, password, encoded string
}{
	{"our own", word, "$argon2id$v=19$m=19456,t=2,p=1$8PHy8/T19vf4+fr7/P3+/w$azddZ76BEhVa9dYpbTivsNCJp3qJ6/hEFyBNKrzZLms"},
	{"our own, cheaper", word, "$argon2id$v=19$m=64,t=1,p=1$8PHy8/T19vf4+fr7/P3+/w$xdrdI0h5L5KgVmpJ3v3YtUCdzATjyXUD1ERMW53hxD8"},
	{"argon2id with lanes and a short key", word, "$argon2id$v=19$m=256,t=3,p=4$8PHy8/T19vf4+fr7/P3+/w$3C+DIlpH6THTHHi/8PhSDo9gesV5KCvi"},
	{"argon2id with its parameters in another order", word, "$argon2id$v=19$t=3,m=256,p=4$8PHy8/T19vf4+fr7/P3+/w$3C+DIlpH6THTHHi/8PhSDo9gesV5KCvi"},
	{"argon2i", word, "$argon2i$v=19$m=256,t=2,p=2$8PHy8/T19vf4+fr7/P3+/w$YZF3KDj4a03eyot/7QYnQ4bbqguJ2e/BMSmXtSp2Ni8"},
	{"django argon2id", word, "argon2$argon2id$v=19$m=1024,t=2,p=8$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dg$4lSbvNjiDLi89PrbKYhpRxsM76lORXXTuiOjXpTaSS0"},
	{"django argon2i", word, "argon2$argon2i$v=19$m=512,t=2,p=2$c2Vhc2FsdHNlYXNhbHQ$QallDq/1zpg73Bt1RKe/jA"},
	{"django pbkdf2 sha256", word, "pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A="},
	{"django pbkdf2 sha1", word, "pbkdf2_sha1$1000$seasalt$ljleU4wBmTtz/MoG5YTwxpM0d7I="},
	{"django scrypt", word, "scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw=="},
	{"django scrypt with lanes", word, "scrypt$1024$seasalt$4$3$rohAw3IxY+cScxB6o9tRYhpqrBBQN5Kjm1o9kc71mh5D3itbjYEBJKIR2cbkiSI9Sz4KWbs3M2sJGbYXD2t+TA=="},
	{"django bcrypt", word, "bcrypt$$2b$05$abcdefghijklmnopqrstuu2c1e4vZoCxDVRU9N6VCSSmNg4cQa1Ve"},
	{"django bcrypt sha256", word, "bcrypt_sha256$$2b$05$abcdefghijklmnopqrstuuaQz6CVhbgRiZmnmiNLc9bv5cauhFkti"},
	{"bcrypt 2b", word, "$2b$05$abcdefghijklmnopqrstuu2c1e4vZoCxDVRU9N6VCSSmNg4cQa1Ve"},
	{"bcrypt 2a", word, "$2a$05$abcdefghijklmnopqrstuu2c1e4vZoCxDVRU9N6VCSSmNg4cQa1Ve"},
	{"bcrypt 2y", word, "$2y$05$abcdefghijklmnopqrstuu2c1e4vZoCxDVRU9N6VCSSmNg4cQa1Ve"},
	{"bcrypt of more than its 72 bytes", strings.Repeat("abcdefghij", 8), "$2b$05$abcdefghijklmnopqrstuugiqzjuu7DBUttxYVaTbilXh2Vuq7c2i"},
	{"passlib pbkdf2 sha256", word, "$pbkdf2-sha256$1000$8PHy8/T19vf4.fr7/P3./w$NLCxhEx13MijqfW7prAglClHI.JU.g8ztpZ9vKGmT6s"},
	{"passlib pbkdf2 sha512", word, "$pbkdf2-sha512$1000$8PHy8/T19vf4.fr7/P3./w$G38.kKPBMjhq6JujX0e7u7RNAFJTRe7Cj3TBITWP4weBT/.cgn35E3NdvJUwKJnWFeLB2iwIl1HxKJw4Dfd2GQ"},
	{"scrypt", word, "$scrypt$ln=10,r=8,p=2$8PHy8/T19vf4+fr7/P3+/w$DHY8J8lLsqbEtkvOG95CqPcNTOURZHTEZEEtqmPY8gg"},
	{"django sha1", word, "sha1$seasalt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8"},
	{"django md5", word, "md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3"},
	{"django sha1 without salt", word, "sha1$$6d138ca3ae545631b3abd71a4f076ce759c5700b"},
	{"md5 without salt", word, "md5$$88a434c88cca4e900f7874cd98123f43"},
	{"sha256 with a salt", word, "sha256$seasalt$e0327e0c88846ec7f85601380e86c72a5242e3455a1ae0f736f349858f126eb9"},
	{"sha512 with a salt", word, "sha512$seasalt$16bf4502ffdfce9551b90319d06674e6faa3e174144123d392d94470ebf0aa77096b871f9e84f60ed2bac2f10f755368b068e52547e0435fef8b4f6ca237d7d8"},
	{"passlib pbkdf2 sha1", word, "$pbkdf2$1000$8PHy8/T19vf4.fr7/P3./w$2dR7RQBzM8AucQZS9jFU./.ZRBA"},
	{"phc pbkdf2 sha256", word, "$pbkdf2-sha256$i=1000,l=32$8PHy8/T19vf4+fr7/P3+/w$NLCxhEx13MijqfW7prAglClHI+JU+g8ztpZ9vKGmT6s"},
	{"phc pbkdf2 sha512 of 64 bytes", word, "$pbkdf2-sha512$i=1000,l=64$8PHy8/T19vf4+fr7/P3+/w$G38+kKPBMjhq6JujX0e7u7RNAFJTRe7Cj3TBITWP4weBT/+cgn35E3NdvJUwKJnWFeLB2iwIl1HxKJw4Dfd2GQ"},
	{"pbkdf2 with a key of two blocks", word, "$pbkdf2-sha256$i=1000$8PHy8/T19vf4+fr7/P3+/w$NLCxhEx13MijqfW7prAglClHI+JU+g8ztpZ9vKGmT6uyy8YtF2BRGEt9AHLHFfH6lF3Vn3JpJ0Yl8FzVKJJNLg"},
	{"werkzeug pbkdf2", word, "pbkdf2:sha256:1000$seasalt$26066bc977b619af32b20e976f390ba537723d0ac7aac8a76cbf419e78605f80"},
	{"werkzeug scrypt", word, "scrypt:1024:8:1$seasalt$faa3b68d391551b3cd96789390763dea575224ab3853459089ff146d695f3b7c090cd84a3a0fa93ed0dc9224fa670d2a904bca210d4c74e35f1b1b16ae9a2236"},
	{"asp.net identity 3", word, "AQAAAAEAACcQAAAAEPDx8vP09fb3+Pn6+/z9/v+S3mEaEhk6iT5lepJ8G3rYiLkllIbJsP1/Octp1aC0Fg=="},
	{"asp.net identity 3 with sha512", word, "AQAAAAIAAAPoAAAAEPDx8vP09fb3+Pn6+/z9/v8bfz6Qo8EyOGrom6NfR7u7tE0AUlNF7sKPdMEhNY/jBw=="},
	{"asp.net identity 2", word, "APDx8vP09fb3+Pn6+/z9/v/Z1HtFAHMzwC5xBlL2MVT7/5lEECvUYKqzGofx1SxjLw=="},
	{"ldap ssha", word, "{SSHA}5iK7YuNaw/Q3abqX7Uhz8joACVVzYWx0c2FsdA=="},
	{"ldap smd5", word, "{SMD5}lYDVHNhiJVTmCPn377G3gnNhbHRzYWx0"},
	{"ldap ssha256", word, "{SSHA256}zkoBZqmKEeqY0sGsefqfl5Zj1+b+C9JEIjcSgKs3VFVzYWx0c2FsdA=="},
	{"ldap ssha512", word, "{SSHA512}MS0VBmYjuBFCkObSJfqJBPrXczLrXEUySyg5A1KjrqhQH+z7EEOxONbBOBKqEaqOrGRLpGGlYdA0+OaTmoo3BnNhbHRzYWx0"},
	{"ldap sha", word, "{SHA}bROMo65UVjGzq9caTwds51nFcAs="},
	{"ldap md5", word, "{MD5}iKQ0yIzKTpAPeHTNmBI/Qw=="},
	{"firebase scrypt", "user1password", "$firebase-scrypt$ln=14,r=8,p=1$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==$Bw==$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="},
}

func verify(t *testing.T, h *Hasher, want Params, encoded, password string) (ok, upgrade bool) {
	t.Helper()
	ok, upgrade, err := h.For("acme").Verify(t.Context(), want, encoded, password)
	if err != nil {
		t.Fatalf("%s: %v", encoded, err)
	}
	return ok, upgrade
}

func TestVerifyReadsWhatMigratedUsersBring(t *testing.T) {
	h := New(Options{})
	for _, tc := range formats {
		t.Run(tc.name, func(t *testing.T) {
			if !Usable(tc.encoded) {
				t.Error("not usable")
			}
			ok, upgrade := verify(t, h, Params{}, tc.encoded, tc.password)
			if !ok {
				t.Error("the right password does not match")
			}
			if want := tc.name != "our own"; upgrade != want {
				t.Errorf("upgrade: %v, want %v", upgrade, want)
			}
			for _, wrong := range []string{"", tc.password[1:], "L" + tc.password[1:]} {
				if ok, upgrade := verify(t, h, Params{}, tc.encoded, wrong); ok || upgrade {
					t.Errorf("%q matches: %v, upgrade: %v", wrong, ok, upgrade)
				}
			}
			if ok, _ := verify(t, h, Params{}, tc.encoded, tc.password+"x"); ok != (len(tc.password) > 72) {
				t.Errorf("a longer password matches: %v", ok)
			}
		})
	}
}

func TestHashMakesWhatVerifyTakes(t *testing.T) {
	h := New(Options{})
	for _, p := range []Params{{}, quick, {Memory: 512, Time: 3, Threads: 2}} {
		a, err := h.For("acme").Hash(t.Context(), p, word)
		if err != nil {
			t.Fatal(err)
		}
		b, err := h.For("acme").Hash(t.Context(), p, word)
		if err != nil {
			t.Fatal(err)
		}
		if a == b {
			t.Error("two hashes have one salt")
		}
		if ok, upgrade := verify(t, h, p, a, word); !ok || upgrade {
			t.Errorf("%s: matches: %v, upgrade: %v", a, ok, upgrade)
		}
		if ok, _ := verify(t, h, p, a, word+" "); ok {
			t.Errorf("%s: a wrong password matches", a)
		}
		if ok, upgrade := verify(t, h, Params{Memory: 128, Time: 1, Threads: 1}, a, word); !ok || !upgrade {
			t.Errorf("%s: under other parameters matches: %v, upgrade: %v", a, ok, upgrade)
		}
	}
	if a, err := h.For("acme").Hash(t.Context(), Params{}, ""); err != nil || !strings.HasPrefix(a, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("default hash: %s, %v", a, err)
	}
}

func TestAnUnusableHashMatchesNothingAndCostsTheSame(t *testing.T) {
	h := New(Options{})
	var computed int
	h.before = func() { computed++ }
	for _, encoded := range []string{"", "!", "!" + strings.Repeat("x", 40), "!" + formats[1].encoded} {
		if Usable(encoded) {
			t.Errorf("%q is usable", encoded)
		}
		for _, password := range []string{"", "!", word, encoded} {
			computed = 0
			if ok, upgrade := verify(t, h, quick, encoded, password); ok || upgrade {
				t.Errorf("%q matches %q", password, encoded)
			}
			if computed != 1 {
				t.Errorf("%q took %d computations", encoded, computed)
			}
		}
	}
}

func TestWasteDoesWhatVerifyDoes(t *testing.T) {
	h := New(Options{})
	var computed int
	h.before = func() { computed++ }
	for _, p := range []Params{{}, quick, {Memory: 512, Time: 3, Threads: 2}} {
		encoded, err := h.For("acme").Hash(t.Context(), p, word)
		if err != nil {
			t.Fatal(err)
		}
		computed = 0
		verify(t, h, p, encoded, "wrong")
		asked := computed
		computed = 0
		if err := h.For("acme").Waste(t.Context(), p, "wrong"); err != nil {
			t.Fatal(err)
		}
		if computed != asked || asked != 1 {
			t.Errorf("%+v: Waste took %d computations, Verify %d", p, computed, asked)
		}

		stored, _, err := inBounds.parse(encoded)
		if err != nil {
			t.Fatal(err)
		}
		a, b := stored.formula.(argon2id), stranger(p.orDefault()).formula.(argon2id)
		a.salt, b.salt = make([]byte, len(a.salt)), append([]byte(nil), b.salt...)
		if !reflect.DeepEqual(a, b) {
			t.Errorf("Waste computes %+v, Verify %+v", b, a)
		}
	}
	if err := h.For("acme").Waste(t.Context(), quick, strings.Repeat("x", MaxPassword+1)); !errors.Is(err, ErrTooLong) {
		t.Errorf("too long a password: %v", err)
	}
}

func TestHostileHashesAreRefusedBeforeAnyWork(t *testing.T) {
	h := New(Options{})
	h.before = func() { t.Error("work was done") }
	const salt, key = "8PHy8/T19vf4+fr7/P3+/w", "azddZ76BEhVa9dYpbTivsNCJp3qJ6/hEFyBNKrzZLms"
	const tail = "$" + salt + "$" + key
	const firebase = "$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9A==$Bw==$jxspr8Ki0RYycVU8zykbdA=="
	bcrypt12 := formats[13].encoded[6:]
	for name, encoded := range map[string]string{
		"no format":                          "letmein",
		"an unknown format":                  "$9$abc$def",
		"an unknown django format":           "crypt$salt$900150983cd24fb0d6963f7d28e17f72",
		"a dollar alone":                     "$",
		"dollars":                            "$$$$$$$$",
		"argon2d":                            "$argon2d$v=19$m=64,t=1,p=1" + tail,
		"argon2 of the version before":       "$argon2id$v=16$m=64,t=1,p=1" + tail,
		"argon2 without a version":           "$argon2id$m=64,t=1,p=1" + tail,
		"argon2 with the largest memory":     "$argon2id$v=19$m=4294967295,t=1,p=1" + tail,
		"argon2 just above the memory":       "$argon2id$v=19$m=262145,t=1,p=1" + tail,
		"argon2 with memory that wraps":      "$argon2id$v=19$m=4294967360,t=1,p=1" + tail,
		"argon2 with too little memory":      "$argon2id$v=19$m=7,t=1,p=1" + tail,
		"argon2 with too little for a lane":  "$argon2id$v=19$m=64,t=1,p=9" + tail,
		"argon2 with too many passes":        "$argon2id$v=19$m=64,t=17,p=1" + tail,
		"argon2 with no pass":                "$argon2id$v=19$m=64,t=0,p=1" + tail,
		"argon2 with too many lanes":         "$argon2id$v=19$m=1024,t=1,p=17" + tail,
		"argon2 with lanes that wrap":        "$argon2id$v=19$m=1024,t=1,p=257" + tail,
		"argon2 with no lane":                "$argon2id$v=19$m=64,t=1,p=0" + tail,
		"argon2 with a negative number":      "$argon2id$v=19$m=-64,t=1,p=1" + tail,
		"argon2 with a parameter twice":      "$argon2id$v=19$m=64,m=64,p=1" + tail,
		"argon2 with a parameter too many":   "$argon2id$v=19$m=64,t=1,p=1,x=1" + tail,
		"argon2 without parameters":          "$argon2id$v=19$" + tail,
		"argon2 without a key":               "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$",
		"argon2 with a key of a few bytes":   "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$AAAA",
		"argon2 with a huge key":             "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + strings.Repeat("A", 1000),
		"argon2 without a salt":              "$argon2id$v=19$m=64,t=1,p=1$$" + key,
		"argon2 with a salt that is no such": "$argon2id$v=19$m=64,t=1,p=1$***********$" + key,
		"argon2 with something after it":     "$argon2id$v=19$m=64,t=1,p=1" + tail + "$x",
		"django argon2 of no kind":           "argon2$v=19$m=64,t=1,p=1" + tail,
		"django argon2d":                     "argon2$argon2d$v=19$m=64,t=1,p=1" + tail,
		"bcrypt with too high a cost":        "$2b$17" + bcrypt12,
		"bcrypt with the highest cost":       "$2b$31" + bcrypt12,
		"bcrypt with too low a cost":         "$2b$03" + bcrypt12,
		"bcrypt with no cost":                "$2b$xx" + bcrypt12,
		"bcrypt of another kind":             "$2x$05" + bcrypt12,
		"bcrypt that is cut off":             "$2b$05" + bcrypt12[:50],
		"bcrypt with other characters":       "$2b$05" + bcrypt12[:50] + "!!!!",
		"django bcrypt that is none":         "bcrypt$" + "$2b$05",
		"django bcrypt with too high a cost": "bcrypt_sha256$$2b$30" + bcrypt12,
		"pbkdf2 with too many rounds":        "pbkdf2_sha256$5000001$seasalt$" + key,
		"pbkdf2 with endless rounds":         "pbkdf2_sha256$99999999999999999999999$seasalt$" + key,
		"pbkdf2 with no round":               "pbkdf2_sha1$0$seasalt$" + key[:27],
		"pbkdf2 without a key":               "pbkdf2_sha256$1000$seasalt$",
		"pbkdf2 with a part too few":         "pbkdf2_sha256$1000$" + key,
		"passlib with too many rounds":       "$pbkdf2-sha512$5000001" + tail,
		"scrypt with too much memory":        "$scrypt$ln=19,r=8,p=1" + tail,
		"scrypt with too many lanes":         "$scrypt$ln=14,r=8,p=17" + tail,
		"scrypt with the largest exponent":   "$scrypt$ln=63,r=8,p=1" + tail,
		"scrypt with an exponent that wraps": "$scrypt$ln=64,r=8,p=1" + tail,
		"scrypt with a product that wraps":   "$scrypt$ln=32,r=4294967296,p=4294967296" + tail,
		"scrypt with exponent zero":          "$scrypt$ln=0,r=8,p=1" + tail,
		"scrypt with no block":               "$scrypt$ln=10,r=0,p=1" + tail,
		"scrypt with no lane":                "$scrypt$ln=10,r=8,p=0" + tail,
		"django scrypt with an odd N":        "scrypt$1000$seasalt$8$1$" + key,
		"django scrypt with too large an N":  "scrypt$1048576$seasalt$8$1$" + key,
		"firebase with too much memory":      "$firebase-scrypt$ln=30,r=8,p=1" + firebase,
		"firebase with keys that differ":     "$firebase-scrypt$ln=14,r=8,p=1" + firebase + "AAAA",
		"firebase with a part too few":       "$firebase-scrypt$ln=14,r=8,p=1" + tail,
		"a string of many bytes":             "pbkdf2_sha256$1000$" + strings.Repeat("s", 1<<16) + "$" + key,
	} {
		if ok, upgrade, err := h.For("acme").Verify(t.Context(), quick, encoded, word); ok || upgrade || !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v, %v, %v", name, ok, upgrade, err)
		}
	}
	for _, p := range []Params{{Memory: 1 << 30, Time: 1, Threads: 1}, {Memory: 64, Threads: 1}, {Memory: 64, Time: 1},
		{Memory: 64, Time: 1, Threads: 200}, {Memory: 64, Time: 1 << 30, Threads: 1}} {
		_, err := h.For("acme").Hash(t.Context(), p, word)
		_, _, err2 := h.For("acme").Verify(t.Context(), p, "", word)
		for _, err := range []error{p.Validate(), err, err2, h.For("acme").Waste(t.Context(), p, word)} {
			if !errors.Is(err, ErrUnsupported) {
				t.Errorf("%+v: %v", p, err)
			}
		}
	}
	if err := errors.Join(Default.Validate(), Params{}.Validate(), quick.Validate()); err != nil {
		t.Errorf("parameters that are in use: %v", err)
	}
}

func TestTooLongAPasswordIsRefusedBeforeAnyWork(t *testing.T) {
	h := New(Options{})
	h.before = func() { t.Error("work was done") }
	long := strings.Repeat("x", MaxPassword+1)
	if _, err := h.For("acme").Hash(t.Context(), quick, long); !errors.Is(err, ErrTooLong) {
		t.Errorf("hash: %v", err)
	}
	for _, encoded := range []string{"", formats[0].encoded, formats[13].encoded} {
		if ok, _, err := h.For("acme").Verify(t.Context(), quick, encoded, long); ok || !errors.Is(err, ErrTooLong) {
			t.Errorf("verify: %v, %v", ok, err)
		}
	}
	h.before = nil
	if _, err := h.For("acme").Hash(t.Context(), quick, long[1:]); err != nil {
		t.Errorf("the longest password: %v", err)
	}
}

func TestBcryptOfTheLibraryMatches(t *testing.T) {
	h := New(Options{})
	encoded, err := bcrypt.GenerateFromPassword([]byte(word), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	if ok, upgrade := verify(t, h, quick, string(encoded), word); !ok || !upgrade {
		t.Errorf("matches: %v, upgrade: %v", ok, upgrade)
	}
}

// FuzzVerify gives any string as a stored hash: it may be refused or not match, and does not panic or take long.
func FuzzVerify(f *testing.F) {
	for _, tc := range formats {
		f.Add(tc.encoded, tc.password)
	}
	f.Add("", "")
	f.Add("!", "!")
	h := New(Options{})
	h.bounds = bounds{memory: 1 << 20, passes: 3, lanes: 4, rounds: 1000, cost: 5, encoded: 1024}
	f.Fuzz(func(t *testing.T, encoded, password string) {
		ok, upgrade, err := h.For("acme").Verify(context.Background(), quick, encoded, password)
		if ok && (err != nil || !Usable(encoded)) || upgrade && !ok {
			t.Errorf("%q: %v, %v, %v", encoded, ok, upgrade, err)
		}
		if err != nil && !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrTooLong) {
			t.Errorf("%q: %v", encoded, err)
		}
		if ok {
			if again, _, err := h.For("acme").Verify(context.Background(), quick, encoded, password+"\x01"); again && err == nil &&
				len(password) < 72 {
				t.Errorf("%q matches two passwords", encoded)
			}
		}
	})
}

func BenchmarkHash(b *testing.B) {
	b.Run("bare argon2id", func(b *testing.B) {
		b.ReportAllocs()
		salt := make([]byte, saltSize)
		for b.Loop() {
			argon2.IDKey([]byte(word), salt, Default.Time, Default.Memory, Default.Threads, keySize)
		}
	})
	b.Run("hash", func(b *testing.B) {
		b.ReportAllocs()
		h := New(Options{})
		for b.Loop() {
			if _, err := h.For("acme").Hash(b.Context(), Params{}, word); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify by many", func(b *testing.B) {
		b.ReportAllocs()
		h := New(Options{})
		var busy atomic.Int64
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, _, err := h.For("acme").Verify(context.Background(), Params{}, formats[0].encoded, word); errors.Is(err, ErrBusy) {
					busy.Add(1)
				}
			}
		})
		b.ReportMetric(float64(busy.Load()), "busy")
	})
}
