package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"

	"github.com/lib/pq"

	"github.com/vestibule-auth/vestibule/internal/trace"
)

// tale is how a statement is told of in a trace: SELECT sessions. It is made once of each text, of which there is a bounded number.
type tale struct {
	name  string
	attrs []trace.Attr
}

// tales are how statements are told of, by their text.
type tales struct{ known sync.Map }

// of tells of a statement. Its text is a literal of this package, and holds no values: those are arguments, and stay out.
func (ts *tales) of(system, op, text string) *tale {
	if known, ok := ts.known.Load(text); ok {
		return known.(*tale)
	}
	t := &tale{attrs: []trace.Attr{trace.String("db.system.name", system), trace.String("vestibule.operation", op)}}
	verb, table := subject(text)
	t.name = strings.TrimSpace(verb + " " + table)
	if verb != text { // more than a word, such as COMMIT
		t.attrs = append(t.attrs, trace.String("db.query.text", strings.Join(strings.Fields(text), " ")), trace.String("db.query.summary", t.name))
	}
	t.attrs = append(t.attrs, trace.String("db.operation.name", verb))
	if table != "" {
		t.attrs = append(t.attrs, trace.String("db.collection.name", table))
	}
	known, _ := ts.known.LoadOrStore(text, t)
	return known.(*tale)
}

// subject is what a statement does, and the table that it does it with: the first that it names.
func subject(text string) (verb, table string) {
	words := strings.Fields(text)
	for i, word := range words {
		switch word = strings.ToUpper(word); word {
		case "SELECT", "INSERT", "UPDATE", "DELETE", "BEGIN", "COMMIT", "ROLLBACK":
			if verb == "" {
				verb = word
			}
		}
		follows := word == "FROM" || word == "INTO" || word == "UPDATE" && verb == word
		if !follows || i+1 == len(words) {
			continue
		}
		if named := strings.TrimRight(words[i+1], ",;("); !strings.HasPrefix(named, "(") {
			return verb, named
		}
	}
	return verb, ""
}

// traced begins the span of a statement that belongs to something that is traced; it is none otherwise. endSpan must follow.
func (s *Store) traced(ctx context.Context, op, text string) trace.Span {
	if !trace.Of(ctx).On() {
		return trace.Span{}
	}
	t := s.tales.of(s.dialect.system, op, text)
	_, span := trace.Begin(ctx, t.name, trace.Client, t.attrs...)
	return span
}

// endSpan ends the span of a statement with what the statement returned. Finding nothing is no failure. Of a failure no more is told than
// its class, since errors of a database quote values.
func endSpan(span trace.Span, err error) {
	if !span.On() {
		return
	}
	var reply *pq.Error
	class := ""
	switch {
	case err == nil, errors.Is(err, ErrNotFound), errors.Is(err, sql.ErrTxDone): // the last is of a roll-back that had nothing left to do
	case errors.Is(err, ErrStale):
		class = "stale"
	case errors.Is(err, ErrTaken):
		class = "taken"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		class = "gave_up_waiting"
	case errors.Is(err, ErrUnavailable):
		class = "unavailable"
	default:
		class = "_OTHER"
	}
	if errors.As(err, &reply) {
		span.Set(trace.String("db.response.status_code", string(reply.Code)))
	}
	if class != "" {
		span.Fail(class)
	}
	span.End()
}
