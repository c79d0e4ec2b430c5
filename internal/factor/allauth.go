package factor

import (
	"crypto/hmac"
	"crypto/sha1"
	"fmt"
	"math/big"
)

// AllauthRecoveryCodes are the codes that django-allauth makes of a seed, and those of them whose bit in the mask of used ones is not set.
// Each code is made of the first bytes of a running HMAC-SHA-1, keyed with the seed's text, over the numbers of the codes so far.
func AllauthRecoveryCodes(seed string, usedMask int64, count, digits int) (unused []string) {
	mac := hmac.New(sha1.New, []byte(seed))
	size := min(max(digits, 0)/2, sha1.Size)
	modulus := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	for i := range min(count, 63) {
		_, _ = fmt.Fprintf(mac, "%3d,", i) // a hash takes everything
		value := new(big.Int).SetBytes(mac.Sum(nil)[:size])
		value.Mod(value, modulus)
		if usedMask&(1<<i) == 0 {
			unused = append(unused, fmt.Sprintf("%0*s", digits, value.String()))
		}
	}
	return unused
}
