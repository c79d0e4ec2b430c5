package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
)

// skewedCommand has this program be a server whose clock is wrong. Clocks of Go programs cannot be bent from outside, and the
// server itself has no switch for it.
const skewedCommand = "skewed"

// serveSkewed is a server as cmd/server is one, but for its clock.
func serveSkewed(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: faults %s DURATION", skewedCommand)
	}
	by, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	cfg, err := config.Load(nil, os.Environ())
	if err != nil {
		return err
	}
	log, flush := app.Log(cfg, os.Stderr)
	defer flush()
	server, err := app.New(ctx, cfg, app.Options{Log: log, Clock: skewedClock{by}})
	if err != nil {
		return err
	}
	return server.Run(ctx)
}
