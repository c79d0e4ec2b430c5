package main

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAnAbsentKitIsNoFailure(t *testing.T) {
	var out, complaints bytes.Buffer
	absent := filepath.Join(t.TempDir(), "run.py")
	if code := run(t.Context(), []string{"-kit", absent}, &out, &complaints); code != 0 || complaints.Len() > 0 {
		t.Errorf("%d %s", code, complaints.String())
	}
	if want := "kit: not present (" + absent + "), so nothing is compared\n"; out.String() != want {
		t.Errorf("it said %q", out.String())
	}
}

func TestTheServerGetsOnlyItsOwnSettings(t *testing.T) {
	got := others([]string{"PATH=/bin", "VESTIBULE_TEST_REDIS_URL=redis://x", "VESTIBULE_LISTEN=:1", "HOME=/"})
	if !slices.Equal(got, []string{"PATH=/bin", "HOME=/"}) {
		t.Errorf("got %v", got)
	}
}

func TestPatternsAddUp(t *testing.T) {
	var p patterns
	for _, pattern := range []string{"login.*", "signup.*"} {
		if err := p.Set(pattern); err != nil {
			t.Fatal(err)
		}
	}
	if p.String() != "login.* signup.*" {
		t.Errorf("got %s", p.String())
	}
}

func TestFreePortsDiffer(t *testing.T) {
	ports, err := freePorts(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ports)
	if len(slices.Compact(ports)) != 5 {
		t.Errorf("got %v", ports)
	}
}

func TestUnknownFlagsAreRefused(t *testing.T) {
	var out, complaints bytes.Buffer
	if code := run(t.Context(), []string{"-fast"}, &out, &complaints); code != 2 || !strings.Contains(complaints.String(), "-fast") {
		t.Errorf("%d %s", code, complaints.String())
	}
}
