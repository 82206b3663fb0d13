//! Roles, and their bindings to an account.

use super::namespace::Namespace;

/// A role: its name and its rights.
pub(crate) enum Role {
    /// Rights in the account's own namespace.
    OfNamespace(&'static str, Rules),
    /// Rights in the whole cluster. The role's full name is the account's namespace, a hyphen and this name.
    OfCluster(&'static str, Rules),
}

/// The role's `rules`, one line of YAML each. NAMESPACE stands for the account's namespace.
pub(crate) type Rules = &'static [&'static str];

/// Exactly the rights that `--watch-clusters` needs.
pub(crate) const WATCH: Role =
    Role::OfCluster("watch", &["{apiGroups: [ray.io], resources: [rayclusters], verbs: [list, watch]}"]);

impl Role {
    /// Gives an account of this namespace exactly these rights.
    pub(crate) fn grant(&self, namespace: &Namespace<'_>, account: &str) {
        let of = &namespace.name;
        let (kind, name, rules) = match self {
            Self::OfNamespace(name, rules) => ("Role", (*name).to_owned(), rules),
            Self::OfCluster(name, rules) => ("ClusterRole", format!("{of}-{name}"), rules),
        };
        let rules = rules.join(", ").replace("NAMESPACE", of);
        let manifest = format!(
            "
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: {name}}}
rules: [{rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}Binding
metadata: {{name: {name}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {kind}, name: {name}}}
subjects: [{{kind: ServiceAccount, name: {account}, namespace: {of}}}]
"
        );
        namespace.send("apply -f -", &manifest).passes();
    }
}
