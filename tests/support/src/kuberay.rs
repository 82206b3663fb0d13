//! KubeRay's CRDs and samples, from its published Go module.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The minor versions of KubeRay in tests/kuberay/versions, the oldest first.
pub fn versions() -> impl DoubleEndedIterator<Item = &'static str> {
    let lines = include_str!("../../kuberay/versions").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| Some(line.split_once(' ')?.0))
}

/// The version of KubeRay's Go module of a minor version: `v1.6.2` of `1.6`.
pub fn module_version(version: &str) -> &'static str {
    let mut lines = include_str!("../../kuberay/versions").lines();
    let of_version = lines.find_map(|line| line.strip_prefix(version)?.strip_prefix(' '));
    of_version.unwrap_or_else(|| panic!("tests/kuberay/versions has no version {version}"))
}

/// The newest minor version of KubeRay that is published as a Go module.
pub fn newest() -> &'static str {
    versions().next_back().expect("tests/kuberay/versions has a version")
}

/// Returns the folder of `ray-operator` at a minor version, such as `1.6`.
pub fn module(version: &str) -> PathBuf {
    static MODULES: OnceLock<String> = OnceLock::new();
    let modules = MODULES.get_or_init(|| {
        let script = crate::root().join("tests/kuberay/modules");
        let output = Command::new("bash").arg(script).stderr(Stdio::inherit()).output().expect("bash runs");
        assert!(output.status.success(), "tests/kuberay/modules found no Go module of KubeRay; the reason is above");
        String::from_utf8(output.stdout).expect("paths in UTF-8")
    });
    let folder = modules.lines().find_map(|line| line.strip_prefix(version)?.strip_prefix(' '));
    folder.unwrap_or_else(|| panic!("tests/kuberay/modules does not fetch KubeRay {version}")).into()
}

/// Returns every sample of a version: its path below `config/samples`, and its text.
pub fn samples(version: &str) -> Vec<(String, String)> {
    let root = module(version).join("config/samples");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("KubeRay's module has samples") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
                files.push(path);
            }
        }
    }
    files.sort();
    let name = |file: &Path| file.strip_prefix(&root).expect("it is below").to_string_lossy().into_owned();
    files.iter().map(|file| (name(file), fs::read_to_string(file).expect("a sample"))).collect()
}
