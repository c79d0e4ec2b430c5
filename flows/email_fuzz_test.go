package flows

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/testkit"
	"github.com/vestibule-auth/vestibule/tenants"
)

// holder is a tenant with keys of its own, as far as links need one.
func holder(t testing.TB) *tenants.Tenant {
	t.Helper()
	return tenants.New(tenants.Tenant{
		ID: secret.NewID(), Slug: "acme", Hosts: []string{"acme.example"}, Settings: tenants.Defaults(), Keys: testkit.Keys(t),
	})
}

func TestLinkKeyIsGoodForItsTenantItsRowAndItsTime(t *testing.T) {
	a, b := holder(t), holder(t)
	row, other := secret.NewID(), secret.NewID()
	now := testkit.Start
	days := time.Duration(a.Settings.Account.EmailConfirmationExpireDays) * 24 * time.Hour
	const epoch = 3
	key := signEmail(a, row, epoch, now)
	if id, of, ok := readEmailKey(a, key, now); !ok || id != row || of != epoch {
		t.Fatalf("got %q, %d, %v", id, of, ok)
	}
	raw, err := keyEncoding.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	mac := raw[keyHead:]
	with := func(id string, at, epoch uint64, mac []byte) string {
		u := uuid.MustParse(id)
		head := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(u[:], at), epoch)
		return keyEncoding.EncodeToString(append(head, mac...))
	}
	made := uint64(now.Unix())
	twin := *a
	twin.ID = secret.NewID() // the same keys, as after a mistake in copying a row
	resigned := a.Keys.Sign(secret.ForCSRF, a.ID, string(raw[:keyHead]))

	for name, c := range map[string]struct {
		tenant *tenants.Tenant
		key    string
		at     time.Time
		ok     bool
	}{
		"on its last second":                 {a, key, now.Add(days), true},
		"a second too late":                  {a, key, now.Add(days + time.Second), false},
		"at another tenant":                  {b, key, now, false},
		"at a tenant of the same keys":       {&twin, key, now, false},
		"for another row":                    {a, with(other, made, epoch, mac), now, false},
		"made younger":                       {a, with(row, made+3600, epoch, mac), now, false},
		"of a later epoch":                   {a, with(row, made, epoch+1, mac), now, false},
		"made of another purpose's MAC":      {a, with(row, made, epoch, resigned), now, false},
		"without its MAC":                    {a, with(row, made, epoch, nil), now, false},
		"with a part of its MAC":             {a, with(row, made, epoch, mac[:16]), now, false},
		"with an empty MAC of full length":   {a, with(row, made, epoch, make([]byte, 32)), now, false},
		"with more behind it":                {a, key + "AA", now, false},
		"padded":                             {a, key + "=", now, false},
		"in the other base64 alphabet":       {a, strings.NewReplacer("-", "+", "_", "/").Replace(key) + "+", now, false},
		"with a line break, which Go allows": {a, key[:10] + "\n" + key[10:], now, false},
		"empty":                              {a, "", now, false},
	} {
		t.Run(name, func(t *testing.T) {
			if id, _, ok := readEmailKey(c.tenant, c.key, c.at); ok != c.ok || (ok && id != row) {
				t.Errorf("got %q, %v", id, ok)
			}
		})
	}
}

// A key that is taken is one that this tenant made, in the one spelling that it was made in; whoever changes a bit of it
// has none.
func FuzzReadEmailKey(f *testing.F) {
	t, other := holder(f), holder(f)
	row, now := secret.NewID(), testkit.Start
	key := signEmail(t, row, 1, now)
	f.Add(key, uint16(0))
	f.Add(signEmail(other, row, 1, now), uint16(100))
	f.Add("", uint16(1))
	f.Add(strings.Repeat("A", len(key)), uint16(7))
	f.Add(key+"=", uint16(keySize*8))
	f.Add(key[:len(key)-1]+"B", uint16(keySize*8-1))
	f.Add(key+"\n", uint16(3))
	f.Fuzz(func(ft *testing.T, given string, bit uint16) {
		id, _, ok := readEmailKey(t, given, now)
		if ok && (given != key || id != row) {
			ft.Fatalf("%q was taken for a key of %s", given, id)
		}
		if !ok && given == key {
			ft.Fatal("a good key was refused")
		}
		raw, err := keyEncoding.DecodeString(key)
		if err != nil {
			ft.Fatal(err)
		}
		at := int(bit) % (len(raw) * 8)
		raw[at/8] ^= 1 << (at % 8)
		if _, _, ok := readEmailKey(t, keyEncoding.EncodeToString(raw), now); ok {
			ft.Fatalf("taken with bit %d changed", at)
		}
	})
}
