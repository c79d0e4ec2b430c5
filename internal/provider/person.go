package provider

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// person says where in an answer it is said who somebody is. A path is the names of members from the outside in, or the numbers of elements,
// with > between; of several paths, the first that leads to something counts.
type person struct {
	uid           string // paths in braces, with what is between them
	email         []string
	verified      []string // all of them have to be true for the address to be verified; none: it never is
	always        bool     // the provider has verified every address that it has
	emails        emails   // where there is a list of them
	username      []string
	name          []string
	given         []string
	family        []string
	phone         string
	phoneVerified string
	shown         []string                           // what people know the account by; none: as usual
	show          func(answer map[string]any) string // the same, where paths do not do; "": as usual. May be nil
	within        string                             // where the usual ways to show an account are looked for
}

// emails says where a list of addresses is, and what is where within each.
type emails struct{ list, address, verified, primary string }

// object is a JSON object whose numbers are as they were written: an id may be longer than a float.
type object map[string]any

// UnmarshalJSON reads an object.
func (o *object) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode((*map[string]any)(o))
}

// readObject reads a JSON object, and nothing else.
func readObject(b []byte) (map[string]any, error) {
	v, err := readJSON(b)
	o, ok := v.(map[string]any)
	if err == nil && !ok {
		err = errors.New("provider: not an object")
	}
	return o, err
}

func readJSON(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("provider: more than one value")
	}
	return v, nil
}

// follow is what a path leads to; nil: nothing.
func follow(v any, path string) any {
	if path == "" {
		return v
	}
	for name := range strings.SplitSeq(path, ">") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// word is a text or a whole number as a text, as it is; "": it is neither.
func word(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		if s := v.String(); strings.Trim(strings.TrimPrefix(s, "-"), "0123456789") == "" {
			return s
		}
	}
	return ""
}

// mostText is how much of a name is taken, in characters.
const mostText = 300

// text is somebody's text on one line, without what cannot be seen.
func text(v any) string {
	s, _ := v.(string)
	s = strings.TrimSpace(strings.Map(func(c rune) rune {
		switch {
		case unicode.IsPrint(c):
			return c
		case unicode.IsSpace(c):
			return ' '
		default:
			return -1
		}
	}, s))
	if all := []rune(s); len(all) > mostText {
		s = strings.TrimSpace(string(all[:mostText]))
	}
	return s
}

// first is the text that the first of the paths leads to.
func first(v any, paths []string) string {
	for _, p := range paths {
		if s := text(follow(v, p)); s != "" {
			return s
		}
	}
	return ""
}

// isTrue reads a truth, which some providers write as a text or a number.
func isTrue(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return strings.EqualFold(v, "true")
	case json.Number:
		return v == "1"
	default:
		return false
	}
}

// mostUID is how long the id of an account may be, in bytes (OpenID Connect Core 1.0, section 2, has the same for sub).
const mostUID = 255

// uidOf fills a template with what is answered; "": something of it is missing, or is no id.
func uidOf(template string, v any) string {
	var uid strings.Builder
	for rest := template; rest != ""; {
		before, after, found := strings.Cut(rest, "{")
		uid.WriteString(before)
		if !found {
			break
		}
		path, then, _ := strings.Cut(after, "}")
		part := word(follow(v, path))
		if part == "" {
			return ""
		}
		uid.WriteString(part)
		rest = then
	}
	s := uid.String()
	odd := func(c rune) bool { return c == unicode.ReplacementChar || !unicode.IsPrint(c) }
	if len(s) > mostUID || s != strings.TrimSpace(s) || strings.ContainsFunc(s, odd) {
		return ""
	}
	return s
}

// identity reads an answer.
func (l *login) identity(p person, answered map[string]any) (*Identity, error) {
	who := &Identity{
		UID: uidOf(p.uid, answered), Username: first(answered, p.username), Name: first(answered, p.name),
		GivenName: first(answered, p.given), FamilyName: first(answered, p.family),
	}
	if who.UID == "" {
		return nil, l.fault("The provider does not say who somebody is, where it should (" + p.uid + ").")
	}
	if p.phone != "" {
		who.Phone = text(follow(answered, p.phone))
		who.PhoneVerified = who.Phone != "" && p.phoneVerified != "" && isTrue(follow(answered, p.phoneVerified))
	}
	who.Emails = l.emails(p, answered)
	who.Display = cmp.Or(p.display(answered), l.app.Name, l.name)
	return who, nil
}

// emails are the addresses in an answer, the one that counts most first.
func (l *login) emails(p person, answered map[string]any) []Email {
	var all []Email
	add := func(v any, verified, primary bool) {
		address, _ := v.(string) // as it is: what is not seen in it may tell it from somebody else's
		if isAddress(address) && !slices.ContainsFunc(all, func(e Email) bool { return strings.EqualFold(e.Address, address) }) {
			all = append(all, Email{Address: address, Verified: verified || l.vouchedFor(address), Primary: primary})
		}
	}
	if p.emails.list != "" {
		list, _ := follow(answered, p.emails.list).([]any)
		for _, e := range list[:min(len(list), mostEmails)] {
			add(follow(e, p.emails.address), isTrue(follow(e, p.emails.verified)), isTrue(follow(e, p.emails.primary)))
		}
	}
	if len(all) == 0 {
		verified := p.always || len(p.verified) > 0
		for _, path := range p.verified {
			verified = verified && isTrue(follow(answered, path))
		}
		for _, path := range p.email {
			if v := follow(answered, path); len(all) == 0 {
				add(v, verified, true)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Email) int {
		return cmp.Or(-cmp.Compare(number(a.Primary), number(b.Primary)), -cmp.Compare(number(a.Verified), number(b.Verified)))
	})
	return all
}

// mostEmails is how many addresses of a list are looked at.
const mostEmails = 50

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// vouchedFor reports whether settings say that an address counts as verified although the provider does not say so.
func (l *login) vouchedFor(address string) bool {
	rule := l.shared.VerifiedEmail
	if l.app.Settings.VerifiedEmail != nil {
		rule = *l.app.Settings.VerifiedEmail
	}
	domain := address[strings.LastIndexByte(address, '@')+1:]
	return rule.All || slices.ContainsFunc(rule.List, func(d string) bool { return strings.EqualFold(d, domain) })
}

// mostAddress is how long an address may be (RFC 5321, section 4.5.3.1.3, less the brackets).
const mostAddress = 254

// isAddress reports whether a text may be an address at all: two parts, and nothing that would end it early. What is in it is looked at by
// whoever takes it.
func isAddress(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	odd := func(c rune) bool { return !unicode.IsPrint(c) || strings.ContainsRune(" ,;<>\"\\", c) }
	return ok && local != "" && domain != "" && len(s) <= mostAddress && !strings.ContainsFunc(s, odd) && !strings.Contains(domain, "@")
}

// usualDisplay are the ways in which accounts are shown, where nothing else is said of the provider: what tells best which one it is first.
var usualDisplay = []string{
	"username", "userName", "user_name", "login", "handle",
	"email", "Email", "mail", "email_address",
	"name", "display_name", "displayName", "displayname", "Display_Name", "nickname",
	"full_name", "fullName",
}

var (
	givenNames  = []string{"first_name", "firstname", "firstName", "First_Name", "given_name", "givenName"}
	familyNames = []string{"last_name", "lastname", "lastName", "Last_Name", "family_name", "familyName", "surname"}
)

// display is what people know an account by; "": nothing is known.
func (p person) display(answered map[string]any) string {
	if p.show != nil {
		if s := text(p.show(answered)); s != "" {
			return s
		}
	}
	if s := first(answered, p.shown); s != "" {
		return s
	}
	in := follow(answered, p.within)
	return cmp.Or(first(in, usualDisplay), strings.TrimSpace(first(in, givenNames)+" "+first(in, familyNames)))
}

// over is what two answers say: the second counts, and an address is taken with what is said of it.
func over(under, upper map[string]any) map[string]any {
	all := maps.Clone(under)
	if all == nil {
		all = map[string]any{}
	}
	for _, of := range [][2]string{{"email", "email_verified"}, {"phone_number", "phone_number_verified"}} {
		if upper[of[0]] != nil {
			delete(all, of[1])
		}
		if upper[of[0]] == nil && all[of[0]] != nil {
			upper = maps.Clone(upper)
			delete(upper, of[1])
		}
	}
	maps.Copy(all, upper)
	return all
}

// onceOf names a proof by what tells it from all others. Parts may be as long as they like, and have no NUL.
func onceOf(until time.Time, parts ...string) *Once {
	return &Once{ID: base64.RawURLEncoding.EncodeToString(secret.Digest(strings.Join(parts, "\x00"))), Until: until}
}
