//! Manifests with faults that users have published or reported: what `check` says about each, and nothing else.

use super::{Shell, locations};

/// Returns a manifest of this kind with these fields next to its cluster, in its cluster, and in its head's container.
fn manifest(kind: &str, fields: &str, cluster: &str, params: &str, container: &str) -> String {
    let (start, indent) = match kind {
        "RayCluster" => ("spec:\n".to_owned(), "  "),
        "RayService" => (format!("spec:\n{fields}  rayClusterConfig:\n"), "    "),
        _ => (format!("spec:\n{fields}  shutdownAfterJobFinishes: true\n  rayClusterSpec:\n"), "    "),
    };
    let body = format!(
        "{cluster}rayVersion: 2.52.0\nheadGroupSpec:\n  rayStartParams: {{num-cpus: \"0\"{params}}}\n  template:\n    spec:\n      \
         containers:\n      - name: ray-head\n        image: rayproject/ray:2.52.0\n        resources: {{limits: {{cpu: \"1\", memory: 4Gi}}}}\n\
         {container}workerGroupSpecs:\n- groupName: small\n  replicas: 1\n  minReplicas: 1\n  maxReplicas: 2\n  rayStartParams: {{}}\n  \
         template:\n    spec:\n      containers:\n      - name: ray-worker\n        image: rayproject/ray:2.52.0\n        \
         resources: {{limits: {{cpu: \"1\", memory: 4Gi}}}}\n"
    );
    let body = body.lines().map(|line| [indent, line, "\n"].concat()).collect::<Vec<_>>().concat();
    format!("apiVersion: ray.io/v1\nkind: {kind}\nmetadata: {{name: reported}}\n{start}{body}")
}

const SECRET: &str = "{secretKeyRef: {name: redis, key: password}}";

/// A manifest, the exit status of `check` on it, the rules of its findings, and a part of the first help.
type Reported = (&'static str, String, i32, &'static [&'static str], &'static str);

fn reported() -> Vec<Reported> {
    let cluster = |cluster: &str, params: &str, container: &str| manifest("RayCluster", "", cluster, params, container);
    let job = |fields: &str, params: &str| manifest("RayJob", fields, "", params, "");
    let service = |fields: &str| manifest("RayService", fields, "", "", "");
    let serve = |text: &str| {
        let lines = text.lines().map(|line| ["    ", line, "\n"].concat()).collect::<Vec<_>>().concat();
        service(&format!("  serveConfigV2: |\n{lines}"))
    };
    let address = "        env:\n        - {name: RAY_REDIS_ADDRESS, value: \"redis:6379\"}\n";
    let password = format!("        - {{name: REDIS_PASSWORD, valueFrom: {SECRET}}}\n");
    let memorydb = format!(
        "gcsFaultToleranceOptions:\n  redisAddress: redis://clustercfg.ray.abc123.memorydb.eu-central-1.amazonaws.com:6379\n  \
         redisPassword: {{valueFrom: {SECRET}}}\n"
    );
    let istio =
        ", node-ip-address: \"$(hostname -I | tr -d ' ' | sed 's/\\\\\\\\./-/g').headless.default.svc.cluster.local\"";
    vec![
        (
            "a scheduler next to the Pod's spec",
            cluster("", "", "").replacen("    spec:\n", "    schedulerName: volcano\n      spec:\n", 1),
            0,
            &["unknown-field"],
            "move it to spec.headGroupSpec.template.spec.schedulerName",
        ),
        (
            "a label selector for a cluster",
            "apiVersion: ray.io/v1\nkind: RayJob\nmetadata: {name: a}\nspec:\n  entrypoint: python a.py\n  clusterSelector:\n    \
             matchLabels: {ray.io/cluster: bench}\n"
                .to_owned(),
            1,
            &["malformed-field"],
            "write clusterSelector: {ray.io/cluster: bench}",
        ),
        ("no dashboard", job("  entrypoint: python a.py\n", ", include-dashboard: \"false\""), 1, &["unreachable-dashboard"], "remove it"),
        ("two commands", job("  entrypoint: a && b\n", ""), 0, &["split-entrypoint"], "bash -c"),
        (
            "the old form of the Serve configuration",
            service("  serveConfig:\n    importPath: a:b\n    deployments: [{name: A, numReplicas: 2}]\n"),
            1,
            &["missing-serve-config"],
            "rewrite it as serveConfigV2: |",
        ),
        (
            "everything but the switch",
            cluster("", ", redis-password: $REDIS_PASSWORD", &format!("{address}{password}")),
            1,
            &["ineffective-fault-tolerance"],
            "secretKeyRef: {name: redis, key: password}}}}; remove RAY_REDIS_ADDRESS, REDIS_PASSWORD and redis-password",
        ),
        ("Istio", cluster("", istio, ""), 0, &["shell-in-ray-start-params"], "keep it if bash is meant to run it"),
        ("MemoryDB", cluster(&memorydb, "", ""), 0, &["malformed-redis-address"], "aws memorydb describe-clusters"),
        (
            "an object store above the memory",
            cluster("", ", object-store-memory: \"10240000000\"", ""),
            1,
            &["object-store-above-memory"],
            "write less than limits.memory",
        ),
        (
            "a parameter of Ray 1",
            cluster("", ", redis-address: \"redis:6379\"", ""),
            1,
            &["unknown-ray-start-parameter"],
            "remove it",
        ),
        ("no Serve configuration", service(""), 1, &["missing-serve-config"], "add serveConfigV2"),
        (
            "two applications of one name",
            serve("applications:\n- {name: a, import_path: \"a:b\", route_prefix: /a}\n- {name: a, import_path: \"c:d\", route_prefix: /c}"),
            1,
            &["duplicate-serve-application"],
            "write another name",
        ),
        (
            "replicas and autoscaling",
            serve("applications:\n- name: a\n  import_path: a:b\n  deployments:\n  - name: D\n    num_replicas: 3\n    autoscaling_config: {max_replicas: 5}"),
            1,
            &["invalid-serve-option"],
            "remove num_replicas, or remove autoscaling_config",
        ),
    ]
}

#[test]
fn each_reported_fault_has_one_finding_with_its_cure() {
    for (what, text, status, rules, help) in reported() {
        let shell = Shell::with(&[("a.yaml", &text)]);
        let report = shell.json(&["a.yaml"]);
        let found = locations(&report);
        let found: Vec<_> = found.iter().filter_map(|it| it.split_once(' ')).map(|(_, rule)| rule).collect();
        assert_eq!(found, rules, "{what}: {report:#}\n{text}");
        assert!(report["findings"][0]["help"].as_str().is_some_and(|it| it.contains(help)), "{what}: {report:#}");
        assert_eq!(shell.run(&["check", "a.yaml"]).status, Some(status), "{what}");
    }
}

#[test]
fn fix_leaves_the_old_serve_configuration_and_moves_fault_tolerance() {
    for (what, text, ..) in reported() {
        let shell = Shell::with(&[("a.yaml", &text)]);
        let ended = shell.run(&["check", "--fix", "--quiet", "a.yaml"]);
        let fixed = std::fs::read_to_string(shell.path().join("a.yaml")).expect("the file");
        match what {
            "the old form of the Serve configuration" => assert_eq!(fixed, text),
            "everything but the switch" => {
                assert_eq!((ended.status, &*ended.out), (Some(0), ""), "{fixed}");
                assert!(fixed.contains("redisAddress: redis:6379") && !fixed.contains("RAY_REDIS_ADDRESS"), "{fixed}");
            }
            _ => {}
        }
    }
}

/// Returns a cluster with the older settings for Redis, these annotations and variables, and these parameters.
fn half(annotations: &str, params: &str, variables: &str) -> String {
    let container = format!(
        "        env:\n        - {{name: RAY_REDIS_ADDRESS, value: \"redis:6379\"}}\n        \
         - {{name: REDIS_PASSWORD, valueFrom: {SECRET}}}\n{variables}"
    );
    let params = format!(", redis-password: $REDIS_PASSWORD{params}");
    let text = manifest("RayCluster", "", "", &params, &container);
    text.replace("{name: reported}", &format!("{{name: reported, annotations: {{{annotations}}}}}"))
}

#[test]
fn fault_tolerance_is_moved_only_if_nothing_is_lost() {
    let url = "        - {name: URL, value: \"redis://:$(REDIS_PASSWORD)@$(RAY_REDIS_ADDRESS)\"}\n";
    for (what, text, is_moved, help) in [
        ("nothing else", half("", "", ""), true, "remove RAY_REDIS_ADDRESS, REDIS_PASSWORD and redis-password"),
        (
            "off by annotation",
            half("ray.io/ft-enabled: \"false\"", "", ""),
            false,
            "redis-password and ray.io/ft-enabled",
        ),
        ("a reference", half("", "", url), false, "write spec.gcsFaultToleranceOptions"),
        ("a user name", half("", ", redis-username: admin", ""), false, "write spec.gcsFaultToleranceOptions"),
    ] {
        let shell = Shell::with(&[("a.yaml", &text)]);
        let report = shell.json(&["a.yaml"]);
        let findings = report["findings"].as_array().expect("a list").iter();
        let helps: Vec<_> = findings.map(|it| it["help"].as_str().expect("text")).collect();
        assert!(helps.iter().any(|it| it.contains(help)), "{what}: {helps:?}");
        assert!(!helps.iter().any(|it| it.contains("does not use Redis")), "{what}: {helps:?}");
        shell.run(&["check", "--fix", "a.yaml"]);
        let fixed = std::fs::read_to_string(shell.path().join("a.yaml")).expect("the file");
        assert_eq!(fixed != text, is_moved, "{what}: {fixed}");
    }
    let policy = "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\nkuberay: {version: \"1.2\"}\n";
    let shell = Shell::with(&[("a.yaml", &half("", "", "")), ("policy.yaml", policy)]);
    let report = shell.json(&["--config", "policy.yaml", "a.yaml"]);
    assert_eq!(report["findings"][0]["help"], "write the annotation ray.io/ft-enabled: \"true\"");
}
