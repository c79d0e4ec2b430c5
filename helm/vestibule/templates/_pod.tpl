{{/* What all pods with the server's image have in common. */}}

{{- define "vestibule.podCommon" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The container that migrates. Takes {root, resources}. */}}
{{- define "vestibule.migrationContainer" -}}
- name: migrate
  image: {{ include "vestibule.serverImage" .root }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  args: ["--migrate", "--wait", {{ .root.Values.migration.wait | quote }}]
  env:
    {{- if .root.Values.sqlite.enabled }}
    - name: VESTIBULE_DATABASE_URL
      value: sqlite:/var/lib/vestibule/vestibule.db
    {{- end }}
    {{- include "vestibule.secretEnv" (dict "root" .root "only" (list "databaseUrl")) | trim | nindent 4 }}
    {{- with .root.Values.config.logFormat }}
    - name: VESTIBULE_LOG_FORMAT
      value: {{ . | quote }}
    {{- end }}
    {{- with .root.Values.config.logLevel }}
    - name: VESTIBULE_LOG_LEVEL
      value: {{ . | quote }}
    {{- end }}
  resources:
    {{- toYaml .resources | nindent 4 }}
  securityContext:
    {{- toYaml .root.Values.securityContext | nindent 4 }}
  volumeMounts:
    - name: secrets
      mountPath: /run/secrets/vestibule
      readOnly: true
    {{- if .root.Values.sqlite.enabled }}
    - name: data
      mountPath: /var/lib/vestibule
    {{- end }}
    {{- with .root.Values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}
