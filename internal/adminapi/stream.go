package adminapi

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
)

// linesType is the media type of JSON values, one a line.
const linesType = "application/x-ndjson"

// attachment is the header that has browsers save an answer under a name, whoever led them to it. A name is of what an address says, such as
// a slug: letters, digits and what joins them are all that is left of it.
func attachment(name string) string {
	return `attachment; filename="` + strings.TrimLeft(strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '-', c == '_':
			return c
		default:
			return -1
		}
	}, name), ".") + `"`
}

// stream answers with values, one a line, as they come, for a file of the given name. It takes as long as it takes, for as long as the client is there: what has to be
// quick is each line. Of one that breaks off the connection is cut, so that nobody takes the part for the whole.
func (a *API) stream(w http.ResponseWriter, r *http.Request, name string, each func(context.Context, func(any) error) error) error {
	ctx := a.untimed(r)
	out := &lines{w: w, name: name}
	err := each(ctx, func(v any) error {
		if err := ctx.Err(); err != nil { // what is written need not fail: it may be in a buffer
			return err
		}
		return out.write(v)
	})
	if err != nil && (out.begun || ctx.Err() != nil) {
		a.logger().LogAttrs(ctx, slog.LevelWarn, "an export broke off", slog.Any("error", err))
		panic(http.ErrAbortHandler) // the way of net/http to cut a connection; nothing else is told of it
	}
	if err == nil {
		out.begin()
	}
	return err
}

// untimed is the request's context without its deadline: it ends when the connection does.
func (a *API) untimed(r *http.Request) context.Context {
	if a.Connection == nil {
		return r.Context()
	}
	return lasting{a.Connection(r), r.Context()}
}

// lasting is a connection's context with what is in that of a request.
type lasting struct {
	context.Context
	request context.Context
}

// Value is what the request's context has.
func (l lasting) Value(key any) any { return l.request.Value(key) }

// lines writes values, one a line.
type lines struct {
	w     http.ResponseWriter
	name  string
	begun bool
	until time.Time // when the deadline is
}

// lineTime is how long a client may take to read some lines. A deadline is moved along when half of it is up.
const lineTime = 30 * time.Second

func (l *lines) begin() {
	if now := (clock.System{}).Now(); l.until.Sub(now) < lineTime/2 {
		l.until = now.Add(lineTime)
		_ = http.NewResponseController(l.w).SetWriteDeadline(l.until) // where there is no connection there is no deadline either
	}
	if !l.begun {
		l.begun = true
		l.w.Header().Set("Content-Type", linesType)
		l.w.Header().Set("Content-Disposition", attachment(l.name))
		l.w.WriteHeader(http.StatusOK)
	}
}

func (l *lines) write(v any) error {
	l.begin()
	e := json.NewEncoder(l.w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
