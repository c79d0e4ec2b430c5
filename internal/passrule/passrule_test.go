package passrule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func codes(faults []Fault) (codes []Code) {
	for _, f := range faults {
		codes = append(codes, f.Code)
	}
	return codes
}

func TestCheck(t *testing.T) {
	alice := []Attribute{{"username", "alice"}, {"email", "alice.liddell@example.org"}, {"name", "Alice Liddell"}}
	for _, tc := range []struct {
		name, password string
		min            int
		want           []Code
	}{
		{"a good password", "orange bicycle 7", 8, nil},
		{"exactly long enough", "b1cyClez", 8, nil},
		{"one character too few", "b1cyCle", 8, []Code{TooShort}},
		{"characters count, not bytes", "żółwik77", 8, nil},
		{"bytes do not make up for characters", "żółwik7", 8, []Code{TooShort}},
		{"an emoji is one character", "🐢🦊🐝🐙🦉🐺🦀", 8, []Code{TooShort}},
		{"no length is asked for", "q9", 0, nil},
		{"nothing at all", "", 8, []Code{TooShort}},
		{"nothing where nothing is asked for", "", 0, nil},
		{"common", "password", 8, []Code{TooCommon}},
		{"common keys in a row", "qwertyuiop", 8, []Code{TooCommon}},
		{"a common name", "Michelle", 8, []Code{TooCommon}},
		{"common keys from top to bottom", "1qaz2wsx3edc", 8, []Code{TooCommon}},
		{"a common word of another script", "Любовь", 4, []Code{TooCommon}},
		{"the first of the list", "!", 1, []Code{TooCommon}},
		{"the last of the list", "Я", 1, []Code{TooCommon}},
		{"common with a digit", "password1", 8, []Code{TooCommon}},
		{"common in another case", "PassWord1", 8, []Code{TooCommon}},
		{"common with space around it", "  trustno1\t", 8, []Code{TooCommon}},
		{"common inside something longer", "password1 bicycle", 8, nil},
		{"common digits", "12345678", 8, []Code{TooCommon, Numeric}},
		{"short, common digits", "123456", 8, []Code{TooShort, TooCommon, Numeric}},
		{"digits that are not common", "4815162342108", 8, []Code{Numeric}},
		{"digits of another script", "٤٨١٥١٦٢٣٤٢١", 8, []Code{Numeric}},
		{"digits and a space", "48151623 42108", 8, nil},
		{"a number that is no digit", "½½½½½½½½", 8, nil},
		{"the username", "alice", 8, []Code{TooSimilar, TooShort, TooCommon}},
		{"the username and a digit", "Alice1234", 8, []Code{TooSimilar}},
		{"a part of the email address", "liddell7", 8, []Code{TooSimilar}},
		{"the domain of the email address", "Example!", 8, []Code{TooSimilar}},
		{"the whole email address", "alice.liddell@example.org", 8, []Code{TooSimilar}},
		{"the name backwards", "llEddil ecila", 8, []Code{TooSimilar}},
		{"the longest that is allowed", strings.Repeat("a b", MaxBytes)[:MaxBytes], 8, nil},
		{"one byte longer", strings.Repeat("a b", MaxBytes)[:MaxBytes+1], 8, []Code{TooLong}},
		{"too long and more", strings.Repeat("1", MaxBytes+1), MaxBytes + 10, []Code{TooLong}},
		{"what is no text", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", 8, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := codes(Rules{MinLength: tc.min}.Check(tc.password, alice)); !slices.Equal(got, tc.want) {
				t.Errorf("faults: %q, want %q", got, tc.want)
			}
		})
	}
}

func TestEveryFaultIsToldAtOnce(t *testing.T) {
	got := Rules{MinLength: 20}.Check("123456", []Attribute{{"phone", "+31 123456"}})
	want := []Fault{{Code: TooSimilar, Attribute: "phone"}, {Code: TooShort}, {Code: TooCommon}, {Code: Numeric}}
	if !slices.Equal(got, want) {
		t.Errorf("faults: %v, want %v", got, want)
	}
}

func TestTheFirstSimilarAttributeIsNamed(t *testing.T) {
	got := Rules{}.Check("liddell!", []Attribute{{"username", "bob"}, {"last name", "Liddell"},
		{"email", "liddell@example.org"}})
	if want := []Fault{{Code: TooSimilar, Attribute: "last name"}}; !slices.Equal(got, want) {
		t.Errorf("faults: %v, want %v", got, want)
	}
}

// The outcomes are those of Python's difflib under Django's rule.
func TestSimilarityIsDifflibsQuickRatio(t *testing.T) {
	for _, tc := range []struct {
		password, attribute string
		want                bool
	}{
		{"testclient", "testclient", true},
		{"example.com", "testclient@example.com", true},
		{"testclientA", "testclient", true},
		{"xyzxyzxyzxyzxyzxyzxyzxyzxyzxyz", "ab", false},
		{"joe", "foo-joe_bar", false},
		{"alicealice", "Alice Smith", false},
		{"ecila1", "alice", true},
		{"alice12", "alice", true},
		{"alice123", "alice", true},
		{"alice1234", "alice", true},
		{"alice12345", "alice", false},
		{"abcdefghij", "abcdefg---", true},
		{"abcdefgxyz", "abcdefg---", true},
		{"émilie77", "Émilie", true},
		{"a", "aaa", false},
		{"aab", "abbb", false},
		{"j.smith1", "j@smith", true},
		{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "xxxx", false},
		{"aaaaaaaaaa", "a", false},
		{"straße99", "STRASSE", false},
		{"correct horse", "horse", false},
		{"test_client", "test-client", true},
		{"anything at all", "", false},
		{"anything at all", "@@@", false},
		{"", "", false},
	} {
		if _, got := like(tc.password, []Attribute{{"x", tc.attribute}}); got != tc.want {
			t.Errorf("%q is like %q: %v, want %v", tc.password, tc.attribute, got, tc.want)
		}
	}
}

func TestAHugeAttributeIsCutBetweenCharacters(t *testing.T) {
	for i := range 4 {
		if h := head(strings.Repeat("x", i) + strings.Repeat("🐢", maxCompared)); !utf8.ValidString(h) || len(h) > maxCompared ||
			len(h) < maxCompared-4 {
			t.Errorf("shifted by %d: %d bytes, valid: %v", i, len(h), utf8.ValidString(h))
		}
	}
	if h := head(strings.Repeat("\x80", 2*maxCompared)); len(h) > maxCompared {
		t.Errorf("what is no text: %d bytes", len(h))
	}
	if _, similar := like("alice123", []Attribute{{"x", "alice " + strings.Repeat("x ", 1<<20)}}); !similar {
		t.Error("the beginning of a huge attribute is not looked at")
	}
}

func TestCodesAreThoseOfTheContract(t *testing.T) {
	got := fmt.Sprint([]Code{TooSimilar, TooShort, TooCommon, Numeric, TooLong})
	want := "[password_too_similar password_too_short password_too_common password_entirely_numeric password_too_long]"
	if got != want {
		t.Errorf("codes: %s", got)
	}
}

// FuzzCheck gives any password: nothing panics, and the order and the presence of faults keep to the rules.
func FuzzCheck(f *testing.F) {
	f.Add("password1", "alice@example.org", 8)
	f.Add("", "", 0)
	f.Add("\xff\x00", "\xff", -1)
	f.Add(strings.Repeat("7", 50), strings.Repeat("a.", 30), 1<<30)
	order := []Code{TooSimilar, TooShort, TooCommon, Numeric, TooLong}
	f.Fuzz(func(t *testing.T, password, attribute string, length int) {
		faults := codes(Rules{MinLength: length}.Check(password, []Attribute{{"a", attribute}, {"b", password}}))
		if !slices.IsSortedFunc(faults, func(a, b Code) int { return slices.Index(order, a) - slices.Index(order, b) }) {
			t.Errorf("faults out of order: %q", faults)
		}
		if tooLong := len(password) > MaxBytes; tooLong != slices.Contains(faults, TooLong) {
			t.Errorf("%d bytes: %q", len(password), faults)
		} else if !tooLong && slices.Contains(faults, TooShort) != (utf8.RuneCountInString(password) < length) {
			t.Errorf("%d characters of %d: %q", utf8.RuneCountInString(password), length, faults)
		}
		if n := len(password); n > 0 && n <= maxCompared && utf8.ValidString(password) && !slices.Contains(faults, TooSimilar) {
			t.Errorf("%q is not like itself", password)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	attributes := []Attribute{{"username", "alice"}, {"email", "alice.liddell@example.org"}, {"name", "Alice Liddell"}}
	b.ReportAllocs()
	for b.Loop() {
		Rules{MinLength: 8}.Check("orange bicycle 7", attributes)
	}
}

// The list is searched as it is: out of order, or with a word in another form, it would hide words.
func TestTheCommonPasswordsAreInTheirForm(t *testing.T) {
	if n := len(common()); n < 20_000 || !slices.IsSorted(common()) || len(slices.Compact(slices.Clone(common()))) != n {
		t.Errorf("%d words, in order and without twins: %t", n, slices.IsSorted(common()))
	}
	for _, word := range common() {
		if word == "" || word != strings.ToLower(strings.TrimSpace(word)) {
			t.Errorf("%q is never found", word)
		}
	}
}
