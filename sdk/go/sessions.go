package vestibule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Sessions has sessions accepted beside access tokens. The server is asked about each.
type Sessions struct {
	// Cookie is the name of the tenant's session cookie (cookies.session_name, "sessionid" by default). Empty: cookies are not looked
	// at. Browsers send it to hosts of the tenant's cookie domain alone.
	Cookie string
	// Tokens has the X-Session-Token of apps looked at.
	Tokens bool
	// IssuerOf is whose a session is, by the request: a session token does not say. It is needed where there is more than one issuer.
	IssuerOf func(r *http.Request) (Issuer, bool)
	// AllowedOrigins are those of pages, as https://www.example.org, that may send requests with a cookie which change something. The
	// API's own needs not be among them.
	AllowedOrigins []string
}

func (s *Sessions) validate(issuers []Issuer) error {
	var faults []error
	if s.Cookie == "" && !s.Tokens {
		faults = append(faults, errors.New("sessions: neither cookies nor tokens are looked at"))
	}
	if s.IssuerOf == nil && len(issuers) != 1 {
		faults = append(faults, fmt.Errorf("sessions: there are %d issuers, and nothing tells whose a session is: set IssuerOf", len(issuers)))
	}
	return errors.Join(faults...)
}

// sessionHeader is where apps send the token of their session.
const sessionHeader = "X-Session-Token"

// maxSession is how long the answer about a session may be, in bytes.
const maxSession = 64 << 10

var (
	errSession = invalid("the session is not signed in, or has ended")
	errOrigin  = invalid("a page of another origin made the request")
)

// bySession is who a request is of by the session that it shows.
func (v *Verifier) bySession(r *http.Request) (*Identity, error) {
	s := v.options.Sessions
	if s == nil {
		return nil, ErrMissing
	}
	if token := r.Header.Get(sessionHeader); s.Tokens && token != "" {
		return v.askAbout(r, "app", http.Header{sessionHeader: {token}})
	}
	if s.Cookie == "" {
		return nil, ErrMissing
	}
	cookie, err := r.Cookie(s.Cookie)
	if err != nil || cookie.Value == "" {
		return nil, ErrMissing
	}
	if err := v.origins.Check(r); err != nil {
		return nil, fmt.Errorf("%w: %w", errOrigin, err)
	}
	return v.askAbout(r, "browser", http.Header{"Cookie": {cookie.Name + "=" + cookie.Value}})
}

// askAbout asks the server whose session it is.
func (v *Verifier) askAbout(r *http.Request, client string, header http.Header) (*Identity, error) {
	i, ok := v.options.issuerOfSession(r)
	if !ok {
		return nil, errIssuer
	}
	ctx, cancel := context.WithTimeout(r.Context(), v.options.Timeout)
	defer cancel()
	res, err := ask(ctx, v.client, i, "/_allauth/"+client+"/v1/auth/session", header)
	if err != nil {
		return nil, fmt.Errorf("%w: ask %s about a session: %w", ErrUnavailable, i.URL, err)
	}
	defer discard(res)
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusGone:
		return nil, errSession
	default:
		return nil, fmt.Errorf("%w: ask %s about a session: the answer is %s", ErrUnavailable, i.URL, res.Status)
	}
	id, err := readSession(res, i)
	if err != nil {
		return nil, fmt.Errorf("%w: read what %s says of a session: %w", ErrUnavailable, i.URL, err)
	}
	return id, nil
}

// issuerOfSession is whose the session of a request is.
func (o *Options) issuerOfSession(r *http.Request) (Issuer, bool) {
	if o.Sessions.IssuerOf != nil {
		i, ok := o.Sessions.IssuerOf(r)
		return i, ok && i.validate() == nil
	}
	return o.Issuers[0], true
}

// readSession reads the answer about a session that is signed in.
func readSession(res *http.Response, i Issuer) (*Identity, error) {
	body, err := readAll(res.Body, maxSession)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			User json.RawMessage `json:"user"`
		} `json:"data"`
		Meta struct {
			Authenticated bool `json:"is_authenticated"`
		} `json:"meta"`
	}
	var user struct {
		ID json.RawMessage `json:"id"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(answer.Data.User, &user); err != nil {
		return nil, err
	}
	id := string(user.ID)
	if len(id) > 0 && id[0] == '"' {
		if err := json.Unmarshal(user.ID, &id); err != nil {
			return nil, err
		}
	}
	if !answer.Meta.Authenticated || id == "" || id == "null" {
		return nil, errors.New("it says 200, and not who is signed in")
	}
	return &Identity{Issuer: i.URL, Subject: id, claims: answer.Data.User}, nil
}
