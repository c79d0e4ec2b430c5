//go:build !linux

package main

import "syscall"

// ownGroup has a process live in a group of its own, so that what is typed at the terminal is for the run alone.
func ownGroup(attr *syscall.SysProcAttr) *syscall.SysProcAttr {
	if attr == nil {
		attr = &syscall.SysProcAttr{}
	}
	attr.Setpgid = true
	return attr
}
