//! The GitHub action: its step, in the bash that GitHub would run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::{ROOT, VERSION, archive, read, sha256, yaml};

/// A folder with a cluster that cannot survive, in which the action runs.
struct Runner {
    folder: tempfile::TempDir,
}

impl Runner {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("manifests")).expect("a folder");
        let manifest = read("docs/cannot-survive.yaml");
        fs::write(folder.path().join("manifests/cannot survive.yaml"), manifest).expect("a file");
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the only step of action.yml with these inputs, and defaults for the others.
    fn run(&self, given: &[(&str, &str)]) -> Output {
        let action = yaml(&read("action.yml"));
        let inputs = action["inputs"].as_object().expect("inputs").iter();
        let mut inputs: BTreeMap<_, _> =
            inputs.map(|(name, input)| (&**name, input["default"].as_str().expect("a default"))).collect();
        for (name, value) in given {
            assert!(inputs.insert(name, value).is_some(), "there is no input {name}");
        }
        let [step] = &**action["runs"]["steps"].as_array().expect("steps") else { panic!("one step") };
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"].as_str().expect("a script")]);
        for (variable, value) in step["env"].as_object().expect("variables") {
            let expression = value.as_str().expect("an expression");
            let name = expression.trim_start_matches("${{ inputs.").split([' ', '}']).next().expect("an input");
            bash.env(variable, inputs[name]);
        }
        bash.current_dir(self.path())
            .env("GITHUB_ACTION_PATH", ROOT)
            .env("GITHUB_OUTPUT", self.path().join("output"))
            .env("RUNNER_TEMP", self.path())
            .output()
            .expect("bash runs")
    }
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&[&*output.stdout, &*output.stderr].concat()).into_owned()
}

#[test]
fn the_default_version_of_the_action_is_the_package_version() {
    assert_eq!(yaml(&read("action.yml"))["inputs"]["version"]["default"], VERSION);
}

#[test]
fn the_action_does_not_run_a_release_with_a_wrong_checksum() {
    let runner = Runner::new();
    let release = runner.path().join("release");
    fs::create_dir(&release).expect("a folder");
    let url = format!("file://{}", release.display());
    let absent = runner.run(&[("download-url", &url)]);
    assert_eq!(absent.status.code(), Some(2));
    assert!(printed(&absent).contains("::error::rayguard: cannot download file://"), "{}", printed(&absent));
    let name = archive().file_name().expect("a name").to_string_lossy().into_owned();
    let file = release.join(&name);
    fs::copy(archive(), &file).expect("a copy");
    let wrong = "0".repeat(64);
    let refused = runner.run(&[("download-url", &url), ("sha256", &wrong)]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(printed(&refused).contains(&format!("{name} is not what it should be")), "{}", printed(&refused));
    fs::write(release.join("SHA256SUMS"), format!("{wrong}  {name}\n")).expect("a file");
    let refused = runner.run(&[("download-url", &url)]);
    assert!(printed(&refused).contains(&format!("{name} is not what it should be")), "{}", printed(&refused));
    fs::write(release.join("SHA256SUMS"), format!("{wrong}  other.tar.gz\n")).expect("a file");
    let refused = runner.run(&[("download-url", &url)]);
    assert!(printed(&refused).contains(&format!("SHA256SUMS does not have {name}")), "{}", printed(&refused));
    fs::write(release.join("SHA256SUMS"), format!("{}  {name}\n", sha256(&file))).expect("a file");
    let run = runner.run(&[("download-url", &url)]);
    assert!(printed(&run).starts_with(&format!("rayguard {VERSION}\n")), "{}", printed(&run));
}

#[test]
fn the_action_writes_annotations_and_a_sarif_report() {
    let runner = Runner::new();
    let binary = env!("CARGO_BIN_EXE_rayguard");
    let run = |paths, fail_on| runner.run(&[("binary", binary), ("paths", paths), ("fail-on", fail_on)]);
    let refused = run("\nmanifests/cannot survive.yaml\n", "error");
    assert_eq!(refused.status.code(), Some(1), "{}", printed(&refused));
    assert!(
        printed(&refused).contains("\n::error file=manifests/cannot survive.yaml,line=38,"),
        "{}",
        printed(&refused)
    );
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(runner.path().join("rayguard.sarif")).expect("a report"))
            .expect("JSON");
    assert_eq!(report["version"], "2.1.0");
    assert_eq!(report["runs"][0]["results"].as_array().expect("results").len(), 3);
    assert_eq!(fs::read_to_string(runner.path().join("output")).expect("outputs"), "sarif=rayguard.sarif\n");
    assert_eq!(run(".", "never").status.code(), Some(0), "`never` only reports");
}
