package factor

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// The errors of WebAuthn. What they wrap says why, for logs.
var (
	// ErrMalformed says that this is not a credential at all.
	ErrMalformed = errors.New("factor: not a credential")

	// ErrRefused says that a credential does not prove what it should.
	ErrRefused = errors.New("factor: credential refused")

	// ErrCounter is an ErrRefused: all is right but the counter, which did not rise. Two copies of one key count apart, so that
	// one of them is found out; which one cannot be told.
	ErrCounter = fmt.Errorf("%w: the signature counter did not rise", ErrRefused)
)

const (
	challengeBytes = 32 // twice what the specification asks for (section 13.4.3)

	// patience is how long the browser lets people look for their key.
	patience = 5 * time.Minute
)

// The kinds of ceremony.
const (
	create = "create"
	get    = "get"
)

// RelyingParty is who asks for a credential: for whom keys are made, and from which pages they may be used.
type RelyingParty struct {
	ID      string   // a host name; keys made for it are good for nothing else
	Name    string   // what browsers show
	Origins []string // exact, such as https://app.example.org; http only where it is listed
}

// User is whom a credential is made for. ID goes onto the authenticator as the user handle: 1 to 64 bytes that tell nothing of
// the user.
type User struct {
	ID                []byte
	Name, DisplayName string
}

// Credential is what is kept of a registered key. Nothing in it is secret.
type Credential struct {
	ID             []byte   `json:"id"`
	PublicKey      []byte   `json:"public_key"` // COSE (RFC 9053), as it came
	SignCount      uint32   `json:"sign_count"` // 0: this authenticator does not count
	AAGUID         string   `json:"aaguid"`     // the make of the authenticator, as it says itself
	Transports     []string `json:"transports,omitempty"`
	BackupEligible bool     `json:"backup_eligible"` // whether it may be copied to other devices: a synced passkey
	BackedUp       bool     `json:"backed_up"`       // whether it was, when it was last used
	UserVerified   bool     `json:"user_verified"`   // whether a PIN or a finger was asked for when it was made
	Discoverable   *bool    `json:"discoverable"`    // whether it logs in without a name (credProps.rk); nil: the browser did not say
	RPID           string   `json:"rp_id"`           // the relying party that it was made for

	// UserHandle is how the authenticator names its user, where that is not the user's ID: the key was made elsewhere.
	UserHandle []byte `json:"user_handle,omitempty"`
}

// Ceremony is a question that was asked and waits for its answer. It is kept in the session that asked, and nothing in it is
// secret. It must be forgotten with the first answer that it was good for, and when the session goes on to something else. The
// zero value accepts nothing.
type Ceremony struct {
	Kind             string `json:"kind"`              // "create" or "get"
	Challenge        string `json:"challenge"`         // base64url, 32 random bytes
	RPID             string `json:"rp_id"`             // whom the question was asked for
	UserVerification bool   `json:"user_verification"` // whether the answer must show it
	Discoverable     bool   `json:"discoverable"`      // get: nobody was named, and the answer must say who it is
}

func (rp RelyingParty) begin(kind string, requireUV bool) Ceremony {
	return Ceremony{
		Kind: kind, Challenge: base64.RawURLEncoding.EncodeToString(secret.Bytes(challengeBytes)), RPID: rp.ID,
		UserVerification: requireUV,
	}
}

// The options as browsers read them (PublicKeyCredentialCreationOptionsJSON and PublicKeyCredentialRequestOptionsJSON).
type (
	creationOptions struct {
		RP struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"rp"`
		User struct {
			ID          base64url `json:"id"`
			Name        string    `json:"name"`
			DisplayName string    `json:"displayName"`
		} `json:"user"`
		Challenge          string       `json:"challenge"`
		PubKeyCredParams   []parameter  `json:"pubKeyCredParams"`
		Timeout            int64        `json:"timeout"`
		ExcludeCredentials []descriptor `json:"excludeCredentials"`
		Selection          struct {
			ResidentKey        string `json:"residentKey"`
			RequireResidentKey bool   `json:"requireResidentKey"` // what residentKey was called in Level 1
			UserVerification   string `json:"userVerification"`
		} `json:"authenticatorSelection"`
		Attestation string `json:"attestation"`
		Extensions  struct {
			CredProps bool `json:"credProps"`
		} `json:"extensions"`
	}

	requestOptions struct {
		Challenge        string       `json:"challenge"`
		Timeout          int64        `json:"timeout"`
		RPID             string       `json:"rpId"`
		AllowCredentials []descriptor `json:"allowCredentials"`
		UserVerification string       `json:"userVerification"`
	}

	parameter struct {
		Type string `json:"type"`
		Alg  int64  `json:"alg"`
	}

	descriptor struct {
		Type       string    `json:"type"`
		ID         base64url `json:"id"`
		Transports []string  `json:"transports,omitempty"`
	}
)

// publicKeyType is the one type of credential that there is.
const publicKeyType = "public-key"

func describe(credentials []Credential) []descriptor {
	all := make([]descriptor, 0, len(credentials))
	for _, c := range credentials {
		all = append(all, descriptor{Type: publicKeyType, ID: c.ID, Transports: c.Transports})
	}
	return all
}

func optionsJSON(o any) json.RawMessage {
	raw, err := json.Marshal(map[string]any{"publicKey": o})
	if err != nil {
		panic("factor: " + err.Error()) // strings, numbers and booleans always have a form in JSON
	}
	return raw
}

// BeginRegistration asks the browser to make a key for the user. A passwordless one logs in by itself: it must be discoverable,
// and ask for a PIN or a finger. The authenticators of the existing keys are not offered again.
func (rp RelyingParty) BeginRegistration(u User, passwordless bool, existing []Credential) (options json.RawMessage, c Ceremony) {
	c = rp.begin(create, passwordless)
	var o creationOptions
	o.RP.ID, o.RP.Name = rp.ID, rp.Name
	o.User.ID, o.User.Name, o.User.DisplayName = u.ID, u.Name, u.DisplayName
	o.Challenge, o.Timeout = c.Challenge, patience.Milliseconds()
	for _, alg := range algorithms {
		o.PubKeyCredParams = append(o.PubKeyCredParams, parameter{Type: publicKeyType, Alg: int64(alg)})
	}
	o.ExcludeCredentials = describe(existing)
	wish := "discouraged"
	if passwordless {
		wish = "required"
	}
	o.Selection.ResidentKey, o.Selection.RequireResidentKey, o.Selection.UserVerification = wish, passwordless, wish
	o.Attestation = "none"
	o.Extensions.CredProps = true
	return optionsJSON(o), c
}

// BeginAssertion asks the browser to use one of the allowed keys; nil stands for whichever key somebody has, who thereby says
// who they are. The browser is asked to prefer user verification. Whether the answer must show it is requireUV.
func (rp RelyingParty) BeginAssertion(allowed []Credential, requireUV bool) (options json.RawMessage, c Ceremony) {
	c = rp.begin(get, requireUV)
	c.Discoverable = allowed == nil
	return optionsJSON(requestOptions{
		Challenge: c.Challenge, Timeout: patience.Milliseconds(), RPID: rp.ID,
		AllowCredentials: describe(allowed), UserVerification: "preferred",
	}), c
}
