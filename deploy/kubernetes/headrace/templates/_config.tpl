{{/* Headrace's configuration, and what the chart takes out of it. */}}

{{/* The file as the daemon reads it: `config` and what the chart adds. */}}
{{- define "headrace.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if not $config.routes -}}
{{- fail "config: say what Headrace moves: config.kafka and config.routes, or existingConfigMap; docs/configuration.md has every key" -}}
{{- end -}}
{{- if (default dict $config.admin).listen -}}
{{- fail "config.admin.listen is the chart's, 0.0.0.0 for probes and scrapes; set admin.port instead" -}}
{{- end -}}
{{- $_ := set $config "admin" (dict "listen" (printf "0.0.0.0:%d" (int .Values.admin.port))) -}}
{{- if not (hasKey $config "control") -}}
{{- $_ := set $config "control" (dict "socket" "/run/headrace/control.sock") -}}
{{- end -}}
{{- if and (eq .Values.mode "statefulset") .Values.staticMembership -}}
{{- range $config.routes -}}
{{- $_ := set . "source" (merge .source (dict "instance_id" "${HOSTNAME}")) -}}
{{- end -}}
{{- end -}}
{{ toYaml $config }}
{{- end -}}

{{/* limits.drain_secs in whole seconds. */}}
{{- define "headrace.drainSeconds" -}}
{{- $secs := default 25 (default dict .Values.config.limits).drain_secs -}}
{{- if not (kindIs "invalid" .Values.drainSecs) -}}
{{- $secs = .Values.drainSecs -}}
{{- else if kindIs "string" $secs -}}
{{- fail "config.limits.drain_secs comes from the environment: say it in drainSecs too, the grace period is computed from it" -}}
{{- end -}}
{{- ceil $secs | int -}}
{{- end -}}

{{/* terminationGracePeriodSeconds of a pod with the sidecar, which is told to end only when the main
container has ended. For an application's chart: include "headrace.graceSeconds" .Subcharts.headrace */}}
{{- define "headrace.graceSeconds" -}}
{{- add (ceil .Values.application.stopSeconds | int) (include "headrace.drainSeconds" .) 5 -}}
{{- end -}}

{{/* 256MiB, 384Mi, 1G or a number, in bytes. */}}
{{- define "headrace.bytes" -}}
{{- $text := kindIs "string" . | ternary . (printf "%.0f" (float64 .)) -}}
{{- $unit := regexFind "[A-Za-z]*$" $text | trimSuffix "B" -}}
{{- $factors := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 -}}
{{- printf "%.0f" (mulf (regexFind "^[0-9.]+" $text | float64) (get $factors $unit)) -}}
{{- end -}}

{{/* Refuses a container that the kernel would kill as soon as the daemon uses what it may. */}}
{{- define "headrace.checkMemory" -}}
{{- $own := default "256MiB" (default dict .Values.config.limits).memory -}}
{{- $limit := (default dict .Values.resources.limits).memory -}}
{{- if and $limit (not .Values.existingConfigMap) (not (contains "${" (toString $own))) -}}
{{- if lt (include "headrace.bytes" $limit | int64) (add (include "headrace.bytes" $own | int64) 67108864) -}}
{{- fail (printf "resources.limits.memory is %v and config.limits.memory %v: the daemon needs 64 MiB beside its own limit" $limit $own) -}}
{{- end -}}
{{- end -}}
{{- end -}}
