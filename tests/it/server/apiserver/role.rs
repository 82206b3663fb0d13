//! What an account may do, and that it is this account that may.

use super::namespace::Namespace;

/// Rights, by the name of their role.
pub(crate) enum Role {
    /// Rights in the account's own namespace.
    OfNamespace(&'static str, Rules),
    /// Rights in all of the cluster. The role's name there is that of the account's namespace, a hyphen and this one.
    OfCluster(&'static str, Rules),
}

/// The role's `rules`, a line of YAML each; NAMESPACE stands for that of the account.
pub(crate) type Rules = &'static [&'static str];

/// What the webhooks of `--watch-clusters` need, and none more.
pub(crate) const WATCH: Role =
    Role::OfCluster("watch", &["{apiGroups: [ray.io], resources: [rayclusters], verbs: [list, watch]}"]);

impl Role {
    /// Gives an account of this namespace the rights, and none more.
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
