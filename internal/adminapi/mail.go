package adminapi

import (
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Mail is a message that a development server kept instead of sending it.
type Mail struct {
	To      string    `json:"to"`
	From    string    `json:"from"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
	Kind    string    `json:"kind"`
	Tenant  string    `json:"tenant"` // the slug
	At      time.Time `json:"at"`
}

// Mailbox is where a development server keeps its messages. It is another package's, on a floor that this one does not
// reach.
type Mailbox interface {
	// Mails lists the messages, newest first.
	Mails() []Mail
	// Empty forgets them.
	Empty()
}

// keptMail is a message with what one would look for in it.
type keptMail struct {
	Mail
	Links []string `json:"links"`
}

// link is an address in a text, of any scheme: apps have their own.
var link = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s<>"]+`)

// linksIn are the addresses in a text, without what ends the sentence around them.
func linksIn(text string) []string {
	links := []string{}
	for _, l := range link.FindAllString(text, -1) {
		links = append(links, strings.TrimRight(l, ".,;:!?)'"))
	}
	return links
}

// listMail serves GET dev/mail.
func (a *API) listMail(w http.ResponseWriter, r *http.Request) error {
	return a.sendMail(w, r, func(Mail) bool { return true })
}

// MailOf serves what dev/mail lists, of one tenant alone, to whoever asks: who may is for its caller to see to.
func (a *API) MailOf(slug string) http.Handler {
	return a.answer(func(a *API, w http.ResponseWriter, r *http.Request) error {
		if err := checkQuery(r, mailQuery); err != nil {
			return err
		}
		return a.sendMail(w, r, func(m Mail) bool { return m.Tenant == slug })
	})
}

// mailQuery are the parameters of a list of messages.
var mailQuery = []string{"to", "limit"}

// sendMail answers with the latest messages among some.
func (a *API) sendMail(w http.ResponseWriter, r *http.Request, among func(Mail) bool) error {
	if a.Mailbox == nil {
		return errNoRoute
	}
	q := r.URL.Query()
	n, err := limit(q)
	if err != nil {
		return err
	}
	items := []keptMail{}
	for _, m := range a.Mailbox.Mails() {
		if len(items) < n && among(m) && (!q.Has("to") || strings.EqualFold(m.To, q.Get("to"))) {
			items = append(items, keptMail{m, linksIn(m.Text)})
		}
	}
	send(w, http.StatusOK, jsonType, map[string]any{"items": items})
	return nil
}

// emptyMail serves DELETE dev/mail.
func (a *API) emptyMail(w http.ResponseWriter, _ *http.Request) error {
	if a.Mailbox == nil {
		return errNoRoute
	}
	a.Mailbox.Empty()
	w.WriteHeader(http.StatusNoContent)
	return nil
}
