//! `check --fix` on KubeRay's own samples: each is given one fault after the other, and is afterwards what it was before,
//! to the byte. So no line is touched but that of the fault. And texts in any style, changed at any place.

#![allow(clippy::disallowed_methods, reason = "what the core must not do, tests may: they read files")]

mod any_text;
mod styles;

use rayguard_test_support::kuberay;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const VERSIONS: [&str; 2] = ["v1.3.2", "v1.6.2"];

/// What is written, and what a fault makes of it. The rest of the line stays.
const FAULTS: [(&str, &str); 16] = [
    ("num-cpus: \"0\"", "num-cpus: 0"),
    ("dashboard-host: '0.0.0.0'", "dashboard_host: '0.0.0.0'"),
    ("num-cpus:", "num_cpus:"),
    ("replicas: 1", "replicas: \"1\""),
    ("minReplicas: 1", "minReplicas: \"1\""),
    ("rayVersion:", "rayversion:"),
    ("groupName:", "groupname:"),
    ("headGroupSpec:", "headGroupSepc:"),
    ("workerGroupSpecs:", "workerGroupSpec:"),
    ("containers:", "contianers:"),
    ("containerPort:", "containerport:"),
    ("limits:", "Limits:"),
    ("ray.io/ft-enabled: \"true\"", "ray.io/ft-enabled: true"),
    ("name: RAY_REDIS_ADDRESS", "name: RAY_REDIS_ADRESS"),
    ("upscalingMode: Default", "upscalingMode: default"),
    ("apiVersion: ray.io/v1", "apiVersion: ray.io/v1alpha1"),
];

fn rayguard(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rayguard"));
    command.args(arguments).current_dir(folder).env_remove("RAYGUARD_CONFIG");
    command.output().expect("the binary runs")
}

/// The line of the first place in one of KubeRay's objects at which something is written, from 0.
fn line_of(text: &str, written: &str) -> Option<usize> {
    let is_it = |line: &str| {
        let bare = line.trim_start().trim_start_matches("- ");
        let rest = bare.strip_prefix(written);
        rest.is_some_and(|rest| written.ends_with(':') || rest.trim().is_empty() || rest.starts_with(" #"))
    };
    let lines: Vec<_> = text.lines().collect();
    let mut start = 0;
    for document in lines.split(|line| line.starts_with("---")) {
        // A RayCronJob there never was in v1alpha1.
        let is_rays = |line: &&str| line.starts_with("kind: Ray") && !line.starts_with("kind: RayCronJob");
        if document.iter().any(is_rays)
            && let Some(line) = document.iter().position(|line| is_it(line))
        {
            return Some(start + line);
        }
        start += document.len() + 1;
    }
    None
}

/// A sample with a fault in it.
fn with_fault(text: &str, (written, wrong): (&str, &str)) -> Option<String> {
    let fault = line_of(text, written)?;
    let line = |(number, line): (usize, &str)| {
        if number == fault { line.replacen(written, wrong, 1) } else { line.to_owned() }
    };
    Some(text.split_inclusive('\n').enumerate().map(line).collect())
}

#[test]
fn every_fault_in_kuberays_samples_is_fixed_and_no_other_line_is_touched() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clean = folder.path().join("clean");
    fs::create_dir(&clean).expect("a folder");
    let mut samples = BTreeMap::new();
    for version in VERSIONS {
        for (name, text) in kuberay::samples(version) {
            let name = format!("{version}-{}", name.replace('/', "-"));
            fs::write(clean.join(&name), &text).expect("it can be written");
            samples.insert(name, text);
        }
    }
    // What a sample itself could have mended is no fault of this test's.
    rayguard(&["check", "--fix", "--quiet", "clean"], folder.path());
    samples.retain(|name, text| fs::read_to_string(clean.join(name)).expect("it is there") == *text);
    assert!(samples.len() > 60, "{} samples have nothing to be fixed", samples.len());

    let broken = folder.path().join("broken");
    fs::create_dir(&broken).expect("a folder");
    let (mut cases, mut counts) = (Vec::new(), [0; FAULTS.len()]);
    for (index, fault) in FAULTS.into_iter().enumerate() {
        for (name, text) in &samples {
            let mut texts = vec![("lf", text.clone())];
            if name.starts_with("v1.6.2") {
                texts.push(("crlf", text.replace('\n', "\r\n")));
            }
            for (ends, text) in texts {
                let Some(wrong) = with_fault(&text, fault) else { continue };
                let name = format!("{index}-{ends}-{name}");
                fs::write(broken.join(&name), &wrong).expect("it can be written");
                cases.push((name, fault, text, wrong));
                counts[index] += 1;
            }
        }
    }
    for (count, fault) in counts.into_iter().zip(FAULTS) {
        assert!(count >= 3, "{fault:?} is put into {count} samples only");
    }
    let Output { stderr, .. } = rayguard(&["check", "--fix", "broken"], folder.path());
    let left = |name: &str| fs::read_to_string(broken.join(name)).expect("it is there");
    let wrong = cases.iter().filter_map(|(name, fault, text, wrong)| {
        let fixed = left(name);
        let lines = similar::TextDiff::from_lines(wrong, &fixed).unified_diff().context_radius(1).to_string();
        (fixed != *text).then(|| format!("{name} {fault:?}:\n{lines}"))
    });
    let wrong: Vec<_> = wrong.collect();
    let said = String::from_utf8_lossy(&stderr);
    assert!(wrong.is_empty(), "{} of {}:\n{}\n{said}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(said.contains(&format!("\nfixed {}, ", cases.len())), "{said}");
}

/// The policy has defaults for every Pod, in lists and maps that samples have or lack.
const POLICY: &str = r#"apiVersion: rayguard.dev/v1alpha1
kind: Policy
defaults:
  headNumCpus: zero
  podTemplate:
    head:
      metadata: {labels: {team: platform}}
      spec:
        nodeSelector: {pool: heads}
        tolerations: [{key: ray, operator: Exists}]
        containers:
        - name: "*"
          env: [{name: RAY_BACKEND_LOG_LEVEL, value: "warning"}]
"#;

#[test]
fn defaults_in_place_are_those_that_are_printed_and_only_add_lines() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let samples = kuberay::samples("v1.6.2");
    for kind in ["before", "after"] {
        for (name, text) in &samples {
            let path = folder.path().join(kind).join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("it can be written");
        }
    }
    fs::write(folder.path().join("policy.yaml"), POLICY).expect("it can be written");
    let config = ["--config", "policy.yaml"];
    let ended = rayguard(&[&["default", "--in-place", "after"][..], &config].concat(), folder.path());
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    let json = |text: &str| -> Vec<_> {
        let documents = rayguard_manifest::yaml::documents(text).into_iter();
        documents.map(|document| document.expect("it can be read").json.into_owned()).collect()
    };
    let mut changed = 0;
    for (name, text) in &samples {
        let after = fs::read_to_string(folder.path().join("after").join(name)).expect("it is there");
        if after == *text {
            continue;
        }
        changed += 1;
        let printed = rayguard(&[&["default", &format!("before/{name}")][..], &config].concat(), folder.path());
        assert_eq!(json(&after), json(&String::from_utf8_lossy(&printed.stdout)), "{name}");
        let diff = similar::TextDiff::from_lines(text, &after);
        let gone = diff.iter_all_changes().filter(|change| change.tag() == similar::ChangeTag::Delete);
        // What stands in braces has its additions on its own line.
        let gone: Vec<_> = gone.filter(|change| !change.value().contains(['{', '['])).collect();
        assert!(gone.is_empty(), "{name}: {gone:?}");
    }
    assert!(changed > 20, "{changed} samples have got defaults");
}
