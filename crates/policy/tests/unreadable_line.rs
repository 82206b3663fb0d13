//! The command line of `ray start`, where bash cannot read it: compared with bash itself.

#![allow(clippy::disallowed_methods, reason = "unlike the core, tests may start programs")]

use std::process::Command;

use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::Level;
use serde_json::json;

/// Returns the levels at which a head with two parameters has findings about them, and the rules.
fn findings(node_name: &str, temp_dir: &str) -> Vec<(Level, &'static str)> {
    let params = json!({"num-cpus": "0", "node-name": node_name, "temp-dir": temp_dir});
    let template = json!({"spec": {"containers": [{"name": "ray-head", "image": "rayproject/ray:2.52.0"}]}});
    let text = json!({
        "apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "c"},
        "spec": {"rayVersion": "2.52.0", "headGroupSpec": {"rayStartParams": params, "template": template}},
    })
    .to_string();
    let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    let object = RayObject::read(&json).expect("a RayCluster");
    Policy::default().validate(&object, None).iter().map(|finding| (finding.level, finding.rule.name)).collect()
}

/// Reports whether bash starts `ray` from the line that KubeRay writes.
fn starts(node_name: &str, temp_dir: &str) -> bool {
    let line = format!(
        "ray() {{ echo started >&2; }}\nulimit -n 1024; ray start --head  --block  --node-name={node_name}  --num-cpus=0  \
         --temp-dir={temp_dir} "
    );
    let output = Command::new("bash").args(["-c", "--", &line]).output().expect("bash runs");
    output.stderr.windows(7).any(|word| word == b"started")
}

#[test]
fn a_line_that_bash_cannot_read_is_denied_and_any_other_is_at_most_a_warning() {
    let values = [
        "plain",
        "it's",
        "'unclosed",
        "\"unclosed",
        "'closed'",
        "\"it's\"",
        "a\\'b",
        "$(echo a",
        "$(echo a)",
        "$(echo 'a)",
        "`echo a`",
        "`echo a",
        "a(b",
        "a)b",
        "a; echo b",
        "a && echo b",
        "a &&& b",
        "a | cat",
        "a || || b",
        "a # it's a comment",
        "a > /dev/null",
        "${A",
        "${A:-b}",
        "${}",
        "$((1+1))",
        "<(true",
        "a\necho b",
    ];
    let mut denied = 0;
    for value in values {
        for temp_dir in ["/tmp/ray", "'/tmp/ray'"] {
            let found = findings(value, temp_dir);
            let is_denied = found.contains(&(Level::Deny, "invalid-ray-start-parameter"));
            assert_eq!(is_denied, !starts(value, temp_dir), "{value:?}: {found:?}");
            // One mistake is one finding.
            let rules = ["invalid-ray-start-parameter", "shell-in-ray-start-params"];
            let about = found.iter().filter(|(_, rule)| rules.contains(rule)).count();
            assert!(about <= 1, "{value:?}: {found:?}");
            denied += usize::from(is_denied);
        }
    }
    assert!((10..40).contains(&denied), "{denied}");
}
