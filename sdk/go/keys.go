package vestibule

import (
	"context"
	"fmt"
	"io"
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
	// maxKeySet is how large a key set may be, in bytes, and maxKeys how many keys are taken from it.
	maxKeySet = 1 << 20
	maxKeys   = 100
	// A key set is fresh for as long as its max-age says, within these bounds, and for the first where it says nothing.
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

	mu      sync.Mutex
	keys    map[string]*key // by kid; nil until they were fetched
	fetched time.Time
	fresh   time.Time // until then
	failed  error     // of the fetch that ended last, nil if it did not fail
	again   time.Time // no sooner is another begun after one that failed
	running *fetch    // nil where none is
	unknown allowance
}

// fetch is a fetch that is under way. Whoever waits for it reads what came of it afterwards.
type fetch struct {
	over chan struct{}
	keys map[string]*key
	err  error
}

func newKeySet(i Issuer, client *http.Client, timeout time.Duration, now func() time.Time) *keySet {
	return &keySet{issuer: i, client: client, timeout: timeout, now: now, unknown: allowance{left: unknownAtOnce, at: now()}}
}

// find is the key with that id.
func (s *keySet) find(ctx context.Context, id string) (*key, error) {
	for {
		k, f, joined, err := s.look(id)
		if f == nil {
			return k, err
		}
		select {
		case <-f.over:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: wait for the keys of %s: %w", ErrUnavailable, s.issuer.URL, ctx.Err())
		}
		if f.err != nil {
			return nil, f.err
		}
		if k := f.keys[id]; k != nil {
			return k, nil
		}
		// A fetch that had begun before may have missed a key that was published meanwhile.
		if !joined {
			return nil, errKey
		}
	}
}

// look is the key, if it is known and good; or else the fetch to wait for, which may bring it, and whether that was under way already; or
// why there is nothing to wait for.
func (s *keySet) look(id string) (k *key, f *fetch, joined bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	good := s.keys != nil && now.Before(s.fetched.Add(goodFor))
	if k := s.keys[id]; k != nil && good {
		if !now.Before(s.fresh) {
			_ = s.begin(now) // nobody waits for it
		}
		return k, nil, false, nil
	}
	if s.running != nil {
		return nil, s.running, true, nil
	}
	if good && (id == "" || !s.unknown.take(now)) {
		return nil, nil, false, errKey
	}
	if f := s.begin(now); f != nil {
		return nil, f, false, nil
	}
	return nil, nil, false, s.failed // whether the key has come meanwhile, nobody knows
}

// begin begins a fetch, if none is under way; nil where the last one has just failed. The caller holds the lock.
func (s *keySet) begin(now time.Time) *fetch {
	if s.running == nil && s.failed != nil && now.Before(s.again) {
		return nil
	}
	if s.running == nil {
		s.running = &fetch{over: make(chan struct{})}
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
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if err == nil {
		s.keys, s.fetched, s.fresh = keys, now, now.Add(age)
	}
	s.failed, s.again = err, now.Add(pause)
	s.running, f.keys, f.err = nil, keys, err
	close(f.over)
}

// fetch is the key set as the server has it, and for how long it is fresh.
func (s *keySet) fetch(ctx context.Context) (keys map[string]*key, age time.Duration, err error) {
	res, err := ask(ctx, s.client, s.issuer, keysPath, nil)
	if err != nil {
		return nil, 0, err
	}
	defer discard(res)
	if res.StatusCode != http.StatusOK {
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
	if u, err := url.Parse(i.URL); err == nil {
		r.Host = u.Host
	}
	if header != nil {
		r.Header = header
	}
	r.Header.Set("Accept", "application/json")
	return client.Do(r) //nolint:gosec // the same
}

// discard ends an answer. What was not read of it is, if it is short, so that its connection can be used again.
func discard(res *http.Response) {
	_, _ = io.CopyN(io.Discard, res.Body, 4<<10)
	_ = res.Body.Close()
}

// readAll reads what is not longer than that.
func readAll(from io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(from, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("the answer is longer than %d bytes", most)
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
		if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
			return max(leastAge, min(time.Duration(min(seconds, 1<<30))*time.Second, mostAge))
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
