package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// kind is a kind of request.
type kind string

const (
	check       kind = "session check"
	configure   kind = "configuration"
	login       kind = "login"
	signup      kind = "signup"
	refresh     kind = "refresh"
	logout      kind = "logout"
	password    kind = "password change"
	addEmail    kind = "address added"
	removeEmail kind = "address removed"
	listing     kind = "addresses" // asked for by the verification alone
)

// kinds in the order of tables.
var kinds = []kind{check, configure, login, signup, refresh, logout, password, addEmail, removeEmail}

const (
	appPath = "/_allauth/app/v1"
	// grace is how long after its first use a refresh token is sent again where the answer was lost. The server takes it for ten
	// seconds.
	grace = 8 * time.Second
)

// mix is how often a request is of a kind that stands for itself; what is left is the next step of somebody in the crowd.
type mix struct{ check, config, signup float64 }

// usual is a mix as real users make it: most requests ask whether somebody is signed in.
var usual = mix{check: 0.70, config: 0.05, signup: 0.01}

// person is somebody with an account, or on the way to one. Only one request of theirs is under way at a time, so that the order of
// what they did is known.
type person struct {
	email, password string
	token, refresh  string    // of the session that they have; "" for none
	addresses       []string  // further ones
	ended           []string  // sessions that were ended and not read again yet
	dead            string    // the password before this one, "" for none
	exists          bool      // the account was acknowledged
	known           []string  // every address that was ever to be theirs
	added           []string  // those of them that were acknowledged, each of which a mail goes to
	again           time.Time // until when the refresh token may be sent again, since the answer to it was lost; zero if it was not
	reader          bool      // their session is only ever read
	busy            bool      // a request of theirs is under way, or they are being verified
	unsure          bool      // a write may have happened or not: nothing goes on until it was read
	touched         changes   // what was written since it was last read
}

// changes are the kinds of facts of a person that something was written to.
type changes struct{ password, session, refresh, addresses bool }

// The names of facts.
func passwordOf(p *person) string            { return "password of " + p.email }
func sessionOf(token string) string          { return "session " + token }
func addressOf(p *person, at string) string  { return "address " + at + " of " + p.email }
func refreshOf(p *person, tok string) string { return "refresh token " + tok + " of " + p.email }

// Values of facts.
const (
	alive   = "alive"
	ended   = "ended"
	present = "present"
	absent  = "absent"
	nobody  = "of no account"
)

// crowd are the people of one tenant. They do what people do, and note in the journal what came of it.
type crowd struct {
	addr    string // of the balancer or server that they ask
	host    string
	name    string // tells the addresses of one crowd from those of another
	mix     mix
	journal *journal

	mu      sync.Mutex
	random  *rand.Rand
	people  []*person
	idle    []*person // who have no request under way and are not unsure
	readers []string  // session tokens that are only ever read
	made    int
	clients uint32
}

func newCrowd(addr, host, name string, seed uint64) *crowd {
	return &crowd{addr: addr, host: host, name: name, mix: usual, journal: newJournal(), random: rand.New(rand.NewPCG(seed, seed))}
}

// act is one request of somebody.
type act struct {
	kind    kind
	who     *person // nil for a request that belongs to nobody
	token   string
	body    map[string]string
	began   time.Time
	replays bool // a refresh that is asked for again, since the answer to it was lost
}

// client is the address of a client that has not come before, within 10.0.0.0/8.
func (c *crowd) client() string {
	c.clients++
	n := c.clients
	return fmt.Sprintf("10.%d.%d.%d", byte(n>>16), byte(n>>8), byte(n))
}

// newcomer is somebody who is about to sign up.
func (c *crowd) newcomer() *person {
	c.made++
	p := &person{email: fmt.Sprintf("%s-%d@people.example.org", c.name, c.made), busy: true}
	p.password = c.newPassword()
	c.people = append(c.people, p)
	return p
}

func (c *crowd) newPassword() string {
	return "plum-Orbit-" + strconv.FormatUint(c.random.Uint64(), 36)
}

// next is the next request.
func (c *crowd) next() *act {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch r := c.random.Float64(); {
	case r < c.mix.check && len(c.readers) > 0:
		return c.reading()
	case r < c.mix.check+c.mix.config:
		return &act{kind: configure}
	case r < c.mix.check+c.mix.config+c.mix.signup:
		return signingUp(c.newcomer())
	}
	if len(c.idle) == 0 { // everybody waits for an answer
		return c.reading()
	}
	i := c.random.IntN(len(c.idle))
	p := c.idle[i]
	c.idle[i] = c.idle[len(c.idle)-1]
	c.idle = c.idle[:len(c.idle)-1]
	p.busy = true
	return c.step(p)
}

func (c *crowd) reading() *act {
	if len(c.readers) == 0 {
		return &act{kind: configure}
	}
	return &act{kind: check, token: c.readers[c.random.IntN(len(c.readers))]}
}

func signingUp(p *person) *act {
	return &act{kind: signup, who: p, body: map[string]string{"email": p.email, "password": p.password}}
}

func loggingIn(p *person) *act {
	return &act{kind: login, who: p, body: map[string]string{"email": p.email, "password": p.password}}
}

// step is what somebody does next.
func (c *crowd) step(p *person) *act {
	switch {
	case !p.exists:
		return signingUp(p)
	case p.token == "":
		return loggingIn(p)
	case !p.again.IsZero():
		return &act{kind: refresh, who: p, replays: true, body: map[string]string{"refresh_token": p.refresh}}
	}
	a := &act{who: p, token: p.token}
	r := c.random.Float64()
	switch {
	case r < 0.25:
		a.kind = check
	case r < 0.50 && p.refresh != "":
		a.kind, a.token, a.body = refresh, "", map[string]string{"refresh_token": p.refresh}
	case r < 0.65 && len(p.addresses) < 5:
		c.made++
		a.kind, a.body = addEmail, map[string]string{"email": fmt.Sprintf("%s-%d@more.example.org", c.name, c.made)}
	case r < 0.75 && len(p.addresses) > 0:
		a.kind, a.body = removeEmail, map[string]string{"email": p.addresses[c.random.IntN(len(p.addresses))]}
	case r < 0.83:
		a.kind, a.body = password, map[string]string{"current_password": p.password, "new_password": c.newPassword()}
	default:
		a.kind = logout
	}
	return a
}

// request is how an act is asked for.
func (a *act) request() (method, path string, body []byte) {
	method, path = http.MethodGet, "/auth/session"
	switch a.kind {
	case configure:
		path = "/config"
	case login:
		method, path = http.MethodPost, "/auth/login"
	case signup:
		method, path = http.MethodPost, "/auth/signup"
	case refresh:
		method, path = http.MethodPost, "/tokens/refresh"
	case logout:
		method = http.MethodDelete
	case password:
		method, path = http.MethodPost, "/account/password/change"
	case listing:
		path = "/account/email"
	case addEmail:
		method, path = http.MethodPost, "/account/email"
	case removeEmail:
		method, path = http.MethodDelete, "/account/email"
	}
	if a.body != nil {
		text, err := json.Marshal(a.body)
		if err != nil {
			panic("faults: " + err.Error()) // what acts send is made of texts here, which always can be written
		}
		body = text
	}
	return method, appPath + path, body
}

// good is the status of a good answer.
func (a *act) good() int {
	if a.kind == logout {
		return http.StatusUnauthorized // whoever logged out is nobody
	}
	return http.StatusOK
}

// words are what is read of an answer.
type words struct {
	Data json.RawMessage `json:"data"`
	Meta struct {
		Session string `json:"session_token"`
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	} `json:"meta"`
}

// settle notes what came of an act: status is 0 where no answer came. What was answered by the server in no uncertain terms is sure;
// a 5xx, or none, says nothing.
func (c *crowd) settle(a *act, status int, body []byte) {
	if a.who == nil {
		if a.kind == check && status != 0 && status < 500 && status != http.StatusTooManyRequests {
			c.sawSession(a.token, status)
		}
		return
	}
	p := a.who
	switch {
	case status == 0 || status >= 500:
		c.unknown(a)
	case status == a.good():
		c.done(a, body)
	default:
		c.refused(a, status)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p.busy = false
	if !p.unsure {
		c.idle = append(c.idle, p)
	}
}

// sawSession notes how a session was answered.
func (c *crowd) sawSession(token string, status int) {
	state := alive
	if status != http.StatusOK {
		state = ended
	}
	c.journal.saw(sessionOf(token), state)
}

// unknown is an act of which nobody knows whether it happened.
func (c *crowd) unknown(a *act) {
	p, j := a.who, c.journal
	switch a.kind {
	case signup:
		j.perhaps(passwordOf(p), p.password, nobody)
		p.unsure, p.touched.password = true, true
	case logout:
		j.perhaps(sessionOf(a.token), ended, alive)
		p.unsure, p.touched.session = true, true
	case password:
		j.perhaps(passwordOf(p), a.body["new_password"], p.password)
		j.follows(sessionOf(a.token), alive, ended) // which goes on under another token, if it happened
		p.unsure, p.touched.password, p.touched.session = true, true, true
	case addEmail:
		at := a.body["email"]
		j.perhaps(addressOf(p, at), present, absent)
		p.addresses, p.known = append(p.addresses, at), append(p.known, at)
		p.unsure, p.touched.addresses = true, true
	case removeEmail:
		j.perhaps(addressOf(p, a.body["email"]), absent, present)
		p.unsure, p.touched.addresses = true, true
	case refresh:
		if p.again.IsZero() {
			p.again = a.began.Add(grace)
		}
		if !time.Now().Before(p.again) { // too late to ask again: it would be taken for a theft
			p.refresh, p.again = "", time.Time{}
		}
	case login: // there may be a session that nobody knows of, which does no harm
	case check, configure, listing:
	}
}

// done is an act that was acknowledged.
func (c *crowd) done(a *act, body []byte) {
	p, j := a.who, c.journal
	var got words
	if json.Unmarshal(body, &got) != nil && a.kind != logout {
		j.wrong("the answer to a %s of %s cannot be read: %s", a.kind, p.email, clip(string(body)))
	}
	switch a.kind {
	case signup:
		p.exists, p.touched.password = true, true
		j.wrote(passwordOf(p), p.password)
		c.signedIn(p, got)
	case login:
		c.signedIn(p, got)
	case check:
		j.saw(sessionOf(a.token), alive)
	case configure, listing:
	case refresh:
		var pair struct {
			Refresh string `json:"refresh_token"`
		}
		if json.Unmarshal(got.Data, &pair) != nil || pair.Refresh == "" {
			j.wrong("the answer to a refresh of %s holds no token", p.email)
			return
		}
		j.wrote(refreshOf(p, pair.Refresh), alive)
		p.refresh, p.again, p.touched.refresh = pair.Refresh, time.Time{}, true
	case logout:
		j.wrote(sessionOf(a.token), ended)
		p.ended = append(p.ended, a.token)
		p.token, p.refresh, p.again, p.touched.session = "", "", time.Time{}, true
	case password:
		j.wrote(passwordOf(p), a.body["new_password"])
		p.dead, p.password, p.touched.password = p.password, a.body["new_password"], true
		if got.Meta.Session != "" {
			j.wrote(sessionOf(got.Meta.Session), alive)
			j.follows(sessionOf(a.token), ended)
			p.ended = append(p.ended, a.token)
			p.token, p.touched.session = got.Meta.Session, true
		}
	case addEmail:
		j.wrote(addressOf(p, a.body["email"]), present)
		p.addresses, p.known = append(p.addresses, a.body["email"]), append(p.known, a.body["email"])
		p.added, p.touched.addresses = append(p.added, a.body["email"]), true
	case removeEmail:
		j.wrote(addressOf(p, a.body["email"]), absent)
		p.touched.addresses = true
		p.addresses = slices.DeleteFunc(p.addresses, func(at string) bool { return at == a.body["email"] })
	}
}

// signedIn notes the session that a login or signup brought.
func (c *crowd) signedIn(p *person, got words) {
	if got.Meta.Session == "" {
		c.journal.wrong("%s signed in and was given no session", p.email)
		return
	}
	c.journal.wrote(sessionOf(got.Meta.Session), alive)
	p.token, p.refresh, p.again, p.touched.session = got.Meta.Session, got.Meta.Refresh, time.Time{}, true
	if p.refresh != "" {
		c.journal.follows(refreshOf(p, p.refresh), alive)
	}
}

// refused is an act that the server declined. Some refusals tell that what was written is not there.
func (c *crowd) refused(a *act, status int) {
	p, j := a.who, c.journal
	switch {
	case status == http.StatusTooManyRequests || status == http.StatusConflict && a.kind != signup:
		// It was not done, and says nothing of what is there.
	case a.kind == login && status == http.StatusBadRequest:
		j.saw(passwordOf(p), "another")
	case a.kind == refresh && status == http.StatusBadRequest:
		if a.replays {
			j.wrong("a refresh of %s whose answer was lost could not be asked for again", p.email)
		} else {
			j.saw(refreshOf(p, p.refresh), ended)
		}
		p.refresh, p.again = "", time.Time{}
	case status == http.StatusUnauthorized || status == http.StatusGone:
		if a.token != "" {
			j.saw(sessionOf(a.token), ended)
			p.token, p.refresh = "", ""
		}
	default:
		j.wrong("a %s of %s was refused with %d", a.kind, p.email, status)
	}
}
