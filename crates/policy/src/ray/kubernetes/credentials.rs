//! Environment variables that KubeRay makes of credentials outside of the Pod templates.

use crate::kubernetes::{At, Subject, Violations, validate_env_value};
use crate::name::{Syntax, sentence};
use crate::ray::redis::RedisPassword;
use crate::ray::{Container, GcsFaultTolerance, Group, RayObject};
use crate::spelling::quote;

const SUBJECT: Subject = Subject::EnvironmentVariable;

/// Reports what Kubernetes refuses in the variables of the head that KubeRay makes of credentials
/// (`configureGCSFaultTolerance` and `SetContainerTokenAuthEnvVars`, ray-operator/controllers/ray/common/pod.go:75-158 and
/// 338-380, v1.6.2).
pub(super) fn validate(object: &RayObject<'_>, violations: &mut Violations) {
    if let GcsFaultTolerance::Options(options) = object.fault_tolerance {
        // The rule `missing-redis-password` reports a password without a source.
        let has_password = !matches!(object.redis_password(), Some(RedisPassword::Missing(_)));
        for (field, is_checked) in [("redisUsername", true), ("redisPassword", has_password)] {
            let path = || object.cluster.path().fields(["gcsFaultToleranceOptions", field]);
            if is_checked {
                validate_env_value(options.field(field), &At::Root(&path), violations);
            }
        }
    }
    validate_token(object, violations);
}

/// Reports the name of a Secret with a token that no Secret can have. KubeRay writes it into each container without the
/// variable, so into the autoscaler's in any case.
fn validate_token(object: &RayObject<'_>, violations: &mut Violations) {
    let cluster = &object.cluster;
    let options = cluster.json.field("authOptions");
    let Some(name) = options.field("secretName").as_nonempty_str() else { return };
    if options.field("mode").as_str() != Some("token") || options.field("enableK8sTokenAuth").as_bool() == Some(true) {
        return;
    }
    let errors = Syntax::Dns1123Subdomain.errors(name);
    let is_written = |container: Container<'_>| container.env_var("RAY_AUTH_TOKEN").is_none();
    let mut containers = cluster.groups().filter_map(Group::ray_container);
    if !errors.is_empty() && (cluster.is_autoscaling() || containers.any(is_written)) {
        let path = || cluster.path().fields(["authOptions", "secretName"]);
        let message = format!("no Secret can have the name {}: it {}", quote(name), sentence(&errors));
        let help = format!("write {}", Syntax::Dns1123Subdomain.form());
        violations.invalid(SUBJECT, &At::Root(&path), message, help);
    }
}

#[cfg(test)]
mod tests {
    use rayguard_manifest::json::Json;

    use super::*;

    fn found(spec: &str) -> Vec<String> {
        let text = format!(
            r#"{{"apiVersion":"ray.io/v1","kind":"RayCluster","spec":{{{spec},"headGroupSpec":{{"template":{{"spec":
            {{"containers":[{{}}]}}}}}}}}}}"#
        );
        let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
        let mut violations = Violations::default();
        validate(&RayObject::read(&json).expect("a RayCluster"), &mut violations);
        violations.all().iter().map(|violation| violation.path.to_string()).collect()
    }

    #[test]
    fn credentials_are_checked_as_variables() {
        let username = |value: &str| found(&format!(r#""gcsFaultToleranceOptions":{{"redisUsername":{value}}}"#));
        let at = |rest: &str| vec![format!("spec.gcsFaultToleranceOptions.redisUsername.valueFrom{rest}")];
        for valid in [
            r#"{"value":"x"}"#,
            r#"{"valueFrom":{"secretKeyRef":{"name":"a","key":"b"}}}"#,
            r#"{"value":"","valueFrom":{"configMapKeyRef":{"name":"a.b","key":".B_c"}}}"#,
            r#"{"valueFrom":{"fileKeyRef":{}}}"#,
        ] {
            assert!(username(valid).is_empty(), "{valid}");
        }
        for (invalid, path) in [
            (r#"{"valueFrom":{}}"#, ""),
            (r#"{"value":"x","valueFrom":{"secretKeyRef":{"name":"a","key":"b"}}}"#, ""),
            (r#"{"valueFrom":{"fieldRef":{},"secretKeyRef":{"name":"a","key":"b"}}}"#, ""),
            (r#"{"valueFrom":{"secretKeyRef":{"key":"b"}}}"#, ".secretKeyRef.name"),
            (r#"{"valueFrom":{"secretKeyRef":{"name":"A","key":"b"}}}"#, ".secretKeyRef.name"),
            (r#"{"valueFrom":{"secretKeyRef":{"name":"a","key":""}}}"#, ".secretKeyRef.key"),
            (r#"{"valueFrom":{"secretKeyRef":{"name":"a","key":"..b"}}}"#, ".secretKeyRef.key"),
        ] {
            assert_eq!(username(invalid), at(path), "{invalid}");
        }
        let password = |value: &str| found(&format!(r#""gcsFaultToleranceOptions":{{"redisPassword":{value}}}"#));
        assert!(password(r#"{"valueFrom":{}}"#).is_empty());
        assert_eq!(password(r#"{"valueFrom":{"secretKeyRef":{"name":"a","key":"b c"}}}"#).len(), 1);
    }

    #[test]
    fn the_secret_of_a_token_is_checked_where_kuberay_uses_it() {
        let auth = |options: &str| found(&format!(r#""authOptions":{options}"#)).len();
        assert_eq!(auth(r#"{"mode":"token","secretName":"A_b"}"#), 1);
        assert_eq!(auth(r#"{"mode":"token","secretName":"a.b"}"#), 0);
        assert_eq!(auth(r#"{"mode":"disabled","secretName":"A_b"}"#), 0);
        assert_eq!(auth(r#"{"mode":"token","secretName":"A_b","enableK8sTokenAuth":true}"#), 0);
    }
}
