package main

import (
	"runtime/debug"
	"slices"
	"strings"

	"github.com/vestibule-auth/vestibule/internal/app"
)

// hashMemory is what a hash works in, which is not of Go's heap (see package passhash).
const hashMemory = 19 << 20

// tuneMemory lets the heap grow by four times what is in use before it is collected, unless GOGC says otherwise. Little is in use,
// a few MiB: at Go's default, a busy server would collect many times a second. Where thousands of connections are held open it is more,
// and four times that may be more than a container has: so garbage is collected sooner as its limit comes near, unless GOMEMLIMIT says
// where.
func tuneMemory(environ []string, hashers int) {
	given := func(name string) bool {
		return slices.ContainsFunc(environ, func(e string) bool { return strings.HasPrefix(e, name+"=") })
	}
	if !given("GOGC") {
		debug.SetGCPercent(400)
	}
	if given("GOMEMLIMIT") {
		return
	}
	if bytes, ok := heapLimit(app.ContainerMemory(), hashers); ok {
		debug.SetMemoryLimit(bytes)
	}
}

// heapLimit is what Go may take of a container's memory: nine tenths of what hashing leaves. A container that is smaller than twice what
// hashing takes has no limit that would help.
func heapLimit(container int64, hashers int) (int64, bool) {
	hashing := int64(hashers) * hashMemory
	if container == 0 || container < 2*hashing {
		return 0, false
	}
	return (container - hashing) / 10 * 9, true
}
