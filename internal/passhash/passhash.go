// Package passhash makes and checks password hashes, and bounds how much of the machine they take.
//
// # Formats
//
// New hashes are argon2id (RFC 9106) at OWASP's parameters, written as a PHC string:
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<key>     m in KiB; base64 without padding
//
// Verify also reads what migrated users bring, and says when to replace it:
//
//	$argon2id$v=19$… $argon2i$v=19$…                 PHC strings with any parameters within bounds
//	$2a$… $2b$… $2y$…                                bcrypt
//	$scrypt$ln=16,r=8,p=1$<salt>$<key>               scrypt (RFC 7914), as passlib and others write it
//	$pbkdf2-sha256$29000$<salt>$<key>, -sha512       PBKDF2 (RFC 8018), as passlib writes it: base64 with . for +
//	$pbkdf2$29000$<salt>$<key>, -sha1                the same with SHA-1
//	$pbkdf2-sha256$i=29000,l=32$<salt>$<key>         the same as a PHC string, with any of the three digests
//	pbkdf2_sha256$<rounds>$<salt>$<key>, _sha1       Django; the salt is text, the key base64
//	pbkdf2:sha256:<rounds>$<salt>$<key>, :sha1:, …   Werkzeug (Flask); the salt is text, the key hexadecimal
//	scrypt:<N>:<r>:<p>$<salt>$<key>                  likewise
//	argon2$argon2id$…, argon2$argon2i$…              Django: a PHC string behind a prefix
//	bcrypt$$2b$…                                     Django: bcrypt behind a prefix
//	bcrypt_sha256$$2b$…                              Django: bcrypt of the hex SHA-256 of the password
//	scrypt$<N>$<salt>$<r>$<p>$<key>                  Django; the salt is text, the key base64
//	AQAAAA…, and AA… of version 2                    ASP.NET Core Identity: base64 of the parameters, salt and key of PBKDF2
//	$firebase-scrypt$ln=14,r=8,p=1$<salt>$<hash>$<separator>$<signer key>
//
// The last is ours, as Firebase has no one string: its memory cost is ln, its rounds are r, and the other four are the
// base64 that it exports (a user's salt and passwordHash; the project's separator and signer key). Foreign makes it of what an
// export has, and likewise strings of what others export in parts, such as Keycloak.
//
// And it reads digests, each with a salt or without:
//
//	md5$<salt>$<hex>, sha1$…, sha256$…, sha512$…     Django; the salt is text and comes before the password
//	{SSHA}<base64 of digest and salt>, {SHA}, {SMD5}, {MD5}, {SSHA256}, {SSHA512}, …
//	                                                 LDAP (RFC 2307 and its kin); the salt comes after the password
//	$digest$sha256:last:<salt>$<digest>              ours, for what Foreign reads
//
// # Wrapped hashes
//
// A digest is no protection: whoever steals it tries thousands of millions of passwords a second. So what Weak knows as such is not kept
// as it came. Wrap makes argon2id of the digest, and keeps the salt but not the digest:
//
//	$wrapped$sha1:first:<salt>$argon2id$v=19$m=19456,t=2,p=1$<salt>$<key>
//	$wrapped$pbkdf2-sha256:<rounds>,<length>:<salt>$argon2id$…
//
// Verify computes the digest of the password and then argon2id of that. With the first right login an ordinary hash takes its place, as
// with every hash that Hash would not make.
//
// bcrypt reads at most 72 bytes of a password, so a longer one matches by its first 72, as it did where the hash was
// made. A hash that is empty or begins with "!" (Django's mark) belongs to an account without a password: it matches
// nothing, and costs what a hash of ours costs.
//
// # Bounds
//
// The parameters of a hash that somebody else made are checked before any work: argon2 and scrypt up to 256 MiB, argon2 up
// to 16 passes and 16 lanes, PBKDF2 up to 5,000,000 rounds, bcrypt up to cost 16, salts of PBKDF2 and digests up to 256 bytes. Beyond is
// ErrUnsupported, as is every string that is of no known format. Passwords are at most MaxPassword bytes.
//
// # The queue
//
// A hash is the dearest thing that the server computes. A Hasher computes at most Workers of them at once; the others wait
// their turn, no more than Queue of them and none for longer than MaxWait. Beyond is ErrBusy, of which flows make a refusal
// that says to come back. A hash that has begun is not stopped.
//
// The queue is shared between tenants. Each has a line of its own, first come first served, and the lines take turns: whoever
// waits for one tenant waits for no more than one hash of each other tenant before their own. While there is room, a line may
// be as long as it likes. Where the queue is full, it is the longest line that makes room, by its last, and the tenant whose
// line that is that is refused: a flood of logins at one tenant neither delays those at others by much nor has them refused.
//
// A Hasher that computes Aside does so on threads that run when nobody else wants the processor, so that a burst of logins takes the time
// that is left. Where next to none is, hashes are given a tenth of a core (see aside.go and, for what a server adds to that,
// cmd/server/processors.go). So are those of other formats from the start, which do not stop on the way; and what argon2 does in several
// lanes does not give way at all, since the library has threads of its own.
//
// # Memory
//
// A hash of ours works in 19 MiB, which are kept for the next one: as many pieces as ran at once, off Go's heap (see argon2id.go).
// When nobody has hashed for some minutes they are given back. They are not cleared: like freed memory, they hold what was made of
// a password until they are written over.
//
// # Strangers
//
// Waste does for an account that does not exist what Verify does for one that does, so that the time of an answer tells
// nobody which addresses have accounts. An imported hash takes the time of its own format until its owner's first login
// upgrades it; that is the one difference that remains.
package passhash

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/vestibule-auth/vestibule/internal/secret"
)

// MaxPassword is the longest password in bytes.
const MaxPassword = 4096

const (
	saltSize = 16
	keySize  = 32
)

// The errors of the package, beside those of the caller's context.
var (
	ErrBusy        = errors.New("passhash: too many passwords are being hashed")
	ErrTooLong     = errors.New("passhash: the password is too long")
	ErrUnsupported = errors.New("passhash: the stored hash is of no supported format, or its parameters are out of bounds")
)

// Params are argon2id's cost. The zero value is Default.
type Params struct {
	Memory  uint32 // KiB
	Time    uint32 // passes over the memory
	Threads uint8  // lanes, each of which occupies a core
}

// Default is the cost that OWASP's Password Storage Cheat Sheet gives for argon2id: 19 MiB, two passes, one lane.
var Default = Params{Memory: 19456, Time: 2, Threads: 1}

// Validate reports parameters that argon2id does not have, or that would take too much of the machine: from 8 KiB for each
// lane to 256 MiB, 1 to 16 passes, 1 to 16 lanes. Low ones are for tests; an operator should not go below Default.
func (p Params) Validate() error {
	return inBounds.argon2(p.orDefault())
}

func (p Params) orDefault() Params {
	if p == (Params{}) {
		return Default
	}
	return p
}

// cheapest is the least that argon2id takes.
var cheapest = Params{Memory: 8, Time: 1, Threads: 1}

// cost is what a hash costs that is asked for with these parameters.
func (h *Hasher) cost(p Params) Params {
	if h.cheap {
		return cheapest
	}
	return p.orDefault()
}

// Hash is a new hash of the password, with a salt of its own.
func (s Share) Hash(ctx context.Context, p Params, password string) (string, error) {
	p = s.hasher.cost(p)
	if err := s.hasher.bounds.argon2(p); err != nil {
		return "", err
	}
	salt := secret.Bytes(saltSize)
	key, err := s.compute(ctx, argon2id{p, salt, keySize}, password)
	if err != nil {
		return "", err
	}
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s",
		p.Memory, p.Time, p.Threads, enc.EncodeToString(salt), enc.EncodeToString(key)), nil
}

// Verify reports whether encoded is a hash of the password, and if so whether it should be replaced because Hash would not
// make it with these parameters now. An encoded that is not Usable matches nothing and costs the same.
func (s Share) Verify(ctx context.Context, want Params, encoded, password string) (ok, upgrade bool, err error) {
	want = s.hasher.cost(want)
	if err := s.hasher.bounds.argon2(want); err != nil {
		return false, false, err
	}
	stored, native := stranger(want), want
	if Usable(encoded) {
		if stored, native, err = s.hasher.bounds.parse(encoded); err != nil {
			return false, false, err
		}
	}
	key, err := s.compute(ctx, stored.formula, password)
	if err != nil {
		return false, false, err
	}
	if !secret.Equal(key, stored.key) || stored.key == nil {
		return false, false, nil
	}
	return true, native != want, nil
}

// Check reports whether Verify can read a hash: nil, or ErrUnsupported. One that is not Usable is not supported either.
func (h *Hasher) Check(encoded string) error {
	_, _, err := h.bounds.parse(encoded)
	return err
}

// leastRounds are the fewest rounds of PBKDF2 that make guessing at a hash anything but cheap.
const leastRounds = 10_000

// Weak reports whether a hash that Verify reads should not be kept as it is, since it is guessed at too fast: a digest, or PBKDF2 with
// few rounds. Wrap makes one of it that can be.
func (h *Hasher) Weak(encoded string) bool {
	stored, _, err := h.bounds.parse(encoded)
	if err != nil {
		return false
	}
	switch f := stored.formula.(type) {
	case digestHash:
		return true
	case pbkdf2Hash:
		return f.rounds < leastRounds
	default:
		return false
	}
}

// Wrap is a hash of what a Weak one is a hash of, made of that one without knowing the password: argon2id of its key. It costs what Hash
// costs. What is not Weak is ErrUnsupported.
func (s Share) Wrap(ctx context.Context, p Params, encoded string) (string, error) {
	stored, _, err := s.hasher.bounds.parse(encoded)
	if err != nil {
		return "", err
	}
	name, ok := wrapName(stored.formula)
	if !ok {
		return "", ErrUnsupported
	}
	outer, err := s.Hash(ctx, p, string(stored.key))
	if err != nil {
		return "", err
	}
	return "$wrapped$" + name + outer, nil
}

// Waste spends what Verify spends on a hash with these parameters, for an account that does not exist. Its error is
// Verify's.
func (s Share) Waste(ctx context.Context, p Params, password string) error {
	_, _, err := s.Verify(ctx, p, "", password)
	return err
}

// Usable reports whether a password can match at all: whether encoded is neither empty nor marked with "!". It does not
// read the format.
func Usable(encoded string) bool { return encoded != "" && !strings.HasPrefix(encoded, "!") }

// Mark is what goes before a hash that does not sign in any more but still tells whether its owner knows the password. It
// begins with "!", so that such a hash is not Usable.
const Mark = "!claimed!"

// Unmarked is the hash without its Mark, if it has one.
func Unmarked(encoded string) string { return strings.TrimPrefix(encoded, Mark) }

// stranger is the hash of nobody: it takes the work of one with these parameters, and its key matches nothing.
func stranger(p Params) hash {
	return hash{formula: argon2id{p, make([]byte, saltSize), keySize}}
}

// compute runs the formula when it is its turn.
func (s Share) compute(ctx context.Context, f formula, password string) (key []byte, err error) {
	if len(password) > MaxPassword {
		return nil, ErrTooLong
	}
	if err := s.acquire(ctx); err != nil {
		return nil, err
	}
	h := s.hasher
	defer h.release()
	if h.before != nil {
		h.before()
	}
	if h.aside == nil {
		return f.key(password)
	}
	if f, ok := f.(argon2id); ok {
		if hash := f.begin(password); hash != nil {
			h.aside.do(hash.step)
			return hash.key(), nil
		}
	}
	h.aside.whole(func() { key, err = f.key(password) })
	return key, err
}
