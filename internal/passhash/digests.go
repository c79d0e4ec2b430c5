package passhash

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	stdhash "hash"
	"slices"
	"strconv"
	"strings"
)

// digests are the digests by the names that they go by in a wrapped hash.
var digests = map[string]func() stdhash.Hash{"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

// maxSalt bounds a salt, in bytes.
const maxSalt = 256

// digestHash is a digest of the password and a salt, which anybody computes in no time: it exists to be replaced.
type digestHash struct {
	name string // among digests
	salt []byte
	last bool // the salt comes after the password
}

func (f digestHash) key(password string) ([]byte, error) {
	d := digests[f.name]()
	if !f.last {
		d.Write(f.salt)
	}
	d.Write([]byte(password))
	if f.last {
		d.Write(f.salt)
	}
	return d.Sum(nil), nil
}

// makeDigest is the hash of a digest, whose key has the digest's length.
func makeDigest(name string, salt, key []byte, last bool) (hash, bool) {
	d, ok := digests[name]
	if !ok || len(salt) > maxSalt || len(key) != d().Size() {
		return hash{}, false
	}
	return hash{digestHash{name, salt, last}, key}, true
}

// parseDigest reads <name>$<salt>$<hex>, as Django writes it: the salt is text and comes first.
func parseDigest(name, rest string) (hash, bool) {
	salt, sum, found := strings.Cut(rest, "$")
	key, err := hex.DecodeString(sum)
	if !found || err != nil {
		return hash{}, false
	}
	return makeDigest(name, []byte(salt), key, false)
}

// ldapSchemes are the schemes of RFC 2307 and those that servers added to it, by their name in capitals.
var ldapSchemes = map[string]string{
	"MD5": "md5", "SMD5": "md5", "SHA": "sha1", "SSHA": "sha1", "SHA256": "sha256", "SSHA256": "sha256", "SHA512": "sha512", "SSHA512": "sha512",
}

// parseLDAP reads {SSHA}<base64 of the digest and then the salt>, and its kin. The salt comes after the password.
func parseLDAP(encoded string) (hash, bool) {
	scheme, value, found := strings.Cut(strings.TrimPrefix(encoded, "{"), "}")
	scheme = strings.ToUpper(scheme)
	name, known := ldapSchemes[scheme]
	raw, ok := unbase64(value)
	if !found || !known || !ok {
		return hash{}, false
	}
	size := digests[name]().Size()
	salted := scheme == "SMD5" || strings.HasPrefix(scheme, "SSHA")
	if len(raw) < size || (len(raw) > size) != salted {
		return hash{}, false
	}
	return makeDigest(name, raw[size:], raw[:size], true)
}

// parseAspNet reads what ASP.NET Core's Identity writes, in base64: a byte for the version, and then for version 3 the digest, the rounds
// and the salt's length (four bytes each, the highest first), the salt and the key; for version 2 a salt of 16 bytes and a key of
// 32, of PBKDF2 with SHA-1 and 1000 rounds.
func (b bounds) parseAspNet(encoded string) (hash, bool) {
	raw, ok := unbase64(encoded)
	switch {
	case !ok || len(raw) == 0:
		return hash{}, false
	case raw[0] == 0 && len(raw) == 1+16+32:
		return b.makePBKDF2("sha1", 1000, raw[1:17], raw[17:])
	case raw[0] != 1 || len(raw) < 13:
		return hash{}, false
	}
	kind, rounds, size := binary.BigEndian.Uint32(raw[1:]), binary.BigEndian.Uint32(raw[5:]), binary.BigEndian.Uint32(raw[9:])
	names := []string{"sha1", "sha256", "sha512"}
	if uint64(kind) >= uint64(len(names)) || uint64(size) > uint64(len(raw)-13) {
		return hash{}, false
	}
	return b.makePBKDF2(names[kind], uint64(rounds), raw[13:13+size], raw[13+size:])
}

// parseWerkzeug reads pbkdf2:<digest>:<rounds>$<salt>$<hex>, as Werkzeug (Flask) writes it, and its scrypt:<N>:<r>:<p>$<salt>$<hex>. The
// salt is text.
func (b bounds) parseWerkzeug(method, rest string) (hash, bool) {
	parts := strings.Split(method, ":")
	salt, sum, found := strings.Cut(rest, "$")
	key, err := hex.DecodeString(sum)
	if !found || err != nil {
		return hash{}, false
	}
	var n [3]uint64
	if len(parts) == 4 && parts[0] == "scrypt" {
		for i := range n {
			var ok bool
			if n[i], ok = number(parts[i+1]); !ok {
				return hash{}, false
			}
		}
		return b.makeScrypt(n[0], n[1], n[2], []byte(salt), key)
	}
	if len(parts) != 3 || parts[0] != "pbkdf2" {
		return hash{}, false
	}
	rounds, ok := number(parts[2])
	if !ok {
		return hash{}, false
	}
	return b.makePBKDF2(parts[1], rounds, []byte(salt), key)
}

// wrapped is argon2id of what another formula makes of the password. So a hash that is fast to guess at is kept as one that is not,
// although nobody knows the password yet.
type wrapped struct {
	inner formula
	outer argon2id
}

func (f wrapped) key(password string) ([]byte, error) {
	k, err := f.inner.key(password)
	if err != nil {
		return nil, err
	}
	return f.outer.key(string(k))
}

// wrapName is what the inner formula goes by: everything but the key, which is what must not be kept.
func wrapName(f formula) (string, bool) {
	enc := base64.RawURLEncoding
	switch f := f.(type) {
	case digestHash:
		place := "first"
		if f.last {
			place = "last"
		}
		return f.name + ":" + place + ":" + enc.EncodeToString(f.salt), true
	case pbkdf2Hash:
		return "pbkdf2-" + f.name + ":" + strconv.Itoa(f.rounds) + "," + strconv.Itoa(f.size) + ":" + enc.EncodeToString(f.salt), true
	}
	return "", false
}

// unwrapName is the formula of such a name.
func (b bounds) unwrapName(name string) (formula, bool) {
	parts := strings.Split(name, ":")
	if len(parts) != 3 {
		return nil, false
	}
	salt, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, false
	}
	if of, is := strings.CutPrefix(parts[0], "pbkdf2-"); is {
		first, second, _ := strings.Cut(parts[1], ",")
		rounds, ok1 := number(first)
		size, ok2 := number(second)
		if !ok1 || !ok2 || size > maxKey {
			return nil, false
		}
		h, ok := b.makePBKDF2(of, rounds, salt, make([]byte, size))
		return h.formula, ok && h.formula.(pbkdf2Hash).size == int(size)
	}
	d, known := digests[parts[0]]
	if !known || !slices.Contains([]string{"first", "last"}, parts[1]) {
		return nil, false
	}
	h, ok := makeDigest(parts[0], salt, make([]byte, d().Size()), parts[1] == "last")
	return h.formula, ok
}

// parseNamedDigest reads <digest>:first:<salt>$<key>, or last, as Foreign writes it behind "$digest$".
func (b bounds) parseNamedDigest(rest string) (hash, bool) {
	name, value, _ := strings.Cut(rest, "$")
	f, ok1 := b.unwrapName(name)
	key, ok2 := unbase64(value)
	d, ok3 := f.(digestHash)
	if !ok1 || !ok2 || !ok3 {
		return hash{}, false
	}
	return makeDigest(d.name, d.salt, key, d.last)
}

// parseWrapped reads <inner>$argon2id$v=19$…, as Wrap writes it behind "$wrapped$".
func (b bounds) parseWrapped(rest string) (hash, bool) {
	name, rest, _ := strings.Cut(rest, "$")
	inner, ok := b.unwrapName(name)
	if !ok {
		return hash{}, false
	}
	kind, rest, _ := strings.Cut(rest, "$")
	if kind != "argon2id" {
		return hash{}, false
	}
	h, _, ok := b.parseArgon2(kind, rest)
	if !ok {
		return hash{}, false
	}
	return hash{wrapped{inner, h.formula.(argon2id)}, h.key}, true
}
