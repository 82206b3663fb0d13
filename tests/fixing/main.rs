//! Tests `check --fix` on KubeRay's own samples. Each sample gets one mistake after the other, and its fix must restore
//! the original bytes, so no other line changes. Also tests edits of texts in any style.

mod any_text;
mod harmless;
mod styles;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use rayguard_test_support::kuberay;

const VERSIONS: [&str; 2] = ["1.3", "1.6"];

/// The original text, and the mistake that replaces it. The rest of the line stays.
const MISTAKES: [(&str, &str); 16] = [
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

/// Returns the number of the first line, from 0, at which a text occurs in one of KubeRay's objects.
fn line_of(text: &str, written: &str) -> Option<usize> {
    let is_it = |line: &str| {
        let bare = line.trim_start().trim_start_matches("- ");
        let rest = bare.strip_prefix(written);
        rest.is_some_and(|rest| written.ends_with(':') || rest.trim().is_empty() || rest.starts_with(" #"))
    };
    let lines: Vec<_> = text.lines().collect();
    let mut start = 0;
    for document in lines.split(|line| line.starts_with("---")) {
        // There was never a RayCronJob in v1alpha1.
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

/// Returns the sample with a mistake, if the mistake applies to it.
fn with_mistake(text: &str, (written, wrong): (&str, &str)) -> Option<String> {
    let mistake = line_of(text, written)?;
    let line = |(number, line): (usize, &str)| {
        if number == mistake { line.replacen(written, wrong, 1) } else { line.to_owned() }
    };
    Some(text.split_inclusive('\n').enumerate().map(line).collect())
}

#[test]
fn every_mistake_in_kuberays_samples_is_fixed_and_other_lines_stay() {
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
    // Samples that have fixable findings or errors themselves are left out: a fix that shows a hidden error is not made.
    let Output { stdout, .. } = rayguard(&["check", "--quiet", "--output", "json", "clean"], folder.path());
    let report: serde_json::Value = serde_json::from_slice(&stdout).expect("JSON");
    let errors = report["findings"].as_array().expect("a list").iter().filter(|it| it["severity"] == "error");
    let with_errors: Vec<_> = errors.filter_map(|it| it["file"].as_str()?.strip_prefix("clean/")).collect();
    rayguard(&["check", "--fix", "--quiet", "clean"], folder.path());
    samples.retain(|name, text| {
        let is_clean = !with_errors.contains(&&**name);
        is_clean && fs::read_to_string(clean.join(name)).expect("it is there") == *text
    });
    assert!(samples.len() > 60, "{} samples have no fixable findings", samples.len());

    let broken = folder.path().join("broken");
    fs::create_dir(&broken).expect("a folder");
    let (mut cases, mut counts) = (Vec::new(), [0; MISTAKES.len()]);
    for (index, mistake) in MISTAKES.into_iter().enumerate() {
        for (name, text) in &samples {
            let mut texts = vec![("lf", text.clone())];
            if name.starts_with(kuberay::newest()) {
                texts.push(("crlf", text.replace('\n', "\r\n")));
            }
            for (ends, text) in texts {
                let Some(wrong) = with_mistake(&text, mistake) else { continue };
                let name = format!("{index}-{ends}-{name}");
                fs::write(broken.join(&name), &wrong).expect("it can be written");
                cases.push((name, mistake, text, wrong));
                counts[index] += 1;
            }
        }
    }
    for (count, mistake) in counts.into_iter().zip(MISTAKES) {
        assert!(count >= 3, "{mistake:?} applies to only {count} samples");
    }
    let Output { stderr, .. } = rayguard(&["check", "--fix", "broken"], folder.path());
    let left = |name: &str| fs::read_to_string(broken.join(name)).expect("it is there");
    let wrong = cases.iter().filter_map(|(name, mistake, text, wrong)| {
        let fixed = left(name);
        let lines = similar::TextDiff::from_lines(wrong, &fixed).unified_diff().context_radius(1).to_string();
        (fixed != *text).then(|| format!("{name} {mistake:?}:\n{lines}"))
    });
    let wrong: Vec<_> = wrong.collect();
    let report = String::from_utf8_lossy(&stderr);
    assert!(wrong.is_empty(), "{} of {}:\n{}\n{report}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(report.contains(&format!("\nfixed {}, ", cases.len())), "{report}");
}

/// A policy with Pod defaults, in lists and maps that samples have or lack.
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
fn default_in_place_writes_the_printed_defaults_and_only_adds_lines() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let samples = kuberay::samples(kuberay::newest());
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
        // A value in braces gets additions on its own line.
        let gone: Vec<_> = gone.filter(|change| !change.value().contains(['{', '['])).collect();
        assert!(gone.is_empty(), "{name}: {gone:?}");
    }
    assert!(changed > 20, "{changed} samples got defaults");
}
