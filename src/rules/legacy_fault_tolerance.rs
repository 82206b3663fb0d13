#![doc = include_str!("legacy_fault_tolerance.md")]

use crate::json::Json;
use crate::policy::Settings;
use crate::ray::RayObject;
use crate::ray::address::{RedisEndpoint, first_of};
use crate::ray::gcs::{
    FT_ENABLED_ANNOTATION, GcsFaultTolerance, OPTIONS, REDIS_ADDRESS, REDIS_PASSWORD_PARAM, RedisAddress,
};
use crate::ray::redis::RedisPassword;
use crate::rule::{Category, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "legacy-fault-tolerance",
    summary: "fault tolerance switched on in the older of its two ways",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    docs: include_str!("legacy_fault_tolerance.md"),
    check,
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    if object.fault_tolerance == GcsFaultTolerance::Annotation {
        // v1alpha1 would drop the options.
        let version = if object.api_version == "ray.io/v1" { "" } else { "apiVersion: ray.io/v1 and " };
        findings.invalid(
            RayObject::annotation_path(FT_ENABLED_ANNOTATION),
            format!("this is the older way to configure fault tolerance; the newer is {OPTIONS}"),
            format!(
                "write {version}{}; drop this annotation, {REDIS_ADDRESS} and {REDIS_PASSWORD_PARAM}",
                options(object)
            ),
        );
    }
}

/// The options that say the same, as far as the object tells and no secret is repeated.
fn options(object: &RayObject<'_>) -> String {
    let address = match object.redis_address() {
        Some(RedisAddress::Literal(_, address)) if RedisEndpoint::parse(first_of(&address).0).is_ok() => address,
        _ => "host:port".to_owned(),
    };
    let (name, key) = match object.redis_password() {
        Some(RedisPassword::Referenced(from)) => {
            let secret = from.field("secretKeyRef");
            let part = |field| secret.field(field).as_nonempty_str();
            (part("name"), part("key"))
        }
        _ => (None, None),
    };
    let (name, key) = (name.unwrap_or("…"), key.unwrap_or("…"));
    let path = object.cluster.path().field(OPTIONS);
    format!(
        "{path}: {{redisAddress: {}, redisPassword: {{valueFrom: {{secretKeyRef: {{name: {name}, key: {key}}}}}}}}}",
        serde_json::to_string(&Json::from(address)).unwrap_or_default(),
    )
}
