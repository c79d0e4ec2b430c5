package app_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"
)

// chromium is a real browser with one page, and a software key that gives a finger whenever it is asked for one. It is talked to
// in the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/), through pipes.
type chromium struct {
	t    testing.TB
	to   *os.File
	from *bufio.Reader
	page string // the session of the page
	last int    // the id of the latest command
}

func newChromium(t testing.TB) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium here: what real browsers do with the options is not tested")
	}
	theirIn, ourOut, err := os.Pipe()
	ourIn, theirOut, err2 := os.Pipe()
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "chromium-") //nolint:usetesting // its children write for a moment longer than the test lives
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--user-data-dir="+profile, "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = theirIn.Close(), theirOut.Close()
	b := &chromium{t: t, to: ourOut, from: bufio.NewReader(ourIn)}
	t.Cleanup(func() {
		_, _ = ourOut.Close(), ourIn.Close() // which ends it
		_ = cmd.Wait()                       // however it ends
		for deadline := time.Now().Add(10 * time.Second); os.RemoveAll(profile) != nil && time.Now().Before(deadline); {
			time.Sleep(50 * time.Millisecond) // its children write for a moment longer than it lives
		}
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.page = attached.SessionID
	b.call("WebAuthn.enable", nil, nil)
	b.call("WebAuthn.addVirtualAuthenticator", map[string]any{"options": map[string]any{
		"protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true, "isUserVerified": true,
		"automaticPresenceSimulation": true,
	}}, nil)
	return b
}

// call sends a command and reads its result into a value. Events that come before it are passed over.
func (b *chromium) call(method string, params map[string]any, into any) {
	b.t.Helper()
	b.last++
	command := map[string]any{"id": b.last, "method": method, "params": params}
	if b.page != "" {
		command["sessionId"] = b.page
	}
	raw, err := json.Marshal(command)
	if err == nil {
		_, err = b.to.Write(append(raw, 0))
	}
	for err == nil {
		var m struct {
			ID            int
			Result, Error json.RawMessage
		}
		if raw, err = b.from.ReadBytes(0); err == nil {
			err = json.Unmarshal(raw[:len(raw)-1], &m)
		}
		if err != nil || m.ID != b.last {
			continue
		}
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error)
		}
		if into != nil {
			err = json.Unmarshal(m.Result, into)
		}
		break
	}
	if err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
}

// script is what the page's scripts have to do with the API, as a front end would do it.
const script = `
const call = async (method, path, body) => {
	const token = document.cookie.match(/csrftoken=([^;]+)/), headers = {"Content-Type": "application/json"};
	if (token) headers["X-CSRFToken"] = token[1];
	return (await fetch("/_allauth/browser/v1" + path, {method, headers, body: body && JSON.stringify(body)})).json();
};
const make = async o => (await navigator.credentials.create({publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(o.data.creation_options.publicKey)})).toJSON();
const show = async o => (await navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(o.data.request_options.publicKey)})).toJSON();
`

// run runs a script in the page, and makes sure of the status that it ends with.
func (b *chromium) run(status int, code string, args ...any) {
	b.t.Helper()
	var got struct {
		Result struct {
			Description string
			Value       struct {
				Status int
				Errors any
			}
		}
	}
	code = fmt.Sprintf(code, args...)
	b.call("Runtime.evaluate", map[string]any{
		"expression": "(async () => {" + script + code + "})()", "awaitPromise": true, "returnByValue": true, "userGesture": true,
	}, &got)
	if got.Result.Value.Status != status {
		b.t.Fatalf("%s ended with %+v, not %d", code, got.Result, status)
	}
}

// Real browsers take the options and give answers that pass, in the form that they have for JSON.
func TestKeysWorkInARealBrowser(t *testing.T) {
	b := newChromium(t)
	s := boot(t, "sqlite")
	host := s.tenant(`{"account": {"email_verification": "mandatory", "email_verification_by_code_enabled": true}, "mfa": {"supported_types": ["webauthn", "recovery_codes"],
		"passkey_login_enabled": true, "passkey_signup_enabled": true, "trust_enabled": true}}`)
	origin := s.localhost(host)
	if status, body := s.admin(http.MethodPatch, "/admin/v1/tenants/"+slugOf(host), map[string]any{"config": map[string]any{"public_url": origin}}); status != http.StatusOK {
		t.Fatalf("change the tenant: %d %s", status, body)
	}
	b.call("Page.navigate", map[string]any{"url": origin + "/_allauth/browser/v1/config"}, nil)
	eventually(t, "the page is there", func() bool {
		var at struct{ Result struct{ Value string } }
		b.call("Runtime.evaluate", map[string]any{"expression": "document.readyState + origin"}, &at)
		return at.Result.Value == "complete"+origin
	})
	signUp := func(path, email string, verified int) {
		t.Helper()
		b.run(http.StatusUnauthorized, `return call("POST", %q, {email: %q, password: %q})`, path, email, password)
		b.run(verified, `return call("POST", "/auth/email/verify", {key: %q})`, typedCode.FindString(s.inbox.wait(t, email, 0).text))
	}
	const logOut = `await call("DELETE", "/auth/session"); `
	signUp("/auth/webauthn/signup", "ann@example.org", http.StatusUnauthorized)
	b.run(http.StatusOK, `return call("PUT", "/auth/webauthn/signup", {credential: await make(await call("GET", "/auth/webauthn/signup"))})`)
	b.run(http.StatusOK, logOut+`return call("POST", "/auth/webauthn/login", {credential: await show(await call("GET", "/auth/webauthn/login"))})`)
	b.run(http.StatusUnauthorized, logOut+`return call("GET", "/auth/session")`)

	signUp("/auth/signup", "bob@example.org", http.StatusOK)
	const keys = "/account/authenticators/webauthn"
	b.run(http.StatusOK, `return call("POST", "/auth/reauthenticate", {password: %q})`, password)
	b.run(http.StatusOK, `return call("POST", %[1]q, {credential: await make(await call("GET", %[1]q))})`, keys)
	b.run(http.StatusUnauthorized, logOut+`return call("POST", "/auth/login", {email: "bob@example.org", password: %q})`, password)
	b.run(http.StatusUnauthorized, `const path = "/auth/webauthn/authenticate"; return call("POST", path, {credential: await show(await call("GET", path))})`)
	b.run(http.StatusOK, `return call("POST", "/auth/2fa/trust", {trust: true})`)
	b.run(http.StatusOK, logOut+`return call("POST", "/auth/login", {email: "bob@example.org", password: %q})`, password)
	b.run(http.StatusOK, `const path = "/auth/webauthn/reauthenticate"; return call("POST", path, {credential: await show(await call("GET", path))})`)
}

// Real browsers do not send a Strict cookie as another site leads back from a provider, and do once a page of the tenant's own leads there.
func TestTheWayBackFindsAStrictCookieInARealBrowser(t *testing.T) {
	b := newChromium(t)
	s := boot(t, "sqlite", withDummy)
	ended := make(chan string, 10)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/provider" {
			_, _ = fmt.Fprint(w, `<script>location.replace(new URLSearchParams(location.search).get("to"))</script>`)
		} else if r.URL.Path != "/favicon.ico" {
			ended <- r.URL.String()
		}
	}))
	defer elsewhere.Close()
	host := s.tenant(fmt.Sprintf(`{"cookies": {"samesite": "Strict"}, "socialaccount": {%s}, "cors": {"allowed_origins": [%[2]q]},
		"headless": {"frontend_urls": {"socialaccount_login_error": "%[2]s/failed"}}}`, dummyApp, elsewhere.URL))
	origin := s.localhost(host)
	c := s.client("browser", host)
	said := url.Values{"state": {c.goTo("login", elsewhere.URL+"/done").state()}, "id": {"ann"}, "email": {"ann@example.org"}}
	b.call("Network.setCookie", map[string]any{
		"url": origin, "name": "sessionid", "value": c.cookies["sessionid"], "sameSite": "Strict", "httpOnly": true,
	}, nil)
	back := url.Values{"to": {origin + dummyCallback + "?" + said.Encode()}}
	b.call("Page.navigate", map[string]any{"url": elsewhere.URL + "/provider?" + back.Encode()}, nil)
	if at := <-ended; at != "/done" {
		t.Errorf("ended at %s", at)
	}
}
