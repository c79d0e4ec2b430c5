package headless

import (
	"html/template"
	"net/http"
	"slices"

	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/tenants"
)

// dummyPath is where the provider "dummy" asks who somebody is, and believes it. It is a provider of development servers alone.
const dummyPath = callbacksBelow + "dummy/authenticate/"

// dummyPage sends what is typed in to the callback, as a provider would send somebody back. It belongs in no other page and runs nothing.
var dummyPage = template.Must(template.New("dummy").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Dummy provider</title>
<style nonce="{{.Nonce}}">
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
  body { max-width: 24rem; margin: 4rem auto; padding: 0 1rem }
  label { display: block; margin: 1rem 0 }
  input:not([type=checkbox]) { display: block; width: 100%; box-sizing: border-box; padding: .5rem; font: inherit }
  button { padding: .5rem 1rem; font: inherit; margin-right: .5rem }
</style>
<h1>Who are you?</h1>
<p>This provider is for development. It believes whatever is typed here.</p>
<form action="{{.Callback}}">
  <input type="hidden" name="state" value="{{.State}}">
  <label>Id <input name="id" required autofocus autocomplete="off"></label>
  <label>Email address <input name="email" type="email" autocomplete="off"></label>
  <label><input name="email_verified" type="checkbox" checked> The address is verified</label>
  <label>Username <input name="username" autocomplete="off"></label>
  <button>Sign in</button>
  <button name="action" value="cancel" formnovalidate>Cancel</button>
</form>
</html>
`))

// serveDummy answers with that page where the tenant has the provider, and the server knows it.
func (c callback) serveDummy(w http.ResponseWriter, r *http.Request, t *tenants.Tenant) {
	all := t.Settings.Apps()
	i := slices.IndexFunc(all, func(a tenants.App) bool { return a.Provider == "dummy" })
	if i < 0 || r.Method != http.MethodGet || !c.api.Flows.Knows(all[i]) {
		write(w, answer{Status: http.StatusNotFound})
		return
	}
	nonce := secret.Token()
	asPage(w, "style-src 'nonce-"+nonce+"'; ")
	_ = dummyPage.Execute(w, map[string]string{ // a client that has gone is no fault of ours
		"Nonce": nonce, "State": r.URL.Query().Get("state"), "Callback": t.CallbackPath(all[i]),
	})
}
