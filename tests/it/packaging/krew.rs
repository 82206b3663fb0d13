//! The manifest of the kubectl plugin. The rules are those of krew's own validation
//! (internal/index/validation/validate.go) and of the program that checks its index (cmd/validate-krew-manifest), which
//! are not published as a Go module.

use std::process::Command;

use super::{ROOT, VERSION, archive, files, sha256, yaml};

#[test]
fn the_manifest_is_valid_for_krew() {
    let archive = archive();
    let name = archive.file_name().expect("a name").to_string_lossy().into_owned();
    let url = format!("https://github.com/OWNER/rayguard/releases/download/v{VERSION}");
    let output = Command::new("release/krew").arg(&url).arg(archive).current_dir(ROOT).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    let manifest = yaml(&String::from_utf8(output.stdout).expect("UTF-8"));
    assert_eq!(manifest["apiVersion"], "krew.googlecontainertools.github.com/v1alpha2");
    assert_eq!(manifest["kind"], "Plugin");
    assert_eq!(manifest["metadata"]["name"], "ray-policy", "letters, digits, dashes; kubectl-ray_policy is its file");
    let spec = &manifest["spec"];
    assert_eq!(spec["version"], format!("v{VERSION}"));
    assert_eq!(spec["homepage"], "https://github.com/OWNER/rayguard");
    let short = spec["shortDescription"].as_str().expect("a text");
    assert!(!short.is_empty() && short.len() <= 70 && !short.contains('\n'), "{short}");
    let long = spec["description"].as_str().expect("a text");
    assert!(long.lines().all(|line| line.len() <= 80), "{long}");
    let [platform] = &**spec["platforms"].as_array().expect("a list") else { panic!("one platform: {spec}") };
    assert_eq!(platform["sha256"], sha256(archive));
    assert_eq!(platform["uri"], format!("{url}/{name}"));
    let labels = platform["selector"]["matchLabels"].as_object().expect("a map");
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    assert_eq!((labels.len(), labels["os"].as_str(), labels["arch"].as_str()), (2, Some("linux"), Some(arch)));
    // krew links kubectl-ray_policy to this file of the archive.
    let bin = platform["bin"].as_str().expect("a path");
    assert!(files(archive).iter().any(|file| file == bin), "{bin} is not in the archive");
}
