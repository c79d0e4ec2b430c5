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
// beside the servers, with which it would not share a machine. grouped tells how it is.
func ungroup(say func(string, ...any)) (regroup func() error, grouped string) {
	regroup = func() error { return nil }
	was, err := os.ReadFile(autogroups)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && !bytes.HasPrefix(was, []byte("1")):
		return regroup, "not grouped by session"
	case err == nil:
		err = os.WriteFile(autogroups, []byte("0"), 0o644)
	}
	if err != nil {
		say("priorities count for less here, since the kernel groups processes by session (%v). As root: sysctl kernel.sched_autogroup_enabled=0", err)
		return regroup, "grouped by session"
	}
	say("the kernel does not group processes by session until this ends; if it is killed: sysctl kernel.sched_autogroup_enabled=1")
	return func() error {
		if err := os.WriteFile(autogroups, was, 0o644); err != nil {
			return fmt.Errorf("have the kernel group processes again: %w", err)
		}
		return nil
	}, "not grouped by session"
}
