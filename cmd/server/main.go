// Command server is Vestibule: it serves the public API on one address and the operators' on another.
//
// SIGTERM or an interrupt stops it: what is under way is finished first, within VESTIBULE_SHUTDOWN_TIMEOUT. A second one
// ends it at once.
//
// Exit status: 0 after a clean stop, 1 when something failed while it ran or was cut off at the stop, 2 when the settings
// are wrong.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	_ "golang.org/x/crypto/x509roots/fallback" // whom to trust where the system does not say: images have no such list

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the signals mean again what they mean to any program
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args, environ []string, out, complaints io.Writer) int {
	cfg, err := config.Load(args, environ)
	switch {
	case errors.Is(err, config.ErrHelp):
		return exit(complaints, config.Usage(out))
	case errors.Is(err, config.ErrVersion):
		_, err := fmt.Fprintln(out, "vestibule", cmp.Or(config.Version(), "(unknown)"))
		return exit(complaints, err)
	case err != nil:
		_, _ = fmt.Fprintln(complaints, err) // there is nowhere else to say so
		return 2
	}
	if cfg.Ready {
		answer, err := app.Ready(ctx, cfg)
		_, _ = fmt.Fprint(out, answer) // the status says it, too
		return exit(complaints, err)
	}
	log, flush := app.Log(cfg, complaints)
	defer flush()
	if cfg.Migrate {
		return exit(complaints, app.Migrate(ctx, cfg, log))
	}
	if cfg.SealKeys {
		return exit(complaints, app.SealKeys(ctx, cfg, log))
	}
	cfg.HashWorkers = tuneProcessors(cfg.HashWorkers)
	tuneMemory(environ, cfg.HashWorkers)
	server, err := app.New(ctx, cfg, app.Options{Log: log, Version: config.Version()})
	if err != nil {
		return exit(complaints, err)
	}
	if cfg.Dev {
		if err := server.Banner(out); err != nil {
			return exit(complaints, errors.Join(err, server.Close()))
		}
	}
	return exit(complaints, server.Run(ctx))
}

func exit(complaints io.Writer, err error) int {
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintln(complaints, "vestibule:", err) // there is nowhere else to say so
	return 1
}
