// Package app puts the server together: every part is made here, once, and handed to those that need it. Tests boot it
// too, so that what they talk to is what runs.
//
// New makes the parts and opens the listeners; Run runs them until the context is done and stops them in reverse order:
// the public listener first, so that nothing new comes in, and the operators' last, so that they can watch.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/vestibule-auth/vestibule/flows"
	"github.com/vestibule-auth/vestibule/internal/admin"
	"github.com/vestibule-auth/vestibule/internal/adminapi"
	"github.com/vestibule-auth/vestibule/internal/audit"
	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/config"
	"github.com/vestibule-auth/vestibule/internal/headless"
	"github.com/vestibule-auth/vestibule/internal/httpd"
	"github.com/vestibule-auth/vestibule/internal/keyring"
	"github.com/vestibule-auth/vestibule/internal/limit"
	"github.com/vestibule-auth/vestibule/internal/outbound"
	"github.com/vestibule-auth/vestibule/internal/passhash"
	"github.com/vestibule-auth/vestibule/internal/post"
	"github.com/vestibule-auth/vestibule/internal/provider"
	"github.com/vestibule-auth/vestibule/internal/secret"
	"github.com/vestibule-auth/vestibule/internal/stats"
	"github.com/vestibule-auth/vestibule/internal/store"
	"github.com/vestibule-auth/vestibule/internal/trace"
	"github.com/vestibule-auth/vestibule/internal/webhook"
	"github.com/vestibule-auth/vestibule/tenants"
)

// Options are what a server runs with besides its configuration.
type Options struct {
	Log *slog.Logger
	// Clock is the machine's, unless a test says otherwise.
	Clock clock.Clock
	// Observe, if set, is told of every statement; see store.Options.
	Observe func(op, query string) error
	// Version is what the program was built as; "" if nobody knows.
	Version string
	// Unchained has the audit log not be chained, nor anything that follows it be done, nor what is counted be written: for tests that count
	// statements, or fail them.
	Unchained bool
	// RedisPatience is how long Redis may take to answer before limits are counted in memory: limit.Patience if zero. Tests
	// that count exactly give it more, for on a busy machine one late answer would have them count from nothing again.
	RedisPatience time.Duration
	// Hashing is how passwords are hashed, where a test says otherwise. How many at once is the configuration's to say.
	Hashing passhash.Options
	// Even is how old answers are at least that must not tell by the clock whether there is an account: even if zero. Tests that look at
	// no clock need not wait for them.
	Even time.Duration
	// Resolver looks up the names that tenants' settings hold; nil: the system's.
	Resolver *net.Resolver
	// Dummy offers the provider "dummy", which believes whoever somebody says they are, as development servers do.
	Dummy bool
}

// even is how old answers are at least that must not tell by the clock whether there is an account: older than what they take, as
// long as the server is not overwhelmed, and no time to somebody who is waiting for a mail.
const even = 50 * time.Millisecond

// App is a composed server.
type App struct {
	Store     *store.Store
	Directory *tenants.Directory
	Keys      *keyring.Keyring
	Flows     *flows.Service
	Audit     *audit.Keeper
	Hasher    *passhash.Hasher
	Mailbox   *post.Mailbox // nil unless mail is kept in the process
	Public    *httpd.Server
	Operators *httpd.Server

	config    config.Config
	log       *slog.Logger
	clock     clock.Clock
	metrics   *httpd.Metrics
	own       *operators
	health    *httpd.Health
	tally     *stats.Tally
	tracer    *trace.Tracer // nil: nothing is traced
	version   string
	worker    *post.Worker
	smtp      *post.SMTP
	unchained bool
	hooks     *webhook.Worker
	imports   *admin.Importer
	limiter   limiter
	resolver  *net.Resolver
	admin     *admin.Service
	close     []func() error
}

// limiter is what the server needs of its limiter besides deciding.
type limiter interface {
	limit.Limiter
	Sweep()
}

// New makes a server and opens its listeners. With --dev it also migrates the database and makes the demo tenant. The
// caller must call Run or Close.
func New(ctx context.Context, cfg config.Config, o Options) (_ *App, err error) {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	a := &App{config: cfg, log: o.Log, clock: o.Clock, unchained: o.Unchained, version: o.Version, resolver: o.Resolver}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	metrics := httpd.NewMetrics(cfg.MetricsTenants, o.Clock)
	if err := a.trace(ctx); err != nil {
		return nil, err
	}
	o.Log = a.log
	a.metrics = metrics
	if a.Store, err = openStore(cfg, o.Observe, meter{metrics}); err != nil {
		return nil, err
	}
	a.close = append(a.close, a.Store.Close)
	if err := a.limits(ctx, metrics, cmp.Or(o.RedisPatience, limit.Patience)); err != nil {
		return nil, err
	}
	o.Hashing.OnWait = a.hashWait
	o.Hashing.OnEqual = func(err error) {
		a.log.WarnContext(ctx, "threads that hash passwords cannot give way to all others as they should: many logins may slow down everything else", "error", err)
	}
	a.Hasher = passhash.New(hashing(cfg, o.Hashing))
	a.close = append(a.close, a.Hasher.Close)
	a.Directory, err = tenants.NewDirectory(a.Store, tenants.Options{SharedHosts: cfg.SharedHosts, Clock: o.Clock, Log: o.Log})
	if err != nil {
		return nil, fmt.Errorf("VESTIBULE_SHARED_HOSTS: %w", err)
	}
	a.Keys = keyring.New(keyring.Options{Store: a.Store, Tenants: a.Directory.ByID, Clock: o.Clock, Log: o.Log})
	a.Audit = audit.New(audit.Options{
		Store: a.Store, Tenants: a.Directory.ByID, Clock: o.Clock, Log: o.Log,
		Followers: []audit.Follower{webhook.Dispatcher{Clock: o.Clock}, stats.Counter{}}, Observer: metrics,
	})
	a.tally = stats.NewTally(a.Store, o.Clock, o.Log)
	if err := a.post(ctx, metrics); err != nil {
		return nil, err
	}
	a.Flows = flows.New(flows.Options{
		Store: a.Store, Hasher: a.Hasher, Limiter: a.limiter, Keys: a.Keys,
		Providers: provider.New(provider.Options{
			Client: provider.Client(a.dialer(), nil), Plain: a.config.AllowPrivateNetworks, Clock: o.Clock, Dev: cfg.Dev || o.Dummy,
		}),
		Clock: o.Clock, Observer: observer{metrics, a.tally}, Log: a.log,
		Wake: a.worker.Wake, Even: cmp.Or(o.Even, even),
	})
	a.imports = admin.NewImporter(admin.Importer{Store: a.Store, Flows: a.Flows, Tenants: a.Directory.ByID, Clock: o.Clock, Log: a.log, Tracer: a.tracer})
	if err := a.listen(ctx, metrics); err != nil {
		return nil, err
	}
	metrics.Watch(a.sources())
	if cfg.Dev {
		if err := a.prepareDev(ctx); err != nil { // which needs to know the port
			return nil, err
		}
	}
	a.makeOperators(ctx, a.own)
	return a, nil
}

// trace makes what traces, if anything is to be, and has the log say which trace a record belongs to.
func (a *App) trace(ctx context.Context) (err error) {
	if !a.config.Tracing.On {
		return nil
	}
	a.tracer, err = trace.New(ctx, trace.Options{GRPC: a.config.Tracing.GRPC, Queue: a.config.Tracing.Queue, Version: a.version, Log: a.log})
	if err != nil {
		return err
	}
	a.close = append(a.close, func() error { a.tracer.Close(context.Background()); return nil })
	a.log = slog.New(trace.Handler(a.log.Handler()))
	return nil
}

// hashing is how a server hashes passwords: aside, since it has more to do.
func hashing(cfg config.Config, o passhash.Options) passhash.Options {
	o.Workers, o.Aside = cfg.HashWorkers, true
	return o
}

func openStore(cfg config.Config, observe func(op, query string) error, meter store.Meter) (*store.Store, error) {
	return store.Open(store.Options{URL: cfg.Database.Reveal(), Keys: cfg.Keys, MaxConns: cfg.DatabaseMaxConns, Observe: observe, Meter: meter})
}

// limits makes the limiter: Redis with memory behind it, or memory alone.
func (a *App) limits(ctx context.Context, metrics *httpd.Metrics, patience time.Duration) error {
	memory := limit.NewMemory(a.clock, 0)
	if !a.config.Redis.Given() {
		a.limiter = memory
		if !a.config.Dev {
			a.log.WarnContext(ctx, "no VESTIBULE_REDIS_URL: rate limits are counted by each process for itself")
		}
		return nil
	}
	client, err := limit.OpenRedis(a.config.Redis.Reveal(), patience)
	if err != nil {
		return fmt.Errorf("VESTIBULE_REDIS_URL: %w", err)
	}
	a.close = append(a.close, client.Close)
	if a.tracer != nil {
		limit.Traced(client)
	}
	a.limiter = limit.New(limit.NewRedis(client, patience, nil), memory,
		limit.Options{
			Clock: a.clock, Log: a.log, OnChange: metrics.LimiterDegraded, OnFallback: metrics.LimiterFallback, OnAnswer: metrics.Redis,
		})
	return nil
}

// post makes the workers that send mail and texts, and that tell webhooks of events.
func (a *App) post(ctx context.Context, metrics *httpd.Metrics) error {
	dialer := a.dialer()
	smtp := &post.SMTP{Dialer: dialer}
	if a.config.SMTP.Given() {
		var err error
		if smtp.Server, err = post.ParseSMTPURL(a.config.SMTP.Reveal()); err != nil {
			return fmt.Errorf("VESTIBULE_SMTP_URL: %w", err)
		}
	} else if !a.config.Mailbox() {
		a.log.WarnContext(ctx, "no VESTIBULE_SMTP_URL: mail of tenants without a mail server of their own waits, and is given up after 12 hours")
	}
	a.smtp = smtp
	var mail, texts post.Sender = smtp, &post.SMS{Client: outbound.HTTPClient(outbound.Options{Dialer: dialer})}
	if a.config.Mailbox() {
		a.Mailbox = &post.Mailbox{Mail: mail, SMS: texts, Log: a.log}
		mail, texts = a.Mailbox, a.Mailbox
	}
	from := ""
	if a.config.MailFrom.Address != "" {
		from = a.config.MailFrom.String()
	}
	mail = timed{mail, metrics, a.clock, false}
	texts = timed{texts, metrics, a.clock, true}
	a.hooks = &webhook.Worker{
		Store: a.Store, Tenants: a.Directory.ByID, Client: webhook.Client(dialer), Clock: a.clock, Log: a.log, Tracer: a.tracer,
		OnSent: func(tenantID, result string) {
			metrics.Webhook(result)
			if result == webhook.Failed || result == webhook.Disabled {
				a.tally.Count(tenantID, stats.WebhooksFailed)
			}
		},
	}
	a.worker = &post.Worker{
		Queue: a.Store, Mail: mail, SMS: texts, From: from, Clock: a.clock, Log: a.log, Tracer: a.tracer,
		Tenants: a.Directory.ByID,
		OnSent: func(tenantID, kind string, _ store.Channel, result string) {
			metrics.Mail(kind, result)
			switch result {
			case post.Sent:
				a.tally.Count(tenantID, stats.MessagesSent)
			case post.Failed, post.Expired:
				a.tally.Count(tenantID, stats.MessagesFailed)
			}
		},
	}
	return nil
}

// listen composes the handlers and opens both listeners.
func (a *App) listen(ctx context.Context, metrics *httpd.Metrics) error {
	realIP := &httpd.RealIP{ProxyCount: a.config.TrustedProxyCount, Header: a.config.TrustedClientIPHeader, Log: a.log, Clock: a.clock}
	chain := httpd.Options{
		Log: a.log, Clock: a.clock, Metrics: metrics, RealIP: realIP, RequestTimeout: a.config.RequestTimeout,
		Tracer: a.tracer, Tracing: httpd.Tracing{Heed: a.config.Tracing.Heed, Trust: a.config.TrustedTraceparent, ClientIP: a.config.TraceClientIP},
	}
	seen := &httpd.Watch{Clock: a.clock, ClientIPHeader: a.config.TrustedClientIPHeader}
	wire := &headless.API{
		Flows: a.Flows, Tenants: a.Directory, TenantHeader: a.config.TenantHeader, Recorder: recorder{}, Log: a.log,
	}
	service := admin.New(admin.Options{
		Store: a.Store, Directory: a.Directory, Flows: a.Flows, Keyring: a.Keys, Audit: a.Audit, Clock: a.clock, Keys: a.config.Keys, Log: a.log,
		CheckTemplate: checkTemplate, Health: a.look, Version: a.version,
		SharedHosts: a.config.SharedHosts, MailKinds: mailKinds(), PreviewMail: previewMail, PreviewSignIn: a.previewSignIn,
		PrivateWebhooks: a.config.AllowPrivateNetworks, WakeWebhooks: a.hooks.Wake,
		WakeMail: a.worker.Wake, OnImport: a.imports.Wake, Limiter: a.limiter, TestMail: a.testMail, Watch: watch{seen},
		Providers: tryProvider{&provider.Tester{
			Client: provider.Client(a.dialer(), nil), Plain: a.config.AllowPrivateNetworks, Clock: a.clock,
		}},
		Doctor: admin.DoctorServer{
			ProxyCount: a.config.TrustedProxyCount, ClientIPHeader: a.config.TrustedClientIPHeader, TenantHeader: a.config.TenantHeader,
		},
	})
	a.admin = service
	own := &operators{app: a, service: service}
	theirs := &headless.API{
		Flows: a.Flows, Tenants: own, TenantHeader: a.config.TenantHeader, Recorder: recorder{}, Log: a.log,
	}
	api := &adminapi.API{
		Admin: service, Token: admin.NewToken(a.config.AdminToken.Reveal()), Log: a.log,
		RequestID:  func(r *http.Request) string { return httpd.RequestID(r.Context()) },
		Route:      func(r *http.Request, template string) { httpd.SetRoute(r.Context(), template) },
		ClientIP:   clientIP,
		Connection: func(r *http.Request) context.Context { return httpd.Connection(r.Context()) },
		Operator:   signedIn(theirs),
	}
	if a.Mailbox != nil {
		api.Mailbox = mailbox{a.Mailbox}
	}
	checks := []httpd.Check{
		{Name: "database", Probe: a.Store.Ping},
		{Name: "migrations", Probe: a.migrated},
		{Name: "keys", Probe: a.keysFit},
	}
	if pinger, ok := a.limiter.(interface{ Ping(context.Context) error }); ok {
		checks = append(checks, httpd.Check{Name: "redis", Optional: true, Probe: pinger.Ping})
	}
	a.health = httpd.NewHealth(a.log, checks...)
	var err error
	public, front := chain, wire.Handler()
	public.Watch = seen
	if a.config.Dev {
		front = a.demoFront(front, api.MailOf(demo))
	}
	a.Public, err = httpd.Listen(ctx, httpd.ServerOptions{
		Name: "public", Addr: a.config.Listen, Handler: httpd.Standard(front, public), Log: a.log,
		RequestTimeout: a.config.RequestTimeout, MaxConnections: a.config.MaxConnections,
	})
	if err != nil {
		return err
	}
	a.close = append(a.close, a.Public.Close)
	chain.BodyLimit = operatorBody
	a.Operators, err = httpd.Listen(ctx, httpd.ServerOptions{
		Name: "operators", Addr: a.config.AdminListen, Log: a.log,
		Handler:        httpd.Operators(a.health, metrics, httpd.Standard(operatorsOnly(theirs.Handler(), api.Handler(), a.profiles(api), own.pages()), chain)),
		RequestTimeout: a.config.RequestTimeout, MaxConnections: operatorConnections,
	})
	if err != nil {
		return err
	}
	a.close = append(a.close, a.Operators.Close)
	a.own = own
	return nil
}

// operatorBody is the most that is read of an operator's request: settings documents are longer than what users send.
const operatorBody = 1 << 20

// operatorConnections is how many the operators' listener holds open: whoever reaches it must not take the memory of the public one.
const operatorConnections = 512

var errPending = errors.New("migrations are pending: run the server with --migrate")

func (a *App) migrated(ctx context.Context) error {
	current, err := a.Store.Current(ctx)
	if err == nil && !current {
		err = errPending
	}
	return err
}

var errKeys = errors.New("VESTIBULE_SECRET_KEY does not open the tenants' data keys: give the key that they were sealed under")

// keysFit reports whether the secret keys are those of this database. With others nobody could be served.
func (a *App) keysFit(ctx context.Context) error {
	err := a.Store.CheckKeys(ctx)
	if errors.Is(err, secret.ErrUnreadable) {
		err = errKeys
	}
	return err
}

// Run serves until ctx is done, then drains: readiness goes off; after the shutdown delay requests under way finish, the
// worker hands back what it has not sent, and everything is closed. From the delay's end on, all of it together has the
// shutdown timeout: what is not over then is cut off, and requests that are make an error.
func (a *App) Run(ctx context.Context) error {
	drain, cut := context.WithCancelCause(context.Background())
	defer cut(nil)
	draining := func(run func(ctx, drain context.Context) error) func(context.Context) error {
		return func(ctx context.Context) error { return run(ctx, drain) }
	}
	var g httpd.Group
	if a.tracer != nil {
		g.Add(httpd.Until(draining(a.flushTraces))) // of all that the others do until they have stopped
	}
	if !a.unchained {
		g.Add(httpd.Until(draining(a.tally.Run))) // what the others do is counted until they have stopped
	}
	g.Add(httpd.Until(draining(a.Operators.Serve)))
	if !a.unchained {
		g.Add(httpd.Until(a.watch))
	}
	g.Add(httpd.Until(a.sweep))
	g.Add(httpd.Until(a.sweepTenants))
	g.Add(httpd.Until(a.Directory.Watch))
	if !a.unchained {
		g.Add(httpd.Until(a.Audit.Run))
		g.Add(httpd.Until((&stats.Roller{Store: a.Store, Log: a.log}).Run))
	}
	g.Add(httpd.Until(draining(a.worker.Run)))
	g.Add(httpd.Until(a.imports.Run))
	g.Add(httpd.Until(draining(a.hooks.Run)))
	g.Add(httpd.Until(draining(a.Public.Serve)))
	g.Add(httpd.Until(func(interrupted context.Context) error {
		select {
		case <-ctx.Done():
			a.log.Info("stopping: finishing what is under way; a second signal ends it at once", "after", a.config.ShutdownDelay.String(), "at_most", a.config.ShutdownTimeout.String())
		case <-interrupted.Done():
		}
		a.health.SetDraining()
		a.Public.Leave()
		a.linger(interrupted)
		time.AfterFunc(a.config.ShutdownTimeout, func() {
			cut(fmt.Errorf("VESTIBULE_SHUTDOWN_TIMEOUT (%v) was up", a.config.ShutdownTimeout))
		})
		return nil
	}))
	return errors.Join(g.Run(), a.Close())
}

// flushTraces sends what has not been sent of traces, when everything else has stopped.
func (a *App) flushTraces(ctx, drain context.Context) error {
	<-ctx.Done()
	a.tracer.Close(drain)
	return nil
}

// linger waits until those who send requests here have noticed that they no longer should.
func (a *App) linger(interrupted context.Context) {
	if a.config.ShutdownDelay <= 0 {
		return
	}
	t := time.NewTimer(a.config.ShutdownDelay)
	defer t.Stop()
	select {
	case <-t.C:
	case <-interrupted.Done():
	}
}

// Close gives back everything that New took. Run does it by itself.
func (a *App) Close() error {
	var errs []error
	for i := len(a.close) - 1; i >= 0; i-- {
		errs = append(errs, a.close[i]())
	}
	a.close = nil
	return errors.Join(errs...)
}

// The pace of the sweeper, and how long what it removes is kept.
const (
	sweepEvery   = time.Minute
	sweepBatch   = 1000
	keepSessions = time.Hour           // after they expired
	keepImports  = 30 * 24 * time.Hour // after they ended; their chunks are gone at once
	idleImports  = 7 * 24 * time.Hour  // after their last chunk, where nobody started them
	keepMessages = 30 * 24 * time.Hour // after they were sent, when their bodies went, or given up
)

// sweep removes what has run out, in small bites, for as long as the server runs.
func (a *App) sweep(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	a.metrics.SweepDone(a.clock.Now())
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		ctx, span := a.tracer.Root(ctx, "sweep", trace.Internal)
		a.limiter.Sweep()
		failed := false
		swept := func(what string, n int64, err error) {
			if ctx.Err() != nil {
				err = nil // the server is stopping
			}
			a.metrics.Swept(what, n, err)
			failed = failed || err != nil
		}
		n, err := a.Keys.Tend(ctx)
		swept("signing_keys_due", 0, err)
		if err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "cannot see which signing keys are due; trying again in a minute", "error", err)
		} else if n > 0 {
			a.log.InfoContext(ctx, "signing keys have successors", "keys", n)
		}
		dropped, err := a.Audit.Retain(ctx)
		swept("audit_events", dropped, err)
		if err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "cannot remove old events; trying again in a minute", "error", err)
		}
		now := a.clock.Now()
		for _, part := range []struct {
			what  string
			batch int
			some  func(n int) (int64, error)
		}{
			{"sessions", sweepBatch, func(n int) (int64, error) { return a.Store.SweepSessions(ctx, now.Add(-keepSessions), n) }},
			{"used proofs", sweepBatch, func(n int) (int64, error) { return a.Store.SweepProofs(ctx, now, n) }},
			{"statistics", sweepBatch, func(n int) (int64, error) { return stats.Sweep(ctx, a.Store, now, n) }},
			{"signing keys", sweepBatch, func(n int) (int64, error) { return a.Store.SweepSigningKeys(ctx, now, n) }},
			{"bodies of webhook deliveries", sweepBatch, func(n int) (int64, error) {
				return a.Store.EraseDeliveries(ctx, now.Add(-webhook.KeepBodies), now, n)
			}},
			{"webhook deliveries", sweepBatch, func(n int) (int64, error) {
				return a.Store.SweepDeliveries(ctx, now.Add(-webhook.KeepDeliveries), n)
			}},
			{"deleted users", sweepBatch, func(n int) (int64, error) { return a.Flows.EraseDue(ctx, n) }},
			{"bodies of messages that expired", sweepBatch, func(n int) (int64, error) { return a.Store.EraseSpentMessages(ctx, now, n) }},
			{"messages", sweepBatch, func(n int) (int64, error) { return a.Store.SweepMessages(ctx, now.Add(-keepMessages), n) }},
			{"imports", sweepBatch / 100, func(n int) (int64, error) { // each has many rows of its own
				return a.Store.SweepImports(ctx, now.Add(-keepImports), now.Add(-idleImports), n)
			}},
		} {
			for more := true; more && ctx.Err() == nil; {
				n, err := part.some(part.batch)
				swept(strings.ReplaceAll(part.what, " ", "_"), n, err)
				if more = err == nil && n >= int64(part.batch); err != nil && ctx.Err() == nil {
					a.log.WarnContext(ctx, "cannot remove what has run out; trying again in a minute", "what", part.what, "error", err)
				}
			}
		}
		span.End()
		if !failed {
			a.metrics.SweepDone(a.clock.Now())
		}
	}
}

// sweepTenants purges tenants that were deleted long ago. A large one takes minutes, in small bites, and holds up nothing else.
func (a *App) sweepTenants(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if _, err := a.admin.SweepTenants(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "cannot purge deleted tenants; trying again in a minute", "error", err)
		}
	}
}

// Migrate applies the pending migrations and says which. It waits for the database as long as cfg.Wait.
func Migrate(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	st, err := openStore(cfg, nil, nil)
	if err != nil {
		return err
	}
	if err := awaitDatabase(ctx, st.Ping, cfg.Wait, log); err != nil {
		return errors.Join(err, st.Close())
	}
	done, err := st.Migrate(ctx)
	for _, m := range done {
		log.InfoContext(ctx, "migrated", "migration", m.Name)
	}
	if err != nil {
		return errors.Join(err, st.Close())
	}
	log.InfoContext(ctx, "the database is up to date", "applied", len(done))
	return st.Close()
}

// SealKeys seals the tenants' data keys under the first secret key, and says how many were under another. Every server on
// the database must know that key by then: those that do not cannot open what was sealed under it.
func SealKeys(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	st, err := openStore(cfg, nil, nil)
	if err != nil {
		return err
	}
	sealed, err := st.SealTenantKeys(ctx)
	log.InfoContext(ctx, "data keys were sealed under the first secret key", "tenants", sealed)
	return errors.Join(err, st.Close())
}

// recorder tells package httpd what package headless learned about a request.
type recorder struct{}

func (recorder) Route(r *http.Request, template, tenant string) {
	record := httpd.From(r.Context())
	record.Route, record.Tenant = template, tenant
}

func (recorder) Outcome(r *http.Request, class, why string) {
	httpd.SetOutcome(r.Context(), class, why)
}

func (recorder) RequestID(r *http.Request) string { return httpd.RequestID(r.Context()) }

func (recorder) ClientIP(r *http.Request) netip.Addr { return httpd.ClientIP(r.Context()) }

// clientIP is the address that a request comes from, as it is kept.
func clientIP(r *http.Request) string {
	if ip := httpd.ClientIP(r.Context()); ip.IsValid() {
		return ip.String()
	}
	return ""
}

// observer counts what package flows reports.
type observer struct {
	metrics *httpd.Metrics
	tally   *stats.Tally
}

func (o observer) Login(tenant, result string)  { o.metrics.Login(tenant, result) }
func (o observer) Signup(tenant, result string) { o.metrics.Signup(tenant, result) }
func (o observer) Factor(tenant, result string) { o.metrics.Factor(tenant, result) }

func (o observer) Limited(t *tenants.Tenant, action string) {
	o.metrics.LimitHit(action, t.Slug)
	o.tally.Count(t.ID, stats.RateLimited)
}

func (o observer) Conflict(refused bool) { o.metrics.Conflict(refused) }

// mailbox shows the operators' wire what package post keeps.
type mailbox struct{ *post.Mailbox }

func (m mailbox) Mails() []adminapi.Mail {
	kept := m.Kept()
	all := make([]adminapi.Mail, len(kept))
	for i, k := range kept {
		all[i] = adminapi.Mail(k)
	}
	return all
}
