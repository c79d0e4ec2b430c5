package flows

import (
	"context"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// A browser that is trusted keeps a cookie with one entry for each account. An entry says when it was made (8 bytes, seconds) and
// what was shown then (1 byte), and carries a MAC over both, the account and the counters of its changes (32 bytes): it tells
// nobody whose it is, and it is worth nothing as soon as the password or the factors of the account change. Entries stand in
// base64url with dots between them.
const (
	trustHead = 8 + 1
	trustSize = trustHead + macSize
	maxTrusts = 20 // accounts that one browser is trusted for, the latest
)

// proofs are what somebody showed besides the first proof, or need not show in a browser that is trusted.
type proofs struct {
	code   bool // a login code
	factor bool // a second factor
}

func (p proofs) bits() byte {
	var b byte
	if p.code {
		b |= 1
	}
	if p.factor {
		b |= 2
	}
	return b
}

// trusts reports whether browsers may be trusted instead of being asked for a login code, and for a second factor.
func trusts(t *tenants.Tenant) proofs {
	return proofs{code: t.Settings.Account.LoginByCodeTrustEnabled, factor: t.Settings.MFA.TrustEnabled}
}

// TrustOffered reports whether a tenant lets people trust their browsers.
func TrustOffered(t *tenants.Tenant) bool { return trusts(t) != proofs{} }

// trustable is what the visit's login may have its browser trusted for. Nobody is trusted for what was not shown.
func (l *login) trustable(t *tenants.Tenant, a *store.Account) proofs {
	offered := trusts(t)
	return proofs{code: offered.code && l.CodeGiven, factor: offered.factor && l.factorShown(a)}
}

// factorShown reports whether the login has shown a second factor of those that the account has now.
func (l *login) factorShown(a *store.Account) bool {
	return l.FactorShown && l.FactorEpoch == a.FactorEpoch
}

// trusted is what the visit's browser need not show again for an account; nothing for no account.
func (v *Visit) trusted(a *store.Account) proofs {
	offered := trusts(v.Tenant)
	if a == nil || offered == (proofs{}) || v.Origin.Client != Browser {
		return proofs{}
	}
	var p proofs
	for _, raw := range v.trustEntries() {
		if v.Tenant.Keys.Verify(raw[trustHead:], secret.ForTrust, trustParts(v.Tenant, a, raw)...) {
			p.code = p.code || (offered.code && raw[8]&1 != 0)
			p.factor = p.factor || (offered.factor && raw[8]&2 != 0)
		}
	}
	return p
}

// trustEntries are the entries that the visit's browser showed and that are not too old. Whether they are genuine is for the
// caller to find.
func (v *Visit) trustEntries() [][]byte {
	var all [][]byte
	for entry := range strings.SplitSeq(v.Origin.Trust, ".") {
		raw, err := keyEncoding.DecodeString(entry)
		if err != nil || len(raw) != trustSize {
			continue
		}
		age := v.Now.Sub(time.Unix(int64(binary.BigEndian.Uint64(raw)), 0))
		if age >= 0 && age < v.Tenant.Settings.MFA.TrustCookieAge.Duration() {
			all = append(all, raw)
		}
	}
	return all[max(0, len(all)-maxTrusts):]
}

func trustParts(t *tenants.Tenant, a *store.Account, raw []byte) []string {
	return []string{t.ID, a.ID, strconv.FormatInt(a.Epoch, 10), strconv.FormatInt(a.FactorEpoch, 10), string(raw[:trustHead])}
}

// trustFor is the cookie of a browser that is trusted for an account from now on, besides those that it is trusted for already.
func (v *Visit) trustFor(a *store.Account, p proofs) string {
	raw := binary.BigEndian.AppendUint64(nil, uint64(v.Now.Unix()))
	raw = append(raw, p.bits())
	raw = append(raw, v.Tenant.Keys.Sign(secret.ForTrust, trustParts(v.Tenant, a, raw)...)...)
	var entries []string
	for _, other := range v.trustEntries() {
		if !v.Tenant.Keys.Verify(other[trustHead:], secret.ForTrust, trustParts(v.Tenant, a, other)...) {
			entries = append(entries, keyEncoding.EncodeToString(other))
		}
	}
	entries = append(entries[max(0, len(entries)-maxTrusts+1):], keyEncoding.EncodeToString(raw))
	return strings.Join(entries, ".")
}

// Trust answers whether the visit's browser is to be trusted, which a login waits for.
func (s *Service) Trust(ctx context.Context, v *Visit, trust bool) error {
	return s.loginStep(ctx, v, MFATrust, func(l *login, a *store.Account) error {
		if p := l.trustable(v.Tenant, a); trust && p != (proofs{}) {
			v.trust = v.trustFor(a, p)
			v.audit(store.BrowserTrusted, a.ID, nil)
		}
		l.TrustAnswered = true
		return s.advance(ctx, v, a)
	})
}

// loginStep is a step of a login that waits at a stage. Nobody is signed in where none does.
func (s *Service) loginStep(ctx context.Context, v *Visit, at Stage, fn func(*login, *store.Account) error) error {
	err := s.step(ctx, v, func() error {
		if v.Pending() != at {
			return refusal.Of(refusal.Unauthenticated)
		}
		a, err := s.waiting(ctx, v, v.state.Login.Email)
		if err != nil {
			return err
		}
		if a == nil {
			v.abandon() // put out while the login waited
			return nil
		}
		return fn(v.state.Login, a)
	})
	s.observe.Login(v.Tenant.Slug, result(v, err))
	return err
}
