{{/* What the schema cannot say is wrong with the values. Every fault is told at once, with what to do about it. */}}
{{- define "vestibule.check" -}}
{{- $v := .Values }}
{{- $faults := list }}
{{- $replicas := include "vestibule.leastReplicas" . | int }}
{{- $keys := include "vestibule.secretKeys" . | fromJson }}
{{- $public := list }}
{{- if $v.ingress.enabled }}{{ $public = concat $public $v.ingress.hosts }}{{ end }}
{{- if $v.gateway.enabled }}{{ $public = concat $public $v.gateway.hostnames }}{{ end }}

{{- if and $v.sqlite.enabled (or $v.autoscaling.enabled (gt $replicas 1)) }}
{{- $faults = append $faults "sqlite: one file is for one server: set replicas to 1 and autoscaling.enabled to false" }}
{{- end }}
{{- if and $v.sqlite.enabled $v.postgresql.enabled }}
{{- $faults = append $faults "sqlite and postgresql are both enabled: keep one of them" }}
{{- end }}
{{- if and $v.autoscaling.enabled (lt (int $v.autoscaling.maxReplicas) $replicas) }}
{{- $faults = append $faults "autoscaling.maxReplicas is less than autoscaling.minReplicas" }}
{{- end }}

{{- range $name := list "postgresql" "redis" }}
{{- $trial := index $v $name }}
{{- if and $trial.enabled (ne $v.secrets.mode "chart") }}
{{- $faults = append $faults (printf "%s.enabled needs secrets.mode \"chart\", which makes its password" $name) }}
{{- end }}
{{- if and $trial.enabled (eq ($v.config.environment | default "" | lower) "production") }}
{{- $faults = append $faults (printf "%s.enabled is for trials, and config.environment says production: use a %s that somebody watches over and backs up" $name (ternary "PostgreSQL" "Redis" (eq $name "postgresql"))) }}
{{- end }}
{{- end }}

{{- if and (not $v.sqlite.enabled) (not (hasKey $keys "databaseUrl")) }}
{{- $faults = append $faults "secrets.keys.databaseUrl is empty: say which key of the secret holds the database's URL" }}
{{- end }}
{{- if not (hasKey $keys "secretKey") }}
{{- $faults = append $faults "secrets.keys.secretKey is empty: say which key of the secret holds the secret key" }}
{{- end }}
{{- if and (eq $v.secrets.mode "chart") (not $v.secrets.values.databaseUrl) (not $v.sqlite.enabled) (not $v.postgresql.enabled) }}
{{- $faults = append $faults "secrets.values.databaseUrl is empty: give the database's URL, or have the secret made by somebody else (secrets.mode)" }}
{{- end }}
{{- if eq $v.secrets.mode "chart" }}
{{- range $setting, $key := $keys }}
{{- if not (or (index $v.secrets.values $setting) (has $setting (list "databaseUrl" "secretKey" "adminToken")) (and (eq $setting "redisUrl") $v.redis.enabled)) }}
{{- $faults = append $faults (printf "secrets.values.%s is empty, and secrets.keys.%s says that there is one" $setting $setting) }}
{{- end }}
{{- end }}
{{- else }}
{{- range $setting, $value := $v.secrets.values }}
{{- if $value }}
{{- $faults = append $faults (printf "secrets.values.%s is given, but with secrets.mode %q nobody would read it: remove it, or set secrets.mode to \"chart\"" $setting $v.secrets.mode) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and (eq $v.secrets.mode "external") (or (not $v.secrets.external.store.name) (not $v.secrets.external.path)) }}
{{- $faults = append $faults "secrets.mode \"external\" needs secrets.external.store.name and secrets.external.path" }}
{{- end }}
{{- if and (hasKey $keys "smtpUrl") (not $v.config.mailFrom) }}
{{- $faults = append $faults "config.mailFrom is not given, but the URL of a mail server is: give the address that mail is sent from" }}
{{- end }}
{{- if and $v.config.trustedProxyCount $v.config.trustedClientIpHeader }}
{{- $faults = append $faults "config.trustedProxyCount and config.trustedClientIpHeader are both given: keep the one that your proxy supports" }}
{{- end }}
{{- range $name, $_ := $v.otel }}
{{- if contains "HEADERS" $name }}
{{- $faults = append $faults (printf "otel.%s holds credentials: give it by extraEnv, from a secret" $name) }}
{{- end }}
{{- end }}
{{- range $v.extraEnv }}
{{- if and (hasPrefix "VESTIBULE_" .name) .value }}
{{- $faults = append $faults (printf "extraEnv: %s is a setting: give it in config or secrets" .name) }}
{{- end }}
{{- if and (hasPrefix "OTEL_" .name) (contains "HEADERS" .name) .value }}
{{- $faults = append $faults (printf "extraEnv: %s holds credentials: take it from a secret (valueFrom)" .name) }}
{{- end }}
{{- end }}

{{- if and $v.ingress.enabled (not $v.ingress.hosts) }}
{{- $faults = append $faults "ingress.hosts is empty: name the hosts of your tenants, or a wildcard" }}
{{- end }}
{{- if and $v.gateway.enabled (not $v.gateway.hostnames) }}
{{- $faults = append $faults "gateway.hostnames is empty: name the hosts of your tenants, or a wildcard" }}
{{- end }}
{{- if and $v.gateway.enabled (not $v.gateway.parentRefs) (not $v.gateway.create.enabled) }}
{{- $faults = append $faults "gateway.parentRefs is empty: name the gateway that the route belongs to, or have one made (gateway.create)" }}
{{- end }}
{{- if and $v.gateway.create.enabled (or (not $v.gateway.create.className) (not $v.gateway.create.listeners)) }}
{{- $faults = append $faults "gateway.create needs className and listeners" }}
{{- end }}
{{- if and $v.operators.ingress.enabled (not $v.operators.ingress.host) }}
{{- $faults = append $faults "operators.ingress.host is empty: give operators a host of their own" }}
{{- end }}
{{- if and $v.operators.ingress.enabled (has $v.operators.ingress.host $public) }}
{{- $faults = append $faults (printf "operators.ingress.host: %s is a public host as well: the admin API must have a host of its own" $v.operators.ingress.host) }}
{{- end }}
{{- if and $v.operators.ingress.enabled $v.networkPolicy.enabled (not $v.networkPolicy.operatorsFrom) }}
{{- $faults = append $faults "networkPolicy.operatorsFrom is empty, and the ingress for operators could not reach them: name the namespace of its controller" }}
{{- end }}
{{- if and $v.metrics.serviceMonitor.enabled $v.networkPolicy.enabled (not $v.networkPolicy.operatorsFrom) }}
{{- $faults = append $faults "networkPolicy.operatorsFrom is empty, and Prometheus could not read the metrics: name its namespace" }}
{{- end }}

{{- if and $v.tenants.documents $v.tenants.existingSecret }}
{{- $faults = append $faults "tenants.documents and tenants.existingSecret are both given: keep one of them" }}
{{- end }}
{{- if and (or $v.tenants.documents $v.tenants.existingSecret) (not $v.tenants.token.secretName) (not (hasKey $keys "adminToken")) }}
{{- $faults = append $faults "tenants need a token: give tenants.token.secretName, or secrets.keys.adminToken" }}
{{- end }}

{{- if eq (include "vestibule.hashWorkers" .) "0" }}
{{- $faults = append $faults "config.hashWorkers is not given, and there is no limit of CPU: the server would hash as many passwords at a time as the node has cores, each in 19 MiB. Give either" }}
{{- else if and (not $v.goMemLimit) (ne (include "vestibule.memoryLimit" .) "0") (lt (include "vestibule.heap" . | int) 64) }}
{{- $faults = append $faults (printf "resources.limits.memory leaves %d MiB for Go's heap, which needs 64: hashing %s passwords at a time takes %d MiB, and the rest 48" (include "vestibule.heap" . | int) (include "vestibule.hashWorkers" .) (mul 20 (include "vestibule.hashWorkers" . | int))) }}
{{- else if and (ne (include "vestibule.memoryLimit" .) "0") (gt (include "vestibule.connectionMemory" . | int) (include "vestibule.heap" . | int)) }}
{{- $faults = append $faults (printf "resources.limits.memory leaves %d MiB for Go's heap, and %s connections that stall in the middle of a body take %d: set config.maxConnections to %d, or give more memory" (include "vestibule.heap" . | int) (include "vestibule.maxConnections" .) (include "vestibule.connectionMemory" . | int) (div (mul 1024 (include "vestibule.heap" . | int)) 96)) }}
{{- end }}

{{- if $faults }}
{{- fail (printf "\n\nThe values cannot work:\n  - %s\n" (join "\n  - " $faults)) }}
{{- end }}
{{- end }}
