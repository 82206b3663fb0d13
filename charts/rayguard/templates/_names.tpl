{{- define "rayguard.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "rayguard.fullname" -}}
{{- $name := include "rayguard.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "rayguard.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rayguard.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "rayguard.labels" -}}
{{- $own := dict
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_")
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/managed-by" .Release.Service
-}}
{{- toYaml (mergeOverwrite dict .Values.commonLabels (merge $own (include "rayguard.selectorLabels" . | fromYaml))) -}}
{{- end -}}

{{- define "rayguard.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "rayguard.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "rayguard.image" -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- with .Values.image.digest -}}@{{ . }}{{- end -}}
{{- end -}}

{{- define "rayguard.podSecurityContext" -}}
runAsNonRoot: true # the image, or OpenShift, sets the user
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "rayguard.securityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
{{- end -}}

{{- /* The namespaces that rayguard never checks. */ -}}
{{- define "rayguard.excludedNamespaces" -}}
{{- join ", " (concat (list "kube-system" .Release.Namespace) .Values.webhooks.excludedNamespaces | uniq) -}}
{{- end -}}

{{- /* Whether `helm test` has something to do: it has nothing in a namespace that rayguard excludes. */ -}}
{{- define "rayguard.hasTest" -}}
{{- $excluded := splitList ", " (include "rayguard.excludedNamespaces" .) -}}
{{- if and .Values.test.enabled (not (has .Values.test.namespace $excluded)) }}yes{{ end -}}
{{- end -}}

{{- /* Annotations that give the test its rights only while it runs. */ -}}
{{- define "rayguard.testRights" -}}
helm.sh/hook: test
helm.sh/hook-weight: "-1"
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed
{{- end -}}

{{- /* The name of the Secret with the self-managed CA and certificate, and of the Lease under which they are renewed. */ -}}
{{- define "rayguard.certificateSecret" -}}
{{- printf "%s-certificate" (include "rayguard.fullname" .) -}}
{{- end -}}

{{- define "rayguard.certManagerCertificate" -}}
{{- default (include "rayguard.fullname" .) .Values.certificate.certManager.certificate -}}
{{- end -}}

{{- define "rayguard.certManagerSecret" -}}
{{- default (printf "%s-tls" (include "rayguard.fullname" .)) .Values.certificate.certManager.secretName -}}
{{- end -}}

{{- /* Whether the CA is in the ConfigMap, from which rayguard writes it into the caBundles. */ -}}
{{- define "rayguard.keptCa" -}}
{{- if and .Values.certificate.keepCaBundle .Values.certificate.files.caBundle }}yes{{ end -}}
{{- end -}}

{{- /* The Lease under which one Pod audits. */ -}}
{{- define "rayguard.auditLease" -}}
{{- printf "%s-audit" (include "rayguard.fullname" .) -}}
{{- end -}}

{{- /* Seconds after which an audit is late: an hour, or three intervals where those are longer. */ -}}
{{- define "rayguard.auditIsLate" -}}
{{- $interval := .Values.audit.interval -}}
{{- $units := dict "s" 1 "m" 60 "h" 3600 -}}
{{- $seconds := mul (regexFind "^[0-9]+" $interval | int64) (get $units (regexFind "[a-z]$" $interval)) -}}
{{- max 3600 (mul 3 $seconds) -}}
{{- end -}}

{{- /* The watched Secrets in YAML: a list of names for each namespace. An empty list means all Secrets of the namespace. */ -}}
{{- define "rayguard.watchedSecrets" -}}
{{- $watched := dict -}}
{{- range .Values.watch.secrets.names -}}
{{- $parts := splitList "/" . -}}
{{- $_ := set $watched (first $parts) (append (default list (get $watched (first $parts))) (last $parts)) -}}
{{- end -}}
{{- range .Values.watch.secrets.namespaces -}}
{{- $_ := set $watched . list -}}
{{- end -}}
{{- toYaml $watched -}}
{{- end -}}

{{- /* Whether rayguard sends requests to the API server. */ -}}
{{- define "rayguard.asksApiServer" -}}
{{- $secrets := .Values.watch.secrets -}}
{{- if or .Values.certificate.keepCaBundle .Values.watch.rayClusters $secrets.namespaces $secrets.names .Values.audit.enabled }}yes{{ end -}}
{{- end -}}

{{- define "rayguard.policy" -}}
apiVersion: rayguard.dev/v1alpha1
kind: Policy
{{- with .Values.policy }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* The minimum number of Pods. */ -}}
{{- define "rayguard.leastReplicas" -}}
{{- if .Values.autoscaling.enabled }}{{ .Values.autoscaling.minReplicas }}{{ else }}{{ .Values.replicas }}{{ end -}}
{{- end -}}

{{- define "rayguard.monitoringLabels" -}}
{{- toYaml (mergeOverwrite dict .labels (include "rayguard.labels" .root | fromYaml)) -}}
{{- end -}}

{{- define "rayguard.alertLabels" -}}
{{- toYaml (mergeOverwrite (dict "severity" .severity) .labels) -}}
{{- end -}}
