//! The expressions as they are written, and what has to stand before each.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex_lite::{Captures, Regex};

use crate::kuberay::{FeatureGate, KubeRay, Version};
use crate::settings::Settings;
use crate::kuberay::Kind;
use rayguard_manifest::json::Json;
use rayguard_manifest::yaml;

/// A rule's own file.
pub(super) struct Source {
    /// The kinds that it looks at.
    pub(super) kinds: Vec<Kind>,
    since: Version,
    gate: Option<FeatureGate>,
    /// Whether it compares an object with what it was, and says nothing of a new one.
    pub(super) is_of_updates: bool,
    /// Whether some of what it finds is advice only.
    pub(super) has_advice: bool,
    /// What to write instead.
    pub(super) cure: String,
    variables: Vec<(String, String)>,
}

impl Source {
    /// Reads a rule's file, with the settings of the policy put in.
    pub(super) fn read(text: &str, settings: &Settings) -> Self {
        let json = mapping(text);
        let kinds = json.field("kinds").items();
        let is_named = |kind: &Kind| kinds.iter().any(|name| name.as_str() == Some(kind.as_str()));
        let string = |name: &str| json.field(name).as_str().map(|text| filled_in(text, settings));
        let mut variables = Vec::new();
        for (name, text) in json.field("variables").entries() {
            variables.push((name.to_string(), filled_in(text.as_str().unwrap_or_default(), settings)));
        }
        let advises = string("warns");
        let has_advice = advises.is_some();
        variables.push(("finds".to_owned(), string("finds").unwrap_or_default()));
        variables.push(("advises".to_owned(), advises.unwrap_or_else(|| "[]".to_owned())));
        let shared = mapping(include_str!("variables.yaml"));
        for (name, text) in shared.entries() {
            variables.push((name.to_string(), filled_in(text.as_str().unwrap_or_default(), settings)));
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
            cure: string("cure").unwrap_or_default(),
            variables,
        }
    }

    /// Whether the rule has anything to say of what this operator takes.
    pub(super) fn applies(&self, kuberay: &KubeRay) -> bool {
        let is_open = |gate: FeatureGate| gate.is_in(kuberay.version) && kuberay.is_enabled(gate);
        kuberay.version >= self.since && self.gate.is_none_or(is_open)
    }
}

/// A file of ours, which is a map.
fn mapping(text: &str) -> Json<'_> {
    let document = yaml::documents(text).into_iter().next().and_then(Result::ok);
    document.expect("the files of expressions are YAML, and tests read them all").json
}

fn gate(name: &str) -> Option<FeatureGate> {
    FeatureGate::ALL.into_iter().find(|gate| gate.as_str() == name)
}

/// Puts in what the policy says: `{kuberay}`, the minor version; `{short}`, `{margin}` and `{assumed}`, in seconds; and
/// `{shut:Gate}`, whether the operator has a gate and keeps it shut.
fn filled_in(text: &str, settings: &Settings) -> String {
    static SETTING: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\{([a-z]+)(?::([A-Za-z]+))?\}").expect("a pattern"));
    let kuberay = &settings.kuberay;
    let value = |found: &Captures<'_>| match &found[1] {
        "kuberay" => kuberay.version.to_string().trim_start_matches("1.").to_owned(),
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

/// Expressions by name. Each name has its like for the object before an update, with `old` before it.
#[derive(Clone)]
pub(super) struct Texts(BTreeMap<String, String>);

impl Texts {
    pub(super) fn of(source: &Source) -> Self {
        Self(source.variables.iter().cloned().collect())
    }

    /// Gives a name to an expression, or another one.
    pub(super) fn define(&mut self, name: &str, text: &str) {
        self.0.insert(name.to_owned(), text.to_owned());
    }

    /// The text of a name; of one with `old`, the same about the object before the update.
    fn text(&self, name: &str) -> Option<String> {
        if let Some(text) = self.0.get(name) {
            return Some(text.clone());
        }
        let of_new = name.strip_prefix("old")?;
        let (first, rest) = of_new.split_at_checked(1)?;
        Some(of_old(self.0.get(&(first.to_lowercase() + rest))?))
    }

    /// What an expression needs, each after what it needs itself.
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

/// An expression about the object, as one about what the object was.
fn of_old(expression: &str) -> String {
    static OBJECT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bobject\b").expect("a pattern"));
    let variables = VARIABLE.replace_all(expression, |found: &Captures<'_>| {
        let (first, rest) = found[1].split_at(1);
        format!("variables.old{}{rest}", first.to_uppercase())
    });
    OBJECT.replace_all(&variables, "oldObject").into_owned()
}
