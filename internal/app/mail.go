package app

import (
	"errors"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/post"
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
