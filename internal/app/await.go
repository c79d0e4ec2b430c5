package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"
)

// How often a database that is waited for is asked, and how often the log says what is waited for.
const (
	askEvery  = 500 * time.Millisecond
	tellEvery = 5 * time.Second
)

// awaitDatabase returns as soon as the database answers, and with what was wrong at the end if it does not within the patience. Whatever
// is wrong is waited for: where a database is made together with its server, its user, its password and its name come at last, too.
func awaitDatabase(ctx context.Context, ping func(context.Context) error, patience time.Duration, log *slog.Logger) error {
	if patience == 0 {
		return nil // whatever comes next finds out
	}
	waiting, done := context.WithTimeout(ctx, patience)
	defer done()
	ask, tell := time.NewTicker(askEvery), time.NewTicker(tellEvery)
	defer ask.Stop()
	defer tell.Stop()
	err := ping(waiting)
	if err != nil {
		log.InfoContext(ctx, "waiting for the database", "at_most", patience.String(), "error", err)
	}
	for err != nil {
		select {
		case <-waiting.Done():
			if ctx.Err() != nil {
				return fmt.Errorf("wait for the database: %w", context.Cause(ctx))
			}
			return fmt.Errorf("the database did not answer within %s: %w", patience, err)
		case <-tell.C:
			log.InfoContext(ctx, "still waiting for the database", "error", err)
		case <-ask.C:
			// The last ping may be cut off by the end of the wait, which says nothing of the database: what was wrong before does.
			var slow net.Error
			if now := ping(waiting); now == nil || !errors.As(now, &slow) || !slow.Timeout() {
				err = now
			}
		}
	}
	return nil
}
