package vestibule

import (
	"errors"
	"net/http"
	"strings"
)

// Protect lets those in whose credentials are accepted. The handler finds out who it is with [From]. What answers the preflight requests of
// browsers (CORS) has to stand before it: those show no credentials.
func (v *Verifier) Protect(next http.Handler) http.Handler { return v.admit(next, false) }

// Identify lets everybody in, and tells the handler who it is where credentials are shown. A token that is not accepted is refused all the
// same: an app whose token has expired should get another, and not be taken for a stranger. A browser whose cookie is good for nothing is a
// stranger, since its pages cannot take it away.
func (v *Verifier) Identify(next http.Handler) http.Handler { return v.admit(next, true) }

func (v *Verifier) admit(next http.Handler, strangers bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := v.Authenticate(r)
		switch {
		case err == nil:
			next.ServeHTTP(w, r.WithContext(With(r.Context(), id)))
		case strangers && (errors.Is(err, ErrMissing) || errors.Is(err, ErrOrigin) || errors.Is(err, errCookie)):
			next.ServeHTTP(w, r)
		default:
			v.refuse(w, r, err)
		}
	})
}

// Authenticate is who sends a request: by its access token, or else by its session, where those are accepted. What is wrong with a token is
// not made good by a session. An Authorization header of another scheme than Bearer is none of ours. The errors are ErrMissing,
// ErrInvalid, ErrOrigin and ErrUnavailable.
func (v *Verifier) Authenticate(r *http.Request) (*Identity, error) {
	sent := r.Header["Authorization"]
	if len(sent) > 1 {
		return nil, errTwoHeaders
	}
	if len(sent) == 1 {
		if scheme, token, _ := strings.Cut(sent[0], " "); strings.EqualFold(scheme, "Bearer") {
			return v.Verify(r.Context(), strings.TrimLeft(token, " "))
		}
	}
	id, err := v.bySession(r)
	if !errors.Is(err, ErrMissing) {
		v.note(r.Context(), err)
	}
	return id, err
}

var errTwoHeaders = invalid("there are two Authorization headers")

// refuse answers a request that is not let in (RFC 6750, section 3.1).
func (v *Verifier) refuse(w http.ResponseWriter, r *http.Request, err error) {
	challenge := `Bearer realm="` + v.options.Realm + `"`
	status, text := http.StatusUnauthorized, "Sign in, and send an access token.\n"
	switch {
	case errors.Is(err, ErrMissing):
	case errors.Is(err, ErrOrigin):
		challenge, status, text = "", http.StatusForbidden, "A page of another site may not do this for you.\n"
	case errors.Is(err, errTwoHeaders):
		challenge += `, error="invalid_request"`
		status, text = http.StatusBadRequest, "Send one Authorization header.\n"
	case errors.Is(err, ErrInvalid):
		challenge += `, error="invalid_token"`
		text = "What was sent to sign in with is not accepted, or no longer. Get a new access token.\n"
	default:
		challenge, status, text = "", http.StatusServiceUnavailable, "It cannot be told now who you are. Try again in a moment.\n"
		w.Header().Set("Retry-After", "2")
	}
	if challenge != "" {
		w.Header().Set("WWW-Authenticate", challenge)
	}
	if v.options.Refuse != nil {
		v.options.Refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // a client that has gone is no fault of ours
}
