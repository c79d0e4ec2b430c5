package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

const autogroups = "/proc/sys/kernel/sched_autogroup_enabled"

// ungroup has Linux go by the priorities of threads, whatever session they belong to, for all that is started from now on and until
// regroup is called. Otherwise it shares out the processor between sessions first, and each connection of PostgreSQL has one of its own
// beside the servers, with which it would not share a machine. grouped tells where that cannot be had.
func ungroup() (regroup func() error, grouped string) {
	regroup = func() error { return nil }
	was, err := os.ReadFile(autogroups)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return regroup, ""
	case err == nil && !bytes.HasPrefix(was, []byte("1")):
		return regroup, ""
	case err == nil:
		err = os.WriteFile(autogroups, []byte("0"), 0o644)
	}
	if err != nil {
		return regroup, fmt.Sprintf("the kernel here goes by sessions before it goes by priorities, and this user cannot have it otherwise (%v); "+
			"on one machine that slows PostgreSQL down while passwords are hashed: as root, `sysctl kernel.sched_autogroup_enabled=0`", err)
	}
	return func() error { return os.WriteFile(autogroups, was, 0o644) }, ""
}
