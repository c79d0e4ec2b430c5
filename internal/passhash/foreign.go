package passhash

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Foreign is a hash that another system exports in parts. Algorithm says which of the others count:
//
//	md5, sha1, sha256, sha512     Hash, Salt and SaltPosition
//	pbkdf2-sha1, -sha256, -sha512 Hash, Salt and Iterations
//	scrypt                        Hash, Salt, N, R and P
//	firebase-scrypt               Hash, Salt, SaltSeparator, SignerKey, Rounds and MemCost, as Firebase exports them
//	keycloak                      SecretData and CredentialData, as Keycloak exports them
//
// Hash is base64 of either alphabet or, with HashEncoding "hex", hexadecimal. Salt is text or, with SaltEncoding, "base64" or "hex"; of
// Firebase and Keycloak it is base64.
type Foreign struct {
	Algorithm      string `json:"algorithm"`
	Hash           string `json:"hash"`
	HashEncoding   string `json:"hash_encoding"` // base64 or hex; "": base64
	Salt           string `json:"salt"`
	SaltEncoding   string `json:"salt_encoding"` // text, base64 or hex; "": text
	SaltPosition   string `json:"salt_position"` // of a digest: first or last; "": first
	Iterations     int    `json:"iterations"`
	N              int    `json:"n"`
	R              int    `json:"r"`
	P              int    `json:"p"`
	SaltSeparator  string `json:"salt_separator"`
	SignerKey      string `json:"signer_key"`
	Rounds         int    `json:"rounds"`
	MemCost        int    `json:"mem_cost"`
	SecretData     string `json:"secret_data"`
	CredentialData string `json:"credential_data"`
}

// ForeignMembers are the names of Foreign's members.
var ForeignMembers = []string{"algorithm", "hash", "hash_encoding", "salt", "salt_encoding", "salt_position", "iterations", "n", "r", "p",
	"salt_separator", "signer_key", "rounds", "mem_cost", "secret_data", "credential_data"}

// Encode is the one string that Verify reads. Its error says which member is wrong, and repeats nothing of it. Whether the parameters are
// within bounds, Check says.
func (f Foreign) Encode() (string, error) {
	switch f.Algorithm {
	case "firebase-scrypt":
		return fmt.Sprintf("$firebase-scrypt$ln=%d,r=%d,p=1$%s$%s$%s$%s", f.MemCost, f.Rounds,
			toStandard(f.Salt), toStandard(f.Hash), toStandard(f.SaltSeparator), toStandard(f.SignerKey)), nil
	case "keycloak":
		return f.keycloak()
	}
	key, err := decodeAs("hash", f.Hash, f.HashEncoding, "base64")
	if err != nil {
		return "", err
	}
	salt, err := decodeAs("salt", f.Salt, f.SaltEncoding, "text")
	if err != nil {
		return "", err
	}
	switch f.Algorithm {
	case "md5", "sha1", "sha256", "sha512":
		if f.SaltPosition != "" && f.SaltPosition != "first" && f.SaltPosition != "last" {
			return "", fmt.Errorf("salt_position must be first or last")
		}
		name, _ := wrapName(digestHash{f.Algorithm, salt, f.SaltPosition == "last"})
		return "$digest$" + name + "$" + rawBase64(key), nil
	case "pbkdf2-sha1", "pbkdf2-sha256", "pbkdf2-sha512":
		return pbkdf2String(f.Algorithm, f.Iterations, salt, key), nil
	case "scrypt":
		if f.N < 2 || f.N&(f.N-1) != 0 {
			return "", fmt.Errorf("n must be a power of two")
		}
		return fmt.Sprintf("$scrypt$ln=%d,r=%d,p=%d$%s$%s", bits.Len(uint(f.N))-1, f.R, f.P, rawBase64(salt), rawBase64(key)), nil
	}
	return "", fmt.Errorf("algorithm must be md5, sha1, sha256, sha512, pbkdf2-sha1, pbkdf2-sha256, pbkdf2-sha512, scrypt, firebase-scrypt or keycloak")
}

// keycloak reads the two documents that Keycloak exports of a password.
func (f Foreign) keycloak() (string, error) {
	var secretData struct{ Value, Salt string }
	var credentialData struct {
		HashIterations       int
		Algorithm            string
		AdditionalParameters map[string][]string
	}
	if json.Unmarshal([]byte(f.SecretData), &secretData) != nil {
		return "", fmt.Errorf("secret_data must be the JSON text that Keycloak exports")
	}
	if json.Unmarshal([]byte(f.CredentialData), &credentialData) != nil {
		return "", fmt.Errorf("credential_data must be the JSON text that Keycloak exports")
	}
	key, ok1 := unbase64(toStandard(secretData.Value))
	salt, ok2 := unbase64(toStandard(secretData.Salt))
	if !ok1 || !ok2 {
		return "", fmt.Errorf("secret_data must have value and salt in base64")
	}
	parameter := func(name, otherwise string) string {
		if all := credentialData.AdditionalParameters[name]; len(all) == 1 {
			return all[0]
		}
		return otherwise
	}
	switch name := credentialData.Algorithm; name {
	case "pbkdf2":
		return pbkdf2String("pbkdf2-sha1", credentialData.HashIterations, salt, key), nil
	case "pbkdf2-sha256", "pbkdf2-sha512":
		return pbkdf2String(name, credentialData.HashIterations, salt, key), nil
	case "argon2":
		if parameter("version", "1.3") != "1.3" {
			return "", fmt.Errorf("credential_data has another version of argon2 than 1.3")
		}
		return fmt.Sprintf("$argon2%s$v=19$m=%s,t=%d,p=%s$%s$%s", parameter("type", "id"), parameter("memory", "7168"), credentialData.HashIterations,
			parameter("parallelism", "1"), rawBase64(salt), rawBase64(key)), nil
	}
	return "", fmt.Errorf("credential_data has an algorithm other than pbkdf2, pbkdf2-sha256, pbkdf2-sha512 and argon2")
}

func pbkdf2String(algorithm string, rounds int, salt, key []byte) string {
	return "$" + algorithm + "$i=" + strconv.Itoa(rounds) + "$" + rawBase64(salt) + "$" + rawBase64(key)
}

func decodeAs(member, value, encoding, otherwise string) ([]byte, error) {
	if encoding == "" {
		encoding = otherwise
	}
	switch encoding {
	case "base64":
		if b, ok := unbase64(toStandard(value)); ok {
			return b, nil
		}
		return nil, fmt.Errorf("%s must be base64", member)
	case "hex":
		if b, err := hex.DecodeString(value); err == nil {
			return b, nil
		}
		return nil, fmt.Errorf("%s must be hexadecimal", member)
	case "text":
		if member != "hash" {
			return []byte(value), nil
		}
	}
	return nil, fmt.Errorf("%s_encoding is not one that is known", member)
}

func rawBase64(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

// toStandard is base64 of either alphabet in the standard one.
func toStandard(s string) string { return strings.NewReplacer("-", "+", "_", "/").Replace(s) }
