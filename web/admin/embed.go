// Package adminui serves the operators' pages: a React app, which make ui builds into dist. The build is not committed, and a server
// that is built without it says so in the place of the pages. Everything that the pages show and do goes through the admin API and,
// for signing in, through the operators' own tenant: they may do nothing that a program with the same rights may not.
package adminui

import (
	"embed"

	"github.com/vestibule-auth/vestibule/internal/site"
)

// files are the build, and dist.absent.html, so that there is something to embed where there is no build.
//
//go:embed all:dist*
var files embed.FS

//go:embed dist.absent.html
var absent []byte

var dist = site.Dist(files)

// Built reports whether the pages are in this build.
func Built() bool { return site.Built(dist) }
