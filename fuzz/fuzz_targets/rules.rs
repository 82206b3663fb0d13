//! Checks every rule with any object: the verdict is the same each time, and every finding is one line with a
//! field path.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rayguard_fuzz::case::Case;
use rayguard_manifest::json::Json;
use rayguard_policy::kuberay::Version;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::{Finding, Level};
use rayguard_policy::schema::{Schema, Violation};
use rayguard_test_support::law;
use serde_json::Value;

/// The password in seeds and in the dictionary.
const SECRET: &str = "5241590000000000";

rayguard_fuzz::mutate_json!();

fuzz_target!(|data: &[u8]| {
    let Some(Case { object, old, policy }) = Case::read(data) else { return };
    let text = object.to_string();
    let json: Json<'_> = serde_json::from_str(&text).expect("what serde_json wrote");
    assert_eq!(Value::from(&json), object, "it is read as it was written");
    for version in Version::ALL {
        check_schema(Schema::of(version), &json);
    }
    let Some(ray) = RayObject::read(&json) else {
        assert!(policy.dry_run(&json, None).is_none());
        return;
    };
    let old_text = old.as_ref().map(ToString::to_string);
    let old_json = old_text.as_deref().map(|text| serde_json::from_str::<Json<'_>>(text).expect("JSON"));
    let old = old_json.as_ref().and_then(RayObject::read);

    let found = policy.validate(&ray, old.as_ref());
    assert_eq!(found, policy.validate(&ray, old.as_ref()), "one object, one verdict");
    check(&policy, &ray, &found);
    if old.is_none() {
        // The existing violations of an object never block an update of it.
        let again = policy.validate(&ray, Some(&ray));
        assert!(again.iter().all(|finding| finding.level < Level::Deny), "{again:#?}");
        law::findings_name_a_field_path_in_the_object(&policy, &object);
    }

    let outcome = policy.dry_run(&json, Some("default")).expect("a KubeRay object");
    for finding in &outcome.findings {
        let written = outcome.as_written(&finding.path);
        assert!(written.steps().len() <= finding.path.steps().len());
    }
    let everything = found.iter().chain(&outcome.findings);
    if has_only_secret_passwords(&object) {
        everything.for_each(|finding| assert!(!finding.to_string().contains(SECRET), "{finding}"));
    }
});

fn check(policy: &Policy, object: &RayObject<'_>, found: &[Finding]) {
    for finding in found {
        let line = finding.to_string();
        assert!(!line.contains(['\n', '\r']), "{line:?}");
        assert!(finding.message.chars().count() <= 120, "{line}");
        assert!(finding.level > Level::Off && finding.level <= policy.level(finding.rule), "{line}");
        let exempts = |namespace| {
            let exempt = |name: &String| name == namespace;
            policy.exemptions.iter().any(|exemption| {
                exemption.rules.contains(&finding.rule.name) && exemption.namespaces.iter().any(exempt)
            })
        };
        assert!(!object.namespace.is_some_and(exempts), "{line}");
    }
}

/// Checks that a conforming value is not changed, and that every schema error has a field path.
fn check_schema(schema: &Schema, json: &Json<'_>) {
    let mut once = json.clone();
    schema.conform(&mut once);
    let mut twice = once.clone();
    schema.conform(&mut twice);
    assert_eq!(Value::from(&once), Value::from(&twice));
    for violation in schema.violations(json) {
        let (Violation::Unknown { path, .. } | Violation::Malformed { path, .. }) = &violation;
        let parent = path.take(path.steps().len().saturating_sub(1));
        assert!(parent.value(json).is_some() || parent.to_pointer() == "/metadata", "{violation:?}");
    }
}

/// Returns whether the password is only in fields for passwords.
fn has_only_secret_passwords(object: &Value) -> bool {
    fn count(value: &Value, is_password: bool) -> bool {
        match value {
            Value::Object(fields) => {
                let is_env = fields.get("name").is_some_and(|name| name == "REDIS_PASSWORD");
                fields.iter().all(|(name, value)| {
                    let is_password = match name.as_str() {
                        "redis-password" => true,
                        "redisPassword" => value.is_object(),
                        "value" => is_env || is_password,
                        _ => false,
                    };
                    !name.contains(SECRET) && count(value, is_password)
                })
            }
            Value::Array(items) => items.iter().all(|value| count(value, false)),
            Value::String(text) => is_password || !text.contains(SECRET),
            other => !other.to_string().contains(SECRET),
        }
    }
    count(object, false)
}
