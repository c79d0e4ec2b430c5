package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"time"

	"github.com/vestibule-auth/vestibule/sdk/go/client"
)

// A login goes on until somebody is signed in, by whatever the server asks for next.
func ExampleClient_Login() {
	ctx := context.Background()
	c, err := client.New(client.Options{URL: "https://acme.example.org"})
	if err != nil {
		panic(err)
	}
	s, err := c.Login(ctx, client.LoginInput{Email: "ann@example.org", Password: ask("Password")})
	for err == nil && !s.Authenticated {
		flow, pending := s.Pending()
		switch {
		case !pending:
			err = errors.New("the login was given up")
		case flow.ID == client.FlowMFAAuthenticate:
			s, err = c.AuthenticateByCode(ctx, ask("Code of your app, or a recovery code"))
		case flow.ID == client.FlowVerifyEmail:
			s, err = c.VerifyEmail(ctx, ask("Code from your mail"))
		default:
			err = fmt.Errorf("this program knows no %s", flow.ID)
		}
		var declined *client.Error
		if errors.As(err, &declined) && declined.Has("incorrect_code") {
			fmt.Println(declined.Errors[0].Message)
			s, err = c.Session(ctx) // it waits as before
		}
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("Hello,", s.User.Display)
}

// What is wrong with the input is told field by field, and how long to wait is told in words of Go.
func ExampleError() {
	c, err := client.New(client.Options{URL: "https://acme.example.org"})
	if err != nil {
		panic(err)
	}
	_, err = c.Signup(context.Background(), client.SignupInput{Email: "ann@example.org", Password: "short"})
	var declined *client.Error
	switch {
	case errors.As(err, &declined) && declined.Status == http.StatusBadRequest:
		for _, fault := range declined.Errors {
			fmt.Printf("%s: %s\n", fault.Param, fault.Message)
		}
	case errors.As(err, &declined) && declined.RetryAfter > 0:
		time.Sleep(declined.RetryAfter)
	case err != nil:
		fmt.Println(err)
	}
}

// A change that asks for a fresh proof is made again once there is one.
func ExampleClient_Reauthenticate() {
	ctx := context.Background()
	c, err := client.New(client.Options{URL: "https://acme.example.org"})
	if err != nil {
		panic(err)
	}
	_, err = c.AddEmail(ctx, "second@example.org")
	if errors.Is(err, client.ErrReauthenticate) {
		if _, err = c.Reauthenticate(ctx, ask("Password")); err == nil {
			_, err = c.AddEmail(ctx, "second@example.org")
		}
	}
	if errors.Is(err, client.ErrSessionEnded) || errors.Is(err, client.ErrSignedOut) {
		fmt.Println("Sign in again.")
	}
}

// An access token is asked for each time that it is used; it is refreshed when that is due.
func ExampleClient_Access() {
	ctx := context.Background()
	c, err := client.New(client.Options{URL: "https://acme.example.org", Store: file("tokens.json")})
	if err != nil {
		panic(err)
	}
	token, err := c.Access(ctx)
	if errors.Is(err, client.ErrNoTokens) {
		fmt.Println("Sign in first.")
		return
	}
	if err != nil {
		panic(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.example.org/orders", nil)
	if err != nil {
		panic(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
}

// A server keeps one client for all, and gives each of its users their own.
func ExampleClient_For() {
	all, err := client.New(client.Options{URL: "https://acme.example.org"})
	if err != nil {
		panic(err)
	}
	http.HandleFunc("GET /account", func(w http.ResponseWriter, r *http.Request) {
		s, err := all.For(file("tokens of whoever the cookie names")).Session(r.Context())
		if err != nil || !s.Authenticated {
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return
		}
		_, _ = fmt.Fprintln(w, s.User.Display)
	})
}

// file is a TokenStore of a command line: a file that its owner alone can read.
type file string

func (f file) Load(context.Context) (tokens client.Tokens, err error) {
	raw, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return tokens, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &tokens)
	}
	return tokens, err
}

func (f file) Save(_ context.Context, tokens client.Tokens) error {
	raw, err := json.Marshal(tokens)
	if err != nil {
		return err
	}
	return os.WriteFile(string(f), raw, 0o600)
}

// A store may be anything that keeps three short texts.
func ExampleTokenStore() {
	var kept client.TokenStore = file("tokens.json")
	_, _ = client.New(client.Options{URL: "https://acme.example.org", Store: kept})
}

func ask(question string) (answer string) {
	_, _ = fmt.Fprint(os.Stdout, question, ": ")
	_, _ = fmt.Scanln(&answer)
	return answer
}
