//! The source distribution. `tests/pip/compiled` lets pip compile it.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::wheel::sha256;
use super::{Outcome, ROOT, VERSION, python_version};

/// Makes the source distribution with this mask for the permissions of new files.
fn sdist(folder: &Path, umask: &str) -> PathBuf {
    let mut bash = Command::new("bash");
    bash.args(["-c", &format!("umask {umask} && exec release/sdist \"$1\""), "bash"]).arg(folder);
    Outcome::of(bash.current_dir(ROOT)).passes().trim_end().into()
}

#[test]
fn the_source_distribution_has_the_crates_of_its_lock_file_and_the_same_bytes_each_time() {
    let version = python_version();
    let (folder, again) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let archive = sdist(folder.path(), "022");
    assert_eq!(archive, folder.path().join(format!("rayguard-{version}.tar.gz")));
    assert_eq!(sha256(&sdist(again.path(), "077")), sha256(&archive));
    let mut tar = Command::new("tar");
    Outcome::of(tar.args(["--extract", "--file"]).arg(&archive).arg("--directory").arg(folder.path())).passes();
    let mut tree = Command::new(env!("CARGO"));
    tree.args(["tree", "--locked", "--package", "rayguard", "--depth", "0"]);
    let tree = Outcome::of(tree.current_dir(folder.path().join(format!("rayguard-{version}")))).passes();
    assert!(tree.starts_with(&format!("rayguard v{VERSION} ")), "{tree}");
}
