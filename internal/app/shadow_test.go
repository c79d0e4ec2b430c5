package app_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/shadow"
)

// day is what a front end of each kind and one more app do, as a recording: nothing in it is a token that any server handed out.
const day = `
{"client": "page", "method": "GET", "path": "/_allauth/browser/v1/config", "headers": {}}
{"client": "page", "method": "POST", "path": "/_allauth/browser/v1/auth/signup", "headers": {"X-CSRFToken": ""}, "body": {"email": "ann@example.org", "password": "Kestrel-Orbit-49!"}}
{"client": "app", "method": "GET", "path": "/_allauth/app/v1/config"}
{"client": "app", "method": "POST", "path": "/_allauth/app/v1/auth/signup", "body": {"email": "bob@example.org", "password": "Kestrel-Orbit-49!"}}
{"client": "page", "method": "GET", "path": "/_allauth/browser/v1/auth/session", "headers": {}}
{"client": "app", "method": "GET", "path": "/_allauth/app/v1/auth/session"}
{"client": "app", "method": "GET", "path": "/_allauth/app/v1/account/authenticators/totp"}
{"client": "app", "method": "GET", "path": "/_allauth/app/v1/auth/sessions"}
{"client": "app", "method": "POST", "path": "/_allauth/app/v1/account/email", "body": {"email": "bob@example.com"}}
{"client": "app", "method": "GET", "path": "/_allauth/app/v1/account/email"}
{"client": "app", "method": "POST", "path": "/_allauth/app/v1/tokens/refresh", "headers": {}, "body": {"refresh_token": "recorded"}}
{"client": "page", "method": "POST", "path": "/_allauth/browser/v1/account/password/change", "headers": {"X-CSRFToken": ""}, "body": {"current_password": "wrong", "new_password": "Lantern-Quartz-83?"}}
{"client": "page", "method": "DELETE", "path": "/_allauth/browser/v1/auth/session", "headers": {"X-CSRFToken": ""}}
{"client": "app", "method": "DELETE", "path": "/_allauth/app/v1/auth/session"}
{"client": "app", "method": "GET", "path": "/_allauth/app/v1/auth/session"}
{"client": "app", "method": "POST", "path": "/_allauth/app/v1/auth/login", "headers": {}, "body": {"email": "bob@example.org", "password": "wrong-Password-1"}}
{"client": "app", "method": "POST", "path": "/_allauth/app/v1/auth/login", "headers": {}, "body": {"email": "bob@example.org", "password": "Kestrel-Orbit-49!"}}
{"client": "app", "method": "GET", "path": "/_allauth/app/v1/account/email"}
`

// shadowed replays the day against two tenants with these settings, and returns what differs, a line each.
func (s *server) shadowed(reference, target string) (*shadow.Report, []string) {
	s.Helper()
	recording, err := shadow.Read(strings.NewReader(day))
	if err != nil {
		s.Fatal(err)
	}
	u, err := url.Parse(s.public)
	if err != nil {
		s.Fatal(err)
	}
	r, err := shadow.Replay(s.Context(), recording, shadow.Options{
		Reference: shadow.Server{URL: u, Host: s.tenant(reference)}, Target: shadow.Server{URL: u, Host: s.tenant(target)},
		Writes: true, Parallel: 2, Timeout: soon, Slack: time.Minute,
	})
	if err != nil {
		s.Fatal(err)
	}
	report, err := json.Marshal(r)
	if err != nil {
		s.Fatal(err)
	}
	for _, secret := range []string{"Kestrel", "Lantern", "eyJ"} {
		if strings.Contains(string(report), secret) {
			s.Errorf("%s is in the report: %s", secret, report)
		}
	}
	var lines []string
	for _, d := range r.Differences {
		lines = append(lines, fmt.Sprintf("%s %s %d %d %s %s", d.Route, d.Pointer, d.Count, d.Examples[0].Line, d.Examples[0].Reference, d.Examples[0].Target))
	}
	return r, lines
}

func TestShadowFindsNothingBetweenEquals(t *testing.T) {
	t.Parallel()
	s := boot(t, "sqlite")
	const settings = `{"headless": {"token_strategy": "jwt"}}`
	r, lines := s.shadowed(settings, settings)
	if !r.Clean() || r.Requests != 18 || r.Same != 18 || r.Conversations != 2 {
		t.Errorf("%d of %d are the same, in %d conversations; %d failed: %v\n%s", r.Same, r.Requests, r.Conversations, r.Failed, r.Failures, strings.Join(lines, "\n"))
	}
}

// What is found within a session proves, too, that each side was shown its own tokens: a stranger would see the same on both.
func TestShadowFindsWhatIsSetOtherwise(t *testing.T) {
	t.Parallel()
	s := boot(t, "sqlite")
	r, lines := s.shadowed(`{"headless": {"token_strategy": "jwt"}}`,
		`{"headless": {"token_strategy": "jwt", "jwt_rotate_refresh_token": false}, "account": {"login_by_code_enabled": true},
		"mfa": {"supported_types": ["totp"]}, "usersessions": {"track_activity": true}, "cookies": {"samesite": "Strict", "session_age": 3600}}`)
	want := `DELETE /_allauth/app/v1/auth/session /body/data/flows/- 1 15 (absent) {"id":"login_by_code"}
DELETE /_allauth/browser/v1/auth/session /body/data/flows/- 1 14 (absent) {"id":"login_by_code"}
DELETE /_allauth/browser/v1/auth/session /headers/Set-Cookie/csrftoken/SameSite 1 14 "Lax" "Strict"
GET /_allauth/app/v1/auth/session /body/data/flows/- 1 16 (absent) {"id":"login_by_code"}
GET /_allauth/app/v1/auth/sessions /body/data/0/last_seen_at 1 9 (absent) TIME
GET /_allauth/app/v1/config /body/data/account/login_by_code_enabled 1 4 false true
GET /_allauth/app/v1/config /body/data/mfa/supported_types/0 1 4 "recovery_codes" (absent)
GET /_allauth/app/v1/config /body/data/usersessions/track_activity 1 4 false true
GET /_allauth/browser/v1/config /body/data/account/login_by_code_enabled 1 2 false true
GET /_allauth/browser/v1/config /body/data/mfa/supported_types/0 1 2 "recovery_codes" (absent)
GET /_allauth/browser/v1/config /body/data/usersessions/track_activity 1 2 false true
GET /_allauth/browser/v1/config /headers/Set-Cookie/csrftoken/SameSite 1 2 "Lax" "Strict"
POST /_allauth/app/v1/tokens/refresh /body/data/refresh_token 1 12 "•••" (absent)
POST /_allauth/browser/v1/auth/signup /headers/Set-Cookie/csrftoken/SameSite 1 3 "Lax" "Strict"
POST /_allauth/browser/v1/auth/signup /headers/Set-Cookie/sessionid/SameSite 1 3 "Lax" "Strict"
POST /_allauth/browser/v1/auth/signup /headers/Set-Cookie/sessionid/life 1 3 1209600 3600`
	got := regexp.MustCompile(`(?m)(last_seen_at .*) [0-9.]+$`).ReplaceAllString(strings.Join(lines, "\n"), "$1 TIME")
	if got != want || r.Failed != 0 || r.Differ != 8 {
		t.Errorf("%d of %d differ, %d failed, in\n%s", r.Differ, r.Requests, r.Failed, got)
	}
}
