//! Tests of the Helm chart: what it renders, what it refuses, and whether the API server accepts it.

mod alerts;
mod cert_manager;
mod conditions;
mod helm;
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
mod values_schema;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use rayguard_manifest::yaml;
use serde_json::Value;

use self::helm::{helm, helm_of_major, outcome, program};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The folder of the chart.
const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts/rayguard");

/// The default name of the release and of its namespace.
const RELEASE: &str = "rayguard";

/// Returns the tested sets of values: the defaults, and those that the chart has for its tests.
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
    /// Renders the chart with one of the [`value_sets`].
    fn with_values(file: Option<&Path>) -> Self {
        let file = file.map(|file| file.display().to_string());
        Self::new(file.iter().flat_map(|file| ["--values", file]))
    }

    /// Renders the chart with these arguments of Helm.
    fn new<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        Self::of(["--skip-tests"].into_iter().chain(arguments))
    }

    /// Renders the objects of `helm test`.
    fn test<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        Self::of(["--show-only=templates/tests/check.yaml"].into_iter().chain(arguments))
    }

    fn of<'a>(arguments: impl Iterator<Item = &'a str>) -> Self {
        let all = ["template", RELEASE, CHART, "--namespace", RELEASE].into_iter().chain(arguments);
        // Helm 3 sorts the objects in another way.
        let text = outcome(helm_of_major(4).args(all));
        let text = text.unwrap_or_else(|refusal| panic!("Helm does not render the chart: {refusal}"));
        let documents: Vec<_> = text.split("\n---\n").map(str::trim_end).collect(); // they end with empty lines
        let text = documents.join("\n---\n") + "\n";
        let objects = objects(&text);
        Self { text, objects }
    }

    /// Returns the only object of a kind.
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

    /// Returns the only webhook of a configuration.
    fn webhook(&self, kind: &str) -> &Value {
        let [webhook] = self.only(kind)["webhooks"].as_array().expect("a list").as_slice() else {
            panic!("not one webhook in {kind}")
        };
        webhook
    }
}

/// Returns the objects of a manifest.
fn objects(manifest: &str) -> Vec<Value> {
    let documents = yaml::documents(manifest).into_iter();
    let values = documents.map(|document| Value::from(&document.expect("YAML").json));
    values.filter(|value| !value.is_null()).collect()
}

/// Returns the folder of a published module: `cert-manager`, `prometheus-operator` or `kubernetes`.
fn module(name: &str) -> PathBuf {
    static MODULES: LazyLock<String> = LazyLock::new(|| {
        let script = Path::new(ROOT).join("tests/chart/modules");
        let output = Command::new("bash").arg(script).stderr(Stdio::inherit()).output().expect("bash runs");
        assert!(output.status.success(), "tests/chart/modules found no Go modules; the reason is above");
        String::from_utf8(output.stdout).expect("paths in UTF-8")
    });
    let folder = MODULES.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    folder.unwrap_or_else(|| panic!("tests/chart/modules does not fetch {name}")).into()
}
