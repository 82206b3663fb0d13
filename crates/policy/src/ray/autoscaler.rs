//! The autoscaler: whether a cluster has one, its version according to KubeRay, and what Ray reads of the cluster.

mod custom_resources;
pub(crate) mod in_place_resize;
pub(crate) mod node_type;
pub(crate) mod number;
pub(crate) mod reader;

use super::{ClusterSpec, EnvVar};

/// The environment variable of the head that enables version 2 of the autoscaler, as in KubeRay before 1.4.
pub const V2_SWITCH: &str = "RAY_enable_autoscaler_v2";

impl<'a> ClusterSpec<'a> {
    /// Reports whether an autoscaler runs next to the head (`IsAutoscalingEnabled`,
    /// ray-operator/controllers/ray/utils/util.go:751).
    pub fn is_autoscaling(&self) -> bool {
        self.json.field("enableInTreeAutoscaling").as_bool() == Some(true)
    }

    /// Returns the configured version of the autoscaler, `v1` or `v2`, even if autoscaling is off; `None` where Ray
    /// chooses the version.
    pub fn autoscaler_version(&self) -> Option<&'a str> {
        self.json.descend(["autoscalerOptions", "version"]).as_str()
    }

    /// Returns the head's variable that enables or disables version 2. Of several, KubeRay reads the first
    /// (`EnvVarByName`, ray-operator/controllers/ray/utils/util.go:730), but Ray reads the last one.
    pub fn autoscaler_v2_switch(&self) -> Option<EnvVar<'a>> {
        self.head.ray_container()?.env().find(|var| var.name() == Some(V2_SWITCH))
    }

    /// Reports whether KubeRay accepts features that need version 2 of the autoscaler: version `v2` is configured or
    /// the variable is on, even if autoscaling is off (`validateWorkerGroupIdleTimeout`,
    /// ray-operator/controllers/ray/utils/validation.go:1006).
    pub fn has_autoscaler_v2(&self) -> bool {
        self.autoscaler_version() == Some("v2") || self.autoscaler_v2_switch().is_some_and(|switch| is_on(&switch))
    }
}

/// Reports whether KubeRay reads the variable as on: only with the value `1` or `true`, and never with a `valueFrom`.
pub fn is_on(switch: &EnvVar<'_>) -> bool {
    matches!(switch.json.field("value").as_str(), Some("1" | "true"))
}

#[cfg(test)]
mod tests {
    use rayguard_manifest::json::Json;

    use crate::ray::RayObject;

    /// Returns for a cluster with these fields and this environment of the head: whether it autoscales, the configured
    /// version, and whether it has version 2.
    fn autoscaler(fields: &str, env: &str) -> (bool, Option<String>, bool) {
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
    fn autoscaling_is_on_only_with_true() {
        assert!(autoscaler(r#""enableInTreeAutoscaling":true,"#, "").0);
        for other in ["", r#""enableInTreeAutoscaling":false,"#, r#""enableInTreeAutoscaling":null,"#] {
            assert!(!autoscaler(other, "").0, "{other}");
        }
        assert!(!autoscaler(r#""enableInTreeAutoscaling":"true","#, "").0, "a string");
    }

    #[test]
    fn a_null_version_counts_as_unset() {
        for unset in ["", r#""autoscalerOptions":null,"#, r#""autoscalerOptions":{},"#] {
            assert_eq!(autoscaler(unset, ""), (false, None, false), "{unset}");
        }
        assert_eq!(autoscaler(r#""autoscalerOptions":{"version":null},"#, ""), (false, None, false));
        assert_eq!(autoscaler(r#""autoscalerOptions":{"version":2},"#, ""), (false, None, false));
        assert_eq!(autoscaler(r#""autoscalerOptions":{"version":"v1"},"#, ""), (false, Some("v1".to_owned()), false));
        assert_eq!(autoscaler(r#""autoscalerOptions":{"version":"v2"},"#, ""), (false, Some("v2".to_owned()), true));
        assert!(!autoscaler(r#""autoscalerOptions":{"version":"V2"},"#, "").2);
    }

    #[test]
    fn the_first_variable_counts_and_is_on_with_1_or_true() {
        for on in [r#""value":"1""#, r#""value":"true""#] {
            assert!(autoscaler("", &switch(on)).2, "{on}");
        }
        let from = r#""valueFrom":{"configMapKeyRef":{"name":"m","key":"k"}}"#;
        for off in
            [r#""value":"True""#, r#""value":"TRUE""#, r#""value":" 1""#, r#""value":"""#, r#""value":true"#, from]
        {
            assert!(!autoscaler("", &switch(off)).2, "{off}");
        }
        let [on, off] = [r#""value":"1""#, r#""value":"0""#].map(switch);
        assert!(autoscaler("", &format!("{on},{off}")).2);
        assert!(!autoscaler("", &format!("{off},{on}")).2);
    }
}
