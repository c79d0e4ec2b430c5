package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"
)

func TestTheDatabaseIsWaitedFor(t *testing.T) {
	refused := errors.New("connection refused")
	slow := fmt.Errorf("ping: %w", os.ErrDeadlineExceeded)
	for _, tt := range []struct {
		name     string
		patience time.Duration
		comes    int // the ping that is answered; 0: none
		want     string
		pings    int // at least
		logged   string
	}{
		{"it is there", time.Minute, 1, "", 1, ""},
		{"it comes", time.Minute, 3, "", 3, "waiting for the database"},
		{"it does not come", time.Second, 0, "the database did not answer within 1s: connection refused", 2, "connection refused"},
		{"nobody waits", 0, 0, "", 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			pings := 0
			err := awaitDatabase(t.Context(), func(context.Context) error {
				switch pings++; pings {
				case tt.comes:
					return nil
				case 2: // and is cut off
					return slow
				}
				return refused
			}, tt.patience, slog.New(slog.NewTextHandler(&log, nil)))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
				t.Errorf("it ended with %v, not %q", err, tt.want)
			}
			if pings < tt.pings {
				t.Errorf("it asked %d times", pings)
			}
			if !strings.Contains(log.String(), tt.logged) {
				t.Errorf("the log is %q", log.String())
			}
		})
	}
}

func TestWaitingEndsWithTheProcess(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	err := awaitDatabase(ctx, func(context.Context) error { stop(); return errors.New("connection refused") }, time.Minute, slog.New(slog.DiscardHandler))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}
