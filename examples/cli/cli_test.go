package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/sdk/go/client"
)

func TestStoreKeepsTokensForTheirOwnerAlone(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "config", "vestibule-example")
	s, ctx := storeFor(folder, "https://acme.example.org/"), t.Context()
	if got, err := s.Load(ctx); err != nil || got != (client.Tokens{}) {
		t.Fatalf("a stranger has %+v %v", got, err)
	}
	for _, tokens := range []client.Tokens{{Session: "first"}, {Session: "second", Access: "access", Refresh: "refresh"}} {
		if err := s.Save(ctx, tokens); err != nil {
			t.Fatal(err)
		}
		if got, err := storeFor(folder, "https://acme.example.org").Load(ctx); err != nil || got != tokens {
			t.Errorf("%+v was saved, and %+v was read: %v", tokens, got, err)
		}
	}
	for path, want := range map[string]fs.FileMode{folder: 0o700, s.path: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
	if got, err := storeFor(folder, "https://globex.example.org").Load(ctx); err != nil || got != (client.Tokens{}) {
		t.Errorf("another server is shown %+v: %v", got, err)
	}
	for range 2 { // who is signed out can sign out
		if err := s.Save(ctx, client.Tokens{}); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("%v is left: %v", left, err)
	}
}

func TestStoreThatCannotBeUsed(t *testing.T) {
	folder := t.TempDir()
	s := storeFor(folder, "https://acme.example.org")
	if err := os.WriteFile(s.path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context()); err == nil || !strings.Contains(err.Error(), s.path) {
		t.Errorf("it is not said what to remove: %v", err)
	}
	if err := os.Remove(s.path); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(s.path, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), client.Tokens{Session: "x"}); err == nil {
		t.Error("it was saved in the place of a folder")
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("tokens are left in %v: %v", left, err)
	}
}

func TestKeyOfALink(t *testing.T) {
	for text, want := range map[string]string{
		"http://localhost:5173/account/verify-email/MTo%3Aabc": "MTo:abc",
		"https://acme.example.org/verify?key=abc":              "abc",
		"ABCD-EFGH":                    "ABCD-EFGH",
		"abc":                          "abc",
		"https://acme.example.org/%zz": "%zz",
	} {
		if got := keyOf(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestNamesOfPeople(t *testing.T) {
	for name, want := range map[string]client.LoginInput{
		"ann@example.org": {Email: "ann@example.org"}, "+31201234567": {Phone: "+31201234567"}, "ann": {Username: "ann"},
	} {
		if got, err := named([]string{name}); err != nil || got != want {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	for _, args := range [][]string{nil, {""}} {
		if _, err := named(args); !errors.Is(err, errUsage) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestTokensAreNotSentInTheOpen(t *testing.T) {
	for target, want := range map[string]bool{
		"https://api.example.org/orders": true, "http://localhost:8000/notes": true, "http://127.0.0.1/": true, "http://[::1]:80/": true,
		"http://api.example.org": false, "http://localhost.example.org": false, "http://127.0.0.1.example.org": false, "ftp://localhost": false,
		"localhost:8000": false, "/notes": false, "": false, "http://": false, "http://localhost@example.org": false,
	} {
		if got := private(target); got != want {
			t.Errorf("%s: %v", target, got)
		}
	}
}

// typed is a terminal on which these lines are typed, with what it shows.
func typed(t *testing.T, lines string) (a *app, notes *strings.Builder) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	if _, err := io.WriteString(w, lines); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	notes = &strings.Builder{}
	return &app{terminal: newTerminal(r, io.Discard, notes)}, notes
}

func TestAnswersAreReadLineByLine(t *testing.T) {
	a, notes := typed(t, " ann \n pass word \r\nlast")
	ctx := t.Context()
	if got, err := a.ask(ctx, "Name"); err != nil || got != "ann" {
		t.Errorf("%q %v", got, err)
	}
	if got, err := a.newPassword(ctx); err != nil || got != " pass word " {
		t.Errorf("%q %v", got, err)
	}
	if got, err := a.ask(ctx, "Code"); err != nil || got != "last" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := a.secret(ctx, "Password"); !errors.Is(err, errNoAnswer) {
		t.Error(err)
	}
	if got := notes.String(); got != "Name: New password: Code: Password: \n" {
		t.Errorf("%q was asked", got)
	}
}

func TestAQuestionEndsWithItsContext(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = w.Close(), r.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newTerminal(r, io.Discard, io.Discard).secret(ctx, "Password"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestWhatIsAskedAgain(t *testing.T) {
	a, notes := typed(t, "")
	wrong := &client.Error{Status: http.StatusBadRequest, Errors: []client.FieldError{{Code: "incorrect_code", Message: "Incorrect code."}}}
	asked := 0
	err := a.untilRight(func() error {
		if asked++; asked < 3 {
			return wrong
		}
		return nil
	})
	if err != nil || asked != 3 || strings.Count(notes.String(), "Incorrect code.\n") != 2 {
		t.Errorf("it was asked %d times: %v: %s", asked, err, notes)
	}
	for _, final := range []*client.Error{
		{Status: http.StatusBadRequest, Errors: []client.FieldError{{Code: "too_many_login_attempts"}}},
		{Status: http.StatusTooManyRequests, RetryAfter: time.Minute},
		{Status: http.StatusConflict},
		{Status: http.StatusBadRequest},
	} {
		if a.mistaken(final) {
			t.Errorf("it is asked again after %v", final)
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for want, err := range map[string]error{
		"cli login":         &client.Error{Status: http.StatusGone},
		"Sign in first":     client.ErrSignedOut,
		"Come back in 1m5s": &client.Error{Status: http.StatusTooManyRequests, RetryAfter: 65 * time.Second},
		"One.\nTwo.":        &client.Error{Status: http.StatusBadRequest, Errors: []client.FieldError{{Message: "One."}, {Message: "Two."}}},
		"Begin again":       &client.Error{Status: http.StatusConflict},
		"does not allow":    &client.Error{Status: http.StatusForbidden},
		"no such thing":     &client.Error{Status: http.StatusNotFound},
		"500":               &client.Error{Status: http.StatusInternalServerError},
		"Stopped":           context.Canceled,
		"There is nothing":  errNoAnswer,
	} {
		if got := explain(err); !strings.Contains(got, want) {
			t.Errorf("%v: %q", err, got)
		}
	}
}

func TestWhatIsNotUnderstood(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	for _, args := range [][]string{
		{}, {"dance"}, {"-x"}, {"login"}, {"login", "ann", "ben"}, {"login-by-code", "ann"}, {"totp", "on"}, {"sessions", "end"},
		{"sessions", "end", "x"}, {"codes", "old"}, {"verify"}, {"forget", "ann"}, {"signup"},
	} {
		a, notes := typed(t, "")
		if status := run(t.Context(), args, a.terminal); status != 2 || !strings.Contains(notes.String(), "Usage: cli") {
			t.Errorf("%q: %d %s", args, status, notes)
		}
	}
}
