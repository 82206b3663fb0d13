//! A `ValidatingAdmissionPolicy` and its binding, as readable YAML.

use std::fmt::Write as _;

use rayguard_manifest::path::on_one_line;

use super::source::{Expressions, RuleSource};
use crate::policy::IGNORE_PREFIX;
use crate::policy::Policy;
use crate::rule::{Level, Rule};

/// The parts of a policy.
pub(super) struct Parts<'p> {
    pub(super) rule: &'static Rule,
    pub(super) level: Level,
    /// The suffix of the policy's name, after the rule's name.
    pub(super) suffix: &'static str,
    pub(super) operations: &'static str,
    /// The expression that returns the paths of the findings.
    pub(super) paths: &'p str,
    pub(super) source: &'p RuleSource,
    pub(super) expressions: &'p Expressions,
    pub(super) policy: &'p Policy,
}

/// The number of paths up to which a message lists all of them. Kubernetes limits a message to 5 KiB.
const MAX_LISTED_PATHS: usize = 8;

/// The match conditions: an object that is being deleted is not checked, and an update is checked only if it changes a
/// field that rules read. Those of the chart's webhooks also exclude the autoscaler's changes. That is not needed here,
/// because a policy is always available.
const CONDITIONS: &str = r#"  matchConditions:
  - name: is-not-being-deleted
    expression: "!has(object.metadata.deletionTimestamp)"
  - name: has-relevant-changes
    expression: >-
      request.operation != "UPDATE"
      || object.?spec != oldObject.?spec
      || [object, oldObject].exists(either, ["annotations", "labels"].exists(field,
      either.metadata[?field].orValue({}).exists(key,
      key.startsWith("ray.io/") && object.metadata[?field][?key] != oldObject.metadata[?field][?key])))
"#;

/// Writes a policy and its binding, each as a document.
pub(super) fn write(text: &mut String, parts: &Parts<'_>) {
    let Parts { rule, level, suffix, operations, paths, source, expressions, policy } = parts;
    let name = format!("rayguard-{}{suffix}", rule.name);
    let resources: Vec<_> = source.kinds.iter().map(|kind| kind.as_str().to_lowercase() + "s").collect();
    let failure = if *level == Level::Deny { "Fail" } else { "Ignore" };
    let _ = write!(
        text,
        "---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata:\n  name: {name}\n\
         \x20 labels:\n    app.kubernetes.io/managed-by: rayguard\nspec:\n  failurePolicy: {failure}\n  matchConstraints:\n\
         \x20   matchPolicy: Equivalent\n    namespaceSelector:\n      matchExpressions:\n\
         \x20     - key: rayguard.dev/ignore\n        operator: DoesNotExist\n"
    );
    let exempt = policy.exemptions.iter().filter(|exemption| exemption.rules.contains(&rule.name));
    for exemption in exempt {
        for line in exemption.reason.lines() {
            // In YAML a carriage return ends a line too, and for some parsers U+2028 does.
            let _ = writeln!(text, "      # {}", on_one_line(line));
        }
        let namespaces: Vec<_> = exemption.namespaces.iter().map(|name| quoted(name)).collect();
        let _ = writeln!(
            text,
            "      - key: kubernetes.io/metadata.name\n        operator: NotIn\n        values: [{}]",
            namespaces.join(", ")
        );
    }
    let _ = write!(
        text,
        "    resourceRules:\n    - apiGroups: [ray.io]\n      apiVersions: [v1]\n      operations: [{operations}]\n\
         \x20     resources: [{}]\n      scope: Namespaced\n{CONDITIONS}",
        resources.join(", ")
    );
    if policy.object_exemptions.contains(rule) {
        let _ = writeln!(
            text,
            "  - name: is-not-exempt\n    \
             expression: object.metadata.?annotations[?'{IGNORE_PREFIX}{}'].orValue('').trim() == ''",
            rule.name
        );
    }
    text.push_str("  variables:\n");
    for (name, expression) in expressions.needed(paths) {
        let _ = writeln!(text, "  - name: {name}\n    expression: |-");
        for line in expression.trim_end().lines() {
            let _ = writeln!(text, "      {line}");
        }
    }
    let what = format!("{}; {} ({})", rule.summary, source.help, rule.name);
    let most = MAX_LISTED_PATHS;
    let _ = write!(
        text,
        "  validations:\n  - expression: {paths}.size() == 0\n    message: {message}\n    messageExpression: |-\n\
         \x20     ({paths}.size() > {most} ? {paths}[0] + ' and ' + string({paths}.size() - 1) + ' other places'\n\
         \x20     : {paths}.join(', ')) + {tail}\n\
         \x20 auditAnnotations:\n  - key: places\n    valueExpression: {paths}.join('\\n')\n\
         ---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata:\n\
         \x20 name: {name}\n  labels:\n    app.kubernetes.io/managed-by: rayguard\nspec:\n  policyName: {name}\n\
         \x20 validationActions: [{action}]\n",
        message = quoted(&what),
        tail = quoted(&format!(": {what}")),
        action = match level {
            Level::Deny => "Deny",
            Level::Warn => "Warn",
            Level::Audit | Level::Off => "Audit",
        },
    );
}

/// Returns a text as a quoted string, which is valid in YAML and in CEL.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
