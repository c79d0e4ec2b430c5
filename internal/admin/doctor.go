package admin

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/vestibule-auth/vestibule/internal/hostname"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/tenants"
)

// DoctorServer is what the process's settings say of how requests are understood.
type DoctorServer struct {
	ProxyCount     int
	ClientIPHeader string
	TenantHeader   string
	SharedHosts    []string // normal hosts
}

// Sight is what arrived of a probe: a request that was sent in order to see what arrives.
type Sight struct {
	Host         string   `json:"host"`
	Peer         string   `json:"peer"`
	ClientIP     string   `json:"client_ip"`
	ForwardedFor []string `json:"forwarded_for"`
	Header       []string `json:"client_ip_header"` // what VESTIBULE_TRUSTED_CLIENT_IP_HEADER names
	Scheme       string   `json:"forwarded_proto"`
	Tenant       string   `json:"tenant"` // the slug of the one that was found
}

// Clients is where the last requests came from.
type Clients struct {
	Requests  int    `json:"requests"`
	Distinct  int    `json:"distinct"`
	Most      string `json:"most"` // the address that most came from
	FromMost  int    `json:"from_most"`
	Forwarded int    `json:"forwarded"` // those of them that say they came through a proxy which is not believed
}

// Watch is what the public listener has seen. It is another package's.
type Watch interface {
	Issue() string
	Seen(probe string) (s *Sight, known bool)
	Clients(tenant string) Clients
}

// Level says how a check came out.
type Level string

// The levels of a check.
const (
	Fine    Level = "ok"
	Warning Level = "warning" // it works for some, or not for long
	Problem Level = "problem"
	Unknown Level = "unknown" // it takes a probe, or more requests, to tell
)

// Check is one thing that was looked at.
type Check struct {
	Subject string `json:"subject"` // tenant, scheme, client_ip, cookies, cors, csrf or traffic
	Level   Level  `json:"level"`
	Message string `json:"message"`
	Setting string `json:"setting,omitempty"` // which setting is meant
	Remedy  string `json:"remedy,omitempty"`  // what to do about it
}

// Diagnosis is how requests to a public URL are understood, and what is wrong with that.
type Diagnosis struct {
	URL     string  `json:"url"`
	Tenant  *string `json:"tenant"` // its slug; null where the host is no tenant's alone
	Checks  []Check `json:"checks"`
	Seen    *Sight  `json:"seen"` // null unless a probe arrived
	Clients Clients `json:"clients"`
}

// DoctorFacts is all that a diagnosis follows from.
type DoctorFacts struct {
	URL     *url.URL
	Tenant  *tenants.Tenant // nil: none has the host
	Named   bool            // it was asked about by name, so that it may be one that a header names on a shared host
	Origins []string        // of pages that are to use it, besides those that the tenant's settings name
	Server  DoctorServer
	Probed  bool   // a probe was sent
	Seen    *Sight // what arrived of it
	Clients Clients
}

// ProbeAddress is what a probe claims to come from: an address of documentation (RFC 5737), which nobody has.
const ProbeAddress = "203.0.113.9"

// ProbeRequest is what to send to a public URL, in order to see what arrives.
type ProbeRequest struct {
	Probe   string            `json:"probe"`   // what to ask for afterwards
	Path    string            `json:"path"`    // where to send it
	Headers map[string]string `json:"headers"` // what to send along

	TenantHeader string `json:"tenant_header"` // the header that names the tenant on shared hosts
}

// probePath is a path that every tenant answers on.
const probePath = "/_allauth/browser/v1/config"

// Probe issues a probe. It is good for two minutes, at the server that issued it.
func (s *Service) Probe() (*ProbeRequest, error) {
	if s.watch == nil {
		return nil, (&faults{{Message: "this server answers no public requests"}}).err()
	}
	id := s.watch.Issue()
	p := &ProbeRequest{Probe: id, Path: probePath, Headers: map[string]string{"X-Vestibule-Probe": id, "X-Forwarded-For": ProbeAddress}, TenantHeader: s.doctor.TenantHeader}
	if h := s.doctor.ClientIPHeader; h != "" {
		p.Headers[h] = ProbeAddress
	}
	return p, nil
}

// DoctorQuery is what is asked of the doctor.
type DoctorQuery struct {
	URL    string // "": the tenant's public URL
	Origin string // of a page that is to use it; "": those that the settings name
	Probe  string // "": none was sent
}

// Doctor says how requests to a public URL are understood, and what is wrong with that. slug is the tenant that they are meant for, or ""
// for whichever has the host. Nothing is fetched.
func (s *Service) Doctor(ctx context.Context, slug string, q DoctorQuery) (*Diagnosis, error) {
	f := DoctorFacts{Server: s.doctor, Named: slug != ""}
	f.Server.SharedHosts = s.shared
	var err error
	if slug != "" {
		if f.Tenant, err = s.served(ctx, slug); err != nil {
			return nil, err
		}
		if q.URL == "" {
			q.URL = f.Tenant.PublicURL()
		}
	}
	if f.URL, err = plainURL(q.URL); err != nil {
		return nil, badQuery("url", "must be a full URL such as https://login.example.org, without a user or password in it")
	}
	if q.Origin != "" {
		o, err := plainURL(q.Origin)
		if err != nil || o.Path != "" || o.RawQuery != "" {
			return nil, badQuery("origin", "must be scheme and host alone, such as https://app.example.org")
		}
		f.Origins = []string{o.Scheme + "://" + strings.ToLower(o.Host)}
	}
	host, _ := hostname.Normal(f.URL.Host)
	if f.Tenant == nil {
		f.Tenant, err = s.store.TenantByHost(ctx, host)
		if err != nil && !errors.Is(err, tenants.ErrUnknown) {
			return nil, failed("find tenant", err)
		}
	}
	if s.watch != nil {
		f.Clients = s.watch.Clients(slug)
	}
	if q.Probe != "" {
		known := false
		if s.watch != nil {
			f.Seen, known = s.watch.Seen(q.Probe)
		}
		if !known {
			return nil, fmt.Errorf("%w: no such probe", refusal.Of(refusal.Missing))
		}
		f.Probed = true
	}
	d := &Diagnosis{URL: f.URL.Scheme + "://" + f.URL.Host, Checks: Diagnose(f), Seen: f.Seen, Clients: f.Clients}
	if f.Tenant != nil {
		d.Tenant = &f.Tenant.Slug
	}
	if d.Seen != nil && slug != "" && d.Seen.Tenant != slug {
		hidden := *d.Seen
		hidden.Tenant = "" // which tenant else it is, is not this one's to know
		d.Seen = &hidden
	}
	return d, nil
}

// plainURL is an http or https URL without credentials.
func plainURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, err
	}
	if _, ok := hostname.Normal(u.Host); !ok || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Opaque != "" {
		return nil, errors.New("admin: not a plain URL")
	}
	return u, nil
}

// Diagnose says what follows from the facts. It is a pure function.
func Diagnose(f DoctorFacts) []Check {
	d := &diagnosis{f: f}
	d.host, _ = hostname.Normal(f.URL.Host)
	d.tenant()
	d.scheme()
	d.clientIP()
	if f.Tenant != nil {
		d.cookies()
		d.pages()
	}
	d.traffic()
	return d.checks
}

// diagnosis is a diagnosis in the making.
type diagnosis struct {
	f      DoctorFacts
	host   string // of the URL, normal
	checks []Check
}

func (d *diagnosis) say(subject string, level Level, message, setting, remedy string) {
	d.checks = append(d.checks, Check{subject, level, message, setting, remedy})
}

// tenant says which tenant requests are taken to be for.
func (d *diagnosis) tenant() {
	const subject = "tenant"
	t, s := d.f.Tenant, d.f.Seen
	shared := slices.Contains(d.f.Server.SharedHosts, d.host)
	switch {
	case t == nil && shared:
		d.say(subject, Warning, fmt.Sprintf("%s is shared by tenants: the header %s has to name one, or the answer is 404.", d.host, d.f.Server.TenantHeader),
			"VESTIBULE_TENANT_HEADER", "Have front ends send it, and ask about one tenant to see the rest.")
		return
	case t == nil:
		d.say(subject, Problem, fmt.Sprintf("No tenant has the host %s: every request to it is 404.", d.host), "hosts",
			"Add it to the tenant's hosts or, if tenants are to be named by a header there, to VESTIBULE_SHARED_HOSTS.")
		return
	case t.State != tenants.Active:
		d.say(subject, Problem, fmt.Sprintf("The tenant %s is %s: every request to it is refused.", t.Slug, t.State), "state", "Resume it.")
	case d.f.Named && shared && !t.HasHost(d.host):
		d.say(subject, Fine, fmt.Sprintf("On %s, which is shared, requests are the tenant %s's where the header %s says %s.", d.host, t.Slug, d.f.Server.TenantHeader, t.Slug),
			"", "")
	case !t.HasHost(d.host):
		d.say(subject, Problem, fmt.Sprintf("%s is not among the hosts of the tenant %s.", d.host, t.Slug), "hosts",
			"Add it to the tenant's hosts, if it is no other's.")
	default:
		d.say(subject, Fine, fmt.Sprintf("%s is the tenant %s's, by its host.", d.host, t.Slug), "", "")
	}
	if public := t.Host(); public != d.host {
		d.say(subject, Warning, fmt.Sprintf("The links in mails, the issuer of tokens and passkeys lead to %s, and not to %s.", t.PublicURL(), d.host), "public_url",
			"Set it to where people are meant to be, if that is somewhere else.")
	}
	if s == nil {
		return
	}
	if seen, _ := hostname.Normal(s.Host); seen != d.host {
		d.say(subject, Problem, fmt.Sprintf("The request was sent to %s, and arrived as one to %s: something in between changes the Host header.", d.host, s.Host), "",
			"Have the proxy pass the Host header on as it is (nginx: proxy_set_header Host $host).")
	} else if s.Tenant != t.Slug && !shared {
		d.say(subject, Problem, "The request was taken for no tenant's, or for another's.", "hosts", "Look at the hosts of the tenant.")
	}
}

// local reports whether a host never leaves the machine.
func local(host string) bool {
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
}

// scheme says whether what is sent can be read on the way.
func (d *diagnosis) scheme() {
	const subject = "scheme"
	t := d.f.Tenant
	switch {
	case d.f.URL.Scheme == "https":
		d.say(subject, Fine, "The URL is https.", "", "")
	case local(d.host):
		d.say(subject, Fine, "The URL is http, on this machine alone.", "", "")
	case t != nil && t.Secure():
		d.say(subject, Problem, "The URL is http, and cookies are for https alone: browsers drop them, and nobody stays signed in.", "cookies.secure",
			"Serve it over https; or, where nobody can listen, set public_url to the http URL, or cookies.secure to false.")
	default:
		d.say(subject, Warning, "The URL is http: passwords and sessions can be read on the way.", "", "Serve it over https.")
	}
	if t != nil && d.host == t.Host() && !strings.HasPrefix(t.PublicURL(), d.f.URL.Scheme+"://") {
		d.say(subject, Warning, fmt.Sprintf("The URL is %s, and links in mails begin with %s.", d.f.URL.Scheme, t.PublicURL()), "public_url",
			"Set it to the URL that people use.")
	}
}

// clientIP says whose address requests are taken to come from.
func (d *diagnosis) clientIP() {
	const subject, count, header = "client_ip", "VESTIBULE_TRUSTED_PROXY_COUNT", "VESTIBULE_TRUSTED_CLIENT_IP_HEADER"
	s := d.f.Seen
	switch {
	case s == nil && d.f.Probed:
		d.say(subject, Problem, "The probe did not arrive at this server: the URL leads elsewhere, to another replica, or something in between takes headers away.", "",
			"See where the name leads; with several replicas, ask again.")
		return
	case s == nil:
		d.say(subject, Unknown, "It takes a probe to see what proxies make of addresses.", "", "Run admin doctor from where people are.")
		return
	case d.f.Server.ClientIPHeader != "":
		d.byHeader(subject, header, s)
		return
	}
	hops, believed := hopsOf(s.ForwardedFor), d.f.Server.ProxyCount
	switch {
	case s.ClientIP == ProbeAddress || believed > hops:
		d.say(subject, Problem, fmt.Sprintf("Clients can choose their address: the server counts %s, and there are %d in between. Limits by address are none.", proxies(believed), hops), count,
			fmt.Sprintf("Set it to %d. If this is a way past the proxies, close it.", hops))
	case hops == 0 && believed == 0 && private(s.Peer) && !local(d.host):
		d.say(subject, Warning, fmt.Sprintf("The request came from %s, which is not a public address, and through no proxy that says so.", s.Peer), count,
			"If there is a proxy in between, have it add the address that it is called from to X-Forwarded-For, and count it.")
	case hops == 0 && believed == 0:
		d.say(subject, Fine, fmt.Sprintf("The client is %s, with no proxy in between.", s.ClientIP), "", "")
	case hops == believed && private(s.ClientIP):
		d.say(subject, Warning, fmt.Sprintf("The client is %s behind %s, which is not a public address: one more may be in between that does not say so.", s.ClientIP, proxies(hops)), count,
			"Have every proxy add the address that it is called from to X-Forwarded-For.")
	case hops == believed:
		d.say(subject, Fine, fmt.Sprintf("The client is %s, behind as many proxies as the server counts (%d).", s.ClientIP, hops), "", "")
	default:
		d.say(subject, Problem, fmt.Sprintf("The request came through %s, and the server counts %d: all clients share the address of one, %s, and with it their limits.", proxies(hops), believed, s.ClientIP),
			count, fmt.Sprintf("Set it to %d.", hops))
	}
}

func proxies(n int) string {
	if n == 1 {
		return "1 proxy"
	}
	return fmt.Sprintf("%d proxies", n)
}

// hopsOf is how many proxies added an address behind what the probe claimed. One that sets the header anew counts as the first.
func hopsOf(forwarded []string) int {
	for i, e := range slices.Backward(forwarded) {
		if e == ProbeAddress {
			return len(forwarded) - 1 - i
		}
	}
	return len(forwarded)
}

func (d *diagnosis) byHeader(subject, setting string, s *Sight) {
	h := d.f.Server.ClientIPHeader
	switch {
	case s.ClientIP == ProbeAddress:
		d.say(subject, Problem, fmt.Sprintf("Clients can choose their address: what they send as %s arrives.", h), setting,
			"Have the proxy set the header itself, whatever was sent, or count proxies in VESTIBULE_TRUSTED_PROXY_COUNT instead.")
	case len(s.Header) != 1:
		d.say(subject, Problem, fmt.Sprintf("The header %s arrives %d times, and has to once: clients are taken to be %s.", h, len(s.Header), s.ClientIP), setting,
			"Have the proxy set the header to the one address that it is called from.")
	case s.Header[0] != s.ClientIP && s.ClientIP == s.Peer:
		d.say(subject, Problem, fmt.Sprintf("The header %s does not hold an address: clients are taken to be %s.", h, s.ClientIP), setting,
			"Have the proxy set the header to the one address that it is called from.")
	case private(s.ClientIP) && !local(d.host):
		d.say(subject, Warning, fmt.Sprintf("The client is %s by %s, which is not a public address: it may be another proxy's.", s.ClientIP, h), setting,
			"Have the outermost proxy set the header.")
	default:
		d.say(subject, Fine, fmt.Sprintf("The client is %s, by %s.", s.ClientIP, h), "", "")
	}
}

// private reports whether an address is not of the public internet.
func private(address string) bool {
	ip, err := netip.ParseAddr(address)
	return err != nil || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || netip.MustParsePrefix("100.64.0.0/10").Contains(ip)
}

// cookies says whether browsers keep the tenant's cookies.
func (d *diagnosis) cookies() {
	const subject = "cookies"
	t := d.f.Tenant
	c := &t.Settings.Cookies
	if !slices.Contains(t.Settings.Headless.Clients, "browser") {
		d.say(subject, Fine, "The tenant has no browser clients: there are none.", "", "")
		return
	}
	reach := d.host + " alone"
	if c.Domain != "" {
		reach = c.Domain + " and what is below it"
	}
	bad := false
	if c.Domain != "" && d.host != c.Domain && !strings.HasSuffix(d.host, "."+c.Domain) {
		bad = true
		d.say(subject, Problem, fmt.Sprintf("Cookies are for %s, and browsers take none for it from %s.", c.Domain, d.host), "cookies.domain",
			"Leave it empty, or set it to a domain above the host.")
	}
	if strings.EqualFold(c.SameSite, "none") && !t.Secure() {
		bad = true
		d.say(subject, Problem, "Cookies are to be sent from everywhere, which browsers allow over https alone.", "cookies.secure", "Set it to true, and serve it over https.")
	}
	if !bad {
		secure := "over https alone"
		if !t.Secure() {
			secure = "over http as well"
		}
		d.say(subject, Fine, fmt.Sprintf("The session is kept in %s, for %s, %s, SameSite=%s.", c.SessionName, reach, secure, c.SameSite), "", "")
	}
}

// pages says whether the pages of front ends may use the browser API.
func (d *diagnosis) pages() {
	t := d.f.Tenant
	if !slices.Contains(t.Settings.Headless.Clients, "browser") {
		return
	}
	here := d.f.URL.Scheme + "://" + strings.ToLower(d.f.URL.Host)
	origins := slices.Concat(d.f.Origins, t.Settings.CORS.AllowedOrigins)
	for _, page := range []tenants.Frontend{tenants.ConfirmEmail, tenants.ResetPassword, tenants.ResetPasswordFromKey, tenants.SignupPage, tenants.LoginError} {
		u, err := url.Parse(t.FrontendURL(page, "key"))
		if err != nil || u.Scheme != "https" && u.Scheme != "http" {
			continue // an app's own scheme
		}
		if origin := u.Scheme + "://" + u.Host; origin != t.PublicURL() { // where pages are unless something else is said
			origins = append(origins, origin)
		}
	}
	slices.Sort(origins)
	for _, origin := range slices.Compact(origins) {
		if origin != here && !strings.Contains(origin, "*") {
			d.page(origin)
		}
	}
	if len(d.f.Origins) == 0 && !slices.ContainsFunc(d.checks, func(c Check) bool { return c.Subject == "cors" }) {
		d.say("cors", Fine, "All pages that the settings name are on the same origin.", "", "")
	}
}

// page says whether the pages of another origin may use the browser API.
func (d *diagnosis) page(origin string) {
	t := d.f.Tenant
	u, err := url.Parse(origin)
	if err != nil {
		return
	}
	if !t.AllowedOrigin(origin) {
		d.say("cors", Problem, fmt.Sprintf("Pages of %s may not read answers, and what they send fails the CSRF check.", origin), "cors.allowed_origins", "Add "+origin+" to it.")
		return
	}
	d.say("cors", Fine, fmt.Sprintf("Pages of %s may read answers, and act.", origin), "", "")
	host, _ := hostname.Normal(u.Host)
	c := &t.Settings.Cookies
	switch sameSite := tenants.Site(host) == tenants.Site(d.host) && u.Scheme == d.f.URL.Scheme; {
	case host == d.host && u.Scheme == d.f.URL.Scheme:
		d.say("csrf", Fine, fmt.Sprintf("Scripts of %s can read the CSRF token: cookies do not mind the port.", origin), "", "")
	case !sameSite && !strings.EqualFold(c.SameSite, "none"):
		d.say("cookies", Problem, fmt.Sprintf("%s is another site than %s: with SameSite=%s browsers send no cookies from there, and nobody stays signed in.", origin, d.host, c.SameSite),
			"cookies.samesite", "Serve the API under a host of the front end's own domain, which works everywhere; have the front end be an app client; or set it to None.")
	case !sameSite:
		d.say("csrf", Problem, fmt.Sprintf("%s is another site than %s: its scripts cannot read the CSRF token, and many browsers keep no cookies of other sites.", origin, d.host),
			"hosts", "Serve the API under a host of the front end's own domain, or have the front end be an app client, which has no cookies.")
	case c.Domain != "" && (host == c.Domain || strings.HasSuffix(host, "."+c.Domain)):
		d.say("csrf", Fine, fmt.Sprintf("Scripts of %s can read the CSRF token: cookies are for %s.", origin, c.Domain), "", "")
	default:
		d.say("csrf", Problem, fmt.Sprintf("Scripts of %s cannot read the CSRF token, since cookies are for %s: what they send is refused with 403.", origin, cookieReach(c.Domain, d.host)),
			"cookies.domain", fmt.Sprintf("Set it to %s, or to another domain above both, if nobody else's pages are below it.", tenants.Site(d.host)))
	}
}

func cookieReach(domain, host string) string {
	if domain == "" {
		return host + " alone"
	}
	return domain
}

// Traffic that tells whether clients are told apart.
const (
	leastTraffic = 50 // requests, before anything can be said
	nearlyAll    = 90 // per cent
)

// traffic says whether all requests seem to come from one address.
func (d *diagnosis) traffic() {
	const subject = "traffic"
	c := d.f.Clients
	switch {
	case c.Requests < leastTraffic:
		d.say(subject, Unknown, fmt.Sprintf("There were %d requests of late: too few to tell whether clients are told apart.", c.Requests), "", "")
	case c.FromMost*100 < nearlyAll*c.Requests:
		d.say(subject, Fine, fmt.Sprintf("The last %d requests came from %d addresses.", c.Requests, c.Distinct), "", "")
	case private(c.Most) || c.Forwarded > 0:
		d.say(subject, Problem, fmt.Sprintf("Of the last %d requests, %d came from %s, which looks like a proxy's: all clients share its limits, and one can use them up for everybody.",
			c.Requests, c.FromMost, c.Most), "VESTIBULE_TRUSTED_PROXY_COUNT", "Count the proxies in between; the check of the client's address says how many there are.")
	default:
		d.say(subject, Warning, fmt.Sprintf("Of the last %d requests, %d came from %s: a server that calls for its users, or a proxy that is not counted. They share one address's limits.",
			c.Requests, c.FromMost, c.Most), "VESTIBULE_TRUSTED_PROXY_COUNT", "Count proxies; have servers pass on who calls them.")
	}
}
