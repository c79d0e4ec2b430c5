package config

import (
	"slices"
	"testing"
)

func TestTracingIsOffUnlessItIsAskedFor(t *testing.T) {
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318"
	for name, c := range map[string]struct {
		vars []string
		want Tracing
	}{
		"nothing said":              {nil, Tracing{}},
		"an endpoint":               {[]string{endpoint}, Tracing{On: true, Heed: true}},
		"an endpoint of traces":     {[]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://collector/x"}, Tracing{On: true, Heed: true}},
		"an exporter":               {[]string{"OTEL_TRACES_EXPORTER=otlp"}, Tracing{On: true, Heed: true}},
		"no exporter":               {[]string{endpoint, "OTEL_TRACES_EXPORTER=none"}, Tracing{}},
		"the SDK disabled":          {[]string{endpoint, "OTEL_SDK_DISABLED=True"}, Tracing{}},
		"the SDK not disabled":      {[]string{endpoint, "OTEL_SDK_DISABLED=false"}, Tracing{On: true, Heed: true}},
		"other signals alone":       {[]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://collector:4318", "OTEL_METRICS_EXPORTER=console"}, Tracing{}},
		"empty values":              {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT= ", "OTEL_TRACES_EXPORTER="}, Tracing{}},
		"gRPC":                      {[]string{endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, Tracing{On: true, Heed: true, GRPC: true}},
		"gRPC, but not for traces":  {[]string{endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json"}, Tracing{On: true, Heed: true}},
		"no propagation":            {[]string{endpoint, "OTEL_PROPAGATORS=none"}, Tracing{On: true}},
		"baggage alone":             {[]string{endpoint, "OTEL_PROPAGATORS=baggage"}, Tracing{On: true}},
		"the standard's own list":   {[]string{endpoint, "OTEL_PROPAGATORS=tracecontext, baggage"}, Tracing{On: true, Heed: true}},
		"a longer queue":            {[]string{endpoint, "OTEL_BSP_MAX_QUEUE_SIZE=9000"}, Tracing{On: true, Heed: true, Queue: 9000}},
		"a part":                    {[]string{endpoint, "OTEL_TRACES_SAMPLER=traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.05"}, Tracing{On: true, Heed: true}},
		"an argument for no part":   {[]string{endpoint, "OTEL_TRACES_SAMPLER_ARG=half"}, Tracing{On: true, Heed: true}},
		"faults of what is not on":  {[]string{"OTEL_EXPORTER_OTLP_PROTOCOL=pigeon"}, Tracing{}},
		"everything that is proper": {[]string{endpoint, "OTEL_EXPORTER_OTLP_HEADERS=x-a=1,x-b=two%2C", "OTEL_RESOURCE_ATTRIBUTES=a=b,c="}, Tracing{On: true, Heed: true}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := load(t, nil, needed(c.vars...)).Tracing; got != c.want {
				t.Errorf("read %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestEveryVariableThatIsReadIsListed is for the help and the manual: what stops a start must be in them.
func TestEveryVariableThatIsReadIsListed(t *testing.T) {
	for _, name := range []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_COMPRESSION", "OTEL_EXPORTER_OTLP_HEADERS",
		"OTEL_EXPORTER_OTLP_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG",
		"OTEL_PROPAGATORS", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER",
	} {
		if !slices.ContainsFunc(otelVariables, func(v row) bool { return v.name == name }) {
			t.Errorf("%s is not listed", name)
		}
	}
}
