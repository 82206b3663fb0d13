//! Where a Pod may run: node selectors, affinity, tolerations, spread, gates, classes.

use serde_json::{Value, json};

use super::change::{Change, change, each, list};
use super::text::{keys, label_values, names};

/// Returns label selectors.
fn selectors() -> Vec<Value> {
    list(json!([
        {}, {"matchLabels": {}}, {"matchLabels": {"a": "b"}}, {"matchLabels": {"a b": "c"}},
        {"matchLabels": {"a": "b c"}}, {"matchLabels": {"": "b"}}, {"matchExpressions": []},
        {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]},
        {"matchExpressions": [{"key": "a", "operator": "In", "values": []}]},
        {"matchExpressions": [{"key": "a", "operator": "In"}]},
        {"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b", "c"]}]},
        {"matchExpressions": [{"key": "a", "operator": "NotIn", "values": []}]},
        {"matchExpressions": [{"key": "a", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]},
        {"matchExpressions": [{"key": "a", "operator": "DoesNotExist", "values": ["b"]}]},
        {"matchExpressions": [{"key": "a", "operator": "DoesNotExist", "values": []}]},
        {"matchExpressions": [{"key": "a", "operator": "in", "values": ["b"]}]},
        {"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}]},
        {"matchExpressions": [{"key": "a b", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b c"]}]},
        {"matchExpressions": [{"key": "a", "operator": "", "values": ["b"]}]},
        {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a", "operator": "Exists"}]},
    ]))
}

/// Returns requirements of a node's labels.
fn node_requirements() -> Vec<Value> {
    let mut all = list(json!([
        {"key": "a", "operator": "In", "values": ["b"]}, {"key": "a", "operator": "In", "values": []},
        {"key": "a", "operator": "In"}, {"key": "a", "operator": "NotIn", "values": []},
        {"key": "a", "operator": "Exists"}, {"key": "a", "operator": "Exists", "values": ["b"]},
        {"key": "a", "operator": "DoesNotExist", "values": ["b"]},
        {"key": "a", "operator": "Gt", "values": ["1"]}, {"key": "a", "operator": "Gt", "values": ["x"]},
        {"key": "a", "operator": "Gt", "values": []}, {"key": "a", "operator": "Gt", "values": ["1", "2"]},
        {"key": "a", "operator": "Lt", "values": ["-5"]}, {"key": "a", "operator": "Lt", "values": ["1.5"]},
        {"key": "a", "operator": "Lt"}, {"key": "a", "operator": "in", "values": ["b"]},
        {"key": "a", "operator": "", "values": ["b"]}, {"key": "a", "operator": "Equals", "values": ["b"]},
    ]));
    all.extend(each(&json!({"key": "?", "operator": "Exists"}), &keys()));
    all.extend(each(&json!({"key": "a", "operator": "In", "values": ["?"]}), &label_values()));
    all
}

fn node_fields() -> Vec<Value> {
    list(json!([
        {"key": "metadata.name", "operator": "In", "values": ["n"]},
        {"key": "metadata.name", "operator": "In", "values": []},
        {"key": "metadata.name", "operator": "NotIn", "values": ["n"]},
        {"key": "metadata.name", "operator": "In", "values": ["n", "m"]},
        {"key": "metadata.name", "operator": "Exists"}, {"key": "metadata.uid", "operator": "In", "values": ["n"]},
        {"key": "metadata.name", "operator": "In", "values": ["Bad_Name"]},
        {"key": "metadata.name", "operator": "In"}, {"key": "", "operator": "In", "values": ["n"]},
    ]))
}

fn tolerations() -> Vec<Value> {
    let mut all = list(json!([
        {}, {"operator": "Exists"}, {"operator": "Equal"}, {"key": "a"},
        {"key": "a", "operator": "Equal", "value": "b"}, {"key": "a", "operator": "Exists", "value": "b"},
        {"key": "a", "operator": "exists"}, {"key": "a", "operator": "Equals"}, {"key": "a", "operator": ""},
        {"key": "", "operator": "Exists"}, {"value": "b"},
        {"key": "a", "operator": "Exists", "effect": "NoSchedule"},
        {"key": "a", "operator": "Exists", "effect": "NoExecute"},
        {"key": "a", "operator": "Exists", "effect": "PreferNoSchedule"},
        {"key": "a", "operator": "Exists", "effect": "noSchedule"}, {"key": "a", "operator": "Exists", "effect": ""},
        {"key": "a", "operator": "Exists", "effect": "Evict"},
        {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5},
        {"key": "a", "operator": "Exists", "effect": "NoSchedule", "tolerationSeconds": 5},
        {"key": "a", "operator": "Exists", "tolerationSeconds": 5},
        {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": -1},
        {"key": "a", "operator": "Gt", "value": "5"}, {"key": "a", "operator": "Lt", "value": "x"},
        {"key": "a", "operator": "Exists", "value": ""},
    ]));
    all.extend(each(&json!({"key": "?", "operator": "Exists"}), &keys()));
    all.extend(each(&json!({"key": "a", "operator": "Equal", "value": "?"}), &label_values()));
    all
}

fn spreads() -> Vec<Value> {
    let base = json!({"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
    "labelSelector": {"matchLabels": {"a": "b"}}});
    let with = |fields: &Value| {
        let mut spread = base.clone();
        fields.as_object().expect("a map").iter().for_each(|(name, value)| spread[name] = value.clone());
        spread
    };
    let mut fields = list(json!([
        {}, {"maxSkew": 0}, {"maxSkew": -1}, {"maxSkew": i32::MAX}, {"topologyKey": ""}, {"topologyKey": "a b"},
        {"topologyKey": "topology.kubernetes.io/zone"}, {"whenUnsatisfiable": "ScheduleAnyway"},
        {"whenUnsatisfiable": ""}, {"whenUnsatisfiable": "doNotSchedule"}, {"minDomains": 0}, {"minDomains": 1},
        {"minDomains": -1}, {"minDomains": 2, "whenUnsatisfiable": "ScheduleAnyway"},
        {"nodeAffinityPolicy": "Honor"}, {"nodeAffinityPolicy": "Ignore"}, {"nodeAffinityPolicy": "honor"},
        {"nodeTaintsPolicy": "Ignore"}, {"nodeTaintsPolicy": "None"}, {"nodeTaintsPolicy": ""},
        {"matchLabelKeys": ["c"]}, {"matchLabelKeys": ["a"]}, {"matchLabelKeys": ["a b"]},
        {"matchLabelKeys": ["c", "c"]}, {"matchLabelKeys": [""]}, {"matchLabelKeys": []},
        {"matchLabelKeys": ["c"], "labelSelector": null}, {"labelSelector": null}, {"matchLabelKeys": ["team"]},
    ]));
    fields.extend(each(&json!({"labelSelector": "?"}), &selectors()));
    fields.iter().map(with).collect()
}

pub(super) fn changes() -> Vec<Change> {
    let mut terms = each(&json!({"topologyKey": "zone", "labelSelector": "?"}), &selectors());
    terms.extend(each(&json!({"topologyKey": "zone", "labelSelector": {}, "namespaceSelector": "?"}), &selectors()));
    terms.extend(each(&json!({"topologyKey": "?", "labelSelector": {"matchLabels": {"a": "b"}}}), &keys()));
    terms.extend(list(json!([
        {"topologyKey": "zone"}, {"topologyKey": "zone", "namespaces": ["a"]},
        {"topologyKey": "zone", "namespaces": ["A_b"]}, {"topologyKey": "zone", "namespaces": []},
        {"topologyKey": "zone", "namespaces": [""]},
        {"topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}}, "matchLabelKeys": ["c"]},
        {"topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}}, "matchLabelKeys": ["a"]},
        {"topologyKey": "zone", "matchLabelKeys": ["c"]}, {"topologyKey": "zone", "labelSelector": {},
        "mismatchLabelKeys": ["c"]}, {"topologyKey": "zone", "labelSelector": {}, "matchLabelKeys": ["c"],
        "mismatchLabelKeys": ["c"]},
        {"topologyKey": "zone", "labelSelector": {}, "matchLabelKeys": ["a b"]},
        {"topologyKey": "zone", "labelSelector": {}, "mismatchLabelKeys": [""]},
        {"topologyKey": "zone", "labelSelector": {}, "matchLabelKeys": ["team"]},
    ])));
    let weights = list(json!([0, -1, 1, 50, 100, 101]));
    let mut pod_affinity = each(&json!({"requiredDuringSchedulingIgnoredDuringExecution": ["?"]}), &terms);
    pod_affinity.extend(each(
        &json!({"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1,
    "podAffinityTerm": "?"}]}),
        &terms,
    ));
    pod_affinity.extend(each(
        &json!({"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": "?",
    "podAffinityTerm": {"topologyKey": "zone"}}]}),
        &weights,
    ));
    let required =
        |term: Value| json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}});
    let preferred = |term: Value| {
        json!({"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1,
    "preference": term}]})
    };
    let mut node_affinity = each(&required(json!({"matchExpressions": ["?"]})), &node_requirements());
    node_affinity.extend(each(&required(json!({"matchFields": ["?"]})), &node_fields()));
    node_affinity.extend(each(&preferred(json!({"matchExpressions": ["?"]})), &node_requirements()));
    node_affinity.extend(each(&preferred(json!({"matchFields": ["?"]})), &node_fields()));
    node_affinity.extend(each(
        &json!({"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": "?",
    "preference": {}}]}),
        &weights,
    ));
    node_affinity.extend(list(json!([
        {}, {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}},
        {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{}]}},
        {"preferredDuringSchedulingIgnoredDuringExecution": []},
    ])));
    vec![
        change!(Pod "/tolerations/-" = tolerations()),
        change!(Pod "/nodeSelector" = each(&json!({"?": "v"}), &keys())),
        change!(Pod "/nodeSelector" = each(&json!({"k": "?"}), &label_values())),
        change!(Pod "/affinity/podAffinity" = pod_affinity.clone()),
        change!(Pod "/affinity/podAntiAffinity" = pod_affinity),
        change!(Pod "/affinity/nodeAffinity" = node_affinity),
        change!(Pod "/topologySpreadConstraints/-" = spreads()),
        change!(Pod "/topologySpreadConstraints" = [[
            {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"},
            {"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"},
        ], [], [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"},
        {"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]]),
        change!(Pod "/schedulingGates" = each(&json!([{"name": "?"}]), &keys())),
        change!(Pod "/schedulingGates" = [[], [{"name": "a"}, {"name": "b"}],
        [{"name": "a"}]], Pod "/nodeName" = ["node", null]),
        change!(Pod "/nodeName" = names()),
        change!(Pod "/priorityClassName" = names()),
        change!(Pod "/runtimeClassName" = names()),
        change!(Pod "/schedulerName" = ["", "default-scheduler", "Bad Name"]),
        change!(Pod "/preemptionPolicy" = ["Never", "PreemptLowerPriority", "never", "", "Always"]),
        change!(Pod "/readinessGates" = each(&json!([{"conditionType": "?"}]), &keys())),
        change!(Pod "/workloadRef" = [
            {"name": "w", "podGroup": "g"}, {"name": "", "podGroup": "g"}, {"name": "W_x", "podGroup": "G_x"},
            {"name": "w", "podGroup": "g", "podGroupReplicaKey": "K_x"},
        ]),
    ]
}
