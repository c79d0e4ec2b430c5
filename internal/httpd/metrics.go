package httpd

import (
	"maps"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/vestibule-auth/vestibule/internal/clock"
	"github.com/vestibule-auth/vestibule/internal/trace"
)

const (
	other      = "other"     // the label value of everything beyond a bound
	none       = "none"      // the label value where there is nothing to name
	unmatched  = "unmatched" // the route where no route matched
	mostRoutes = 512         // templates are ours and fewer; the bound is for the mistake of passing a path
	mostWords  = 128         // results, kinds and actions, for the same reason
)

// Bounded lets the first so many names through and makes every other one "other", so that no stranger decides how many
// time series there are. It is safe for concurrent use, and keeps no more names than it lets through.
type Bounded struct {
	most  int
	mu    sync.RWMutex
	names map[string]string // to the copy that is kept, so that no longer string is held for its sake
}

// NewBounded lets most names through.
func NewBounded(most int) *Bounded { return &Bounded{most: most, names: map[string]string{}} }

// Label is name, or "other" once there are too many; "" is "none".
func (b *Bounded) Label(name string) string {
	if name == "" {
		return none
	}
	b.mu.RLock()
	kept, ok := b.names[name]
	full := len(b.names) >= b.most
	b.mu.RUnlock()
	switch {
	case ok:
		return kept
	case full || name == other:
		return other
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if kept, ok := b.names[name]; ok {
		return kept
	}
	if len(b.names) >= b.most {
		return other
	}
	kept = string([]byte(name))
	b.names[kept] = kept
	return kept
}

// Metrics are the numbers that Prometheus reads, in a registry of their own. Packages that count something are handed
// the methods, and know nothing of Prometheus. Tenants are named by slugs of tenants that exist, and are bounded still:
// see slots.
type Metrics struct {
	registry *prometheus.Registry
	clock    clock.Clock
	tenants  *slots
	routes   *Bounded
	words    *Bounded

	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	inFlight  prometheus.Gauge
	panics    prometheus.Counter
	logins    *prometheus.CounterVec
	signups   *prometheus.CounterVec
	factors   *prometheus.CounterVec
	mails     *prometheus.CounterVec
	webhooks  *prometheus.CounterVec
	limits    *prometheus.CounterVec
	degraded  prometheus.Gauge
	parts     // what the parts of the server count
	gauges    // what they tell when they are asked
	all       []prometheus.Collector

	mu     sync.RWMutex
	series map[requestLabels]requestSeries // looked up for every request, without allocating
}

type requestLabels struct {
	route, method, tenant string
	status                int
}

type requestSeries struct {
	count    prometheus.Counter
	duration prometheus.Observer
}

// NewMetrics makes the metrics, with label values for so many tenants at a time. A clock tells which of them are idle.
func NewMetrics(tenants int, c clock.Clock) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		clock:    c,
		routes:   NewBounded(mostRoutes),
		words:    NewBounded(mostWords),
		series:   map[requestLabels]requestSeries{},
		requests: counters("http_requests_total", "Requests answered, by route, method, status (other: cut off without an answer) and tenant.", "route", "method", "status", "tenant"),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "vestibule_http_request_duration_seconds",
			Help:    "How long requests took.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
			// For servers that scrape native histograms; the others see the buckets above.
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"route", "method"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "vestibule_http_requests_in_flight", Help: "Requests being answered right now.",
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "vestibule_http_panics_total", Help: "Handlers that panicked. Each is a bug.",
		}),
		logins:   counters("logins_total", "Logins by result: ok, pending (a further step is to come), refused (a wrong password or code, or no such account), busy (too many at once), limited.", "tenant", "result"),
		signups:  counters("signups_total", "Signups by result: ok, pending (a further step is to come), refused, busy, limited.", "tenant", "result"),
		factors:  counters("second_factors_total", "Second factors and passkeys that were shown, by result: ok, refused, limited.", "tenant", "result"),
		mails:    counters("mails_total", "Attempts at sending mail and texts, by kind and result: sent, retried, failed (given up), expired (of no use any more).", "kind", "result"),
		webhooks: counters("webhook_deliveries_total", "Attempts at telling a webhook of an event, by result: delivered, retried, failed, disabled.", "result"),
		limits:   counters("limits_hit_total", "Requests turned away by a rate limit.", "tenant", "action"),
		degraded: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "vestibule_limiter_degraded", Help: "1 while limits are counted in the process because Redis is out of reach.",
		}),
	}
	m.tenants = &slots{most: tenants, forget: m.forget, held: map[string]*slot{}}
	m.parts, m.gauges.clock = newParts(), c
	m.all = append([]prometheus.Collector{
		m.requests, m.durations, m.inFlight, m.panics, m.logins, m.signups, m.factors, m.mails, m.webhooks, m.limits, m.degraded, &m.gauges,
	}, m.parts.collectors()...)
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(m.all...)
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vestibule_" + name, Help: help}, labels)
}

// Handler serves the metrics to Prometheus. It belongs on the operators' listener.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		EnableOpenMetrics:   true,
		MaxRequestsInFlight: 4,
		Timeout:             10 * time.Second,
	})
}

// Login counts a login with its result, such as "ok", "mismatch" or "limited".
func (m *Metrics) Login(tenant, result string) { m.countOf(tenant, m.logins, result) }

// Signup counts a signup with its result.
func (m *Metrics) Signup(tenant, result string) { m.countOf(tenant, m.signups, result) }

// Factor counts a second factor that was shown, with its result.
func (m *Metrics) Factor(tenant, result string) { m.countOf(tenant, m.factors, result) }

// Mail counts a message of a kind, the template's name, with its result, such as "sent", "retried", "failed" or "expired".
func (m *Metrics) Mail(kind, result string) {
	m.mails.WithLabelValues(m.words.Label(kind), m.words.Label(result)).Inc()
}

// Webhook counts an attempt to tell a webhook of an event, with its result: "delivered", "retried", "failed" or "disabled".
func (m *Metrics) Webhook(result string) { m.webhooks.WithLabelValues(m.words.Label(result)).Inc() }

// LimitHit counts a request that the limit of an action turned away.
func (m *Metrics) LimitHit(action, tenant string) { m.countOf(tenant, m.limits, action) }

// countOf counts one more of something of a tenant.
func (m *Metrics) countOf(tenant string, what *prometheus.CounterVec, word string) {
	label := m.tenants.hold(tenant, m.clock.Now())
	defer m.tenants.release()
	what.WithLabelValues(label, m.words.Label(word)).Inc()
}

// forget drops the time series of a tenant that has no label value of its own any more.
func (m *Metrics) forget(tenant string) {
	for _, of := range []*prometheus.CounterVec{m.requests, m.logins, m.signups, m.factors, m.limits} {
		of.DeletePartialMatch(prometheus.Labels{"tenant": tenant})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.series, func(l requestLabels, _ requestSeries) bool { return l.tenant == tenant })
}

// LimiterDegraded says whether limits are counted in the process because Redis is out of reach.
func (m *Metrics) LimiterDegraded(degraded bool) {
	if degraded {
		m.degraded.Set(1)
		return
	}
	m.degraded.Set(0)
}

// request counts and times a request. Every label is bounded before it is looked up. Of one that is traced, its trace is an example.
func (m *Metrics) request(l requestLabels, start, end time.Time, span trace.Span) {
	l.route, l.method = m.routes.Label(routeLabel(l.route)), knownMethod(l.method)
	if l.status < 100 || l.status > 599 {
		l.status = 0
	}
	l.tenant = m.tenants.hold(l.tenant, end)
	defer m.tenants.release()
	m.mu.RLock()
	s, ok := m.series[l]
	m.mu.RUnlock()
	if !ok {
		s = m.add(l)
	}
	s.count.Inc()
	observe(s.duration, end.Sub(start).Seconds(), span)
}

func (m *Metrics) add(l requestLabels) requestSeries {
	status := other
	if l.status != 0 {
		status = strconv.Itoa(l.status)
	}
	s := requestSeries{
		count:    m.requests.WithLabelValues(l.route, l.method, status, l.tenant),
		duration: m.durations.WithLabelValues(l.route, l.method),
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.series[l] = s
	return s
}

// knownMethod is the method, or "other": HTTP lets a client make one up.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions:
		return method
	}
	return other
}

func routeLabel(route string) string {
	if route == "" {
		return unmatched
	}
	return route
}
