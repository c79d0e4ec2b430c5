package httpd

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/trace"
)

// Sources are what the parts of the server tell of themselves whenever Prometheus asks. None of them may wait for anything. What is nil is
// left out.
type Sources struct {
	Version, Revision, GoVersion string

	MemoryLimit int64 // bytes that the process may have; 0 where nothing bounds it
	Health      *Health
	Pools       func() []Pool
	Hashes      func() Hashes
	Directory   func() Directory
	Connections []*Server
	Spans       func() trace.Counts
}

// Pool is how one pool of database connections is doing.
type Pool struct {
	Name                       string
	Most, InUse, Idle, Waiting int
	Waits                      int64
	Waited                     time.Duration
}

// Hashes are the numbers of what hashes passwords.
type Hashes struct {
	Workers, Queue, Running, Waiting int
	Done, Refused                    uint64
}

// Directory are the numbers of what finds tenants.
type Directory struct {
	Tenants  int
	LastLook time.Time
	Failures int64
}

// Backlog is what waits in the database for whichever server comes first. It is the same for all servers on one database.
type Backlog struct {
	Messages, Due, Retried int
	OldestDue              time.Duration
	GivenUp                int
	Deliveries             int
	OldestWebhook          time.Duration
	Failing, Disabled      int
	Unchained              int
	OldestEvent            time.Duration
	Imports                int
	IdleImport             time.Duration
	OverdueKeys            int
	Pending                int64
}

// backlogLife is how long a backlog is shown after it was read: a stale one would say that all is well.
const backlogLife = time.Minute

// Watch shows from now on what the sources tell. Call it once, before anything is served.
func (g *gauges) Watch(s Sources) { g.sources.Store(&s) }

// SetBacklog shows a backlog that was just read.
func (g *gauges) SetBacklog(b Backlog) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.backlog, g.read = b, g.clock.Now()
}

// gauges are read when Prometheus asks.
type gauges struct {
	clock   clock.Clock
	sources atomic.Pointer[Sources]

	mu      sync.Mutex
	backlog Backlog
	read    time.Time
}

// shared ends the help of what is of the database, and not of the process that tells it.
const shared = " The same on every replica: take max, not sum."

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("vestibule_"+name, help, labels, nil)
}

var (
	buildInfo   = desc("build_info", "1, with what the program was built from: its version and revision, and the version of Go.", "version", "revision", "goversion")
	memoryLimit = desc("memory_limit_bytes", "The memory that the control group lets the process have. Absent where there is no bound.")

	readyNow = desc("ready", "1 while requests may be sent here, as /readyz says; 0 while a check fails that is needed, and from the beginning of the stop.")
	checkOK  = desc("check_ok", "1 where a check of /readyz passed when it was last made, 0 where it failed. Checks are made every 15 seconds at least.", "check")

	spans = desc("trace_spans_total", "Spans of traces by what became of them: sent, failed (the collector was away) or dropped (too many were waiting).", "result")

	openConns   = desc("http_connections", "Open connections by listener and state: new (nothing whole was received yet), active, idle.", "listener", "state")
	closedEarly = desc("http_connections_closed_early_total", "Connections that were closed because too many were open.", "listener")
	unserved    = desc("http_connections_unserved_total", "Connections that ended before a whole request had come: slow or broken clients, and scanners.", "listener")

	poolConns   = desc("database_connections", "Connections to the database by pool and state: in_use, idle. PostgreSQL has the pool main, SQLite read and write.", "pool", "state")
	poolMost    = desc("database_connections_max", "The most connections that are opened, by pool.", "pool")
	poolWaiting = desc("database_waiting", "Callers that wait for a connection right now, by pool.", "pool")
	poolWaits   = desc("database_waits_total", "How often a connection had to be waited for, by pool.", "pool")
	poolWait    = desc("database_wait_seconds_total", "How long connections were waited for, by pool.", "pool")

	hashWorkers = desc("hash_workers", "Passwords that are hashed at once at the most.")
	hashQueue   = desc("hash_queue_max", "Passwords that wait at the most; those beyond are refused.")
	hashRunning = desc("hashes_running", "Passwords being hashed right now.")
	hashWaiting = desc("hashes_waiting", "Passwords waiting for their turn to be hashed.")
	hashDone    = desc("hashes_total", "Passwords that were hashed.")
	hashRefused = desc("hashes_refused_total", "Passwords that were not hashed because too many waited, or for too long: answered with 503 and Retry-After.")

	tenantsCached = desc("tenants_cached", "Tenants that the process remembers.")
	tenantsLook   = desc("tenants_look_timestamp_seconds", "When the process last saw which tenants had changed, Unix time in seconds.")
	tenantsFailed = desc("tenants_look_failures_total", "Looks for changed tenants, and readings of tenants, that failed.")

	queued     = desc("messages_queued", "Mail and texts in the queue, 100,000 at the most."+shared)
	due        = desc("messages_due", "Messages that should have been sent by now, 100,000 at the most."+shared)
	retried    = desc("messages_retried", "Messages in the queue that were tried three times or more, 100,000 at the most."+shared)
	oldestDue  = desc("messages_oldest_due_seconds", "For how long the message has been due that has waited longest."+shared)
	givenUp    = desc("messages_given_up", "Messages that were given up in the last 24 hours, 100,000 at the most."+shared)
	deliveries = desc("webhook_deliveries_queued", "Events that webhooks are still to be told of, 100,000 at the most."+shared)
	webhookDue = desc("webhooks_oldest_due_seconds", "For how long the webhook has been due that has waited longest. One that is left alone because it fails is not due."+shared)
	failing    = desc("webhooks_failing", "Webhooks to which nothing has got through of late."+shared)
	disabled   = desc("webhooks_disabled", "Webhooks that the server has disabled."+shared)
	unchained  = desc("audit_events_unchained", "Events that are not in their tenant's audit chain yet, 10,000 at the most."+shared)
	oldestNew  = desc("audit_unchained_oldest_seconds", "How old the oldest event is that is not chained yet."+shared)
	imports    = desc("imports_running", "Imports that were started and are not over."+shared)
	idleImport = desc("imports_idle_seconds", "For how long the running import has not got on that has not for longest."+shared)
	overdue    = desc("signing_keys_overdue", "Tenants with a signing key that should have had a successor ten minutes ago."+shared)
	pending    = desc("migrations_pending", "Migrations that this version knows and the database has not. Versions that run side by side tell different ones.")
	backlogAt  = desc("backlog_timestamp_seconds", "When the process last read what waits in the database, Unix time in seconds. What it read is shown for a minute.")
)

// Describe lists what Collect sends.
func (*gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		buildInfo, memoryLimit, readyNow, checkOK, spans, openConns, closedEarly, unserved, poolConns, poolMost, poolWaiting, poolWaits, poolWait,
		hashWorkers, hashQueue, hashRunning, hashWaiting, hashDone, hashRefused, tenantsCached, tenantsLook, tenantsFailed,
		queued, due, retried, oldestDue, givenUp, deliveries, webhookDue, failing, disabled, unchained, oldestNew, imports, idleImport,
		overdue, pending, backlogAt,
	} {
		to <- d
	}
}

// Collect sends what the sources tell, and the backlog if it is fresh.
func (g *gauges) Collect(to chan<- prometheus.Metric) {
	is := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	count := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, value, labels...)
	}
	if s := g.sources.Load(); s != nil {
		s.collect(is, count)
	}
	g.mu.Lock()
	b, read := g.backlog, g.read
	g.mu.Unlock()
	if read.IsZero() {
		return
	}
	is(backlogAt, float64(read.Unix()))
	if age := g.clock.Now().Sub(read); age < backlogLife {
		b.collect(is)
	}
}

// tell sends a value.
type tell func(d *prometheus.Desc, value float64, labels ...string)

func (s *Sources) collect(is, count tell) {
	is(buildInfo, 1, s.Version, s.Revision, s.GoVersion)
	if s.MemoryLimit > 0 {
		is(memoryLimit, float64(s.MemoryLimit))
	}
	if s.Health != nil {
		on, checks := s.Health.last()
		is(readyNow, number(on))
		for name, ok := range checks {
			is(checkOK, number(ok), name)
		}
	}
	for _, l := range s.Connections {
		for i, state := range connStates {
			is(openConns, float64(l.states.open[i].Load()), l.name, state)
		}
		_, closed := l.open.numbers()
		count(closedEarly, float64(closed), l.name)
		count(unserved, float64(l.states.unserved.Load()), l.name)
	}
	if s.Spans != nil {
		c := s.Spans()
		count(spans, float64(c.Sent), "sent")
		count(spans, float64(c.Failed), "failed")
		count(spans, float64(c.Dropped), "dropped")
	}
	if s.Pools != nil {
		for _, p := range s.Pools() {
			is(poolConns, float64(p.InUse), p.Name, "in_use")
			is(poolConns, float64(p.Idle), p.Name, "idle")
			is(poolMost, float64(p.Most), p.Name)
			is(poolWaiting, float64(p.Waiting), p.Name)
			count(poolWaits, float64(p.Waits), p.Name)
			count(poolWait, p.Waited.Seconds(), p.Name)
		}
	}
	if s.Hashes != nil {
		h := s.Hashes()
		is(hashWorkers, float64(h.Workers))
		is(hashQueue, float64(h.Queue))
		is(hashRunning, float64(h.Running))
		is(hashWaiting, float64(h.Waiting))
		count(hashDone, float64(h.Done))
		count(hashRefused, float64(h.Refused))
	}
	if s.Directory != nil {
		d := s.Directory()
		is(tenantsCached, float64(d.Tenants))
		if !d.LastLook.IsZero() {
			is(tenantsLook, float64(d.LastLook.Unix()))
		}
		count(tenantsFailed, float64(d.Failures))
	}
}

func (b *Backlog) collect(is tell) {
	is(queued, float64(b.Messages))
	is(due, float64(b.Due))
	is(retried, float64(b.Retried))
	is(oldestDue, b.OldestDue.Seconds())
	is(givenUp, float64(b.GivenUp))
	is(deliveries, float64(b.Deliveries))
	is(webhookDue, b.OldestWebhook.Seconds())
	is(failing, float64(b.Failing))
	is(disabled, float64(b.Disabled))
	is(unchained, float64(b.Unchained))
	is(oldestNew, b.OldestEvent.Seconds())
	is(imports, float64(b.Imports))
	is(idleImport, b.IdleImport.Seconds())
	is(overdue, float64(b.OverdueKeys))
	is(pending, float64(b.Pending))
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
