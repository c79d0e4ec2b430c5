package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/hostname"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/secret"
)

// The headers of a delivery.
const (
	IDHeader        = "Webhook-Id"
	TimestampHeader = "Webhook-Timestamp"
	SignatureHeader = "Webhook-Signature"
)

// secretPrefix is what secrets begin with.
const secretPrefix = "whsec_"

// keyBytes is the length of a signing key: within the 24 to 64 bytes that Standard Webhooks asks for.
const keyBytes = 32

// NewSecret is a new signing secret, as its receiver is given it.
func NewSecret() string {
	return secretPrefix + base64.StdEncoding.EncodeToString(secret.Bytes(keyBytes))
}

// keyOf is the key within a secret.
func keyOf(s string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, secretPrefix))
	if err != nil {
		return nil, errors.New("webhook: the secret is not base64") // the error would tell of the secret
	}
	return key, nil
}

// Sign is the signature of a body under each of the secrets, as SignatureHeader has it.
func Sign(id string, at time.Time, body []byte, secrets ...string) (string, error) {
	var all []string
	for _, s := range secrets {
		key, err := keyOf(s)
		if err != nil {
			return "", err
		}
		h := hmac.New(sha256.New, key)
		h.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		h.Write(body)
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(h.Sum(nil)))
	}
	return strings.Join(all, " "), nil
}

// longestURL bounds an address.
const longestURL = 2000

// CheckURL says what is wrong with an address for events; the words go after its name. private says that addresses outside of the public
// internet, and without TLS, are allowed. What a name resolves to is looked at each time that something is sent there.
func CheckURL(raw string, private bool) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Opaque != "" || u.Scheme != "https" && u.Scheme != "http" || len(raw) > longestURL ||
		strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }) {
		return errors.New("must be a full URL such as https://example.org/hooks, in ASCII and of at most 2000 characters")
	}
	if u.User != nil {
		return errors.New("must be a URL without a user or password in it: what is sent is signed")
	}
	if strings.Contains(raw, "#") {
		return errors.New("must be a URL without a fragment")
	}
	if _, ok := hostname.Normal(u.Host); !ok {
		return errors.New("must be a URL with a valid host")
	}
	if private {
		return nil
	}
	if u.Scheme != "https" {
		return errors.New("must begin with https://, since events are about people")
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !outbound.Public(ip) {
		return errors.New("must be an address on the public internet")
	}
	return nil
}
