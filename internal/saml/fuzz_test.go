package saml_test

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/vestibule-auth/vestibule/internal/saml/samltest"
)

// fixed is a key that is the same in each process: those that look for faults share what they found, and it has to be signed there, too.
func fixed(name string) samltest.Key {
	prime := func(which string) *big.Int {
		var digits []byte
		for i := range 4 {
			part := sha256.Sum256(fmt.Append(nil, name, which, i))
			digits = append(digits, part[:]...)
		}
		p := new(big.Int).SetBytes(digits)
		for _, bit := range []int{0, 1022, 1023} {
			p.SetBit(p, bit, 1)
		}
		for !p.ProbablyPrime(20) || new(big.Int).Mod(p, big.NewInt(65537)).Cmp(big.NewInt(1)) == 0 {
			p.Add(p, big.NewInt(2))
		}
		return p
	}
	one, p, q := big.NewInt(1), prime("p"), prime("q")
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, D: new(big.Int).ModInverse(big.NewInt(65537), phi), Primes: []*big.Int{p, q},
	}
	key.Precompute()
	return samltest.Certify(key, now.Add(-time.Hour), now.Add(time.Hour))
}

// FuzzRead has messages that were changed on the way. Whoever comes in by one is who the provider said, whatever else was changed.
func FuzzRead(f *testing.F) {
	seed := func(doc *etree.Document) {
		text, err := doc.WriteToString()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, names := range [][]string{{}, {"Assertion"}, {"Response"}, {"Assertion", "Response"}} {
		doc := samltest.Read(f, said)
		for _, name := range names {
			theirs().Sign(f, doc.Root(), name)
		}
		seed(doc)
		seed(sealed(f, doc, sealing{}, nil))
	}
	logout := samltest.Read(f, ended())
	theirs().Sign(f, logout.Root(), "LogoutRequest")
	seed(logout)
	f.Add(described())
	f.Add(strings.Replace(said, ">ada<", "><!-- x -->a<![CDATA[d]]>&#97;<?x y?><", 1))
	f.Fuzz(func(t *testing.T, text string) {
		encoded, reader := base64.StdEncoding.EncodeToString([]byte(text)), withKey(t)
		if got, err := reader.Read(idp(), encoded, request, now); err == nil && (got.ID != "_a" || got.NameID != "ada" || len(got.Attributes["mail"]) != 1) {
			t.Errorf("it is %+v", got)
		}
		if got, err := reader.ReadPostedLogout(idp(), encoded, "", now); err == nil && (got.ID != "_l" || got.NameID != "ada") {
			t.Errorf("put out is %+v", got)
		}
		if got, err := reader.ReadRedirectedLogout(idp(), text, now); err == nil {
			t.Errorf("put out is %+v", got)
		}
	})
}
