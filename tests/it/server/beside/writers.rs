//! rayguard with components that write a RayCluster repeatedly: Ray's autoscaler, Argo CD and kubectl.

use kube::Client;
use kube::api::{Patch, PatchParams};
use kube::core::Request;
use serde_json::{Value, json};

use super::{manifest, templates};
use crate::server::apiserver::{ApiServer, Namespace};
use crate::server::process::Rayguard;

const ROUNDS: u32 = 20;

/// Returns the patches of Ray's autoscaler in the steps of a round: more workers, then one fewer with its name, then a
/// reset (`python/ray/autoscaler/_private/kuberay/node_provider.py`).
fn autoscaler(round: u32) -> [Value; 3] {
    let replace = |field: &str, value: Value| json!({"op": "replace", "path": format!("/spec/workerGroupSpecs/0/{field}"), "value": value});
    let workers = |names: &[String]| replace("scaleStrategy", json!({"workersToDelete": names}));
    let gone = format!("raycluster-external-redis-small-group-worker-{round}");
    [
        json!([replace("replicas", json!(round + 2))]),
        json!([replace("replicas", json!(round + 1)), workers(&[gone])]),
        json!([workers(&[])]),
    ]
}

/// Returns the cluster with an autoscaler, which alone sets the number of workers.
fn scaled_manifest() -> String {
    let manifest = manifest().replacen("spec:\n", "spec:\n  enableInTreeAutoscaling: true\n", 1);
    let manifest = manifest.replacen("  - replicas: 1\n", "  - scaleStrategy: {workersToDelete: []}\n", 1);
    assert!(manifest.contains("enableIn") && manifest.contains("scaleStrategy") && !manifest.contains(" replicas:"));
    manifest
}

/// The writers of one cluster, each with its own kind of request: the autoscaler with JSON patches, Argo CD with a
/// forced server-side apply and its own field manager, and a user with kubectl.
struct Writers<'n> {
    namespace: &'n Namespace<'n>,
    client: Client,
    manifest: &'n str,
}

impl Writers<'_> {
    /// Makes the writes of a round one after the other, and returns the object after each.
    async fn round(&self, number: u32) -> Vec<Value> {
        let [up, down, gone] = autoscaler(number);
        let autoscaler = async |patch| self.patch("application/json-patch+json", &PatchParams::default(), patch).await;
        let argo_cd = PatchParams::apply("argocd-controller").force();
        let manifest = self.namespace.read(self.manifest);
        let argo_cd = async || self.patch("application/apply-patch+yaml", &argo_cd, &manifest).await;
        let user = || self.namespace.send("apply --output=json -f -", self.manifest).json();
        vec![
            autoscaler(&up).await,
            argo_cd().await,
            user(),
            autoscaler(&down).await,
            autoscaler(&gone).await,
            user(),
            argo_cd().await,
        ]
    }

    async fn patch(&self, media_type: &'static str, params: &PatchParams, patch: &Value) -> Value {
        let clusters = format!("/apis/ray.io/v1/namespaces/{}/rayclusters", self.namespace.name);
        let name = "raycluster-external-redis";
        let mut request = Request::new(clusters).patch(name, params, &Patch::Apply(patch)).expect("a request");
        request.headers_mut().insert("content-type", media_type.parse().expect("a media type"));
        self.client.request(request).await.expect("it may be written")
    }
}

#[tokio::test]
async fn with_autoscaler_argo_cd_and_kubectl_the_default_is_the_only_difference() {
    let [guarded, alone] = ["writers", "writers-alone"].map(|name| ApiServer::shared().namespace(name));
    let rayguard = Rayguard::start(&[]);
    guarded.guard(&rayguard);
    let manifest = &scaled_manifest();
    let mut writers = Vec::new();
    for namespace in [&guarded, &alone] {
        namespace.send("apply -f -", manifest).passes();
        writers.push(Writers { namespace, client: namespace.client().await, manifest });
    }
    let env = |cluster: &Value| templates(cluster)[1]["containers"][0]["env"].clone();
    let timeout = json!({"name": "RAY_gcs_rpc_server_reconnect_timeout_s", "value": "600"});
    for number in 0..ROUNDS {
        let (with, without) = (writers[0].round(number).await, writers[1].round(number).await);
        for (step, (with, without)) in with.into_iter().zip(without).enumerate() {
            let at = format!("round {number}, step {step}");
            // The object has as many generations as without rayguard.
            assert_eq!(with["metadata"]["generation"], without["metadata"]["generation"], "{at}");
            // The default is the only difference from the object without rayguard.
            let ours = env(&with);
            assert_eq!(ours.as_array().expect("a list").iter().filter(|entry| **entry == timeout).count(), 1, "{at}");
            let mut spec = with["spec"].clone();
            let container = &mut spec["workerGroupSpecs"][0]["template"]["spec"]["containers"][0];
            match env(&without) {
                Value::Null => {
                    container.as_object_mut().expect("a container").remove("env");
                }
                theirs => container["env"] = theirs,
            }
            assert_eq!(spec, without["spec"], "{at}");
        }
    }
}
