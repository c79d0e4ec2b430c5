package headless

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/refusal"
	"github.com/vestibule-auth/vestibule/tenants"
)

// answer is the body of every response.
type answer struct {
	Status int              `json:"status"`
	Data   any              `json:"data,omitempty"`
	Meta   *meta            `json:"meta,omitempty"`
	Errors []refusal.Detail `json:"errors,omitempty"`
}

// meta is what is said beside the data.
type meta struct {
	IsAuthenticated  *bool  `json:"is_authenticated,omitempty"`
	IsAuthenticating *bool  `json:"is_authenticating,omitempty"`
	SessionToken     string `json:"session_token,omitempty"` // only when it is new
	AccessToken      string `json:"access_token,omitempty"`  // only at a login
	RefreshToken     string `json:"refresh_token,omitempty"` // only at a login

	Secret                 string `json:"secret,omitempty"`   // of an authenticator app that is being set up
	TOTPURL                string `json:"totp_url,omitempty"` // the same for a QR code
	RecoveryCodesGenerated *bool  `json:"recovery_codes_generated,omitempty"`
}

// orNil leaves an empty meta out of the answer.
func (m *meta) orNil() *meta {
	if *m == (meta{}) {
		return nil
	}
	return m
}

// signedIn is the data of an answer to somebody who is signed in.
type signedIn struct {
	User    *flows.UserView `json:"user"`
	Methods json.RawMessage `json:"methods"`
	Flows   []flows.Flow    `json:"flows,omitempty"` // to prove anew who it is
}

// signedOut is the data of an answer to nobody: what may be done.
type signedOut struct {
	Flows []flows.Flow `json:"flows"`
}

// answerOf is the answer to a route that went well.
func answerOf(row route, v *flows.Visit, got viewed, m *meta) answer {
	if row.step == nil && !got.AsStatus {
		return answer{Status: cmp.Or(got.Status, http.StatusOK), Data: got.Data, Meta: m.orNil()}
	}
	return status(v, http.StatusUnauthorized, m)
}

// status is the visit's status: 200 with the user or, for nobody and for a user who has to prove anew who it is, the given code
// with the flows.
func status(v *flows.Visit, nobody int, m *meta) answer {
	s := v.Status()
	yes := s.User != nil
	m.IsAuthenticated = &yes
	if yes {
		code := http.StatusOK
		if len(s.Flows) > 0 {
			code = nobody
		}
		return answer{Status: code, Data: signedIn{User: s.User, Methods: s.Methods, Flows: s.Flows}, Meta: m}
	}
	return answer{Status: nobody, Data: signedOut{Flows: s.Flows}, Meta: m}
}

// codes is the one place where a refusal becomes a status code.
var codes = map[refusal.Kind]int{
	refusal.Invalid:         http.StatusBadRequest,
	refusal.Unauthenticated: http.StatusUnauthorized,
	refusal.Forbidden:       http.StatusForbidden,
	refusal.Missing:         http.StatusNotFound,
	refusal.Conflict:        http.StatusConflict,
	refusal.Gone:            http.StatusGone,
	refusal.Limited:         http.StatusTooManyRequests,
	refusal.Busy:            http.StatusServiceUnavailable,
}

// decline answers an error: a refusal in its own terms, anything else as a 500 that says nothing and a record that says
// everything but secrets. v is nil where the request did not get as far as a visit.
func (a *API) decline(w http.ResponseWriter, r *http.Request, v *flows.Visit, err error) {
	if errors.Is(err, errSlowBody) { // whose context ended with the connection's patience; the client is there, and no fault is ours
		a.Recorder.Outcome(r, "slow body", err.Error())
		write(w, answer{Status: http.StatusRequestTimeout})
		return
	}
	if r.Context().Err() != nil && !errors.Is(r.Context().Err(), context.DeadlineExceeded) {
		return // the client has gone, and nobody hears the answer
	}
	var tooLarge *http.MaxBytesError
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w: %w", refusal.Later(refusal.Busy, time.Second), err) // the time ran out while something was waited for
	}
	refused, ok := refusal.As(err)
	switch {
	case errors.As(err, &tooLarge):
		write(w, answer{Status: http.StatusRequestEntityTooLarge})
		return
	case !ok:
		a.Log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.String("request_id", a.Recorder.RequestID(r)), slog.Any("error", err))
		write(w, answer{Status: http.StatusInternalServerError})
		return
	case refused.Kind == refusal.Busy && !errors.Is(err, flows.ErrCrowded) && !errors.Is(err, tenants.ErrCrowded): // of which there may be thousands; the request's own record tells it
		a.Log.LogAttrs(r.Context(), slog.LevelWarn, "request turned away", slog.String("request_id", a.Recorder.RequestID(r)), slog.Any("error", err))
	}
	a.Recorder.Outcome(r, refused.Error(), err.Error())
	if refused.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(refused.RetryAfter.Seconds()))))
	}
	code := codes[refused.Kind]
	if v != nil && (refused.Kind == refusal.Gone || refused.Kind == refusal.Unauthenticated) {
		if v.Authenticated() && !v.Reauthenticating() {
			v = v.PutOut() // while the step ran: what it found first is no longer so
		}
		write(w, status(v, code, &meta{}))
		return
	}
	write(w, answer{Status: code, Errors: refused.Details})
}

// The headers of every answer, shared by all of them. never and epoch, a date in the past for caches that know nothing
// newer, keep an answer out of every cache (RFC 9111, section 5.2.2).
var (
	jsonType = []string{"application/json"}
	never    = []string{"max-age=0, no-cache, no-store, must-revalidate, private"}
	nosniff  = []string{"nosniff"}
	epoch    = []string{time.Unix(0, 0).UTC().Format(http.TimeFormat)}
	byOrigin = []string{"Origin"}
)

// write sends an answer.
func write(w http.ResponseWriter, a answer) {
	body, err := json.Marshal(a)
	if err != nil { // answers are made of plain values; this is a mistake in the program
		panic("headless: " + err.Error())
	}
	keepFromCaches(w.Header())
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(a.Status)
	_, _ = w.Write(body) // a client that has gone is no fault of ours
}

// keepFromCaches has an answer, which is of whoever asked, kept and guessed at by nobody.
func keepFromCaches(h http.Header) {
	h["Cache-Control"], h["X-Content-Type-Options"], h["Expires"] = never, nosniff, epoch
}
