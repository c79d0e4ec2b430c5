package vestibule

import (
	"errors"
	"net/http"
	"strings"
)

// Protect lets those in whose credentials are accepted. The handler finds out who it is with [From].
func (v *Verifier) Protect(next http.Handler) http.Handler { return v.admit(next, false) }

// Identify lets everybody in, and tells the handler who it is where credentials are shown. Ones that are not accepted are refused all the
// same: an app whose token has expired should get another, and not be taken for a stranger.
func (v *Verifier) Identify(next http.Handler) http.Handler { return v.admit(next, true) }

func (v *Verifier) admit(next http.Handler, strangers bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := v.Authenticate(r)
		switch {
		case err == nil:
			next.ServeHTTP(w, r.WithContext(With(r.Context(), id)))
		case strangers && errors.Is(err, ErrMissing):
			next.ServeHTTP(w, r)
		default:
			v.refuse(w, r, err)
		}
	})
}

// Authenticate is who sends a request: by its access token, or else by its session, where those are accepted. A request that shows an
// Authorization header is taken by that alone. The errors are ErrMissing, ErrInvalid and ErrUnavailable.
func (v *Verifier) Authenticate(r *http.Request) (*Identity, error) {
	switch sent := r.Header["Authorization"]; len(sent) {
	case 0:
		return v.bySession(r)
	case 1:
		scheme, token, _ := strings.Cut(sent[0], " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return nil, errScheme
		}
		return v.Verify(r.Context(), strings.TrimLeft(token, " "))
	}
	return nil, errTwoHeaders
}

var (
	errScheme     = invalid("the Authorization header is of another scheme than Bearer")
	errTwoHeaders = invalid("there are two Authorization headers")
)

// refuse answers a request that is not let in.
func (v *Verifier) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, text := http.StatusUnauthorized, "Sign in, and send an access token.\n"
	switch {
	case errors.Is(err, ErrMissing):
		w.Header().Set("WWW-Authenticate", "Bearer")
	case errors.Is(err, errOrigin):
		status, text = http.StatusForbidden, "A page of another site may not do this for you.\n"
	case errors.Is(err, ErrInvalid):
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		text = "What was sent to sign in with is not accepted, or no longer. Get a new access token.\n"
	default:
		w.Header().Set("Retry-After", "2")
		status, text = http.StatusServiceUnavailable, "It cannot be told now who you are. Try again in a moment.\n"
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
