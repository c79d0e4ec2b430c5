package flows

import (
	"context"
	"encoding/binary"
	"math"
	"time"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// evenStep is step for what sends something where there is an account, and something else or nothing where there is none. Both
// ask the same of the database; but to find a row takes longer than to find none, and such a step takes so little that this can be
// seen. So it waits until the visit is as old as Options.Even says and, by chance, up to a quarter more: what differs after all is
// lost in that.
//
// A login by password needs none of this: the hash takes longer, and varies by more, than what differs.
func (s *Service) evenStep(ctx context.Context, v *Visit, fn func() error) error {
	err := s.step(ctx, v, fn)
	if s.even <= 0 {
		return err
	}
	chance := float64(binary.BigEndian.Uint32(secret.Bytes(4))) / math.MaxUint32
	until := s.even + time.Duration(chance*float64(s.even)/4)
	t := time.NewTimer(until - s.clock.Now().Sub(v.Now))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done(): // what was done is done, and nobody hears of it
	}
	return err
}

// signupStep is evenStep where a signup waits, and step otherwise. A signup that is pretended because of its number has its address
// proved as any other, and one that is because of its address its number: the next message says the rest to whoever it concerns, but
// there is no account to write to.
func (s *Service) signupStep(ctx context.Context, v *Visit, fn func() error) error {
	if l := v.state.Login; l != nil && l.Signup {
		return s.evenStep(ctx, v, fn)
	}
	return s.step(ctx, v, fn)
}
