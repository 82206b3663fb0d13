//! Files of other programs, templates, patches, and manifests that kubectl reads in a surprising way.

use super::{DENIED, Shell, allowed, locations};

/// Texts that are no YAML, as repositories contain them, without a KubeRay object.
const FOREIGN: [(&str, &str); 7] = [
    (
        "chart/templates/role.yaml",
        "{{/*\n  Role:\n    - list pods  (in the namespace)\n*/}}\napiVersion: v1\nkind: Role\n",
    ),
    ("chart/values.yaml", "image: rayproject/ray\nimage: rayproject/ray-ml\nreplicas: [\n"),
    ("kafka/topic.yaml", "apiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\nspec: {config: {a: 1}, config: {b: 2}}\n"),
    ("infra/values.yaml", "set:\n${indent(4, yamlencode(x))}\n"),
    ("docs/mkdocs.yml", "a: b: c # see https://docs.ray.io\n"),
    ("tsconfig.json", "{\n  // a comment\n  \"a\": 1,\n}\n"),
    ("ansible/play.yaml", "{% if x %}\na: b\n{% endif %}\n  c\n"),
];

#[test]
fn a_repository_of_other_programs_is_no_error() {
    let shell = Shell::with(&FOREIGN);
    shell.write("latin.yaml", b"a: \xff\n");
    let ended = shell.run(&["check", "."]);
    assert_eq!((ended.status, &*ended.out), (Some(0), ""), "{ended:?}");
    let summary = "checked 0 objects in 8 files (2 of other kinds skipped; 6 other documents could not be read, 1 template of Helm among them: helm template CHART | rayguard check -): nothing found\n";
    assert_eq!(ended.err, summary);
    assert_eq!(shell.json(&["."])["summary"]["unreadableOthers"], 6);
    let strict = shell.run(&["check", "--strict", "."]);
    assert_eq!(strict.status, Some(2));
    assert!(strict.err.ends_with(": 7 unreadable\n"), "{}", strict.err);
    for help in
        ["render it first: helm template CHART", "if this is a Terraform template", "if this is a Jinja template"]
    {
        assert!(strict.err.contains(help), "{help}: {}", strict.err);
    }
}

#[test]
fn an_unreadable_document_with_a_kuberay_object_is_an_error_with_a_hint() {
    for (text, hint) in [
        ("apiVersion: ray.io/v1\nkind: RayCluster\nmetadata:\n  name: {{ .Values.name }}\n", "helm template CHART"),
        ("{{- if .Values.ray }}\napiVersion: ray.io/v1\nkind: RayJob\n{{- end }}\n", "helm template CHART"),
        ("{{/*\n- a\n  b\n*/}}\napiVersion: ray.io/v1\nkind: RayCluster\nspec: [\n", "helm template CHART"),
        ("apiVersion: ray.io/v1\nkind: RayCluster\nspec:\n${indent(2, spec)}\n  a: b: c\n", "a Terraform template"),
    ] {
        let shell = Shell::with(&[("a.yaml", text)]);
        let ended = shell.run(&["check", "a.yaml"]);
        assert_eq!(ended.status, Some(2), "{text}");
        assert!(ended.err.contains(hint) && ended.err.contains("rayguard check -"), "{}", ended.err);
    }
}

#[test]
fn an_error_about_a_placeholder_says_how_to_replace_it() {
    let replicas = |value: &str| {
        allowed().replace("- groupName: small\n", &format!("- groupName: small\n    replicas: {value}\n"))
    };
    for (text, hint) in [
        (replicas("$REPLICAS"), "envsubst < FILE"),
        (replicas("${REPLICAS}"), "envsubst < FILE"),
        (replicas("${var.replicas}"), "a Terraform template"),
        (replicas("\"{{ .Values.replicas }}\""), "helm template CHART"),
        (allowed().replace("name: allowed", "name: ray-${JOB_ID}"), "envsubst < FILE"),
        (allowed().replace("redis:6379", "$REDIS_ENDPOINT:6379"), "envsubst < FILE"),
    ] {
        let report = Shell::with(&[("a.yaml", &text)]).json(&["a.yaml"]);
        let findings = report["findings"].as_array().expect("a list");
        let errors: Vec<_> = findings.iter().filter(|finding| finding["severity"] == "error").collect();
        assert_eq!(errors.len(), 1, "{text}: {report}");
        assert!(errors[0]["help"].as_str().is_some_and(|help| help.contains(hint)), "{}", errors[0]);
    }
    // A shell in the container reads these, and kubelet replaces $(NAME).
    let report = Shell::with(&[("a.yaml", &DENIED.replace("num-cpus: \"0\"", "num-cpus: $CPUS"))]).json(&["a.yaml"]);
    assert!(!report.to_string().contains("envsubst"), "{report}");
}

#[test]
fn a_part_of_an_object_is_told_from_a_whole_one() {
    let part = "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {name: ray}\nspec:\n  workerGroupSpecs:\n  - groupName: small\n    replicas: 5\n";
    let shell = Shell::with(&[("part.yaml", part), ("whole.yaml", &allowed())]);
    let ended = shell.run(&["check", "part.yaml", "whole.yaml"]);
    assert_eq!(ended.status, Some(1));
    assert_eq!(ended.out.matches("kustomize build DIR | rayguard check -").count(), 2, "{}", ended.out);
    assert!(ended.err.starts_with("checked 1 object in 2 files (1 incomplete): 2 errors"), "{}", ended.err);
    let summary = &shell.json(&["part.yaml"])["summary"];
    assert_eq!((&summary["objects"], &summary["partial"]), (&0.into(), &1.into()));
}

#[test]
fn a_patch_for_kustomize_is_not_checked() {
    let head = "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {name: ray}\nspec:\n  headGroupSpec:\n    template:\n      spec:\n        containers:\n        - name: ray-head\n          resources: {limits: {memory: 8Gi}}\n";
    let delete = "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {name: old}\n$patch: delete\n";
    let kustomization = "resources: [../../base]\npatches:\n- path: patches/head.yaml\n";
    let shell = Shell::with(&[
        ("base/kustomization.yaml", "resources: [cluster.yaml]\n"),
        ("base/cluster.yaml", &allowed()),
        ("overlays/prod/kustomization.yaml", kustomization),
        ("overlays/prod/patches/head.yaml", head),
        ("overlays/prod/delete.yaml", delete),
    ]);
    for arguments in
        [&["check", "."][..], &["check", "overlays/prod/patches/head.yaml", "base", "overlays/prod/delete.yaml"]]
    {
        let ended = shell.run(arguments);
        assert_eq!((ended.status, &*ended.out), (Some(0), ""), "{ended:?}");
        assert!(ended.err.contains("checked 1 object in "), "{}", ended.err);
        assert!(ended.err.contains("(2 kustomize patches not checked"), "{}", ended.err);
    }
    assert_eq!(shell.json(&["."])["summary"]["patches"], 2);
}

#[test]
fn a_kubectl_reading_that_surprises_is_a_warning_and_strict_refuses_it() {
    let twice = DENIED.replace("value: \"300\"", "value: \"1440\"\n            value: \"300\"");
    let quoted = "apiVersion: ray.io/v1\nkind: RayJob\nmetadata: {name: quoted}\nspec:\n  entrypoint: 'python train.py\n  --epochs 3'\n  clusterSelector: {ray.io/cluster: a}\n";
    let shell = Shell::with(&[("twice.yaml", &twice), ("quoted.yaml", quoted)]);
    let report = shell.json(&["twice.yaml", "quoted.yaml"]);
    assert_eq!(report["errors"], serde_json::json!([]));
    let found = locations(&report);
    assert!(found.iter().any(|it| it.starts_with("twice.yaml:30") && it.ends_with(" duplicate-key")), "{found:?}");
    assert!(found.iter().any(|it| it.ends_with(" worker-reconnect-timeout")), "the last value counts: {found:?}");
    assert!(
        found.iter().any(|it| it.starts_with("quoted.yaml:5") && it.ends_with(" unindented-quoted-text")),
        "{found:?}"
    );
    for file in ["twice.yaml", "quoted.yaml"] {
        assert_eq!(shell.run(&["check", "--strict", file]).status, Some(2), "{file}");
    }
}

#[test]
fn a_kind_or_a_version_that_does_not_exist_says_what_to_write() {
    for (version, kind, help) in [
        ("ray.io/v1", "Raycluster", "write kind: RayCluster"),
        ("ray.io/v1", "rayService", "write kind: RayService"),
        ("ray.io/v1", "RayCronjob", "write kind: RayCronJob"),
        ("ray.io/v1alpha1", "RayJobs", "write kind: RayJob"),
        ("ray.io/v1", "Deployment", "write kind: RayCluster, RayService, RayJob or RayCronJob"),
        ("ray.io/v2", "RayCluster", "write apiVersion: ray.io/v1"),
        ("rayio/v1", "RayCluster", "write apiVersion: ray.io/v1"),
    ] {
        let text = format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\n");
        let report = Shell::with(&[("a.yaml", &text)]).json(&["a.yaml"]);
        assert_eq!(report["errors"][0]["help"], help, "{version} {kind}");
    }
}
