package saml

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
)

// Key is a service provider's private key, and the certificate that providers know it by.
type Key struct {
	signer crypto.Signer
	cert   *x509.Certificate
}

// weakest is how short an RSA key may be, in bits.
const weakest = 2048

// ParseKey reads a private key, in PEM (PKCS #8, PKCS #1 or SEC 1), and the certificate that is about it, as ParseCertificate does. Errors are
// the end of a sentence, and repeat nothing of the key.
func ParseKey(private, certificate string) (*Key, error) {
	block, _ := pem.Decode([]byte(strings.TrimSpace(private)))
	if block == nil {
		return nil, errors.New("must be a private key in PEM")
	}
	var (
		parsed any
		err    error
	)
	switch block.Type {
	case "RSA PRIVATE KEY":
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		parsed, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	signer, ok := parsed.(crypto.Signer)
	if err != nil || !ok {
		return nil, errors.New("must be a private key in PEM, RSA or ECDSA")
	}
	cert, err := ParseCertificate(certificate)
	if err != nil {
		return nil, errors.New("needs its certificate beside it")
	}
	switch public := signer.Public().(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() < weakest {
			return nil, errors.New("must have 2048 bits or more")
		}
		ok = public.Equal(cert.PublicKey)
	case *ecdsa.PublicKey:
		ok = public.Equal(cert.PublicKey)
	default:
		return nil, errors.New("must be a private key in PEM, RSA or ECDSA")
	}
	if !ok {
		return nil, errors.New("must be the key of the certificate beside it")
	}
	return &Key{signer, cert}, nil
}

// opens reports whether assertions can be encrypted for the key.
func (k *Key) opens() bool {
	if k == nil {
		return false
	}
	_, ok := k.signer.(*rsa.PrivateKey)
	return ok
}

// ParseCertificate reads an X.509 certificate, in PEM or as metadata has it, in base64. The error is the end of a sentence.
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
	switch public := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() < weakest {
			return nil, errors.New("must be of a key with 2048 bits or more")
		}
	case *ecdsa.PublicKey:
	default:
		return nil, errors.New("must be of an RSA or ECDSA key")
	}
	return cert, nil
}

// tls is the key as gosaml2 takes it.
func (k *Key) tls() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{k.cert.Raw}, PrivateKey: k.signer, Leaf: k.cert}
}
