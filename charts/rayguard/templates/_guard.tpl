{{- /* Fails for values that cannot work together, before a rollout starts. */ -}}
{{- define "rayguard.guard" -}}
{{- $files := .Values.certificate.files -}}
{{- $drain := add .Values.drain.delaySeconds .Values.drain.timeoutSeconds -}}
{{- if eq .Release.Namespace "kube-system" -}}
{{- fail "rayguard does not check its own namespace and kube-system, and a user who can write in kube-system controls the cluster: install rayguard into a separate namespace, --namespace rayguard --create-namespace" -}}
{{- end -}}
{{- if and (eq .Values.certificate.mode "self-managed") (not .Values.certificate.keepCaBundle) -}}
{{- fail "certificate.mode is self-managed, and only rayguard has the CA: set certificate.keepCaBundle to true, or choose another mode" -}}
{{- end -}}
{{- if eq .Values.certificate.mode "files" -}}
{{- if not (or $files.caBundle .Values.certificate.keepCaBundle) -}}
{{- fail "certificate.keepCaBundle is false and certificate.files.caBundle is empty, so the API server would not trust the certificate: add --set-file certificate.files.caBundle=ca.crt" -}}
{{- end -}}
{{- if eq (empty $files.secretName) (empty $files.volume) -}}
{{- fail "certificate.mode is files: set either certificate.files.secretName or certificate.files.volume" -}}
{{- end -}}
{{- else if or $files.caBundle $files.secretName $files.volume -}}
{{- fail (printf "certificate.files has no effect while certificate.mode is %s: set certificate.mode to files, or remove certificate.files" .Values.certificate.mode) -}}
{{- end -}}
{{- with .Values.mtls -}}
{{- if and .configMapName .secretName -}}
{{- fail "mtls.configMapName and mtls.secretName both name the CA of the API server's client certificate: set only one of them" -}}
{{- end -}}
{{- if and .names (not (or .configMapName .secretName)) -}}
{{- fail "mtls.names has no effect without a CA: set mtls.configMapName or mtls.secretName" -}}
{{- end -}}
{{- end -}}
{{- $unread := splitList ", " (include "rayguard.excludedNamespaces" .) -}}
{{- $watched := include "rayguard.watchedSecrets" . | fromYaml -}}
{{- range $namespace := keys $watched | sortAlpha -}}
{{- if has $namespace $unread -}}
{{- fail (printf "watch.secrets names namespace %s, which rayguard does not check: remove it, because no rule would use the right to read Secrets there" $namespace) -}}
{{- end -}}
{{- end -}}
{{- if and $watched (has (get (default dict .Values.policy.rules) "missing-secret") (list "off" false)) -}}
{{- fail "watch.secrets has no effect while policy.rules.missing-secret is off: remove one of them" -}}
{{- end -}}
{{- if ge $drain (int64 .Values.terminationGracePeriodSeconds) -}}
{{- fail (printf "the drain takes up to %d s, but a Pod is killed after %d s: raise terminationGracePeriodSeconds above the sum of drain.delaySeconds and drain.timeoutSeconds" $drain (int64 .Values.terminationGracePeriodSeconds)) -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (gt (int64 .Values.autoscaling.minReplicas) (int64 .Values.autoscaling.maxReplicas)) -}}
{{- fail "autoscaling.minReplicas exceeds autoscaling.maxReplicas" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled -}}
{{- fail "serviceMonitor and podMonitor together would count everything twice: enable only one of them" -}}
{{- end -}}
{{- if eq (int64 .Values.ports.webhook) (int64 .Values.ports.admin) -}}
{{- fail "ports.webhook and ports.admin are the same: set two different ports" -}}
{{- end -}}
{{- end -}}
