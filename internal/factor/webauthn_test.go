package factor_test

import (
	"testing"

	"github.com/vestibule-auth/vestibule/internal/factor"
	"github.com/vestibule-auth/vestibule/internal/factor/factortest"
)

const (
	host   = "app.example.org"
	origin = "https://" + host
)

var (
	party = factor.RelyingParty{ID: host, Name: "Example", Origins: []string{origin}}
	ann   = factor.User{ID: []byte("0194-ann"), Name: "ann@example.org", DisplayName: "Ann"}
)

func TestKeysOfEachAlgorithmProveTheirUser(t *testing.T) {
	for name, algorithm := range map[string]int{"ES256": factortest.ES256, "EdDSA": factortest.EdDSA, "RS256": factortest.RS256} {
		t.Run(name, func(t *testing.T) {
			key := factortest.New(origin)
			key.Algorithm = algorithm
			options, c := party.BeginRegistration(ann, true, nil)
			stored, err := party.FinishRegistration(c, key.Create(options))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				options, c = party.BeginAssertion(nil, true)
				if stored, err = party.FinishAssertion(c, stored, ann.ID, key.Get(options)); err != nil {
					t.Fatal(err)
				}
			}
			if stored.SignCount != 3 {
				t.Errorf("the counter is %d after a registration and two assertions", stored.SignCount)
			}
		})
	}
}
