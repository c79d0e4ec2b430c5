package flows

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/tenants"
)

// maxAddress is the longest address that the contract's form takes, in characters.
const maxAddress = 320

// localPart is the part of an address before the @: dot-separated atoms of ASCII (RFC 5321, section 4.1.2). It is
// ASCII alone on purpose. Letters such as the Turkish dotless i or the Kelvin sign turn into ASCII ones when their case
// is folded, and would let one person's address pass for another's.
var localPart = regexp.MustCompile("^[-!#$%&'*+/=?^_`{|}~0-9A-Za-z]+(\\.[-!#$%&'*+/=?^_`{|}~0-9A-Za-z]+)*$")

// domainPart is a host name of at least two labels (RFC 1034, section 3.5), or localhost. The last label is made of letters, or of what an
// international one is written in (RFC 5890, section 2.3.2.1): digits in it are a slip of the pen, or an address of the network.
var domainPart = regexp.MustCompile(
	`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z][a-z-]{0,61}[a-z]|xn--[a-z0-9-]{0,58}[a-z0-9])$|^localhost$`)

// address is an email address in the one form that it is stored, compared and mailed to in; "" is none.
type address string

// parseAddress reads an address. It lowers the case of ASCII letters alone, and turns an international domain into its
// ASCII form (RFC 5891), so that no two spellings of one mailbox make two accounts, no look-alike shares one, and mail goes
// to one spelling whoever typed which. An address that cannot be one yields ok false.
func parseAddress(s string) (a address, ok bool) {
	if utf8.RuneCountInString(s) > maxAddress {
		return a, false
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 || !localPart.MatchString(s[:at]) {
		return a, false
	}
	domain := lowerASCII(s[at+1:])
	if !isASCII(domain) {
		var err error
		if domain, err = idna.Lookup.ToASCII(norm.NFC.String(domain)); err != nil {
			return a, false
		}
	}
	if !domainPart.MatchString(domain) {
		return a, false
	}
	return address(lowerASCII(s[:at]) + "@" + domain), true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// trim takes off what surrounds a value that a person typed: white space of any script.
func trim(s string) string { return strings.TrimFunc(s, unicode.IsSpace) }

// textFaults are the faults that any text field can have.
func textFaults(f *refusal.Faults, param, value string, required bool) (fine bool) {
	switch {
	case value == "" && required:
		f.Add(param, refusal.Required)
		return false
	case strings.ContainsRune(value, 0):
		f.Add(param, refusal.NullCharacters)
		return false
	}
	return true
}

// What is shown beside the field: front ends show what a server says as it is.
const (
	notAnAddress = "Enter a valid address, such as ann@example.org."
	notAUsername = "A username is made of letters, digits and the marks . _ @ + - alone."
)

// addressFaults reads an address from a field, and notes what is wrong with it. An empty field that is not required
// yields none.
func addressFaults(f *refusal.Faults, param, value string, required bool, maxLength int) address {
	value = trim(value)
	if value == "" {
		textFaults(f, param, value, required)
		return ""
	}
	a, ok := parseAddress(value)
	if !ok {
		f.Say(param, refusal.Malformed, notAnAddress)
	}
	if n := utf8.RuneCountInString(value); n > maxAddress || (ok && n > maxLength) {
		f.Add(param, refusal.TooLong)
	}
	if strings.ContainsRune(value, 0) {
		f.Add(param, refusal.NullCharacters)
	}
	return a
}

const maxUsername = 150

// username characters are what Django lets a name be made of: letters and digits of any script, and a few marks.
var username = regexp.MustCompile(`^[\p{L}\p{M}\p{N}_.@+-]+$`)

// usernameKey is what usernames are compared by. It folds case, and letters that Unicode says are the same.
func usernameKey(s string) string { return cases.Fold().String(norm.NFKC.String(s)) }

// usernameFaults checks a username that somebody chose; whether it is taken is another question.
func usernameFaults(f *refusal.Faults, t *tenants.Tenant, value string, required bool) string {
	value = norm.NFKC.String(trim(value))
	if !textFaults(f, "username", value, required) || value == "" {
		return value
	}
	switch n := len([]rune(value)); {
	case n > maxUsername:
		f.Add("username", refusal.TooLong)
		return value
	case n < t.Settings.Account.UsernameMinLength:
		f.Add("username", refusal.TooShort)
		return value
	}
	if code := usernameFault(t, value); code == refusal.Malformed {
		f.Say("username", code, notAUsername)
	} else if code != "" {
		f.Add("username", code)
	}
	if !t.Settings.Account.PreserveUsernameCasing {
		value = strings.ToLower(value)
	}
	return value
}

func usernameFault(t *tenants.Tenant, value string) refusal.Code {
	if !username.MatchString(value) {
		return refusal.Malformed
	}
	key := usernameKey(value)
	for _, banned := range t.Settings.Account.UsernameBlacklist {
		if usernameKey(banned) == key {
			return refusal.UsernameBlacklisted
		}
	}
	return ""
}

// usernamesFor are usernames to try for an account that did not choose one, best first: the address's local part, then
// the same with more and more random digits behind it. crowded is for when one was taken between the look and the deed: the digits are
// so many then that no two signups choose the same, since one that is refused would tell that its address is free.
func usernamesFor(t *tenants.Tenant, a address, crowded bool) []string {
	local, _, _ := strings.Cut(string(a), "@")
	return usernamesFrom(t, usable(t, local), crowded)
}

// usable is a text as far as a username can be made of it; "" where none can.
func usable(t *tenants.Tenant, text string) string {
	base := strings.Map(func(r rune) rune {
		if username.MatchString(string(r)) && r != '@' {
			return r
		}
		return -1
	}, strings.ToLower(norm.NFKC.String(text)))
	if base == "" || usernameFault(t, base) != "" {
		return ""
	}
	return base
}

// usernamesFrom are usernames to try that are made of a text, as usernamesFor has it; "" is no text.
func usernamesFrom(t *tenants.Tenant, base string, crowded bool) []string {
	if base == "" {
		base = "user"
	}
	var all []string
	if len(base) >= t.Settings.Account.UsernameMinLength && base != "user" {
		all = append(all, cut(base, maxUsername))
	}
	fewest := 2
	if crowded {
		fewest = 10
	}
	for digits := fewest; len(all) < 4; digits += 2 {
		digits := max(digits, t.Settings.Account.UsernameMinLength-len(base))
		suffix := secret.Code(secret.CodeFormat{Numeric: true, Length: digits})
		all = append(all, cut(base, maxUsername-digits)+suffix)
	}
	return all
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
