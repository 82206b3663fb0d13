//! The directives of strategic merge patches, by which a patch for kustomize is recognized.

use rayguard_manifest::json::Json;

/// The prefix of a directive in a strategic merge patch, such as `$patch: delete` or `$setElementOrder/env`.
const DIRECTIVE: char = '$';

/// The directives of a strategic merge patch (`k8s.io/apimachinery/pkg/util/strategicpatch/patch.go`). Some of them have
/// the name of a list after a slash.
const DIRECTIVES: [&str; 4] = ["$patch", "$retainKeys", "$deleteFromPrimitiveList", "$setElementOrder"];

/// Reports whether an object has a directive of a strategic merge patch anywhere. The API server has no such field.
pub fn is_in(json: &Json<'_>) -> bool {
    match json {
        Json::Object(_) => json.entries().iter().any(|(key, value)| is_directive(key) || is_in(value)),
        Json::Array(items) => items.iter().any(is_in),
        _ => false,
    }
}

fn is_directive(key: &str) -> bool {
    key.starts_with(DIRECTIVE) && DIRECTIVES.contains(&key.split('/').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use rayguard_manifest::yaml::documents;

    use super::*;

    fn json(text: &str) -> Json<'_> {
        documents(text).remove(0).expect("YAML").json
    }

    #[test]
    fn a_directive_is_found_at_any_depth() {
        for text in ["$patch: delete", "spec: {a: [{$patch: replace}]}", "spec: {$setElementOrder/env: []}"] {
            assert!(is_in(&json(text)), "{text}");
        }
        for text in ["spec: {a: $patch}", "spec: {$patches: a}", "spec: {resources: {}}"] {
            assert!(!is_in(&json(text)), "{text}");
        }
    }
}
