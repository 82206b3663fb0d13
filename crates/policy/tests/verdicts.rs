//! Known verdicts: effective timeouts, and the findings in real manifests.

use rayguard_manifest::yaml;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::schema::Schema;

const POLICY: &str = "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\n";

/// Returns the findings in a manifest as the API server would store it, without rayguard's defaults, as `level rule
/// path`.
fn judge(policy: &str, manifest: &str) -> Vec<String> {
    let policy = Policy::from_yaml(&format!("{POLICY}{policy}")).expect("a policy");
    let mut json = yaml::documents(manifest).remove(0).expect("YAML").json;
    Schema::of(policy.settings.kuberay.version).conform(&mut json);
    let object = RayObject::read(&json).expect("a Ray object");
    let findings = policy.validate(&object, None);
    findings.iter().map(|found| format!("{} {} {}", found.level, found.rule.name, found.path)).collect()
}

/// Returns a cluster with fault tolerance by annotation, with these containers and annotations.
fn by_annotation(annotations: &str, params: &str, head: &str, workers: &str) -> String {
    format!(
        "{{apiVersion: ray.io/v1, kind: RayCluster, metadata: {{name: c, annotations: {{{annotations}}}}}, spec: {{
          headGroupSpec: {{rayStartParams: {{num-cpus: \"0\", {params}}}, template: {{spec: {{containers: [{head}]}}}}}},
          workerGroupSpecs: [{{groupName: w, template: {{spec: {{containers: [{workers}]}}}}}}]}}}}"
    )
}

const ENABLED: &str = "ray.io/ft-enabled: \"true\"";
const PASSWORD: &str = "redis-password: $REDIS_PASSWORD";
const FROM_SECRET: &str = "{name: REDIS_PASSWORD, valueFrom: {secretKeyRef: {name: s, key: k}}}";
const ADDRESS: &str = "{name: RAY_REDIS_ADDRESS, value: \"redis:6379\"}";
const TIMEOUT: &str = "name: RAY_gcs_rpc_server_reconnect_timeout_s";
const LEGACY: &str = "warn legacy-fault-tolerance metadata.annotations[ray.io/ft-enabled]";
const HEAD_ENV: &str = "spec.headGroupSpec.template.spec.containers[0].env";
const WORKER: &str = "spec.workerGroupSpecs[0].template.spec.containers";

fn head(more: &str) -> String {
    format!(
        "{{name: ray-head, image: ray, resources: {{limits: {{memory: 2Gi}}}}, env: [{ADDRESS}, {FROM_SECRET}{more}]}}"
    )
}

fn worker(env: &str) -> String {
    format!("{{name: ray-worker, image: ray, env: [{env}]}}")
}

/// Returns the findings in a cluster with fault tolerance by annotation in which only these containers vary.
fn timeouts(head_env: &str, workers: &str) -> Vec<String> {
    let findings = judge("", &by_annotation(ENABLED, PASSWORD, &head(head_env), workers));
    findings.into_iter().filter(|finding| finding != LEGACY).collect()
}

#[test]
fn effective_timeouts_match_kuberay_and_ray() {
    let nothing = Vec::<String>::new();
    let case_a = timeouts("", "{name: ray-worker, image: ray}, {name: sidecar, image: busybox}");
    assert_eq!(case_a, nothing, "A: nothing set, two containers");

    let case_b = timeouts(&format!(", {{{TIMEOUT}, value: \"1200\"}}"), "{name: ray-worker, image: ray}");
    assert_eq!(case_b, [format!("deny worker-reconnect-timeout {WORKER}[0].env")], "B: only the head was raised");

    let from = format!("{TIMEOUT}, valueFrom: {{configMapKeyRef: {{name: m, key: k}}}}");
    let case_c = timeouts("", &worker(&format!("{{{from}}}")));
    assert_eq!(case_c, [format!("warn unknown-reconnect-timeout {WORKER}[0].env[0].valueFrom")], "C: valueFrom");

    let sidecar_first =
        format!("{{name: sidecar, image: busybox}}, {{name: ray, image: ray, env: [{{{TIMEOUT}, value: \"30\"}}]}}");
    let not_first = timeouts("", &sidecar_first);
    assert_eq!(not_first, [format!("deny ray-container-not-first {WORKER}[1]")], "C': Ray is not the first container");

    let case_d = timeouts("", &worker(&format!("{{{TIMEOUT}, value: \"\"}}")));
    assert_eq!(case_d, [format!("deny invalid-reconnect-timeout {WORKER}[0].env[0].value")], "D: an empty value");

    let with_env_from = timeouts("", "{name: ray-worker, image: ray, envFrom: [{configMapRef: {name: m}}]}");
    assert_eq!(with_env_from, nothing, "D': envFrom only, which KubeRay's own variable overrides");
}

#[test]
fn the_order_of_timeouts_is_not_checked_without_fault_tolerance() {
    let containers =
        |seconds: &str| format!("{{name: ray-head, image: ray, env: [{{{TIMEOUT}, value: \"{seconds}\"}}]}}");
    assert_eq!(
        judge("", &by_annotation("", "", &containers("1200"), "{name: ray-worker, image: ray}")),
        Vec::<String>::new()
    );
    // A value on which Ray crashes is found nevertheless.
    let crash = format!("deny invalid-reconnect-timeout {HEAD_ENV}[0].value");
    assert_eq!(judge("", &by_annotation("", "", &containers("600s"), "{name: ray-worker, image: ray}")), [crash]);
}

#[test]
fn the_assumed_head_timeout_of_the_policy_is_used() {
    let assumed = "settings: {assumedHeadReconnectTimeoutSeconds: 900}";
    let manifest = by_annotation(ENABLED, PASSWORD, &head(""), "{name: ray-worker, image: ray}");
    let findings = judge(assumed, &manifest);
    assert_eq!(findings, [format!("deny worker-reconnect-timeout {WORKER}[0].env"), LEGACY.to_owned()], "F");
}

#[test]
fn mistakes_in_fault_tolerance_by_annotation_are_found() {
    let literal = by_annotation(
        &format!("{ENABLED}, ray.io/external-storage-namespace: \"\""),
        "redis-password: \"5241590000000000\"",
        &format!("{{name: ray-head, image: ray, resources: {{limits: {{memory: 2Gi}}}}, env: [{ADDRESS}]}}"),
        "{name: ray-worker, image: ray}",
    );
    let expected = [
        "warn plaintext-redis-password spec.headGroupSpec.rayStartParams[redis-password]",
        "deny empty-storage-namespace metadata.annotations[ray.io/external-storage-namespace]",
        LEGACY,
    ];
    assert_eq!(judge("", &literal), expected, "G: an empty namespace, a literal password");

    let no_address =
        format!("{{name: ray-head, image: ray, resources: {{limits: {{memory: 2Gi}}}}, env: [{FROM_SECRET}]}}");
    let no_address = by_annotation(ENABLED, PASSWORD, &no_address, "{name: ray-worker, image: ray}");
    assert_eq!(judge("", &no_address), [&*format!("deny missing-redis-address {HEAD_ENV}"), LEGACY], "H: no address");

    let no_variable =
        format!("{{name: ray-head, image: ray, resources: {{limits: {{memory: 2Gi}}}}, env: [{ADDRESS}]}}");
    let no_variable = by_annotation(ENABLED, PASSWORD, &no_variable, "{name: ray-worker, image: ray}");
    let dangling = "deny dangling-redis-password spec.headGroupSpec.rayStartParams[redis-password]";
    assert_eq!(judge("", &no_variable), [dangling, LEGACY], "A': a password from no variable");

    let off = by_annotation("ray.io/ft-enabled: \" true\"", PASSWORD, &head(""), "{name: ray-worker, image: ray}");
    let ineffective = "deny ineffective-fault-tolerance metadata.annotations[ray.io/ft-enabled]";
    assert_eq!(judge("", &off), [ineffective], "K: a space that disables fault tolerance");
}

/// Returns a cluster with fault tolerance by options.
fn by_options(annotations: &str, options: &str) -> String {
    format!(
        "{{apiVersion: ray.io/v1, kind: RayCluster, metadata: {{name: c, annotations: {{{annotations}}}}}, spec: {{
          gcsFaultToleranceOptions: {options}, headGroupSpec: {{rayStartParams: {{num-cpus: \"0\"}}, template: {{spec: {{
          containers: [{{name: ray-head, image: ray, resources: {{limits: {{memory: 2Gi}}}}}}]}}}}}},
          workerGroupSpecs: [{{groupName: w, template: {{spec: {{containers: [{{name: ray-worker, image: ray}}]}}}}}}]}}}}"
    )
}

const SECRET: &str = "redisPassword: {valueFrom: {secretKeyRef: {name: s, key: k}}}";

#[test]
fn mistakes_in_fault_tolerance_options_are_found() {
    let address = "deny missing-redis-address spec.gcsFaultToleranceOptions.redisAddress";
    let password = "deny missing-redis-password spec.gcsFaultToleranceOptions.redisPassword";
    assert_eq!(judge("", &by_options("", "{}")), [address, password], "I: empty options");

    let good = format!("{{redisAddress: \"redis:6379\", {SECRET}}}");
    assert_eq!(judge("", &by_options("", &good)), Vec::<String>::new());
    let both = "deny conflicting-fault-tolerance metadata.annotations[ray.io/ft-enabled]";
    assert_eq!(
        judge("", &by_options("ray.io/ft-enabled: \"false\"", &good)),
        [both],
        "J: annotation and options, even with the annotation set to false"
    );

    assert_eq!(judge("", &by_options("", "{redisAddress: \"redis:6379\", redisPassword: {}}")), [password]);
    assert_eq!(
        judge("rules: {missing-redis-password: off}", &by_options("", "{redisAddress: \"redis:6379\"}")),
        Vec::<String>::new()
    );
    let loopback = "warn loopback-redis spec.gcsFaultToleranceOptions.redisAddress";
    assert_eq!(
        judge("", &by_options("", "{redisAddress: \"127.0.0.1:6380\"}")),
        [loopback],
        "a Redis in the head's Pod"
    );
}

#[test]
fn rocksdb_needs_a_feature_gate_and_no_redis() {
    let rocksdb = by_options("", "{backend: rocksdb, storage: {size: 5Gi}}");
    assert_eq!(judge("", &rocksdb), ["deny disabled-feature spec.gcsFaultToleranceOptions.backend"]);
    let open = "kuberay: {featureGates: {GCSFaultToleranceEmbeddedStorage: true}}";
    assert_eq!(judge(open, &rocksdb), Vec::<String>::new());
}

#[test]
fn real_manifests_get_the_expected_findings() {
    let apiserver = include_str!("../../../tests/fixtures/manifests/apiserver-ha.yaml");
    assert_eq!(judge("", apiserver), [LEGACY]);

    let v1alpha1 = include_str!("../../../tests/fixtures/manifests/v1alpha1-external-redis.yaml");
    let memory =
        "warn head-without-memory-limit spec.headGroupSpec.template.spec.containers[0].resources.limits[memory]";
    assert_eq!(judge("", v1alpha1), [LEGACY, memory, "warn deprecated-api-version apiVersion"]);

    // KubeRay's own tests have a head that waits 20 s, and workers that wait 120 s or KubeRay's 600 s.
    let head_waits = format!(", {{{TIMEOUT}, value: \"20\"}}");
    assert_eq!(timeouts(&head_waits, "{name: ray-worker, image: ray}"), Vec::<String>::new());
    assert_eq!(timeouts(&head_waits, &worker(&format!("{{{TIMEOUT}, value: \"120\"}}"))), Vec::<String>::new());
}

/// Returns rule, path and help of each finding in a manifest with its defaults, as `check` reports them.
fn check(manifest: &str) -> Vec<(&'static str, String, String)> {
    let document = yaml::documents(manifest).remove(0).expect("YAML");
    let outcome = Policy::default().dry_run(&document.json, None).expect("a Ray object");
    outcome.findings.into_iter().map(|found| (found.rule.name, found.path.to_string(), found.help)).collect()
}

/// Returns the findings of `check` without help.
fn checked(manifest: &str) -> Vec<String> {
    check(manifest).into_iter().map(|(rule, path, _)| format!("{rule} {path}")).collect()
}

const GOOD: &str = "redisAddress: \"redis:6379\", redisPassword: {valueFrom: {secretKeyRef: {name: s, key: k}}}";

#[test]
fn defaults_hide_no_finding() {
    let manifest = by_options("", &format!("{{{GOOD}}}"));
    let sidecar = "{name: sidecar, image: busybox}, {name: ray, image: ray, env: [{name: RAY_gcs_rpc_server_reconnect_timeout_s, value: \"30\"}]}";
    let sidecar = manifest.replace("{name: ray-worker, image: ray}", sidecar);
    assert_eq!(checked(&sidecar), [format!("ray-container-not-first {WORKER}[1]")]);
    let slip = manifest.replace(
        "ray-worker, image: ray}",
        "ray-worker, image: ray, env: [{name: gcs_rpc_server_reconnect_timeout, value: \"9\"}]}",
    );
    assert_eq!(checked(&slip), [format!("misspelled-variable {WORKER}[0].env[0].name")]);
}

#[test]
fn each_mistake_has_exactly_one_finding() {
    let incomplete = by_options("", "{redisAddress: \"r:1\", redisPassword: {valueFrom: {secretKeyRef: {name: s}}}}");
    let key = "spec.gcsFaultToleranceOptions.redisPassword.valueFrom.secretKeyRef.key";
    assert_eq!(checked(&incomplete), [format!("malformed-field {key}")]);
    let nameless = incomplete.replace("{name: s}", "{key: k}");
    let name = key.replace(".key", ".name");
    assert_eq!(checked(&nameless), [format!("missing-redis-password {name}")]);

    let no_variable =
        format!("{{name: ray-head, image: ray, resources: {{limits: {{memory: 2Gi}}}}, env: [{ADDRESS}]}}");
    let reference =
        by_annotation(ENABLED, "redis-password: $(REDIS_PASSWORD)", &no_variable, "{name: ray-worker, image: ray}");
    let dangling = "dangling-redis-password spec.headGroupSpec.rayStartParams[redis-password]";
    let legacy = "legacy-fault-tolerance metadata.annotations[ray.io/ft-enabled]";
    assert_eq!(checked(&reference), [dangling, legacy]);

    let service = by_options("ray.io/external-storage-namespace: x", &format!("{{{GOOD}}}"))
        .replace("kind: RayCluster", "kind: RayService")
        .replace(
            "spec: {\n          gcs",
            "spec: {serveConfigV2: \"applications: []\", rayClusterConfig: {\n          gcs",
        )
        + "}";
    let conflict = "conflicting-fault-tolerance metadata.annotations[ray.io/external-storage-namespace]";
    assert_eq!(checked(&service), [conflict]);

    let twice = format!("ray-worker, image: ray, env: [{{{TIMEOUT}, value: \"600\"}}, {{{TIMEOUT}, value: \"50\"}}]}}");
    let twice = by_options("", &format!("{{{GOOD}}}")).replace("ray-worker, image: ray}", &twice);
    let order = format!("worker-reconnect-timeout {WORKER}[0].env[1].value");
    assert_eq!(checked(&twice), [order, format!("malformed-field {WORKER}[0].env[1]")]);

    let unknown = ", {name: RAY_gcs_rpc_server_reconnect_timeout_s, valueFrom: {configMapKeyRef: {name: m, key: k}}}";
    let short = timeouts(unknown, &worker(&format!("{{{TIMEOUT}, value: \"30\"}}")));
    let expected = [
        format!("warn unknown-reconnect-timeout {HEAD_ENV}[2].valueFrom"),
        format!("warn short-reconnect-timeout {WORKER}[0].env[0].value"),
    ];
    assert_eq!(short, expected);
}

#[test]
fn help_texts_name_a_valid_fix() {
    let endless = by_options("", &format!("{{{GOOD}}}"));
    let endless =
        endless.replace("limits: {memory: 2Gi}}", "limits: {memory: 2Gi}}, env: [{name: T, value: \"4294967295\"}]");
    let endless = endless.replace("name: T", TIMEOUT);
    let [(rule, path, help)] = &check(&endless)[..] else { panic!("one finding in {endless}") };
    assert_eq!((*rule, path), ("worker-reconnect-timeout", &format!("{WORKER}[0].env")));
    assert_eq!(help, "set RAY_gcs_rpc_server_reconnect_timeout_s of the head to \"60\"");

    let annotations = format!("{ENABLED}, ray.io/external-storage-namespace: mine");
    let (_, _, help) =
        check(&by_annotation(&annotations, PASSWORD, &head(""), "{name: ray-worker, image: ray}")).remove(0);
    assert_eq!(
        help,
        "write spec.gcsFaultToleranceOptions: {redisAddress: \"redis:6379\", redisPassword: {valueFrom: {secretKeyRef: \
         {name: s, key: k}}}, externalStorageNamespace: \"mine\"}; remove this annotation, \
         ray.io/external-storage-namespace, RAY_REDIS_ADDRESS, REDIS_PASSWORD and redis-password"
    );

    let service =
        "{apiVersion: ray.io/v1, kind: RayService, metadata: {name: s}, spec: {rayClusterConfig: {headGroupSpec: {
      template: {metadata: {annotations: {ray.io/ft-enabled: \"true\"}}, spec: {containers: [{name: ray-head, image: ray}]}}}}}}";
    let (_, _, help) = check(service).remove(0);
    assert_eq!(help, "remove it, and write spec.rayClusterConfig.gcsFaultToleranceOptions");

    let label = by_options("", &format!("{{{GOOD}}}")).replace("name: c,", "name: c, labels: {version: 1.10},");
    assert_eq!(check(&label)[0].2, "write it in quotes", "1.1 is not 1.10");
}

#[test]
fn highest_level_lowers_every_rule_and_raises_none() {
    let cluster = by_annotation(
        ENABLED,
        "redis-password: \"\"",
        "{name: ray-head, image: ray}",
        "{name: ray-worker, image: ray}",
    );
    let at_own_level = judge("", &cluster);
    assert!(at_own_level.iter().any(|finding| finding.starts_with("deny missing-redis-address")), "{at_own_level:?}");
    assert!(at_own_level.contains(&LEGACY.to_owned()), "{at_own_level:?}");

    let lowered =
        |level| at_own_level.iter().map(move |finding| finding.replacen("deny", level, 1)).collect::<Vec<_>>();
    assert_eq!(judge("highestLevel: deny", &cluster), at_own_level);
    assert_eq!(judge("highestLevel: warn", &cluster), lowered("warn"));
    let audited: Vec<_> = lowered("audit").iter().map(|finding| finding.replacen("warn", "audit", 1)).collect();
    assert_eq!(judge("highestLevel: audit\nrules: {missing-redis-address: deny}", &cluster), audited);
}
