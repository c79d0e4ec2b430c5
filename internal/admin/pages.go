package admin

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/internal/secret"
)

// MaxPage is the most that one page lists.
const MaxPage = 200

// checkLimit refuses a page that is too small or too large.
func checkLimit(limit int) error {
	if limit >= 1 && limit <= MaxPage {
		return nil
	}
	return badQuery("limit", fmt.Sprintf("must be a whole number from 1 to %d", MaxPage))
}

// badQuery refuses a parameter.
func badQuery(param, message string) error {
	return &refusal.Refusal{Kind: refusal.Invalid, Details: []refusal.Detail{{Message: message, Code: refusal.Malformed, Param: param}}}
}

// badQuery refuses parameters for everything that is wrong with them, or is nil.
func (f faults) badQuery() error {
	var bad *Invalid
	if !errors.As(f.err(), &bad) {
		return nil
	}
	refused := &refusal.Refusal{Kind: refusal.Invalid}
	for _, fault := range bad.Faults {
		refused.Details = append(refused.Details, refusal.Detail{Message: fault.Message, Code: refusal.Malformed, Param: fault.Path})
	}
	return refused
}

// macSize is the length of a MAC, which comes first in a cursor.
const macSize = 32

// list is what a cursor belongs to: the kind of list, the tenant whose it is, and what was asked for. A cursor is of no use anywhere else.
type list []string

// cursor is the place in a list after which the next page begins. It is signed, so that nothing but what this server handed out ever
// comes back, and opaque, so that nobody builds on what is in it.
func (s *Service) cursor(of list, place string) string {
	mac := s.keys.Sign(secret.ForCursor, append(slices.Clone(of), place)...)
	return base64.RawURLEncoding.EncodeToString(append(mac, place...))
}

// after is the place that a cursor of ours stands for, or "".
func (s *Service) after(of list, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	// A cursor has one spelling: the decoder would let line breaks and loose bits pass.
	if err != nil || len(raw) < macSize || base64.RawURLEncoding.EncodeToString(raw) != cursor ||
		!s.keys.Verify(raw[:macSize], secret.ForCursor, append(slices.Clone(of), string(raw[macSize:]))...) {
		return "", badQuery("cursor", "must be the next_cursor of an earlier page of the same list; leave it out to begin anew")
	}
	return string(raw[macSize:]), nil
}

// cursorAt is cursor for a place of more than one part.
func (s *Service) cursorAt(of list, place any) (string, error) {
	raw, err := json.Marshal(place)
	if err != nil {
		return "", fmt.Errorf("encode cursor: %w", err)
	}
	return s.cursor(of, string(raw)), nil
}

// placeOf reads the place that a cursor of cursorAt stands for; "" leaves it as it is.
func (s *Service) placeOf(of list, cursor string, place any) error {
	raw, err := s.after(of, cursor)
	if err != nil || raw == "" {
		return err
	}
	if err := json.Unmarshal([]byte(raw), place); err != nil {
		return fmt.Errorf("read cursor: %w", err)
	}
	return nil
}
