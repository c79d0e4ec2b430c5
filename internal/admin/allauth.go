package admin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/factor"
	"github.com/vestibule-auth/vestibule/internal/store"
)

// AllauthRows makes rows of an import of the users of a django-allauth database.
type AllauthRows struct {
	Source store.Allauth
	Codes  int // MFA_RECOVERY_CODE_COUNT
	Digits int // MFA_RECOVERY_CODE_DIGITS
}

// Write writes a row of NDJSON for each user, in the order of their ids, and tells named which one each is.
func (a AllauthRows) Write(ctx context.Context, out io.Writer, named func(id string)) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return a.Source.Each(ctx, func(u *store.AllauthUser) error {
		row, err := a.row(u)
		if err != nil {
			return fmt.Errorf("user %s: %w", u.ID, err)
		}
		named(u.ID)
		return e.Encode(row)
	})
}

// unsaltedMD5 is the oldest of Django's hashes, which has no name in it.
var unsaltedMD5 = regexp.MustCompile(`^[0-9a-f]{32}$`)

func (a AllauthRows) row(u *store.AllauthUser) (map[string]any, error) {
	row := map[string]any{"id": u.ID, "active": u.Active}
	put := func(name, value string) {
		if value != "" {
			row[name] = value
		}
	}
	put("username", u.Username)
	put("name", flows.MigrantName(strings.TrimSpace(u.First+" "+u.Last)))
	if u.Phone != "" {
		row["phone"], row["phone_verified"] = u.Phone, u.PhoneVerified
	}
	if unsaltedMD5.MatchString(u.Password) {
		u.Password = "md5$$" + u.Password
	}
	put("password_hash", u.Password)
	put("created_at", stamp(u.Joined))
	put("last_login_at", stamp(u.LastLogin))
	if emails := allauthEmails(u); len(emails) > 0 {
		row["emails"] = emails
	}
	var providers []map[string]any
	for _, p := range u.SocialAccounts {
		account := map[string]any{"provider": p.Provider, "uid": p.UID}
		if display := allauthDisplay(p.Extra); display != "" {
			account["display"] = display
		}
		providers = append(providers, stamped(account, p.Joined, p.LastLogin))
	}
	if providers != nil {
		row["provider_accounts"] = providers
	}
	factors, err := a.factors(u)
	if err == nil && len(factors) > 0 {
		row["authenticators"] = factors
	}
	return row, err
}

// allauthEmails are a user's addresses. One without any in django-allauth's table has the address of the user's own row, which nobody has
// proved. Addresses that differ in their case alone are one here.
func allauthEmails(u *store.AllauthUser) (all []map[string]any) {
	emails := u.Emails
	if len(emails) == 0 && u.Email != "" {
		emails = []store.AllauthEmail{{Email: u.Email, Primary: true}}
	}
	seen := map[string]map[string]any{}
	for _, e := range emails {
		key := strings.ToLower(e.Email)
		if before := seen[key]; before != nil {
			before["verified"] = before["verified"].(bool) || e.Verified
			before["primary"] = before["primary"].(bool) || e.Primary
			continue
		}
		seen[key] = map[string]any{"email": e.Email, "verified": e.Verified, "primary": e.Primary}
		all = append(all, seen[key])
	}
	return all
}

func (a AllauthRows) factors(u *store.AllauthUser) (map[string]any, error) {
	factors := map[string]any{}
	var keys []map[string]any
	for _, x := range u.Authenticators {
		var data struct {
			Secret   string
			Seed     string
			UsedMask int64    `json:"used_mask"`
			Migrated []string `json:"migrated_codes"`
			Name     string
			Answer   json.RawMessage `json:"credential"`
		}
		if err := json.Unmarshal(x.Data, &data); err != nil {
			return nil, fmt.Errorf("the data of an authenticator of type %s is not JSON that is known: %w", x.Type, err)
		}
		switch x.Type {
		case "totp":
			factors["totp"] = stamped(map[string]any{"secret": data.Secret}, x.Created, x.LastUse)
		case "recovery_codes":
			codes, total := data.Migrated, len(data.Migrated)
			if data.Migrated == nil {
				codes, total = factor.AllauthRecoveryCodes(data.Seed, data.UsedMask, a.Codes, a.Digits), a.Codes
			}
			factors["recovery_codes"] = stamped(map[string]any{"codes": append([]string{}, codes...), "total": total}, x.Created, time.Time{})
		case "webauthn":
			keys = append(keys, stamped(map[string]any{"name": data.Name, "credential": data.Answer, "user_handle": allauthHandle(u)}, x.Created, x.LastUse))
		}
	}
	if keys != nil {
		factors["webauthn"] = keys
	}
	if factors["totp"] == nil && keys == nil {
		delete(factors, "recovery_codes") // nobody is asked for them there either
	}
	return factors, nil
}

// allauthDisplays are the members of what a provider told that an account is shown by, the best first.
var allauthDisplays = []string{"username", "login", "handle", "email", "name", "nickname"}

// allauthDisplay is what an account with a provider is shown by, "" where nothing that was told is fit for it. What OpenID providers
// told stands one below.
func allauthDisplay(extra []byte) string {
	var told map[string]any
	if json.Unmarshal(extra, &told) != nil {
		return ""
	}
	for _, below := range []string{"userinfo", "id_token"} {
		if inner, ok := told[below].(map[string]any); ok && len(inner) > 0 {
			told = inner
			break
		}
	}
	for _, name := range allauthDisplays {
		text, _ := told[name].(string)
		if text = strings.TrimSpace(strings.ReplaceAll(text, "\x00", "")); text != "" {
			return flows.MigrantName(text)
		}
	}
	return ""
}

// allauthHandle is how keys that were made there name their user: by the primary key, numbers in base 36, UUIDs without their dashes.
func allauthHandle(u *store.AllauthUser) string {
	handle := u.ID
	if n, err := strconv.ParseInt(u.ID, 10, 64); err == nil && u.Numbered {
		handle = strconv.FormatInt(n, 36)
	} else if len(u.ID) == 36 {
		handle = strings.ReplaceAll(u.ID, "-", "")
	}
	return base64.RawURLEncoding.EncodeToString([]byte(handle))
}

// stamped is an object with the times at which it was made and last used.
func stamped(object map[string]any, created, used time.Time) map[string]any {
	if !created.IsZero() {
		object["created_at"] = stamp(created)
	}
	if !used.IsZero() {
		object["last_used_at"] = stamp(used)
	}
	return object
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
