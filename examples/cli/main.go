// Command cli is an app as one on a phone would be, for a terminal: it signs people up and in at a Vestibule server, keeps their tokens,
// and calls an API for them.
//
//	go run ./cli signup ann@example.org
//	go run ./cli call
//	go run ./cli help
//
// Where to look: login.go goes on with a login until somebody is signed in, whatever the server asks for next; store.go keeps the tokens;
// call.go shows the access token to an API, and gets another when it has expired; again.go asks anew for what was wrong, and for a fresh
// proof where the server wants one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/vestibule-auth/vestibule/sdk/go/client"
)

// command is something that can be asked for.
type command struct {
	name, takes, does string
	most              int // how many arguments it takes
	run               func(context.Context, *app, []string) error
}

var commands = []command{
	{"signup", "ADDRESS [USERNAME]", "make an account", 2, signup},
	{"login", "NAME", "sign in with a password; an address, a username or a phone number is a name", 1, login},
	{"login-by-code", "NAME", "sign in with a code that is sent to an address or a phone number", 1, loginByCode},
	{"verify", "LINK", "prove that an address is yours, with the link or the code that was mailed there", 1, verify},
	{"whoami", "", "show who is signed in", 0, whoami},
	{"call", "[URL [JSON]]", "get what an API has, or post JSON to it; " + notes + " if none is given", 2, call},
	{"totp", "[off]", "have logins ask for a code of an authenticator app, or no more", 1, totp},
	{"codes", "[new]", "show the recovery codes, or make new ones", 1, codes},
	{"sessions", "[end ID]", "show where you are signed in, or end a session", 2, sessions},
	{"passwd", "", "change the password", 0, passwd},
	{"forget", "ADDRESS", "set a new password in the place of a forgotten one", 1, forget},
	{"logout", "", "sign out", 0, logout},
}

// app is what every command works with.
type app struct {
	*terminal
	client *client.Client
}

// errUsage says that a command was not given what it takes.
var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], newTerminal(os.Stdin, os.Stdout, os.Stderr))
	stop()
	os.Exit(status)
}

// run is the status to exit with: 0 where it was done, 1 where it was declined or failed, 2 where it was not understood.
func run(ctx context.Context, args []string, t *terminal) int {
	flags := flag.NewFlagSet("cli", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // usage says it all
	server := flags.String("url", "http://localhost:8080", "")
	err := flags.Parse(args)
	args = flags.Args()
	if errors.Is(err, flag.ErrHelp) || err == nil && len(args) > 0 && args[0] == "help" {
		t.say("%s", usage())
		return 0
	}
	if err != nil || len(args) == 0 {
		t.tell("%s", usage())
		return 2
	}
	i := slices.IndexFunc(commands, func(c command) bool { return c.name == args[0] })
	if i < 0 || len(args)-1 > commands[i].most {
		t.tell("%s", usage())
		return 2
	}
	a, err := newApp(*server, t)
	if err == nil {
		err = commands[i].run(ctx, a, args[1:])
	}
	switch {
	case errors.Is(err, errUsage):
		t.tell("Usage: cli %s %s", commands[i].name, commands[i].takes)
		return 2
	case err != nil:
		t.tell("%s", explain(err))
		return 1
	}
	return 0
}

// newApp speaks to a server for whoever is signed in there.
func newApp(server string, t *terminal) (*app, error) {
	folder, err := os.UserConfigDir()
	if err != nil {
		return nil, err
	}
	c, err := client.New(client.Options{
		URL: server, Kind: client.App, UserAgent: "vestibule-example-cli",
		Store: storeFor(filepath.Join(folder, "vestibule-example"), server),
	})
	return &app{terminal: t, client: c}, err
}

func usage() string {
	text := "Usage: cli [-url URL] COMMAND ...\n\n-url is the server's, http://localhost:8080 if none is given.\n\n"
	for _, c := range commands {
		text += fmt.Sprintf("  %-13s %-18s  %s\n", c.name, c.takes, c.does)
	}
	return text
}
