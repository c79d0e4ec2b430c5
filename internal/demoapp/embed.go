// Package demoapp has the example of a front end in it, for the development server to show: the React app in examples/spa, which make
// spa builds and copies into dist. The build is not committed, and a server that is built without it says so in the place of the app.
// No other server shows it: a deployment has a front end of its own. The example itself is in nobody's way and knows nothing of this.
package demoapp

import (
	"embed"
	"net/http"

	"github.com/vestibule-auth/vestibule/internal/site"
)

// files are the copy of the build, and dist.absent.html, so that there is something to embed where there is no build.
//
//go:embed all:dist*
var files embed.FS

//go:embed dist.absent.html
var absent []byte

var (
	dist = site.Dist(files)
	app  = site.New(dist, absent).Forms("'self' https:") // which is how people get to identity providers
)

// Built reports whether the app is in this build.
func Built() bool { return site.Built(dist) }

// Serve answers a request with the app. csrfCookie is the name of the cookie whose value it repeats in X-CSRFToken.
func Serve(w http.ResponseWriter, r *http.Request, csrfCookie string) {
	app.Serve(w, r, func() (site.Facts, error) { return site.Facts{"__CSRF_COOKIE__": csrfCookie}, nil })
}
