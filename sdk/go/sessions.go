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
	// IssuerOf is whose a session is, by the request: a session token does not say. It is needed where there is more than one issuer. It has
	// to be exact: what it says is where the session is sent. ErrInvalid says that it is nobody's; with any other error, nobody can tell.
	IssuerOf func(r *http.Request) (Issuer, error)
	// AllowedOrigins are those of pages, as https://www.example.org, that may send requests with a cookie which change something. The API's
	// own needs not be among them. Requests that only read (GET, HEAD, OPTIONS) may come from anywhere, but for handshakes of WebSockets: a
	// handler of those must not change anything.
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
	// errCookie is errSession of a browser, whose pages cannot take the cookie away.
	errCookie  = fmt.Errorf("%w, as the cookie names it", errSession)
	errCookies = invalid("there are two session cookies")
	// errTwoTokens is what two readers may see differently, too.
	errTwoTokens = invalid("there are two X-Session-Token headers")
)

// bySession is who a request is of by the session that it shows.
func (v *Verifier) bySession(r *http.Request) (*Identity, error) {
	s := v.options.Sessions
	if s == nil {
		return nil, ErrMissing
	}
	if len(r.Header[sessionHeader]) > 1 && s.Tokens {
		return nil, errTwoTokens
	}
	if token := r.Header.Get(sessionHeader); s.Tokens && token != "" {
		return v.askAbout(r, "app", http.Header{sessionHeader: {token}}, errSession)
	}
	if s.Cookie == "" {
		return nil, ErrMissing
	}
	cookies := r.CookiesNamed(s.Cookie)
	if len(cookies) == 0 || cookies[0].Value == "" {
		return nil, ErrMissing
	}
	for _, other := range cookies[1:] {
		if other.Value != cookies[0].Value { // which of them counts, two readers may see differently
			return nil, errCookies
		}
	}
	if err := v.origins.Check(changing(r)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOrigin, err)
	}
	return v.askAbout(r, "browser", http.Header{"Cookie": {s.Cookie + "=" + cookies[0].Value}}, errCookie)
}

// changing is a request as the check of origins is to see it: what begins as a GET and goes on as a WebSocket may change anything.
func changing(r *http.Request) *http.Request {
	if r.Header.Get("Upgrade") == "" {
		return r
	}
	as := *r
	as.Method = http.MethodPost
	return &as
}

// askAbout asks the server whose session it is. The user's own program is named, since the server notes what a session is used with.
func (v *Verifier) askAbout(r *http.Request, client string, header http.Header, ended error) (*Identity, error) {
	i, err := v.issuerOfSession(r)
	if err != nil {
		return nil, err
	}
	header.Set("User-Agent", r.UserAgent())
	ctx, cancel := context.WithTimeout(r.Context(), v.options.Timeout)
	defer cancel()
	res, err := ask(ctx, v.client, i, "/_allauth/"+client+"/v1/auth/session", header)
	if err != nil {
		return nil, fmt.Errorf("%w: ask %s about a session: %w", ErrUnavailable, i.URL, err)
	}
	defer discard(res)
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusGone:
		return nil, ended
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
func (v *Verifier) issuerOfSession(r *http.Request) (Issuer, error) {
	of := v.options.Sessions.IssuerOf
	if of == nil {
		return v.options.Issuers[0], nil
	}
	i, err := of(r)
	if err == nil {
		err = i.validate()
	} else if errors.Is(err, ErrInvalid) {
		return i, err
	}
	if err != nil {
		return i, fmt.Errorf("%w: look up the issuer: %w", ErrUnavailable, err)
	}
	return i, nil
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
	id, err := subjectOf(user.ID)
	if err != nil {
		return nil, err
	}
	if !answer.Meta.Authenticated || id == "" {
		return nil, errors.New("it says 200, and not who is signed in")
	}
	return &Identity{Issuer: i.URL, Subject: id, Raw: answer.Data.User}, nil
}

// subjectOf is a user's id as text. Servers that Vestibule took the place of may have had numbers.
func subjectOf(raw json.RawMessage) (string, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text, nil
	}
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil {
		return "", errors.New("the user's id is neither text nor a number")
	}
	return number.String(), nil
}
