package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/sdk/go/client"
)

// notes is the example API beside this example.
const notes = "http://localhost:8000/notes"

func call(ctx context.Context, a *app, args []string) error {
	target, method, body := notes, http.MethodGet, ""
	if len(args) > 0 {
		target = args[0]
	}
	if len(args) > 1 {
		method, body = http.MethodPost, args[1]
	}
	if !private(target) {
		return errors.New("the URL of an API must begin with https, or be one of this machine: else others can read the token on its way")
	}
	resp, err := a.request(ctx, method, target, body)
	if errors.Is(err, client.ErrNoTokens) {
		return a.whyNoTokens(ctx)
	}
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(a.out, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the API answered %s", resp.Status)
	}
	return nil
}

// request asks an API, and once more with a new token where it does not take the first. Access refreshes what has expired by this machine's
// clock, but the API goes by its own, and may have forgotten a key that signed.
func (a *app) request(ctx context.Context, method, target, body string) (*http.Response, error) {
	resp, err := a.show(ctx, method, target, body)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	_ = resp.Body.Close()
	if err := a.client.RefreshTokens(ctx); err != nil {
		return nil, err
	}
	return a.show(ctx, method, target, body)
}

// show makes a request that shows an access token.
func (a *app) show(ctx context.Context, method, target, body string) (*http.Response, error) {
	token, err := a.client.Access(ctx)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return api.Do(r)
}

// api follows no redirects: a token goes where it was meant to go.
var api = &http.Client{
	Timeout:       30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// private reports whether nobody can read on the way what is sent to a URL.
func private(target string) bool {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// whyNoTokens tells who is not signed in from who is and has no tokens all the same.
func (a *app) whyNoTokens(ctx context.Context) error {
	if _, err := a.somebody(ctx); err != nil {
		return err
	}
	return errors.New("you are signed in, and have no access token. Log out and in again. If there is none then either, the tenant hands " +
		"none out: its headless.token_strategy is to be \"jwt\"")
}
