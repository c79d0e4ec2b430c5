package adminui

import (
	"context"
	"io/fs"
	"net/http"

	"github.com/vestibule-auth/vestibule/internal/site"
)

// Options are what the pages need to know of the server.
type Options struct {
	// Facts tells what a page is sent with; needed.
	Facts func(context.Context) (Facts, error)
}

// Facts are what the pages must know before they can ask.
type Facts struct {
	CSRFCookie  string // the name of the cookie whose value they repeat in X-CSRFToken
	PublicURL   string // where operators sign in: cookies and passkeys are of that address alone
	Environment string // what this deployment is called; "": nothing
}

// Handler serves the pages. Every path that names no file is the app's own, which finds the page by itself.
func Handler(o Options) http.Handler { return handler(o, dist) }

func handler(o Options, build fs.FS) http.Handler {
	pages := site.New(build, absent)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pages.Serve(w, r, func() (site.Facts, error) {
			f, err := o.Facts(r.Context())
			return site.Facts{"__CSRF_COOKIE__": f.CSRFCookie, "__PUBLIC_URL__": f.PublicURL, "__ENVIRONMENT__": f.Environment}, err
		})
	})
}
