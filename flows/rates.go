package flows

import (
	"context"
	"encoding/hex"

	"github.com/vestibule-auth/vestibule/internal/limit"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Actions are what a tenant's rate limits are set for.
const (
	ActionLogin          = "login"
	ActionLoginFailed    = "login_failed"
	ActionSignup         = "signup"
	ActionConfirmEmail   = "confirm_email"
	ActionVerifyPhone    = "verify_phone"
	ActionRequestCode    = "request_login_code"
	ActionRequestReset   = "reset_password"
	ActionReset          = "reset_password_from_key"
	ActionChangePassword = "change_password"
	ActionChangePhone    = "change_phone"
	ActionManageEmail    = "manage_email"
	ActionReauthenticate = "reauthenticate"
	ActionProvider       = "provider"
)

// Admit takes one use of an action for a request as a whole, before its input is looked at.
func (s *Service) Admit(ctx context.Context, v *Visit, action string) error {
	return limited(s.take(ctx, v, action, ""))
}

// admitUser is Admit for an action of a user who is signed in, or whose login waits.
func (s *Service) admitUser(ctx context.Context, v *Visit, action, userID string) error {
	return limited(s.takeUses(ctx, v, action, uses(v, action, userID, "")))
}

// limited makes a refusal of a use that was denied.
func limited(d limit.Decision, err error) error {
	if err == nil && !d.Allowed {
		err = refusal.Later(refusal.Limited, d.RetryAfter)
	}
	return err
}

// take takes one use of an action, without which the request is refused. key names what the action is about, such as an address, in its
// folded form.
func (s *Service) take(ctx context.Context, v *Visit, action, key string) (limit.Decision, error) {
	return s.takeUses(ctx, v, action, uses(v, action, v.userID(), key))
}

// takeIfAny is take for what a request does without where none is left.
func (s *Service) takeIfAny(ctx context.Context, v *Visit, action, key string) (limit.Decision, error) {
	return s.ask(ctx, v, uses(v, action, v.userID(), key))
}

// spend takes one use of an action for something that the step queues. It is given back if nothing comes of that.
func (s *Service) spend(ctx context.Context, v *Visit, action, key string) error {
	d, err := s.take(ctx, v, action, key)
	if err := limited(d, err); err != nil {
		return err
	}
	v.spent = append(v.spent, d)
	return nil
}

// userID is who is signed in, "" for nobody.
func (v *Visit) userID() string {
	if v.user == nil {
		return ""
	}
	return v.user.ID
}

func (s *Service) takeUses(ctx context.Context, v *Visit, action string, uses []limit.Use) (limit.Decision, error) {
	d, err := s.ask(ctx, v, uses)
	if err == nil && !d.Allowed {
		s.observe.Limited(v.Tenant, action)
	}
	return d, err
}

func (s *Service) ask(ctx context.Context, v *Visit, uses []limit.Use) (limit.Decision, error) {
	if len(uses) == 0 {
		return limit.Decision{Allowed: true, Denied: -1}, nil
	}
	return s.limiter.Take(ctx, v.Tenant.ID, uses)
}

// keysAbout are the limiter's keys of an action that count by what it is about.
func keysAbout(v *Visit, action, key string) []string {
	var all []string
	for _, rate := range v.Tenant.Settings.Account.RateLimits.Of(action) {
		if rate.Per == tenants.PerKey {
			all = append(all, useOf(v, action, rate, "", key).Key)
		}
	}
	return all
}

// uses are the limiter's terms for an action's rates. Addresses and names enter as MACs: the limiter's memory tells
// nobody who logs in, and no caller chooses a key.
func uses(v *Visit, action, userID, key string) []limit.Use {
	var all []limit.Use
	for _, rate := range v.Tenant.Settings.Account.RateLimits.Of(action) {
		if (rate.Per == tenants.PerUser && userID == "") || (rate.Per == tenants.PerKey && key == "") {
			continue
		}
		all = append(all, useOf(v, action, rate, userID, key))
	}
	return all
}

func useOf(v *Visit, action string, rate tenants.Rate, userID, key string) limit.Use {
	of := action + ":" + string(rate.Per) + ":" + rate.Window.String() + ":" // each rate has a log of its own
	switch rate.Per {
	case tenants.PerIP:
		of += limit.Source(v.Origin.IP)
	case tenants.PerUser:
		of += userID
	case tenants.PerKey:
		of += hex.EncodeToString(v.Tenant.Keys.Sign(secret.ForLimitKey, action, key)[:16])
	}
	return limit.Use{Key: of, Amount: rate.Amount, Window: rate.Window}
}
