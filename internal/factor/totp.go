package factor

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// seedBytes is the size of a seed: the 160 bits that RFC 4226 (section 4) recommends.
const seedBytes = 20

// What authenticator apps take for granted, and some of them whatever the URL says.
const (
	usualDigits = 6
	usualPeriod = 30 * time.Second
)

// TOTP is how codes are made of a seed and the time. The zero value makes six digits every 30 seconds and forgives nothing.
type TOTP struct {
	Digits    int
	Period    time.Duration // whole seconds
	Tolerance int           // how many periods a clock may be wrong, each way
}

// NewSeed is a new random seed, which the app and the server share.
func NewSeed() []byte { return secret.Bytes(seedBytes) }

// EncodeSeed is the seed as people type it and apps read it: base32 without padding (RFC 4648), 32 characters.
func EncodeSeed(seed []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed)
}

// URL is what an app reads from a QR code. Digits and period are named where they are not what apps take for granted.
func (t TOTP) URL(seed []byte, issuer, label string) string {
	t = t.orUsual()
	var b strings.Builder
	b.WriteString("otpauth://totp/" + escape(label) + "?secret=" + EncodeSeed(seed) + "&issuer=" + escape(issuer))
	if t.Digits != usualDigits {
		b.WriteString("&digits=" + strconv.Itoa(t.Digits))
	}
	if t.Period != usualPeriod {
		b.WriteString("&period=" + strconv.FormatInt(int64(t.Period/time.Second), 10))
	}
	return b.String()
}

// escape leaves letters, digits and -._~ alone. Apps take a plus sign for itself, so a space must not become one.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// Match finds the step whose code was typed, among those within the tolerance of now that are not used, or ok is false. It
// looks at all of them, in time that does not depend on which one it was. A code is exactly its digits, 0 to 9.
func (t TOTP) Match(seed []byte, code string, now time.Time, used []int64) (step int64, ok bool) {
	t = t.orUsual()
	if len(seed) == 0 {
		return 0, false // everybody can compute the codes of an empty seed
	}
	first := t.step(now) - int64(t.Tolerance)
	found, at := 0, 0
	for i := 2 * t.Tolerance; i >= 0; i-- { // of two steps with the same code, the earlier one
		s := first + int64(i)
		fits := subtle.ConstantTimeCompare([]byte(code), t.code(seed, s))
		if slices.Contains(used, s) {
			fits = 0
		}
		at = subtle.ConstantTimeSelect(fits, i, at)
		found |= fits
	}
	if found == 0 {
		return 0, false
	}
	return first + int64(at), true
}

// Remember is used with step added, and without the steps that cannot match any more. They are kept for twice the tolerance
// and a period, so that a server whose clock is behind does not take them again.
func (t TOTP) Remember(used []int64, step int64, now time.Time) []int64 {
	t = t.orUsual()
	current, reach := t.step(now), 2*int64(t.Tolerance)+1
	kept := []int64{step}
	for _, s := range used {
		if s != step && s >= current-reach && s <= current+reach {
			kept = append(kept, s)
		}
	}
	slices.Sort(kept)
	return kept
}

func (t TOTP) orUsual() TOTP {
	if t.Digits <= 0 {
		t.Digits = usualDigits
	}
	if t.Period < time.Second {
		t.Period = usualPeriod
	}
	t.Tolerance = max(t.Tolerance, 0)
	return t
}

// step counts the periods since 1970.
func (t TOTP) step(now time.Time) int64 { return now.Unix() / int64(t.Period/time.Second) }

// code is the code of a step (RFC 4226, section 5.3).
func (t TOTP) code(seed []byte, step int64) []byte {
	mac := hmac.New(sha1.New, seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	value := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	digits := make([]byte, t.Digits)
	for i := t.Digits - 1; i >= 0; i-- {
		digits[i] = '0' + byte(value%10)
		value /= 10
	}
	return digits
}
