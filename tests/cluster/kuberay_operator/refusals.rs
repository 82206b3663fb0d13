//! What Kubernetes refuses when the operator creates Pods and Services: without rayguard the user finds it in an event,
//! with rayguard the object is refused.

use serde_json::{Value, json};

use super::objects::users;
use crate::manifest;
use crate::release::Release;
use rayguard_test_client::node::{Node, eventually};

/// A cluster that Kubernetes refuses a part of.
struct Refusal {
    name: &'static str,
    /// The value that is set, and where in the object's spec.
    at: &'static str,
    value: Value,
    /// The rule that refuses it, and the path of its finding.
    rule: &'static str,
    path: &'static str,
    /// The reason of the operator's event, and words of Kubernetes in its text.
    event: &'static str,
    words: &'static str,
}

fn refusals() -> Vec<Refusal> {
    vec![
        Refusal {
            name: "env",
            at: "/headGroupSpec/template/spec/containers/0/env/-",
            value: json!({"name": "A=B", "value": "1"}),
            rule: "invalid-environment-variable",
            path: "spec.headGroupSpec.template.spec.containers[0].env[1].name",
            event: "FailedToCreateHeadPod",
            words: "name: Invalid value: \"A=B\"",
        },
        Refusal {
            name: "toleration",
            at: "/headGroupSpec/template/spec/tolerations",
            value: json!([{"key": "gpu", "operator": "Exist"}]),
            rule: "invalid-scheduling",
            path: "spec.headGroupSpec.template.spec.tolerations[0].operator",
            event: "FailedToCreateHeadPod",
            words: "tolerations[0].operator: Unsupported value: \"Exist\"",
        },
        Refusal {
            name: "mount",
            at: "/workerGroupSpecs/0/template/spec/containers/0/volumeMounts",
            value: json!([{"name": "data", "mountPath": "/data"}]),
            rule: "invalid-volume-mount",
            path: "spec.workerGroupSpecs[0].template.spec.containers[0].volumeMounts[0].name",
            event: "FailedToCreateWorkerPod",
            words: "volumeMounts[0].name: Not found: \"data\"",
        },
        Refusal {
            name: "service",
            at: "/headGroupSpec/serviceType",
            value: json!("Clusterip"),
            rule: "invalid-service",
            path: "spec.headGroupSpec.serviceType",
            event: "FailedToCreateService",
            words: "spec.type: Unsupported value: \"Clusterip\"",
        },
    ]
}

#[test]
fn what_the_operator_cannot_create_is_refused_with_rayguard() {
    let [namespace, unguarded] = ["users-refused", "users-refused-unguarded"];
    let [users, others] = [namespace, unguarded].map(users);
    others.run(&format!("label namespace {unguarded} rayguard.dev/ignore=")).passes();
    let _release = Release::install("refusals", &[]);
    for refusal in refusals() {
        let Refusal { name, at, value, rule, path, event, words } = refusal;
        let mut object = manifest::good(name);
        let (parent, last) = at.rsplit_once('/').expect("a pointer");
        let parent = object.data["spec"].pointer_mut(parent).expect("the parent is there");
        match parent {
            Value::Array(items) if last == "-" => items.push(value),
            parent => parent[last] = value,
        }
        let text = serde_json::to_string(&object).expect("JSON");

        let denials = users.send("create -f -", &text).fails().denials();
        assert_eq!(denials, [format!("{rule} {path}")], "{name}");

        others.send("create -f -", &text).passes();
        let selector = format!("involvedObject.name={name},reason={event}");
        let message = eventually("the operator's event", || {
            let events =
                Node::get().kubectl(unguarded).run(&format!("get events --field-selector {selector} --output json"));
            Some(events.json()["items"][0]["message"].as_str()?.to_owned())
        });
        assert!(message.contains(words), "{name}: {message}");
        #[expect(clippy::print_stdout, reason = "the test runner shows it under the test that failed")]
        {
            println!("{name}: {event}: {message}");
        }
        others.run(&format!("delete raycluster {name} --wait=false")).passes();
    }
}
