package main

import (
	"errors"
	"os"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const rest = " S 2138 2138 2138 0 -1 4194368 531 7 0 0 12 34 5 6 20 0 1 0 3039 222982144 7759 18446744073709551615 1 1 0 0 0 0"
	for name, c := range map[string]struct {
		line string
		want string
	}{
		"a plain name":                   {"2139 (postgres)" + rest, "postgres"},
		"a name with a space":            {"2139 (tmux: server)" + rest, "tmux: server"},
		"a name with parentheses":        {"2139 ((sd-pam))" + rest, "(sd-pam)"},
		"a name that looks like the end": {"2139 (a) S 1 (b)" + rest, "a) S 1 (b"},
		"a line with its end":            {"2139 (postgres)" + rest + "\n", "postgres"},
		"an empty name":                  {"2139 ()" + rest, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseStat(c.line)
			if err != nil {
				t.Fatal(err)
			}
			want := process{pid: 2139, parent: 2138, name: c.want, cpu: (12 + 34 + 5 + 6) * 10 * time.Millisecond}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestParseStatRefusesWhatIsNone(t *testing.T) {
	for name, line := range map[string]string{
		"nothing":                "",
		"no name":                "2139 S 2138 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
		"a name that never ends": "2139 (postgres S 2138",
		"a line cut short":       "2139 (postgres) S 2138 2138 2138 0 -1 4194368 531 7 0 0 12 34",
		"words for numbers":      "2139 (postgres) S 2138 2138 2138 0 -1 4194368 531 7 0 0 twelve 34 5 6 20 0",
		"ended before it began":  ") (",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := parseStat(line); !errors.Is(err, errStat) {
				t.Errorf("got %+v and %v", got, err)
			}
		})
	}
}

func TestTreeCPUCountsEverythingBelowTheRoot(t *testing.T) {
	all := []process{
		{pid: 1, parent: 0, cpu: 1000},
		{pid: 10, parent: 1, cpu: 1},
		{pid: 12, parent: 11, cpu: 4}, // listed before its parent
		{pid: 11, parent: 10, cpu: 2},
		{pid: 20, parent: 1, cpu: 100},
	}
	if got, err := treeCPU(all, 10); err != nil || got != 7 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := treeCPU(all, 99); err == nil {
		t.Error("a process that is gone has a time")
	}
}

func TestProcessesKnowsThisOne(t *testing.T) {
	all, err := processes()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.pid == os.Getpid() && p.parent == os.Getppid() {
			return
		}
	}
	t.Errorf("process %d is not among %d", os.Getpid(), len(all))
}

func TestParseBusyLeavesIdleAndStolenTimeOut(t *testing.T) {
	got, err := parseBusy("cpu  1 2 4 1000 2000 8 16 4000 0 0\ncpu0 1 2 4 1000 2000 8 16 4000 0 0\n")
	if err != nil || got != (1+2+4+8+16)*10*time.Millisecond {
		t.Errorf("got %v, %v", got, err)
	}
	for name, text := range map[string]string{"nothing": "", "another line": "intr 1 2 3 4 5 6 7 8", "words": "cpu a b c d e f g"} {
		if _, err := parseBusy(text); err == nil {
			t.Errorf("%s is taken for /proc/stat", name)
		}
	}
}

func TestParseRedisCPU(t *testing.T) {
	const info = "# CPU\r\nused_cpu_sys:1.250000\r\nused_cpu_user:2.500000\r\nused_cpu_sys_children:9.0\r\nused_cpu_user_children:9.0\r\n"
	if got, err := parseRedisCPU(info); err != nil || got != 3750*time.Millisecond {
		t.Errorf("got %v, %v", got, err)
	}
	for name, text := range map[string]string{"nothing": "", "half of it": "used_cpu_sys:1.0", "words": "used_cpu_sys:a\nused_cpu_user:b"} {
		if _, err := parseRedisCPU(text); err == nil {
			t.Errorf("%s is taken for INFO cpu", name)
		}
	}
}
