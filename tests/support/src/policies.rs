//! Policies for tests of the laws.

use std::sync::OnceLock;

use rayguard_policy::policy::Policy;
use serde_json::{Value, json};

/// Returns policies that differ in everything that a law could depend on.
pub fn policies() -> &'static [Policy] {
    static POLICIES: OnceLock<Vec<Policy>> = OnceLock::new();
    POLICIES.get_or_init(|| {
        let template = |value: &str| {
            json!({"metadata": {"labels": {"team": value}}, "spec": {
                "tolerations": [{"key": value, "operator": "Exists"}],
                "volumes": [{"name": "shared", "emptyDir": {}}],
                "containers": [{"name": "ray", "env": [{"name": "FROM_ADMIN", "value": value}],
                    "resources": {"limits": {"memory": "4Gi"}, "requests": {"cpu": "1"}},
                    "volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}, {"name": "logs", "image": value}]}})
        };
        let templates = |value: &str| json!({"head": template(value), "worker": template(value)});
        let fields = [
            json!({}),
            json!({"defaults": {"workerReconnectTimeout": "off"}}),
            json!({"defaults": {"workerReconnectTimeout": "repair", "headNumCpus": "zero"}}),
            json!({"defaults": {"podTemplate": templates("one")}}),
            json!({"defaults": {"headNumCpus": "zero", "podTemplate": templates("two")}}),
        ];
        let policy = |mut fields: Value| {
            fields["apiVersion"] = json!("rayguard.dev/v1alpha1");
            fields["kind"] = json!("Policy");
            let text = fields.to_string();
            Policy::from_json(&serde_json::from_str(&text).expect("JSON")).expect("a policy")
        };
        fields.into_iter().map(policy).collect()
    })
}
