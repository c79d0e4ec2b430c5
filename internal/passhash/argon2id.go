package passhash

import (
	"encoding/binary"
	stdhash "hash"
	"runtime"
	"slices"
	"sync"
	_ "unsafe" // for go:linkname

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/blake2b"
)

// The library makes 19 MiB of garbage with every hash: to get, to clear and to collect it takes a sixth of the time of a login.
// So the memory is kept, and the outer loop is here: argon2id of one lane, as RFC 9106 section 3 has it, around the library's
// compression of blocks, which is where the time goes and is written for each processor. The first pass writes blocks without
// reading what was in them, so that memory need not be cleared. A test holds this to the library's results.

// block is RFC 9106's unit of memory: 1 KiB.
type block [blockWords]uint64

const (
	blockWords = 128
	blockSize  = 8 * blockWords // bytes
	passSlices = 4              // that a pass is cut into
	modeID     = 2              // argon2id among the kinds of argon2
)

// compress sets out to G(x, y), which RFC 9106 section 3.5 defines. compressInto sets out to out XOR G(x, y).
//
//go:linkname compress golang.org/x/crypto/argon2.processBlock
//go:noescape
func compress(out, x, y *block)

//go:linkname compressInto golang.org/x/crypto/argon2.processBlockXOR
//go:noescape
func compressInto(out, x, y *block)

// keptMemory is how much memory is kept for the next hash at most, in KiB. What needs more, or more lanes than one, was made
// elsewhere, and takes its memory from the library.
const keptMemory = 64 << 10

// kept is the memory of hashes that are over.
var kept shelf

// shelf keeps memory: as many pieces as were ever taken at once. What nobody takes for two collections of garbage is given back. A
// sync.Pool does the same, but keeps up to a piece for each processor that Go runs on, out of reach of the others.
type shelf struct {
	mu          sync.Mutex
	pieces      []piece // the one that was used last, last
	collections uint64  // since there were pieces
	watching    bool    // collections are counted
}

// piece is memory, and after how many collections it was put back.
type piece struct {
	memory *[]block
	at     uint64
}

// take is memory that was put back, or nil.
func (s *shelf) take() *[]block {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.pieces) - 1
	if last < 0 {
		return nil
	}
	p := s.pieces[last]
	s.pieces[last] = piece{}
	s.pieces = s.pieces[:last]
	return p.memory
}

// put keeps memory for the next hash.
func (s *shelf) put(memory *[]block) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pieces = append(s.pieces, piece{memory, s.collections})
	if !s.watching {
		s.watching = true
		s.watch()
	}
}

// watch has collected be called at the next collection: it makes a piece of garbage.
func (s *shelf) watch() {
	runtime.SetFinalizer(&[blockSize]byte{}, func(*[blockSize]byte) { s.collected() })
}

// collected gives back what has not been used for two collections.
func (s *shelf) collected() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.collections++
	old := 0
	for old < len(s.pieces) && s.pieces[old].at+2 <= s.collections {
		old++
	}
	s.pieces = slices.Delete(s.pieces, 0, old)
	if s.watching = len(s.pieces) > 0; s.watching {
		s.watch()
	}
}

// argon2idKey is argon2.IDKey.
func argon2idKey(password, salt []byte, p Params, size int) []byte {
	f := beginFilling(password, salt, p, size)
	if f == nil {
		return argon2.IDKey(password, salt, p.Time, p.Memory, p.Threads, uint32(size))
	}
	for !f.step() {
		runtime.Gosched() // a hash is long, and what others want is short
	}
	return f.key()
}

// filling is an argon2id hash on its way.
type filling struct {
	passes uint32
	size   int // of the key
	memory *[]block
	blocks []block
	pass   uint32 // the next step's
	slice  uint32
}

// beginFilling prepares a hash for its steps; nil where it has to be left to the library.
func beginFilling(password, salt []byte, p Params, size int) *filling {
	if p.Threads != 1 || p.Memory > keptMemory {
		return nil
	}
	length := max(p.Memory, 2*passSlices) / passSlices * passSlices
	memory := kept.take()
	if memory == nil || len(*memory) < int(length) {
		memory = newMemory(int(length))
	}
	f := &filling{passes: p.Time, size: size, memory: memory, blocks: (*memory)[:length]}
	f.blocks[0], f.blocks[1] = firstBlocks(password, salt, p, size)
	return f
}

// step fills one slice of one pass, in a few milliseconds, and reports whether it was the last.
func (f *filling) step() (done bool) {
	fill(f.blocks, f.pass, f.slice, f.passes)
	f.slice++
	if f.slice == passSlices {
		f.pass, f.slice = f.pass+1, 0
	}
	return f.pass == f.passes
}

// key is what came of all steps. It is asked for once: the memory is for the next hash then.
func (f *filling) key() []byte {
	defer kept.put(f.memory)
	return variableHash(bytesOf(&f.blocks[len(f.blocks)-1]), f.size)
}

// firstBlocks are the two blocks that a lane begins with (sections 3.2 and 3.4).
func firstBlocks(password, salt []byte, p Params, size int) (first, second block) {
	h := newBLAKE2b(blake2b.Size)
	for _, n := range []uint32{uint32(p.Threads), uint32(size), p.Memory, p.Time, argon2.Version, modeID} {
		writeUint32(h, n)
	}
	for _, part := range [][]byte{password, salt, nil, nil} { // neither a secret nor associated data
		writeUint32(h, uint32(len(part)))
		_, _ = h.Write(part) // a hash.Hash never fails
	}
	seed := h.Sum(make([]byte, 0, blake2b.Size+8))
	seed = append(seed, make([]byte, 8)...) // the number of the block, and of the lane
	for i, to := range []*block{&first, &second} {
		binary.LittleEndian.PutUint32(seed[blake2b.Size:], uint32(i))
		content := variableHash(seed, blockSize)
		for k := range to {
			to[k] = binary.LittleEndian.Uint64(content[8*k:])
		}
	}
	return first, second
}

// fill writes one slice of one pass: each block is made of the one before it and of another one before that, which is chosen
// regardless of the password in the first half of the first pass, and by the block before afterwards (section 3.4).
func fill(blocks []block, pass, slice, passes uint32) {
	length := uint32(len(blocks))
	segment := length / passSlices
	blind := pass == 0 && slice < passSlices/2
	var zero, addresses block
	counter := block{uint64(pass), 0, uint64(slice), uint64(length), uint64(passes), modeID}
	first := uint32(0)
	if pass == 0 && slice == 0 {
		first = 2 // see firstBlocks
	}
	for at := first; at < segment; at++ {
		to := slice*segment + at
		before := to - 1
		if to == 0 {
			before = length - 1
		}
		choice := blocks[before][0]
		if blind {
			if at == first || at%blockWords == 0 {
				counter[6]++
				compress(&addresses, &counter, &zero)
				compress(&addresses, &addresses, &zero)
			}
			choice = addresses[at%blockWords]
		}
		from := &blocks[reference(choice, pass, slice, segment, at)]
		if pass == 0 {
			compress(&blocks[to], &blocks[before], from)
		} else {
			compressInto(&blocks[to], &blocks[before], from)
		}
	}
}

// reference is the number of the block that a choice means (section 3.4.2): among what this pass has written so far, or after
// the first among all but the rest of this slice, nearer ones more often.
func reference(choice uint64, pass, slice, segment, at uint32) uint32 {
	length := passSlices * segment
	size, start := slice*segment+at-1, uint32(0)
	if pass > 0 {
		size, start = length-segment+at-1, (slice+1)%passSlices*segment
	}
	x := choice & (1<<32 - 1)
	x = x * x >> 32
	x = uint64(size) * x >> 32
	return (start + size - 1 - uint32(x)) % length
}

// variableHash is H' of section 3.3: size bytes.
func variableHash(of []byte, size int) []byte {
	h := newBLAKE2b(min(size, blake2b.Size))
	writeUint32(h, uint32(size))
	_, _ = h.Write(of) // a hash.Hash never fails
	v := h.Sum(nil)
	out := make([]byte, 0, size)
	for len(out)+len(v) < size { // half of each but the last
		out = append(out, v[:blake2b.Size/2]...)
		h = newBLAKE2b(min(size-len(out), blake2b.Size))
		_, _ = h.Write(v)
		v = h.Sum(v[:0])
	}
	return append(out, v...)
}

func newBLAKE2b(size int) stdhash.Hash {
	h, err := blake2b.New(size, nil)
	if err != nil {
		panic("passhash: " + err.Error()) // it takes 1 to 64 bytes and no key, which is all that it is given here
	}
	return h
}

func writeUint32(h stdhash.Hash, n uint32) {
	_, _ = h.Write(binary.LittleEndian.AppendUint32(nil, n)) // a hash.Hash never fails
}

func bytesOf(b *block) []byte {
	out := make([]byte, 0, blockSize)
	for _, word := range b {
		out = binary.LittleEndian.AppendUint64(out, word)
	}
	return out
}
