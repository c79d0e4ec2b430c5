package flows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/passrule"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/tenants"
)

// passwordFaults notes everything that a new password breaks of the tenant's rules.
func passwordFaults(f *refusal.Faults, t *tenants.Tenant, param, password string, own []passrule.Attribute) {
	minLength := t.Settings.Passwords.MinLength
	for _, fault := range (passrule.Rules{MinLength: minLength}).Check(password, own) {
		code := refusal.Code(fault.Code) // package passrule spells them as the contract does
		if fault.Code == passrule.TooShort {
			f.Say(param, code, fmt.Sprintf("This password is too short. Use at least %d characters.", minLength))
			continue
		}
		f.Add(param, code)
	}
}

// paramsOf are the parameters that the tenant's passwords are hashed with.
func paramsOf(t *tenants.Tenant) passhash.Params {
	p := &t.Settings.Passwords
	return passhash.Params{Memory: uint32(p.Argon2idMemory), Time: uint32(p.Argon2idIterations), Threads: uint8(p.Argon2idParallelism)}
}

// hash encodes a new password.
func (s *Service) hash(ctx context.Context, t *tenants.Tenant, password string) (string, error) {
	encoded, err := s.hasher.Hash(ctx, paramsOf(t), password)
	return encoded, busy(err)
}

// matches compares a password with an encoded one. rehashed is the password encoded anew, where the tenant's hasher or
// its parameters have changed since it was set, and "" otherwise.
func (s *Service) matches(ctx context.Context, t *tenants.Tenant, encoded, password string) (ok bool, rehashed string, err error) {
	ok, upgrade, err := s.hasher.Verify(ctx, paramsOf(t), encoded, password)
	switch {
	case errors.Is(err, passhash.ErrTooLong):
		return false, "", s.waste(ctx, t, "")
	case errors.Is(err, passhash.ErrUnsupported):
		s.log.WarnContext(ctx, "a stored password cannot be checked; its owner has to reset it", "tenant", t.Slug, "error", err)
		return false, "", s.waste(ctx, t, password)
	}
	if err != nil || !ok || !upgrade {
		return ok, "", busy(err)
	}
	rehashed, err = s.hash(ctx, t, password)
	return true, rehashed, err
}

// waste takes as long as a comparison does, so that nobody can tell by the clock that there was nothing to compare with.
func (s *Service) waste(ctx context.Context, t *tenants.Tenant, password string) error {
	err := s.hasher.Waste(ctx, paramsOf(t), password)
	if errors.Is(err, passhash.ErrTooLong) {
		err = s.hasher.Waste(ctx, paramsOf(t), "")
	}
	return busy(err)
}

// retryHashing is what a client is told to wait when more passwords are waiting than can be hashed in time.
const retryHashing = 2 * time.Second

func busy(err error) error {
	if errors.Is(err, passhash.ErrBusy) {
		return fmt.Errorf("%w: %w", refusal.Later(refusal.Busy, retryHashing), err)
	}
	return err
}
