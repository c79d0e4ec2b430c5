package flows

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/vestibule-auth/vestibule/internal/limit"
)

// maxFlightWait is how long a guess waits for others at the same account, or from the same address, to end.
const maxFlightWait = 5 * time.Second

// flights are the guesses that this process is comparing right now. Each has taken a use of its limits, and gives the use
// back if it was right. So a guess that finds its limit used up cannot know yet whether it is one too many: the others may
// be somebody's own logins, from several devices at once. It waits until one of them has ended, and asks again.
type flights struct {
	seed   maphash.Seed
	taking [64]sync.Mutex // held while a use of a key with that hash is taken and noted

	mu    sync.Mutex
	under map[string]*flight // by tenant and limit key
}

// flight is what is under way on one limit key.
type flight struct {
	guesses int
	ended   chan struct{} // closed when the next of them ends
}

func newFlights() *flights {
	return &flights{seed: maphash.MakeSeed(), under: map[string]*flight{}}
}

// lock makes taking uses of these keys, and noting that they were taken, one act for this process: nobody is refused for
// the sake of a guess that is not noted yet.
func (f *flights) lock(keys []string) (unlock func()) {
	var stripes []int
	for _, key := range keys {
		stripes = append(stripes, int(maphash.String(f.seed, key)%uint64(len(f.taking))))
	}
	slices.Sort(stripes) // everybody in one order
	stripes = slices.Compact(stripes)
	for _, i := range stripes {
		f.taking[i].Lock()
	}
	return func() {
		for _, i := range stripes {
			f.taking[i].Unlock()
		}
	}
}

// begin notes a guess. end must follow.
func (f *flights) begin(keys []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range keys {
		if f.under[key] == nil {
			f.under[key] = &flight{ended: make(chan struct{})}
		}
		f.under[key].guesses++
	}
}

// end notes that a guess was compared, and given back if it was right.
func (f *flights) end(keys []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range keys {
		x := f.under[key]
		close(x.ended)
		x.ended = make(chan struct{})
		if x.guesses--; x.guesses == 0 {
			delete(f.under, key)
		}
	}
}

// next is closed when a guess on that key ends; nil if none is under way.
func (f *flights) next(key string) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if x := f.under[key]; x != nil {
		return x.ended
	}
	return nil
}

// guess takes the uses of a guess at a secret, waiting for others that are under way where they have left it none. If it is
// allowed, end must be called once the guess was compared and, if it was right, given back.
func (s *Service) guess(ctx context.Context, v *Visit, action, key string) (d limit.Decision, end func(), err error) {
	uses := uses(v, action, v.userID(), key)
	if len(uses) == 0 {
		return limit.Decision{Allowed: true, Denied: -1}, func() {}, nil
	}
	keys := make([]string, len(uses))
	for i, u := range uses {
		keys[i] = v.Tenant.ID + " " + u.Key
	}
	late := time.NewTimer(maxFlightWait)
	defer late.Stop()
	for {
		d, before, err := s.takeGuess(ctx, v, uses, keys)
		switch {
		case err != nil:
			return d, nil, err
		case d.Allowed:
			return d, func() { s.flights.end(keys) }, nil
		case before == nil:
			s.observe.Limited(v.Tenant, action)
			return d, nil, nil
		}
		// What the limits before the one that refused have recorded would be recorded anew by the next try.
		if err := s.refund(ctx, d, nil); err != nil {
			return d, nil, err
		}
		select {
		case <-before:
		case <-late.C:
			s.observe.Limited(v.Tenant, action)
			return d, nil, nil
		case <-ctx.Done():
			return d, nil, ctx.Err()
		}
	}
}

// takeGuess takes the uses once. Where they are refused, before is closed when a guess that stands in the way ends, and nil
// if there is none.
func (s *Service) takeGuess(ctx context.Context, v *Visit, uses []limit.Use, keys []string) (d limit.Decision, before <-chan struct{}, err error) {
	defer s.flights.lock(keys)()
	under := make([]<-chan struct{}, len(keys))
	for i, key := range keys {
		under[i] = s.flights.next(key) // before the limit is asked: what ends meanwhile has made room
	}
	d, err = s.limiter.Take(ctx, v.Tenant.ID, uses)
	switch {
	case err != nil:
	case d.Allowed:
		s.flights.begin(keys)
	default:
		before = under[d.Denied]
	}
	return d, before, err
}
