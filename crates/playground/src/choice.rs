//! Choices of the page, which are written into the text of the policy.

use rayguard_manifest::fix::Edit;
use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::edit::{Change, Edited, edit};
use rayguard_manifest::yaml::{self, Document};

use crate::answer::ChangedText;

/// The policy that changes nothing.
const EMPTY: &str = "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\n";

/// Sets a key of a policy, or removes it together with a map that has nothing else. Everything else in the text stays.
pub(crate) fn set(policy: &str, key: &[&'static str], value: Option<String>) -> ChangedText {
    let text = if policy.trim().is_empty() { EMPTY } else { policy };
    let document = match yaml::documents(text).into_iter().next() {
        Some(Ok(document)) => document,
        Some(Err(error)) => return ChangedText::same(policy, Some(error.message)),
        None => return ChangedText::same(policy, Some("it has no document".to_owned())),
    };
    let Some(edit_of_key) = edit_of(&document, key, value) else { return ChangedText::same(policy, None) };
    let change = Change { object: document.location().bytes.start, edits: vec![edit_of_key] };
    let Edited { text, obstacles } = edit(text, &[change]);
    match obstacles.into_iter().flatten().next() {
        Some(obstacle) => ChangedText::same(policy, Some(obstacle.to_string())),
        None => ChangedText::done(text),
    }
}

/// Returns the edit that sets or removes a key, or `None` if there is nothing to do.
fn edit_of(document: &Document<'_>, key: &[&'static str], value: Option<String>) -> Option<Edit> {
    let is_written = !document.json.descend(key.iter().copied()).is_null();
    match value {
        Some(value) => Some(Edit::Set { path: FieldPath::of(key.iter().copied()), value: Json::from(value) }),
        None if !is_written => None,
        None => {
            let is_alone = |depth: &usize| document.json.descend(key[..*depth].iter().copied()).entries().len() == 1;
            let depth = (1..key.len()).find(is_alone).unwrap_or(key.len());
            Some(Edit::Remove { path: FieldPath::of(key[..depth].iter().copied()) })
        }
    }
}

#[cfg(test)]
mod tests {
    use rayguard_policy::policy::Policy;

    use super::*;

    fn set_to(policy: &str, key: &[&'static str], value: Option<&str>) -> String {
        set(policy, key, value.map(str::to_owned)).text
    }

    #[test]
    fn a_choice_is_written_and_removed_again() {
        let version = ["kuberay", "version"];
        let chosen = set_to("", &version, Some("1.5"));
        assert_eq!(chosen, format!("{EMPTY}kuberay:\n  version: \"1.5\"\n"));
        let policy = Policy::from_yaml(&chosen).expect("a valid policy");
        assert_eq!(policy.settings.kuberay.version.to_string(), "1.5");
        assert_eq!(set_to(&chosen, &version, Some("next")), chosen.replace("1.5", "next"));
        assert_eq!(set_to(&chosen, &version, None), EMPTY);
        assert_eq!(set_to(EMPTY, &version, None), EMPTY);
    }

    #[test]
    fn everything_else_in_a_policy_stays() {
        let policy = format!("# ours\n{EMPTY}kuberay: {{version: \"1.6\", featureGates: {{}}}} # the cluster\n");
        let chosen = set_to(&policy, &["webhook"], Some("absent"));
        assert_eq!(chosen, format!("{policy}webhook: absent\n"));
        let without = set_to(&policy, &["kuberay", "version"], None);
        assert_eq!(without, policy.replace("version: \"1.6\", ", ""));
    }

    #[test]
    fn a_broken_policy_is_not_changed() {
        let changed = set("kind: [", &["webhook"], Some("absent".to_owned()));
        let answer = serde_json::to_value(&changed).expect("JSON");
        assert_eq!(answer["text"], "kind: [");
        assert_eq!(answer["unfixed"].as_array().map(Vec::len), Some(1), "{answer}");
    }
}
