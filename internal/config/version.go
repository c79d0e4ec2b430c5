package config

import (
	"cmp"
	"runtime/debug"
)

// stamped is the version that the linker was told, where the build cannot see it: an image is built without the repository's history.
//
//	go build -ldflags '-X github.com/vestibule-auth/vestibule/internal/config.stamped=v1.2.3' ./cmd/server
var stamped string

// Version is what this program was built as: what the linker was told, or else what Go noted of the module and of the commit that it
// was built from, or "" where nobody knows.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return stamped
	}
	return cmp.Or(stamped, info.Main.Version)
}
