package admin

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
)

// cursorAt is the cursor of a place in a list. It is signed together with what the list is of: its kind, the tenant, and whatever else was
// asked for, so that it leads nowhere in another list.
func (s *Service) cursorAt(list []string, place any) (string, error) {
	raw, err := json.Marshal(place)
	if err != nil {
		return "", fmt.Errorf("encode cursor: %w", err)
	}
	mac := s.keys.Sign(secret.ForCursor, append(list, string(raw))...)
	return base64.RawURLEncoding.EncodeToString(append(mac, raw...)), nil
}

// placeOf reads the place that a cursor of a list stands for; "" leaves it as it is.
func (s *Service) placeOf(list []string, cursor string, place any) error {
	if cursor == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	// A cursor has one spelling: the decoder would let line breaks and loose bits pass.
	if err != nil || len(raw) < macSize || base64.RawURLEncoding.EncodeToString(raw) != cursor ||
		!s.keys.Verify(raw[:macSize], secret.ForCursor, append(list, string(raw[macSize:]))...) {
		return &refusal.Refusal{Kind: refusal.Invalid, Details: []refusal.Detail{{
			Message: "must be the next_cursor of an earlier page of the same list; leave it out to begin anew", Code: refusal.Malformed, Param: "cursor",
		}}}
	}
	if err := json.Unmarshal(raw[macSize:], place); err != nil {
		return fmt.Errorf("read cursor: %w", err)
	}
	return nil
}

// checkLimit refuses a page of a size that there is not.
func checkLimit(limit int) error {
	if limit >= 1 && limit <= MaxPage {
		return nil
	}
	return &refusal.Refusal{Kind: refusal.Invalid, Details: []refusal.Detail{{
		Message: fmt.Sprintf("must be a whole number from 1 to %d", MaxPage), Code: refusal.Malformed, Param: "limit",
	}}}
}
