package client_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/sdk/go/client"
)

// settings are those of a tenant, section by section.
type settings = map[string]map[string]any

// byCode has addresses be verified by code before anybody gets in.
var byCode = map[string]any{
	"email_verification": "mandatory", "email_verification_by_code_enabled": true, "login_by_code_enabled": true,
	"password_reset_by_code_enabled": true, "email_verification_supports_resend": true,
	"login_by_code_supports_resend": true, "rate_limits": false,
}

func TestSignupByMailedCode(t *testing.T) {
	x := tenantWith(t, settings{"account": byCode})
	kept := &store{}
	c, ctx := x.client(t, with(kept)), t.Context()
	s, err := c.Session(ctx)
	if err != nil || s.Authenticated {
		t.Fatalf("%+v %v", s, err)
	}
	if _, ok := s.Flow(client.FlowSignup); !ok {
		t.Fatalf("there is no way to sign up: %+v", s.Flows)
	}
	_, err = c.Signup(ctx, client.SignupInput{Email: "no address", Password: "short"})
	e := errorOf(t, err, http.StatusBadRequest)
	if len(e.Errors) < 2 {
		t.Errorf("the faults are not all told: %v", e)
	}
	s, err = c.Signup(ctx, client.SignupInput{Email: x.address("ann"), Password: password})
	waits(t, s, err, client.FlowVerifyEmail)
	waiting := kept.tokens()
	if waiting.Session == "" {
		t.Fatal("the login that waits has no token")
	}
	_, err = c.VerifyEmail(ctx, "BBBB-BBBB")
	declined(t, err, http.StatusBadRequest, "incorrect_code", "key")
	if err := c.ResendEmailCode(ctx); err != nil {
		t.Fatal(err)
	}
	code := x.mailed(t, x.address("ann"), 2, codes)
	key, err := c.LookAtEmailKey(ctx, code)
	if err != nil || key.Email != x.address("ann") || !key.Authenticating {
		t.Fatalf("%+v %v", key, err)
	}
	s, err = c.VerifyEmail(ctx, code)
	signedIn(t, s, err)
	if s.User.Email != x.address("ann") || s.User.ID == "" {
		t.Errorf("%+v", s.User)
	}
	if now := kept.tokens(); now.Session == "" || now.Session == waiting.Session {
		t.Error("the token of the login that waited was not replaced")
	}
	again := x.client(t, with(kept)) // the program was started again
	s, err = again.Session(ctx)
	signedIn(t, s, err)
	_, err = again.Signup(ctx, client.SignupInput{Email: x.address("ben"), Password: password})
	declined(t, err, http.StatusConflict, "", "")
	declined(t, c.ResendEmailCode(ctx), http.StatusConflict, "", "")
}

func TestLoginAndLogout(t *testing.T) {
	x := tenantWith(t, nil)
	kept := &store{}
	c, ctx := x.member(t, "ann", with(kept)), t.Context()
	s, err := c.Session(ctx)
	signedIn(t, s, err)
	if len(s.Methods) != 1 || s.Methods[0].Method != "password" || time.Since(s.Methods[0].At.Time).Abs() > time.Hour {
		t.Errorf("%+v", s.Methods)
	}
	_, err = c.Login(ctx, client.LoginInput{Email: x.address("ann"), Password: password})
	declined(t, err, http.StatusConflict, "", "")
	s, err = c.Logout(ctx)
	if err != nil || s.Authenticated || len(s.Flows) == 0 {
		t.Fatalf("%+v %v", s, err)
	}
	if kept.tokens() != (client.Tokens{}) {
		t.Error("the tokens were kept beyond the logout")
	}
	_, err = c.Login(ctx, client.LoginInput{Email: x.address("ann"), Password: "wrong"})
	declined(t, err, http.StatusBadRequest, "email_password_mismatch", "password")
	_, err = c.Emails(ctx)
	if !errors.Is(err, client.ErrSignedOut) || errors.Is(err, client.ErrReauthenticate) {
		t.Errorf("%v", err)
	}
	config, err := c.Config(ctx)
	if err != nil || !config.Account.OpenForSignup || !slices.Contains(config.Account.LoginMethods, "email") {
		t.Errorf("%+v %v", config, err)
	}
	if _, err := c.Issuer(ctx); err == nil {
		t.Error("there is an issuer where there are no tokens")
	}
	if _, err := c.Access(ctx); !errors.Is(err, client.ErrNoTokens) {
		t.Errorf("%v", err)
	}
}

func TestLoginByCode(t *testing.T) {
	x := tenantWith(t, settings{"account": byCode})
	x.member(t, "ann")
	c, ctx := x.client(t), t.Context()
	s, err := c.RequestLoginCode(ctx, client.LoginCodeInput{Email: x.address("ann")})
	waits(t, s, err, client.FlowLoginByCode)
	if err := c.ResendLoginCode(ctx); err != nil {
		t.Fatal(err)
	}
	_, err = c.ConfirmLoginCode(ctx, "wrong")
	declined(t, err, http.StatusBadRequest, "incorrect_code", "code")
	s, err = c.ConfirmLoginCode(ctx, x.mailed(t, x.address("ann"), 2, codes))
	signedIn(t, s, err)
	if s.Methods[0].Method != "code" || s.Methods[0].Email != x.address("ann") {
		t.Errorf("%+v", s.Methods)
	}
	_, err = x.client(t).ConfirmLoginCode(ctx, "BBBB-BBBB")
	declined(t, err, http.StatusConflict, "", "")
}

func TestPasswords(t *testing.T) {
	x := tenantWith(t, settings{"account": {"rate_limits": false}})
	kept := &store{}
	c, ctx := x.member(t, "ann", with(kept)), t.Context()
	other := x.login(t, "ann")
	before := kept.tokens()
	_, err := c.ChangePassword(ctx, "wrong", another)
	declined(t, err, http.StatusBadRequest, "enter_current_password", "current_password")
	s, err := c.ChangePassword(ctx, password, another)
	signedIn(t, s, err)
	if now := kept.tokens(); now.Session == "" || now == before {
		t.Error("a new password did not bring a new token")
	}
	if s, err := other.Session(ctx); !errors.Is(err, client.ErrSessionEnded) && (err != nil || s.Authenticated) {
		t.Errorf("the other session goes on: %+v %v", s, err)
	}
	s, err = c.Session(ctx)
	signedIn(t, s, err)

	stranger := x.client(t)
	code, err := stranger.RequestPasswordReset(ctx, x.address("ann"))
	if err != nil || code {
		t.Fatalf("it is not a link: %v %v", code, err)
	}
	key := x.mailed(t, x.address("ann"), 1, links)
	owner, err := stranger.LookAtResetKey(ctx, key)
	if err != nil || owner.Email != x.address("ann") {
		t.Fatalf("%+v %v", owner, err)
	}
	_, err = stranger.ResetPassword(ctx, key, "short")
	declined(t, err, http.StatusBadRequest, "password_too_short", "password")
	s, err = stranger.ResetPassword(ctx, key, password)
	if err != nil || s.Authenticated {
		t.Fatalf("%+v %v", s, err)
	}
	_, err = stranger.LookAtResetKey(ctx, key)
	declined(t, err, http.StatusBadRequest, "", "")
	x.login(t, "ann")
}

func TestPasswordResetByCode(t *testing.T) {
	x := tenantWith(t, settings{"account": byCode})
	c, ctx := x.member(t, "ann"), t.Context()
	code, err := c.RequestPasswordReset(ctx, x.address("ann"))
	if err != nil || !code {
		t.Fatalf("somebody who is signed in is told of no code: %v %v", code, err)
	}
	stranger := x.client(t)
	if code, err = stranger.RequestPasswordReset(ctx, x.address("ann")); err != nil || !code {
		t.Fatalf("%v %v", code, err)
	}
	s, err := stranger.Session(ctx)
	waits(t, s, err, client.FlowPasswordReset)
	if _, err = stranger.ResetPassword(ctx, x.mailed(t, x.address("ann"), 2, codes), another); err != nil {
		t.Fatal(err)
	}
	if _, err = c.Session(ctx); err != nil && !errors.Is(err, client.ErrSessionEnded) {
		t.Error(err)
	}
	s, err = x.client(t).Login(ctx, client.LoginInput{Email: x.address("ann"), Password: another})
	signedIn(t, s, err)
}

func TestEndingOnesOwnByANewPassword(t *testing.T) {
	x := tenantWith(t, settings{"account": {"logout_on_password_change": true}})
	kept := &store{}
	c := x.member(t, "ann", with(kept))
	s, err := c.ChangePassword(t.Context(), password, another)
	if err != nil || s.Authenticated || kept.tokens() != (client.Tokens{}) {
		t.Errorf("%+v %v %+v", s, err, kept.tokens())
	}
}

func TestAddresses(t *testing.T) {
	x := tenantWith(t, settings{"account": {"rate_limits": false}})
	c, ctx := x.member(t, "ann"), t.Context()
	second := x.address("second")
	all, err := c.AddEmail(ctx, second)
	if err != nil || len(all) != 2 || all[1].Email != second || all[1].Verified || all[1].Primary {
		t.Fatalf("%+v %v", all, err)
	}
	if err := c.ResendEmail(ctx, second); err != nil {
		t.Fatal(err)
	}
	key := x.mailed(t, second, 2, links)
	found, err := c.LookAtEmailKey(ctx, key)
	if err != nil || found.Email != second || found.Authenticating || found.User.Email != x.address("ann") {
		t.Fatalf("%+v %v", found, err)
	}
	s, err := c.VerifyEmail(ctx, key)
	signedIn(t, s, err)
	if all, err = c.MakeEmailPrimary(ctx, second); err != nil || !all[1].Primary || !all[1].Verified {
		t.Fatalf("%+v %v", all, err)
	}
	if all, err = c.RemoveEmail(ctx, x.address("ann")); err != nil || len(all) != 1 {
		t.Fatalf("%+v %v", all, err)
	}
	if all, err = c.Emails(ctx); err != nil || len(all) != 1 || all[0] != (client.Email{Email: second, Primary: true, Verified: true}) {
		t.Errorf("%+v %v", all, err)
	}
	_, err = c.RemoveEmail(ctx, x.address("nobody"))
	declined(t, err, http.StatusBadRequest, "unknown_email", "email")
}

func TestPhones(t *testing.T) {
	type text struct{ Phone, Code string }
	texts := make(chan text, 10)
	carrier := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var sent text
		if json.NewDecoder(r.Body).Decode(&sent) == nil {
			texts <- sent
		}
	}))
	defer carrier.Close()
	x := tenantWith(t, settings{
		"account": {"login_methods": []string{"email", "phone"}, "signup_fields": []string{"email*", "phone", "password1*"}},
		"sms":     {"webhook_url": carrier.URL},
	})
	c, ctx := x.member(t, "ann"), t.Context()
	if all, err := c.Phones(ctx); err != nil || len(all) != 0 {
		t.Fatalf("%+v %v", all, err)
	}
	asked, err := c.ChangePhone(ctx, "+31201234567")
	if err != nil || asked.Phone != "+31201234567" || asked.Verified {
		t.Fatalf("%+v %v", asked, err)
	}
	_, err = c.VerifyPhone(ctx, "000000")
	declined(t, err, http.StatusBadRequest, "incorrect_code", "code")
	select {
	case text := <-texts:
		s, err := c.VerifyPhone(ctx, text.Code)
		signedIn(t, s, err)
	case <-time.After(time.Minute):
		t.Fatal("no text was sent")
	}
	if all, err := c.Phones(ctx); err != nil || len(all) != 1 || all[0] != (client.Phone{Phone: "+31201234567", Verified: true}) {
		t.Errorf("%+v %v", all, err)
	}
	declined(t, x.client(t).ResendPhoneCode(ctx), http.StatusConflict, "", "")
}

// factors has the code of a test be good for a period longer, however slow this machine is.
var factors = map[string]any{
	"supported_types": []string{"totp", "recovery_codes", "webauthn"}, "passkey_login_enabled": true,
	"trust_enabled": true, "totp_tolerance": 1,
}

func TestSecondFactors(t *testing.T) {
	x := tenantWith(t, settings{"mfa": factors, "account": {"rate_limits": false}})
	c, ctx := x.member(t, "ann"), t.Context()
	_, setup, err := c.TOTP(ctx)
	if err != nil || setup == nil || setup.Secret == "" || setup.URL == "" {
		t.Fatalf("%+v %v", setup, err)
	}
	_, err = c.ActivateTOTP(ctx, "000000x")
	declined(t, err, http.StatusBadRequest, "incorrect_code", "code")
	period := time.Now().Unix() / 30
	app, err := c.ActivateTOTP(ctx, totp(t, setup.Secret, period))
	if err != nil || app.Type != client.TOTP || app.CreatedAt.IsZero() {
		t.Fatalf("%+v %v", app, err)
	}
	if app, setup, err := c.TOTP(ctx); err != nil || app == nil || setup != nil {
		t.Fatalf("%+v %+v %v", app, setup, err)
	}
	recovery, err := c.RecoveryCodes(ctx)
	if err != nil || len(recovery.UnusedCodes) != recovery.TotalCodes || recovery.TotalCodes == 0 {
		t.Fatalf("%+v %v", recovery, err)
	}
	renewed, err := c.GenerateRecoveryCodes(ctx)
	if err != nil || slices.Contains(recovery.UnusedCodes, renewed.UnusedCodes[0]) {
		t.Fatalf("%+v %v", renewed, err)
	}
	all, err := c.Authenticators(ctx)
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v %v", all, err)
	}

	second := x.client(t)
	s, err := second.Login(ctx, client.LoginInput{Email: x.address("ann"), Password: password})
	f := waits(t, s, err, client.FlowMFAAuthenticate)
	if !slices.Contains(f.Types, client.TOTP) || !slices.Contains(f.Types, client.RecoveryCodes) {
		t.Errorf("%+v", f)
	}
	_, err = second.AuthenticateByCode(ctx, recovery.UnusedCodes[0])
	declined(t, err, http.StatusBadRequest, "incorrect_code", "code")
	s, err = second.AuthenticateByCode(ctx, totp(t, setup.Secret, period)) // the code that activated logs in once
	signedIn(t, s, err)
	if last := s.Methods[len(s.Methods)-1]; last.Method != "mfa" || last.Type != client.TOTP {
		t.Errorf("%+v", s.Methods)
	}
	s, err = second.ReauthenticateByCode(ctx, renewed.UnusedCodes[1])
	signedIn(t, s, err)

	third := x.client(t)
	s, err = third.Login(ctx, client.LoginInput{Email: x.address("ann"), Password: password})
	waits(t, s, err, client.FlowMFAAuthenticate)
	s, err = third.AuthenticateByCode(ctx, renewed.UnusedCodes[0])
	signedIn(t, s, err)
	left, err := third.RecoveryCodes(ctx)
	if err != nil || left.UnusedCount != renewed.TotalCodes-2 {
		t.Errorf("%+v %v", left, err)
	}

	fourth := x.client(t)
	s, err = fourth.Login(ctx, client.LoginInput{Email: x.address("ann"), Password: password})
	waits(t, s, err, client.FlowMFAAuthenticate)
	s, err = fourth.Logout(ctx) // which gives the login up
	if _, pending := s.Pending(); err != nil || pending {
		t.Errorf("%+v %v", s, err)
	}
	if err := third.DeactivateTOTP(ctx); err != nil {
		t.Fatal(err)
	}
	_, err = third.RecoveryCodes(ctx)
	declined(t, err, http.StatusNotFound, "", "")
	x.login(t, "ann") // without a second factor
}

// TestKeys goes as far as a program goes that has no platform with keys: the options are there, and a made-up credential is refused.
func TestKeys(t *testing.T) {
	x := tenantWith(t, settings{"mfa": factors})
	c, ctx := x.member(t, "ann"), t.Context()
	for _, passwordless := range []bool{false, true} {
		options, err := c.KeyOptions(ctx, passwordless)
		if err != nil || len(options) < 100 || string(options[:12]) != `{"publicKey"` {
			t.Fatalf("%s %v", options, err)
		}
	}
	made := client.KeyInput{Name: "Laptop", Credential: []byte(`{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {}}`)}
	_, _, err := c.AddKey(ctx, made)
	declined(t, err, http.StatusBadRequest, "", "")
	_, err = c.RenameKey(ctx, 4711, "Phone")
	declined(t, err, http.StatusBadRequest, "invalid_choice", "id")
	declined(t, c.RemoveKeys(ctx, 4711), http.StatusBadRequest, "invalid_choice", "authenticators")
	kept := &store{}
	stranger := x.client(t, with(kept))
	options, err := stranger.LoginKeyOptions(ctx)
	if err != nil || string(options[:12]) != `{"publicKey"` || kept.tokens().Session == "" {
		t.Fatalf("%s %v", options, err)
	}
	_, err = stranger.LoginByKey(ctx, made.Credential)
	declined(t, err, http.StatusBadRequest, "incorrect_code", "credential")
	_, err = stranger.SignupByKey(ctx, client.SignupInput{Email: x.address("ben")})
	declined(t, err, http.StatusNotFound, "", "")
}

func TestSessionsElsewhere(t *testing.T) {
	x := tenantWith(t, nil)
	kept := &store{}
	ctx := t.Context()
	lost := x.member(t, "ann", with(kept), func(o *client.Options) { o.UserAgent = "a lost phone" })
	c := x.login(t, "ann")
	all, err := c.Sessions(ctx)
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v %v", all, err)
	}
	i := slices.IndexFunc(all, func(s client.OpenSession) bool { return s.UserAgent == "a lost phone" })
	if i < 0 || all[i].Current || !all[1-i].Current || all[i].IP != "127.0.0.1" || all[i].CreatedAt.IsZero() {
		t.Fatalf("%+v", all)
	}
	left, err := c.EndSessions(ctx, all[i].ID)
	if err != nil || len(left) != 1 || !left[0].Current {
		t.Fatalf("%+v %v", left, err)
	}
	_, err = lost.Emails(ctx)
	if !errors.Is(err, client.ErrSessionEnded) || errorOf(t, err, http.StatusGone).Session == nil {
		t.Fatalf("%v", err)
	}
	if kept.tokens() != (client.Tokens{}) {
		t.Error("the token of a session that has ended was kept")
	}
	s, err := lost.Session(ctx)
	if err != nil || s.Authenticated {
		t.Errorf("it does not begin anew: %+v %v", s, err)
	}
	if _, err = c.EndSessions(ctx, left[0].ID); !errors.Is(err, client.ErrSignedOut) {
		t.Errorf("%v", err)
	}
	if s, err = c.Session(ctx); err != nil || s.Authenticated {
		t.Errorf("one's own session was not forgotten with its end: %+v %v", s, err)
	}
}

func TestReauthentication(t *testing.T) {
	x := tenantWith(t, settings{"account": {
		"email_verification": "mandatory", "email_verification_by_code_enabled": true, "reauthentication_required": true, "rate_limits": false,
	}})
	c, ctx := x.client(t), t.Context()
	s, err := c.Signup(ctx, client.SignupInput{Email: x.address("ann"), Password: password})
	waits(t, s, err, client.FlowVerifyEmail)
	s, err = c.VerifyEmail(ctx, x.mailed(t, x.address("ann"), 1, codes)) // which is no proof of who it is
	signedIn(t, s, err)
	_, err = c.AddEmail(ctx, x.address("second"))
	if !errors.Is(err, client.ErrReauthenticate) || errors.Is(err, client.ErrSignedOut) {
		t.Fatalf("%v", err)
	}
	e := errorOf(t, err, http.StatusUnauthorized)
	if _, ok := e.Session.Flow(client.FlowReauthenticate); !ok || !e.Session.Authenticated || e.Session.User.Email != x.address("ann") {
		t.Fatalf("%+v", e.Session)
	}
	_, err = c.Reauthenticate(ctx, "wrong")
	declined(t, err, http.StatusBadRequest, "incorrect_password", "password")
	s, err = c.Reauthenticate(ctx, password)
	signedIn(t, s, err)
	if last := s.Methods[len(s.Methods)-1]; !last.Reauthenticated {
		t.Errorf("%+v", s.Methods)
	}
	if _, err = c.AddEmail(ctx, x.address("second")); err != nil {
		t.Error(err)
	}
}

func TestTooOften(t *testing.T) {
	x := tenantWith(t, settings{"account": {"rate_limits": map[string]any{"login": "1/h/ip"}}})
	x.member(t, "ann") // which is the one
	_, err := x.client(t).Login(t.Context(), client.LoginInput{Email: x.address("ann"), Password: password})
	if e := errorOf(t, err, http.StatusTooManyRequests); e.RetryAfter < time.Minute || e.RetryAfter > time.Hour {
		t.Errorf("it is to be tried again in %s", e.RetryAfter)
	}
}

var tokens = map[string]any{
	"token_strategy": "jwt", "jwt_algorithm": "ES256", "jwt_access_token_expires_in": 2, "jwt_refresh_grace_period": 0,
}

// TestOneRefreshForAll would end the session if two refreshes were sent: the tenant has no grace for a token that is sent twice.
func TestOneRefreshForAll(t *testing.T) {
	x := tenantWith(t, settings{"headless": tokens})
	kept := &store{}
	c, ctx := x.member(t, "ann", with(kept)), t.Context()
	first := kept.tokens()
	if first.Access == "" || first.Refresh == "" || first.Session == "" {
		t.Fatalf("%+v", first)
	}
	for round := range 3 {
		before := kept.tokens()
		if err := c.RefreshTokens(ctx); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if now := kept.tokens(); now.Refresh == before.Refresh || now.Access == before.Access || now.Session != first.Session {
			t.Fatalf("round %d: %+v", round, now)
		}
		stale := kept.tokens().Access
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			got := askAtOnce(t, c, 50)
			if got != stale {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the access token has not been replaced in a minute")
			}
		}
	}
	s, err := c.Session(ctx)
	signedIn(t, s, err)
	if keys, err := c.PublicKeys(ctx); err != nil || len(keys) < 50 {
		t.Errorf("%s %v", keys, err)
	}
	if d, err := c.Issuer(ctx); err != nil || d.Issuer != "http://"+x.slug+".localhost" || !slices.Contains(d.SigningAlgorithms, "ES256") {
		t.Errorf("%+v %v", d, err)
	}
	if _, err = c.Logout(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Access(ctx); !errors.Is(err, client.ErrNoTokens) {
		t.Errorf("there is an access token after the logout: %v", err)
	}
}

// askAtOnce has many ask for an access token at once, all of whom get one, and is what the last of them got.
func askAtOnce(t *testing.T, c *client.Client, many int) string {
	t.Helper()
	var (
		all   = make([]string, many)
		errs  = make([]error, many)
		begin = make(chan struct{})
		wg    sync.WaitGroup
	)
	for i := range many {
		wg.Go(func() {
			<-begin
			all[i], errs[i] = c.Access(t.Context())
		})
	}
	close(begin)
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return all[many-1]
}

// TestClientsThatShareAStoreRefreshOnce would end the session if the second client sent the refresh token that it has read at first.
func TestClientsThatShareAStoreRefreshOnce(t *testing.T) {
	x := tenantWith(t, settings{"headless": tokens})
	kept := &store{}
	c, ctx := x.member(t, "ann", with(kept)), t.Context()
	other := c.For(kept)
	s, err := other.Session(ctx)
	signedIn(t, s, err)
	for _, of := range []*client.Client{c, other, c, other} {
		before := kept.tokens()
		if err := of.RefreshTokens(ctx); err != nil {
			t.Fatal(err)
		}
		if of == c && kept.tokens() == before {
			t.Fatal("nothing was refreshed")
		}
		s, err := of.Session(ctx)
		signedIn(t, s, err)
	}
}

func TestAUsedRefreshTokenEndsThePair(t *testing.T) {
	x := tenantWith(t, settings{"headless": tokens})
	kept := &store{}
	c, ctx := x.member(t, "ann", with(kept)), t.Context()
	stolen := &store{held: client.Tokens{Refresh: kept.tokens().Refresh}}
	if err := c.RefreshTokens(ctx); err != nil {
		t.Fatal(err)
	}
	err := x.client(t, with(stolen)).RefreshTokens(ctx)
	declined(t, err, http.StatusBadRequest, "", "")
	if !errors.Is(err, client.ErrNoTokens) || stolen.tokens() != (client.Tokens{}) {
		t.Fatalf("%v %+v", err, stolen.tokens())
	}
	if _, err = c.Emails(ctx); !errors.Is(err, client.ErrSessionEnded) || kept.tokens() != (client.Tokens{}) {
		t.Errorf("the session of a stolen token goes on: %v", err)
	}
}

func TestBrowser(t *testing.T) {
	x := tenantWith(t, settings{"mfa": factors, "account": {"rate_limits": false}})
	app, ctx := x.member(t, "ann"), t.Context()
	_, setup, err := app.TOTP(ctx)
	if err != nil {
		t.Fatal(err)
	}
	period := time.Now().Unix() / 30
	if _, err = app.ActivateTOTP(ctx, totp(t, setup.Secret, period)); err != nil {
		t.Fatal(err)
	}
	browser := func(o *client.Options) { o.Kind = client.Browser }
	c := x.client(t, browser)
	s, err := c.Login(ctx, client.LoginInput{Email: x.address("ann"), Password: password}) // the first request changes something
	waits(t, s, err, client.FlowMFAAuthenticate)
	s, err = c.AuthenticateByCode(ctx, totp(t, setup.Secret, period))
	waits(t, s, err, client.FlowMFATrust)
	s, err = c.Trust(ctx, true)
	signedIn(t, s, err)
	if s, err = c.Logout(ctx); err != nil || s.Authenticated {
		t.Fatalf("%+v %v", s, err)
	}
	s, err = c.Login(ctx, client.LoginInput{Email: x.address("ann"), Password: password})
	signedIn(t, s, err) // the browser is trusted
	s, err = c.For(nil).Session(ctx)
	if err != nil || s.Authenticated {
		t.Errorf("another user has the same cookies: %+v %v", s, err)
	}
	_, err = app.Trust(ctx, true)
	declined(t, err, http.StatusNotFound, "", "")
}
