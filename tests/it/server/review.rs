//! Reviews to send: reviews that a kube-apiserver sent, and changes of them.

use serde_json::{Value, json};

/// Defines functions that return reviews recorded from kube-apiserver 1.35 with KubeRay's CRDs.
macro_rules! recorded {
    ($($name:ident = $file:literal,)*) => {
        $(pub(crate) fn $name() -> Value {
            let text = include_str!(concat!("../../fixtures/reviews/", $file, ".json"));
            serde_json::from_str(text).expect("a recorded review is JSON")
        })*

        /// Returns all recorded reviews with their names.
        pub(crate) fn all() -> Vec<(&'static str, Value)> {
            vec![$(($file, $name()),)*]
        }
    };
}

recorded! {
    service_create = "rayservice-create",
    cluster_create = "raycluster-create",
    cluster_scale = "raycluster-scale",
    cluster_reapply = "raycluster-reapply",
    cluster_status = "raycluster-status",
    cluster_alpha_create = "raycluster-v1alpha1-create",
    cluster_dry_run = "raycluster-dry-run",
    cluster_delete = "raycluster-delete",
    cluster_finalizer = "raycluster-finalizer",
}

pub(crate) fn bytes(review: &Value) -> Vec<u8> {
    serde_json::to_vec(review).expect("JSON")
}

/// Gives the head of a cluster a longer timeout than its workers.
pub(crate) fn break_timeouts(cluster: &mut Value) {
    let long = json!({"name": "RAY_gcs_rpc_server_reconnect_timeout_s", "value": "700"});
    let short = json!({"name": "RAY_gcs_rpc_server_reconnect_timeout_s", "value": "600"});
    cluster["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["env"] = json!([long]);
    for group in cluster["spec"]["workerGroupSpecs"].as_array_mut().expect("groups") {
        group["template"]["spec"]["containers"][0]["env"] = json!([short]);
    }
}
