//! The rules as policies that the API server evaluates itself (`ValidatingAdmissionPolicy`), for clusters without a webhook
//! and as a fallback next to one.
//!
//! Each rule that CEL can express has a file `src/rules/<rule>.cel.yaml` with an expression that returns the paths of its
//! findings. Shared definitions are in `src/cel/variables.yaml`. Any other rule gives the reason in [`Rule::cel`].

mod document;
mod source;

use std::fmt::Write as _;

use crate::policy::Policy;
use crate::rule::{Cel, Level, Rule, Scope};
use crate::rules::RULES;
use source::{Source, Texts};

/// Every rule that CEL can express and that the policy has not switched off, each as a policy and its binding, in YAML.
pub fn export(policy: &Policy) -> String {
    let mut text = format!(
        "# Made by rayguard {} for KubeRay {}; not to be edited, but to be made anew: rayguard rules --export cel\n",
        env!("CARGO_PKG_VERSION"),
        policy.settings.kuberay.version,
    );
    for rule in RULES.iter().filter(|rule| rule.scope == Scope::Admission) {
        let level = policy.level(rule);
        if let Cel::Yes(cel) = rule.cel
            && level > Level::Off
        {
            let source = Source::read(cel, &policy.settings);
            if source.applies(&policy.settings.kuberay) {
                write_rule(&mut text, rule, level, &source, policy);
            }
        }
    }
    text
}

/// Why CEL cannot express a rule; `None` for one that it can.
pub fn obstacle(rule: &Rule) -> Option<&'static str> {
    match rule.cel {
        Cel::Yes(_) => None,
        Cel::No(why) => Some(why),
    }
}

/// Every rule as a row of a Markdown table: whether it is exported, and why not.
pub fn markdown_table() -> String {
    let mut table = String::from("| rule | exported |\n| --- | --- |\n");
    for rule in RULES {
        let said = obstacle(rule).map_or_else(|| "yes".to_owned(), |why| format!("no: {why}"));
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| {} | {said} |", rule.name);
    }
    table
}

/// Writes a rule's policies: one for what is refused, and one for what is only warned of, where there is such a thing.
/// An update is warned of what the old object was guilty of already, and refused for the rest.
fn write_rule(text: &mut String, rule: &'static Rule, level: Level, source: &Source, policy: &Policy) {
    const FOUND: &str = "variables.finds + variables.advises";
    const UPDATES: &str = "request.operation == 'UPDATE'";
    let mut texts = Texts::of(source);
    let mut write = |level, suffix, operations, places: &str, texts: &Texts| {
        let parts = document::Parts { rule, level, suffix, operations, places, source, texts, policy };
        document::write(text, &parts);
    };
    if source.is_of_updates {
        return write(level, "", "UPDATE", "variables.finds", &texts);
    }
    texts.define("found", FOUND);
    if level < Level::Deny {
        return write(level, "", "CREATE, UPDATE", "variables.found", &texts);
    }
    let new = format!("{UPDATES} ? variables.finds.filter(f, !(f in variables.oldFound)) : variables.finds");
    let old = format!("({UPDATES} ? variables.finds.filter(f, f in variables.oldFound) : []) + variables.advises");
    texts.define("places", &new);
    write(Level::Deny, "", "CREATE, UPDATE", "variables.places", &texts);
    texts.define("places", &old);
    let operations = if source.has_advice { "CREATE, UPDATE" } else { "UPDATE" };
    write(Level::Warn, "-warn", operations, "variables.places", &texts);
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\n";

    /// The policy and the binding of a rule, under a name.
    fn exported(policy: &str, name: &str) -> Vec<String> {
        let policy = Policy::from_yaml(&format!("{HEADER}{policy}")).expect("a policy");
        let text = export(&policy);
        let is_it = |document: &&str| document.contains(&format!("\n  name: {name}\n"));
        text.split("---\n").filter(is_it).map(str::to_owned).collect()
    }

    #[test]
    fn a_level_is_an_action() {
        const RULE: &str = "rayguard-missing-redis-address";
        for (level, action, failure) in
            [("deny", "Deny", "Fail"), ("warn", "Warn", "Ignore"), ("audit", "Audit", "Ignore")]
        {
            let documents = exported(&format!("rules: {{missing-redis-address: {level}}}"), RULE);
            let [policy, binding] = &documents[..] else { panic!("{documents:?}") };
            assert!(binding.contains(&format!("validationActions: [{action}]\n")), "{binding}");
            assert!(policy.contains(&format!("failurePolicy: {failure}\n")), "{policy}");
            let warns = exported(&format!("rules: {{missing-redis-address: {level}}}"), &format!("{RULE}-warn"));
            assert_eq!(warns.len(), if level == "deny" { 2 } else { 0 });
        }
        assert_eq!(exported("rules: {missing-redis-address: off}", RULE), [""; 0]);
        assert!(exported("highestLevel: audit", RULE)[1].contains("[Audit]"));
    }

    #[test]
    fn settings_are_numbers_and_gates_are_known() {
        const GATED: &str = "rayguard-suspended-worker-group";
        let policy =
            &exported("settings: {shortWorkerReconnectTimeoutSeconds: 123}", "rayguard-short-reconnect-timeout")[0];
        assert!(policy.contains("t.seconds < 123") && !policy.contains("{short}"), "{policy}");
        assert_eq!(exported("kuberay: {version: '1.6'}", GATED).len(), 2);
        assert_eq!(exported("kuberay: {version: '1.5'}", GATED).len(), 0, "its gate is shut");
        assert_eq!(exported("kuberay: {version: '1.2'}", "rayguard-missing-container").len(), 0, "it came with 1.3");
    }

    #[test]
    fn exempt_namespaces_are_not_selected() {
        let exemption = "exemptions: [{namespaces: [sandbox, lab], rules: [loopback-redis], reason: It is a lab}]";
        let [policy, _] = &exported(exemption, "rayguard-loopback-redis")[..] else { panic!("two documents") };
        let selector = "      # It is a lab\n      - key: kubernetes.io/metadata.name\n        operator: NotIn\n        \
                        values: [\"sandbox\", \"lab\"]\n";
        assert!(policy.contains(selector), "{policy}");
        assert!(!exported(exemption, "rayguard-redis-tls-without-ca")[0].contains("sandbox"));
        let own = &exported("objectExemptions: [loopback-redis]", "rayguard-loopback-redis")[0];
        assert!(own.contains("annotations[?'rayguard.dev/ignore-loopback-redis']"), "{own}");
        assert!(!exported("", "rayguard-loopback-redis")[0].contains("ignore-"));
    }

    #[test]
    fn a_reason_stays_within_its_comment() {
        let reason = r#""a\rspec: b\u2028spec: c\u0085spec: d\nspec: e""#;
        let exemption = format!("exemptions: [{{namespaces: [lab], rules: [loopback-redis], reason: {reason}}}]");
        let [policy, _] = &exported(&exemption, "rayguard-loopback-redis")[..] else { panic!("two documents") };
        let comment = "      # a\\rspec: b\\u{2028}spec: c\\u{85}spec: d\n      # spec: e\n      - key: kubernetes.io";
        assert!(policy.contains(comment), "{policy}");
        assert!(!policy.contains(['\r', '\u{85}', '\u{2028}']), "{policy}");
    }
}
