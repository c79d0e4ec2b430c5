package config

import (
	"crypto/tls"
	"crypto/x509"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Tracing is what the OTEL_ variables say of traces, as far as it is not the SDK's own business.
type Tracing struct {
	On    bool
	GRPC  bool // to the collector by gRPC, and not by HTTP
	Heed  bool // word of a caller's span is read
	Queue int  // spans that may wait to be sent; 0 for the default
}

// otelVariables are the variables of OpenTelemetry that mean something here. The SDK reads them by itself, as in every program that uses
// it, and passes over what it does not understand; so they are read here as well, before it, and what is wrong stops the start.
var otelVariables = []row{
	{"OTEL_EXPORTER_OTLP_ENDPOINT", "URL", "Where the collector is, such as http://collector:4318. Giving it turns tracing on; by HTTP, " +
		"/v1/traces is added to it."},
	{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "URL", "The same for traces alone, to which nothing is added. Every variable below that begins with " +
		"OTEL_EXPORTER_OTLP_ may be given for traces alone in the same way, and that one wins."},
	{"OTEL_TRACES_EXPORTER", "WORD", "otlp turns tracing on without an endpoint, with the collector on this machine; none turns it off."},
	{"OTEL_SDK_DISABLED", "BOOL", "true turns it off, whatever else is given."},
	{"OTEL_EXPORTER_OTLP_PROTOCOL", "WORD", "How spans are sent: http/protobuf (the default), http/json or grpc."},
	{"OTEL_EXPORTER_OTLP_HEADERS", "PAIRS", "Headers for the collector, name=value with commas between, such as what it takes to be let in. A secret."},
	{"OTEL_EXPORTER_OTLP_COMPRESSION", "WORD", "gzip or none (the default)."},
	{"OTEL_EXPORTER_OTLP_TIMEOUT", "NUMBER", "How long sending a batch may take, in milliseconds (default 10000)."},
	{"OTEL_EXPORTER_OTLP_CERTIFICATE", "PATH", "A file with the certificate authority that the collector's certificate is to be of."},
	{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "PATH", "A file with this server's certificate for the collector; its key is in the file that " +
		"OTEL_EXPORTER_OTLP_CLIENT_KEY names."},
	{"OTEL_TRACES_SAMPLER", "WORD", "What is traced: parentbased_always_on (the default), parentbased_always_off, parentbased_traceidratio, always_on, " +
		"always_off or traceidratio."},
	{"OTEL_TRACES_SAMPLER_ARG", "NUMBER", "Of the two that end in traceidratio: the part that is traced, from 0 to 1 (default 1)."},
	{"OTEL_PROPAGATORS", "WORDS", "In which form word of a caller's span is read: tracecontext, or none. baggage may be among them, since it is in " +
		"the default (tracecontext,baggage), and is not read. See VESTIBULE_TRUSTED_TRACEPARENT."},
	{"OTEL_SERVICE_NAME", "NAME", "What traces say that they are of (default vestibule)."},
	{"OTEL_RESOURCE_ATTRIBUTES", "PAIRS", "What else they say of this process, as name=value with commas between."},
	{"OTEL_BSP_MAX_QUEUE_SIZE", "NUMBER", "How many spans may wait to be sent (default 2048). What ends while there are as many is dropped, and counted."},
	{"OTEL_BSP_SCHEDULE_DELAY", "NUMBER", "For how many milliseconds spans are gathered (default 5000)."},
}

// The words that variables may be set to.
var (
	otelExporters    = []string{"otlp", "none"}
	otelProtocols    = []string{"http/protobuf", "http/json", "grpc"}
	otelCompressions = []string{"gzip", "none"}
	otelSamplers     = []string{
		"always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio",
	}
	otelPropagators = []string{"tracecontext", "baggage", "none"}
)

// otel is the OTEL_ part of an environment, and what is wrong with it.
type otel struct {
	vars   map[string]string
	faults []Fault
}

// tracing is what the variables say. Of one that is switched off nothing is looked at.
func tracing(environ []string) (Tracing, []Fault) {
	o := &otel{vars: map[string]string{}}
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(name, "OTEL_") {
			if value = strings.TrimSpace(value); value != "" {
				o.vars[name] = value
			}
		}
	}
	disabled := o.word("OTEL_SDK_DISABLED", strings.ToLower, "true", "false")
	exporter := o.word("OTEL_TRACES_EXPORTER", nil, otelExporters...)
	_, endpoint := o.ofExporter("ENDPOINT")
	if disabled == "true" || exporter == "none" || exporter == "" && endpoint == "" {
		return Tracing{}, o.faults
	}
	t := Tracing{On: len(o.faults) == 0}
	o.endpoint()
	t.GRPC = o.exporterWord("PROTOCOL", otelProtocols) == "grpc"
	o.exporterWord("COMPRESSION", otelCompressions)
	o.headers()
	o.certificates()
	o.sampler()
	t.Heed = o.propagators()
	o.pairs("OTEL_RESOURCE_ATTRIBUTES")
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_BSP_EXPORT_TIMEOUT"} {
		o.number(name, 600_000)
	}
	o.number("OTEL_BSP_SCHEDULE_DELAY", 600_000)
	o.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1_000_000)
	t.Queue = o.number("OTEL_BSP_MAX_QUEUE_SIZE", 1_000_000)
	return t, o.faults
}

func (o *otel) fault(name string, err error) {
	o.faults = append(o.faults, faultOf(grant{source: name}, err))
}

// word is the value of a variable that takes one of some words; "" where it is not set, or wrong.
func (o *otel) word(name string, as func(string) string, words ...string) string {
	v := o.vars[name]
	if as != nil {
		v = as(v)
	}
	if v == "" || slices.Contains(words, v) {
		return v
	}
	o.fault(name, flawed("Set it to "+oneOf(words), "is %s, which it cannot be here", shown(v)))
	return ""
}

func oneOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// ofExporter is the variable of the exporter that holds, for traces alone or for all signals, with its value.
func (o *otel) ofExporter(name string) (variable, value string) {
	for _, variable = range []string{"OTEL_EXPORTER_OTLP_TRACES_" + name, "OTEL_EXPORTER_OTLP_" + name} {
		if v, ok := o.vars[variable]; ok {
			return variable, v
		}
	}
	return variable, ""
}

func (o *otel) exporterWord(name string, words []string) string {
	variable, _ := o.ofExporter(name)
	return o.word(variable, nil, words...)
}

func (o *otel) endpoint() {
	name, v := o.ofExporter("ENDPOINT")
	if v == "" {
		return
	}
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "": // the value may hold a password, and is not repeated
		o.fault(name, flawed("Write it as http://collector:4318, or https://", "is not the URL of a collector"))
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		o.fault(name, flawed("Give what lets this server in as OTEL_EXPORTER_OTLP_HEADERS", "has a user, a password or parameters, which are not sent"))
	}
}

// headers looks at what is sent along to the collector. None of it is repeated.
func (o *otel) headers() {
	name, v := o.ofExporter("HEADERS")
	if v == "" {
		return
	}
	for pair := range strings.SplitSeq(v, ",") {
		key, value, found := strings.Cut(pair, "=")
		_, err := url.PathUnescape(value)
		if !found || err != nil || !headerName.MatchString(strings.TrimSpace(key)) {
			o.fault(name, flawed("Write it as name=value with commas between, and percent-encode a comma or % in a value", "is not a list of headers"))
			return
		}
	}
}

// certificates sees whether the files are what they should be: the SDK would go on without them.
func (o *otel) certificates() {
	read := func(name, path string) []byte {
		b, err := os.ReadFile(path)
		if err != nil {
			o.fault(name, flawed("Check the path, and that this user may read the file", "names a file that cannot be read: %s", reason(err)))
		}
		return b
	}
	if name, path := o.ofExporter("CERTIFICATE"); path != "" {
		if b := read(name, path); b != nil && !x509.NewCertPool().AppendCertsFromPEM(b) {
			o.fault(name, flawed("Name a file with certificates in PEM", "names a file without a certificate"))
		}
	}
	certName, certPath := o.ofExporter("CLIENT_CERTIFICATE")
	keyName, keyPath := o.ofExporter("CLIENT_KEY")
	switch {
	case certPath == "" && keyPath == "":
	case certPath == "":
		o.fault(certName, flawed("Set both, or neither", "is not set, but %s is", keyName))
	case keyPath == "":
		o.fault(keyName, flawed("Set both, or neither", "is not set, but %s is", certName))
	default:
		cert, key := read(certName, certPath), read(keyName, keyPath)
		if _, err := tls.X509KeyPair(cert, key); err != nil && cert != nil && key != nil {
			o.fault(certName, flawed("Name files with a certificate and its key in PEM", "and %s do not hold a certificate and its key", keyName))
		}
	}
}

func (o *otel) sampler() {
	const name = "OTEL_TRACES_SAMPLER_ARG"
	sampler := o.word("OTEL_TRACES_SAMPLER", strings.ToLower, otelSamplers...)
	v, given := o.vars[name]
	if !given || !strings.HasSuffix(sampler, "traceidratio") {
		return // it means nothing to the others
	}
	if part, err := strconv.ParseFloat(v, 64); err != nil || !(part >= 0 && part <= 1) {
		o.fault(name, flawed("Set it to a number from 0 to 1, such as 0.05", "is %s, which is no part of a whole", shown(v)))
	}
}

// propagators reports whether word of a caller's span is read.
func (o *otel) propagators() bool {
	const name = "OTEL_PROPAGATORS"
	v, given := o.vars[name]
	if !given {
		return true
	}
	heed := false
	for word := range strings.SplitSeq(v, ",") {
		switch word = strings.TrimSpace(word); {
		case !slices.Contains(otelPropagators, word):
			o.fault(name, flawed("Set it to tracecontext or none", "has %s, which is not read here", shown(word)))
		case word == "tracecontext":
			heed = true
		}
	}
	return heed
}

func (o *otel) pairs(name string) {
	v := o.vars[name]
	if v == "" {
		return
	}
	for pair := range strings.SplitSeq(v, ",") {
		key, value, found := strings.Cut(pair, "=")
		if _, err := url.PathUnescape(value); err != nil || !found || strings.TrimSpace(key) == "" {
			o.fault(name, flawed("Write name=value with commas between, and percent-encode a comma or % in a value", "has %s, which is not name=value", shown(pair)))
		}
	}
}

// number is the value of a variable that takes a number from 1 to most; 0 where it is not set, or wrong.
func (o *otel) number(name string, most int) int {
	v := o.vars[name]
	if v == "" {
		return 0
	}
	n, err := number(v, 1, most)
	if err != nil {
		o.fault(name, err)
	}
	return n
}
