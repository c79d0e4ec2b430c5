package factor

import (
	"slices"
	"strings"
	"unicode"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// leastRecoveryDigits keeps recovery codes from being guessed, and leaves enough of them to be distinct.
const leastRecoveryDigits = 6

// NewRecoveryCodes are count distinct codes of so many digits, six at least, each digit drawn evenly. The order tells nothing.
func NewRecoveryCodes(count, digits int) []string {
	format := secret.CodeFormat{Numeric: true, Length: max(digits, leastRecoveryDigits)}
	codes := make([]string, 0, max(count, 0))
	for len(codes) < count {
		if code := secret.Code(format); !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}

// TakeRecoveryCode is unused without the code that was typed, and whether it was among them. Spaces and dashes do not matter,
// however people group digits. The code is compared with every one in constant time; unused itself is not changed.
func TakeRecoveryCode(unused []string, code string) (left []string, ok bool) {
	typed := []byte(ungrouped(code))
	left = make([]string, 0, len(unused))
	for _, u := range unused {
		if secret.Equal(typed, []byte(ungrouped(u))) && len(typed) > 0 {
			ok = true
		} else {
			left = append(left, u)
		}
	}
	return left, ok
}

// ungrouped is a code without spaces and dashes of any kind.
func ungrouped(code string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || unicode.Is(unicode.Dash, c) {
			return -1
		}
		return c
	}, code)
}
