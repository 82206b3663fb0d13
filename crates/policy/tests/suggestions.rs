//! The help for names that users write in place of those of the schema.

use rayguard_manifest::fix::Edit;
use rayguard_manifest::yaml;
use rayguard_policy::policy::Policy;
use rayguard_policy::rule::Finding;

/// Returns the findings about a manifest, as `rayguard check` finds them.
fn check(manifest: &str) -> Vec<Finding> {
    let document = yaml::documents(manifest).remove(0).expect("YAML");
    Policy::default().dry_run(&document.json, None).expect("one of KubeRay's objects").findings
}

/// Returns a RayJob with more fields in its spec, its cluster's spec, its head, the head's template, the Pod's spec and
/// its container.
fn job(place: &str, line: &str) -> String {
    let at = |known: &str| if known == place && !line.is_empty() { format!("{line}, ") } else { String::new() };
    format!(
        "{{apiVersion: ray.io/v1, kind: RayJob, metadata: {{name: j}}, spec: {{{} entrypoint: x, rayClusterSpec: {{{}
         rayVersion: 2.52.0, headGroupSpec: {{{} rayStartParams: {{num-cpus: \"0\"}}, template: {{{} spec: {{{}
         containers: [{{{} name: ray-head, image: \"rayproject/ray:2.52.0\", resources: {{{} limits: {{cpu: 1}}}}}}]}}}}}},
         workerGroupSpecs: [{{{} groupName: w, template: {{spec: {{containers: [{{name: ray-worker, image: a}}]}}}}}}]}}}}}}",
        at("job"),
        at("cluster"),
        at("head"),
        at("template"),
        at("pod"),
        at("container"),
        at("resources"),
        at("workers"),
    )
}

/// What is expected of a misspelled field.
enum Expected {
    /// The fix renames the field.
    Renamed(&'static str),
    /// The help names a field, and there is no fix.
    Named(&'static str),
    /// The help has the whole path of another position, which ends like this.
    Moved(&'static str),
}

#[test]
fn misspelled_fields_get_the_right_name_and_a_fix_only_if_the_value_fits() {
    use Expected::{Moved, Named, Renamed};
    for (place, line, expected) in [
        ("job", "runtimeEnv: {pip: [requests]}", Named("runtimeEnvYAML: |")),
        ("job", "runtimeEnv: eyJwaXAiOltdfQ==", Named("runtimeEnvYAML? its value is YAML, and not the base64")),
        ("job", "runtime_env_yaml: \"pip: [requests]\"", Renamed("runtimeEnvYAML")),
        ("job", "entryPoint: python a.py", Named("entrypoint")),
        ("job", "shutdownAfterJobFinish: true", Renamed("shutdownAfterJobFinishes")),
        ("job", "shutdownAfterJob: \"yes\"", Named("shutdownAfterJobFinishes? its value is true or false")),
        ("job", "ttlSeconds: 5", Named("ttlSecondsAfterFinished")),
        ("job", "activeDeadline: 5", Renamed("activeDeadlineSeconds")),
        ("job", "submitterPod: {spec: {containers: [{name: a}]}}", Renamed("submitterPodTemplate")),
        ("job", "rayVersion: 2.52.0", Moved("spec.rayClusterSpec.rayVersion")),
        ("job", "headGroupSpec: {}", Moved("spec.rayClusterSpec.headGroupSpec")),
        ("job", "backoff_limit: 2", Renamed("backoffLimit")),
        ("cluster", "rayversion: 2.52.0", Named("rayVersion")),
        ("cluster", "enableIntreeAutoscaling: true", Renamed("enableInTreeAutoscaling")),
        ("cluster", "enableAutoscaling: true", Named("remove it")),
        ("cluster", "gcsFaultTolerance: {redisAddress: \"redis:6379\"}", Renamed("gcsFaultToleranceOptions")),
        ("cluster", "autoscalerOption: {idleTimeoutSeconds: 60}", Renamed("autoscalerOptions")),
        ("cluster", "autoscalerOption: [a]", Named("autoscalerOptions? its value is a map")),
        ("cluster", "replicas: 1", Moved("spec.rayClusterSpec.workerGroupSpecs[0].replicas")),
        ("cluster", "worker_group_specs: []", Named("workerGroupSpecs")),
        ("head", "rayStartParam: {num-cpus: \"0\"}", Named("rayStartParams")),
        ("head", "serviceTyp: ClusterIP", Renamed("serviceType")),
        ("head", "enable-ingress: true", Renamed("enableIngress")),
        ("head", "containers: []", Named("remove it")),
        ("template", "schedulerName: volcano", Moved("spec.rayClusterSpec.headGroupSpec.template.spec.schedulerName")),
        ("template", "nodeSelector: {a: b}", Moved("spec.rayClusterSpec.headGroupSpec.template.spec.nodeSelector")),
        ("template", "labels: {a: b}", Moved("spec.rayClusterSpec.headGroupSpec.template.metadata.labels")),
        ("template", "meta: {labels: {a: b}}", Renamed("metadata")),
        ("pod", "runtimeClass: nvidia", Renamed("runtimeClassName")),
        ("pod", "runtimeClass: 5", Named("runtimeClassName? its value is a string")),
        ("pod", "runtime_class_name: nvidia", Renamed("runtimeClassName")),
        ("pod", "priorityClass: high", Renamed("priorityClassName")),
        ("pod", "nodeselector: {a: b}", Renamed("nodeSelector")),
        ("pod", "node_selector: {a: b}", Renamed("nodeSelector")),
        ("pod", "toleration: [{key: a}]", Renamed("tolerations")),
        ("pod", "toleration: {key: a}", Named("tolerations? its value is a list")),
        ("pod", "imagePullSecret: [{name: a}]", Renamed("imagePullSecrets")),
        ("pod", "serviceAccountname: a", Renamed("serviceAccountName")),
        ("pod", "volume: [{name: a}]", Renamed("volumes")),
        ("pod", "initContainer: [{name: a}]", Renamed("initContainers")),
        ("pod", "termination-grace-period-seconds: 60", Renamed("terminationGracePeriodSeconds")),
        ("pod", "image: a", Moved("spec.rayClusterSpec.headGroupSpec.template.spec.containers[0].image")),
        ("container", "image_pull_policy: Always", Renamed("imagePullPolicy")),
        ("container", "imagePull: Always", Renamed("imagePullPolicy")),
        ("container", "envs: [{name: A, value: a}]", Renamed("env")),
        ("container", "envs: {A: a}", Named("env? its value is a list")),
        ("container", "resource: {limits: {cpu: 1}}", Named("resources")),
        ("container", "arg: [a]", Renamed("args")),
        ("container", "commands: [a]", Renamed("command")),
        ("container", "port: [{containerPort: 1}]", Renamed("ports")),
        ("container", "port: 8265", Named("ports? its value is a list")),
        ("container", "volumeMount: [{name: a, mountPath: /a}]", Renamed("volumeMounts")),
        ("container", "security-context: {runAsUser: 1}", Renamed("securityContext")),
        ("container", "liveness_probe: {periodSeconds: 5}", Renamed("livenessProbe")),
        ("container", "nodeSelector: {a: b}", Moved("spec.rayClusterSpec.headGroupSpec.template.spec.nodeSelector")),
        (
            "resources",
            "cpu: 1",
            Moved("spec.rayClusterSpec.headGroupSpec.template.spec.containers[0].resources.limits[cpu]"),
        ),
        ("resources", "limit: {cpu: 2}", Named("limits")),
        ("resources", "request: {cpu: 1}", Renamed("requests")),
        ("workers", "minReplica: 1", Renamed("minReplicas")),
        ("workers", "maxreplicas: 3", Renamed("maxReplicas")),
        ("workers", "max_replicas: 3", Renamed("maxReplicas")),
        ("workers", "numHosts: 2", Renamed("numOfHosts")),
        ("workers", "name: w", Named("remove it")),
    ] {
        let manifest = job(place, line);
        let findings = check(&manifest);
        let unknown: Vec<_> = findings.iter().filter(|finding| finding.rule.name == "unknown-field").collect();
        let [finding] = unknown[..] else { panic!("{line}: {findings:?}") };
        assert!(finding.is_about_key, "{line}");
        let rename = finding.fix.as_ref().map(|fix| match &fix.edits[..] {
            [Edit::Rename { name, .. }] => name.as_str(),
            edits => panic!("{line}: {edits:?}"),
        });
        let help = &finding.help;
        match expected {
            Renamed(name) => assert_eq!((rename, &**help), (Some(name), &*format!("did you mean {name}?")), "{line}"),
            Named(name) => assert!(rename.is_none() && help.contains(name), "{line}: {help} {rename:?}"),
            Moved(path) => assert!(rename.is_none() && help.contains(path), "{line}: {help}"),
        }
    }
}

#[test]
fn the_old_serve_configuration_is_one_finding_without_a_fix() {
    for value in ["{importPath: \"app:main\", deployments: [{name: Main}]}", "no YAML", "\"applications: []\""] {
        let manifest = format!(
            "{{apiVersion: ray.io/v1, kind: RayService, metadata: {{name: s}}, spec: {{serveConfig: {value},
              rayClusterConfig: {{rayVersion: 2.52.0, headGroupSpec: {{rayStartParams: {{num-cpus: \"0\"}}, template: {{
              spec: {{containers: [{{name: ray-head, image: \"rayproject/ray:2.52.0\"}}]}}}}}}}}}}}}"
        );
        let findings = check(&manifest);
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((finding.rule.name, &*finding.path.to_string()), ("missing-serve-config", "spec.serveConfig"));
        assert!(finding.is_about_key && finding.fix.is_none(), "{finding:?}");
        assert!(finding.help.contains("rewrite it as serveConfigV2: |"), "{}", finding.help);
        // Next to the new form, the old one is only dropped.
        let findings =
            check(&manifest.replace("rayClusterConfig:", "serveConfigV2: \"applications: []\", rayClusterConfig:"));
        let rules: Vec<_> = findings.iter().map(|finding| finding.rule.name).collect();
        assert_eq!(rules, ["unknown-field"], "{findings:?}");
        assert!(findings[0].fix.is_none());
    }
}

#[test]
fn a_label_selector_in_a_map_of_labels_is_one_finding() {
    for (selector, help) in [
        ("{matchLabels: {ray.io/cluster: bench}}", "write clusterSelector: {ray.io/cluster: bench}"),
        ("{matchLabels: {ray.io/cluster: \"7\"}}", "write clusterSelector: {ray.io/cluster: \"7\"}"),
        (
            "{matchExpressions: [{key: ray.io/cluster, operator: In, values: [bench]}]}",
            "write clusterSelector: {ray.io/cluster: bench}",
        ),
        (
            "{matchExpressions: [{key: ray.io/cluster, operator: In, values: [a, b]}]}",
            "write clusterSelector: {ray.io/cluster: NAME}, with the name of the RayCluster",
        ),
        ("{matchLabels: {app: x}}", "write clusterSelector: {ray.io/cluster: NAME}, with the name of the RayCluster"),
        ("{matchLabels: {}}", "write clusterSelector: {ray.io/cluster: NAME}, with the name of the RayCluster"),
        (
            "{ray.io/cluster: a, matchLabels: {ray.io/cluster: b}}",
            "write clusterSelector: {ray.io/cluster: NAME}, with the name of the RayCluster",
        ),
    ] {
        for (kind, before, after) in
            [("RayJob", "", ""), ("RayCronJob", "schedule: \"0 3 * * *\", jobTemplate: {", "}")]
        {
            let manifest = format!(
                "{{apiVersion: ray.io/v1, kind: {kind}, metadata: {{name: j}}, spec: {{{before}entrypoint: x,
                  clusterSelector: {selector}{after}}}}}"
            );
            let findings = check(&manifest);
            let [finding] = &findings[..] else { panic!("{selector}: {findings:?}") };
            assert_eq!((finding.rule.name, &*finding.help), ("malformed-field", help), "{selector}");
        }
    }
    for (selector, help) in [
        ("{matchLabels: {pool: ray, gpu: \"true\"}}", "write nodeSelector: {pool: ray, gpu: \"true\"}"),
        (
            "{matchExpressions: [{key: pool, operator: Exists}]}",
            "write each label and its value below nodeSelector, or use affinity.nodeAffinity",
        ),
    ] {
        let findings = check(&job("pod", &format!("nodeSelector: {selector}")));
        let [finding] = &findings[..] else { panic!("{selector}: {findings:?}") };
        assert_eq!((finding.rule.name, &*finding.help), ("malformed-field", help), "{selector}");
    }
}

#[test]
fn labels_in_the_metadata_of_a_job_are_moved() {
    let findings = check(&job("job", "metadata: {labels: {a: b}}"));
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    assert!(finding.help.starts_with("move it to the metadata of the object"), "{}", finding.help);
}

#[test]
fn one_placeholder_at_several_fields_is_one_finding() {
    let manifest = job("pod", "serviceAccountName: $KSA").replace(
        "containers: [{name: ray-worker, image: a}]",
        "serviceAccountName: $KSA, containers: [{name: ray-worker, image: a}], nodeSelector: {a: $POOL}",
    );
    let findings = check(&manifest);
    let shown: Vec<_> = findings.iter().map(|finding| (finding.rule.name, &*finding.help)).collect();
    let help = "replace the placeholder before you apply the object; if this is for envsubst, fill it in first: \
                envsubst < FILE | rayguard check -";
    assert_eq!(shown, [("invalid-scheduling", help), ("invalid-pod-spec", help)], "{findings:?}");
    let manifest = job("workers", "replicas: $N, minReplicas: $MIN");
    let helps: Vec<_> = check(&manifest).into_iter().map(|finding| finding.help).collect();
    assert_eq!(helps, [help, help]);
    let options = "gcsFaultToleranceOptions: {redisAddress: \"$HOST:6379\", redisPassword: {value: $PASSWORD}}";
    let findings = check(&job("cluster", options));
    let address = findings.iter().find(|finding| finding.rule.name == "malformed-redis-address").expect("a finding");
    assert_eq!(address.help, help);
}

#[test]
fn findings_about_names_are_marked_as_such() {
    let parameters = |params: &str| job("job", "").replace("num-cpus: \"0\"", params);
    for (manifest, rule, is_about_key) in [
        (parameters("redis-address: \"redis:6379\""), "unknown-ray-start-parameter", true),
        (parameters("num-cpus: \"0.5\""), "invalid-ray-start-parameter", false),
        (job("template", "metadata: {labels: {\"a b\": c}}"), "invalid-pod-metadata", true),
        (job("template", "metadata: {labels: {a: \"b c\"}}"), "invalid-pod-metadata", false),
        (job("head", "labels: {\"a b\": c}"), "invalid-group-label", true),
        (job("", "").replace("name: j", "name: j, annotations: {\"a b\": c}"), "malformed-field", true),
        (job("", "").replace("name: j", "name: J"), "malformed-field", false),
    ] {
        let findings = check(&manifest.replace("spec: {,", "spec: {"));
        let finding = findings.iter().find(|finding| finding.rule.name == rule);
        let finding = finding.unwrap_or_else(|| panic!("{manifest}: {findings:?}"));
        assert_eq!(finding.is_about_key, is_about_key, "{finding:?}");
    }
}
