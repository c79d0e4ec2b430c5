// Package site serves a single-page app as it was built: one page, and the files that it loads. Every path that names no file is the
// app's own, which finds by itself what to show there. A page runs nothing that the server did not send, and belongs in no other page.
//
// A build is a folder with an index.html, and with the rest in assets under names that change with what is in it, as Vite makes them.
// The page has __NONCE__ wherever the nonce of its policy belongs, and a place such as __CSRF_COOKIE__ for each fact that it is told.
package site

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"html"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// Facts are what a page must know before it can ask: texts by the place in the page that they are filled into.
type Facts map[string]string

// Site is an app. Each of its files is compressed when it is first asked for.
type Site struct {
	build  fs.FS
	absent []byte
	forms  string   // where forms may go; "" for nowhere
	files  sync.Map // of *file by name
}

// New is the app that was built into a folder. Where the folder has none, there is one page for all: absent, which says so.
func New(build fs.FS, absent []byte) *Site { return &Site{build: build, absent: absent} }

// Dist is the folder dist of what a package embeds, into which an app is built. It may be missing.
func Dist(files fs.FS) fs.FS {
	build, err := fs.Sub(files, "dist")
	if err != nil {
		panic("site: " + err.Error()) // "dist" is a valid path
	}
	return build
}

// Built reports whether a folder has an app.
func Built(build fs.FS) bool {
	_, err := fs.Stat(build, "index.html")
	return err == nil
}

// Forms has an app post forms to the addresses that its policy is told of (form-action), such as "'self'"; otherwise it posts none. A
// redirect that a form is answered with has to be among them, too.
func (s *Site) Forms(to string) *Site {
	s.forms = to
	return s
}

// policy is what the pages may do: run and show what the server itself sent, and call the server itself. Nothing inline runs, and the
// styles that are made while the page lives carry the page's nonce. Pictures may be data: marks in style sheets often are.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-%'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action %; frame-ancestors 'none'"

// file is one file of the build as it is sent.
type file struct {
	plain, gzipped []byte // gzipped: nil where that is not shorter
	mime           string
}

// Serve answers a request. facts is asked where the answer is a page.
func (s *Site) Serve(w http.ResponseWriter, r *http.Request, facts func() (Facts, error)) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if s.forms != "" { // under the other, browsers say that a form comes from nowhere (Origin: null; Fetch, section 3.2)
		h.Set("Referrer-Policy", "same-origin")
	}
	h.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "these pages are read with GET", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	f, err := s.file(name)
	switch {
	case err == nil && name != "index.html":
		s.send(w, r, f)
	case strings.HasPrefix(name, "assets/"): // of another version: a page here would be taken for a script
		http.NotFound(w, r)
	default:
		s.page(w, facts)
	}
}

// page sends the app's one page, with a nonce of its own.
func (s *Site) page(w http.ResponseWriter, facts func() (Facts, error)) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	nonce := secret.Token()
	h.Set("Content-Security-Policy", strings.Replace(strings.Replace(policy, "%", nonce, 1), "%", cmp.Or(s.forms, "'none'"), 1))
	index, err := s.file("index.html")
	if errors.Is(err, fs.ErrNotExist) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write(s.absent) // whoever asked has gone if this fails
		return
	}
	told, err := facts()
	if err != nil {
		h.Set("Retry-After", "5")
		http.Error(w, "The server cannot show these pages right now. Try again soon; /readyz says what is wrong.", http.StatusServiceUnavailable)
		return
	}
	places := []string{"__NONCE__", nonce}
	for place, fact := range told {
		places = append(places, place, html.EscapeString(fact))
	}
	page := strings.NewReplacer(places...).Replace(string(index.plain)) // in one go: no place that is in a fact is filled in
	_, _ = io.WriteString(w, page)
}

// send sends a file. Those in assets are named after what is in them, and kept for ever.
func (s *Site) send(w http.ResponseWriter, r *http.Request, f *file) {
	h := w.Header()
	h.Set("Content-Type", f.mime)
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(r.URL.Path, "/assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := f.plain
	if f.gzipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			body = f.gzipped
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) //nolint:gosec // it is a file of the build, whoever asks
}

// types are those of what a build has in it. The machine's own table may have others, such as text/plain for scripts.
var types = map[string]string{
	".css":   "text/css; charset=utf-8",
	".html":  "text/html; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".json":  "application/json",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
}

// file is a file of the build.
func (s *Site) file(name string) (*file, error) {
	if f, ok := s.files.Load(name); ok {
		return f.(*file), nil
	}
	plain, err := fs.ReadFile(s.build, name)
	if err != nil {
		return nil, err
	}
	f := &file{plain: plain, mime: types[path.Ext(name)]}
	if f.mime == "" {
		f.mime = "application/octet-stream"
	}
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(plain); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	if out.Len() < len(plain) {
		f.gzipped = out.Bytes()
	}
	s.files.Store(name, f)
	return f, nil
}

// acceptsGzip reports whether a client takes gzip (RFC 9110, section 12.5.3), as every browser does. A weight of nought refuses it.
func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q := strings.ReplaceAll(strings.TrimSpace(weight), " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}
