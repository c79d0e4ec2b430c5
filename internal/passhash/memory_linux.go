package passhash

import (
	"runtime"
	"syscall"
	"unsafe"
)

// newMemory is memory of that many blocks. It lies outside of Go's heap, whose size decides how often garbage is collected, and
// in pages of 2 MiB where the machine has them: argon2 jumps about in it, and the processor remembers where few pages are. It is
// given back once nobody refers to the slice's header any more.
func newMemory(length int) *[]block {
	raw, err := syscall.Mmap(-1, 0, length*blockSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		blocks := make([]block, length)
		return &blocks
	}
	_ = syscall.Madvise(raw, syscall.MADV_HUGEPAGE) // small pages do, too
	//nolint:gosec // the mapping begins at a page, is that long and holds no pointers
	blocks := unsafe.Slice((*block)(unsafe.Pointer(unsafe.SliceData(raw))), length)
	memory := &blocks
	runtime.AddCleanup(memory, func(raw []byte) { _ = syscall.Munmap(raw) }, raw)
	return memory
}
