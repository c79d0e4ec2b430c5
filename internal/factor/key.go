package factor

import (
	"crypto/sha256"
	"math/big"
	"slices"

	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// algorithms are those that keys are asked for, the favoured first. ES256 is what nearly every authenticator has, RS256 what
// older machines with Windows have alone.
var algorithms = []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256}

// The RSA keys that are accepted: none that can be broken, and none that takes long to check.
const (
	leastModulus  = 2048 // bits
	mostModulus   = 4096
	leastExponent = 3
	mostExponent  = 1<<31 - 1
)

// parseKey reads a COSE key, and refuses one that was not asked for: a key means its own algorithm and no other.
func parseKey(raw []byte) (any, error) {
	key, err := webauthncose.ParsePublicKey(raw)
	if err != nil {
		return nil, refused("not a key of a known kind")
	}
	var alg int64
	var wanted webauthncose.COSEAlgorithmIdentifier
	switch k := key.(type) {
	case webauthncose.EC2PublicKeyData:
		alg, wanted = k.Algorithm, webauthncose.AlgES256
	case webauthncose.OKPPublicKeyData:
		alg, wanted = k.Algorithm, webauthncose.AlgEdDSA
	case webauthncose.RSAPublicKeyData:
		alg, wanted = k.Algorithm, webauthncose.AlgRS256
		n, e := new(big.Int).SetBytes(k.Modulus), new(big.Int).SetBytes(k.Exponent)
		if n.BitLen() < leastModulus || n.BitLen() > mostModulus || n.Bit(0) == 0 ||
			e.Cmp(big.NewInt(leastExponent)) < 0 || e.Cmp(big.NewInt(mostExponent)) > 0 || e.Bit(0) == 0 {
			return nil, refused("not an RSA key that can be trusted")
		}
	default:
		return nil, refused("a key of a kind that was not asked for")
	}
	if alg != int64(wanted) {
		return nil, refused("a key of an algorithm that was not asked for")
	}
	return key, nil
}

// verify checks the signature over the authenticator data and the digest of the client data.
func verify(publicKey, authenticatorData, clientDataJSON, signature []byte) error {
	key, err := parseKey(publicKey)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(clientDataJSON)
	if ok, err := webauthncose.VerifySignature(key, slices.Concat(authenticatorData, digest[:]), signature); !ok || err != nil {
		return refused("the signature does not verify")
	}
	return nil
}
