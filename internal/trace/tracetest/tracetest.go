// Package tracetest is a collector for tests: it takes the spans that a server sends, as a collector of OpenTelemetry would, and lets a
// test wait for one, walk down from it, and read everything that was sent. It keeps what it takes in memory, and ends with the test.
//
// Give the server its URL as OTEL_EXPORTER_OTLP_ENDPOINT. Spans come in batches: wait for one, or close the tracer first.
package tracetest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// Collector takes the spans that a server sends by OTLP over HTTP, as protobuf or JSON.
type Collector struct {
	URL string

	mu    sync.Mutex
	spans []*Traced
	all   strings.Builder // everything that was sent, as text
	came  chan struct{}   // closed when more comes
}

// Traced is a span as it was sent.
type Traced struct {
	*tracepb.Span
	Resource map[string]string
}

// New starts a collector that stops with the test.
func New(t testing.TB) *Collector {
	t.Helper()
	c := &Collector{came: make(chan struct{})}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := c.take(r); err != nil {
			t.Errorf("the collector was sent something else: %v", err)
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(s.Close)
	c.URL = s.URL
	return c
}

func (c *Collector) take(r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	var sent collectorpb.ExportTraceServiceRequest
	if r.Header.Get("Content-Type") == "application/json" {
		err = protojson.Unmarshal(body, &sent)
	} else {
		err = proto.Unmarshal(body, &sent)
	}
	if err == nil {
		c.Add(&sent)
	}
	return err
}

// Add takes what was sent in another way.
func (c *Collector) Add(sent *collectorpb.ExportTraceServiceRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all.WriteString(prototext.Format(sent))
	for _, of := range sent.ResourceSpans {
		for _, scope := range of.ScopeSpans {
			for _, s := range scope.Spans {
				c.spans = append(c.spans, &Traced{Span: s, Resource: texts(of.Resource.Attributes)})
			}
		}
	}
	close(c.came)
	c.came = make(chan struct{})
}

func texts(attrs []*commonpb.KeyValue) map[string]string {
	all := map[string]string{}
	for _, a := range attrs {
		if n, ok := a.Value.Value.(*commonpb.AnyValue_IntValue); ok {
			all[a.Key] = prototext.MarshalOptions{}.Format(&commonpb.AnyValue{Value: n})
			continue
		}
		all[a.Key] = a.Value.GetStringValue()
	}
	return all
}

// Attrs are the span's attributes as texts. A number reads as in int_value:200.
func (s *Traced) Attrs() map[string]string { return texts(s.Attributes) }

// Spans are the spans that have come.
func (c *Collector) Spans() []*Traced {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans)
}

// Text is everything that has come, as text.
func (c *Collector) Text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all.String()
}

// Wait waits for a span, and returns the first that fits.
func (c *Collector) Wait(t testing.TB, what string, fits func(*Traced) bool) *Traced {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		c.mu.Lock()
		came, at := c.came, slices.IndexFunc(c.spans, fits)
		var found *Traced
		if at >= 0 {
			found = c.spans[at]
		}
		c.mu.Unlock()
		if found != nil {
			return found
		}
		select {
		case <-came:
		case <-deadline:
			t.Fatalf("no span came of %s; these did: %s", what, c.names())
		}
	}
}

func (c *Collector) names() string {
	var all []string
	for _, s := range c.Spans() {
		all = append(all, s.Name)
	}
	return strings.Join(all, ", ")
}

// Below are the spans that a span is the parent of, in the order in which they began.
func (c *Collector) Below(above *Traced) []*Traced {
	var all []*Traced
	for _, s := range c.Spans() {
		if string(s.ParentSpanId) == string(above.SpanId) {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b *Traced) int { return int(int64(a.StartTimeUnixNano) - int64(b.StartTimeUnixNano)) })
	return all
}
