package flows

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/vestibule-auth/vestibule/internal/factor"
	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// A Migrant is a user of another system who is to become one here, with whatever that system knows.
type Migrant struct {
	// ID is a UUID, which becomes the user's id, or whatever else the other system calls the user: then the id follows from it, so that
	// who comes a second time is known to be here already. Without one it follows from the address, or else from what there is.
	ID       string
	Username string // "" to have one made, where the tenant has usernames
	Name     string
	Emails   []MigrantEmail
	Phone    string

	PhoneVerified bool
	Password      string // a hash that package passhash reads; "" or one that is not usable for none
	Active        bool
	CreatedAt     time.Time // zero: now
	LastLoginAt   time.Time // zero: never

	// JSON objects; nil for empty ones.
	MetadataPublic  []byte
	MetadataPrivate []byte

	TOTP      *MigrantTOTP
	Codes     *MigrantCodes
	Keys      []MigrantKey
	Providers []MigrantProvider
}

// MigrantEmail is an address that a migrant brings.
type MigrantEmail struct {
	Email    string
	Verified bool
	Primary  bool // of none, the first verified one becomes it, or else the first
}

// MigrantTOTP is an authenticator app that a migrant brings.
type MigrantTOTP struct {
	Secret     string // in base32
	CreatedAt  time.Time
	LastUsedAt time.Time
}

// MigrantCodes are recovery codes that a migrant brings.
type MigrantCodes struct {
	Unused    []string
	Total     int // how many there were; as many as are unused, if less
	CreatedAt time.Time
}

// MigrantKey is a WebAuthn credential that a migrant brings: the answer of the browser that made it or, without one, what was kept of it.
type MigrantKey struct {
	Name       string
	Answer     []byte // JSON
	Kept       factor.Credential
	UserHandle []byte // how it names its user
	CreatedAt  time.Time
	LastUsedAt time.Time
}

// MigrantProvider is an account with an identity provider that a migrant brings.
type MigrantProvider struct {
	Provider   string
	UID        string
	Display    string // "" for nothing that is known
	CreatedAt  time.Time
	LastUsedAt time.Time
}

// The bounds of what a migrant brings.
const (
	maxMigrantEmails = 50
	maxMigrantName   = 200
	maxMigrantID     = 200
	maxMigrantKeys   = 50
	maxMigrantCodes  = 100
	maxProviderName  = 200
	maxProviderUID   = 500
	leastCode        = 6
	mostCode         = 64
	leastSeed        = 10 // bytes; the shortest that apps were ever given
	mostSeed         = 128
)

// Arrival is a migrant who was found fit to become a user.
type Arrival struct {
	store.Newcomer
	// Conflict is what keeps the arrival from becoming one, as AdmitArrivals finds it: the path of what somebody has already; "" for nothing.
	// Here says that it is the very user who is here already, and Deleted that it is one who was deleted here and may be restored.
	Conflict string
	Here     bool
	Deleted  bool

	unique, strict bool // the tenant's rules for addresses
	named          bool // the username was chosen, and not made
}

// MigrantName is as much of a name as fits: that of a migrant, of a key, or of an account with a provider.
func MigrantName(name string) string { return cut(name, maxMigrantName) }

// ReadMigrant finds everything that is wrong with a migrant by the tenant's rules, which are those of a signup, or makes an arrival. A hash
// of the password that is guessed at too fast is wrapped, which takes as long as to hash. Its refusals' params are paths inside a row.
func (s *Service) ReadMigrant(ctx context.Context, t *tenants.Tenant, m Migrant, now time.Time) (*Arrival, error) {
	var f refusal.Faults
	account := &t.Settings.Account
	a := &Arrival{unique: account.UniqueEmail, strict: account.PreventEnumeration.Strict()}
	u := &a.User
	u.Active, u.CreatedAt, u.LastLoginAt, u.PhoneVerified = m.Active, m.CreatedAt, m.LastLoginAt, m.PhoneVerified
	u.MetadataPublic, u.MetadataPrivate = m.MetadataPublic, m.MetadataPrivate
	if u.CreatedAt.IsZero() {
		u.CreatedAt = now
	}
	// Whoever was here once under the same id had smaller epochs: nothing that was signed then is good now.
	u.Epoch, u.FactorEpoch = now.Unix(), now.Unix()
	u.CreatedAt, u.LastLoginAt = timeFault(&f, "created_at", u.CreatedAt, now), timeFault(&f, "last_login_at", u.LastLoginAt, now)
	if u.Name = trim(m.Name); utf8.RuneCountInString(u.Name) > maxMigrantName {
		f.Add("name", refusal.TooLong)
	}
	textFaults(&f, "name", u.Name, false)
	if u.Phone = phoneFaults(&f, "phone", m.Phone, false); u.Phone == "" && u.PhoneVerified {
		f.Say("phone_verified", refusal.Malformed, "There is no phone number that could be verified.")
	}
	a.readEmails(&f, t, m.Emails)
	if a.named = trim(m.Username) != ""; a.named {
		u.Username = usernameFaults(&f, t, m.Username, false)
	} else if account.UserModelUsernameField != "" {
		u.Username = usernamesFor(t, address(u.Email), true)[0]
	}
	a.readProviders(&f, m.Providers, u.CreatedAt)
	if u.Email == "" && u.Phone == "" && !a.named && len(a.Providers) == 0 && len(f) == 0 {
		f.Say("", refusal.Required, "An address, a username, a phone number or a provider account is needed.")
	}
	if err := s.readHash(ctx, &f, t, u, m.Password); err != nil {
		return nil, err
	}
	u.ID = a.readID(&f, t, m.ID)
	u.DataKey = t.NewUserKey(u.ID)
	if err := a.readFactors(&f, t, m); err != nil {
		return nil, err
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	a.settle()
	return a, nil
}

// settle gives every part its user.
func (a *Arrival) settle() {
	a.UsernameKey = usernameKey(a.User.Username)
	for i := range a.Emails {
		a.Emails[i].UserID = a.User.ID
	}
	for i := range a.Providers {
		a.Providers[i].UserID = a.User.ID
	}
}

// timeFault notes a time that has not come yet. Clocks may differ by a day.
func timeFault(f *refusal.Faults, param string, at, now time.Time) time.Time {
	if at.After(now.Add(24 * time.Hour)) {
		f.Say(param, refusal.Malformed, "This time has not come yet.")
	}
	if !at.IsZero() && at.Year() < 1970 {
		f.Say(param, refusal.Malformed, "This is before 1970.")
	}
	return at.UTC().Truncate(time.Microsecond)
}

func (a *Arrival) readEmails(f *refusal.Faults, t *tenants.Tenant, all []MigrantEmail) {
	if len(all) > maxMigrantEmails {
		f.Say("emails", refusal.TooLong, fmt.Sprintf("There can be %d addresses at most.", maxMigrantEmails))
		return
	}
	primary, first := -1, -1
	for i, e := range all {
		path := fmt.Sprintf("emails[%d]", i)
		key := addressFaults(f, path+".email", e.Email, true, t.Settings.Account.EmailMaxLength)
		if slices.ContainsFunc(a.Emails, func(x store.Email) bool { return key != "" && x.Key == string(key) }) {
			f.Say(path+".email", refusal.DuplicateEmail, "This address is given twice.")
		}
		if e.Primary {
			if primary >= 0 {
				f.Say(path+".primary", refusal.Malformed, "Another address is the primary one already.")
			}
			primary = i
		}
		if e.Verified && first < 0 {
			first = i
		}
		a.Emails = append(a.Emails, store.Email{ID: secret.NewID(), Email: string(key), Key: string(key), Verified: e.Verified, CreatedAt: a.User.CreatedAt})
	}
	if primary < 0 {
		primary = max(first, 0)
	}
	if len(a.Emails) > 0 {
		a.Emails[primary].Primary = true
		a.User.Email = a.Emails[primary].Email
	}
}

func (a *Arrival) readProviders(f *refusal.Faults, all []MigrantProvider, created time.Time) {
	if len(all) > maxMigrantKeys {
		f.Say("provider_accounts", refusal.TooLong, fmt.Sprintf("There can be %d provider accounts at most.", maxMigrantKeys))
		return
	}
	for i, p := range all {
		path := fmt.Sprintf("provider_accounts[%d]", i)
		for _, member := range []struct {
			name, value string
			most        int
		}{{"provider", p.Provider, maxProviderName}, {"uid", p.UID, maxProviderUID}, {"display", p.Display, maxDisplay * utf8.UTFMax}} {
			if textFaults(f, path+"."+member.name, member.value, member.name != "display") && len(member.value) > member.most {
				f.Add(path+"."+member.name, refusal.TooLong)
			}
		}
		if slices.ContainsFunc(a.Providers, func(x store.ProviderAccount) bool { return x.Provider == p.Provider && x.UID == p.UID }) {
			f.Say(path, refusal.Malformed, "This provider account is given twice.")
		}
		if p.CreatedAt.IsZero() {
			p.CreatedAt = created
		}
		a.Providers = append(a.Providers, store.ProviderAccount{Provider: p.Provider, UID: p.UID, Display: cut(p.Display, maxDisplay), CreatedAt: p.CreatedAt.UTC(), LastUsedAt: p.LastUsedAt.UTC()})
	}
}

// readHash takes a password's hash over, wrapped where it is one that must not be kept.
func (s *Service) readHash(ctx context.Context, f *refusal.Faults, t *tenants.Tenant, u *store.User, encoded string) error {
	if !passhash.Usable(encoded) {
		return nil
	}
	if !textFaults(f, "password_hash", encoded, true) {
		return nil
	}
	if s.hasher.Check(encoded) != nil {
		f.Say("password_hash", refusal.Malformed, "This is no password hash of a known format, or its parameters are out of bounds.")
		return nil
	}
	if s.hasher.Weak(encoded) && len(*f) == 0 {
		wrapped, err := s.hasher.For(t.ID).Wrap(ctx, paramsOf(t), encoded)
		if err != nil {
			return busy(err)
		}
		encoded = wrapped
	}
	u.Password, u.HasPassword = encoded, true
	return nil
}

// readID is the user's id. One that is made follows from what the other system knows the user by.
func (a *Arrival) readID(f *refusal.Faults, t *tenants.Tenant, given string) string {
	given = trim(given)
	if len(given) > maxMigrantID {
		f.Add("id", refusal.TooLong)
		return secret.NewID()
	}
	textFaults(f, "id", given, false)
	if id, err := uuid.Parse(given); err == nil && len(given) == 36 && id != uuid.Nil {
		return id.String()
	}
	known := []string{"id", given}
	switch {
	case given != "":
	case a.User.Email != "":
		known = []string{"email", a.User.Email}
	case a.named:
		known = []string{"username", usernameKey(a.User.Username)}
	case a.User.Phone != "":
		known = []string{"phone", a.User.Phone}
	case len(a.Providers) > 0:
		known = []string{"provider", a.Providers[0].Provider, a.Providers[0].UID}
	default:
		return secret.NewID() // it is at fault
	}
	return derivedID(t, known)
}

// derivedID is a UUID of version 8 (RFC 9562) that nobody without the tenant's keys can make.
func derivedID(t *tenants.Tenant, known []string) string {
	var id uuid.UUID
	sum := sha256.Sum256(t.Keys.First().Sign(secret.ForImport, append([]string{t.ID, "user"}, known...)...))
	copy(id[:], sum[:])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

func (a *Arrival) readFactors(f *refusal.Faults, t *tenants.Tenant, m Migrant) error {
	u := &a.User
	add := func(x *store.Authenticator, err error, used time.Time) error {
		if err != nil {
			return err
		}
		x.LastUsedAt = used.UTC()
		a.Authenticators = append(a.Authenticators, *x)
		u.Factors = u.Factors.With(x.Type)
		return nil
	}
	since := func(at time.Time) time.Time {
		if at.IsZero() {
			return u.CreatedAt
		}
		return at.UTC()
	}
	if m.TOTP != nil {
		seed, ok := readSeed(m.TOTP.Secret)
		if !ok {
			f.Say("authenticators.totp.secret", refusal.Malformed, "This is no secret of an authenticator app: base32 of 10 to 128 bytes.")
		}
		x, err := NewTOTP(t, u, seed, since(m.TOTP.CreatedAt))
		if err := add(x, err, m.TOTP.LastUsedAt); err != nil {
			return err
		}
	}
	if len(m.Keys) > maxMigrantKeys {
		f.Say("authenticators", refusal.TooLong, fmt.Sprintf("There can be %d credentials at most.", maxMigrantKeys))
		return nil
	}
	for i, k := range m.Keys {
		c, ok := readMigrantKey(f, t, fmt.Sprintf("authenticators.webauthn[%d]", i), k)
		if !ok {
			continue
		}
		if slices.ContainsFunc(a.Authenticators, func(x store.Authenticator) bool { return string(x.CredentialID) == string(c.ID) }) {
			f.Say(fmt.Sprintf("authenticators.webauthn[%d]", i), refusal.Malformed, "This credential is given twice.")
			continue
		}
		x, err := NewCredential(t, u, c, keyName(trim(k.Name), i), since(k.CreatedAt))
		if err := add(x, err, k.LastUsedAt); err != nil {
			return err
		}
	}
	if m.Codes != nil {
		unused := readCodes(f, m.Codes.Unused)
		x, err := NewRecoveryCodes(t, u, unused, max(m.Codes.Total, len(unused)), since(m.Codes.CreatedAt))
		if err := add(x, err, time.Time{}); err != nil {
			return err
		}
	}
	a.factorFaults(f, t)
	return nil
}

// factorFaults are what the rules have against factors beside the rest: recovery codes stand in for another factor, and who has one must
// have no address that may be somebody else's (see mayProtect).
func (a *Arrival) factorFaults(f *refusal.Faults, t *tenants.Tenant) {
	if a.User.Factors != 0 && !a.User.Factors.Second() && len(*f) == 0 {
		f.Add("authenticators.recovery_codes", refusal.CannotGenerateCodes)
	}
	if !a.User.Factors.Second() || t.Settings.MFA.AllowUnverifiedEmail {
		return
	}
	for i, e := range a.Emails {
		if !e.Verified {
			f.Say(fmt.Sprintf("emails[%d].verified", i), refusal.UnverifiedEmail,
				"A user with a second factor can have no unverified address, unless mfa.allow_unverified_email says so.")
		}
	}
}

// readSeed reads base32 as apps and people write it.
func readSeed(s string) ([]byte, bool) {
	s = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(s))
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(s, "="))
	return seed, err == nil && len(seed) >= leastSeed && len(seed) <= mostSeed
}

func readCodes(f *refusal.Faults, given []string) []string {
	const path = "authenticators.recovery_codes.codes"
	if len(given) > maxMigrantCodes {
		f.Say(path, refusal.TooLong, fmt.Sprintf("There can be %d codes at most.", maxMigrantCodes))
		return nil
	}
	var all []string
	for i, code := range given {
		code = trim(code)
		switch {
		case len(code) < leastCode || len(code) > mostCode || strings.ContainsRune(code, 0):
			f.Say(fmt.Sprintf("%s[%d]", path, i), refusal.Malformed, fmt.Sprintf("A code has %d to %d characters.", leastCode, mostCode))
		case slices.Contains(all, code):
			f.Say(fmt.Sprintf("%s[%d]", path, i), refusal.Malformed, "This code is given twice.")
		default:
			all = append(all, code)
		}
	}
	return all
}

func readMigrantKey(f *refusal.Faults, t *tenants.Tenant, path string, k MigrantKey) (factor.Credential, bool) {
	rp := relyingParty(t)
	var c factor.Credential
	var err error
	if k.Answer != nil {
		c, err = rp.ReadRegistration(k.Answer)
	} else {
		c, err = rp.Adopt(k.Kept)
	}
	switch {
	case errors.Is(err, factor.ErrMalformed):
		f.Say(path, refusal.Malformed, "This is no WebAuthn credential.")
	case err != nil:
		f.Say(path, refusal.Malformed, "This credential is not fit for use here: it must be an ES256, EdDSA or RS256 key that was made for "+rp.ID+".")
	case len(k.UserHandle) > 64:
		f.Say(path+".user_handle", refusal.TooLong, "It has 64 bytes at most.")
	case utf8.RuneCountInString(k.Name) > maxMigrantName:
		f.Add(path+".name", refusal.TooLong)
	case !textFaults(f, path+".name", k.Name, false):
	default:
		c.UserHandle = k.UserHandle
		return c, true
	}
	return c, false
}

// AdmitArrivals finds out which arrivals cannot become users since somebody has already what they bring, and makes the others fit what
// there is: it is the last look, in the transaction that writes them. With write it writes them.
//
// An address that an arrival has verified is its own unless somebody here has verified it, just as if it were proved here: whoever holds
// it unverified yields it. One that it has not verified is treated as at a signup where it is the only way to the arrival; beside a
// verified one it is added to what others have, as when somebody adds it to an account.
func (s *Service) AdmitArrivals(ctx context.Context, tx *store.Tx, all []*Arrival, write bool) error {
	held, err := tx.Held(ctx, wantedBy(all))
	if err != nil {
		return err
	}
	var admitted []*store.Newcomer
	var yields []*store.Email
	exclusive := map[string]*store.Email{} // who of the arrivals holds an address alone
	for _, a := range all {
		a.Conflict, a.Here, a.Deleted = "", false, false
		if a.findConflict(held) {
			continue
		}
		yields = append(yields, a.take(held)...)
		for i := range a.Emails {
			if e := &a.Emails[i]; e.Exclusive {
				if before := exclusive[e.Key]; before != nil {
					before.Exclusive = false // it is not verified, or this one would not be here
				}
				exclusive[e.Key] = e
			}
		}
		admitted = append(admitted, &a.Newcomer)
	}
	if !write {
		return nil
	}
	for _, e := range yields {
		if err := tx.YieldEmail(ctx, e); err != nil {
			return err
		}
	}
	return tx.AddNewcomers(ctx, admitted)
}

// wantedBy is what arrivals want for themselves.
func wantedBy(all []*Arrival) (w store.Wanted) {
	for _, a := range all {
		w.IDs = append(w.IDs, a.User.ID)
		if a.UsernameKey != "" {
			w.UsernameKeys = append(w.UsernameKeys, a.UsernameKey)
		}
		if a.User.Phone != "" {
			w.Phones = append(w.Phones, a.User.Phone)
		}
		if a.unique {
			for _, e := range a.Emails {
				w.EmailKeys = append(w.EmailKeys, e.Key)
			}
		}
		for _, x := range a.Authenticators {
			if x.CredentialID != nil {
				w.Credentials = append(w.Credentials, x.CredentialID)
			}
		}
		w.Providers = append(w.Providers, a.Providers...)
	}
	return w
}

// proved reports whether any address of the arrival is verified.
func (a *Arrival) proved() bool {
	return slices.ContainsFunc(a.Emails, func(e store.Email) bool { return e.Verified })
}

// findConflict notes what keeps an arrival from becoming a user.
func (a *Arrival) findConflict(held store.Held) bool {
	switch {
	case held.IDs[a.User.ID]:
		a.Conflict, a.Here = "id", true
	case held.Deleted[a.User.ID]:
		a.Conflict, a.Deleted = "id", true
	case a.named && held.UsernameKeys[a.UsernameKey]:
		a.Conflict = "username"
	case a.User.Phone != "" && held.Phones[a.User.Phone]:
		a.Conflict = "phone"
	}
	for i, e := range a.Emails {
		if a.Conflict == "" && a.unique && a.lost(e, held.Emails[e.Key]) {
			a.Conflict = fmt.Sprintf("emails[%d].email", i)
		}
	}
	keys := 0
	for _, x := range a.Authenticators {
		if x.CredentialID == nil {
			continue
		}
		if a.Conflict == "" && held.Credentials[string(x.CredentialID)] {
			a.Conflict = fmt.Sprintf("authenticators.webauthn[%d]", keys)
		}
		keys++
	}
	for i, p := range a.Providers {
		if a.Conflict == "" && held.Providers[[2]string{p.Provider, p.UID}] {
			a.Conflict = fmt.Sprintf("provider_accounts[%d]", i)
		}
	}
	return a.Conflict != ""
}

// lost reports whether an address cannot be an arrival's, since others hold it.
func (a *Arrival) lost(e store.Email, others []store.Holder) bool {
	if e.Verified {
		return slices.ContainsFunc(others, func(h store.Holder) bool { return h.Verified })
	}
	return !a.strict && !a.proved() && taken(others)
}

// taken reports whether an address counts as taken: held by somebody who is reached there (see Service.checkTaken).
func taken(others []store.Holder) bool {
	return slices.ContainsFunc(others, func(h store.Holder) bool { return h.Verified || !h.Proved })
}

// take notes in held that an arrival has now what it brings, and returns the addresses that others have to yield.
func (a *Arrival) take(held store.Held) (yields []*store.Email) {
	if !a.named && a.UsernameKey != "" && held.UsernameKeys[a.UsernameKey] {
		a.User.Username = cut(a.User.Username, maxUsername-12) + secret.Code(secret.CodeFormat{Numeric: true, Length: 12})
		a.UsernameKey = usernameKey(a.User.Username)
	}
	held.IDs[a.User.ID] = true
	held.UsernameKeys[a.UsernameKey] = true
	held.Phones[a.User.Phone] = true
	proved := a.proved()
	for i := range a.Emails {
		e := &a.Emails[i]
		others := held.Emails[e.Key]
		e.Exclusive = a.unique && (e.Verified || !a.strict && !taken(others))
		if e.Exclusive && len(others) > 0 {
			yields = append(yields, e)
		}
		held.Emails[e.Key] = append(others, store.Holder{Verified: e.Verified, Proved: proved})
	}
	for _, x := range a.Authenticators {
		if x.CredentialID != nil {
			held.Credentials[string(x.CredentialID)] = true
		}
	}
	for _, p := range a.Providers {
		held.Providers[[2]string{p.Provider, p.UID}] = true
	}
	return yields
}
