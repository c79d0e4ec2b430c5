package factor_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-auth/vestibule/internal/factor"
)

func TestRecoveryCodesAreDistinctDigits(t *testing.T) {
	for _, digits := range []int{6, 8, 16} {
		codes := factor.NewRecoveryCodes(100, digits)
		if len(codes) != 100 {
			t.Fatalf("%d codes", len(codes))
		}
		for _, c := range codes {
			if len(c) != digits || strings.Trim(c, "0123456789") != "" {
				t.Errorf("%q is not %d digits", c, digits)
			}
		}
		slices.Sort(codes)
		if len(slices.Compact(codes)) != 100 {
			t.Error("two codes are the same")
		}
		if slices.Equal(codes, factor.NewRecoveryCodes(100, digits)) {
			t.Error("the same codes twice")
		}
	}
	many := factor.NewRecoveryCodes(5000, 6) // so many of a million that a dozen would be there twice
	slices.Sort(many)
	if len(slices.Compact(many)) != 5000 {
		t.Error("two of many codes are the same")
	}
	if codes := factor.NewRecoveryCodes(2, 1); len(codes) != 2 || len(codes[0]) != 6 {
		t.Errorf("short codes are %q", codes)
	}
	if codes := factor.NewRecoveryCodes(0, 8); len(codes) != 0 {
		t.Errorf("no codes are %q", codes)
	}
}

// Every digit is as likely as every other, wherever it stands. Of 20,000 digits 2,000 are each digit's share, with a standard
// deviation of 42: ten of these are never seen, and a digit that is left out, or drawn twice as often, is seen at once.
func TestRecoveryDigitsAreDrawnEvenly(t *testing.T) {
	seen := map[rune]int{}
	for range 25 {
		for _, code := range factor.NewRecoveryCodes(100, 8) {
			for _, digit := range code {
				seen[digit]++
			}
		}
	}
	for digit := '0'; digit <= '9'; digit++ {
		if seen[digit] < 1580 || seen[digit] > 2420 {
			t.Errorf("%c was drawn %d times of 20,000", digit, seen[digit])
		}
	}
}

func TestARecoveryCodeIsTakenOnce(t *testing.T) {
	unused := []string{"11111111", "22222222", "33333333"}
	kept := slices.Clone(unused)
	for _, typed := range []string{"22222222", "2222 2222", " 22-22-22-22 ", "2222\u00a0–2222", "2\u20102222222\t"} {
		left, ok := factor.TakeRecoveryCode(unused, typed)
		if !ok || !slices.Equal(left, []string{"11111111", "33333333"}) {
			t.Errorf("%q leaves %q, %v", typed, left, ok)
		}
		if again, ok := factor.TakeRecoveryCode(left, typed); ok || len(again) != 2 {
			t.Errorf("%q works twice", typed)
		}
	}
	for name, typed := range map[string]string{
		"nothing": "", "a space": " ", "a dash": "-", "one of none": "44444444", "a digit less": "1111111", "a digit more": "111111111",
		"two at once": "1111111122222222", "other digits": "١١١١١١١١", "a list": "11111111,22222222", "a zero byte": "11111111\x00",
	} {
		if left, ok := factor.TakeRecoveryCode(unused, typed); ok || !slices.Equal(left, unused) {
			t.Errorf("%s: leaves %q, %v", name, left, ok)
		}
	}
	if !slices.Equal(unused, kept) {
		t.Errorf("what was given has changed: %q", unused)
	}
	// Codes that were made elsewhere may be grouped, empty or there twice. What was used must not be there any more.
	if left, ok := factor.TakeRecoveryCode([]string{"abcd-1234", "", "abcd1234"}, "abcd 1234"); !ok || !slices.Equal(left, []string{""}) {
		t.Errorf("%q, %v", left, ok)
	}
	if left, ok := factor.TakeRecoveryCode([]string{"", "-"}, ""); ok || len(left) != 2 {
		t.Errorf("an empty code was taken: %q", left)
	}
	if left, ok := factor.TakeRecoveryCode(nil, "11111111"); ok || len(left) != 0 {
		t.Errorf("a code of none was taken: %q", left)
	}
}
