package token

import (
	"encoding/json"
	"fmt"
	"time"
)

// Assertion is what a client says of itself to a server that issues tokens, in the place of a secret (RFC 7523, section 3).
type Assertion struct {
	KeyID    string // what the server calls the key
	Issuer   string
	Subject  string
	Audience string
	IssuedAt time.Time // to the second
	Expires  time.Time // to the second
}

// Assert is the token that says so. It is none of the issuer's own: no set takes it for one, since the header is another.
func (k *Key) Assert(a Assertion) (string, error) {
	head, err := json.Marshal(map[string]string{"alg": string(k.Algorithm), "kid": a.KeyID})
	if err != nil {
		return "", fmt.Errorf("write a header: %w", err)
	}
	claims, err := json.Marshal(map[string]any{
		"iss": a.Issuer, "sub": a.Subject, "aud": a.Audience, "iat": a.IssuedAt.Unix(), "exp": a.Expires.Unix(),
	})
	if err != nil {
		return "", fmt.Errorf("write claims: %w", err)
	}
	text := encoding.AppendEncode(nil, head)
	text = encoding.AppendEncode(append(text, '.'), claims)
	signature, err := k.sign(text)
	if err != nil {
		return "", fmt.Errorf("sign an assertion: %w", err)
	}
	return string(encoding.AppendEncode(append(text, '.'), signature)), nil
}
