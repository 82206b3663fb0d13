//! How rayguard is installed in a pipeline or for a terminal.

mod action;
mod krew;
mod signature;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Reads a file of the project.
fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Returns the only document of a YAML text.
fn yaml(text: &str) -> Value {
    let document = rayguard_manifest::yaml::documents(text).remove(0).expect("YAML");
    serde_json::to_value(&document.json).expect("JSON")
}

/// Creates an archive as release/build does, but with the tested binary, stripped of debug information.
fn pack(folder: &Path) -> PathBuf {
    let binary = folder.join("rayguard");
    let strip = Command::new("strip").arg("-o").arg(&binary).arg(env!("CARGO_BIN_EXE_rayguard")).status();
    assert!(strip.expect("strip runs: install binutils").success());
    let mut pack = Command::new("release/pack");
    let output = pack.arg(&binary).arg(folder).current_dir(ROOT).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8").trim_end().into()
}

/// Returns the archive, which all tests share.
fn archive() -> &'static Path {
    static ARCHIVE: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("release");
        std::fs::create_dir_all(&folder).expect("a folder");
        pack(&folder)
    });
    &ARCHIVE
}

/// Returns the files in an archive.
fn files(archive: &Path) -> Vec<String> {
    let output = Command::new("tar").arg("--list").arg("--file").arg(archive).output().expect("tar runs");
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

/// Returns the SHA-256 of a file, computed by coreutils.
fn sha256(file: &Path) -> String {
    let output = Command::new("sha256sum").arg(file).output().expect("sha256sum runs");
    String::from_utf8(output.stdout).expect("UTF-8").split(' ').next().expect("a sum").to_owned()
}

#[test]
fn binstall_urls_match_the_release_archives() {
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
    // The archive depends neither on the time nor on the user.
    let again = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(sha256(&pack(again.path())), sha256(archive()), "one binary gives the same bytes");
}

#[test]
fn pre_commit_hooks_call_an_existing_command() {
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
        // As pre-commit calls it: the arguments of the entry, then file names.
        let status = Command::new(env!("CARGO_BIN_EXE_rayguard")).args(words).arg(&file).status().expect("it runs");
        assert!(status.success(), "{hook}");
    }
}
