//! The two RayClusters that the check creates as a dry run.

use std::fmt;

use rayguard_manifest::json::Json;
use rayguard_policy::defaults::WorkerReconnectTimeout;
use rayguard_policy::kuberay::Version;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::timeout::RECONNECT_TIMEOUT;
use serde_json::{Value, json};

/// The first version whose RayClusters have `gcsFaultToleranceOptions`.
const OPTIONS_SINCE: Version = Version::v1(3);

/// The reconnect timeout of the head in seconds. It is above KubeRay's default of 600 for workers, so each variant of
/// the workers' default writes a value.
const HEAD_TIMEOUT: &str = "900";

/// A reconnect timeout of the workers in seconds that is below the head's.
const SHORT_TIMEOUT: &str = "300";

/// One of the two RayClusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Example {
    /// Its workers have no reconnect timeout.
    Good,
    /// Its workers give up before the head does.
    Bad,
}

impl fmt::Display for Example {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Good => "a good RayCluster",
            Self::Bad => "a bad RayCluster",
        })
    }
}

impl Example {
    pub(super) const BOTH: [Self; 2] = [Self::Good, Self::Bad];

    /// Returns the object, with fault tolerance as the policy's version of KubeRay supports it.
    pub(super) fn object(self, policy: &Policy) -> Json<'static> {
        // Without rayguard's default, the workers get KubeRay's value, so the timeout of the head must not be higher.
        let is_plain = self == Self::Good && policy.defaults.worker_reconnect_timeout == WorkerReconnectTimeout::Off;
        let head = if is_plain { vec![] } else { vec![json!({"name": RECONNECT_TIMEOUT, "value": HEAD_TIMEOUT})] };
        let text = self.value(head, policy.settings.kuberay.version).to_string();
        serde_json::from_str::<Json<'_>>(&text).expect("a value is JSON").into_owned()
    }

    fn value(self, mut head: Vec<Value>, kuberay: Version) -> Value {
        let password = json!({"secretKeyRef": {"name": "redis", "key": "password"}});
        let mut parameters = json!({"num-cpus": "0"});
        let mut metadata = json!({});
        let mut spec = json!({"rayVersion": "2.52.0"});
        if kuberay >= OPTIONS_SINCE {
            let password = json!({"valueFrom": password});
            spec["gcsFaultToleranceOptions"] = json!({"redisAddress": "redis:6379", "redisPassword": password});
        } else {
            metadata["annotations"] = json!({"ray.io/ft-enabled": "true"});
            parameters["redis-password"] = json!("$REDIS_PASSWORD");
            head.push(json!({"name": "RAY_REDIS_ADDRESS", "value": "redis:6379"}));
            head.push(json!({"name": "REDIS_PASSWORD", "valueFrom": password}));
        }
        let (name, worker) = match self {
            // The chart grants the right to create these two names.
            Self::Good => ("rayguard-check-good", vec![]),
            Self::Bad => ("rayguard-check-bad", vec![json!({"name": RECONNECT_TIMEOUT, "value": SHORT_TIMEOUT})]),
        };
        metadata["name"] = json!(name);
        spec["headGroupSpec"] = json!({"rayStartParams": parameters, "template": template("ray-head", &head)});
        spec["workerGroupSpecs"] = json!([{
            "groupName": "workers", "replicas": 1, "minReplicas": 1, "maxReplicas": 1, "rayStartParams": {},
            "template": template("ray-worker", &worker),
        }]);
        json!({"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": metadata, "spec": spec})
    }
}

fn template(name: &str, env: &[Value]) -> Value {
    let amounts = json!({"cpu": "1", "memory": "4Gi"});
    let resources = json!({"limits": amounts, "requests": amounts});
    let image = "rayproject/ray:2.52.0";
    json!({"spec": {"containers": [{"name": name, "image": image, "env": env, "resources": resources}]}})
}

#[cfg(test)]
mod tests {
    use rayguard_policy::policy::Webhook;
    use rayguard_policy::rule::Level;

    use super::*;

    #[test]
    fn in_every_version_the_good_one_gets_a_default_and_the_bad_one_a_denial() {
        for version in Version::ALL {
            let mut policy = Policy::default();
            policy.settings.kuberay.version = version;
            policy.webhook = Some(Webhook::Installed);
            let [good, bad] = Example::BOTH.map(|example| {
                let object = example.object(&policy);
                let outcome = policy.dry_run(&object, Some("default")).expect("a RayCluster");
                let findings: Vec<_> =
                    outcome.findings.iter().map(|finding| (finding.rule.name, finding.level)).collect();
                (outcome.patch.0.is_empty(), findings)
            });
            assert_eq!(good, (false, vec![]), "{version}");
            assert_eq!(bad, (true, vec![("worker-reconnect-timeout", Level::Deny)]), "{version}");
        }
    }
}
