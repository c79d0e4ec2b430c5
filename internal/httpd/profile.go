package httpd

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
)

// ProfilesPath is what the paths of profiles begin with, as all the tools that read them expect.
const ProfilesPath = "/debug/pprof/"

// The bounds of a profile that takes time, in seconds.
const (
	profileSeconds     = 30 // where nothing is said
	mostProfileSeconds = 120
)

// timed are the profiles that are taken over a time: where the processors' time goes, and what runs when.
var timed = map[string]func(io.Writer) (stop func(), err error){
	"profile": func(w io.Writer) (func(), error) { return pprof.StopCPUProfile, pprof.StartCPUProfile(w) },
	"trace":   func(w io.Writer) (func(), error) { return trace.Stop, trace.Start(w) },
}

// taken are the profiles of the moment.
var taken = []string{"allocs", "block", "goroutine", "heap", "mutex", "threadcreate"}

// Profiles serves the profiles of the process in the form of net/http/pprof, below ProfilesPath. Whoever may see them is to be decided
// before. It is not that package, which puts itself on the process's default mux as soon as it is imported, cuts long profiles off at the
// server's deadlines, and serves the command line, which may hold a secret.
func Profiles() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		SetRoute(r.Context(), ProfilesPath)
		name := strings.TrimPrefix(r.URL.Path, ProfilesPath)
		begin, takesTime := timed[name]
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			writeStatus(w, http.StatusMethodNotAllowed)
		case name == "":
			listProfiles(w)
		case takesTime:
			takeProfile(w, r, name, begin)
		case slices.Contains(taken, name):
			writeProfile(w, r, name)
		default:
			writeStatus(w, http.StatusNotFound)
		}
	})
}

func listProfiles(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(w, "taken over ?seconds=: profile (of the processors), trace (of the scheduler)\nof this moment: %s\n",
		strings.Join(taken, ", ")) // a client that is gone cannot be told
}

// writeProfile answers with a profile of the moment.
func writeProfile(w http.ResponseWriter, r *http.Request, name string) {
	if name == "heap" && r.URL.Query().Get("gc") == "1" {
		runtime.GC() // so that it shows what is in use, and not what was
	}
	asProfile(w, name)
	if err := pprof.Lookup(name).WriteTo(w, 0); err != nil {
		panic(http.ErrAbortHandler) // part of it is out
	}
}

// takeProfile answers with a profile that takes time, however short the deadlines of other requests are.
func takeProfile(w http.ResponseWriter, r *http.Request, name string, begin func(io.Writer) (func(), error)) {
	seconds, ok := secondsOf(r)
	if !ok {
		writeStatus(w, http.StatusBadRequest)
		return
	}
	until := clock.System{}.Now().Add(seconds + writeMargin)
	conn := http.NewResponseController(w) // where there is no connection, there is no deadline either
	_ = conn.SetReadDeadline(until)       // net/http takes a deadline for reading for the client's having gone
	_ = conn.SetWriteDeadline(until)
	asProfile(w, name)
	stop, err := begin(w)
	if err != nil {
		SetOutcome(r.Context(), "conflict", "another profile of the kind is being taken")
		writeStatus(w, http.StatusConflict)
		return
	}
	defer stop()
	ctx, done := context.WithTimeout(Connection(r.Context()), seconds)
	defer done()
	select {
	case <-ctx.Done():
	case <-stopping(r.Context()): // what was seen so far is sent, and holds nothing up
	}
}

// secondsOf is how long a profile is to take.
func secondsOf(r *http.Request) (time.Duration, bool) {
	said := r.URL.Query().Get("seconds")
	if said == "" {
		return profileSeconds * time.Second, true
	}
	n, err := strconv.Atoi(said)
	return time.Duration(n) * time.Second, err == nil && n >= 1 && n <= mostProfileSeconds
}

func asProfile(w http.ResponseWriter, name string) {
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.pprof"`)
}
