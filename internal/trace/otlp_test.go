package trace_test

import (
	"context"
	"net"
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/vestibule-auth/vestibule/internal/trace"
	"github.com/vestibule-auth/vestibule/internal/trace/tracetest"
)

// service is a collector that is reached by gRPC.
type service struct {
	collectorpb.UnimplementedTraceServiceServer
	to *tracetest.Collector
}

func (s service) Export(_ context.Context, sent *collectorpb.ExportTraceServiceRequest) (*collectorpb.ExportTraceServiceResponse, error) {
	s.to.Add(sent)
	return &collectorpb.ExportTraceServiceResponse{}, nil
}

func TestSpansArriveByEveryProtocol(t *testing.T) {
	for _, protocol := range []string{"http/protobuf", "http/json", "grpc"} {
		t.Run(protocol, func(t *testing.T) {
			c := tracetest.New(t)
			endpoint := c.URL
			if protocol == "grpc" {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				s := grpc.NewServer()
				collectorpb.RegisterTraceServiceServer(s, service{to: c})
				go func() { _ = s.Serve(l) }() // it ends when it is stopped
				t.Cleanup(s.Stop)
				endpoint = "http://" + l.Addr().String()
			}
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
			t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
			tracer, err := trace.New(t.Context(), trace.Options{GRPC: protocol == "grpc", Version: "v1"})
			if err != nil {
				t.Fatal(err)
			}
			_, span := tracer.Root(t.Context(), "x", trace.Internal, trace.String(trace.TenantKey, "acme"))
			span.End()
			tracer.Close(t.Context())
			spans := c.Spans()
			if len(spans) != 1 || spans[0].Name != "x" || spans[0].Attrs()[trace.TenantKey] != "acme" ||
				spans[0].Resource["service.name"] != "vestibule" || spans[0].Resource["service.version"] != "v1" {
				t.Errorf("%s came", c.Text())
			}
			if got := tracer.Counts(); got != (trace.Counts{Sent: 1}) {
				t.Errorf("counted %+v", got)
			}
		})
	}
}
