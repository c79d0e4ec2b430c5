package vestibule

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Identity is whoever sends a request.
type Identity struct {
	// Issuer is the tenant's URL. With more than one issuer, two users may have the same Subject: only both together name one.
	Issuer string
	// Subject is the user's id.
	Subject string
	// Session is the id of the session that the token was made for. It opens nothing. It is empty for whoever shows a session.
	Session string
	// Expires is when the token stops being good; zero for whoever shows a session.
	Expires time.Time
	// Raw is what Claims reads, as JSON.
	Raw json.RawMessage
}

// Claims unmarshals everything that is said of the user into a value: the claims of a token, those that the tenant adds included
// (headless.jwt_claims); or, for whoever shows a session, the user as the server shows it. An address among them may be unverified.
// Claims whose names differ from "sub" and its like by their case alone are left out, since encoding/json takes one for the other.
func (id *Identity) Claims(into any) error {
	if err := json.Unmarshal(id.Raw, into); err != nil {
		return fmt.Errorf("read the claims: %w", err)
	}
	return nil
}

type identityKey struct{}

// From is who sent the request; false where nobody is known, which behind [Verifier.Protect] does not happen.
func From(ctx context.Context) (*Identity, bool) {
	id, ok := ctx.Value(identityKey{}).(*Identity)
	return id, ok && id != nil
}

// With is a context in which From finds an identity: what the middleware does, and tests of handlers.
func With(ctx context.Context, id *Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, id)
}
