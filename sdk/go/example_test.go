package vestibule_test

import (
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"

	vestibule "github.com/vestibule-auth/vestibule/sdk/go"
)

// An API of one tenant.
func Example() {
	v, err := vestibule.New(vestibule.Options{
		Issuers: []vestibule.Issuer{{URL: "https://acme.example.org", Audience: "orders"}},
		Log:     slog.New(slog.NewJSONHandler(os.Stderr, nil)),
	})
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/orders", v.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := vestibule.From(r.Context())
		_ = json.NewEncoder(w).Encode(map[string]string{"user": user.Subject})
	})))
}

// A page that greets whoever is signed in, and shows itself to everybody. Browsers show their cookie, and each is asked of the server.
func ExampleVerifier_Identify() {
	v, err := vestibule.New(vestibule.Options{
		Issuers:  []vestibule.Issuer{{URL: "https://acme.example.org"}},
		Sessions: &vestibule.Sessions{Cookie: "sessionid"},
	})
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/", v.Identify(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, known := vestibule.From(r.Context())
		if !known {
			_, _ = fmt.Fprintln(w, "Hello. Sign in to see more.")
			return
		}
		var said struct{ Display string }
		if err := user.Claims(&said); err != nil {
			http.Error(w, "something is wrong here", http.StatusInternalServerError)
			return
		}
		_, _ = fmt.Fprintf(w, "Hello, %s.\n", said.Display)
	})))
}

// The claims that a tenant adds to its tokens, by headless.jwt_claims.
func ExampleIdentity_Claims() {
	user := &vestibule.Identity{Subject: "1", Raw: json.RawMessage(`{"sub": "1", "roles": ["member"]}`)}
	var said struct{ Roles []string }
	if err := user.Claims(&said); err != nil {
		log.Fatal(err)
	}
	fmt.Println(said.Roles)
	// Output: [member]
}
