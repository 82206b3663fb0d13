{{- /* The fields that both webhook configurations have. Called with a dict: root, name, resources, failurePolicy, timeoutSeconds. */ -}}
{{- define "rayguard.webhook" -}}
- name: {{ .name }}.rayguard.dev
  clientConfig:
    {{- if and (eq .root.Values.certificate.mode "files") (not .root.Values.certificate.keepCaBundle) }}
    caBundle: {{ .root.Values.certificate.files.caBundle | b64enc }}
    {{- end }}
    service:
      name: {{ include "rayguard.fullname" .root }}
      namespace: {{ .root.Release.Namespace }}
      path: /{{ .name }}
      port: 443
  rules:
  - apiGroups: [ray.io]
    apiVersions: [v1]
    resources: [{{ join ", " .resources }}]
    operations: [CREATE, UPDATE]
    scope: Namespaced
  matchPolicy: Equivalent # so that requests for v1alpha1 match too
  namespaceSelector:
    {{- with .root.Values.webhooks.namespaceSelector.matchLabels }}
    matchLabels:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    matchExpressions:
    - key: kubernetes.io/metadata.name
      operator: NotIn
      values: [{{ include "rayguard.excludedNamespaces" .root }}]
    - key: rayguard.dev/ignore
      operator: DoesNotExist
    {{- with .root.Values.webhooks.namespaceSelector.matchExpressions }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .root.Values.webhooks.objectSelector }}
  objectSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  matchConditions:
  # Updates of an object that is being deleted must succeed, even while rayguard is unavailable.
  - name: is-not-being-deleted
    expression: "!has(object.metadata.deletionTimestamp)"
  # The operator also writes the status, finalizers and other fields. The rules read only the spec, and annotations and labels
  # that begin with ray.io/, because an annotation can enable fault tolerance. They do not depend on the fields of worker
  # groups that the autoscaler writes, and it must scale even while rayguard is unavailable. Each group is compared with
  # each, up to 100 groups, because Kubernetes limits the cost of a condition.
  - name: has-relevant-changes
    expression: >-
      request.operation != "UPDATE"
      || type(object.?spec.orValue({})) != map
      || [object, oldObject].exists(either, either.?spec.orValue({}).exists(field,
      field != "workerGroupSpecs" && object.?spec[?field] != oldObject.?spec[?field]))
      || [[object, oldObject].map(either, either.?spec.?workerGroupSpecs.orValue([]))].exists(groups,
      groups[0].size() != groups[1].size() || (groups[0].size() > 100 ? groups[0] != groups[1]
      : groups[0].exists(group, type(group) != map
      || !groups[0].exists_one(other, other.?groupName == group.?groupName)
      || !groups[1].exists(old, old.?groupName == group.?groupName && [old, group].all(either,
      either.all(key, key in ["replicas", "scaleStrategy"] || old[?key] == group[?key]))))))
      || [object, oldObject].exists(either, ["annotations", "labels"].exists(field,
      either.metadata[?field].orValue({}).exists(key,
      key.startsWith("ray.io/") && object.metadata[?field][?key] != oldObject.metadata[?field][?key])))
  {{- with .root.Values.webhooks.matchConditions }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: {{ .failurePolicy }}
  timeoutSeconds: {{ .timeoutSeconds }}
{{- end -}}

{{- define "rayguard.webhookAnnotations" -}}
{{- $annotations := .annotations -}}
{{- if and (eq .root.Values.certificate.mode "cert-manager") (not .root.Values.certificate.keepCaBundle) -}}
{{- $certificate := printf "%s/%s" .root.Release.Namespace (include "rayguard.certManagerCertificate" .root) -}}
{{- $annotations = mergeOverwrite dict $annotations (dict "cert-manager.io/inject-ca-from" $certificate) -}}
{{- end -}}
{{- with $annotations -}}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}
