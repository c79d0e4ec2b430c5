package adminui

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"html"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/vestibule-auth/vestibule/internal/secret"
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

// policy is what the pages may do: run and show what the server itself sent, and call the server itself. Nothing inline runs, and the
// styles that are made while the page lives carry the page's nonce. Pictures may be data: the marks in Mantine's styles are.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-%'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves the pages. Every path that names no file is the app's own, which finds the page by itself.
func Handler(o Options) http.Handler {
	build, err := fs.Sub(files, "dist")
	if err != nil {
		panic("adminui: " + err.Error()) // "dist" is a valid path
	}
	return handler(o, build)
}

func handler(o Options, build fs.FS) http.Handler {
	s := &site{options: o, build: build}
	return http.HandlerFunc(s.serve)
}

// site is a build, of which each file is compressed when it is first asked for.
type site struct {
	options Options
	build   fs.FS
	files   sync.Map // of *file by name
}

// file is one file of the build as it is sent.
type file struct {
	plain, gzipped []byte // gzipped: nil where that is not shorter
	mime           string
}

func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
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
		s.page(w, r)
	}
}

// page sends the app's one page, with a nonce of its own.
func (s *site) page(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	nonce := secret.Token()
	h.Set("Content-Security-Policy", strings.Replace(policy, "%", nonce, 1))
	index, err := s.file("index.html")
	if errors.Is(err, fs.ErrNotExist) {
		absent, err := files.ReadFile("dist.absent.html")
		if err != nil {
			panic("adminui: " + err.Error()) // it is embedded
		}
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write(absent) // whoever asked has gone if this fails
		return
	}
	facts, err := s.options.Facts(r.Context())
	if err != nil {
		h.Set("Retry-After", "5")
		http.Error(w, "The server cannot show these pages right now. Try again soon; /readyz says what is wrong.", http.StatusServiceUnavailable)
		return
	}
	page := bytes.ReplaceAll(index.plain, []byte("__NONCE__"), []byte(nonce))
	page = bytes.ReplaceAll(page, []byte("__CSRF_COOKIE__"), []byte(html.EscapeString(facts.CSRFCookie)))
	page = bytes.ReplaceAll(page, []byte("__PUBLIC_URL__"), []byte(html.EscapeString(facts.PublicURL)))
	page = bytes.ReplaceAll(page, []byte("__ENVIRONMENT__"), []byte(html.EscapeString(facts.Environment)))
	_, _ = w.Write(page)
}

// send sends a file. Those in assets are named after what is in them, and kept for ever.
func (s *site) send(w http.ResponseWriter, r *http.Request, f *file) {
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
func (s *site) file(name string) (*file, error) {
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
