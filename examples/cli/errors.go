package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/sdk/go/client"
)

// explain says what to do about an error.
func explain(err error) string {
	var (
		declined *client.Error
		network  net.Error
	)
	switch {
	case errors.Is(err, context.Canceled):
		return "Stopped."
	case errors.Is(err, client.ErrSessionEnded):
		return "Your session is over. Sign in again: cli login NAME"
	case errors.Is(err, client.ErrSignedOut):
		return "Nobody is signed in. Sign in first: cli login NAME"
	case errors.As(err, &declined):
		return declinedBy(declined)
	case errors.As(err, &network):
		return fmt.Sprintf("There is no answer: %v.\n"+
			"Is it running? `make run` starts a server at http://localhost:8080, `go run ./api` the API.", err)
	default:
		text := err.Error()
		return strings.ToUpper(text[:1]) + text[1:] + "."
	}
}

// declinedBy says what the server declined.
func declinedBy(e *client.Error) string {
	switch {
	case e.RetryAfter > 0:
		return fmt.Sprintf("That was too often, or too much for now. Come back in %s.", e.RetryAfter.Round(time.Second))
	case len(e.Errors) > 0:
		return faults(e)
	case e.Status == http.StatusForbidden:
		return "The server does not allow that."
	case e.Status == http.StatusConflict:
		return "That cannot be done now: what it was about has come to its end. Begin again."
	case e.Status == http.StatusNotFound:
		return "The server has no such thing: is -url a tenant's public URL, and is this turned on there?"
	default:
		return fmt.Sprintf("The server answered %d %s.", e.Status, http.StatusText(e.Status))
	}
}

// faults are what is wrong with an input, a line each, as the server puts it.
func faults(e *client.Error) string {
	var lines []string
	for _, f := range e.Errors {
		lines = append(lines, f.Message)
	}
	return strings.Join(lines, "\n")
}
