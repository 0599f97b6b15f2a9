{{/*
What the pods of both programs share, of (dict "root" $ "program" "gateway"). Each part is one definition, because a part is
needed at its own depth.
*/}}
{{- define "pollcast.podMetadata" -}}
labels:
  {{- include "pollcast.labels" . | nindent 2 }}
  {{- with .root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  # Pods are replaced when a Secret of this chart changes.
  checksum/secrets: {{ include (print .root.Template.BasePath "/secrets.yaml") .root | sha256sum }}
  {{- with (index .root.Values .program).podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "pollcast.podSpec" -}}
{{- $own := index .root.Values .program -}}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
serviceAccountName: {{ include "pollcast.serviceAccountName" .root }}
automountServiceAccountToken: false
# A Service named "redis" would set REDIS_PORT and the like.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  seccompProfile: { type: RuntimeDefault }
{{- if .root.Values.topologySpread.enabled }}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: {{ $.root.Values.topologySpread.whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "pollcast.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}
{{- with $own.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "pollcast.container" -}}
image: {{ include "pollcast.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
# The flags of `npm run start:{{ .program }}`.
command: [node, --min-semi-space-size=4, --max-semi-space-size=4, dist/apps/{{ .program }}/src/main.js]
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
resources:
  {{- toYaml (index .root.Values .program).resources | nindent 2 }}
# A program listens before it reaches Redis.
startupProbe:
  httpGet: { path: /health/live, port: http }
  periodSeconds: 1
  failureThreshold: 60
# Alive is who answers at all. A restart would not help a program that waits for Redis.
livenessProbe:
  httpGet: { path: /health/live, port: http }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
# A probe of a program takes up to 1 s.
readinessProbe:
  httpGet: { path: /health/ready, port: http }
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
{{- end -}}

{{/* Environment: settings as texts, sorted by name. */}}
{{- define "pollcast.settings" -}}
{{- $merged := merge (dict) (index .root.Values .program).settings .root.Values.settings -}}
{{- range $name := keys $merged | sortAlpha }}
- name: {{ $name }}
  value: {{ get $merged $name | quote }}
{{- end }}
{{- end -}}

{{- define "pollcast.secretEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .name }}
      {{- if .optional }}
      optional: true
      {{- end }}
{{- end -}}
