package flows_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
)

func (h *house) resendText(v *flows.Visit) error { return h.ResendPhoneCode(h.Context(), v) }

func phoneLogin(phone string) flows.LoginInput {
	return flows.LoginInput{Phone: given(phone), Password: given(password)}
}

// TestTextsToATakenNumberAreLimitedAsAnyOther signs up with a free and with a taken number, and asks for more texts than one may
// have. Of the two limits the second refuses at first; what the first counted all the same shows later.
func TestTextsToATakenNumberAreLimitedAsAnyOther(t *testing.T) {
	of := map[bool][]string{}
	for _, taken := range []bool{false, true} {
		h := newHouse(t, "sqlite", byPhone+`, "phone_verification_supports_resend": 9, "rate_limits": {"verify_phone": "3/h/key,2/m/ip"}`)
		if taken {
			h.caller(number(1))
			h.clock.Advance(2 * time.Hour)
		}
		d := h.device()
		d.do(h.signUp(phoneSignup(number(1))))
		say := func(err error) { of[taken] = append(of[taken], fmt.Sprint(err)) }
		for _, wait := range []time.Duration{0, 0, time.Minute, time.Minute} {
			h.clock.Advance(wait)
			_, err := d.try(h.resendText)
			say(err)
		}
	}
	if !slices.Equal(of[true], of[false]) || !slices.Contains(of[true], refusal.Of(refusal.Limited).Error()) {
		t.Errorf("a taken number is answered %v, a free one %v", of[true], of[false])
	}
}
