//! The wheel as a file: its name, its content, and whom pip gives it to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::tools::installed;
use super::{Outcome, ROOT, path, python_version, read};

/// Prints each file in an archive, with its Unix permissions in octal.
const LIST: &str = "import sys, zipfile
for file in zipfile.ZipFile(sys.argv[1]).infolist(): print(file.filename, oct(file.external_attr >> 16))";

/// The tags of glibc from 2.17 and of musl from 1.1.
const TAGS: [&str; 3] = ["manylinux2014", "manylinux_2_17", "musllinux_1_1"];

/// Returns the SHA-256 of a file, computed by coreutils.
pub(crate) fn sha256(file: &Path) -> String {
    let output = Outcome::of(Command::new("sha256sum").arg(file)).passes();
    output.split(' ').next().expect("a sum").to_owned()
}

/// Returns the files of the wheel, unpacked.
fn unpack() -> (TempDir, PathBuf) {
    let version = python_version();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut python = Command::new("python3");
    python.args(["-m", "zipfile", "--extract"]).arg(path("RAYGUARD_WHEEL")).arg(folder.path());
    Outcome::of(&mut python).passes();
    let information = folder.path().join(format!("rayguard-{version}.dist-info"));
    (folder, information)
}

#[test]
fn the_wheel_has_these_files_with_these_permissions() {
    let version = python_version();
    let listed = Outcome::of(Command::new("python3").args(["-c", LIST]).arg(path("RAYGUARD_WHEEL"))).passes();
    let listed: BTreeMap<_, _> = listed.lines().map(|line| line.split_once(' ').expect("two words")).collect();
    let name = format!("rayguard-{version}");
    let expected = [
        (format!("{name}.data/scripts/rayguard"), "0o100755"),
        (format!("{name}.dist-info/METADATA"), "0o100644"),
        (format!("{name}.dist-info/RECORD"), "0o100644"),
        (format!("{name}.dist-info/WHEEL"), "0o100644"),
        (format!("{name}.dist-info/licenses/LICENSE"), "0o100644"),
        ("rayguard/__init__.py".to_owned(), "0o100644"),
        ("rayguard/__main__.py".to_owned(), "0o100644"),
        ("rayguard/binary.py".to_owned(), "0o100644"),
    ];
    assert_eq!(listed, expected.iter().map(|(name, mode)| (&**name, *mode)).collect());
}

#[test]
fn the_wheel_has_the_binary_of_the_release() {
    let version = python_version();
    let (folder, _) = unpack();
    let binary = folder.path().join(format!("rayguard-{version}.data/scripts/rayguard"));
    assert_eq!(sha256(&binary), sha256(&path("RAYGUARD_BINARY")));
}

#[test]
fn the_wheel_has_the_version_the_licence_and_the_readme() {
    let version = python_version();
    let (_folder, information) = unpack();
    let metadata = fs::read_to_string(information.join("METADATA")).expect("metadata");
    let (fields, description) = metadata.split_once("\n\n").expect("an empty line");
    let fields: BTreeSet<_> = fields.lines().collect();
    for field in [
        "Name: rayguard",
        &format!("Version: {version}"),
        &format!("Summary: {}", env!("CARGO_PKG_DESCRIPTION")),
        &format!("License-Expression: {}", env!("CARGO_PKG_LICENSE")),
        "License-File: LICENSE",
        "Requires-Python: >=3.9",
    ] {
        assert!(fields.contains(field), "{field} is not in {fields:#?}");
    }
    assert!(fields.iter().all(|field| !field.starts_with("Requires-Dist:")), "{fields:#?}");
    assert!(description.trim() == read("README.md").trim(), "{} bytes are not README.md", description.len());
    assert_eq!(sha256(&information.join("licenses/LICENSE")), sha256(&Path::new(ROOT).join("LICENSE")));
}

#[test]
fn the_same_commit_gives_the_same_wheel() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut again = Command::new("bash");
    again.args(["-c", "umask 077 && exec release/wheel \"$1\"", "bash"]).arg(folder.path()).current_dir(ROOT);
    again.env("TZ", "Asia/Kathmandu").env("LC_ALL", "C").env("SOURCE_DATE_EPOCH", commit_time());
    let again = PathBuf::from(Outcome::of(&mut again).passes().trim_end());
    assert_eq!(again.file_name(), path("RAYGUARD_WHEEL").file_name());
    assert_eq!(sha256(&again), sha256(&path("RAYGUARD_WHEEL")));
}

/// Returns the time that release/build sets.
fn commit_time() -> String {
    let mut git = Command::new("git");
    Outcome::of(git.args(["log", "-1", "--format=%ct"]).current_dir(ROOT)).passes().trim_end().to_owned()
}

#[test]
fn the_wheel_is_for_linux_on_one_processor_with_glibc_or_musl() {
    let version = python_version();
    let (this, other) = if cfg!(target_arch = "x86_64") { ("x86_64", "aarch64") } else { ("aarch64", "x86_64") };
    let name = path("RAYGUARD_WHEEL").file_name().expect("a name").to_string_lossy().into_owned();
    assert_eq!(name, format!("rayguard-{version}-py3-none-{}.whl", TAGS.map(|tag| format!("{tag}_{this}")).join(".")));
    let install = |platform: &str| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut uv = installed("uv");
        uv.args(["pip", "install", "--quiet", "rayguard", "--python-platform", platform, "--target"])
            .arg(folder.path());
        Outcome::of(&mut uv)
    };
    for libc in ["manylinux2014", "manylinux_2_36", "unknown-linux-gnu", "unknown-linux-musl"] {
        install(&format!("{this}-{libc}")).passes();
        let refused = install(&format!("{other}-{libc}"));
        assert!(refused.err.contains("no wheels with a matching platform tag"), "{refused:?}");
    }
    for platform in ["macos", "windows"] {
        let refused = install(platform);
        assert!(refused.err.contains("no wheels with a matching platform tag"), "{refused:?}");
    }
}
