package check

import (
	"strings"
	"testing"
)

// Values that cannot work are refused before anything is changed, with what is wrong and what to do. The messages are exact.
func TestValuesThatCannotWorkAreRefused(t *testing.T) {
	const secret = "secrets.values.databaseUrl=postgres://x,secrets.values.secretKey=x,secrets.values.adminToken=x"
	for _, tt := range []struct {
		name, set, over, want string
	}{
		// What the schema says.
		{"an unknown key", "minimal", "replica=3", "additional properties 'replica' not allowed"},
		{"an unknown setting", "minimal", "config.trustedProxies=1", "additional properties 'trustedProxies' not allowed"},
		{"an unknown key further down", "minimal", "networkPolicy.egress.port=1", "additional properties 'port' not allowed"},
		{"a wrong type", "minimal", "replicas=many", "at '/replicas': got string, want integer"},
		{"a wrong type of a setting", "minimal", "config.databaseMaxConns=lots", "at '/config/databaseMaxConns': got string, want null or integer"},
		{"no replica", "minimal", "replicas=0", "at '/replicas': minimum: got 0, want 1"},
		{"an unknown way to have secrets", "minimal", "secrets.mode=vault", "at '/secrets/mode': value must be one of 'existing', 'chart', 'external'"},
		{"a duration without a unit", "minimal", "migration.wait=ten", "at '/migration/wait': 'ten' does not match pattern"},
		{"a host with a scheme", "minimal", "ingress.hosts={https://a.example}", "at '/ingress/hosts/0': 'https://a.example' does not match pattern"},
		{"a digest that is none", "minimal", "image.digest=sha256:1", "at '/image/digest': 'sha256:1' does not match pattern"},
		{"an unknown key of a peer", "minimal", "networkPolicy.operatorsFrom[0].namespaces=x", "additional properties 'namespaces' not allowed"},
		{"a variable that is not of OpenTelemetry", "minimal", "otel.LOG=x", "additional properties 'LOG' not allowed"},

		// What the chart says.
		{
			"more than one server on one file", "sqlite", "replicas=2",
			"sqlite: one file is for one server: set replicas to 1 and autoscaling.enabled to false",
		},
		{
			"a scaled server on one file", "sqlite", "autoscaling.enabled=true",
			"sqlite: one file is for one server: set replicas to 1 and autoscaling.enabled to false",
		},
		{"two databases", "trial", "sqlite.enabled=true,replicas=1", "sqlite and postgresql are both enabled: keep one of them"},
		{"more than at most", "minimal", "autoscaling.enabled=true,autoscaling.maxReplicas=1", "autoscaling.maxReplicas is less than autoscaling.minReplicas"},
		{
			"a trial database in production", "trial", "config.environment=Production",
			"postgresql.enabled is for trials, and config.environment says production: use a PostgreSQL that somebody watches over and backs up",
		},
		{
			"a trial Redis in production", "trial", "config.environment=production",
			"redis.enabled is for trials, and config.environment says production: use a Redis that somebody watches over and backs up",
		},
		{"a trial database without its secret", "minimal", "postgresql.enabled=true", `postgresql.enabled needs secrets.mode "chart", which makes its password`},
		{"a trial Redis without its secret", "minimal", "redis.enabled=true", `redis.enabled needs secrets.mode "chart", which makes its password`},
		{
			"no database", "minimal", "secrets.keys.databaseUrl=",
			"secrets.keys.databaseUrl is empty: say which key of the secret holds the database's URL",
		},
		{"no secret key", "minimal", "secrets.keys.secretKey=", "secrets.keys.secretKey is empty: say which key of the secret holds the secret key"},
		{
			"no database of the chart's secret", "minimal", "secrets.mode=chart,secrets.values.secretKey=x,secrets.values.adminToken=x",
			"secrets.values.databaseUrl is empty: give the database's URL, or have the secret made by somebody else (secrets.mode)",
		},
		{
			"a key without a value", "minimal", "secrets.mode=chart,secrets.keys.redisUrl=redis-url," + secret,
			"secrets.values.redisUrl is empty, and secrets.keys.redisUrl says that there is one",
		},
		{
			"a secret that nobody would read", "minimal", "secrets.values.databaseUrl=postgres://x",
			`secrets.values.databaseUrl is given, but with secrets.mode "existing" nobody would read it: remove it, or set secrets.mode to "chart"`,
		},
		{
			"a vault without a place", "minimal", "secrets.mode=external",
			`secrets.mode "external" needs secrets.external.store.name and secrets.external.path`,
		},
		{
			"mail from nobody", "minimal", "secrets.keys.smtpUrl=smtp-url",
			"config.mailFrom is not given, but the URL of a mail server is: give the address that mail is sent from",
		},
		{
			"two ways to an address", "minimal", "config.trustedProxyCount=1,config.trustedClientIpHeader=X-Real-Ip",
			"config.trustedProxyCount and config.trustedClientIpHeader are both given: keep the one that your proxy supports",
		},
		{
			"credentials in a config map", "minimal", "otel.OTEL_EXPORTER_OTLP_HEADERS=authorization=x",
			"otel.OTEL_EXPORTER_OTLP_HEADERS holds credentials: give it by extraEnv, from a secret",
		},
		{
			"a setting in passing", "minimal", "extraEnv[0].name=VESTIBULE_SECRET_KEY,extraEnv[0].value=x",
			"extraEnv: VESTIBULE_SECRET_KEY is a setting: give it in config or secrets",
		},
		{
			"credentials in a pod", "minimal", "extraEnv[0].name=OTEL_EXPORTER_OTLP_TRACES_HEADERS,extraEnv[0].value=authorization=x",
			"extraEnv: OTEL_EXPORTER_OTLP_TRACES_HEADERS holds credentials: take it from a secret (valueFrom)",
		},
		{"an ingress for nothing", "minimal", "ingress.enabled=true", "ingress.hosts is empty: name the hosts of your tenants, or a wildcard"},
		{"a route for nothing", "minimal", "gateway.enabled=true", "gateway.hostnames is empty: name the hosts of your tenants, or a wildcard"},
		{
			"a route without a gateway", "minimal", "gateway.enabled=true,gateway.hostnames={a.example}",
			"gateway.parentRefs is empty: name the gateway that the route belongs to, or have one made (gateway.create)",
		},
		{"a gateway without listeners", "minimal", "gateway.create.enabled=true", "gateway.create needs className and listeners"},
		{"operators nowhere", "minimal", "operators.ingress.enabled=true", "operators.ingress.host is empty: give operators a host of their own"},
		{
			"operators on a public host", "production", "operators.ingress.host=login.acme.example",
			"operators.ingress.host: login.acme.example is a public host as well: the admin API must have a host of its own",
		},
		{
			"operators on a host of the route", "gateway", "operators.ingress.enabled=true,operators.ingress.host=login.acme.example",
			"operators.ingress.host: login.acme.example is a public host as well: the admin API must have a host of its own",
		},
		{
			"operators whom the policy keeps out", "minimal", "operators.ingress.enabled=true,operators.ingress.host=a.example",
			"networkPolicy.operatorsFrom is empty, and the ingress for operators could not reach them: name the namespace of its controller",
		},
		{
			"a Prometheus that the policy keeps out", "minimal", "metrics.serviceMonitor.enabled=true",
			"networkPolicy.operatorsFrom is empty, and Prometheus could not read the metrics: name its namespace",
		},
		{"tenants twice", "gateway", "tenants.documents[0].slug=acme", "tenants.documents and tenants.existingSecret are both given: keep one of them"},
		{"tenants without a token", "minimal", "tenants.existingSecret=tenants", "tenants need a token: give tenants.token.secretName, or secrets.keys.adminToken"},
		{
			"as many hashes as the node has cores", "minimal", "resources.limits.cpu=null",
			"config.hashWorkers is not given, and there is no limit of CPU: the server would hash as many passwords at a time as the node has cores, each in 19 MiB. Give either",
		},
		{
			"too little memory", "minimal", "resources.limits.memory=128Mi",
			"resources.limits.memory leaves 40 MiB for Go's heap, which needs 64: hashing 2 passwords at a time takes 40 MiB, and the rest 48",
		},
		{
			"more connections than memory", "minimal", "config.maxConnections=10000",
			"resources.limits.memory leaves 296 MiB for Go's heap, and 10000 connections that stall in the middle of a body take 938: " +
				"set config.maxConnections to 3157, or give more memory",
		},
		{
			"a secret made up without a cluster", "minimal", "secrets.mode=chart,secrets.values.databaseUrl=postgres://x,secrets.values.adminToken=x",
			"secrets: the secret key would have to be made up, and kept from then on, but there is no cluster to ask whether there is one already " +
				"(as with helm template, Argo CD and --dry-run=client). Give it a value, or have the secret made by somebody else: secrets.mode \"existing\" or \"external\".",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, complaints, ok := helm(t, template(tt.set, tt.over)...)
			if ok || !strings.Contains(complaints, tt.want) {
				t.Errorf("it says\n%s\nand not\n%s", complaints+out, tt.want)
			}
		})
	}
}

func TestEveryFaultIsToldAtOnce(t *testing.T) {
	_, complaints, ok := helm(t, template("minimal", "ingress.enabled=true", "secrets.keys.smtpUrl=smtp-url", "resources.limits.cpu=null")...)
	if ok || strings.Count(complaints, "\n  - ") != 3 {
		t.Errorf("it says\n%s", complaints)
	}
}
