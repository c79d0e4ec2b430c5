package app

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/post"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// mailKinds tells package admin the kinds of messages that package post has templates for.
func mailKinds() admin.MailKinds {
	all := admin.MailKinds{Kinds: []admin.MailKind{}, Common: post.Common()}
	for _, k := range post.Kinds() {
		one := admin.MailKind{Kind: k.Name, Channels: []string{}, Variables: k.Variables, Needs: []string{}}
		for _, c := range k.Channels {
			one.Channels = append(one.Channels, string(c))
		}
		one.Needs = append(one.Needs, k.Needs...)
		one.BuiltIn, _ = post.BuiltIn(k.Name) // which every kind has
		all.Kinds = append(all.Kinds, one)
	}
	return all
}

// checkTemplate tells package admin what package post has against a template.
func checkTemplate(kind string, own tenants.MailTemplate) error {
	err := post.CheckTemplates(kind, own)
	if errors.Is(err, post.ErrUnknownKind) {
		return &admin.Invalid{Faults: []admin.Fault{{Message: "must be named after a kind of message; there is none of this name"}}}
	}
	return invalid("", err)
}

// previewMail has package post render what package admin wants to see.
func previewMail(t *tenants.Tenant, in admin.PreviewInput) (*admin.Preview, error) {
	s, err := post.Preview(t, in.Kind, in.Template, in.Variables)
	switch {
	case err == nil:
		p := admin.Preview(s)
		return &p, nil
	case errors.Is(err, post.ErrNothingToSay):
		return nil, &admin.Invalid{Faults: []admin.Fault{{Path: "variables", Message: "must leave the message its code or its link"}}}
	case in.Template == nil:
		return nil, invalid("config.email.templates."+in.Kind+".", err)
	default:
		return nil, invalid("template.", err)
	}
}

// invalid is what package post has against a template in package admin's terms, with the place before each part.
func invalid(place string, err error) error {
	var bad post.Faults
	if !errors.As(err, &bad) {
		return err
	}
	faults := make([]admin.Fault, len(bad))
	for i, f := range bad {
		faults[i] = admin.Fault{Path: place + f.Part, Message: f.Reason}
	}
	return &admin.Invalid{Faults: faults}
}

// testMail has package post send a mail that says nothing, for package admin to tell what came of it.
func (a *App) testMail(ctx context.Context, t *tenants.Tenant, to string, now time.Time) *admin.MailTest {
	o := post.Outgoing{
		ID: secret.NewID(), Kind: "test", Channel: store.Mail, To: to, Mail: post.TestLetter(t), At: now,
		From: cmp.Or(t.Settings.Email.From, a.worker.From), ReplyTo: cmp.Or(t.Settings.Email.ReplyTo, a.worker.ReplyTo),
	}
	if a.Mailbox != nil && t.Settings.Email.SMTPURL.Reveal() == "" {
		if err := a.Mailbox.Send(ctx, t, o); err != nil {
			return &admin.MailTest{Server: "the development mailbox", From: o.From, Step: "mailbox", Words: err.Error()}
		}
		return &admin.MailTest{Server: "the development mailbox", From: o.From, Sent: true}
	}
	r := a.smtp.Try(ctx, t, o)
	return &admin.MailTest{
		Sent: r.Sent, Server: r.Server, From: r.From, Step: r.Step, Code: r.Code, EnhancedCode: r.Enhanced, Words: r.Words,
	}
}
