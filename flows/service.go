package flows

import (
	"log/slog"
	"time"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/keyring"
	"github.com/vestibule-auth/vestibule/internal/limit"
	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Observer is told what happens, for metrics. Results are few and fixed: "ok", "pending", "refused", "limited".
type Observer interface {
	Login(tenant, result string)
	Signup(tenant, result string)
	Factor(tenant, result string)             // a second factor was shown
	Limited(t *tenants.Tenant, action string) // a request was refused by a rate limit
	Conflict(refused bool)                    // a step found its session changed: it is run again or, the next time, refused
}

// Options are what a Service works with. All of it is needed but the Observer: without one, nobody is told.
type Options struct {
	Store   *store.Store
	Hasher  *passhash.Hasher
	Limiter limit.Limiter
	Keys    *keyring.Keyring
	// Providers speaks to identity providers.
	Providers provider.Providers
	Clock     clock.Clock
	Observer  Observer
	Log       *slog.Logger
	// Wake is called after mail was queued, so that it goes out at once.
	Wake func()
	// Even is how long answers take at least that must not tell by the clock whether there is an account; zero is no time.
	Even time.Duration
}

// Service runs the flows of every tenant. It is safe for concurrent use.
type Service struct {
	store     *store.Store
	hasher    *passhash.Hasher
	limiter   limit.Limiter
	keys      *keyring.Keyring
	providers provider.Providers
	clock     clock.Clock
	observe   Observer
	log       *slog.Logger
	wake      func()
	even      time.Duration
	flights   *flights
}

// New is a Service.
func New(o Options) *Service {
	if o.Observer == nil {
		o.Observer = unobserved{}
	}
	return &Service{
		store: o.Store, hasher: o.Hasher, limiter: o.Limiter, keys: o.Keys, providers: o.Providers, clock: o.Clock, observe: o.Observer, log: o.Log, wake: o.Wake,
		even:    o.Even,
		flights: newFlights(),
	}
}

// unobserved is nobody.
type unobserved struct{}

func (unobserved) Login(_, _ string)                   {}
func (unobserved) Signup(_, _ string)                  {}
func (unobserved) Factor(_, _ string)                  {}
func (unobserved) Limited(_ *tenants.Tenant, _ string) {}
func (unobserved) Conflict(_ bool)                     {}

// Client is a kind of client. A session of one kind means nothing to the other.
type Client = store.Client

// The kinds of client.
const (
	App     = store.App
	Browser = store.Browser
)
