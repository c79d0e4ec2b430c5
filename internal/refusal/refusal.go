// Package refusal holds the answers that decline a request.
//
// A Refusal is an error that was decided upon: the caller is told, in the terms of the contract, what is wrong and what
// may be done. Anything else that comes up as an error is a fault: nobody is told more than a request id, and everything
// that the request wrote is rolled back. The split runs through the whole product: flows return refusals, and only the
// wire packages know which status code belongs to a Kind.
package refusal

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says why a request is declined. The wire packages map each kind to a status code.
type Kind int

// The kinds of refusal.
const (
	Invalid         Kind = iota + 1 // the input is at fault; Details say how
	Unauthenticated                 // there is no one signed in, or not far enough
	Forbidden                       // known, but not allowed
	Missing                         // there is no such thing, or it is switched off
	Conflict                        // the request does not fit the state of things
	Gone                            // the session that was named has ended
	Limited                         // too many requests; RetryAfter says when to come back
	Busy                            // the server cannot do this right now; RetryAfter says when to come back
)

// String is the name of the kind, for logs.
func (k Kind) String() string {
	names := [...]string{"unknown", "invalid", "unauthenticated", "forbidden", "missing", "conflict", "gone", "limited", "busy"}
	if k < 0 || int(k) >= len(names) {
		return names[0]
	}
	return names[k]
}

// Detail is one fault in the input: the code that front ends switch on, a sentence for people, and the parameter at
// fault ("" where it is the whole input).
type Detail struct {
	Message string `json:"message"`
	Code    Code   `json:"code"`
	Param   string `json:"param,omitempty"`
}

// Refusal is a declined request. It is an error, and is found with errors.As.
type Refusal struct {
	Kind       Kind
	Details    []Detail
	RetryAfter time.Duration // for Limited and Busy; zero where nothing is known
}

// Error lists the kind and the codes, for logs; no value that a caller sent is in it.
func (r *Refusal) Error() string {
	if len(r.Details) == 0 {
		return "refused: " + r.Kind.String()
	}
	codes := make([]string, len(r.Details))
	for i, d := range r.Details {
		codes[i] = string(d.Code)
		if d.Param != "" {
			codes[i] = d.Param + ": " + codes[i]
		}
	}
	return fmt.Sprintf("refused: %s (%s)", r.Kind, strings.Join(codes, ", "))
}

// Of is a refusal of that kind without details.
func Of(k Kind) *Refusal { return &Refusal{Kind: k} }

// Later is a refusal of that kind that says when to come back.
func Later(k Kind, after time.Duration) *Refusal { return &Refusal{Kind: k, RetryAfter: after} }

// Because refuses invalid input for one reason, with the code's own message.
func Because(param string, code Code) *Refusal {
	return &Refusal{Kind: Invalid, Details: []Detail{{Message: code.Message(), Code: code, Param: param}}}
}

// As finds the refusal in err, if there is one.
func As(err error) (*Refusal, bool) {
	var r *Refusal
	ok := errors.As(err, &r)
	return r, ok
}

// Is reports whether err is a refusal of that kind.
func Is(err error, k Kind) bool {
	r, ok := As(err)
	return ok && r.Kind == k
}

// Faults gathers details while input is checked, so that every fault is reported at once.
type Faults []Detail

// Add notes a fault with the code's own message.
func (f *Faults) Add(param string, code Code) { f.Say(param, code, code.Message()) }

// Say notes a fault with a message of its own.
func (f *Faults) Say(param string, code Code, message string) {
	*f = append(*f, Detail{Message: message, Code: code, Param: param})
}

// Has reports whether a fault of that parameter was noted.
func (f Faults) Has(param string) bool {
	for _, d := range f {
		if d.Param == param {
			return true
		}
	}
	return false
}

// Err is the refusal of everything noted, or nil.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return &Refusal{Kind: Invalid, Details: f}
}
