{{/* What a pod with Headrace holds. */}}

{{/* The container as a native sidecar, an element of initContainers. For an application's chart:
  initContainers:
    - {{ include "headrace.sidecar" .Subcharts.headrace | nindent 6 | trim }}
*/}}
{{- define "headrace.sidecar" -}}
{{ include "headrace.container" . }}
# A container that is started first, restarted alone, and stopped when the main container has ended.
# It has no preStop hook: that would run beside the main container's, before it has ended.
restartPolicy: Always
startupProbe:
  httpGet: {path: /healthz, port: headrace-admin}
  periodSeconds: 1
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: headrace-admin}
  periodSeconds: 10
  timeoutSeconds: 5
# No readiness probe: a destination that is down must not take the application out of its Service.
{{- end -}}

{{- define "headrace.container" -}}
{{- include "headrace.checkMemory" . -}}
name: headrace
image: {{ include "headrace.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: [run, --config, /etc/headrace/headrace.yaml]
env:
  - name: HOSTNAME
    valueFrom: {fieldRef: {fieldPath: metadata.name}}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  - {name: headrace-admin, containerPort: {{ .Values.admin.port }}}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsUser: 10001
  runAsGroup: 10001
  runAsNonRoot: true
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
  seccompProfile: {type: RuntimeDefault}
# An exit with 78, a wrong configuration, says why in `kubectl describe pod`.
terminationMessagePolicy: FallbackToLogsOnError
volumeMounts:
  # Whole folders: a mount with subPath would never see a change.
  - {name: headrace-config, mountPath: /etc/headrace, readOnly: true}
  - {name: headrace-run, mountPath: /run/headrace}
  {{- range $index, $secret := .Values.secrets }}
  - {name: headrace-secret-{{ $index }}, mountPath: {{ default (printf "/secrets/%s" $secret.name) $secret.mountPath | quote }}, readOnly: true}
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* The volumes of the container. For an application's chart: include "headrace.volumes" .Subcharts.headrace */}}
{{- define "headrace.volumes" -}}
- name: headrace-config
  configMap: {name: {{ include "headrace.configMapName" . }}}
# The control socket, which only the daemon's own user may open.
- name: headrace-run
  emptyDir: {sizeLimit: 1Mi}
{{- range $index, $secret := .Values.secrets }}
- name: headrace-secret-{{ $index }}
  # Readable by all users of the containers that mount it, which is this one alone.
  secret: {secretName: {{ $secret.name }}, defaultMode: 0444}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The label by which the PodMonitor finds pods with the sidecar. For an application's chart. */}}
{{- define "headrace.podLabels" -}}
headrace/sidecar: {{ include "headrace.fullname" . }}
{{- end -}}

{{/* Where pods of this chart run, and as whom. */}}
{{- define "headrace.placement" -}}
# Headrace never asks Kubernetes for anything.
automountServiceAccountToken: false
# Its Services as variables are of no use to it, and are many in a large namespace.
enableServiceLinks: false
{{- with .Values.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  {{- $selector := dict "labelSelector" (dict "matchLabels" (include "headrace.selectorLabels" $ | fromYaml)) }}
  - {{ toYaml (merge (deepCopy .) $selector) | nindent 4 | trim }}
  {{- end }}
{{- end }}
{{- end -}}
