//! The objects that KubeRay's own tests pass to its validators, completed to whole objects.

use rayguard_policy::kuberay::FeatureGate;
use rayguard_policy::kuberay::Kind;
use rayguard_test_support::bases;
use rayguard_test_support::case::{Case, GATES};
use rayguard_test_support::validators::{self, Call};
use serde_json::json;

/// One object, and the verdict that KubeRay's test expects.
pub(crate) struct Recorded {
    pub(crate) case: Case,
    /// The error that KubeRay's test expects, if it expects one.
    pub(crate) error: Option<String>,
}

/// Returns the object of each call, without duplicates.
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

/// Completes the input of a validator call to a whole object. Parts that the validator does not read are valid, even if
/// the test left them out.
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
    // These validators read little more than one field of the spec.
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
    // The operator calls this validator only if the gate is open.
    let is_open = |gate: FeatureGate| call.gates[gate.as_str()] || validator == "ValidateClusterUpgradeOptions";
    let mut case = Case::new(GATES.into_iter().map(|gate| (gate, is_open(gate))).collect(), object);
    case.changes.push(format!("passed to {validator}"));
    case
}
