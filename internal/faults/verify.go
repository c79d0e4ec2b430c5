package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// certain is how long a question of the verification is asked again until it is answered in certain terms.
const certain = 40 * time.Second

// readersAtOnce is how many people are verified at a time. It takes logins, which are dear, and the load goes on beside it.
const readersAtOnce = 3

// verify reads everything again that was written since the last time, or everything altogether, and notes in the journal what is
// there. Nobody who is read does anything meanwhile; the load of all others goes on.
func (c *cluster) verify(ctx context.Context, crowd *crowd, everything bool) error {
	crowd.mu.Lock()
	people := slices.Clone(crowd.people)
	crowd.mu.Unlock()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readersAtOnce)
	for _, p := range people {
		g.Go(func() error {
			due, err := crowd.hold(ctx, p, everything)
			if err != nil || !due {
				return err
			}
			defer crowd.release(p)
			return c.verifyOne(ctx, crowd, p, everything)
		})
	}
	return g.Wait()
}

// hold waits until a person has no request under way and keeps them from making one, if there is anything to read.
func (c *crowd) hold(ctx context.Context, p *person, everything bool) (due bool, err error) {
	for {
		c.mu.Lock()
		if !p.busy {
			if due = p.unsure || p.touched != (changes{}) || everything; due {
				p.busy = true
				c.idle = slices.DeleteFunc(c.idle, func(one *person) bool { return one == p })
			}
			c.mu.Unlock()
			return due, nil
		}
		c.mu.Unlock()
		if err := wait(ctx, 10*time.Millisecond); err != nil {
			return false, err
		}
	}
}

// release lets a person go on.
func (c *crowd) release(p *person) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.busy, p.unsure, p.touched = false, false, changes{}
	if !p.reader {
		c.idle = append(c.idle, p)
	}
}

// ask sends an act until it is answered in certain terms.
func (c *cluster) ask(ctx context.Context, crowd *crowd, a *act) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, certain)
	defer cancel()
	for {
		got, err := c.send(ctx, crowd, a)
		if err == nil && got.status < 500 && got.status != http.StatusTooManyRequests && got.status != http.StatusConflict {
			return got, nil
		}
		if wait(ctx, 100*time.Millisecond) != nil {
			return got, fmt.Errorf("a %s is not answered in certain terms for %s: %d, %w", a.kind, certain, got.status, err)
		}
	}
}

// verifyOne reads what was written of a person, or everything.
func (c *cluster) verifyOne(ctx context.Context, crowd *crowd, p *person, everything bool) error {
	due := p.touched
	if everything {
		due = changes{true, true, true, true}
	}
	if due.password {
		if err := c.verifyPassword(ctx, crowd, p); err != nil {
			return err
		}
	}
	if !p.exists {
		return nil
	}
	if due.session {
		if err := c.verifySessions(ctx, crowd, p); err != nil {
			return err
		}
	}
	if due.refresh {
		if err := c.verifyRefresh(ctx, crowd, p); err != nil {
			return err
		}
	}
	if due.addresses {
		return c.verifyAddresses(ctx, crowd, p)
	}
	return nil
}

// verifyPassword finds out which of the passwords that a person can have lets them in, and that the one before does not.
func (c *cluster) verifyPassword(ctx context.Context, crowd *crowd, p *person) error {
	tries := crowd.journal.can(passwordOf(p))
	if len(tries) == 0 {
		return nil // they never got to sign up
	}
	if p.dead != "" && !slices.Contains(tries, p.dead) {
		tries = append(tries, p.dead)
	}
	var open []string
	for _, one := range tries {
		if one == nobody {
			continue
		}
		a := &act{kind: login, who: p, body: map[string]string{"email": p.email, "password": one}}
		got, err := c.ask(ctx, crowd, a)
		if err != nil {
			return err
		}
		if got.status != http.StatusOK {
			continue
		}
		open = append(open, one)
		if p.token == "" {
			crowd.done(a, got.body)
		}
	}
	crowd.foundPassword(p, open)
	return nil
}

// foundPassword notes which passwords let a person in.
func (c *crowd) foundPassword(p *person, open []string) {
	found := nobody
	switch {
	case len(open) > 1:
		c.journal.wrong("%s has %d passwords", p.email, len(open))
		found = open[0]
	case len(open) == 1:
		found = open[0]
	case p.exists:
		found = "none that is known"
	}
	c.journal.saw(passwordOf(p), found)
	if p.exists = len(open) > 0; p.exists && found != p.password {
		p.dead, p.password = p.password, found
	}
}

// verifySessions finds out whether a person's session is alive, and that those which ended stay ended.
func (c *cluster) verifySessions(ctx context.Context, crowd *crowd, p *person) error {
	state := func(token string) (string, error) {
		got, err := c.ask(ctx, crowd, &act{kind: check, token: token})
		if err != nil {
			return "", err
		}
		if got.status == http.StatusOK {
			return alive, nil
		}
		return ended, nil
	}
	for _, token := range p.ended {
		found, err := state(token)
		if err != nil {
			return err
		}
		crowd.journal.saw(sessionOf(token), found)
	}
	p.ended = nil
	if p.token == "" {
		return nil
	}
	found, err := state(p.token)
	if err != nil {
		return err
	}
	crowd.journal.saw(sessionOf(p.token), found)
	if found == ended {
		p.token, p.refresh, p.again = "", "", time.Time{}
	}
	return nil
}

// verifyRefresh uses the refresh token that a person was given last.
func (c *cluster) verifyRefresh(ctx context.Context, crowd *crowd, p *person) error {
	if p.refresh == "" || p.token == "" {
		return nil
	}
	if !p.again.IsZero() { // the answer to its use was lost, and by now it may be too late to ask again
		p.refresh, p.again = "", time.Time{}
		return nil
	}
	a := &act{kind: refresh, who: p, began: time.Now(), body: map[string]string{"refresh_token": p.refresh}}
	got, err := c.ask(ctx, crowd, a)
	switch {
	case err != nil:
		return err
	case got.status == http.StatusOK:
		crowd.done(a, got.body)
	case time.Since(a.began) > grace: // a first answer was lost, and the last one came too late
		p.refresh, p.token = "", ""
	default:
		crowd.journal.saw(refreshOf(p, p.refresh), ended)
		p.refresh = ""
	}
	return nil
}

// verifyAddresses reads the addresses of a person.
func (c *cluster) verifyAddresses(ctx context.Context, crowd *crowd, p *person) error {
	if p.token == "" {
		a := loggingIn(p)
		got, err := c.ask(ctx, crowd, a)
		if err != nil {
			return err
		}
		crowd.done(a, got.body)
	}
	got, err := c.ask(ctx, crowd, &act{kind: listing, token: p.token})
	if err != nil {
		return err
	}
	var list struct {
		Data []struct {
			Email string `json:"email"`
		} `json:"data"`
	}
	if got.status != http.StatusOK || json.Unmarshal(got.body, &list) != nil {
		crowd.journal.wrong("the addresses of %s cannot be read: %d", p.email, got.status)
		return nil
	}
	var there []string
	for _, one := range list.Data {
		there = append(there, one.Email)
	}
	crowd.foundAddresses(p, there)
	return nil
}

// foundAddresses notes which addresses a person has.
func (c *crowd) foundAddresses(p *person, there []string) {
	p.addresses = nil
	for _, at := range p.known {
		state := absent
		if slices.Contains(there, at) {
			state = present
			p.addresses = append(p.addresses, at)
		}
		c.journal.saw(addressOf(p, at), state)
	}
}
