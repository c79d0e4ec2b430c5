// Package spa has in it the example of a front end, for the development server to show: a React app, which make spa builds into dist. The build
// is not committed, and a server that is built without it says so in the place of the app. No other server shows it: a deployment has a
// front end of its own.
package spa

import (
	"embed"
	"net/http"

	"github.com/vestibule-auth/vestibule/internal/site"
)

// files are the build, and dist.absent.html, so that there is something to embed where there is no build.
//
//go:embed all:dist*
var files embed.FS

//go:embed dist.absent.html
var absent []byte

var (
	dist = site.Dist(files)
	app  = site.New(dist, absent)
)

// Built reports whether the app is in this build.
func Built() bool { return site.Built(dist) }

// Serve answers a request with the app. csrfCookie is the name of the cookie whose value it repeats in X-CSRFToken.
func Serve(w http.ResponseWriter, r *http.Request, csrfCookie string) {
	app.Serve(w, r, func() (site.Facts, error) { return site.Facts{"__CSRF_COOKIE__": csrfCookie}, nil })
}
