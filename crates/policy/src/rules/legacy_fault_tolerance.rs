#![doc = include_str!("legacy_fault_tolerance.md")]

use rayguard_manifest::json::Json;

use crate::context::Context;
use crate::ray::RayObject;
use crate::ray::address::{RedisEndpoint, first_of};
use crate::ray::gcs::{
    FT_ENABLED_ANNOTATION, GcsFaultTolerance, OPTIONS, REDIS_ADDRESS, REDIS_PASSWORD, REDIS_PASSWORD_PARAM,
    RedisAddress, STORAGE_NAMESPACE_ANNOTATION,
};
use crate::ray::redis::RedisPassword;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "legacy-fault-tolerance",
    summary: "fault tolerance configured by annotation, the older of two ways",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("legacy_fault_tolerance.md"),
    cel: Cel::Yes(include_str!("legacy_fault_tolerance.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    if object.fault_tolerance == GcsFaultTolerance::Annotation {
        // v1alpha1 would drop the options.
        let version = if object.api_version == "ray.io/v1" { "" } else { "apiVersion: ray.io/v1 and " };
        findings.invalid(
            RayObject::annotation_path(FT_ENABLED_ANNOTATION),
            format!("this is the older way to configure fault tolerance; the newer way is {OPTIONS}"),
            format!("write {version}{}; remove {}", options(object), replaced(object)),
        );
    }
}

/// The settings that the options replace, as a list in English. KubeRay refuses them next to the options.
fn replaced(object: &RayObject<'_>) -> String {
    let mut names = vec!["this annotation"];
    let namespace = object.annotation(STORAGE_NAMESPACE_ANNOTATION);
    names.extend(namespace.map(|_| STORAGE_NAMESPACE_ANNOTATION));
    names.extend([REDIS_ADDRESS, REDIS_PASSWORD].into_iter().filter(|name| object.head_env_var(name).is_some()));
    let param = object.cluster.head.ray_start_param(REDIS_PASSWORD_PARAM);
    names.extend(param.map(|_| REDIS_PASSWORD_PARAM));
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The equivalent options, with the values that are in the object. No secret is repeated.
fn options(object: &RayObject<'_>) -> String {
    let address = match object.redis_address() {
        Some(RedisAddress::Literal(_, address)) if RedisEndpoint::parse(first_of(address).0).is_ok() => &**address,
        _ => "host:port",
    };
    let (name, key) = match object.redis_password() {
        Some(RedisPassword::Referenced(_, from)) => {
            let secret = from.field("secretKeyRef");
            let part = |field| secret.field(field).as_nonempty_str();
            (part("name"), part("key"))
        }
        _ => (None, None),
    };
    let (name, key) = (name.unwrap_or("…"), key.unwrap_or("…"));
    let path = object.cluster.path().field(OPTIONS);
    let quoted = |text: String| serde_json::to_string(&Json::from(text)).unwrap_or_default();
    let namespace = object.annotation(STORAGE_NAMESPACE_ANNOTATION).filter(|namespace| !namespace.is_empty());
    let namespace = namespace.map(|text| format!(", externalStorageNamespace: {}", quoted(text.to_owned())));
    format!(
        "{path}: {{redisAddress: {}, redisPassword: {{valueFrom: {{secretKeyRef: {{name: {name}, key: {key}}}}}}}{}}}",
        quoted(address.to_owned()),
        namespace.unwrap_or_default(),
    )
}
