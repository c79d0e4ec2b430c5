{{/* The variables that are no secrets. What is not given is left out rather than written with its default: while an upgrade is under way,
     a replica of the version before may start again, and would refuse a setting that it does not know. */}}
{{- define "vestibule.settings" -}}
VESTIBULE_LISTEN: ":8080"
VESTIBULE_ADMIN_LISTEN: ":9090"
{{- if .Values.sqlite.enabled }}
VESTIBULE_DATABASE_URL: sqlite:/var/lib/vestibule/vestibule.db
{{- end }}
{{- if and .Values.operators.ingress.enabled (not .Values.config.adminPublicUrl) }}
VESTIBULE_ADMIN_PUBLIC_URL: https://{{ .Values.operators.ingress.host }}
{{- end }}
{{- if not .Values.config.shutdownDelay }}
VESTIBULE_SHUTDOWN_DELAY: {{ include "vestibule.shutdownDelay" . }}
{{- end }}
{{- if kindIs "invalid" .Values.config.maxConnections }}
VESTIBULE_MAX_CONNECTIONS: {{ include "vestibule.maxConnections" . | quote }}
{{- end }}
{{- range $setting, $value := .Values.config }}
{{- if kindIs "float64" $value }}
{{- $value = int64 $value }}
{{- end }}
{{- if ne (toString $value) (toString nil) }}
VESTIBULE_{{ $setting | snakecase | upper }}: {{ $value | toString | quote }}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.otel }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}
