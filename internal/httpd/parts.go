package httpd

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// parts are what the parts of the server count as they work. All label values are the constants below, and there from the beginning: a
// counter that appears with its first failure would hide that failure from rate and increase.
type parts struct {
	statements *prometheus.HistogramVec
	faults     *prometheus.CounterVec
	statement  [len(statementKinds)]prometheus.Observer // of statements, by kind
	fault      [len(faultClasses)]prometheus.Counter    // of faults, by class

	redis       prometheus.Histogram
	redisErrors prometheus.Counter
	fallbacks   prometheus.Counter

	hashWaits prometheus.Histogram
	conflicts *prometheus.CounterVec
	outbound  prometheus.Counter
	sends     *prometheus.HistogramVec

	bodies   *prometheus.CounterVec
	timeouts prometheus.Counter

	swept      *prometheus.CounterVec
	sweepFails *prometheus.CounterVec
	sweepDone  prometheus.Gauge

	verified    *prometheus.CounterVec
	headChanged prometheus.Counter
	chainFailed prometheus.Counter
}

// The label values of what is counted by what it was. Those of statements and faults are in the order of the constants that stand for them
// in package store.
var (
	statementKinds  = [...]string{"query", "exec", "commit"}
	faultClasses    = [...]string{"unreachable", "timeout", "starved", "serialization", "broken"}
	conflictResults = [...]string{"retried", "refused"}
	channels        = [...]string{"mail", "sms"}
	bodyCauses      = [...]string{tooLarge, tooSlow}
	verdicts        = [...]string{"whole", "broken"}
)

// Why the rest of a body was not read.
const (
	tooLarge = "too_large"
	tooSlow  = "too_slow"
)

func newParts() parts {
	p := parts{
		statements: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "vestibule_database_statement_duration_seconds",
			Help:    "How long the database took over statements, without the wait for a connection, by kind: query (returns rows), exec, commit.",
			Buckets: []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"kind"}),
		faults: counters("database_errors_total",
			"Statements that failed, by class: unreachable, timeout, starved (no connection was free in time), serialization (tried again), broken.",
			"class"),
		redis: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "vestibule_redis_call_duration_seconds",
			Help:    "How long Redis took over the questions of the limiter, also where it failed.",
			Buckets: []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5},
		}),
		redisErrors: counter("redis_errors_total", "Questions of the limiter that Redis did not answer."),
		fallbacks:   counter("limiter_fallbacks_total", "Decisions about limits that were made in the process because Redis was out of reach."),
		hashWaits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "vestibule_hash_wait_seconds",
			Help:    "How long passwords waited for their turn to be hashed. Those that did not have to wait are left out.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
		conflicts: counters("session_conflicts_total",
			"Steps that found their session changed by another request, by result: retried, or refused with 409.", "result"),
		outbound: counter("outbound_refused_total",
			"Connections that were not made because a tenant's mail server, webhook or provider led to an address that is not public."),
		sends: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "vestibule_message_send_duration_seconds",
			Help:    "How long attempts at handing a message over took, by channel: mail (SMTP) or sms. Failed ones count.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20},
		}, []string{"channel"}),
		bodies: counters("http_bodies_refused_total",
			"Requests whose body was not read to its end, by cause: too_large, or too_slow for the read time-out.", "cause"),
		timeouts:   counter("http_request_timeouts_total", "Requests whose time was up before they were answered."),
		swept:      counters("sweep_removed_total", "Rows that were removed or blanked because their time was up, by what they were.", "what"),
		sweepFails: counters("sweep_failures_total", "Parts of a sweep that failed, by what was to be removed. Each is tried again in a minute.", "what"),
		sweepDone: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "vestibule_sweep_success_timestamp_seconds",
			Help: "When this process last finished a sweep without a failure, Unix time in seconds; when it started, before the first.",
		}),
		verified: counters("audit_verifications_total", "Parts of audit chains that somebody had verified, by result: whole, broken.", "result"),
		headChanged: counter("audit_heads_changed_total",
			"Audit chains whose head was found not to be as it was left: somebody else wrote into the database."),
		chainFailed: counter("audit_chain_failures_total", "Attempts at chaining a tenant's events that failed. Each is made again in a minute."),
	}
	for i, kind := range statementKinds {
		p.statement[i] = p.statements.WithLabelValues(kind)
	}
	for i, class := range faultClasses {
		p.fault[i] = p.faults.WithLabelValues(class)
	}
	begin := func(of *prometheus.CounterVec, values []string) {
		for _, v := range values {
			of.WithLabelValues(v)
		}
	}
	begin(p.conflicts, conflictResults[:])
	begin(p.bodies, bodyCauses[:])
	begin(p.verified, verdicts[:])
	for _, c := range channels {
		p.sends.WithLabelValues(c)
	}
	return p
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: "vestibule_" + name, Help: help})
}

func (p *parts) collectors() []prometheus.Collector {
	return []prometheus.Collector{
		p.statements, p.faults, p.redis, p.redisErrors, p.fallbacks, p.hashWaits, p.conflicts, p.outbound, p.sends, p.bodies, p.timeouts,
		p.swept, p.sweepFails, p.sweepDone, p.verified, p.headChanged, p.chainFailed,
	}
}

// Statement counts a statement of the database: its kind is one of package store's, by number.
func (p *parts) Statement(kind int, took time.Duration) { p.statement[kind].Observe(took.Seconds()) }

// DatabaseFault counts a statement that failed: its class is one of package store's, by number.
func (p *parts) DatabaseFault(class int) { p.fault[class].Inc() }

// Redis counts a question of the limiter to Redis, and how long it took.
func (p *parts) Redis(took time.Duration, err error) {
	p.redis.Observe(took.Seconds())
	if err != nil {
		p.redisErrors.Inc()
	}
}

// LimiterFallback counts a decision that was made in the process because Redis is out of reach.
func (p *parts) LimiterFallback() { p.fallbacks.Inc() }

// HashWaited counts a password that waited for its turn.
func (p *parts) HashWaited(took time.Duration) { p.hashWaits.Observe(took.Seconds()) }

// Conflict counts a step whose session was changed by another request: it is run again, or refused.
func (p *parts) Conflict(refused bool) {
	result := conflictResults[0]
	if refused {
		result = conflictResults[1]
	}
	p.conflicts.WithLabelValues(result).Inc()
}

// OutboundRefused counts a connection that was not made because the address is not public.
func (p *parts) OutboundRefused() { p.outbound.Inc() }

// Handed counts an attempt at handing a message over, mail or a text.
func (p *parts) Handed(sms bool, took time.Duration) {
	channel := channels[0]
	if sms {
		channel = channels[1]
	}
	p.sends.WithLabelValues(channel).Observe(took.Seconds())
}

// Swept counts what a part of a sweep has removed, or that it failed. What it removes is one of a few words.
func (p *parts) Swept(what string, rows int64, err error) {
	p.swept.WithLabelValues(what).Add(float64(rows))
	fails := p.sweepFails.WithLabelValues(what)
	if err != nil {
		fails.Inc()
	}
}

// SweepDone notes the end of a sweep without a failure, or that there is a sweeper from now on.
func (p *parts) SweepDone(now time.Time) { p.sweepDone.Set(float64(now.Unix())) }

// Verified counts a part of an audit chain that was looked at.
func (p *parts) Verified(whole bool) {
	verdict := verdicts[0]
	if !whole {
		verdict = verdicts[1]
	}
	p.verified.WithLabelValues(verdict).Inc()
}

// HeadChanged counts a chain whose head is not as it was left.
func (p *parts) HeadChanged() { p.headChanged.Inc() }

// ChainFailed counts a tenant whose events could not be chained.
func (p *parts) ChainFailed() { p.chainFailed.Inc() }
