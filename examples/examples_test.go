// Package examples_test runs the app and the API of the examples as their readers do, with a real server.
package examples_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestExamplesOnSQLite(t *testing.T) { live(begin(t)) }

func TestExamplesOnPostgreSQL(t *testing.T) {
	database := os.Getenv("VESTIBULE_TEST_DATABASE_URL")
	if database == "" {
		t.Skip("VESTIBULE_TEST_DATABASE_URL names no database; `go run ./internal/tools/services --database` gives one to what it runs")
	}
	live(begin(t, "VESTIBULE_DATABASE_URL="+database, "VESTIBULE_DATABASE_MAX_CONNS=8"))
}

const (
	ann, ben = "ann@example.org", "ben@example.org"
	password = "Kestrel-Orbit-49"
	another  = "Quartz-Lantern-73"
)

// live is what two people do with the app.
func live(w *world) {
	// The demo tenant as it comes hands out access tokens.
	old := w.device()
	old.run("signup", "old@example.org").asked("New password").says("short").ends(1, "too short")
	old.run("signup", "old@example.org").asked("New password").says(password).ends(0, "You are signed in as old")
	old.run("call", w.notes).ends(0, `{"notes":[]}`)
	old.run("whoami").ends(0, "old@example.org, not verified")
	old.run("login", "old@example.org").ends(1, "You are signed in")
	old.run("totp").ends(1, "Verify your email address")
	old.run("verify", w.mailed("old@example.org", 1, aLink)).ends(0, "The address is verified")
	old.run("whoami").ends(0, "old@example.org, where mail goes")
	old.run("codes").ends(1, "There are no recovery codes")

	// One period's code is good while the test goes on, however slow this machine is.
	w.settings(map[string]map[string]any{
		"account": {
			"email_verification": "mandatory", "email_verification_by_code_enabled": true, "email_verification_supports_resend": true,
			"login_by_code_enabled": true, "password_reset_by_code_enabled": true, "rate_limits": false,
		},
		"mfa": {"totp_tolerance": 10},
	})

	// Ann signs up, with a code from her mail, and keeps a note.
	phone := w.device()
	signup := phone.run("signup", ann, "ann").asked("New password").says(password)
	signup.asked("Code from your mail").says("BBBB-BBBB").asked("Code from your mail").says("").asked("Another one is on its way")
	signup.asked("Code from your mail").says(w.mailed(ann, 2, aCode)).ends(0, "You are signed in as ann")
	phone.run("call", w.notes, `{"text": "Buy milk"}`).ends(0, "Buy milk")
	phone.run("call", w.notes, `{}`).ends(1, "The API answered 400")
	phone.run("call", w.notes).ends(0, "Buy milk")
	phone.run("whoami").ends(0, ann+", where mail goes")

	// She turns on an authenticator app, whose code the next login asks for. Nothing but a mail has proved yet who she is: that is not enough.
	setup := phone.run("totp").asked("otpauth://")
	secret := regexp.MustCompile(`(?m)^  ([A-Z2-7]{16,})$`).FindStringSubmatch(setup.asked("Code that the app shows").text)
	if secret == nil {
		w.Fatalf("there is no secret in:\n%s", setup.text)
	}
	period := time.Now().Unix() / 30
	setup.says("wrong").asked("Code that the app shows").says(totp(w.T, secret[1], period))
	setup.asked("Prove once more").asked("Password").says("wrong").asked("Password").says(password)
	shown := setup.ends(0, "From now on")
	_, below, _ := strings.Cut(shown, "Recovery codes")
	recovery := regexp.MustCompile(`(?m)^  (\S+)$`).FindAllStringSubmatch(below, -1)
	if len(recovery) < 5 {
		w.Fatalf("there are no recovery codes in:\n%s", shown)
	}
	phone.run("totp").ends(1, "There is an authenticator app already")
	phone.run("codes").ends(0, recovery[0][1])
	phone.run("logout").ends(0, "Nobody is signed in")
	if tokens := phone.tokens(); tokens.Session != "" || tokens.Access != "" || tokens.Refresh != "" {
		w.Error("the tokens are kept beyond the logout")
	}
	phone.run("whoami").ends(1, "Sign in first")
	phone.run("call", w.notes).ends(1, "Sign in first")
	login := phone.run("login", ann).asked("Password").says("wrong").asked("Password").says(password)
	login.asked("Code of your authenticator app").says("wrong").asked("Code of your authenticator app").says(totp(w.T, secret[1], period))
	login.ends(0, "You are signed in as ann")
	phone.run("call", w.notes).ends(0, "Buy milk")

	// On a tablet, she gives a recovery code. Its access token lasts two seconds: the API takes it no more then, and the app gets another.
	w.settings(map[string]map[string]any{"headless": {"jwt_access_token_expires_in": 2}})
	tablet := w.device()
	tablet.run("login", "ann").asked("Password").says(password).asked("recovery code").says(recovery[0][1]).ends(0, "You are signed in as ann")
	stale := tablet.tokens()
	w.refused(stale.Access)
	tablet.run("call", w.notes).ends(0, "Buy milk")
	if fresh := tablet.tokens(); fresh.Access == stale.Access || fresh.Refresh == stale.Refresh || fresh.Session != stale.Session {
		w.Error("the access token was not refreshed")
	}

	// A new password ends the session of the tablet. The access token that it has is good until it expires, and there is no other one then.
	sessions := phone.run("sessions").ends(0, "which is this one")
	if strings.Count(sessions, "vestibule-example-cli") != 2 {
		w.Errorf("these are not the two:\n%s", sessions)
	}
	change := phone.run("passwd").asked("Current password").says("wrong").asked("New password").says(another)
	change.asked("Current password").says(password).asked("New password").says(another).ends(0, "The password is changed")
	tablet.run("whoami").ends(1, "Sign in")
	w.refused(tablet.tokens().Access)
	tablet.run("call", w.notes).ends(1, "Sign in")
	if sessions := phone.run("sessions").ends(0, "which is this one"); strings.Count(sessions, "vestibule-example-cli") != 1 {
		w.Errorf("the other one goes on:\n%s", sessions)
	}

	// Ben, whose mail has a link, sees nothing of Ann's.
	w.settings(map[string]map[string]any{
		"account": {"email_verification_by_code_enabled": false, "email_verification_supports_resend": false},
	})
	other := w.device()
	signup = other.run("signup", ben).asked("New password").says(password)
	signup.asked("or the link in it").says("").asked("No other one is sent")
	signup.asked("or the link in it").says(w.mailed(ben, 1, aLink)).ends(1, "The address is verified. Sign in now")
	other.run("login", ben).asked("Password").says(password).ends(0, "You are signed in as ben")
	if listed := other.run("call", w.notes).ends(0, `{"notes":[]}`); strings.Contains(listed, "Buy milk") {
		w.Error("Ben sees what is Ann's")
	}
	app := other.run("totp").asked("otpauth://")
	secret = regexp.MustCompile(`(?m)^  ([A-Z2-7]{16,})$`).FindStringSubmatch(app.asked("Code that the app shows").text)
	app.says(totp(w.T, secret[1], time.Now().Unix()/30)).ends(0, "Recovery codes")
	newest := other.run("codes", "new").ends(0, "Recovery codes")
	other.run("codes").ends(0, newest)
	other.run("totp", "off").ends(0, "no code of an app any more")

	// He signs in with a code, gives up on a wrong one, and forgets his password.
	other.run("logout").ends(0, "Nobody is signed in")
	other.run("login-by-code", ben).asked("Code that was sent to you").says(w.mailed(ben, 2, aCode)).ends(0, "You are signed in as ben")
	other.run("logout").ends(0, "Nobody is signed in")
	other.run("login-by-code", ben).says("AAAA-AAAA").says("BBBB-BBBB").says("CCCC-CCCC").ends(1, "has come to its end")
	forget := other.run("forget", ben).asked("Code from your mail").says("wrong").asked("Code from your mail").says(w.mailed(ben, 4, aCode))
	forget.asked("New password").says("short").asked("New password").says(another).ends(0, "The new password is set")
	other.run("login", ben).asked("Password").says(another).ends(0, "You are signed in as ben")
	id, _, _ := strings.Cut(other.run("sessions").ends(0, "which is this one"), ":")
	other.run("sessions", "end", id).ends(0, "is over")
	other.run("whoami").ends(1, "Sign in")

	// After the logout the app shows the API nothing, and the token that is out there is good for its two seconds.
	tablet.run("login", "ann").asked("Password").says(another).asked("recovery code").says(recovery[1][1]).ends(0, "You are signed in as ann")
	last := tablet.tokens().Access
	tablet.run("call", w.notes).ends(0, "Buy milk")
	tablet.run("logout").ends(0, "Nobody is signed in")
	tablet.run("call", w.notes).ends(1, "Sign in first")
	w.refused("")
	w.refused(last)
}

// refused waits until the API does not take a token.
func (w *world) refused(token string) {
	w.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		status, body := w.ask(http.MethodGet, w.notes, token, nil)
		switch {
		case status == http.StatusUnauthorized:
			return
		case status != http.StatusOK || token == "" || time.Now().After(deadline):
			w.Fatalf("%d %s", status, body)
		}
	}
}
