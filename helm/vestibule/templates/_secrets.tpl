{{/* Secrets: which there are, and where they come from. */}}

{{- define "vestibule.secretName" -}}
{{- default (include "vestibule.fullname" .) .Values.secrets.name }}
{{- end }}

{{/* The key of each setting that the secret holds, as JSON: {"databaseUrl": "database-url", …}. */}}
{{- define "vestibule.secretKeys" -}}
{{- $keys := dict }}
{{- range $setting, $key := .Values.secrets.keys }}
{{- if $key }}
{{- $_ := set $keys $setting $key }}
{{- else if and (eq $.Values.secrets.mode "chart") (or (index $.Values.secrets.values $setting) (eq $setting "adminToken") (and (eq $setting "redisUrl") $.Values.redis.enabled)) }}
{{- $_ := set $keys $setting ($setting | kebabcase) }}
{{- end }}
{{- end }}
{{- if .Values.sqlite.enabled }}
{{- $_ := unset $keys "databaseUrl" }}
{{- end }}
{{- $keys | toJson }}
{{- end }}

{{/* The variables that name the secrets' files. Takes {root, only}: a list of settings, or nothing for all. */}}
{{- define "vestibule.secretEnv" -}}
{{- range $setting, $key := include "vestibule.secretKeys" .root | fromJson }}
{{- if or (not $.only) (has $setting $.only) }}
- name: VESTIBULE_{{ $setting | snakecase | upper }}_FILE
  value: /run/secrets/vestibule/{{ $key }}
{{- end }}
{{- end }}
{{- end }}

{{/* The volume with the secrets' files. Takes {root, name, only}. */}}
{{- define "vestibule.secretVolume" -}}
- name: secrets
  secret:
    secretName: {{ .name }}
    defaultMode: 0440
    items:
      {{- range $setting, $key := include "vestibule.secretKeys" .root | fromJson }}
      {{- if or (not $.only) (has $setting $.only) }}
      - key: {{ $key }}
        path: {{ $key }}
      {{- end }}
      {{- end }}
{{- end }}

{{/* Whether the migration is a hook. Where the database is part of the release, or a volume that one pod has at a time, a hook would
     wait for what is made after it: there the server's own pod migrates before the server starts. */}}
{{- define "vestibule.migrationHook" -}}
{{- if and .Values.migration.enabled (not .Values.postgresql.enabled) (not .Values.sqlite.enabled) }}true{{ end }}
{{- end }}

{{/* The secret that the migration's hook reads. It runs before the release's objects are made, so that unless somebody else makes the
     secret it has one of its own, which goes when it is done. */}}
{{- define "vestibule.migrationSecretName" -}}
{{- if eq .Values.secrets.mode "existing" }}
{{- include "vestibule.secretName" . }}
{{- else }}
{{- include "vestibule.fullname" . }}-migrate
{{- end }}
{{- end }}

{{/* A secret that is made up at the first installation, and then is what it was. Takes {what, given, key, old, made}, and for one whose key
     has a setting {setting, secret} as well: where the secret is there without such a key, the key was renamed, and what was kept under the
     old one is not to be replaced. */}}
{{- define "vestibule.kept" -}}
{{- if .given }}
{{- .given }}
{{- else if hasKey .old .key }}
{{- index .old .key | b64dec }}
{{- else if and .setting .old }}
{{- fail (printf "\n\nsecrets.keys.%s: the secret %s is there, and has no %s: rename it there first.\n" .setting .secret .key) }}
{{- else if not (lookup "v1" "Namespace" "" "default") }}
{{- fail (printf "\n\nsecrets: %s would have to be made up, and kept from then on, but there is no cluster to ask whether there is one already (as with helm template, Argo CD and --dry-run=client). Give it a value, or have the secret made by somebody else: secrets.mode \"existing\" or \"external\".\n" .what) }}
{{- else }}
{{- .made }}
{{- end }}
{{- end }}

{{/* What the chart's own secret holds, as JSON, by key. What is made up must be the same wherever it is used in one rendering, so the first
     that asks leaves it with the values. */}}
{{- define "vestibule.secretData" -}}
{{- if not (hasKey .Values "madeSecrets") }}
{{- $keys := include "vestibule.secretKeys" . | fromJson }}
{{- $values := .Values.secrets.values }}
{{- $old := (lookup "v1" "Secret" .Release.Namespace (include "vestibule.secretName" .)).data | default dict }}
{{- $data := dict }}
{{- range $setting, $key := $keys }}
{{- $given := index $values $setting }}
{{- if eq $setting "secretKey" }}
{{- $given = include "vestibule.kept" (dict "what" "the secret key" "setting" $setting "secret" (include "vestibule.secretName" $) "given" $given "key" $key "old" $old "made" (randBytes 32)) }}
{{- else if eq $setting "adminToken" }}
{{- $given = include "vestibule.kept" (dict "what" "the admin token" "setting" $setting "secret" (include "vestibule.secretName" $) "given" $given "key" $key "old" $old "made" (randAlphaNum 48)) }}
{{- else if and (eq $setting "databaseUrl") $.Values.postgresql.enabled }}
{{- $password := include "vestibule.kept" (dict "what" "PostgreSQL's password" "given" $.Values.postgresql.password "key" "postgres-password" "old" $old "made" (randAlphaNum 32)) }}
{{- $_ := set $data "postgres-password" $password }}
{{- $given = printf "postgres://vestibule:%s@%s-postgresql:5432/vestibule?sslmode=disable" $password (include "vestibule.fullname" $) }}
{{- else if and (eq $setting "redisUrl") $.Values.redis.enabled }}
{{- $password := include "vestibule.kept" (dict "what" "Redis's password" "given" $.Values.redis.password "key" "redis-password" "old" $old "made" (randAlphaNum 32)) }}
{{- $_ := set $data "redis-password" $password }}
{{- $_ := set $data "redis.conf" (printf "requirepass %s\nsave \"\"\nappendonly no\nmaxmemory 64mb\nmaxmemory-policy noeviction\n" $password) }}
{{- $given = printf "redis://:%s@%s-redis:6379/0" $password (include "vestibule.fullname" $) }}
{{- end }}
{{- $_ := set $data $key $given }}
{{- end }}
{{- $_ := set .Values "madeSecrets" $data }}
{{- end }}
{{- .Values.madeSecrets | toJson }}
{{- end }}
