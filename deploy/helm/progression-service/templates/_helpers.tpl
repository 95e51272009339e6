{{- define "progression-service.labels" -}}
app.kubernetes.io/name: progression-service
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Of the pods of both Deployments. */}}
{{- define "progression-service.selector" -}}
app.kubernetes.io/name: progression-service
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "progression-service.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* What both containers of a pod are allowed. */}}
{{- define "progression-service.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
