//! The expressions of the rules, and the variables that each of them needs.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rayguard_manifest::json::Json;
use rayguard_manifest::yaml;
use regex_lite::{Captures, Regex};

use crate::kuberay::Kind;
use crate::kuberay::{FeatureGate, KubeRay, Version};
use crate::settings::Settings;

/// The `.cel.yaml` file of a rule.
pub(super) struct RuleSource {
    /// The kinds that the rule checks.
    pub(super) kinds: Vec<Kind>,
    since: Version,
    gate: Option<FeatureGate>,
    /// Whether the rule compares the new object of an update with the old one, and finds nothing in an object that is
    /// created.
    pub(super) is_of_updates: bool,
    /// Whether some findings are only warnings at any level.
    pub(super) has_advice: bool,
    /// What to write instead.
    pub(super) help: String,
    variables: Vec<(String, String)>,
}

impl RuleSource {
    /// Reads a rule's file, and inserts the settings of the policy.
    pub(super) fn read(text: &str, settings: &Settings) -> Self {
        let json = mapping(text);
        let kinds = json.field("kinds").items();
        let is_named = |kind: &Kind| kinds.iter().any(|name| name.as_str() == Some(kind.as_str()));
        let string = |name: &str| json.field(name).as_str().map(|text| insert_settings(text, settings));
        let mut variables = Vec::new();
        for (name, text) in json.field("variables").entries() {
            variables.push((name.to_string(), insert_settings(text.as_str().unwrap_or_default(), settings)));
        }
        let advises = string("warns");
        let has_advice = advises.is_some();
        variables.push(("finds".to_owned(), string("finds").unwrap_or_default()));
        variables.push(("advises".to_owned(), advises.unwrap_or_else(|| "[]".to_owned())));
        let shared = mapping(include_str!("variables.yaml"));
        for (name, text) in shared.entries() {
            variables.push((name.to_string(), insert_settings(text.as_str().unwrap_or_default(), settings)));
        }
        Self {
            kinds: Kind::ALL.into_iter().filter(|kind| kinds.is_empty() || is_named(kind)).collect(),
            since: json
                .field("since")
                .as_i64()
                .and_then(|minor| minor.try_into().ok())
                .map_or(Version::OLDEST, Version::v1),
            gate: json.field("gate").as_str().and_then(gate),
            is_of_updates: json.field("update").as_bool() == Some(true),
            has_advice,
            help: string("cure").unwrap_or_default(),
            variables,
        }
    }

    /// Reports whether the rule applies to this version of KubeRay and its feature gates.
    pub(super) fn applies(&self, kuberay: &KubeRay) -> bool {
        let is_enabled = |gate: FeatureGate| gate.is_in(kuberay.version) && kuberay.is_enabled(gate);
        kuberay.version >= self.since && self.gate.is_none_or(is_enabled)
    }
}

/// Parses an embedded file, which is a map.
fn mapping(text: &str) -> Json<'_> {
    let document = yaml::documents(text).into_iter().next().and_then(Result::ok);
    document.expect("the files of expressions are YAML, and tests read them all").json
}

fn gate(name: &str) -> Option<FeatureGate> {
    FeatureGate::ALL.into_iter().find(|gate| gate.as_str() == name)
}

/// Replaces placeholders by the settings of the policy:
///
/// - `{kuberay}` by the minor version of KubeRay;
/// - `{short}`, `{margin}` and `{assumed}` by timeouts in seconds;
/// - `{shut:Gate}` by whether the operator has a feature gate and it is disabled.
fn insert_settings(text: &str, settings: &Settings) -> String {
    static SETTING: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\{([a-z]+)(?::([A-Za-z]+))?\}").expect("a pattern"));
    let kuberay = &settings.kuberay;
    let value = |found: &Captures<'_>| match &found[1] {
        "kuberay" => kuberay.version.minor().to_string(),
        "short" => settings.short_worker_reconnect_timeout.to_string(),
        "margin" => settings.reconnect_timeout_margin.to_string(),
        "assumed" => settings.assumed_head_reconnect_timeout.to_string(),
        "shut" => {
            let gate = found.get(2).and_then(|name| gate(name.as_str()));
            gate.is_some_and(|gate| gate.is_in(kuberay.version) && !kuberay.is_enabled(gate)).to_string()
        }
        _ => found[0].to_owned(),
    };
    SETTING.replace_all(text, value).into_owned()
}

/// Expressions by name. The name with the prefix `old` is the expression about the old object of an update.
#[derive(Clone)]
pub(super) struct Expressions(BTreeMap<String, String>);

impl Expressions {
    pub(super) fn of(source: &RuleSource) -> Self {
        Self(source.variables.iter().cloned().collect())
    }

    /// Defines the expression of a name, or replaces it.
    pub(super) fn define(&mut self, name: &str, text: &str) {
        self.0.insert(name.to_owned(), text.to_owned());
    }

    /// Returns the expression of a name. With the prefix `old`, it is about the old object of an update.
    fn text(&self, name: &str) -> Option<String> {
        if let Some(text) = self.0.get(name) {
            return Some(text.clone());
        }
        let of_new = name.strip_prefix("old")?;
        let (first, rest) = of_new.split_at_checked(1)?;
        Some(of_old(self.0.get(&(first.to_lowercase() + rest))?))
    }

    /// Returns the variables that an expression needs. Each one follows the variables that it needs itself.
    pub(super) fn needed(&self, expression: &str) -> Vec<(String, String)> {
        let mut needed = Vec::new();
        self.add_needed(expression, &mut needed);
        needed
    }

    fn add_needed(&self, expression: &str, needed: &mut Vec<(String, String)>) {
        for name in names(expression) {
            if !needed.iter().any(|(known, _)| known == name) {
                let text = self.text(name).unwrap_or_else(|| panic!("no expression has the name {name}"));
                self.add_needed(&text, needed);
                needed.push((name.to_owned(), text));
            }
        }
    }
}

static VARIABLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bvariables\.([A-Za-z0-9]+)").expect("a pattern"));

fn names(expression: &str) -> impl Iterator<Item = &str> {
    VARIABLE.captures_iter(expression).filter_map(|found| Some(found.get(1)?.as_str()))
}

/// Turns an expression about the object into one about the old object.
fn of_old(expression: &str) -> String {
    static OBJECT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bobject\b").expect("a pattern"));
    let variables = VARIABLE.replace_all(expression, |found: &Captures<'_>| {
        let (first, rest) = found[1].split_at(1);
        format!("variables.old{}{rest}", first.to_uppercase())
    });
    OBJECT.replace_all(&variables, "oldObject").into_owned()
}
