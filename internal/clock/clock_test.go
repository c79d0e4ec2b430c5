package clock_test

import (
	"testing"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
)

func TestTimesAreWhatDatabasesKeep(t *testing.T) {
	for name, now := range map[string]time.Time{
		"the machine's": clock.System{}.Now(),
		"a fake":        clock.At(time.Date(2026, 6, 1, 12, 0, 0, 123456789, time.FixedZone("", 3600))).Now(),
	} {
		if now.Location() != time.UTC || now.Nanosecond()%1000 != 0 {
			t.Errorf("%s: %v", name, now)
		}
	}
}

func TestFakeMovesWhenTold(t *testing.T) {
	c := clock.At(time.Unix(0, 0))
	c.Advance(time.Minute)
	if !c.Now().Equal(time.Unix(60, 0)) {
		t.Errorf("got %v", c.Now())
	}
}
