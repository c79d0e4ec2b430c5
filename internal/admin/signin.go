package admin

import (
	"context"
	"encoding/json"

	"github.com/vestibule-auth/vestibule/tenants"
)

// SignInPreview is what front ends would be told of how to sign in, with settings that need not be saved.
type SignInPreview struct {
	State   tenants.State `json:"state"` // every request to a suspended tenant is refused, whatever the rest says
	Clients SignInClients `json:"clients"`
}

// SignInClients are the kinds of clients. What the tenant does not serve is null.
type SignInClients struct {
	Browser *SignInOffer `json:"browser"`
	App     *SignInOffer `json:"app"`
}

// SignInOffer is what front ends of one kind are told before anybody is signed in. It is package headless's.
type SignInOffer struct {
	Config          json.RawMessage `json:"config"`          // the data of the answer to GET config
	Unauthenticated json.RawMessage `json:"unauthenticated"` // the data of the 401 to GET auth/session
	AfterSignup     *SignInStep     `json:"after_signup"`    // null where nobody can sign up
	AfterLogin      SignInStep      `json:"after_login"`
}

// SignInStep is where somebody stands who did something.
type SignInStep struct {
	Pending *string `json:"pending"` // the flow that is pending then; null: they are signed in
}

// PreviewSignIn shows what front ends would be told of how to sign in, if a merge patch as PatchTenant takes it were applied; nothing is.
// What is wrong with it is Invalid, as there. Who else has a host, and what the actor may not change, is not looked at: to see what the
// settings come to takes no more than to read them.
func (s *Service) PreviewSignIn(ctx context.Context, slug string, doc json.RawMessage) (*SignInPreview, error) {
	rec, err := s.record(ctx, slug)
	if err != nil {
		return nil, err
	}
	var f faults
	p := f.patch(doc)
	switch {
	case s.previewSignIn == nil:
		f.add("", "is not possible: this server serves no front ends")
	case rec.Unreadable != nil:
		f.add("", "is not possible: %s", unreadable)
	}
	if err := s.apply(p, rec, f); err != nil {
		return nil, err
	}
	settings, err := tenants.Decode(rec.Document)
	if err != nil {
		return nil, (&faults{{Message: "is not possible: " + unknown + err.Error()}}).err()
	}
	clients, err := s.previewSignIn(&tenants.Tenant{
		ID: rec.ID, Slug: rec.Slug, Name: rec.Name, State: rec.State, Hosts: rec.Hosts, Settings: settings,
	})
	if err != nil {
		return nil, err
	}
	return &SignInPreview{State: rec.State, Clients: clients}, nil
}
