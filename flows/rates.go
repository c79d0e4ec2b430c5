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
	ActionLogin        = "login"
	ActionLoginFailed  = "login_failed"
	ActionSignup       = "signup"
	ActionConfirmEmail = "confirm_email"
)

// Admit takes one use of an action for a request as a whole, before its input is looked at.
func (s *Service) Admit(ctx context.Context, v *Visit, action string) error {
	d, err := s.take(ctx, v, action, "")
	if err != nil {
		return err
	}
	if !d.Allowed {
		return refusal.Later(refusal.Limited, d.RetryAfter)
	}
	return nil
}

// take takes one use of an action. key names what the action is about, such as an address, in its folded form.
func (s *Service) take(ctx context.Context, v *Visit, action, key string) (limit.Decision, error) {
	uses := uses(v, action, key)
	if len(uses) == 0 {
		return limit.Decision{Allowed: true, Denied: -1}, nil
	}
	d, err := s.limiter.Take(ctx, v.Tenant.ID, uses)
	if err == nil && !d.Allowed {
		s.observe.Limited(v.Tenant.Slug, action)
	}
	return d, err
}

// uses are the limiter's terms for an action's rates. Addresses and names enter as MACs: the limiter's memory tells
// nobody who logs in, and no caller chooses a key.
func uses(v *Visit, action, key string) []limit.Use {
	var all []limit.Use
	for _, rate := range v.Tenant.Settings.Account.RateLimits.Of(action) {
		of := action + ":" + string(rate.Per) + ":" + rate.Window.String() + ":" // each rate has a log of its own
		switch rate.Per {
		case tenants.PerIP:
			of += limit.Source(v.Origin.IP)
		case tenants.PerUser:
			if v.user == nil {
				continue
			}
			of += v.user.ID
		case tenants.PerKey:
			if key == "" {
				continue
			}
			of += hex.EncodeToString(v.Tenant.Keys.Sign(secret.ForLimitKey, action, key)[:16])
		}
		all = append(all, limit.Use{Key: of, Amount: rate.Amount, Window: rate.Window})
	}
	return all
}
