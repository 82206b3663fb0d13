//! The two RayClusters that the API server is asked about.

use std::fmt;

use serde_json::{Value, json};

use rayguard_manifest::json::Json;
use rayguard_policy::defaults::WorkerReconnectTimeout;
use rayguard_policy::kuberay::Version;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::timeout::RECONNECT_TIMEOUT;

/// The first version whose RayClusters have `gcsFaultToleranceOptions`.
const OPTIONS_SINCE: Version = Version::v1(3);

/// How long the head tries to reconnect, in seconds. It is above KubeRay's own 600 of the workers, so that each kind of
/// default for the workers writes something.
const HEAD: &str = "900";

/// Less than the head's.
const TOO_SHORT: &str = "300";

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Example {
    /// Its workers set no reconnect timeout.
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

    /// The object, fault-tolerant in the way that the policy's version of KubeRay knows.
    pub(super) fn object(self, policy: &Policy) -> Json<'static> {
        // Without the default, the good one has to do with KubeRay's own value, so its head must not raise its own.
        let is_plain = self == Self::Good && policy.defaults.worker_reconnect_timeout == WorkerReconnectTimeout::Off;
        let head = if is_plain { vec![] } else { vec![json!({"name": RECONNECT_TIMEOUT, "value": HEAD})] };
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
            // The chart gives the right to create these two.
            Self::Good => ("rayguard-check-good", vec![]),
            Self::Bad => ("rayguard-check-bad", vec![json!({"name": RECONNECT_TIMEOUT, "value": TOO_SHORT})]),
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
    use super::*;
    use rayguard_policy::rule::Level;

    #[test]
    fn in_every_version_the_one_gets_a_default_and_no_denial_and_the_other_one_denial() {
        for version in Version::ALL {
            let mut policy = Policy::default();
            policy.settings.kuberay.version = version;
            let [good, bad] = Example::BOTH.map(|example| {
                let object = example.object(&policy);
                let outcome = policy.dry_run(&object, Some("default")).expect("a RayCluster");
                let findings = outcome.findings.iter().filter(|finding| finding.rule.name != "legacy-fault-tolerance");
                let findings: Vec<_> = findings.map(|finding| (finding.rule.name, finding.level)).collect();
                (outcome.patch.0.is_empty(), findings)
            });
            assert_eq!(good, (false, vec![]), "{version}");
            assert_eq!(bad, (true, vec![("worker-reconnect-timeout", Level::Deny)]), "{version}");
        }
    }
}
