package post

import (
	"slices"
	"strings"

	"github.com/vestibule-auth/vestibule/internal/store"
)

// Kind is an occasion on which a message is sent.
type Kind struct {
	Name      string
	Channels  []store.Channel
	Variables []string // what templates may name, besides the variables that every kind has (see Common)
	Needs     []string // at least one of these must have a value, if there are any: what the message is for
}

// Common lists the variables that the templates of every kind may name: tenant is the tenant's name for people, email
// the address that a mail goes to (empty in texts), subject the finished subject (empty in subjects and texts), and the
// rest is branding.
func Common() []string {
	return []string{"tenant", "email", "subject", "logo_url", "colour", "on_colour"}
}

// event are the variables of every mail that tells of a change to an account: the time, as text and in UTC, the address
// and the program that it came from, and where a password is reset. A mail whose recipient cannot reset a password by the
// address that it goes to has no password_reset_url.
var event = []string{"at", "ip", "user_agent", "password_reset_url"}

// kinds is the one list of occasions. Each has templates/<name>.subject.tmpl, .txt.tmpl and .html.tmpl if it is mailed,
// and .sms.tmpl if it is texted.
var kinds = []Kind{
	{
		Name: "email_confirmation_signup", Channels: []store.Channel{store.Mail},
		Variables: []string{"url", "code", "display"}, Needs: []string{"url", "code"},
	},
	{
		Name: "email_confirmation", Channels: []store.Channel{store.Mail},
		Variables: []string{"url", "code", "display"}, Needs: []string{"url", "code"},
	},
	{
		Name: "account_already_exists", Channels: []store.Channel{store.Mail, store.SMS},
		Variables: []string{"password_reset_url"},
	},
	{
		Name: "unknown_account", Channels: []store.Channel{store.Mail, store.SMS},
		Variables: []string{"signup_url"},
	},
	{
		Name: "phone_verification", Channels: []store.Channel{store.SMS},
		Variables: []string{"code"}, Needs: []string{"code"},
	},
	{
		Name: "login_code", Channels: []store.Channel{store.Mail, store.SMS},
		Variables: []string{"code"}, Needs: []string{"code"},
	},
	{
		Name: "password_reset_key", Channels: []store.Channel{store.Mail},
		Variables: []string{"url", "display"}, Needs: []string{"url"},
	},
	{
		Name: "invitation", Channels: []store.Channel{store.Mail}, // to somebody whom an operator has made an account for
		Variables: []string{"url", "display"}, Needs: []string{"url"},
	},
	{
		Name: "password_reset_code", Channels: []store.Channel{store.Mail},
		Variables: []string{"code"}, Needs: []string{"code"},
	},
	{Name: "password_changed", Channels: []store.Channel{store.Mail}, Variables: event},
	{Name: "password_set", Channels: []store.Channel{store.Mail}, Variables: event},   // the account had none
	{Name: "password_reset", Channels: []store.Channel{store.Mail}, Variables: event}, // with a key or a code
	{
		Name: "email_changed", Channels: []store.Channel{store.Mail}, // to the old address
		Variables: slices.Concat([]string{"from_email", "to_email"}, event),
	},
	{
		Name: "email_deleted", Channels: []store.Channel{store.Mail}, // to the primary address
		Variables: slices.Concat([]string{"deleted_email"}, event),
	},
	{
		Name: "phone_changed", Channels: []store.Channel{store.Mail}, // from or to nothing, where one is added or removed
		Variables: slices.Concat([]string{"from_phone", "to_phone"}, event),
	},
	{Name: "totp_activated", Channels: []store.Channel{store.Mail}, Variables: event},
	{Name: "totp_deactivated", Channels: []store.Channel{store.Mail}, Variables: event},
	{Name: "recovery_codes_generated", Channels: []store.Channel{store.Mail}, Variables: event},
	{Name: "webauthn_added", Channels: []store.Channel{store.Mail}, Variables: event},
	{Name: "webauthn_removed", Channels: []store.Channel{store.Mail}, Variables: event},
	{Name: "account_connected", Channels: []store.Channel{store.Mail}, Variables: slices.Concat([]string{"provider"}, event)},
	{Name: "account_disconnected", Channels: []store.Channel{store.Mail}, Variables: slices.Concat([]string{"provider"}, event)},
}

// Kinds lists the occasions and the variables of their templates.
func Kinds() []Kind {
	out := slices.Clone(kinds)
	for i := range out {
		out[i].Channels = slices.Clone(out[i].Channels)
		out[i].Variables = slices.Clone(out[i].Variables)
		out[i].Needs = slices.Clone(out[i].Needs)
	}
	return out
}

// goesBy reports whether messages of the kind go out by that channel.
func (k Kind) goesBy(c store.Channel) bool { return slices.Contains(k.Channels, c) }

// kindNamed is the kind of that name.
func kindNamed(name string) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

// kindOf is the kind of that name, if it goes out by that channel.
func kindOf(name string, c store.Channel) (Kind, bool) {
	k, ok := kindNamed(name)
	return k, ok && k.goesBy(c)
}

// linkOf is the first link of a letter, of the variables of its kind.
func linkOf(name string, l Letter) string {
	k, _ := kindNamed(name)
	for _, v := range k.Variables {
		if isLink(v) && l.Data[v] != "" {
			return l.Data[v]
		}
	}
	return ""
}

// isLink reports whether a variable holds a link.
func isLink(variable string) bool { return variable == "url" || strings.HasSuffix(variable, "_url") }
