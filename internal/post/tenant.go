package post

import "github.com/vestibule-auth/vestibule/tenants"

// What post reads of a tenant's settings, each in one place.

func smtpURLOf(t *tenants.Tenant) string { return t.Settings.Email.SMTPURL.Reveal() }

func webhookOf(t *tenants.Tenant) (url, key string) {
	return t.Settings.SMS.WebhookURL, t.Settings.SMS.WebhookSecret.Reveal()
}

// What a tenant's texts go out through.
const (
	byWebhook = "webhook"
	byTwilio  = "twilio"
)

// carrierOf is what the tenant's texts go out through, or "" where it named nothing.
func carrierOf(t *tenants.Tenant) string {
	switch {
	case t.Settings.SMS.WebhookURL != "":
		return byWebhook
	case t.Settings.SMS.TwilioAccountSID != "":
		return byTwilio
	}
	return ""
}

// prefixOf is what the tenant's subjects begin with.
func prefixOf(t *tenants.Tenant) string {
	if p := t.Settings.Account.EmailSubjectPrefix; p != nil {
		return *p
	}
	return "[" + t.Name + "] "
}

// ownMail is the tenant's own template for mails of a kind, if it has any.
func ownMail(t *tenants.Tenant, kind string) (tenants.MailTemplate, bool) {
	own := t.Settings.Email.Templates[kind]
	own.SMS = ""
	return own, own != tenants.MailTemplate{}
}

// nameOf is what people know the tenant by.
func nameOf(t *tenants.Tenant) string {
	if n := t.Settings.Branding.Name; n != "" {
		return n
	}
	return t.Name
}
