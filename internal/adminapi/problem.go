package adminapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/refusal"
)

// problem is an answer that declines a request (RFC 9457). As an error it is what a handler returns to send it.
type problem struct {
	Type      string        `json:"type"`
	Title     string        `json:"title"`
	Status    int           `json:"status"`
	Detail    string        `json:"detail,omitempty"`
	Errors    []admin.Fault `json:"errors,omitempty"`
	RequestID string        `json:"request_id,omitempty"`
}

// Error is the title.
func (p *problem) Error() string { return p.Title }

// because is the problem with its faults.
func (p *problem) because(faults ...admin.Fault) *problem {
	q := *p
	q.Errors = faults
	return &q
}

func newProblem(kind string, status int, title, detail string) *problem {
	return &problem{Type: "urn:vestibule:problem:" + kind, Title: title, Status: status, Detail: detail}
}

// The problems. Their types never change.
var (
	errMalformed = newProblem("malformed", http.StatusBadRequest, "The request cannot be read.",
		"See errors for what is wrong with it.")
	errNoToken = newProblem("unauthenticated", http.StatusUnauthorized, "A token is needed.",
		"Sign in, or send an API token in the Authorization header, as a Bearer token.")
	errForbidden = newProblem("forbidden", http.StatusForbidden, "This is not allowed.", "")
	errCrossSite = newProblem("cross-site", http.StatusForbidden, "This request comes from a page of another site.",
		"A browser's session is for the operators' own pages: open what you want there, or in a new tab. Programs send an API token.")
	errWeak = newProblem("second-factor", http.StatusForbidden, "A second factor is needed.",
		"Operators sign in with a second factor or a passkey. Add one to your account, or show the one that you have.")
	errNoRoute  = newProblem("unknown-path", http.StatusNotFound, "There is nothing at this path.", "")
	errMissing  = newProblem("missing", http.StatusNotFound, "There is no such thing.", "It may have been deleted.")
	errNoMethod = newProblem("method", http.StatusMethodNotAllowed, "This method is not for this path.",
		"The Allow header lists those that are.")
	errTaken = newProblem("taken", http.StatusConflict, "This belongs to another already.",
		"See errors for what it is. Choose another, or have it given up first.")
	errInUse = newProblem("in-use", http.StatusConflict, "Others have what belonged to this.",
		"See errors for what it is. It has to be free first.")
	errState = newProblem("state", http.StatusConflict, "This is not possible as things are.",
		"Nothing was changed. See errors for what stands in the way.")
	errConflict = newProblem("conflict", http.StatusConflict, "Others kept changing this at the same time.",
		"Read it again, then decide whether the change is still wanted.")
	errGone  = newProblem("gone", http.StatusGone, "This is not there any more.", "")
	errStale = newProblem("stale", http.StatusPreconditionFailed, "This was changed by someone else.",
		"The If-Match header names another version. Read it again, then decide whether the change is still wanted.")
	errOther = newProblem("other-version", http.StatusConflict, "This was changed by someone else.",
		"The document names another version. Read it again, then decide whether the change is still wanted.")
	errTooLarge = newProblem("too-large", http.StatusRequestEntityTooLarge, "The body is too large.",
		"It may have 1 MiB at most.")
	errMediaType = newProblem("media-type", http.StatusUnsupportedMediaType, "The body has a type that is not taken here.",
		"Send JSON or, where a whole document is taken, YAML, and say so in the Content-Type header.")
	errInvalid = newProblem("invalid", http.StatusUnprocessableEntity, "The input is not valid.",
		"Nothing was changed. See errors for everything that is wrong.")
	errLimited = newProblem("limited", http.StatusTooManyRequests, "There were too many requests.", "Wait a while, then try again.")
	errFailed  = newProblem("failed", http.StatusInternalServerError, "Something went wrong in the server.",
		"The server's log has more, under the request_id.")
	errBusy = newProblem("busy", http.StatusServiceUnavailable, "The server cannot do this right now.", "Try again soon.")
)

// kinds is what each kind of refusal becomes here.
var kinds = map[refusal.Kind]*problem{
	refusal.Invalid:         errMalformed,
	refusal.Unauthenticated: errNoToken,
	refusal.Forbidden:       errForbidden,
	refusal.Missing:         errMissing,
	refusal.Conflict:        errState,
	refusal.Gone:            errGone,
	refusal.Limited:         errLimited,
	refusal.Busy:            errBusy,
}

// problemOf is the problem that an error means, or nil where it means nothing to anybody outside.
func problemOf(r *http.Request, err error) *problem {
	var (
		own      *problem
		invalid  *admin.Invalid
		taken    *admin.Taken
		inUse    *admin.InUse
		tooLarge *http.MaxBytesError
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &invalid):
		return errInvalid.because(invalid.Faults...)
	case errors.As(err, &taken):
		return errTaken.because(taken.Fault)
	case errors.As(err, &inUse):
		return errInUse.because(inUse.Faults...)
	case errors.As(err, &tooLarge):
		return errTooLarge
	case errors.Is(err, admin.ErrWeak):
		return errWeak
	case errors.Is(err, admin.ErrOtherVersion):
		return errOther
	case errors.Is(err, admin.ErrStale) && conditional(r):
		return errStale
	case errors.Is(err, admin.ErrStale):
		return errConflict
	}
	refused, ok := refusal.As(err)
	if !ok {
		return nil
	}
	var faults []admin.Fault
	for _, d := range refused.Details {
		faults = append(faults, admin.Fault{Path: d.Param, Message: d.Message})
	}
	return kinds[refused.Kind].because(faults...)
}

// decline answers an error. One that means nothing outside is a 500 that tells nothing but the request's id, under which
// the log has it.
func (a *API) decline(w http.ResponseWriter, r *http.Request, err error) {
	id := ""
	if a.RequestID != nil {
		id = a.RequestID(r)
	}
	if errors.Is(r.Context().Err(), context.Canceled) {
		return // the client is gone, and nobody hears the answer
	}
	p := problemOf(r, err)
	if p == nil && errors.Is(err, context.DeadlineExceeded) {
		p = errBusy // the time ran out while something was waited for
	}
	var wait time.Duration
	if refused, ok := refusal.As(err); ok {
		wait = refused.RetryAfter
	}
	if p == nil {
		p = errFailed
		a.logger().LogAttrs(r.Context(), slog.LevelError, "admin request failed",
			slog.String("request_id", id), slog.Any("error", err))
	} else if p.Type == errBusy.Type {
		a.logger().LogAttrs(r.Context(), slog.LevelWarn, "admin request turned away",
			slog.String("request_id", id), slog.Any("error", err))
	}
	if p.Type == errBusy.Type && wait == 0 {
		wait = admin.ComeBack
	}
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	body := *p
	body.RequestID = id
	send(w, p.Status, "application/problem+json", body)
}

func (a *API) logger() *slog.Logger {
	if a.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return a.Log
}

// send answers with a JSON document of the given media type. It is read by people, too, so that < and > stay as they are; no browser
// takes it for HTML.
func send(w http.ResponseWriter, status int, mediaType string, v any) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("adminapi: " + err.Error()) // answers are made of plain values; this is a mistake in the program
	}
	sendBytes(w, status, mediaType, body.Bytes())
}

func sendBytes(w http.ResponseWriter, status int, mediaType string, body []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone cannot be told
}
