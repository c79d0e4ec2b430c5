package saml

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
)

// Key is a service provider's private RSA key, and the certificate that providers know it by. ECDSA is not taken from anybody: XML Signature writes
// its signatures otherwise than Go and the library do (XML Signature 1.1, section 6.4.3), so that none would ever be good.
type Key struct {
	private *rsa.PrivateKey
	cert    *x509.Certificate
}

// weakest is how short an RSA key may be, in bits.
const weakest = 2048

// ParseKey reads a private RSA key, in PEM (PKCS #8 or PKCS #1), and the certificate that is about it, as ParseCertificate does. Errors are the end
// of a sentence, and repeat nothing of the key.
func ParseKey(private, certificate string) (*Key, error) {
	block, _ := pem.Decode([]byte(strings.TrimSpace(private)))
	if block == nil {
		return nil, errors.New("must be a private RSA key in PEM")
	}
	var key *rsa.PrivateKey
	if parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		key, _ = parsed.(*rsa.PrivateKey)
	} else if parsed, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		key = parsed
	}
	if key == nil {
		return nil, errors.New("must be a private RSA key in PEM")
	}
	cert, err := ParseCertificate(certificate)
	switch {
	case err != nil:
		return nil, errors.New("needs its certificate beside it")
	case key.N.BitLen() < weakest:
		return nil, errors.New("must have 2048 bits or more")
	case !key.PublicKey.Equal(cert.PublicKey):
		return nil, errors.New("must be the key of the certificate beside it")
	}
	return &Key{key, cert}, nil
}

// ParseCertificate reads an X.509 certificate of an RSA key, in PEM or as metadata has it, in base64. The error is the end of a sentence.
func ParseCertificate(text string) (*x509.Certificate, error) {
	text = strings.TrimSpace(text)
	var der []byte
	if block, _ := pem.Decode([]byte(text)); block != nil {
		der = block.Bytes
	} else {
		der, _ = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), "")) // what is none is no certificate either
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errors.New("must be an X.509 certificate, in PEM or base64")
	}
	public, ok := cert.PublicKey.(*rsa.PublicKey)
	switch {
	case !ok:
		return nil, errors.New("must be of an RSA key")
	case public.N.BitLen() < weakest:
		return nil, errors.New("must be of a key with 2048 bits or more")
	}
	return cert, nil
}

// tls is the key as gosaml2 takes it.
func (k *Key) tls() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{k.cert.Raw}, PrivateKey: k.private, Leaf: k.cert}
}
