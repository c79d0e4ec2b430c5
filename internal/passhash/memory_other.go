//go:build !linux

package passhash

// newMemory is memory of that many blocks.
func newMemory(length int) *[]block {
	blocks := make([]block, length)
	return &blocks
}
