package vestibule

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// keysPath is where the key set of every tenant is, below its URL.
	keysPath = "/.well-known/jwks.json"
	// maxKeySet is how large a key set may be, in bytes, and maxKeys how many keys may be in it.
	maxKeySet = 1 << 20
	maxKeys   = 100
	// A key set is fresh for as long as its max-age says, within these bounds, and for the first where it says nothing. For as long again, it
	// is fetched anew beside whatever goes on; who comes later waits for that.
	usualAge = 5 * time.Minute
	leastAge = 30 * time.Second
	mostAge  = time.Hour
	// goodFor is how long keys stay good when they cannot be fetched anew.
	goodFor = 24 * time.Hour
	// pause is how long after a fetch that failed the next is begun. Meanwhile whoever needs it hears why it failed.
	pause = time.Second
	// Unknown keys may have the set fetched so many times at once, and then once in so long: made-up tokens cost the server no more.
	unknownAtOnce = 5
	unknownEvery  = 5 * time.Second
)

// keySet is the keys of one issuer, as they were fetched last.
type keySet struct {
	issuer  Issuer
	client  *http.Client
	timeout time.Duration
	now     func() time.Time
	log     *slog.Logger

	mu      sync.Mutex
	keys    map[string]*key // by kid; nil until they were fetched
	fetched time.Time       // when they were asked for
	age     time.Duration   // for which they are fresh
	failed  error           // of the fetch that ended last, nil if it did not fail
	tried   time.Time       // when that ended
	running *fetch          // nil where none is
	unknown allowance
}

// fetch is a fetch that is under way. Whoever waits for it reads what came of it afterwards.
type fetch struct {
	began time.Time
	over  chan struct{}
	keys  map[string]*key
	err   error
}

func (v *Verifier) newKeySet(i Issuer) *keySet {
	now := v.options.Now
	return &keySet{issuer: i, client: v.client, timeout: v.options.Timeout, now: now, log: v.log, unknown: allowance{left: unknownAtOnce, at: now()}}
}

// find is the key with that id.
func (s *keySet) find(ctx context.Context, id string) (*key, error) {
	for round := 0; ; round++ {
		w := s.look(id)
		if w.fetch == nil {
			return w.key, w.err
		}
		if err := s.wait(ctx, w.fetch); err != nil {
			return nil, err
		}
		switch k := w.fetch.keys[id]; {
		case w.fetch.err != nil && w.key != nil:
			return w.key, nil // an old one is better than none
		case w.fetch.err != nil:
			return nil, w.fetch.err
		case k != nil:
			return k, nil
		// A fetch that had begun before may have missed a key that was published meanwhile; the one after it has not.
		case !w.joined || round > 0:
			return nil, errKey
		}
	}
}

func (s *keySet) wait(ctx context.Context, f *fetch) error {
	select {
	case <-f.over:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: wait for the keys of %s: %w", ErrUnavailable, s.issuer.URL, ctx.Err())
	}
}

// ready waits until there are keys.
func (s *keySet) ready(ctx context.Context) error {
	s.mu.Lock()
	good, f := s.good(s.now()), (*fetch)(nil)
	if !good {
		f = s.begin()
	}
	s.mu.Unlock()
	if good {
		return nil
	}
	if err := s.wait(ctx, f); err != nil {
		return err
	}
	return f.err
}

// looked is what looking for a key comes to: the key, or why there is none. With a fetch, that is to be waited for, and the key is what
// counts should it fail.
type looked struct {
	key    *key
	err    error
	fetch  *fetch
	joined bool // it was under way already
}

func (s *keySet) look(id string) looked {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	good := s.good(now)
	// A clock that was set back makes nothing fresh.
	old := now.Sub(s.fetched)
	if old < 0 {
		old = s.age
	}
	if k := s.keys[id]; k != nil && good {
		if old < s.age {
			return looked{key: k}
		}
		waits := old >= 2*s.age && s.failed == nil // after one that failed, the next may hang as well
		f := s.running
		if f == nil && !s.pausing(now) {
			f = s.begin()
		}
		if waits {
			return looked{key: k, fetch: f}
		}
		return looked{key: k}
	}
	switch {
	case s.running != nil:
		return looked{fetch: s.running, joined: true}
	case s.pausing(now):
		return looked{err: s.failed}
	case good && id == "":
		return looked{err: errKey}
	case good && !s.unknown.take(now):
		return looked{err: errAllowance}
	}
	return looked{fetch: s.begin()}
}

// errAllowance says that nobody knows: the key may be a new one, and be found by the next who asks.
var errAllowance = fmt.Errorf("%w: a key that is not known was asked for too often; the next fetch waits", ErrUnavailable)

// good reports whether there are keys that count. The caller holds the lock.
func (s *keySet) good(now time.Time) bool { return s.keys != nil && now.Before(s.fetched.Add(goodFor)) }

// pausing reports whether a fetch failed just now. The caller holds the lock.
func (s *keySet) pausing(now time.Time) bool {
	since := now.Sub(s.tried)
	return s.failed != nil && since >= 0 && since < pause
}

// begin begins a fetch, if none is under way. The caller holds the lock.
func (s *keySet) begin() *fetch {
	if s.running == nil {
		s.running = &fetch{began: s.now(), over: make(chan struct{})}
		go s.run(s.running)
	}
	return s.running
}

// run fetches the keys. It is nobody's request alone, and so not ended by the end of one.
func (s *keySet) run(f *fetch) {
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	keys, age, err := s.fetch(ctx)
	if err != nil {
		err = fmt.Errorf("%w: fetch the keys of %s: %w", ErrUnavailable, s.issuer.URL, err)
		s.log.LogAttrs(ctx, slog.LevelWarn, "keys could not be fetched", slog.String("issuer", s.issuer.URL), slog.Any("error", err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.keys, s.fetched, s.age = keys, f.began, age // an answer that was long on its way is as old as that
	}
	s.failed, s.tried = err, s.now()
	s.running, f.keys, f.err = nil, keys, err
	close(f.over)
}

// fetch is the key set as the server has it, and for how long it is fresh. A tenant that is suspended or gone has none, which is an answer;
// one that is not found may be a proxy's mistake.
func (s *keySet) fetch(ctx context.Context) (keys map[string]*key, age time.Duration, err error) {
	res, err := ask(ctx, s.client, s.issuer, keysPath, http.Header{})
	if err != nil {
		return nil, 0, err
	}
	defer discard(res)
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusForbidden, http.StatusGone:
		return map[string]*key{}, leastAge, nil
	default:
		return nil, 0, fmt.Errorf("the answer is %s", res.Status)
	}
	body, err := readAll(res.Body, maxKeySet)
	if err != nil {
		return nil, 0, err
	}
	keys, err = parseKeys(body)
	return keys, freshFor(res.Header.Get("Cache-Control")), err
}

// ask sends a GET request to an issuer's server.
func ask(ctx context.Context, client *http.Client, i Issuer, path string, header http.Header) (*http.Response, error) {
	//nolint:gosec // the address is one that whoever made the Verifier trusts
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, i.server()+path, nil)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(i.URL)
	if err != nil {
		return nil, err
	}
	r.Host, r.Header = u.Host, header
	r.Header.Set("Accept", "application/json")
	return client.Do(r) //nolint:gosec // the same
}

// discard ends an answer. What was not read of it is, if it is short, so that its connection can be used again.
func discard(res *http.Response) {
	_, _ = io.CopyN(io.Discard, res.Body, 4<<10)
	_ = res.Body.Close()
}

var errTooMuch = errors.New("the answer is too long")

// readAll reads what is not longer than that.
func readAll(from io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(from, most+1))
	if err == nil && int64(len(b)) > most {
		err = errTooMuch
	}
	return b, err
}

// freshFor reads the max-age of a Cache-Control (RFC 9111, section 5.2.2.1).
func freshFor(control string) time.Duration {
	for directive := range strings.SplitSeq(control, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if !strings.EqualFold(name, "max-age") {
			continue
		}
		if seconds, err := strconv.Atoi(strings.Trim(value, `"`)); err == nil && seconds >= 0 {
			return max(leastAge, time.Duration(min(seconds, int(mostAge.Seconds())))*time.Second)
		}
	}
	return usualAge
}

// allowance lets so much happen at once, and then some every now and then.
type allowance struct {
	left float64
	at   time.Time
}

func (a *allowance) take(now time.Time) bool {
	a.left = min(unknownAtOnce, a.left+max(0, now.Sub(a.at)).Seconds()/unknownEvery.Seconds())
	a.at = now
	if a.left < 1 {
		return false
	}
	a.left--
	return true
}
