package flows

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/testkit"
)

// A key that can be read has one spelling, and says what it was made of.
func FuzzReadResetKey(f *testing.F) {
	made := func(id string, at time.Time, mac []byte) string {
		u := uuid.MustParse(id)
		return keyEncoding.EncodeToString(append(binary.BigEndian.AppendUint64(u[:], uint64(at.Unix())), mac...))
	}
	id, mac := secret.NewID(), make([]byte, macSize)
	key := made(id, testkit.Start, mac)
	for _, seed := range []string{
		key, "", key + "=", key + "A", key[:len(key)-1], key[:9] + "\n" + key[9:], key[:len(key)-1] + "B", strings.Repeat("A", len(key)),
		strings.Repeat("_", len(key)), made(id, time.Unix(-1, 0), mac), "\xff" + key[1:],
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		k, ok := readResetKey(given)
		if !ok {
			if given == key {
				t.Fatal("a good key cannot be read")
			}
			return
		}
		if again := made(k.userID, k.made, k.mac); again != given {
			t.Fatalf("%q is read as %s of %s, which is %q", given, k.userID, k.made, again)
		}
	})
}
