//! The autoscaler: whether a cluster has one, and which version of it KubeRay sees in the object.

use super::{ClusterSpec, EnvVar};

/// The variable of the head that switches version 2 of the autoscaler on: the way of KubeRay before 1.4.
pub const V2_SWITCH: &str = "RAY_enable_autoscaler_v2";

impl<'a> ClusterSpec<'a> {
    /// Whether an autoscaler runs beside the head (`IsAutoscalingEnabled`,
    /// ray-operator/controllers/ray/utils/util.go:751).
    pub fn is_autoscaling(&self) -> bool {
        self.json.field("enableInTreeAutoscaling").as_bool() == Some(true)
    }

    /// The version of the autoscaler that is asked for, `v1` or `v2`, whether there is to be one or not; `None` where
    /// that is left to Ray.
    pub fn autoscaler_version(&self) -> Option<&'a str> {
        self.json.descend(["autoscalerOptions", "version"]).as_str()
    }

    /// The head's variable that switches version 2 on or off. Of several KubeRay looks at the first (`EnvVarByName`,
    /// ray-operator/controllers/ray/utils/util.go:730), though for Ray the last one counts.
    pub fn autoscaler_v2_switch(&self) -> Option<EnvVar<'a>> {
        self.head.ray_container()?.env().find(|var| var.name() == Some(V2_SWITCH))
    }

    /// Whether KubeRay grants the cluster what only version 2 of the autoscaler can do: it is asked for, or its switch
    /// is on, whether there is to be an autoscaler or not (`validateWorkerGroupIdleTimeout`,
    /// ray-operator/controllers/ray/utils/validation.go:1006).
    pub fn has_autoscaler_v2(&self) -> bool {
        self.autoscaler_version() == Some("v2") || self.autoscaler_v2_switch().is_some_and(|switch| is_on(&switch))
    }
}

/// Whether KubeRay takes a switch for on: these two texts and no others, and never a `valueFrom`.
pub fn is_on(switch: &EnvVar<'_>) -> bool {
    matches!(switch.json.field("value").as_str(), Some("1" | "true"))
}

#[cfg(test)]
mod tests {
    use crate::ray::RayObject;
    use rayguard_manifest::json::Json;

    /// What is seen in a cluster with these fields and this environment of the head: whether it autoscales, the version
    /// it asks for, and whether it has version 2.
    fn seen(fields: &str, env: &str) -> (bool, Option<String>, bool) {
        let text = format!(
            r#"{{"apiVersion":"ray.io/v1","kind":"RayCluster","spec":{{{fields}
            "headGroupSpec":{{"template":{{"spec":{{"containers":[{{"env":[{env}]}},{{"env":[
            {{"name":"RAY_enable_autoscaler_v2","value":"1"}}]}}]}}}}}}}}}}"#
        );
        let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
        let object = RayObject::read(&json).expect("a RayCluster");
        let cluster = &object.cluster;
        (cluster.is_autoscaling(), cluster.autoscaler_version().map(str::to_owned), cluster.has_autoscaler_v2())
    }

    fn switch(value: &str) -> String {
        format!(r#"{{"name":"RAY_enable_autoscaler_v2",{value}}}"#)
    }

    #[test]
    fn only_true_is_autoscaling() {
        assert!(seen(r#""enableInTreeAutoscaling":true,"#, "").0);
        for other in ["", r#""enableInTreeAutoscaling":false,"#, r#""enableInTreeAutoscaling":null,"#] {
            assert!(!seen(other, "").0, "{other}");
        }
        assert!(!seen(r#""enableInTreeAutoscaling":"true","#, "").0, "of another type");
    }

    #[test]
    fn a_version_that_is_null_is_not_asked_for() {
        for unset in ["", r#""autoscalerOptions":null,"#, r#""autoscalerOptions":{},"#] {
            assert_eq!(seen(unset, ""), (false, None, false), "{unset}");
        }
        assert_eq!(seen(r#""autoscalerOptions":{"version":null},"#, ""), (false, None, false));
        assert_eq!(seen(r#""autoscalerOptions":{"version":2},"#, ""), (false, None, false));
        assert_eq!(seen(r#""autoscalerOptions":{"version":"v1"},"#, ""), (false, Some("v1".to_owned()), false));
        assert_eq!(seen(r#""autoscalerOptions":{"version":"v2"},"#, ""), (false, Some("v2".to_owned()), true));
        assert!(!seen(r#""autoscalerOptions":{"version":"V2"},"#, "").2);
    }

    #[test]
    fn the_first_switch_is_on_with_one_of_two_texts() {
        for on in [r#""value":"1""#, r#""value":"true""#] {
            assert!(seen("", &switch(on)).2, "{on}");
        }
        let from = r#""valueFrom":{"configMapKeyRef":{"name":"m","key":"k"}}"#;
        for off in
            [r#""value":"True""#, r#""value":"TRUE""#, r#""value":" 1""#, r#""value":"""#, r#""value":true"#, from]
        {
            assert!(!seen("", &switch(off)).2, "{off}");
        }
        let [on, off] = [r#""value":"1""#, r#""value":"0""#].map(switch);
        assert!(seen("", &format!("{on},{off}")).2);
        assert!(!seen("", &format!("{off},{on}")).2);
    }
}
