package headless

import (
	"net/http"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Offer is what front ends of one kind are told while nobody is signed in.
type Offer struct {
	Client flows.Client
	Config any // the data that GET config is answered with
	Nobody any // the data of the 401 that GET auth/session is answered with

	// Where somebody stands next who signs up or logs in; see there.
	AfterSignup, AfterLogin flows.Stage
}

// Offers are what front ends of a tenant with these settings would be told, for each kind that it has. They are made as the answers are,
// and nothing is read for them.
func Offers(f *flows.Service, t *tenants.Tenant) []Offer {
	var all []Offer
	for _, c := range clients {
		if !serves(t, c) {
			continue
		}
		v := f.Stranger(t, flows.Origin{Client: c.kind(), Slides: c.slides(), Tokens: c.tokens()})
		all = append(all, Offer{
			Client: c.kind(), Config: configurationOf(t, f.Providers(t, c.kind())), Nobody: status(v, http.StatusUnauthorized, &meta{}).Data,
			AfterSignup: v.AfterSignup(), AfterLogin: v.AfterLogin(),
		})
	}
	return all
}
