package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/outbound"
)

// The bounds of asking: the checks behind /readyz have two seconds, and their answer has some hundred bytes.
const (
	readyPatience = 5 * time.Second
	readyAnswer   = 4 << 10
)

var errUnready = errors.New("the server is not ready")

// Ready asks the server that runs on this machine with these settings whether it is ready, and returns its answer. It is an error if it is
// not, or does not answer.
func Ready(ctx context.Context, cfg config.Config) (answer string, err error) {
	at, err := within(cfg.AdminListen)
	if err != nil {
		return "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at+"/readyz", nil)
	if err != nil {
		return "", fmt.Errorf("ask whether the server is ready: %w", err)
	}
	client := outbound.HTTPClient(outbound.Options{Dialer: outbound.Dialer{AllowPrivate: true}, Timeout: readyPatience})
	defer client.CloseIdleConnections()
	res, err := client.Do(r)
	if err != nil {
		return "", fmt.Errorf("ask whether the server is ready: %w", err)
	}
	defer func() { _ = res.Body.Close() }() // it was read
	body, err := outbound.ReadAll(res.Body, readyAnswer)
	if err != nil {
		return "", fmt.Errorf("read whether the server is ready: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		err = errUnready
	}
	return string(body), err
}

// within is the address by which this machine reaches a listener of its own: one that listens on every interface is on loopback, too, whose
// name is not resolved, since a container need not know it.
func within(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("the operators' listener: %w", err)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}
