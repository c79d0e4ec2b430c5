package app

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/vestibule-auth/vestibule/internal/demoapp"
	"github.com/vestibule-auth/vestibule/internal/httpd"
)

// demoMail is where the demo tenant's front end reads the messages that the tenant sent.
const demoMail = "/dev/mail"

// ofTheAPI are the beginnings of the paths that are the API's, or will be: what is not there is answered as everywhere.
var ofTheAPI = []string{"/_allauth/", "/.well-known/", "/accounts/"}

// demoFront shows whoever opens the demo tenant's host a front end, and hands everything else to the wire: what is the API's, and what is
// asked of any other host. It is put before the wire with --dev alone.
func (a *App) demoFront(wire, mail http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		of := func(prefix string) bool { return strings.HasPrefix(r.URL.Path+"/", prefix) }
		if slices.ContainsFunc(ofTheAPI, of) {
			wire.ServeHTTP(w, r)
			return
		}
		// The host decides alone, and must be the tenant's own: no page that has another name lead to this machine is taken for it.
		t, err := a.Directory.Resolve(r.Context(), r.Host, "")
		switch {
		case err != nil || t.Slug != demo || r.URL.Path == demoMail && a.Mailbox == nil:
			wire.ServeHTTP(w, r)
		case r.URL.Path == demoMail:
			recorder{}.Route(r, demoMail, demo)
			showMail(mail, w, r)
		default:
			recorder{}.Route(r, "/", demo)
			demoapp.Serve(w, r, t.Settings.Cookies.CSRFName)
		}
	})
}

// showMail lets a request through to messages that have codes and links in them, and asks for no token. So it must come from this machine,
// and from no page but the front end's own.
func showMail(mail http.Handler, w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "This mailbox is read with GET.", http.StatusMethodNotAllowed)
	case !fromThisMachine(r):
		httpd.SetOutcome(r.Context(), "not from this machine", "the development mailbox was asked for from elsewhere, or through a proxy")
		http.Error(w, "This mailbox is shown on the machine that the server runs on, and not through a proxy. "+
			"From elsewhere, ask /admin/v1/dev/mail on the operators' listener, with the admin token.", http.StatusForbidden)
	case !fromOwnPage(r):
		httpd.SetOutcome(r.Context(), "from a foreign page", "a page of another origin asked for the development mailbox")
		http.Error(w, "This mailbox is for pages of its own origin.", http.StatusForbidden)
	default:
		mail.ServeHTTP(w, r)
	}
}

// fromThisMachine reports whether a request came from this machine and went through no proxy: one that runs here would bring requests of
// anybody. The peer of the connection counts, and not what it may say.
func fromThisMachine(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() || !httpd.ClientIP(r.Context()).IsLoopback() {
		return false
	}
	return !slices.ContainsFunc([]string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip"}, func(name string) bool {
		return len(r.Header[name]) > 0
	})
}

// fromOwnPage reports whether a request is one of a page of its own origin, of somebody who typed the address, or of a program: browsers tell
// (Fetch Metadata, section 2.3). Of one that does not tell, a page of another origin cannot read the answer: it has no CORS headers, and
// is no script.
func fromOwnPage(r *http.Request) bool {
	sites := r.Header["Sec-Fetch-Site"]
	return len(sites) == 0 || len(sites) == 1 && (sites[0] == "same-origin" || sites[0] == "none")
}

// demoPages are where the links in the demo tenant's mails lead: to the front end's pages, below the public URL.
func demoPages(publicURL string) map[string]string {
	return map[string]string{
		"account_confirm_email":           publicURL + "/verify-email/{key}",
		"account_reset_password":          publicURL + "/forgot-password",
		"account_reset_password_from_key": publicURL + "/reset-password/{key}",
		"account_signup":                  publicURL + "/signup",
		"socialaccount_login_error":       publicURL + "/provider-error",
	}
}
