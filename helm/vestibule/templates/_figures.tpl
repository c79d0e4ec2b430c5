{{/* What is reckoned from other values, so that nobody types it twice. */}}

{{/* The seconds of a duration of minutes and seconds, such as 1m30s. */}}
{{- define "vestibule.seconds" -}}
{{- $minutes := regexFind "^[0-9]+m" . | trimSuffix "m" | default "0" | atoi }}
{{- $seconds := regexFind "[0-9]+s$" . | trimSuffix "s" | default "0" | atoi }}
{{- add (mul $minutes 60) $seconds }}
{{- end }}

{{/* How long a server that was told to stop serves on, and closes each connection with its answer: so that no request comes in on a kept
     connection just as it is closed. */}}
{{- define "vestibule.shutdownDelay" -}}
{{- default "2s" .Values.config.shutdownDelay }}
{{- end }}

{{/* How long Kubernetes waits before it kills a server: the hook that comes first, the server's own delay and patience, and five seconds. */}}
{{- define "vestibule.gracePeriod" -}}
{{- add .Values.preStopSeconds (include "vestibule.seconds" (include "vestibule.shutdownDelay" .)) (include "vestibule.seconds" (default "30s" .Values.config.shutdownTimeout)) 5 }}
{{- end }}

{{/* How many connections the public listener holds open. The server's own default is for more memory than a pod has by default: whoever
     stalls in the middle of many bodies must not get it killed. */}}
{{- define "vestibule.maxConnections" -}}
{{- if kindIs "invalid" .Values.config.maxConnections }}2000{{ else }}{{ .Values.config.maxConnections | int }}{{ end }}
{{- end }}

{{/* What they take of the heap at the worst, in MiB, rounded up: 96 KiB each, where all of them stall in the middle of a body. */}}
{{- define "vestibule.connectionMemory" -}}
{{- div (add (mul 96 (include "vestibule.maxConnections" . | int)) 1023) 1024 }}
{{- end }}

{{/* The fewest replicas that there are. */}}
{{- define "vestibule.leastReplicas" -}}
{{- if .Values.autoscaling.enabled }}{{ .Values.autoscaling.minReplicas }}{{ else }}{{ .Values.replicas }}{{ end }}
{{- end }}

{{/* How many passwords a server hashes at a time; 0 where nobody can know. Go sees as many cores as the limit of CPU, rounded up, and at
     least two. */}}
{{- define "vestibule.hashWorkers" -}}
{{- $cpu := dig "limits" "cpu" "" .Values.resources | toString }}
{{- if .Values.config.hashWorkers }}
{{- .Values.config.hashWorkers | int }}
{{- else if not $cpu }}0
{{- else if hasSuffix "m" $cpu }}
{{- max 2 (div (add (trimSuffix "m" $cpu | int) 999) 1000) }}
{{- else }}
{{- max 2 (ceil (float64 $cpu) | int) }}
{{- end }}
{{- end }}

{{/* The limit of memory in MiB; 0 where there is none, or it is written in another unit. */}}
{{- define "vestibule.memoryLimit" -}}
{{- $memory := dig "limits" "memory" "" .Values.resources | toString }}
{{- if hasSuffix "Mi" $memory }}
{{- trimSuffix "Mi" $memory | int }}
{{- else if hasSuffix "Gi" $memory }}
{{- mulf (trimSuffix "Gi" $memory | float64) 1024 | int }}
{{- else }}0
{{- end }}
{{- end }}

{{/* What is left of the limit of memory for Go's heap, in MiB. */}}
{{- define "vestibule.heap" -}}
{{- sub (include "vestibule.memoryLimit" . | int) (add 48 (mul 20 (include "vestibule.hashWorkers" . | int))) }}
{{- end }}

{{- define "vestibule.goMemLimit" -}}
{{- if .Values.goMemLimit }}
{{- .Values.goMemLimit }}
{{- else if ne (include "vestibule.memoryLimit" .) "0" }}
{{- include "vestibule.heap" . }}MiB
{{- end }}
{{- end }}
