//! Tests of the output of `version`, and of the program's name in the usage.

use std::os::unix::fs::symlink;
use std::process::Command;

use rayguard_policy::kuberay::Version;
use rayguard_policy::rule_set;
use rayguard_policy::rules::RULES;
use serde_json::Value;

use super::Shell;

#[test]
fn version_prints_the_rules_and_the_supported_kuberay_versions() {
    let shell = Shell::new();
    let ended = shell.run(&["version", "--output", "json"]);
    assert_eq!((ended.status, &*ended.err), (Some(0), ""));
    let json: Value = serde_json::from_str(&ended.out).expect("JSON");
    let hash = format!("sha256:{}", rule_set::hash());
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(json["rules"], serde_json::json!({"count": RULES.len(), "hash": hash}));
    assert_eq!(json["kuberay"], serde_json::json!(Version::ALL.map(|version| version.to_string())));
    let text = shell.run(&["version"]).out;
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], format!("rayguard {}", env!("CARGO_PKG_VERSION")));
    assert_eq!(lines[2], format!("KubeRay  {} to {}, and next", Version::OLDEST, Version::NEWEST));
    assert_eq!(lines[3], format!("rules    {}, {hash}", RULES.len()));
    // The commit is set at compile time, by image/compile.
    assert_eq!(json["commit"].as_str().unwrap_or("not recorded"), lines[1].trim_start_matches("commit   "));
}

#[test]
fn usage_names_kubectl_if_run_as_a_plugin() {
    let shell = Shell::new();
    let plugin = shell.path().join("kubectl-ray_policy");
    symlink(env!("CARGO_BIN_EXE_rayguard"), &plugin).expect("a link");
    let run = |arguments: &[&str]| {
        let output = Command::new(&plugin).args(arguments).output().expect("the plugin runs");
        String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8")
    };
    assert!(run(&["--help"]).contains("\nUsage: kubectl ray-policy [OPTIONS] <COMMAND>\n"), "{}", run(&["--help"]));
    assert!(run(&["help", "check"]).contains("\nUsage: kubectl ray-policy check "), "{}", run(&["help", "check"]));
    assert!(run(&["explain"]).contains("\nUsage: kubectl ray-policy explain <RULE>...\n"), "{}", run(&["explain"]));
    assert_eq!(run(&["version"]), shell.run(&["version"]).out, "it is the same program");
    assert!(
        shell.run(&["--help"]).out.contains("\nUsage: rayguard [OPTIONS] <COMMAND>\n"),
        "its own name is used without the link"
    );
}
