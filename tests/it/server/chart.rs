//! The Helm chart: what it renders, what it refuses, and what the API server says to it.

mod alerts;
mod cert_manager;
mod conditions;
mod lifecycle;
mod objects;
mod outage;
mod own_files;
mod pages;
mod rendered;
mod rights;
mod running;
mod testing;
mod values;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use rayguard_manifest::yaml;
use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The chart itself.
const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/rayguard");

/// The name of the release, and of its namespace, where a test does not say otherwise.
const RELEASE: &str = "rayguard";

/// Helm, or a program built beside it.
fn program(name: &str) -> Command {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let script = Path::new(ROOT).join("tests/kubernetes/helm");
        let output = Command::new("bash").arg(script).stderr(Stdio::inherit()).output().expect("bash runs");
        assert!(output.status.success(), "tests/kubernetes/helm made no Helm and says why above");
        PathBuf::from(String::from_utf8(output.stdout).expect("a path in UTF-8").trim_end())
    });
    let mut program = Command::new(FOLDER.join(name));
    // Nothing of the user who runs the tests comes in: no kubeconfig, no repositories, no plugins.
    program.env_clear().env("HOME", "/nonexistent").current_dir(ROOT);
    program
}

/// What Helm prints, or what it says when it refuses.
fn helm<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<String, String> {
    let output = program("helm").args(arguments).output().expect("Helm runs");
    let text = |bytes| String::from_utf8(bytes).expect("Helm writes UTF-8");
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// The sets of values that are looked at: none, and those that the chart keeps for its tests.
fn value_sets() -> Vec<(String, Option<PathBuf>)> {
    let folder = Path::new(CHART).join("ci");
    let files =
        fs::read_dir(folder).expect("the chart has sets of values").map(|entry| entry.expect("an entry").path());
    let named = files.map(|file| {
        let name = file.file_name().expect("a name").to_string_lossy();
        (
            name.strip_suffix("-values.yaml").expect("the ending that chart-testing looks for").to_owned(),
            Some(file.clone()),
        )
    });
    let mut sets: Vec<_> = named.chain([("default".to_owned(), None)]).collect();
    sets.sort();
    sets
}

/// The chart as Helm renders it.
struct Rendered {
    text: String,
    objects: Vec<Value>,
}

impl Rendered {
    /// With one of the [`value_sets`].
    fn with_values(file: Option<&Path>) -> Self {
        let file = file.map(|file| file.display().to_string());
        Self::new(file.iter().flat_map(|file| ["--values", file]))
    }

    /// With these arguments of Helm's.
    fn new<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        Self::of(["--skip-tests"].into_iter().chain(arguments))
    }

    /// What `helm test` puts there, and takes away again.
    fn test<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        Self::of(["--show-only=templates/tests/check.yaml"].into_iter().chain(arguments))
    }

    fn of<'a>(arguments: impl Iterator<Item = &'a str>) -> Self {
        let all = ["template", RELEASE, CHART, "--namespace", RELEASE].into_iter().chain(arguments);
        let text = helm(all).unwrap_or_else(|refusal| panic!("Helm does not render the chart: {refusal}"));
        let objects = objects(&text);
        Self { text, objects }
    }

    /// The only object of a kind.
    #[track_caller]
    fn only(&self, kind: &str) -> &Value {
        let mut found = self.objects.iter().filter(|object| object["kind"] == kind);
        match (found.next(), found.next()) {
            (Some(only), None) => only,
            _ => panic!("not one {kind} in {}", self.kinds().join(", ")),
        }
    }

    fn has(&self, kind: &str) -> bool {
        self.objects.iter().any(|object| object["kind"] == kind)
    }

    fn kinds(&self) -> Vec<&str> {
        self.objects.iter().filter_map(|object| object["kind"].as_str()).collect()
    }

    /// The only webhook of a configuration.
    fn webhook(&self, kind: &str) -> &Value {
        let [webhook] = self.only(kind)["webhooks"].as_array().expect("a list").as_slice() else {
            panic!("not one webhook in {kind}")
        };
        webhook
    }
}

/// The objects of a manifest.
fn objects(manifest: &str) -> Vec<Value> {
    let documents = yaml::documents(manifest).into_iter();
    let values = documents.map(|document| Value::from(&document.expect("YAML").json));
    values.filter(|value| !value.is_null()).collect()
}

/// Folders of what other projects publish: `cert-manager`, `prometheus-operator`, `kubernetes`.
fn module(name: &str) -> PathBuf {
    static MODULES: LazyLock<String> = LazyLock::new(|| {
        let script = Path::new(ROOT).join("tests/chart/modules");
        let output = Command::new("bash").arg(script).stderr(Stdio::inherit()).output().expect("bash runs");
        assert!(output.status.success(), "tests/chart/modules found no Go modules and says why above");
        String::from_utf8(output.stdout).expect("paths in UTF-8")
    });
    let folder = MODULES.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    folder.unwrap_or_else(|| panic!("tests/chart/modules does not fetch {name}")).into()
}

/// Compares a file of the project with what it is made from, or writes it where UPDATE is set.
#[track_caller]
fn is_up_to_date(file: &str, made: &str) {
    let path = Path::new(ROOT).join(file);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, made).expect("the project's files can be written");
    } else {
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == made, "{file} is out of date; run UPDATE=1 cargo test --test it chart, and look at git diff");
    }
}
