{{- /* What a rollout should not begin with: values that cannot work together. */ -}}
{{- define "rayguard.guard" -}}
{{- $files := .Values.certificate.files -}}
{{- $drain := add .Values.drain.delaySeconds .Values.drain.timeoutSeconds -}}
{{- if eq .Release.Namespace "kube-system" -}}
{{- fail "rayguard leaves its own namespace and kube-system alone, and whoever may write there owns the cluster: install it into a namespace of its own, --namespace rayguard --create-namespace" -}}
{{- end -}}
{{- if and (eq .Values.certificate.mode "self-managed") (not .Values.certificate.keepCaBundle) -}}
{{- fail "certificate.mode is self-managed, and only rayguard knows the CA: leave certificate.keepCaBundle true, or choose another mode" -}}
{{- end -}}
{{- if eq .Values.certificate.mode "files" -}}
{{- if not (or $files.caBundle .Values.certificate.keepCaBundle) -}}
{{- fail "certificate.keepCaBundle is false, and certificate.files.caBundle is empty: the API server would not trust the certificate; write --set-file certificate.files.caBundle=ca.crt" -}}
{{- end -}}
{{- if eq (empty $files.secretName) (empty $files.volume) -}}
{{- fail "certificate.mode is files: write one of certificate.files.secretName and certificate.files.volume" -}}
{{- end -}}
{{- else if or $files.caBundle $files.secretName $files.volume -}}
{{- fail (printf "certificate.files is of no use while certificate.mode is %s: write certificate.mode: files, or leave it out" .Values.certificate.mode) -}}
{{- end -}}
{{- with .Values.mtls -}}
{{- if and .configMapName .secretName -}}
{{- fail "mtls.configMapName and mtls.secretName both name the CA of the API server's client certificate: write one of them" -}}
{{- end -}}
{{- if and .names (not (or .configMapName .secretName)) -}}
{{- fail "mtls.names is of no use without a CA: write mtls.configMapName or mtls.secretName" -}}
{{- end -}}
{{- end -}}
{{- $unread := splitList ", " (include "rayguard.excludedNamespaces" .) -}}
{{- $watched := include "rayguard.watchedSecrets" . | fromYaml -}}
{{- range $namespace := keys $watched | sortAlpha -}}
{{- if has $namespace $unread -}}
{{- fail (printf "watch.secrets names namespace %s, of which rayguard judges nothing: leave it out, for the right to read Secrets there would serve nobody" $namespace) -}}
{{- end -}}
{{- end -}}
{{- if and $watched (has (get (default dict .Values.policy.rules) "missing-secret") (list "off" false)) -}}
{{- fail "watch.secrets is of no use while policy.rules.missing-secret is off: leave one of them out" -}}
{{- end -}}
{{- if ge $drain (int64 .Values.terminationGracePeriodSeconds) -}}
{{- fail (printf "drain takes up to %d s, and a Pod is killed after %d s: raise terminationGracePeriodSeconds above drain.delaySeconds and drain.timeoutSeconds together" $drain (int64 .Values.terminationGracePeriodSeconds)) -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (gt (int64 .Values.autoscaling.minReplicas) (int64 .Values.autoscaling.maxReplicas)) -}}
{{- fail "autoscaling.minReplicas exceeds autoscaling.maxReplicas" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled -}}
{{- fail "serviceMonitor and podMonitor would count everything twice: enable one of them" -}}
{{- end -}}
{{- if eq (int64 .Values.ports.webhook) (int64 .Values.ports.admin) -}}
{{- fail "ports.webhook and ports.admin are the same: write two ports" -}}
{{- end -}}
{{- end -}}
