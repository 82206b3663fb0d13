#![doc = include_str!("invalid_name.md")]

use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::kuberay::Kind;
use crate::kuberay::Version;
use crate::name::{Syntax, sentence};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-name",
    summary: "a name that is too long for KubeRay, or that is not a DNS label",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_name.md"),
    cel: Cel::Yes(include_str!("invalid_name.cel.yaml")),
    check,
};

/// How many characters the API server keeps of `metadata.generateName`, and how many it appends
/// (`SimpleNameGenerator`, k8s.io/apiserver/pkg/storage/names/generate.go).
const PREFIX: usize = 58;
const SUFFIX: &str = "xxxxx";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let version = settings.kuberay.version;
    let (limit, is_label) = match object.kind {
        Kind::RayCluster if version >= Version::v1(4) => (53, true),
        Kind::RayService | Kind::RayJob if version >= Version::v1(4) => (47, true),
        Kind::RayCronJob if version >= Version::v1(7) => (36, false),
        _ => return,
    };
    let metadata = object.json.field("metadata");
    let prefix = metadata.field("generateName").as_nonempty_str();
    let prefix = prefix.map(|prefix| &prefix[..prefix.floor_char_boundary(PREFIX)]);
    match (metadata.field("name").as_nonempty_str(), prefix) {
        // In the webhook, the API server has already generated the name; the user can change only the prefix.
        (Some(name), Some(prefix)) if is_made_of(name, prefix) => {
            judge(object.kind, name, "generateName", (limit, is_label), findings);
        }
        (Some(name), _) => judge(object.kind, name, "name", (limit, is_label), findings),
        (None, Some(prefix)) => {
            // Any suffix that the API server appends is valid in a DNS label.
            judge(object.kind, &[prefix, SUFFIX].concat(), "generateName", (limit, is_label), findings);
        }
        // Without metadata there is no field to report, and the API server refuses the object first.
        (None, None) if is_label && metadata.as_object().is_some() => {
            let path = FieldPath::of(["metadata", "name"]);
            findings.required(path, "the object has no name", format!("write {}", Syntax::Dns1035Label.form()));
        }
        (None, None) => {}
    }
}

/// Returns whether the API server generated this name from the prefix.
fn is_made_of(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|suffix| suffix.len() == SUFFIX.len())
}

fn judge(kind: Kind, name: &str, field: &'static str, (limit, is_label): (usize, bool), findings: &mut Findings) {
    let kind = kind.as_str();
    let subject = if field == "name" { "the name" } else { "the generated name" };
    if name.len() > limit {
        let most = if field == "name" { limit } else { limit - SUFFIX.len() };
        let message = format!("{subject} has {} characters, and KubeRay allows {limit} for a {kind}", name.len());
        findings.invalid(FieldPath::of(["metadata", field]), message, format!("write at most {most} characters"));
    }
    if !is_label {
        return;
    }
    let errors = Syntax::Dns1035Label.errors(name);
    if errors.iter().any(|error| !error.is_length()) {
        let message = format!("{subject} {}", sentence(errors.iter().filter(|error| !error.is_length())));
        let help = "write lower-case letters, digits and '-', with a letter first and no '-' last";
        findings.invalid(FieldPath::of(["metadata", field]), message, help);
    }
}

#[cfg(test)]
mod tests {
    use rayguard_manifest::json::Json;

    use super::*;
    use crate::kuberay::KubeRay;
    use crate::ray::RayObject;
    use crate::settings::Settings;

    fn found(kind: &str, metadata: &str, minor: u8) -> Vec<String> {
        let text = format!(r#"{{"apiVersion":"ray.io/v1","kind":"{kind}","metadata":{metadata}}}"#);
        let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
        let object = RayObject::read(&json).expect("one of KubeRay's objects");
        let kuberay = KubeRay { version: Version::v1(minor), feature_gates: Vec::new() };
        let settings = Settings { kuberay, ..Settings::default() };
        let findings = Findings::collect(&Context::new(&object, &settings), [(&RULE, Level::Deny)]);
        findings.iter().map(|finding| format!("{}: {}", finding.path, finding.message)).collect()
    }

    #[test]
    fn each_kind_has_its_limit_since_its_version() {
        for (kind, limit, since) in
            [("RayCluster", 53, 4), ("RayService", 47, 4), ("RayJob", 47, 4), ("RayCronJob", 36, 7)]
        {
            let named = |length: usize| format!(r#"{{"name":"{}"}}"#, "a".repeat(length));
            let generated = |length: usize| format!(r#"{{"generateName":"{}-"}}"#, "a".repeat(length - 6));
            for metadata in [named(limit), generated(limit)] {
                assert!(found(kind, &metadata, since).is_empty(), "{kind}: {metadata}");
            }
            for metadata in [named(limit + 1), generated(limit + 1)] {
                let says = format!("has {} characters, and KubeRay allows {limit}", limit + 1);
                assert!(matches!(&*found(kind, &metadata, since), [one] if one.contains(&says)), "{kind}: {metadata}");
                assert!(found(kind, &metadata, since - 1).is_empty(), "{kind} before 1.{since}: {metadata}");
            }
        }
    }

    #[test]
    fn a_generated_name_has_at_most_63_characters() {
        let found = found("RayCluster", &format!(r#"{{"generateName":"{}é"}}"#, "a".repeat(57)), 7);
        assert_eq!(
            found,
            ["metadata.generateName: the generated name has 62 characters, and KubeRay allows 53 for a RayCluster"]
        );
    }

    #[test]
    fn an_invalid_generated_name_is_reported_at_the_prefix() {
        for metadata in [r#"{"generateName":"A-"}"#, r#"{"name":"A-x2z4b","generateName":"A-"}"#] {
            let expected = ["metadata.generateName: the generated name contains 'A'"];
            assert_eq!(found("RayJob", metadata, 7), expected, "{metadata}");
        }
        let named = found("RayJob", r#"{"name":"A-longer","generateName":"A-"}"#, 7);
        assert_eq!(named, ["metadata.name: the name contains 'A'"]);
    }

    #[test]
    fn a_name_takes_precedence_over_a_prefix_and_an_empty_one_counts_as_missing() {
        assert!(found("RayJob", r#"{"name":"a","generateName":"A"}"#, 7).is_empty());
        assert!(found("RayJob", r#"{"name":"","generateName":"a-"}"#, 7).is_empty());
        assert_eq!(found("RayJob", r#"{"name":""}"#, 7), ["metadata.name: the object has no name"]);
        assert!(found("RayCronJob", r#"{"name":""}"#, 7).is_empty(), "KubeRay checks only its length");
        for metadata in ["{}", "null", r#"{"name":1}"#] {
            assert_eq!(found("RayJob", metadata, 7).len(), usize::from(metadata != "null"), "{metadata}");
        }
    }
}
