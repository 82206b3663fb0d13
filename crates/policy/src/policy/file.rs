//! The policy file: one format for the CLI's `--config` and the webhook's ConfigMap.
//!
//! An unknown key is an error. Otherwise a misspelled key would silently have no effect.

mod installed;
mod kuberay;

use std::collections::BTreeMap;
use std::fmt;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::{self, Document, Position};

use super::{Exemptible, Exemption, Policy, Settings, Webhook, assumption};
use crate::defaults::{Defaults, HeadNumCpus, PodTemplates, TemplateError, WorkerReconnectTimeout};
use crate::kuberay::Version;
use crate::name::{Syntax, sentence};
use crate::rule::Level;
use crate::rules;
use crate::spelling::{quote, suggestion};

const API_VERSION: &str = "rayguard.dev/v1alpha1";
const KIND: &str = "Policy";

/// An error in a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The field; empty where the file cannot be parsed.
    pub path: FieldPath,
    /// What is wrong with the field, or what to write instead.
    pub message: String,
    /// The position of the field in the file; `None` if the policy was not read from a text.
    pub position: Option<Position>,
}

impl fmt::Display for ConfigError {
    /// Prints `12:3: rules.missing-redis-pasword: there is no such key; did you mean …`, which follows the name of the
    /// file.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.position {
            write!(formatter, "{}:{}: ", position.line, position.column)?;
        }
        if !self.path.steps().is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

impl Policy {
    /// Parses a policy file.
    ///
    /// # Errors
    ///
    /// Returns all errors in the file, each with its field and position, sorted by position.
    pub fn from_yaml(text: &str) -> Result<Self, Vec<ConfigError>> {
        let error = |message: &str, position| {
            Err(vec![ConfigError { path: FieldPath::root(), message: message.to_owned(), position }])
        };
        let mut documents = yaml::documents(text).into_iter().map(|document| document.and_then(Document::into_strict));
        let file = match documents.next() {
            None => {
                return error("the policy file is empty; write apiVersion: rayguard.dev/v1alpha1, kind: Policy", None);
            }
            Some(Err(unread)) => return error(&unread.message, Some(unread.location.start)),
            Some(Ok(file)) => file,
        };
        match documents.next() {
            None => {}
            Some(Err(unread)) => return error(&unread.message, Some(unread.location.start)),
            Some(Ok(second)) => {
                return error("a policy file has one document; remove this one", Some(second.location().start));
            }
        }
        Self::from_json(&file.json).map_err(|mut errors| {
            for error in &mut errors {
                error.position = Some(file.locate(&error.path).start);
            }
            errors.sort_by_key(|error| error.position);
            errors
        })
    }

    /// Reads the policy from the document of a policy file.
    ///
    /// # Errors
    ///
    /// Returns all errors in the document, each with its field.
    pub fn from_json(file: &Json<'_>) -> Result<Self, Vec<ConfigError>> {
        let mut reader = Reader::default();
        let policy = reader.policy(file);
        if reader.errors.is_empty() { Ok(policy) } else { Err(reader.errors) }
    }
}

#[derive(Default)]
struct Reader {
    errors: Vec<ConfigError>,
}

impl Reader {
    fn policy(&mut self, file: &Json<'_>) -> Policy {
        let root = FieldPath::root();
        let known = [
            "apiVersion",
            "kind",
            "kuberay",
            "installed",
            "webhook",
            "highestLevel",
            "rules",
            "settings",
            "defaults",
            "exemptions",
            "objectExemptions",
        ];
        self.map(file, &root, &known);
        for (field, expected) in [("apiVersion", API_VERSION), ("kind", KIND)] {
            if file.field(field).as_str() != Some(expected) {
                self.error(root.clone().field(field), format!("write {field}: {expected}"));
            }
        }
        let settings = self.settings(file);
        let kuberay = settings.kuberay.version;
        let is_set = |path: &[&str]| !file.descend(path.iter().copied()).is_null();
        Policy {
            webhook: self.webhook(file.field("webhook"), &root.clone().field("webhook")),
            stated: assumption::stated(
                &settings.kuberay.feature_gates,
                is_set(&["kuberay", "version"]),
                is_set(&["installed"]),
                is_set(&["settings", "clusterDomain"]),
            ),
            settings,
            defaults: self.defaults(file.field("defaults"), &root.clone().field("defaults"), kuberay),
            levels: self.levels(file.field("rules"), &root.clone().field("rules")),
            highest_level: self.highest_level(file.field("highestLevel"), &root.clone().field("highestLevel")),
            exemptions: self.exemptions(file.field("exemptions"), &root.clone().field("exemptions")),
            object_exemptions: self.object_exemptions(file.field("objectExemptions"), &root.field("objectExemptions")),
        }
    }

    fn settings(&mut self, file: &Json<'_>) -> Settings {
        const SHORT: &str = "shortWorkerReconnectTimeoutSeconds";
        const MARGIN: &str = "reconnectTimeoutMarginSeconds";
        const ASSUMED: &str = "assumedHeadReconnectTimeoutSeconds";
        const DOMAIN: &str = "clusterDomain";
        let (json, path) = (file.field("settings"), FieldPath::of(["settings"]));
        self.map(json, &path, &[SHORT, MARGIN, ASSUMED, DOMAIN]);
        let built_in = Settings::default();
        Settings {
            kuberay: self.kuberay(file.field("kuberay"), &FieldPath::of(["kuberay"])),
            short_worker_reconnect_timeout: self.seconds(json, &path, SHORT, built_in.short_worker_reconnect_timeout),
            reconnect_timeout_margin: self.seconds(json, &path, MARGIN, built_in.reconnect_timeout_margin),
            assumed_head_reconnect_timeout: self.seconds(json, &path, ASSUMED, built_in.assumed_head_reconnect_timeout),
            cluster_domain: self.domain(json.field(DOMAIN), path.field(DOMAIN)).unwrap_or(built_in.cluster_domain),
            installed: self.installed(file.field("installed"), &FieldPath::of(["installed"])),
        }
    }

    fn seconds(&mut self, json: &Json<'_>, path: &FieldPath, field: &'static str, built_in: u32) -> u32 {
        match json.field(field) {
            Json::Null => built_in,
            value => match value.as_i64().and_then(|seconds| u32::try_from(seconds).ok()) {
                Some(seconds) => seconds,
                None => {
                    let message = format!("write a whole number of seconds, such as {built_in}");
                    self.error(path.clone().field(field), message);
                    built_in
                }
            },
        }
    }

    fn domain(&mut self, json: &Json<'_>, path: FieldPath) -> Option<Box<str>> {
        let domain = json.as_str().unwrap_or_default().to_ascii_lowercase();
        let domain = domain.trim_matches('.');
        if !json.is_null() && !Syntax::Dns1123Subdomain.errors(domain).is_empty() {
            self.error(path, "write the DNS domain of the Kubernetes cluster, such as cluster.local");
        }
        (!json.is_null()).then(|| domain.into())
    }

    fn webhook(&mut self, json: &Json<'_>, path: &FieldPath) -> Option<Webhook> {
        let choices = [("installed", Webhook::Installed), ("absent", Webhook::Absent)];
        if json.is_null() { None } else { self.choice(json, path, &choices) }
    }

    fn highest_level(&mut self, json: &Json<'_>, path: &FieldPath) -> Option<Level> {
        let choices = [("deny", Level::Deny), ("warn", Level::Warn), ("audit", Level::Audit)];
        if json.is_null() { None } else { self.choice(json, path, &choices) }
    }

    fn levels(&mut self, json: &Json<'_>, path: &FieldPath) -> BTreeMap<&'static str, Level> {
        self.map(json, path, &rules::names());
        let mut levels = BTreeMap::new();
        for (name, level) in json.entries() {
            let Some(rule) = rules::find(name) else { continue };
            let choices = [("deny", Level::Deny), ("warn", Level::Warn), ("audit", Level::Audit), ("off", Level::Off)];
            if let Some(level) = self.choice(level, &path.clone().field(rule.name), &choices) {
                levels.insert(rule.name, level);
            }
        }
        levels
    }

    fn defaults(&mut self, json: &Json<'_>, path: &FieldPath, kuberay: Version) -> Defaults {
        const TIMEOUT: &str = "workerReconnectTimeout";
        const NUM_CPUS: &str = "headNumCpus";
        const TEMPLATE: &str = "podTemplate";
        self.map(json, path, &[TIMEOUT, NUM_CPUS, TEMPLATE]);
        let mut defaults = Defaults::default();
        if !json.field(TIMEOUT).is_null() {
            let choices = [
                ("explicit", WorkerReconnectTimeout::Explicit),
                ("repair", WorkerReconnectTimeout::Repair),
                ("off", WorkerReconnectTimeout::Off),
            ];
            let chosen = self.choice(json.field(TIMEOUT), &path.clone().field(TIMEOUT), &choices);
            defaults.worker_reconnect_timeout = chosen.unwrap_or_default();
        }
        if !json.field(NUM_CPUS).is_null() {
            let choices = [("zero", HeadNumCpus::Zero), ("off", HeadNumCpus::Off)];
            let chosen = self.choice(json.field(NUM_CPUS), &path.clone().field(NUM_CPUS), &choices);
            defaults.head_num_cpus = chosen.unwrap_or_default();
        }
        let (templates, path) = (json.field(TEMPLATE), path.clone().field(TEMPLATE));
        self.map(templates, &path, &["head", "worker"]);
        defaults.pod_template = PodTemplates {
            head: self.template(templates.field("head"), &path.clone().field("head"), kuberay),
            worker: self.template(templates.field("worker"), &path.clone().field("worker"), kuberay),
        };
        defaults
    }

    fn template(&mut self, json: &Json<'_>, path: &FieldPath, kuberay: Version) -> Option<Json<'static>> {
        if json.is_null() {
            return None;
        }
        self.map(json, path, &["metadata", "spec"]);
        self.map(json.field("metadata"), &path.clone().field("metadata"), &["annotations", "labels"]);
        for TemplateError { path: below, message } in PodTemplates::check(json, kuberay) {
            let path = path.clone().join(below.steps());
            // A key that is not a field of a template was reported above.
            if !self.errors.iter().any(|error| path.starts_with(&error.path)) {
                self.error(path, message);
            }
        }
        Some(json.clone().into_owned())
    }

    fn exemptions(&mut self, json: &Json<'_>, path: &FieldPath) -> Vec<Exemption> {
        if !matches!(json, Json::Array(_) | Json::Null) {
            self.error(path.clone(), "write a list of exemptions");
        }
        let items = json.items().iter().enumerate();
        items.map(|(index, item)| self.exemption(item, &path.clone().index(index))).collect()
    }

    fn exemption(&mut self, json: &Json<'_>, path: &FieldPath) -> Exemption {
        self.map(json, path, &["namespaces", "rules", "reason"]);
        let mut names = |field: &'static str| {
            let path = path.clone().field(field);
            let list = json.field(field).items();
            let names: Vec<_> = list.iter().filter_map(Json::as_nonempty_str).map(str::to_owned).collect();
            if names.is_empty() || names.len() != list.len() {
                self.error(path.clone(), "write a list of names");
            }
            (names, path)
        };
        let (namespaces, namespaces_path) = names("namespaces");
        let (rule_names, rules_path) = names("rules");
        self.namespaces(&namespaces, &namespaces_path);
        let exempt = self.rules(&rule_names, &rules_path);
        let reason = json.field("reason").as_nonempty_str();
        if reason.is_none() {
            self.error(path.clone().field("reason"), "write the reason for the exemption");
        }
        Exemption { namespaces, rules: exempt, reason: reason.unwrap_or_default().to_owned() }
    }

    /// Checks that these are valid names of namespaces. A pattern would match no namespace, and is an error.
    fn namespaces(&mut self, names: &[String], path: &FieldPath) {
        for (index, name) in names.iter().enumerate() {
            let errors = Syntax::Dns1123Label.errors(name);
            if !errors.is_empty() {
                let message = format!(
                    "{} {}, so it is not the name of a namespace; write the full name of each namespace",
                    quote(name),
                    sentence(&errors)
                );
                self.error(path.clone().index(index), message);
            }
        }
    }

    fn object_exemptions(&mut self, json: &Json<'_>, path: &FieldPath) -> Exemptible {
        let names: Vec<_> = json.items().iter().filter_map(Json::as_nonempty_str).map(str::to_owned).collect();
        match json {
            Json::Null => Exemptible::None,
            Json::String(text) if text == "all" => Exemptible::All,
            Json::Array(items) if items.len() == names.len() => Exemptible::Rules(self.rules(&names, path)),
            _ => {
                self.error(path.clone(), "write a list of rules, or all");
                Exemptible::None
            }
        }
    }

    /// Returns the known rules of a list of names, and reports the unknown ones.
    fn rules(&mut self, names: &[String], path: &FieldPath) -> Vec<&'static str> {
        let mut known = Vec::new();
        for (index, name) in names.iter().enumerate() {
            match rules::find(name) {
                Some(rule) => known.push(rule.name),
                None => {
                    let message = format!("there is no rule {name:?}{}", suggestion(name, &rules::names()));
                    self.error(path.clone().index(index), message);
                }
            }
        }
        known
    }

    fn choice<T: Copy>(&mut self, json: &Json<'_>, path: &FieldPath, choices: &[(&'static str, T)]) -> Option<T> {
        let chosen = match json {
            // In YAML, off without quotes is false.
            Json::Bool(false) => Some("off"),
            json => json.as_str(),
        };
        let found = choices.iter().find(|(name, _)| Some(*name) == chosen);
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            let meant = chosen.map(|chosen| suggestion(chosen, &names)).unwrap_or_default();
            self.error(path.clone(), format!("write one of {}{meant}", names.join(", ")));
        }
        found.map(|(_, value)| *value)
    }

    /// Checks that the value is a map with known keys only.
    fn map(&mut self, json: &Json<'_>, path: &FieldPath, known: &[&str]) {
        if !matches!(json, Json::Object(_) | Json::Null) {
            self.error(path.clone(), format!("write a map with {}", known.join(", ")));
        }
        for (name, _) in json.entries() {
            if !known.contains(&&**name) {
                let meant = suggestion(name, known);
                self.error(path.clone().field(name.to_string()), format!("there is no such key{meant}"));
            }
        }
    }

    fn error(&mut self, path: FieldPath, message: impl Into<String>) {
        self.errors.push(ConfigError { path, message: message.into(), position: None });
    }
}

#[cfg(test)]
mod tests;
