{{- define "pollcast.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "pollcast.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "pollcast.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "pollcast.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "pollcast.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "pollcast.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "pollcast.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Labels that select pods, of (dict "root" $ "program" "gateway"). They never change. */}}
{{- define "pollcast.selector" -}}
app.kubernetes.io/name: {{ include "pollcast.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .program }}
{{- end -}}

{{- define "pollcast.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
app.kubernetes.io/name: {{ include "pollcast.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- with .program }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "pollcast.redisSecret" -}}
{{- if .Values.redis.url -}}{{ include "pollcast.fullname" . }}-redis{{- else -}}{{ .Values.redis.existingSecret }}{{- end -}}
{{- end -}}

{{- define "pollcast.upstreamSecret" -}}
{{- if .Values.upstream.credentials -}}{{ include "pollcast.fullname" . }}-upstream{{- else -}}{{ .Values.upstream.existingSecret }}{{- end -}}
{{- end -}}

{{- define "pollcast.authSecret" -}}
{{- if or .Values.auth.jwtSecret .Values.auth.adminToken -}}{{ include "pollcast.fullname" . }}-auth{{- else -}}{{ .Values.auth.existingSecret }}{{- end -}}
{{- end -}}
