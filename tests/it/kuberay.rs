//! KubeRay itself: its CRDs and samples, from its published Go module.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The folder of `ray-operator` at a version, such as `v1.6.2`.
pub(crate) fn module(version: &str) -> PathBuf {
    static MODULES: OnceLock<String> = OnceLock::new();
    let modules = MODULES.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kuberay/modules");
        let output = Command::new("bash").arg(script).stderr(Stdio::inherit()).output().expect("bash runs");
        assert!(output.status.success(), "tests/kuberay/modules found no Go module of KubeRay; it says why above");
        String::from_utf8(output.stdout).expect("paths in UTF-8")
    });
    let folder = modules.lines().find_map(|line| line.strip_prefix(version)?.strip_prefix(' '));
    folder.unwrap_or_else(|| panic!("tests/kuberay/modules does not fetch KubeRay {version}")).into()
}
