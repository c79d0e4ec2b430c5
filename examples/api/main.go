// Command api is an API whose users sign in at a Vestibule server: each keeps notes here, and sees nobody else's.
//
//	go run ./api
//
// It knows nothing of passwords, sessions or sign-in pages. Apps send it the access tokens that their users got when they signed in, and
// the middleware of package vestibule checks those with the tenant's published keys.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	vestibule "github.com/vestibule-auth/vestibule/sdk/go"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		_, _ = fmt.Fprintln(os.Stderr, "api:", err) // there is nowhere else to say so
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("api", flag.ContinueOnError)
	listen := flags.String("listen", cmp.Or(os.Getenv("NOTES_LISTEN"), "localhost:8000"), "where to listen; NOTES_LISTEN is the default")
	issuers := flags.String("issuer", cmp.Or(os.Getenv("NOTES_ISSUER"), "http://localhost:8080"),
		"whose users may come: the public URL of a tenant, or of several with commas between them; NOTES_ISSUER is the default")
	audience := flags.String("audience", cmp.Or(os.Getenv("NOTES_AUDIENCE"), "notes"),
		"what the tenants call this API, their headless.jwt_audience; NOTES_AUDIENCE is the default")
	if err := flags.Parse(args); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))

	// The log is told why somebody is not let in, and whoever asks is not. A token is in neither.
	options := vestibule.Options{Realm: "notes", Log: log}
	for _, url := range strings.Split(*issuers, ",") {
		options.Issuers = append(options.Issuers, vestibule.Issuer{URL: url, Audience: *audience})
	}
	verifier, err := vestibule.New(options)
	if err != nil {
		return err
	}
	if err := verifier.Ready(ctx); err != nil { // it may come later, and until then requests are answered with 503
		log.Warn("there are no keys yet: is the server running, and the tenant's headless.token_strategy \"jwt\"?", "error", err)
	}

	server := &http.Server{Handler: routes(verifier), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second}
	var listening net.ListenConfig
	l, err := listening.Listen(ctx, "tcp", *listen)
	if err != nil {
		return fmt.Errorf("%w. Choose another address with -listen", err)
	}
	log.Info("notes are kept", "at", "http://"+l.Addr().String()+"/notes")
	stopped := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(soon)
	})
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// routes are what the API can do. Whatever stands behind Protect is for those alone whose token is accepted.
func routes(verifier *vestibule.Verifier) http.Handler {
	n := &notes{of: map[owner][]note{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /notes", n.list)
	mux.HandleFunc("POST /notes", n.add)
	return verifier.Protect(mux)
}
