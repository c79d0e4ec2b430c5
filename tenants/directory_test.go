package tenants

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/refusal"
)

// shelf is a source in memory that counts how often it is read.
type shelf struct {
	mu      sync.Mutex
	byID    map[string]Tenant
	changed []string
	broken  error

	reads atomic.Int64
	hold  chan struct{} // when set, readings wait for it to be closed
	begun chan struct{} // when set, each reading sends here before it waits
}

func newShelf(ts ...Tenant) *shelf {
	s := &shelf{byID: map[string]Tenant{}}
	for _, t := range ts {
		s.put(t)
	}
	return s
}

func (s *shelf) put(t Tenant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Version = s.byID[t.ID].Version + 1
	s.byID[t.ID] = t
	s.changed = append(s.changed, t.ID)
}

func (s *shelf) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = err
}

func (s *shelf) find(ctx context.Context, match func(Tenant) bool) (*Tenant, error) {
	s.reads.Add(1)
	s.mu.Lock()
	var found *Tenant
	for _, t := range s.byID {
		if match(t) {
			found = &t
		}
	}
	err := s.broken
	s.mu.Unlock()
	if s.begun != nil {
		s.begun <- struct{}{}
	}
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	switch {
	case err != nil:
		return nil, err
	case found == nil:
		return nil, fmt.Errorf("shelf: %w", ErrUnknown)
	}
	return found, nil
}

func (s *shelf) TenantByHost(ctx context.Context, host string) (*Tenant, error) {
	if host == "panic.example.org" {
		panic("shelf fell over")
	}
	return s.find(ctx, func(t Tenant) bool { return slices.Contains(t.Hosts, host) })
}

func (s *shelf) TenantBySlug(ctx context.Context, slug string) (*Tenant, error) {
	return s.find(ctx, func(t Tenant) bool { return t.Slug == slug })
}

func (s *shelf) TenantByID(ctx context.Context, id string) (*Tenant, error) {
	return s.find(ctx, func(t Tenant) bool { return t.ID == id })
}

func (s *shelf) TenantChanges(_ context.Context, since int64) ([]string, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return nil, 0, s.broken
	}
	if since > int64(len(s.changed)) {
		return nil, int64(len(s.changed)), nil
	}
	return slices.Clone(s.changed[since:]), int64(len(s.changed)), nil
}

var (
	acme = Tenant{ID: "1", Slug: "acme", State: Active, Hosts: []string{"acme.example.org", "login.acme.example"}}
	beta = Tenant{ID: "2", Slug: "beta", State: Active, Hosts: []string{"beta.example.org"}}

	errDown = errors.New("the source is down")
)

// desk is a directory over a shelf, with a clock that stands still.
type desk struct {
	*Directory
	shelf *shelf
	clock *clock.Fake
}

func newDesk(t testing.TB, opts Options, ts ...Tenant) desk {
	t.Helper()
	c := clock.At(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	opts.Clock = c
	s := newShelf(ts...)
	d, err := NewDirectory(s, opts)
	if err != nil {
		t.Fatal(err)
	}
	return desk{d, s, c}
}

func (d desk) look(t testing.TB) {
	t.Helper()
	if err := d.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// wantReads resolves a host, and holds how often the source was read for it.
func (d desk) wantReads(t testing.TB, host string, reads int64) *Tenant {
	t.Helper()
	before := d.shelf.reads.Load()
	tenant, err := d.Resolve(t.Context(), host, "")
	if err != nil && !refusal.Is(err, refusal.Missing) {
		t.Fatalf("%s: %v", host, err)
	}
	if got := d.shelf.reads.Load() - before; got != reads {
		t.Errorf("%s took %d readings, want %d", host, got, reads)
	}
	return tenant
}

func TestHostAndHeaderNameTheTenant(t *testing.T) {
	held, gone := beta, beta
	held.ID, held.Slug, held.Hosts, held.State = "3", "held", []string{"held.example.org"}, Suspended
	gone.ID, gone.Slug, gone.Hosts, gone.State = "4", "gone", []string{"gone.example.org"}, Deleted
	odd := Tenant{ID: "5", Slug: "odd", Hosts: []string{"odd.example.org"}, State: "half made"}
	claims := beta // from before the host was shared
	claims.Hosts = []string{"beta.example.org", "beta.example.com"}
	d := newDesk(t, Options{SharedHosts: []string{"API.example.org:443", "beta.example.com"}}, acme, claims, held, gone, odd)
	for name, c := range map[string]struct {
		host, header, slug string
		kind               refusal.Kind
	}{
		"its host":                               {host: "acme.example.org", slug: "acme"},
		"its other host":                         {host: "login.acme.example", slug: "acme"},
		"its host as browsers may write it":      {host: "ACME.example.org.:8443", slug: "acme"},
		"its host, and the header agrees":        {host: "beta.example.org", header: "beta", slug: "beta"},
		"the header on a shared host":            {host: "api.example.org", header: "beta", slug: "beta"},
		"the header on a shared host and port":   {host: "api.example.org:8080", header: "acme", slug: "acme"},
		"two tenants":                            {host: "beta.example.org", header: "acme", kind: refusal.Invalid},
		"its host and a tenant that is not":      {host: "acme.example.org", header: "nobody", kind: refusal.Invalid},
		"its host and the header in capitals":    {host: "acme.example.org", header: "ACME", kind: refusal.Invalid},
		"its host and two in one header":         {host: "acme.example.org", header: "acme, beta", kind: refusal.Invalid},
		"a shared host that a tenant claims":     {host: "beta.example.com", header: "acme", slug: "acme"},
		"the tenant that claims a shared host":   {host: "beta.example.com", header: "beta", slug: "beta"},
		"a claimed shared host without a header": {host: "beta.example.com", kind: refusal.Missing},
		"an unknown host":                        {host: "example.org", kind: refusal.Missing},
		"a part of a host":                       {host: "a.acme.example.org", kind: refusal.Missing},
		"the header on an unknown host":          {host: "evil.example.org", header: "acme", kind: refusal.Missing},
		"the header on part of a shared host":    {host: "x.api.example.org", header: "acme", kind: refusal.Missing},
		"a shared host without a header":         {host: "api.example.org", kind: refusal.Missing},
		"a shared host and an unknown tenant":    {host: "api.example.org", header: "nobody", kind: refusal.Missing},
		"a shared host and garbage":              {host: "api.example.org", header: "acme\x00", kind: refusal.Missing},
		"a slug in place of a host":              {host: "acme", kind: refusal.Missing},
		"no host":                                {host: "", kind: refusal.Missing},
		"garbage for a host":                     {host: "acme.example.org/x", kind: refusal.Missing},
		"a suspended tenant":                     {host: "held.example.org", kind: refusal.Forbidden},
		"a suspended tenant by header":           {host: "api.example.org", header: "held", kind: refusal.Forbidden},
		"a deleted tenant":                       {host: "gone.example.org", kind: refusal.Missing},
		"a deleted tenant by header":             {host: "api.example.org", header: "gone", kind: refusal.Missing},
		"a tenant in a state that nobody knows":  {host: "odd.example.org", kind: refusal.Missing},
		"a suspended tenant, and another's name": {host: "held.example.org", header: "acme", kind: refusal.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // read, and remembered
				tenant, err := d.Resolve(t.Context(), c.host, c.header)
				switch {
				case c.kind != 0:
					if !refusal.Is(err, c.kind) || tenant != nil {
						t.Errorf("%v, %v", tenant, err)
					}
				case err != nil:
					t.Error(err)
				case tenant.Slug != c.slug:
					t.Errorf("tenant %s", tenant.Slug)
				}
			}
		})
	}
	_, err := d.Resolve(t.Context(), "acme.example.org", "beta")
	if r, ok := refusal.As(err); !ok || len(r.Details) != 1 || !strings.Contains(r.Details[0].Message, "two tenants") {
		t.Errorf("two tenants are not explained: %v", err)
	}
}

func TestTenantsAreRemembered(t *testing.T) {
	d := newDesk(t, Options{}, acme)
	d.look(t)
	d.wantReads(t, "acme.example.org", 1)
	d.wantReads(t, "acme.example.org", 0)
	d.wantReads(t, "login.acme.example", 1)
	d.wantReads(t, "acme.example.org", 0)
	d.wantReads(t, "nobody.example.org", 1)
	d.wantReads(t, "nobody.example.org", 0)
	d.wantReads(t, "not a host", 0)
}

func TestChangesAreSeenAtTheNextLook(t *testing.T) {
	d := newDesk(t, Options{}, acme, beta)
	d.look(t)
	d.wantReads(t, "acme.example.org", 1)
	d.wantReads(t, "login.acme.example", 1)
	d.wantReads(t, "beta.example.org", 1)
	d.wantReads(t, "new.example.org", 1)

	changed := acme
	changed.Name, changed.Hosts = "Acme 2", []string{"acme.example.org", "new.example.org"}
	d.shelf.put(changed)
	d.wantReads(t, "acme.example.org", 0) // not yet
	d.look(t)
	if got := d.wantReads(t, "acme.example.org", 1); got.Name != "Acme 2" {
		t.Errorf("still %q", got.Name)
	}
	if got := d.wantReads(t, "login.acme.example", 1); got != nil {
		t.Error("a host that the tenant lost still leads to it")
	}
	if got := d.wantReads(t, "new.example.org", 1); got == nil {
		t.Error("a host that the tenant won is still unknown")
	}
	d.wantReads(t, "beta.example.org", 0)
}

func TestALostHostIsForgottenEvenWhereTheTenantWasReadByAnother(t *testing.T) {
	d := newDesk(t, Options{}, acme)
	d.wantReads(t, "acme.example.org", 1)
	d.wantReads(t, "login.acme.example", 1)
	moved := acme
	moved.Hosts = []string{"acme.example.org"}
	d.shelf.put(moved)
	d.clock.Advance(3 * time.Second)      // no look: entries are read anew
	d.wantReads(t, "acme.example.org", 1) // and this reading is the tenant's, by whatever host
	if got := d.wantReads(t, "login.acme.example", 1); got != nil {
		t.Error("the lost host still leads to the tenant")
	}
}

func TestAnOwnChangeIsSeenAtOnce(t *testing.T) {
	d := newDesk(t, Options{SharedHosts: []string{"api.example.org"}}, acme)
	d.look(t)
	d.wantReads(t, "acme.example.org", 1)
	d.wantReads(t, "beta.example.org", 1)
	held := acme
	held.State = Suspended
	d.shelf.put(held)
	d.Invalidate(acme.ID)
	if _, err := d.Resolve(t.Context(), "acme.example.org", ""); !refusal.Is(err, refusal.Forbidden) {
		t.Errorf("still served: %v", err)
	}
	d.shelf.put(beta)
	d.Invalidate(beta.ID)
	if d.wantReads(t, "beta.example.org", 1) == nil {
		t.Error("a new tenant is still unknown")
	}
	moved := beta
	moved.Slug = "gamma"
	if _, err := d.Resolve(t.Context(), "api.example.org", "beta"); err != nil {
		t.Fatal(err)
	}
	d.shelf.put(moved)
	d.Invalidate(beta.ID)
	if _, err := d.Resolve(t.Context(), "api.example.org", "beta"); !refusal.Is(err, refusal.Missing) {
		t.Errorf("the old slug still works: %v", err)
	}
}

func TestEntriesAgeOut(t *testing.T) {
	d := newDesk(t, Options{MaxAge: 10 * time.Second, NegativeAge: 4 * time.Second}, acme)
	d.look(t)
	d.wantReads(t, "acme.example.org", 1)
	d.wantReads(t, "nobody.example.org", 1)
	for range 3 {
		d.clock.Advance(time.Second)
		d.look(t)
	}
	d.wantReads(t, "acme.example.org", 0)
	d.wantReads(t, "nobody.example.org", 0)
	d.clock.Advance(time.Second)
	d.look(t)
	d.wantReads(t, "acme.example.org", 0)
	d.wantReads(t, "nobody.example.org", 1)
	for range 6 {
		d.clock.Advance(time.Second)
		d.look(t)
	}
	d.wantReads(t, "acme.example.org", 1)
}

func TestEntriesAreReadAnewWhereChangesCannotBeSeen(t *testing.T) {
	d := newDesk(t, Options{}, acme)
	d.look(t)
	d.wantReads(t, "acme.example.org", 1)
	d.clock.Advance(2 * time.Second)
	d.wantReads(t, "acme.example.org", 0)
	d.clock.Advance(time.Millisecond) // longer than two intervals since the last look
	d.wantReads(t, "acme.example.org", 1)
	d.wantReads(t, "acme.example.org", 0)
	d.clock.Advance(time.Second)
	d.look(t)
	d.clock.Advance(2 * time.Second)
	d.wantReads(t, "acme.example.org", 0)
}

func TestAnOlderEntryServesWhileTheSourceIsDown(t *testing.T) {
	d := newDesk(t, Options{MaxAge: 30 * time.Second}, acme, beta)
	if s := d.Stats(); s != (Stats{}) {
		t.Errorf("before anything: %+v", s)
	}
	d.look(t)
	looked := d.clock.Now()
	d.wantReads(t, "acme.example.org", 1)
	d.shelf.fail(errDown)
	if err := d.Look(t.Context()); !errors.Is(err, errDown) {
		t.Fatal(err)
	}
	if s := d.Stats(); s.Tenants != 1 || s.Failures != 1 || !s.LastLook.Equal(looked) {
		t.Errorf("after a look that failed: %+v, and the one before was at %v", s, looked)
	}
	d.clock.Advance(10 * time.Second)
	if d.wantReads(t, "acme.example.org", 1) == nil {
		t.Fatal("not served")
	}
	d.wantReads(t, "acme.example.org", 0) // the source is left alone for a second
	d.clock.Advance(time.Second)
	d.wantReads(t, "acme.example.org", 1)
	_, err := d.Resolve(t.Context(), "beta.example.org", "")
	if _, declined := refusal.As(err); declined || !errors.Is(err, errDown) {
		t.Errorf("what was never read: %v", err)
	}
	d.clock.Advance(19 * time.Second)
	if _, err := d.Resolve(t.Context(), "acme.example.org", ""); !errors.Is(err, errDown) {
		t.Errorf("served beyond its age: %v", err)
	}
	d.shelf.fail(nil)
	d.wantReads(t, "acme.example.org", 1)
}

// deaf is a source that does not hear of its context, as a driver may whose network has died.
type deaf struct {
	*shelf
	wait chan struct{} // readings wait for it to be closed, once it is there
}

func (d *deaf) TenantByHost(ctx context.Context, host string) (*Tenant, error) {
	if d.wait != nil {
		<-d.wait
	}
	return d.shelf.TenantByHost(ctx, host)
}

func TestAnOlderEntryServesWhileTheSourceSaysNothing(t *testing.T) {
	c := clock.At(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	source := &deaf{shelf: newShelf(acme)}
	d, err := NewDirectory(source, Options{Clock: c, LoadTimeout: time.Millisecond * 20})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resolve(t.Context(), "acme.example.org", ""); err != nil {
		t.Fatal(err)
	}
	source.wait = make(chan struct{})
	defer close(source.wait)
	c.Advance(10 * time.Second) // not trusted any more, and not too old
	if got, err := d.Resolve(t.Context(), "acme.example.org", ""); err != nil || got.Slug != "acme" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := d.Resolve(t.Context(), "login.acme.example", ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v for a host that was never read", err)
	}
}

func TestAKnownChangeIsNotPaperedOver(t *testing.T) {
	d := newDesk(t, Options{}, acme)
	d.wantReads(t, "acme.example.org", 1)
	d.Invalidate(acme.ID)
	d.shelf.fail(errDown)
	if got, err := d.Resolve(t.Context(), "acme.example.org", ""); !errors.Is(err, errDown) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestARestoredSourceForgetsEverything(t *testing.T) {
	d := newDesk(t, Options{}, acme, beta)
	d.look(t)
	d.wantReads(t, "acme.example.org", 1)
	d.shelf.mu.Lock()
	d.shelf.changed = d.shelf.changed[:1]
	d.shelf.mu.Unlock()
	d.look(t)
	d.wantReads(t, "acme.example.org", 1)
}

func TestCallersShareOneReading(t *testing.T) {
	d := newDesk(t, Options{}, acme)
	d.shelf.hold, d.shelf.begun = make(chan struct{}), make(chan struct{}, 1)
	const callers = 50
	// The first gives up while it waits.
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := d.Resolve(ctx, "acme.example.org", "")
		first <- err
	}()
	<-d.shelf.begun
	results := make(chan error, callers)
	for range callers {
		go func() {
			got, err := d.Resolve(context.Background(), "acme.example.org", "")
			if err == nil && got.ID != acme.ID {
				err = fmt.Errorf("tenant %s", got.ID)
			}
			results <- err
		}()
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller that gave up got %v", err)
	}
	close(d.shelf.hold)
	for range callers {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if n := d.shelf.reads.Load(); n != 1 {
		t.Errorf("%d readings", n)
	}
}

// reading starts a lookup of acme's host, and comes back once the source is being read for it and waits.
func (d desk) reading(t *testing.T) (answer chan *Tenant, failure chan error) {
	t.Helper()
	answer, failure = make(chan *Tenant, 1), make(chan error, 1)
	go func() {
		got, err := d.Resolve(context.Background(), "acme.example.org", "")
		answer <- got
		failure <- err
	}()
	select {
	case <-d.shelf.begun:
	case <-time.After(10 * time.Second):
		t.Fatal("the source is not read")
	}
	return answer, failure
}

func TestAReadingFromBeforeAChangeIsNotKept(t *testing.T) {
	d := newDesk(t, Options{}, acme)
	d.shelf.hold, d.shelf.begun = make(chan struct{}), make(chan struct{}, 2)
	early, _ := d.reading(t) // it has read the old name, and waits
	changed := acme
	changed.Name = "Acme 2"
	d.shelf.put(changed)
	d.Invalidate(acme.ID)
	close(d.shelf.hold)
	<-early
	if got, err := d.Resolve(t.Context(), "acme.example.org", ""); err != nil || got.Name != "Acme 2" {
		t.Errorf("remembered: %v, %v", got, err)
	}
}

func TestWhoeverComesAfterAChangeDoesNotJoinAReadingFromBefore(t *testing.T) {
	d := newDesk(t, Options{}, acme)
	d.shelf.hold, d.shelf.begun = make(chan struct{}), make(chan struct{}, 2)
	d.reading(t)
	changed := acme
	changed.Name = "Acme 2"
	d.shelf.put(changed)
	d.Invalidate(acme.ID)
	late, _ := d.reading(t)
	close(d.shelf.hold)
	if got := <-late; got.Name != "Acme 2" {
		t.Errorf("got %q", got.Name)
	}
}

func TestAChangeWhileTheSourceFailsIsNotPaperedOver(t *testing.T) {
	d := newDesk(t, Options{}, acme)
	d.wantReads(t, "acme.example.org", 1)
	d.clock.Advance(5 * time.Second)
	d.shelf.fail(errDown)
	d.shelf.hold, d.shelf.begun = make(chan struct{}), make(chan struct{}, 2)
	_, failure := d.reading(t)
	d.Invalidate(acme.ID)
	close(d.shelf.hold)
	if err := <-failure; !errors.Is(err, errDown) {
		t.Errorf("the entry from before the change was served: %v", err)
	}
}

func TestALostHostIsNotLookedForAtEveryRequest(t *testing.T) {
	d := newDesk(t, Options{}, acme)
	d.wantReads(t, "login.acme.example", 1)
	moved := acme
	moved.Hosts = []string{"acme.example.org"}
	d.shelf.put(moved)
	d.clock.Advance(3 * time.Second)
	d.wantReads(t, "login.acme.example", 1)
	d.wantReads(t, "login.acme.example", 0)
}

func TestMadeUpHostsDisplaceNothingButThemselves(t *testing.T) {
	d := newDesk(t, Options{}, acme)
	d.look(t)
	d.wantReads(t, "acme.example.org", 1)
	for i := range 100_000 {
		if _, err := d.Resolve(t.Context(), fmt.Sprintf("h%d.example.org", i), ""); !refusal.Is(err, refusal.Missing) {
			t.Fatal(err)
		}
	}
	if n := d.nowhere.len(); n > 4096 {
		t.Errorf("%d hosts that lead nowhere are remembered", n)
	}
	if n := d.names.len(); n != 1 {
		t.Errorf("%d names are remembered", n)
	}
	d.wantReads(t, "acme.example.org", 0)
}

// Made-up hosts must not take the database from those who look for a tenant that is known.
func TestMadeUpHostsOccupyTheSourceAFewAtATime(t *testing.T) {
	const strangers, hosts = 2, 20
	s := newShelf(Tenant{ID: "1", Slug: "acme", Hosts: []string{"acme.example"}, State: Active})
	d, err := NewDirectory(s, Options{Strangers: strangers})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Resolve(t.Context(), "acme.example", ""); err != nil {
		t.Fatal(err)
	}
	s.begun, s.hold = make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	for i := range hosts {
		all.Go(func() {
			if _, err := d.Resolve(t.Context(), fmt.Sprintf("x%d.example", i), ""); !refusal.Is(err, refusal.Missing) {
				t.Errorf("host %d: %v", i, err)
			}
		})
	}
	for range strangers {
		<-s.begun
	}
	d.Invalidate("1")
	all.Go(func() {
		if _, err := d.Resolve(t.Context(), "acme.example", ""); err != nil {
			t.Errorf("the tenant that is known: %v", err)
		}
	})
	<-s.begun // it is read although as many strangers as may are being looked for
	if got := s.reads.Load(); got != 1+strangers+1 {
		t.Errorf("%d readings began", got)
	}
	close(s.hold)
	for range hosts - strangers {
		<-s.begun
	}
	all.Wait()
}

// A flood of made-up hosts fills the queue and no more: who is in it is answered in time, and who finds it full is told at once.
func TestWhoeverFindsTooManyStrangersWaitingIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(Tenant{ID: "1", Slug: "acme", Hosts: []string{"acme.example"}, State: Active})
		s.hold = make(chan struct{})
		d, err := NewDirectory(s, Options{Strangers: 2})
		if err != nil {
			t.Fatal(err)
		}
		var waiting sync.WaitGroup
		waiting.Go(func() {
			if _, err := d.Resolve(t.Context(), "acme.example", ""); err != nil {
				t.Errorf("the tenant that came first: %v", err)
			}
		})
		for i := range 1 + maxQueued {
			waiting.Go(func() {
				if _, err := d.Resolve(t.Context(), fmt.Sprintf("x%d.example", i), ""); !refusal.Is(err, refusal.Missing) {
					t.Errorf("host %d: %v", i, err)
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		if _, err := d.Resolve(t.Context(), "late.example", ""); !refusal.Is(err, refusal.Busy) || !errors.Is(err, ErrCrowded) || time.Since(began) > 0 {
			t.Errorf("one too many: %v after %v", err, time.Since(began))
		}
		close(s.hold)
		waiting.Wait()
		if _, err := d.Resolve(t.Context(), "late.example", ""); !refusal.Is(err, refusal.Missing) {
			t.Errorf("afterwards: %v", err)
		}
		if n := d.queued.Load(); n != 0 {
			t.Errorf("%d wait still", n)
		}
	})
}

func TestTenantsThatWereDisplacedAreReadAgain(t *testing.T) {
	d := newDesk(t, Options{Tenants: 1}, acme, beta)
	d.wantReads(t, "acme.example.org", 1)
	d.wantReads(t, "beta.example.org", 1)
	d.wantReads(t, "acme.example.org", 1) // nobody could tell it of changes any more
}

func TestAPanickingSourceIsAnError(t *testing.T) {
	d := newDesk(t, Options{})
	if _, err := d.Resolve(t.Context(), "panic.example.org", ""); err == nil || !strings.Contains(err.Error(), "shelf fell over") {
		t.Error(err)
	}
}

func TestTenantsByID(t *testing.T) {
	held := acme
	held.State = Suspended
	d := newDesk(t, Options{}, held)
	for range 2 {
		if got, err := d.ByID(t.Context(), "1"); err != nil || got.Slug != "acme" {
			t.Errorf("%v, %v", got, err)
		}
	}
	if n := d.shelf.reads.Load(); n != 1 {
		t.Errorf("%d readings", n)
	}
	if _, err := d.ByID(t.Context(), "9"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	d.shelf.fail(errDown)
	if _, err := d.ByID(t.Context(), "8"); !errors.Is(err, errDown) {
		t.Error(err)
	}
}

func TestSharedHostsHaveToBeHosts(t *testing.T) {
	if _, err := NewDirectory(newShelf(), Options{SharedHosts: []string{"*.example.org"}}); err == nil {
		t.Error("a pattern was taken")
	}
}

func TestWatchSeesChangesAndComesBackFromFailures(t *testing.T) {
	s := newShelf(acme)
	var mu sync.Mutex
	var logged bytes.Buffer
	d, err := NewDirectory(s, Options{
		Interval: time.Millisecond, MaxAge: time.Hour,
		Log: slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			return logged.Write(p)
		}), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	has := func(text string) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return strings.Contains(logged.String(), text)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Watch(ctx) }()
	s.fail(errDown)
	eventually(t, "the failure is logged", has("cannot see which tenants changed"))
	s.fail(nil)
	eventually(t, "the recovery is logged", has("can see again"))
	changed := acme
	changed.Name = "Acme 2"
	s.put(changed)
	eventually(t, "the change is seen", func() bool {
		got, err := d.Resolve(ctx, "acme.example.org", "")
		return err == nil && got.Name == "Acme 2"
	})
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for ; ctx.Err() == nil; time.Sleep(time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("did not happen: %s", what)
}

func TestResolvingAKnownHostAllocatesNothing(t *testing.T) {
	d := newDesk(t, Options{SharedHosts: []string{"api.example.org"}}, acme)
	ctx := t.Context()
	resolve := func(host, header string) float64 {
		return testing.AllocsPerRun(200, func() {
			if _, err := d.Resolve(ctx, host, header); err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, c := range [][2]string{{"acme.example.org", ""}, {"acme.example.org:8443", "acme"}, {"api.example.org", "acme"}} {
		if n := resolve(c[0], c[1]); n != 0 {
			t.Errorf("%v: %v allocations", c, n)
		}
	}
}

func TestTheDirectoryIsSafeForManyAtOnce(t *testing.T) {
	s := newShelf(acme, beta)
	d, err := NewDirectory(s, Options{Tenants: 2, SharedHosts: []string{"api.example.org"}})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 500 {
				switch (i + j) % 5 {
				case 0:
					d.Invalidate("1")
				case 1:
					if err := d.Look(t.Context()); err != nil {
						t.Error(err)
					}
				case 2:
					s.put(beta)
				default:
					for _, host := range []string{"acme.example.org", "beta.example.org", "nobody.example.org"} {
						got, err := d.Resolve(t.Context(), host, "")
						if err != nil && !refusal.Is(err, refusal.Missing) {
							t.Error(err)
						}
						if got != nil && !got.HasHost(host) {
							t.Errorf("%s led to %s", host, got.Slug)
						}
					}
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkResolve(b *testing.B) {
	d, err := NewDirectory(newShelf(acme), Options{Interval: time.Hour, MaxAge: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := d.Resolve(context.Background(), "acme.example.org", ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	doc := []byte(`{"account": {"login_methods": ["email"], "signup_fields": ["email*", "password1*"], "rate_limits": {"login": "2/m/ip"}}}`)
	for b.Loop() {
		if _, err := Parse(doc); err != nil {
			b.Fatal(err)
		}
	}
}
