{{- /* A RoleBinding that gives rayguard's service account the Role of the same name. Called with a dict: root, name, namespace. */ -}}
{{- define "rayguard.roleBinding" -}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ .name }}
  namespace: {{ toYaml .namespace }}
  labels:
    {{- include "rayguard.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ .name }}
subjects:
- kind: ServiceAccount
  name: {{ include "rayguard.serviceAccountName" .root }}
  namespace: {{ .root.Release.Namespace }}
{{- end }}
