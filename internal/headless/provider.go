package headless

import (
	"encoding/json"
	"errors"
	"html"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/tenants"
)

// redirectForm is the route by which a page sends its browser to a provider: a form that it posts, since the answer is a redirect, which
// scripts cannot follow to another origin.
type redirectForm = func(*flows.Visit, *http.Request) (string, error)

// formToken is the field in which a form shows the CSRF token, as it cannot set headers.
const formToken = "csrfmiddlewaretoken"

// postedForm is the body of a request that is a form (application/x-www-form-urlencoded); nothing for any other body, and for one that cannot be
// read.
func postedForm(r *http.Request) (url.Values, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, nil
	}
	err := r.ParseForm()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errSlowBody
	}
	return r.PostForm, nil
}

// goToProvider serves POST auth/provider/redirect.
func (a *API) goToProvider(v *flows.Visit, r *http.Request) (string, error) {
	in, err := postedForm(r)
	if err != nil {
		return "", err
	}
	latest := func(field string) string { // of a field that is there twice, as the contract has it
		if all := in[field]; len(all) > 0 {
			return all[len(all)-1]
		}
		return ""
	}
	return a.Flows.GoToProvider(r.Context(), v, flows.ProviderRedirectInput{
		Provider: latest("provider"), Callback: latest("callback_url"), Process: latest("process"),
	})
}

// providerToken serves POST auth/provider/token.
func (a *API) providerToken(v *flows.Visit, r *http.Request) error {
	body, err := decode(r)
	if err != nil {
		return err
	}
	in := flows.ProviderTokenInput{Provider: body.text("provider").Value, Process: body.text("process").Value}
	in.TokenMissing = textOf(body["token"]) == ""
	var token map[string]json.RawMessage
	if err := json.Unmarshal(body["token"], &token); err == nil && token != nil {
		t := flows.ProviderToken{}
		t.NoClientID = json.Unmarshal(token["client_id"], &t.ClientID) != nil || string(token["client_id"]) == "null"
		var bad bool
		t.ID, t.Bad = textOrBad(token["id_token"])
		t.Access, bad = textOrBad(token["access_token"])
		t.Bad = t.Bad || bad
		in.Token = &t
	}
	return a.Flows.EnterByProviderToken(r.Context(), v, in)
}

// textOrBad is a member that must be text; bad says that it is something else. Null is nothing.
func textOrBad(raw json.RawMessage) (text string, bad bool) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", false
	}
	return text, json.Unmarshal(raw, &text) != nil
}

// lookAtProviderSignup serves GET auth/provider/signup.
func (a *API) lookAtProviderSignup(v *flows.Visit, _ *http.Request) (viewed, error) {
	pending, err := a.Flows.PendingProviderSignup(v)
	if err != nil {
		return viewed{}, err
	}
	return viewed{Data: pending}, nil
}

// finishProviderSignup serves POST auth/provider/signup.
func (a *API) finishProviderSignup(v *flows.Visit, r *http.Request) error {
	in, err := decode(r)
	if err != nil {
		return err
	}
	return a.Flows.FinishProviderSignup(r.Context(), v, flows.ProviderSignupInput{
		Username: in.text("username").Value, Email: in.text("email").Value, Email2: in.text("email2").Value, Phone: in.text("phone").Value,
	})
}

// providerAccounts serves GET account/providers.
func (a *API) providerAccounts(v *flows.Visit, r *http.Request) (viewed, error) {
	all, err := a.Flows.ProviderAccounts(r.Context(), v)
	return viewed{Data: all}, err
}

// disconnectProvider serves DELETE account/providers.
func (a *API) disconnectProvider(v *flows.Visit, r *http.Request) (viewed, error) {
	in, err := decode(r)
	if err != nil {
		return viewed{}, err
	}
	all, err := a.Flows.DisconnectProvider(r.Context(), v, flows.DisconnectInput{
		Provider: in.text("provider").Value, Account: in.text("account").Value,
	})
	return viewed{Data: all}, err
}

// callbacksBelow is where providers send people back to. The rest of the path names the app.
const callbacksBelow = "/accounts/"

// callback takes people who come back from a provider. It changes what a session means on a GET, which the state that comes along proves to
// be wanted: it was made for this very browser, and is good once.
type callback struct{ api *API }

// ServeHTTP sends them on to the front end.
func (c callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, b := c.api, &browser{}
	const template = callbacksBelow + "{provider}/login/callback/"
	t, err := a.Tenants.Resolve(r.Context(), r.Host, strings.Join(r.Header.Values(a.TenantHeader), ","))
	if err != nil {
		a.Recorder.Route(r, template, "")
		a.decline(w, r, nil, err)
		return
	}
	a.Recorder.Route(r, template, t.Slug)
	if r.URL.Path == dummyPath {
		c.serveDummy(w, r, t)
		return
	}
	if app, endpoint, ok := samlEndpoint(t, r.URL.Path); ok && serves(t, b) {
		c.serveSAML(w, r, t, app, endpoint)
		return
	}
	app, ok := flows.CallbackApp(t, r.URL.Path)
	if !ok || app.SpeaksSAML() || !serves(t, b) {
		write(w, answer{Status: http.StatusNotFound})
		return
	}
	params := r.URL.Query()
	switch r.Method {
	case http.MethodGet:
	case http.MethodPost: // Apple's form, with which no cookie comes along: the browser is sent here once more by itself
		posted, err := postedForm(r)
		if err != nil {
			a.decline(w, r, nil, err)
			return
		}
		if app.Provider != "apple" || len(posted.Encode()) > mostPosted {
			write(w, answer{Status: http.StatusMethodNotAllowed})
			return
		}
		c.again(w, t, app, posted)
		return
	default:
		w.Header().Set("Allow", "GET, POST")
		write(w, answer{Status: http.StatusMethodNotAllowed})
		return
	}
	if app.Provider == "telegram" && !params.Has("tgAuthResult") {
		sendFragment(w)
		return
	}
	if keepsBack(r, t, params) {
		sendOnceMore(w, t, app, params)
		return
	}
	params.Del(onceMore)
	c.comeBack(w, r, t, app, params)
}

// comeBack sends somebody who came back with these parameters on to the front end.
func (c callback) comeBack(w http.ResponseWriter, r *http.Request, t *tenants.Tenant, app tenants.App, params url.Values) {
	a, b := c.api, &browser{}
	v, err := c.open(r, t)
	if err != nil {
		a.decline(w, r, nil, err)
		return
	}
	location, err := a.Flows.ReturnFromProvider(r.Context(), v, app, params)
	b.finish(w, r, v, &meta{})
	if err != nil {
		a.decline(w, r, v, err)
		return
	}
	sendTo(w, http.StatusFound, location)
}

// open is the visit of a browser that comes back.
func (c callback) open(r *http.Request, t *tenants.Tenant) (*flows.Visit, error) {
	a, b := c.api, &browser{}
	return a.Flows.Open(r.Context(), t, flows.Origin{
		Client: b.kind(), Token: b.token(r, t), Trust: b.trust(r, t), IP: a.Recorder.ClientIP(r), UserAgent: r.UserAgent(),
		RequestID: a.Recorder.RequestID(r),
	})
}

// sendFragment is a page that sends on what stands behind the # of its address, which no server is sent: Telegram answers there.
func sendFragment(w http.ResponseWriter) {
	nonce := secret.Token()
	asPage(w, "script-src 'nonce-"+nonce+"'; ")
	_, _ = io.WriteString(w, `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>One moment</title>
<noscript>This page needs JavaScript to sign you in.</noscript>
<script nonce="`+nonce+`">
  const said = new URLSearchParams(location.hash.slice(1)).get("tgAuthResult") ?? "";
  const query = new URLSearchParams(location.search);
  query.set("tgAuthResult", said);
  location.replace(location.pathname + "?" + query);
</script>
</html>
`) // a client that has gone is no fault of ours
}

// asPage makes a page of an answer: one that is not kept, belongs in no other, tells nobody where it was, and has nothing but what a directive of
// its own allows ("" for none).
func asPage(w http.ResponseWriter, allows string) {
	h := w.Header()
	keepFromCaches(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; "+allows+"base-uri 'none'; frame-ancestors 'none'")
}

// onceMore marks an address that this server has led the browser to itself.
const onceMore = "once_more"

// keepsBack reports whether a browser may have a session whose cookie it does not send: one that is Strict goes along with nothing that another
// site leads to (RFC 6265bis, section 8.8.2), such as the way back from a provider. It is looked for once, and only for somebody who may have been
// sent there. The cookie protects the callback less by that; but what it would do to somebody, the state does not let happen.
func keepsBack(r *http.Request, t *tenants.Tenant, params url.Values) bool {
	return sameSite(t.Settings.Cookies.SameSite) == http.SameSiteStrictMode && (&browser{}).token(r, t) == "" &&
		params.Get("state") != "" && !params.Has(onceMore)
}

// sendOnceMore is a page that leads to the address that it has itself, this time from a page of this host's. It takes no script, and where a
// browser does not go on by itself there is a link.
func sendOnceMore(w http.ResponseWriter, t *tenants.Tenant, app tenants.App, params url.Values) {
	params.Set(onceMore, "1")
	at := html.EscapeString((&url.URL{Path: t.CallbackPath(app), RawQuery: params.Encode()}).String())
	asPage(w, "")
	_, _ = io.WriteString(w, `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>One moment</title>
<meta http-equiv="refresh" content="0; url=`+at+`">
<p><a href="`+at+`">Go on</a></p>
</html>
`) // a client that has gone is no fault of ours
}

// mostPosted is how long such a form may be, in bytes: it goes on as an address.
const mostPosted = 4000

// again sends a browser that came by a provider's form to the same place by GET, since browsers send no cookie (SameSite=Lax) along with a
// form of another site. What is passed on is what a provider answers with, and no more.
func (c callback) again(w http.ResponseWriter, t *tenants.Tenant, app tenants.App, posted url.Values) {
	params := url.Values{}
	for _, name := range []string{"code", "state", "error", "iss", "user"} {
		if value := posted.Get(name); value != "" {
			params.Set(name, value)
		}
	}
	sendTo(w, http.StatusSeeOther, t.CallbackPath(app)+"?"+params.Encode())
}

// sendTo redirects. Nothing of it is kept, and the page that is gone on to is not told where from: the address has what is secret in it.
func sendTo(w http.ResponseWriter, status int, location string) {
	h := w.Header()
	h.Set("Location", location)
	h.Set("Referrer-Policy", "no-referrer")
	keepFromCaches(h)
	w.WriteHeader(status)
}
