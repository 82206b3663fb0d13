//! How rayguard comes to a pipeline or a terminal.

mod action;
mod krew;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A file of the project's.
fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The only document of a YAML text.
fn yaml(text: &str) -> Value {
    let document = rayguard_manifest::yaml::documents(text).remove(0).expect("YAML");
    serde_json::to_value(&document.json).expect("JSON")
}

/// An archive as release/build makes one, but with the binary under test in it, without what only a debugger reads.
fn pack(folder: &Path) -> PathBuf {
    let binary = folder.join("rayguard");
    let strip = Command::new("strip").arg("-o").arg(&binary).arg(env!("CARGO_BIN_EXE_rayguard")).status();
    assert!(strip.expect("strip runs: install binutils").success());
    let mut pack = Command::new("release/pack");
    let output = pack.arg(&binary).arg(folder).current_dir(ROOT).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8").trim_end().into()
}

/// The same for all tests.
fn archive() -> &'static Path {
    static ARCHIVE: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("release");
        std::fs::create_dir_all(&folder).expect("a folder");
        pack(&folder)
    });
    &ARCHIVE
}

/// What is in it.
fn files(archive: &Path) -> Vec<String> {
    let output = Command::new("tar").arg("--list").arg("--file").arg(archive).output().expect("tar runs");
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
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
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    assert_eq!(archive().file_name().expect("a name"), &*format!("rayguard-{VERSION}-{target}.tar.gz"));
    let listed = files(archive());
    let root = format!("rayguard-{VERSION}-{target}");
    for file in ["rayguard", "LICENSE", "README.md", "completions/_rayguard", "man/man1/rayguard-check.1"] {
        assert!(listed.contains(&format!("{root}/{file}")), "{file} is not in {listed:?}");
    }
    // Whenever it is packed, and whoever packs it.
    let again = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(sha256(&pack(again.path())), sha256(archive()), "one binary gives the same bytes");
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
