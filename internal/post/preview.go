package post

import (
	"maps"

	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Sample is what the messages of a kind look like. What belongs to a channel that the kind does not go by is empty.
type Sample struct {
	Subject, Text, HTML, SMS string
	Variables                map[string]string // what the templates were filled in with
}

// Preview renders the messages of a kind with sample values, as a tenant would send them now: with the template that is
// given or, where that is nil, with the tenant's own, and with what is built in where either leaves something out. Values
// that are given take the places of samples; an empty one is none at all. Unlike Render it falls back on nothing: it
// returns Faults for a template that cannot be used, besides ErrUnknownKind and ErrNothingToSay.
func Preview(t *tenants.Tenant, kind string, own *tenants.MailTemplate, given map[string]string) (Sample, error) {
	k, ok := kindNamed(kind)
	if !ok {
		return Sample{}, ErrUnknownKind
	}
	if own == nil {
		saved := t.Settings.Email.Templates[kind]
		own = &saved
	}
	data := samples(t, k)
	if data["url"] != "" && data["code"] != "" { // the tenant's settings say which of the two people get
		if t.Settings.Account.EmailVerificationByCodeEnabled {
			delete(data, "url")
		} else {
			delete(data, "code")
		}
	}
	maps.Copy(data, given)
	return renderAll(t, k, *own, data)
}

// sampleAddress is whom a sample goes to.
const sampleAddress = "ann@example.org"

// sampleValues are those of variables that are no links.
var sampleValues = map[string]string{
	"code": "BCDF-GHJK", "display": "ann", "at": "23 November 2026, 10:00 UTC", "ip": "198.51.100.7",
	"user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
	"from_email": sampleAddress, "to_email": "ann@example.com", "deleted_email": "ann@example.com", "provider": "GitHub",
	"from_phone": "+12025550123", "to_phone": "+12025550199",
}

// samples are values for the variables of a kind. Links are to the tenant's pages.
func samples(t *tenants.Tenant, k Kind) map[string]string {
	data := map[string]string{}
	for _, name := range k.Variables {
		switch {
		case name == "url" && (k.Name == "password_reset_key" || k.Name == "invitation"):
			data[name] = t.FrontendURL(tenants.ResetPasswordFromKey, "sample-key")
		case name == "url":
			data[name] = t.FrontendURL(tenants.ConfirmEmail, "sample-key")
		case name == "password_reset_url":
			data[name] = t.FrontendURL(tenants.ResetPassword, "")
		case name == "signup_url":
			data[name] = t.FrontendURL(tenants.SignupPage, "")
		default:
			data[name] = sampleValues[name]
		}
	}
	return data
}

// renderAll makes every message of a kind with a tenant's own template, and falls back on nothing.
func renderAll(t *tenants.Tenant, k Kind, own tenants.MailTemplate, data map[string]string) (Sample, error) {
	var s Sample
	var f Faults
	letter := Letter{To: sampleAddress, Data: data}
	if k.goesBy(store.SMS) {
		vars, err := textVariables(t, k, letter)
		if err != nil {
			return Sample{}, err
		}
		s.Variables = vars
		if s.SMS, err = renderText(k, own.SMS, vars); !f.take(err) {
			return Sample{}, err
		}
	} else if own.SMS != "" {
		f = append(f, Fault{smsPart, "is of no use: messages of this kind are not texted"})
	}
	if k.goesBy(store.Mail) {
		vars, err := variables(t, k, letter)
		if err != nil {
			return Sample{}, err
		}
		s.Variables = vars
		m, err := renderOwn(t, k, own, vars)
		if !f.take(err) {
			return Sample{}, err
		}
		s.Subject, s.Text, s.HTML = m.Subject, m.Text, m.HTML
		return s, f.err()
	}
	for _, part := range [][2]string{{subjectPart, own.Subject}, {textPart, own.Text}, {htmlPart, own.HTML}} {
		if part[1] != "" {
			f = append(f, Fault{part[0], "is of no use: messages of this kind are not mailed"})
		}
	}
	return s, f.err()
}
