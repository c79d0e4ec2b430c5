package token

import (
	"bytes"
	"slices"
	"time"
)

// Held is a key of a set, with its times.
type Held struct {
	*Key
	// SignsFrom is when the key begins to sign, unless a later one does already.
	SignsFrom time.Time
	// KnownUntil is when the last token that it signed has died; zero while it may still sign.
	KnownUntil time.Time
}

// known reports whether tokens of the key are accepted at a time. When it begins to sign does not matter: another server's
// clock may be ahead.
func (h Held) known(at time.Time) bool { return h.KnownUntil.IsZero() || at.Before(h.KnownUntil) }

// Set is the keys of one issuer. It is never changed, and safe for concurrent use.
type Set struct {
	keys     []Held // from the first to the last
	heads    map[string][]Held
	document []byte
}

// NewSet is the set of the given keys, each of which comes after those that it follows.
func NewSet(keys ...Held) *Set {
	s := &Set{keys: slices.Clone(keys), heads: map[string][]Held{}}
	var public [][]byte
	for _, h := range s.keys {
		s.heads[h.head] = append(s.heads[h.head], h)
		if h.document != nil {
			public = append(public, h.document)
		}
	}
	s.document = slices.Concat([]byte(`{"keys":[`), bytes.Join(public, []byte{','}), []byte(`]}`))
	return s
}

// Signer is the key that signs at a time: the last one that has begun to. Where none has, it is the one that begins first: the one
// before may have been taken away, while somebody's clock is behind. It is nil for an empty set.
func (s *Set) Signer(at time.Time) *Key {
	var first *Held
	for i, h := range slices.Backward(s.keys) {
		if !at.Before(h.SignsFrom) && h.known(at) {
			return h.Key
		}
		if first == nil || h.SignsFrom.Before(first.SignsFrom) {
			first = &s.keys[i]
		}
	}
	if first == nil {
		return nil
	}
	return first.Key
}

// Algorithms are those of the keys, each once, from the first to the last.
func (s *Set) Algorithms() []Algorithm {
	var all []Algorithm
	for _, h := range s.keys {
		if !slices.Contains(all, h.Algorithm) {
			all = append(all, h.Algorithm)
		}
	}
	return all
}

// Document is the JWK Set (RFC 7517, section 5) of the public halves. Shared secrets are not in it. It must not be changed.
func (s *Set) Document() []byte { return s.document }
