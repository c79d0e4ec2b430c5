package passhash

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
)

// Every result is compared with the library's. Memory that a hash has left behind serves the next one, whatever its parameters.
func TestHashesAreTheLibrarys(t *testing.T) {
	salt := []byte("0123456789abcdef")
	for _, p := range []Params{
		Default,
		{Memory: 8, Time: 1, Threads: 1},
		{Memory: 8, Time: 3, Threads: 1},
		{Memory: 11, Time: 2, Threads: 1}, // no multiple of four: what is over is not used, but counts in the hash
		{Memory: 64, Time: 1, Threads: 1},
		{Memory: 513, Time: 2, Threads: 1}, // a slice is longer than a block of choices
		{Memory: 4096, Time: 4, Threads: 1},
		{Memory: 8 * 3, Time: 2, Threads: 3},
		{Memory: keptMemory, Time: 1, Threads: 1},
		{Memory: keptMemory + 4, Time: 1, Threads: 1},
		Default, // in memory that was written to
	} {
		for _, size := range []int{16, 32, 64, 65, 96, 100, 128} {
			for _, password := range []string{"", word, string(make([]byte, 200))} {
				got := argon2idKey([]byte(password), salt, p, size)
				want := argon2.IDKey([]byte(password), salt, p.Time, p.Memory, p.Threads, uint32(size))
				if !bytes.Equal(got, want) {
					t.Fatalf("%+v, %d bytes, %q: %x, and the library says %x", p, size, password, got, want)
				}
				if p.Memory > 4096 {
					break // once is enough of what takes long
				}
			}
			if p.Memory > Default.Memory {
				break
			}
		}
	}
}

func FuzzHashesAreTheLibrarys(f *testing.F) {
	f.Add([]byte(word), []byte("0123456789abcdef"), uint16(64), uint8(1), uint8(32))
	f.Add([]byte(""), []byte(""), uint16(8), uint8(3), uint8(65))
	f.Fuzz(func(t *testing.T, password, salt []byte, memory uint16, passes, size uint8) {
		p := Params{Memory: 8 + uint32(memory)%2048, Time: 1 + uint32(passes)%4, Threads: 1}
		n := 1 + int(size)
		got := argon2idKey(password, salt, p, n)
		want := argon2.IDKey(password, salt, p.Time, p.Memory, p.Threads, uint32(n))
		if !bytes.Equal(got, want) {
			t.Fatalf("%+v, %d bytes: %x, and the library says %x", p, n, got, want)
		}
	})
}

func TestHashesAtOnceDoNotShareMemory(t *testing.T) {
	p := Params{Memory: 256, Time: 2, Threads: 1}
	salt := []byte("0123456789abcdef")
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			password := fmt.Appendf(nil, "password %d", i)
			want := argon2.IDKey(password, salt, p.Time, p.Memory, p.Threads, keySize)
			for range 20 {
				if got := argon2idKey(password, salt, p, keySize); !bytes.Equal(got, want) {
					t.Errorf("%s: %x, and the library says %x", password, got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestMemoryIsKeptForTheNextHashAndGivenBackWhenThereIsNone(t *testing.T) {
	var s shelf
	if s.take() != nil {
		t.Error("there is memory before any was put back")
	}
	a, b := newMemory(8), newMemory(8)
	s.put(a)
	s.put(b)
	if s.take() != b || s.take() != a || s.take() != nil {
		t.Error("what was used last is not taken first")
	}
	s.put(a)
	s.put(b)
	s.collected()
	if s.take() != b {
		t.Error("memory was given back after one collection")
	}
	s.put(b) // in use
	s.collected()
	if s.take() != b || s.take() != nil {
		t.Error("after two collections, what was used meanwhile is kept and the rest is not")
	}
}

func TestCollectionsAreNoticed(t *testing.T) {
	var s shelf
	s.put(newMemory(8))
	kept := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.pieces)
	}
	for deadline := time.After(time.Minute); kept() > 0; runtime.GC() {
		select {
		case <-deadline:
			t.Fatal("collections give nothing back")
		default:
		}
	}
	s.put(newMemory(8))
	if !s.watching {
		t.Error("collections are not counted anew")
	}
}

func BenchmarkArgon2id(b *testing.B) {
	salt := make([]byte, saltSize)
	b.Run("kept memory", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			argon2idKey([]byte(word), salt, Default, keySize)
		}
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			argon2.IDKey([]byte(word), salt, Default.Time, Default.Memory, Default.Threads, keySize)
		}
	})
}
