package httpd

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/secret"
)

// ProbeHeader marks a request that somebody sent to see what arrives of it.
const ProbeHeader = "X-Vestibule-Probe"

// The bounds of what a Watch keeps.
const (
	watched    = 512 // requests
	mostProbes = 64
	probeLife  = 2 * time.Minute
	longestOf  = 200 // bytes of a header's value
	mostOf     = 20  // values of a header
)

// Watch remembers where the last requests came from, and what arrived of probes, for whoever wonders how clients are told apart. It keeps
// a few hundred addresses in memory and nothing else of anybody's request. The zero value, with a clock, is ready for use.
type Watch struct {
	Clock clock.Clock
	// ClientIPHeader is the header that a proxy puts the client's address in, in canonical form; "" for none.
	ClientIPHeader string

	mu     sync.Mutex
	last   [watched]sighting
	next   int
	probes map[string]*awaited // by the digest of what the header must say
}

// sighting is what is kept of a request.
type sighting struct {
	tenant    string
	ip        netip.Addr
	forwarded bool // it says that it came through a proxy that is not believed
}

type awaited struct {
	until time.Time
	seen  *Sight
}

// Sight is what arrived of a probe.
type Sight struct {
	Host         string
	Peer         netip.Addr
	ClientIP     netip.Addr
	ForwardedFor []string // the elements of X-Forwarded-For, in their order
	Header       []string // the values of ClientIPHeader
	Scheme       string   // what X-Forwarded-Proto says
	Tenant       string   // the slug of the tenant that was found
}

// Clients is where the last requests came from.
type Clients struct {
	Requests  int
	Distinct  int
	Most      netip.Addr // the address that most of them came from
	FromMost  int
	Forwarded int // those of them that say they came through a proxy which is not believed
}

// Issue is what the header of a new probe must say. It is good for two minutes. Too many at once push out the oldest.
func (w *Watch) Issue() string {
	token, now := secret.Token(), w.Clock.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.probes == nil {
		w.probes = map[string]*awaited{}
	}
	oldest := ""
	for id, p := range w.probes {
		if !now.Before(p.until) {
			delete(w.probes, id)
		} else if oldest == "" || p.until.Before(w.probes[oldest].until) {
			oldest = id
		}
	}
	if len(w.probes) >= mostProbes {
		delete(w.probes, oldest)
	}
	w.probes[string(secret.Digest(token))] = &awaited{until: now.Add(probeLife)}
	return token
}

// Seen is what arrived of a probe; known says that the probe was issued here and is not too old, and the sight is nil if nothing
// arrived.
func (w *Watch) Seen(token string) (s *Sight, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, ok := w.probes[string(secret.Digest(token))]
	if !ok || !w.Clock.Now().Before(p.until) {
		return nil, false
	}
	return p.seen, true
}

// Clients is where the last requests to a tenant came from or, with "", to all of them.
func (w *Watch) Clients(tenant string) Clients {
	w.mu.Lock()
	defer w.mu.Unlock()
	var c Clients
	counts := map[netip.Addr]int{}
	for _, s := range w.last {
		if !s.ip.IsValid() || tenant != "" && s.tenant != tenant {
			continue
		}
		c.Requests++
		counts[s.ip]++
		if n := counts[s.ip]; n > c.FromMost {
			c.Most, c.FromMost = s.ip, n
		}
	}
	for _, s := range w.last {
		if s.forwarded && s.ip == c.Most && (tenant == "" || s.tenant == tenant) {
			c.Forwarded++
		}
	}
	c.Distinct = len(counts)
	return c
}

// Watched notes requests in a Watch.
func Watched(w *Watch) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(rw, r)
			w.note(r)
		})
	}
}

func (w *Watch) note(r *http.Request) {
	rec := From(r.Context())
	if !rec.ClientIP.IsValid() {
		return
	}
	peer, _ := parseIP(r.RemoteAddr)
	s := sighting{tenant: rec.Tenant, ip: rec.ClientIP, forwarded: rec.ClientIP == peer && len(r.Header[forwardedFor]) > 0}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last[w.next] = s
	w.next = (w.next + 1) % watched
	sent := r.Header[ProbeHeader]
	if len(sent) != 1 || len(w.probes) == 0 {
		return
	}
	p, ok := w.probes[string(secret.Digest(sent[0]))]
	if !ok || !w.Clock.Now().Before(p.until) {
		return
	}
	p.seen = &Sight{
		Host: short(r.Host), Peer: peer, ClientIP: rec.ClientIP, ForwardedFor: elements(r.Header[forwardedFor]),
		Scheme: short(strings.Join(r.Header["X-Forwarded-Proto"], ",")), Tenant: rec.Tenant,
	}
	if w.ClientIPHeader != "" {
		for _, v := range r.Header[w.ClientIPHeader] {
			p.seen.Header = append(p.seen.Header, short(v))
		}
		p.seen.Header = p.seen.Header[:min(len(p.seen.Header), mostOf)]
	}
}

// elements are the last elements of a list that is spread over lines.
func elements(lines []string) []string {
	var all []string
	for _, line := range lines {
		for e := range strings.SplitSeq(line, ",") {
			all = append(all, short(strings.Trim(e, " \t")))
		}
	}
	return all[max(0, len(all)-mostOf):]
}

func short(s string) string { return strings.ToValidUTF8(s[:min(len(s), longestOf)], "") }
