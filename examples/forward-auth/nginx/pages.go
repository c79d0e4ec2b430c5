package main

import (
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

// told are the headers by which nginx tells the application who a request is from.
var told = []string{
	"X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Preferred-Username", "X-Auth-Request-Name", "X-Auth-Request-Tenant",
	"X-Auth-Request-Session",
}

// application is what stands behind nginx. It has no code for sessions, logins or tokens. A request that does not say who it is from did
// not come by way of nginx, and is refused.
func (p places) application(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Auth-Request-User") == "" {
		http.Error(w, "Come by way of nginx.", http.StatusForbidden)
		return
	}
	type row struct{ Name, Value string }
	var rows []row
	for _, name := range told {
		value, err := url.PathUnescape(r.Header.Get(name)) // after the header was read: what is decoded may hold line breaks
		if err != nil {
			http.Error(w, "A header cannot be read.", http.StatusBadRequest)
			return
		}
		rows = append(rows, row{name, value})
	}
	var cookies []string
	for _, c := range r.Cookies() {
		cookies = append(cookies, c.Name)
	}
	w.Header().Set("Cache-Control", "no-store") // it is one user's
	write(w, appPage, map[string]any{"Rows": rows, "Cookies": strings.Join(cookies, ", "), "SignOut": p.frontURL()})
}

var (
	//go:embed app.html
	appHTML string
	appPage = template.Must(template.New("app").Parse(appHTML))

	//go:embed sign-in.html
	signInHTML string
	signInPage = template.Must(template.New("sign-in").Parse(signInHTML))

	//go:embed sign-in.js
	signInScript []byte
)

// signIn is a front end of the tenant's, as small as one can be. It speaks the headless API from an origin of its own.
func (p places) signIn() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src http://"+p.server.Host+
			"; form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
		write(w, signInPage, map[string]string{"Server": "http://" + p.server.Host, "App": p.appURL()})
	})
	mux.HandleFunc("GET /sign-in.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(signInScript) // a client that has gone is no fault of ours
	})
	return mux
}

func write(w http.ResponseWriter, page *template.Template, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, data) // likewise
}
