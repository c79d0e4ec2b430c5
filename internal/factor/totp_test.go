package factor_test

import (
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/factor"
)

// The vectors of RFC 6238, appendix B, for SHA-1.
func TestCodesAreThoseOfTheRFC(t *testing.T) {
	seed := []byte("12345678901234567890")
	app := factor.TOTP{Digits: 8, Period: 30 * time.Second}
	for at, code := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037",
		20000000000: "65353130",
	} {
		if step, ok := app.Match(seed, code, time.Unix(at, 0), nil); !ok || step != at/30 {
			t.Errorf("%s at %d: step %d, %v", code, at, step, ok)
		}
	}
}
