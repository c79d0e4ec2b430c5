package passhash

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/bits"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
)

// hash is a stored hash: how to make a key of a password, and the key that the right one makes.
type hash struct {
	formula formula
	key     []byte
}

// formula makes a key of a password. Its parameters were found to be within bounds.
type formula interface {
	key(password string) ([]byte, error)
}

// bounds are the dearest parameters that a stored hash may have.
type bounds struct {
	memory  uint64 // bytes, of argon2 and scrypt
	passes  uint32
	lanes   uint8
	rounds  int // of PBKDF2
	cost    int // of bcrypt
	encoded int // bytes of the whole string
}

var inBounds = bounds{memory: 256 << 20, passes: 16, lanes: 16, rounds: 5_000_000, cost: 16, encoded: 2048}

const (
	minKey = 16 // bytes; a shorter key could be met by chance
	maxKey = 128
)

// argon2 checks the parameters of argon2i and argon2id. Less memory than 8 KiB for each lane does not exist.
func (b bounds) argon2(p Params) error {
	if p.Time < 1 || p.Time > b.passes || p.Threads < 1 || p.Threads > b.lanes ||
		p.Memory < 8*uint32(p.Threads) || uint64(p.Memory)<<10 > b.memory {
		return ErrUnsupported
	}
	return nil
}

// parse reads any format. Native are the parameters of a hash just as Hash writes it, and zero for all others.
func (b bounds) parse(encoded string) (h hash, native Params, err error) {
	if len(encoded) > b.encoded {
		return hash{}, Params{}, ErrUnsupported
	}
	name, rest, found := strings.Cut(strings.TrimPrefix(encoded, "$"), "$")
	var ok bool
	switch {
	case strings.HasPrefix(encoded, "{"):
		h, ok = parseLDAP(encoded)
	case !found:
		h, ok = b.parseAspNet(encoded)
	case strings.HasPrefix(encoded, "$"):
		switch name {
		case "argon2id", "argon2i":
			h, native, ok = b.parseArgon2(name, rest)
		case "2a", "2b", "2y":
			h, ok = b.parseBcrypt(encoded, false)
		case "scrypt":
			h, ok = b.parseScrypt(rest)
		case "pbkdf2", "pbkdf2-sha1":
			h, ok = b.parsePBKDF2("sha1", rest, unpasslib, unpasslib)
		case "pbkdf2-sha256":
			h, ok = b.parsePBKDF2("sha256", rest, unpasslib, unpasslib)
		case "pbkdf2-sha512":
			h, ok = b.parsePBKDF2("sha512", rest, unpasslib, unpasslib)
		case "digest":
			h, ok = b.parseNamedDigest(rest)
		case "wrapped":
			h, ok = b.parseWrapped(rest)
		case "firebase-scrypt":
			h, ok = b.parseFirebase(rest)
		}
	default:
		switch name {
		case "argon2":
			var kind string
			kind, rest, _ = strings.Cut(rest, "$")
			h, _, ok = b.parseArgon2(kind, rest)
		case "bcrypt":
			h, ok = b.parseBcrypt(rest, false)
		case "bcrypt_sha256":
			h, ok = b.parseBcrypt(rest, true)
		case "pbkdf2_sha256":
			h, ok = b.parsePBKDF2("sha256", rest, text, unbase64)
		case "pbkdf2_sha1":
			h, ok = b.parsePBKDF2("sha1", rest, text, unbase64)
		case "scrypt":
			h, ok = b.parseDjangoScrypt(rest)
		case "md5", "sha1", "sha256", "sha512":
			h, ok = parseDigest(name, rest)
		default:
			h, ok = b.parseWerkzeug(name, rest)
		}
	}
	if !ok {
		return hash{}, Params{}, ErrUnsupported
	}
	return h, native, nil
}

// argon2id and argon2i are version 1.3 (19) of RFC 9106.
type argon2id struct {
	params Params
	salt   []byte
	size   int
}

func (f argon2id) key(password string) ([]byte, error) {
	return argon2idKey([]byte(password), f.salt, f.params, f.size), nil
}

// begin is key in steps; nil where it has none.
func (f argon2id) begin(password string) *filling {
	return beginFilling([]byte(password), f.salt, f.params, f.size)
}

type argon2i argon2id

func (f argon2i) key(password string) ([]byte, error) {
	return argon2.Key([]byte(password), f.salt, f.params.Time, f.params.Memory, f.params.Threads, uint32(f.size)), nil
}

func (b bounds) parseArgon2(kind, rest string) (h hash, native Params, ok bool) {
	parts := strings.Split(rest, "$")
	if len(parts) != 4 || parts[0] != "v=19" {
		return hash{}, Params{}, false
	}
	m, t, p, ok := triple(parts[1], "m", "t", "p")
	if !ok || m > 1<<32-1 || t > 1<<32-1 || p > 1<<8-1 {
		return hash{}, Params{}, false
	}
	params := Params{Memory: uint32(m), Time: uint32(t), Threads: uint8(p)}
	salt, ok1 := unbase64(parts[2])
	key, ok2 := unbase64(parts[3])
	if !ok1 || !ok2 || len(salt) < 8 || !fits(key) || b.argon2(params) != nil {
		return hash{}, Params{}, false
	}
	f := argon2id{params, salt, len(key)}
	switch kind {
	case "argon2id":
		if len(salt) == saltSize && len(key) == keySize {
			native = params
		}
		return hash{f, key}, native, true
	case "argon2i":
		return hash{argon2i(f), key}, Params{}, true
	}
	return hash{}, Params{}, false
}

// bcryptHash holds the whole string, which the library checks by itself. Its key is whether it matched.
type bcryptHash struct {
	encoded []byte
	digest  bool // of the hex SHA-256, not of the password
}

var bcryptMatched = []byte{1}

func (f bcryptHash) key(password string) ([]byte, error) {
	plain := []byte(password)
	if f.digest {
		sum := sha256.Sum256(plain)
		plain = hex.AppendEncode(nil, sum[:])
	}
	if bcrypt.CompareHashAndPassword(f.encoded, plain) != nil {
		return nil, nil // after parse, what is left to go wrong is the password
	}
	return bcryptMatched, nil
}

func (b bounds) parseBcrypt(encoded string, digest bool) (hash, bool) {
	// "$2b$12$", then 22 characters of salt and 31 of key
	if len(encoded) != 60 || !strings.HasPrefix(encoded, "$2") || !strings.ContainsRune("aby", rune(encoded[2])) ||
		encoded[3] != '$' || encoded[6] != '$' {
		return hash{}, false
	}
	cost, ok := number(strings.TrimPrefix(encoded[4:6], "0"))
	if !ok || cost < uint64(bcrypt.MinCost) || cost > uint64(b.cost) {
		return hash{}, false
	}
	for _, c := range []byte(encoded[7:]) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '/') {
			return hash{}, false
		}
	}
	return hash{bcryptHash{[]byte(encoded), digest}, bcryptMatched}, true
}

type pbkdf2Hash struct {
	name   string // of the digest, among digests
	rounds int
	salt   []byte
	size   int
}

func (f pbkdf2Hash) key(password string) ([]byte, error) {
	return pbkdf2.Key(digests[f.name], password, f.salt, f.rounds, f.size)
}

type decoding func(string) ([]byte, bool)

// parsePBKDF2 reads <rounds>$<salt>$<key>, with the rounds alone, as passlib and Django write them, or as "i=<rounds>,l=<length>", as
// PHC strings have them.
func (b bounds) parsePBKDF2(name, rest string, readSalt, readKey decoding) (hash, bool) {
	parts := strings.Split(rest, "$")
	if len(parts) != 3 {
		return hash{}, false
	}
	count, length := parts[0], ""
	if after, is := strings.CutPrefix(count, "i="); is {
		count, length, _ = strings.Cut(after, ",")
	}
	rounds, ok1 := number(count)
	salt, ok2 := readSalt(parts[1])
	key, ok3 := readKey(parts[2])
	if !ok1 || !ok2 || !ok3 || length != "" && length != "l="+strconv.Itoa(len(key)) {
		return hash{}, false
	}
	return b.makePBKDF2(name, rounds, salt, key)
}

// makePBKDF2 is a hash of PBKDF2. Of a key that is longer than the digest only as much is kept: what comes after it is made by as many
// rounds again, which only whoever checks has to make.
func (b bounds) makePBKDF2(name string, rounds uint64, salt, key []byte) (hash, bool) {
	digest, known := digests[name]
	if !known || name == "md5" || rounds < 1 || rounds > uint64(b.rounds) || len(salt) > maxSalt || !fits(key) {
		return hash{}, false
	}
	key = key[:min(len(key), digest().Size())]
	return hash{pbkdf2Hash{name, int(rounds), salt, len(key)}, key}, true
}

type scryptHash struct {
	n, r, p int
	salt    []byte
	size    int
}

func (f scryptHash) key(password string) ([]byte, error) {
	return scrypt.Key([]byte(password), f.salt, f.n, f.r, f.p, f.size)
}

// scrypt checks scrypt's parameters. Its lanes run one after the other, so that they count like memory.
func (b bounds) scrypt(n, r, p uint64) bool {
	if n < 2 || n&(n-1) != 0 || r < 1 || p < 1 {
		return false
	}
	total := uint64(128)
	for _, factor := range []uint64{n, r, p} {
		over, product := bits.Mul64(total, factor)
		if over != 0 || product > b.memory {
			return false
		}
		total = product
	}
	return true
}

func (b bounds) makeScrypt(n, r, p uint64, salt, key []byte) (hash, bool) {
	if !fits(key) || !b.scrypt(n, r, p) {
		return hash{}, false
	}
	return hash{scryptHash{int(n), int(r), int(p), salt, len(key)}, key}, true
}

func (b bounds) parseScrypt(rest string) (hash, bool) {
	parts := strings.Split(rest, "$")
	if len(parts) != 3 {
		return hash{}, false
	}
	ln, r, p, ok1 := triple(parts[0], "ln", "r", "p")
	salt, ok2 := unbase64(parts[1])
	key, ok3 := unbase64(parts[2])
	if !ok1 || !ok2 || !ok3 || ln > 63 {
		return hash{}, false
	}
	return b.makeScrypt(1<<ln, r, p, salt, key)
}

func (b bounds) parseDjangoScrypt(rest string) (hash, bool) {
	parts := strings.Split(rest, "$")
	if len(parts) != 5 {
		return hash{}, false
	}
	n, ok1 := number(parts[0])
	r, ok2 := number(parts[2])
	p, ok3 := number(parts[3])
	key, ok4 := unbase64(parts[4])
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return hash{}, false
	}
	return b.makeScrypt(n, r, p, []byte(parts[1]), key)
}

// firebaseHash is scrypt over the salt and the separator, whose key encrypts the project's signer key by AES-256 in
// counter mode from zero. What comes out is the hash. The counter may start at zero since every scrypt key is used once.
type firebaseHash struct {
	scrypt scryptHash
	signer []byte
}

func (f firebaseHash) key(password string) ([]byte, error) {
	k, err := f.scrypt.key(password)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(f.signer))
	cipher.NewCTR(block, make([]byte, aes.BlockSize)).XORKeyStream(out, f.signer)
	return out, nil
}

func (b bounds) parseFirebase(rest string) (hash, bool) {
	parts := strings.Split(rest, "$")
	if len(parts) != 5 {
		return hash{}, false
	}
	ln, r, p, ok := triple(parts[0], "ln", "r", "p")
	if !ok || ln > 63 || !b.scrypt(1<<ln, r, p) {
		return hash{}, false
	}
	var raw [4][]byte // salt, hash, separator, signer key
	for i := range raw {
		if raw[i], ok = unbase64(parts[i+1]); !ok {
			return hash{}, false
		}
	}
	salt, key, separator, signer := raw[0], raw[1], raw[2], raw[3]
	if !fits(key) || len(key) != len(signer) {
		return hash{}, false
	}
	s := scryptHash{1 << ln, int(r), int(p), append(salt, separator...), 32}
	return hash{firebaseHash{s, signer}, key}, true
}

func fits(key []byte) bool { return len(key) >= minKey && len(key) <= maxKey }

// number reads a decimal number as a hash's maker writes it: digits alone, no leading zero.
func number(s string) (uint64, bool) {
	if s == "" || s[0] == '0' && s != "0" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil
}

// triple reads "a=1,b=2,c=3", in any order, each once.
func triple(s, a, b, c string) (x, y, z uint64, ok bool) {
	parts := strings.Split(s, ",")
	if len(parts) != 3 {
		return 0, 0, 0, false
	}
	seen := map[string]uint64{}
	for _, part := range parts {
		name, value, _ := strings.Cut(part, "=")
		n, ok := number(value)
		if _, twice := seen[name]; !ok || twice {
			return 0, 0, 0, false
		}
		seen[name] = n
	}
	for _, name := range []string{a, b, c} {
		if _, ok := seen[name]; !ok {
			return 0, 0, 0, false
		}
	}
	return seen[a], seen[b], seen[c], true
}

func text(s string) ([]byte, bool) { return []byte(s), true }

// unbase64 reads standard base64, padded or not.
func unbase64(s string) ([]byte, bool) {
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	return b, err == nil
}

// unpasslib reads passlib's base64, which has "." for "+" and no padding.
func unpasslib(s string) ([]byte, bool) {
	return unbase64(strings.ReplaceAll(s, ".", "+"))
}
