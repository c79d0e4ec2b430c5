package app

import (
	"os"
	"strconv"
	"strings"
)

// ContainerMemory is how many bytes the process's container may take, as its own mount of cgroup v2 shows it; 0 where nothing bounds it.
func ContainerMemory() int64 {
	text, err := os.ReadFile("/sys/fs/cgroup/memory.max")
	if err != nil {
		return 0 // no container, or not Linux
	}
	return memoryOf(string(text))
}

// memoryOf reads a bound, which is "max" where there is none.
func memoryOf(bound string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(bound), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
