//! A policy and its binding, as YAML that people can read.

use std::fmt::Write as _;

use super::source::{Source, Texts};
use crate::policy::PREFIX;
use crate::policy::Policy;
use crate::rule::{Level, Rule};
use rayguard_manifest::path::on_one_line;

/// What a policy is made of.
pub(super) struct Parts<'p> {
    pub(super) rule: &'static Rule,
    pub(super) level: Level,
    /// What follows the rule's name.
    pub(super) suffix: &'static str,
    pub(super) operations: &'static str,
    /// The expression that gives the places where something is wrong.
    pub(super) places: &'p str,
    pub(super) source: &'p Source,
    pub(super) texts: &'p Texts,
    pub(super) policy: &'p Policy,
}

/// More places than so many are not listed: a message may have 5 KiB.
const MOST_PLACES: usize = 8;

/// As the chart has it for the webhook: clean-up is never held up, and an update is judged if it changes what is judged.
const CONDITIONS: &str = r#"  matchConditions:
  - name: is-not-being-deleted
    expression: "!has(object.metadata.deletionTimestamp)"
  - name: changes-what-is-judged
    expression: >-
      request.operation != "UPDATE"
      || object.?spec != oldObject.?spec
      || [object, oldObject].exists(either, ["annotations", "labels"].exists(field,
      either.metadata[?field].orValue({}).exists(key,
      key.startsWith("ray.io/") && object.metadata[?field][?key] != oldObject.metadata[?field][?key])))
"#;

/// Writes a policy and its binding, each as a document.
pub(super) fn write(text: &mut String, parts: &Parts<'_>) {
    let Parts { rule, level, suffix, operations, places, source, texts, policy } = parts;
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
            // To YAML a carriage return ends a line too, and to some readers U+2028 does.
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
    if policy.object_exemptions.holds(rule) {
        let _ = writeln!(
            text,
            "  - name: is-not-exempt\n    expression: object.metadata.?annotations[?'{PREFIX}{}'].orValue('').trim() == ''",
            rule.name
        );
    }
    text.push_str("  variables:\n");
    for (name, expression) in texts.needed(places) {
        let _ = writeln!(text, "  - name: {name}\n    expression: |-");
        for line in expression.trim_end().lines() {
            let _ = writeln!(text, "      {line}");
        }
    }
    let what = format!("{}; {} ({})", rule.summary, source.cure, rule.name);
    let most = MOST_PLACES;
    let _ = write!(
        text,
        "  validations:\n  - expression: {places}.size() == 0\n    message: {message}\n    messageExpression: |-\n\
         \x20     ({places}.size() > {most} ? {places}[0] + ' and ' + string({places}.size() - 1) + ' other places'\n\
         \x20     : {places}.join(', ')) + {tail}\n\
         \x20 auditAnnotations:\n  - key: places\n    valueExpression: {places}.join('\\n')\n\
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

/// A text between quotation marks, for YAML and CEL alike.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
