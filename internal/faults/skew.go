package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"time"

	"github.com/vestibule-auth/vestibule/internal/app"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/config"
)

// skewedCommand has this program be a server whose clock is wrong. Clocks of Go programs cannot be bent from outside, and the
// server itself has no switch for it.
const skewedCommand = "skewed"

// skewedClock is the machine's clock, set wrong.
type skewedClock struct{ by time.Duration }

// Now is the wrong time.
func (c skewedClock) Now() time.Time { return clock.System{}.Now().Add(c.by) }

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

// skew runs three replicas whose clocks are two minutes apart, looks at what must not be accepted twice, and sets the clocks right.
func skew(ctx context.Context, r *run, out *row) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for i, by := range []string{"-1m", "0s", "1m"} {
		if err := r.cluster.replace(ctx, i, exec.Command(self, skewedCommand, by)); err != nil {
			return err
		}
	}
	p := probe{cluster: r.cluster, row: out, host: "skew.localhost"}
	if err := p.run(ctx); err != nil {
		return err
	}
	if err := wait(ctx, 5*time.Second); err != nil {
		return err
	}
	return r.roll(ctx, r.cluster.program)
}

// probe looks at what replicas make of each other's times. The first is a minute late, the last a minute early.
type probe struct {
	cluster *cluster
	row     *row
	host    string
	clients int
}

// on asks one replica.
func (p *probe) on(ctx context.Context, replica int, method, path string, header map[string]string, body any) (reply, words, error) {
	p.clients++
	h := map[string]string{"X-Forwarded-For": fmt.Sprintf("10.200.0.%d", p.clients)}
	for name, value := range header {
		h[name] = value
	}
	got, err := p.cluster.call(ctx, p.cluster.replicas[replica].public, p.host, method, appPath+path, h, body)
	var w words
	if err == nil {
		err = json.Unmarshal(got.body, &w)
	}
	return got, w, err
}

// want notes an answer that is not the right one.
func (p *probe) want(what string, got reply, statuses ...int) {
	for _, s := range statuses {
		if got.status == s {
			return
		}
	}
	p.row.breaks("%s was answered with %d: %s", what, got.status, clip(string(got.body)))
}

var (
	mailedKey  = regexp.MustCompile(`verify-email/([A-Za-z0-9_-]+)`)
	mailedCode = regexp.MustCompile(`(?m)^\s*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$`)
)

// find waits for a mail in which something is found.
func (p *probe) find(ctx context.Context, to string, what *regexp.Regexp) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		if found := what.FindStringSubmatch(p.cluster.sink.mail(to)); found != nil {
			return found[1], nil
		}
		if err := wait(ctx, 50*time.Millisecond); err != nil {
			return "", fmt.Errorf("no mail to %s has %s", to, what)
		}
	}
}

func (p *probe) run(ctx context.Context) error {
	err := p.cluster.makeTenant(ctx, p.cluster.replicas[1], p.host, map[string]any{
		"account": map[string]any{
			"email_verification": "mandatory", "login_by_code_enabled": true,
			"rate_limits": map[string]any{"login_failed": "5/5m/key"},
		},
		"headless": map[string]any{
			"token_strategy": "jwt",
			"frontend_urls":  map[string]any{"account_confirm_email": "https://app.example.org/verify-email/{key}"},
		},
	})
	return errors.Join(err, p.link(ctx), p.code(ctx), p.tokens(ctx), p.limits(ctx))
}

// The replicas by their clocks.
const late, right, early = 0, 1, 2

// credentials are what the probe's one person signs up and logs in with.
func credentials(secret string) map[string]string {
	return map[string]string{"email": probeAddress, "password": secret}
}

const (
	probeAddress  = "ann" + keptDomain
	probePassword = "Kestrel-Orbit-49-plum"
)

// link has a mailed link be used on one replica, and again on another.
func (p *probe) link(ctx context.Context) error {
	got, _, err := p.on(ctx, late, http.MethodPost, "/auth/signup", nil, credentials(probePassword))
	if err != nil {
		return err
	}
	p.want("a signup", got, http.StatusUnauthorized)
	key, err := p.find(ctx, probeAddress, mailedKey)
	if err != nil {
		return err
	}
	for _, use := range []struct{ replica, want int }{{early, http.StatusUnauthorized}, {right, http.StatusBadRequest}, {late, http.StatusBadRequest}} {
		got, _, err := p.on(ctx, use.replica, http.MethodPost, "/auth/email/verify", nil, map[string]string{"key": key})
		if err != nil {
			return err
		}
		p.want(fmt.Sprintf("a mailed link on %s", p.cluster.replicas[use.replica].name), got, use.want)
	}
	return nil
}

// code has a code be asked for on one replica and used on another, twice.
func (p *probe) code(ctx context.Context) error {
	got, w, err := p.on(ctx, late, http.MethodPost, "/auth/code/request", nil, map[string]string{"email": probeAddress})
	if err != nil {
		return err
	}
	p.want("asking for a code", got, http.StatusUnauthorized)
	session := map[string]string{"X-Session-Token": w.Meta.Session}
	code, err := p.find(ctx, probeAddress, mailedCode)
	if err != nil {
		return err
	}
	got, _, err = p.on(ctx, early, http.MethodPost, "/auth/code/confirm", session, map[string]string{"code": code})
	if err != nil {
		return err
	}
	p.want("a code that was asked for two minutes ago by another clock", got, http.StatusOK)
	got, _, err = p.on(ctx, right, http.MethodPost, "/auth/code/confirm", session, map[string]string{"code": code})
	if err != nil {
		return err
	}
	p.want("a code that was used", got, http.StatusConflict, http.StatusGone, http.StatusBadRequest, http.StatusUnauthorized)
	return nil
}

// tokens has tokens of one replica be used on the others.
func (p *probe) tokens(ctx context.Context) error {
	got, w, err := p.on(ctx, early, http.MethodPost, "/auth/login", nil, credentials(probePassword))
	if err != nil {
		return err
	}
	p.want("a login", got, http.StatusOK)
	for _, replica := range []int{late, right, early} {
		got, _, err := p.on(ctx, replica, http.MethodGet, "/auth/session", map[string]string{"Authorization": "Bearer " + w.Meta.Access}, nil)
		if err != nil {
			return err
		}
		p.want(fmt.Sprintf("an access token from the future, on %s,", p.cluster.replicas[replica].name), got, http.StatusOK)
	}
	use := func(replica int, token string) (reply, string, error) {
		got, w, err := p.on(ctx, replica, http.MethodPost, "/tokens/refresh", nil, map[string]string{"refresh_token": token})
		var pair struct {
			Refresh string `json:"refresh_token"`
		}
		if err == nil && got.status == http.StatusOK {
			err = json.Unmarshal(w.Data, &pair)
		}
		return got, pair.Refresh, err
	}
	got, next, err := use(late, w.Meta.Refresh)
	if err != nil {
		return err
	}
	p.want("a refresh", got, http.StatusOK)
	got, again, err := use(early, w.Meta.Refresh)
	if err != nil {
		return err
	}
	p.want("a refresh token that was used", got, http.StatusOK, http.StatusBadRequest)
	if got.status == http.StatusOK && again != next {
		p.row.breaks("a refresh token brought two different ones")
	}
	p.row.note("a refresh token that is sent twice within the grace period, to replicas whose clocks are two minutes apart: %d the second time", got.status)
	return nil
}

// limits has wrong passwords be tried on all replicas: they are counted by the clock of Redis, once for all.
func (p *probe) limits(ctx context.Context) error {
	for i := range 5 {
		if _, _, err := p.on(ctx, i%3, http.MethodPost, "/auth/login", nil, credentials("wrong")); err != nil {
			return err
		}
	}
	for i := range 3 {
		got, _, err := p.on(ctx, i, http.MethodPost, "/auth/login", nil, credentials(probePassword))
		if err != nil {
			return err
		}
		p.want("a login after five wrong passwords", got, http.StatusBadRequest, http.StatusTooManyRequests)
	}
	return nil
}
