//! What KubeRay's own tests ask of its validators, as whole objects.

use rayguard_policy::kuberay::FeatureGate;
use rayguard_policy::ray::Kind;
use serde_json::json;

use rayguard_test_support::bases;
use rayguard_test_support::case::{Case, GATES};
use rayguard_test_support::validators::{self, Call};

/// One object, and whether KubeRay's test wants it refused.
pub(crate) struct Recorded {
    pub(crate) case: Case,
    /// The error with which it is refused.
    pub(crate) error: Option<String>,
}

/// The object of each call, once.
pub(crate) fn objects() -> Vec<Recorded> {
    let mut objects: Vec<Recorded> = Vec::new();
    for call in validators::calls() {
        let case = whole(&call);
        let is_known = |other: &Recorded| other.case.object == case.object && other.case.gates == case.gates;
        if !objects.iter().any(is_known) {
            objects.push(Recorded { case, error: call.error });
        }
    }
    objects
}

/// The object that a validator was asked about. Whatever the validator does not look at is good in it, though the test
/// may have left it out.
fn whole(call: &Call) -> Case {
    let Call { validator, inputs, .. } = call;
    let kind = match validator.trim_start_matches("Validate") {
        "ClusterUpgradeOptions" => Kind::RayService,
        of => Kind::ALL.into_iter().find(|kind| of.starts_with(kind.as_str())).expect("it is named after its kind"),
    };
    let good = bases::own().into_iter().find(|base| base["kind"] == kind.as_str()).expect("a base of each kind");
    let input = &inputs[0];
    let mut object = match &**validator {
        "ValidateRayClusterSpec" => json!({"metadata": {"annotations": inputs[1]}, "spec": input}),
        name if name.ends_with("Metadata") => json!({"metadata": input, "spec": good["spec"]}),
        _ => input.clone(),
    };
    // These look at little more than one field of the spec.
    for (of, field) in [
        ("ValidateRayClusterUpgradeOptions", "upgradeStrategy"),
        ("ValidateRayClusterStatus", "suspend"),
        ("ValidateRayJobStatus", "submissionMode"),
    ] {
        if validator == of {
            let value = object["spec"][field].take();
            object["spec"].clone_from(&good["spec"]);
            object["spec"][field] = value;
        }
    }
    object["apiVersion"] = json!("ray.io/v1");
    object["kind"] = json!(kind.as_str());
    if !validator.ends_with("Metadata") {
        object["metadata"]["name"] = json!("c");
    }
    // The operator asks this one only with the gate open.
    let is_open = |gate: FeatureGate| call.gates[gate.as_str()] || validator == "ValidateClusterUpgradeOptions";
    let mut case = Case::new(GATES.into_iter().map(|gate| (gate, is_open(gate))).collect(), object);
    case.changes.push(format!("asked of {validator}"));
    case
}
