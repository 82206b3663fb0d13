//! How rayguard comes to a pipeline or a terminal.

mod action;
mod krew;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A file of the project's.
fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The only document of a YAML text.
fn yaml(text: &str) -> Value {
    let document = rayguard::yaml::documents(text).remove(0).expect("YAML");
    serde_json::to_value(&document.json).expect("JSON")
}

/// An archive as release/build makes one, with the binary under test in it; by the name that it has for this machine.
fn archive(folder: &Path) -> PathBuf {
    let name = format!("rayguard-{VERSION}-{}-unknown-linux-musl", std::env::consts::ARCH);
    let content = folder.join(&name);
    std::fs::create_dir(&content).expect("a folder");
    std::fs::copy(env!("CARGO_BIN_EXE_rayguard"), content.join("rayguard")).expect("a copy of the binary");
    let file = folder.join(format!("{name}.tar.gz"));
    let mut tar = Command::new("tar");
    tar.args(["--create", "--gzip", "--file"]).arg(&file).arg("--directory").arg(folder).arg(&name);
    assert!(tar.status().expect("tar runs").success());
    file
}

/// Its SHA-256, by coreutils.
fn sha256(file: &Path) -> String {
    let output = Command::new("sha256sum").arg(file).output().expect("sha256sum runs");
    String::from_utf8(output.stdout).expect("UTF-8").split(' ').next().expect("a sum").to_owned()
}

#[test]
fn binstall_looks_for_the_archives_that_are_made() {
    let manifest = read("Cargo.toml");
    let line = |key: &str| manifest.lines().find(|line| line.starts_with(key)).expect("a key").to_owned();
    assert!(line("pkg-url").contains("/{ name }-{ version }-{ target }.tar.gz"));
    assert!(line("bin-dir").contains("{ name }-{ version }-{ target }/{ bin }"));
    // The same name as in release/action and release/build.
    assert!(read("release/action").contains("name=rayguard-$RAYGUARD_VERSION-$(uname -m)-unknown-linux-musl"));
}

#[test]
fn hooks_call_a_command_that_exists() {
    let hooks = yaml(&read(".pre-commit-hooks.yaml"));
    let hooks = hooks.as_array().expect("a list");
    let languages: Vec<_> = hooks.iter().map(|hook| hook["language"].as_str().expect("a language")).collect();
    assert_eq!(languages, ["rust", "system"]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("other.yaml");
    std::fs::write(&file, "kind: ConfigMap\napiVersion: v1\n").expect("a file");
    for hook in hooks {
        let mut words = hook["entry"].as_str().expect("an entry").split(' ');
        assert_eq!(words.next(), Some("rayguard"));
        // As pre-commit calls it: the arguments of the entry, then names of files.
        let status = Command::new(env!("CARGO_BIN_EXE_rayguard")).args(words).arg(&file).status().expect("it runs");
        assert!(status.success(), "{hook}");
    }
}
