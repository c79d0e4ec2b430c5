package flows

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Letter is a message as it is queued: whom it goes to, and what its template is filled in with. It is sealed until it
// is sent.
type Letter struct {
	To     string            `json:"to"` // an address or a number
	Data   map[string]string `json:"data"`
	UserID string            `json:"-"` // whose account it is about; "" for nobody's

	Trace string `json:"trace,omitempty"` // what queued it, as a traceparent
}

// messageExists says that somebody tried to sign up with what has an account already.
const messageExists = "account_already_exists"

// mail queues a letter to an address.
func (v *Visit) mail(kind string, l Letter) error { return v.post(kind, store.Mail, l) }

// post queues a message, unless it is for a program.
func (v *Visit) post(kind string, channel store.Channel, l Letter) error {
	if v.state.Login != nil && v.state.Login.Unheard {
		v.waste()
		return nil
	}
	l.Trace = v.trace
	plain, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	m := store.Message{ID: secret.NewID(), UserID: l.UserID, Kind: kind, Channel: channel, CreatedAt: v.Now, DueAt: v.Now}
	m.Body = v.Tenant.Keys.Seal(secret.ForMessage, m.ID, plain)
	m.Recipient = v.Tenant.Keys.Seal(secret.ForRecipient, m.ID, []byte(l.To))
	m.ExpiresAt, _ = time.Parse(time.RFC3339, l.Data["expires"]) // zero where there is none
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.AddMessage(ctx, &m) })
	v.mailed = true
	return nil
}

// waste has nothing written, which takes as long as a message does, or a row of an account. It is for steps that must not be told
// by the clock from others, which send or keep something.
func (v *Visit) waste() {
	id, now := secret.NewID(), v.Now
	v.queue(func(ctx context.Context, tx *store.Tx) error { return tx.Waste(ctx, id, now) })
	v.mailed = true
}

// send queues a message to an address or, if that is "", to a number; for a user or, where that is "", for nobody who has an account.
func (v *Visit) send(userID, kind, email, phone string, data map[string]string) error {
	if email != "" {
		data["email"] = email
		return v.mail(kind, Letter{To: email, Data: data, UserID: userID})
	}
	return v.post(kind, store.SMS, Letter{To: phone, Data: data, UserID: userID})
}

// tellExists tells whoever has an address or number that somebody tried to sign up with it. The message is about the account that has it,
// and goes when that is erased; the id of the account is "" where none does.
func (v *Visit) tellExists(userID, email, phone string) error {
	return v.send(userID, messageExists, email, phone, map[string]string{"password_reset_url": v.Tenant.FrontendURL(tenants.ResetPassword, "")})
}

// tellUnknown tells whoever asked for something at an address or number that there is no account, if the tenant wants that.
func (v *Visit) tellUnknown(email, phone string) error {
	if !v.Tenant.Settings.Account.EmailUnknownAccounts {
		v.waste()
		return nil
	}
	signup := ""
	if v.Tenant.Settings.Account.SignupEnabled {
		signup = v.Tenant.FrontendURL(tenants.SignupPage, "")
	}
	return v.send("", messageUnknownAccount, email, phone, map[string]string{"signup_url": signup})
}

// notify mails word of a change to a user's account, if the tenant wants that and there is an address. Such mails hold no link, as the
// contract has it.
func (v *Visit) notify(userID, kind, to string, data map[string]string) error {
	if !v.Tenant.Settings.Account.EmailNotifications || to == "" {
		return nil
	}
	all := map[string]string{
		"email": to, "ip": v.address(), "user_agent": v.Origin.UserAgent, "at": v.Now.UTC().Format("2 January 2006, 15:04 UTC"),
	}
	maps.Copy(all, data)
	return v.mail(kind, Letter{To: to, Data: all, UserID: userID})
}

// expiry is from when on a code is not worth sending: a minute after it has run out, so that nobody waits for a mail in vain
// because their code was short-lived.
func expiry(t time.Time) string { return t.Add(time.Minute).UTC().Format(time.RFC3339) }
