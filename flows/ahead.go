package flows

import (
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// What a tenant's settings have waiting for people can be told without anybody: it is asked of the same facts and the same machine as
// when somebody comes.

// Stranger is a visit without a session. It has nothing to be read, and can be asked for its status.
func (s *Service) Stranger(t *tenants.Tenant, o Origin) *Visit {
	return &Visit{Tenant: t, Origin: o, service: s}
}

// Samples of what people type. Only that they are there, and the same, counts.
const (
	sampleEmail = "ann@example.org"
	samplePhone = "+12025550123"
)

// AfterSignup is the stage that somebody comes to who signs up with a password, and fills in all that is asked for: Done for one who is
// signed in at once.
func (v *Visit) AfterSignup() Stage {
	fields := v.Tenant.Settings.Account.SignupFields
	l, a := login{Signup: true}, store.Account{User: store.User{Active: true, HasPassword: true}}
	if asked, _ := fields.Field("email"); asked {
		l.Email, a.Email, a.Address = sampleEmail, sampleEmail, store.Email{Email: sampleEmail, Key: sampleEmail, Primary: true}
	}
	if asked, _ := fields.Field("phone"); asked {
		l.Phone, a.Phone = samplePhone, samplePhone
	}
	return next(v.gather(&l, &a))
}

// AfterLogin is the stage that somebody comes to who logs in with a password, has no second factor, and has proved their address and
// their number before.
func (v *Visit) AfterLogin() Stage {
	l := login{Email: sampleEmail, Proof: "password"}
	a := store.Account{
		User:        store.User{Active: true, HasPassword: true, Email: sampleEmail, Phone: samplePhone, PhoneVerified: true},
		Address:     store.Email{Email: sampleEmail, Key: sampleEmail, Primary: true, Verified: true},
		AnyVerified: true,
	}
	return next(v.gather(&l, &a))
}
