package client

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What an *Error is, beside its status. Compare with errors.Is.
var (
	// ErrSessionEnded is 410: the session that this client had is over, and is forgotten.
	ErrSessionEnded = errors.New("client: the session has ended")
	// ErrSignedOut is 401 where only whoever is signed in has a say, and nobody is.
	ErrSignedOut = errors.New("client: nobody is signed in")
	// ErrReauthenticate is 401 where a fresh proof is asked for of who is signed in. Error.Session has the ways to give it.
	ErrReauthenticate = errors.New("client: it must be proved anew who is signed in")
	// ErrNoTokens is returned by Access and RefreshTokens where there is no access token to be had: nobody has signed in, the tenant hands
	// out none, or the session of the refresh token is over.
	ErrNoTokens = errors.New("client: there is no access token")
)

// Error is what the server declined, and why as far as it says.
type Error struct {
	Op         string        // the method and path of the request
	Status     int           // of HTTP: 400 for faults of the input, 401, 403, 404, 409, 410, 429, 503; and what else may come
	Errors     []FieldError  // what is wrong, in the server's order; mostly with 400
	RetryAfter time.Duration // how long to wait, on 429 and 503; 0 where the server does not say
	Session    *Session      // the state of the session, on 401 and 410
}

// FieldError is one fault of the input.
type FieldError struct {
	Code    string `json:"code"`            // such as "email_password_mismatch", for programs
	Message string `json:"message"`         // for people
	Param   string `json:"param,omitempty"` // the member that is at fault, "" for none alone
}

// Error is the status with its faults.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "client: %s: %d %s", e.Op, e.Status, http.StatusText(e.Status))
	for _, f := range e.Errors {
		fmt.Fprintf(&b, "; %s (%s", f.Message, f.Code)
		if f.Param != "" {
			fmt.Fprintf(&b, ", %s", f.Param)
		}
		b.WriteByte(')')
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, "; come back in %s", e.RetryAfter)
	}
	return b.String()
}

// Is makes errors.Is tell the three kinds apart that have a name.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrSessionEnded:
		return e.Status == http.StatusGone
	case ErrSignedOut:
		return e.Status == http.StatusUnauthorized && e.Session != nil && e.Session.User == nil
	case ErrReauthenticate:
		return e.Status == http.StatusUnauthorized && e.Session != nil && e.Session.User != nil
	}
	return false
}

// Has reports whether a fault with that code is among the errors.
func (e *Error) Has(code string) bool {
	return slices.ContainsFunc(e.Errors, func(f FieldError) bool { return f.Code == code })
}

// newError is the error that an answer amounts to.
func newError(r *request, a *answer, retryAfter string, now time.Time) *Error {
	e := &Error{Op: r.method + " " + r.path, Status: a.status, Errors: a.Errors, RetryAfter: wait(retryAfter, now)}
	if a.status == http.StatusUnauthorized || a.status == http.StatusGone {
		e.Session, _ = a.session(r)
	}
	return e
}

// wait reads Retry-After, which is a number of seconds or a date (RFC 9110, section 10.2.3); 0 where it is neither.
func wait(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
