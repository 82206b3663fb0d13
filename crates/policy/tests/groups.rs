//! Edge cases of KubeRay's checks of groups, the autoscaler and upgrades. The objects have no defaults of KubeRay's
//! schema, as KubeRay's validators see them.

use rayguard_manifest::yaml;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::Finding;

const V2: &str = "RAY_enable_autoscaler_v2";
const HEAD_ENV: &str = "spec.headGroupSpec.template.spec.containers[0].env";
const WORKER: &str = "spec.workerGroupSpecs[0]";

/// Returns the findings of these rules in a manifest under a policy, as `level rule path`.
fn found(kuberay: &str, manifest: &str, rules: &[&str]) -> Vec<String> {
    judge(kuberay, manifest, rules, |finding| format!("{} {} {}", finding.level, finding.rule.name, finding.path))
}

fn judge(kuberay: &str, manifest: &str, rules: &[&str], say: impl Fn(&Finding) -> String) -> Vec<String> {
    let policy = format!("{{apiVersion: rayguard.dev/v1alpha1, kind: Policy, kuberay: {{{kuberay}}}}}");
    let policy = Policy::from_yaml(&policy).expect("a policy");
    let document = yaml::documents(manifest).remove(0).expect("YAML");
    let object = RayObject::read(&document.json).expect("a Ray object");
    let findings = policy.validate(&object, None);
    findings.iter().filter(|finding| rules.contains(&finding.rule.name)).map(say).collect()
}

/// Returns a cluster with these fields, these environment variables of the head, and one worker group.
fn cluster(fields: &str, env: &str, group: &str) -> String {
    format!(
        "{{apiVersion: ray.io/v1, kind: RayCluster, metadata: {{name: c}}, spec: {{{fields}
          headGroupSpec: {{template: {{spec: {{containers: [{{name: h, env: [{env}]}}]}}}}}},
          workerGroupSpecs: [{{groupName: w, template: {{spec: {{containers: [{{name: w}}]}}}}, {group}}}]}}}}"
    )
}

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn replica_bounds_are_required_only_without_autoscaling() {
    let rule = "invalid-replica-bounds";
    let found = |fields: &str, group: &str| found("", &cluster(fields, "", group), &[rule]);
    let at = |field: &str| format!("deny {rule} {WORKER}.{field}");
    assert_eq!(found("", "replicas: 1"), [at("minReplicas"), at("maxReplicas")]);
    assert_eq!(found("", "minReplicas: 0, maxReplicas: null"), [at("maxReplicas")]);
    assert_eq!(found("enableInTreeAutoscaling: false,", "minReplicas: \"1\", maxReplicas: 1"), [at("minReplicas")]);
    for group in ["replicas: 1", "minReplicas: null, maxReplicas: 0", "maxReplicas: 3"] {
        assert_eq!(found("enableInTreeAutoscaling: true,", group), nothing(), "{group}");
    }
    assert_eq!(found("enableInTreeAutoscaling: true,", "minReplicas: -1"), [at("minReplicas")]);
    for group in
        ["minReplicas: 0, maxReplicas: 0", "minReplicas: 2, maxReplicas: 2", "minReplicas: 2.0, maxReplicas: 2"]
    {
        assert_eq!(found("", group), nothing(), "{group}");
    }
    assert_eq!(found("", "minReplicas: 3, maxReplicas: 2"), [at("minReplicas")]);
    assert_eq!(
        found("", "minReplicas: 3, maxReplicas: -2"),
        [at("maxReplicas")],
        "only the negative bound is reported"
    );
    assert_eq!(
        self::found("version: \"1.5\"", &cluster("", "", "minReplicas: 3, maxReplicas: -2"), &[rule]),
        nothing()
    );
}

#[test]
fn missing_container_is_found_only_in_objects_with_a_cluster_spec() {
    let rule = "missing-container";
    let found = |kind: &str, spec: &str| {
        found("", &format!("{{apiVersion: ray.io/v1, kind: {kind}, metadata: {{name: o}}, spec: {spec}}}"), &[rule])
    };
    let at = |path: &str| vec![format!("deny {rule} {path}")];
    // In KubeRay's Go types these objects always have a spec.
    assert_eq!(found("RayCluster", "null"), at("spec.headGroupSpec"));
    assert_eq!(found("RayService", "{}"), at("spec.rayClusterConfig.headGroupSpec"));
    assert_eq!(found("RayService", "{rayClusterConfig: {headGroupSpec: {}}}"), {
        at("spec.rayClusterConfig.headGroupSpec.template.spec.containers")
    });
    assert_eq!(found("RayJob", "{clusterSelector: {ray.io/cluster: c}}"), nothing());
    assert_eq!(found("RayCronJob", "{jobTemplate: {rayClusterSpec: null}}"), nothing());
    assert_eq!(found("RayJob", "{rayClusterSpec: {}}"), at("spec.rayClusterSpec.headGroupSpec"));
    let head = "headGroupSpec: {template: {spec: {containers: [{name: h}]}}}";
    assert_eq!(found("RayCluster", &format!("{{{head}, workerGroupSpecs: null}}")), nothing());
    assert_eq!(found("RayCluster", &format!("{{{head}, workerGroupSpecs: [null]}}")), at(WORKER));
}

#[test]
fn autoscaler_v2_is_detected_as_kuberay_detects_it() {
    let rules = ["invalid-idle-timeout", "conflicting-autoscaler-version"];
    let group = "minReplicas: 0, maxReplicas: 1, idleTimeoutSeconds: 0";
    let found = |fields: &str, env: &str| found("", &cluster(fields, env, group), &rules);
    let idle = || format!("deny invalid-idle-timeout {WORKER}.idleTimeoutSeconds");
    let switch = |suffix: &str| format!("deny conflicting-autoscaler-version {HEAD_ENV}[0]{suffix}");
    let on = format!("{{name: {V2}, value: \"1\"}}");
    let scaling = "enableInTreeAutoscaling: true,";

    assert_eq!(found("autoscalerOptions: {version: v2},", ""), nothing(), "also without autoscaling");
    assert_eq!(found("autoscalerOptions: {version: null},", ""), [idle()]);
    assert_eq!(found(scaling, ""), [idle()]);
    assert_eq!(found(scaling, &on), nothing());
    assert_eq!(found("", &on), [switch(".value")]);
    assert_eq!(found(&format!("{scaling} autoscalerOptions: {{version: null}},"), &on), nothing());
    assert_eq!(found(&format!("{scaling} autoscalerOptions: {{version: v2}},"), &on), [switch("")]);
    let empty = format!("{{name: {V2}}}");
    assert_eq!(found(&format!("{scaling} autoscalerOptions: {{version: v1}},"), &empty), [switch(""), idle()]);
    for off in ["value: \"True\"", "value: \"0\"", "valueFrom: {configMapKeyRef: {name: m, key: k}}"] {
        let off = format!("{{name: {V2}, {off}}}");
        assert_eq!(found(scaling, &off), [idle()], "{off}");
        assert_eq!(found("", &off), [idle()], "{off}");
        assert_eq!(found(scaling, &format!("{off}, {on}")), [idle()], "the first of two variables counts: {off}");
    }
}

#[test]
fn help_for_an_unset_autoscaler_version_is_valid_for_kuberay() {
    let rule = "unset-autoscaler-version";
    let scaling = "enableInTreeAutoscaling: true, gcsFaultToleranceOptions: {redisAddress: \"r:6379\"},";
    let help = |kuberay: &str, env: &str, group: &str| {
        judge(kuberay, &cluster(scaling, env, group), &[rule], |finding| finding.help.clone())
    };
    let [version, policy] = ["write version: v2", "write restartPolicy: Never in the Pod spec of the head template"];
    assert_eq!(help("", "", ""), [version]);
    assert_eq!(help("version: \"1.3\"", "", ""), [policy]);
    assert_eq!(
        help("", &format!("{{name: {V2}, value: \"1\"}}"), ""),
        [policy],
        "KubeRay refuses a version next to the variable"
    );
    let restarted = "template: {spec: {restartPolicy: Always, containers: [{name: w}]}}";
    let group = cluster(scaling, "", "").replace("template: {spec: {containers: [{name: w}]}}", restarted);
    assert_eq!(
        judge("", &group, &[rule], |finding| finding.help.clone()),
        [policy],
        "KubeRay refuses a version with this restart policy"
    );
}

#[test]
fn a_suspended_worker_group_has_one_finding() {
    let rules = ["suspended-worker-group", "disabled-feature"];
    let suspended = cluster("enableInTreeAutoscaling: true,", "", "suspend: true");
    let at = |rule: &str| vec![format!("deny {rule} {WORKER}.suspend")];
    assert_eq!(found("", &suspended, &rules), at("suspended-worker-group"));
    assert_eq!(found("version: \"1.5\"", &suspended, &rules), at("disabled-feature"));
    let gate = |open: bool| format!("version: \"1.3\", featureGates: {{RayJobDeletionPolicy: {open}}}");
    assert_eq!(found(&gate(true), &suspended, &rules), at("suspended-worker-group"));
    assert_eq!(found(&gate(false), &suspended, &rules), at("disabled-feature"));
    for other in ["suspend: false", "suspend: null", "suspend: \"true\""] {
        assert_eq!(found("", &cluster("enableInTreeAutoscaling: true,", "", other), &rules), nothing(), "{other}");
    }
}

#[test]
fn an_incremental_upgrade_is_checked_only_with_its_feature_gate() {
    let rule = "invalid-incremental-upgrade";
    let service = |options: &str| {
        format!(
            "{{apiVersion: ray.io/v1, kind: RayService, metadata: {{name: s}}, spec: {{rayClusterConfig: {{}},
              upgradeStrategy: {{type: NewClusterWithIncrementalUpgrade, clusterUpgradeOptions: {options}}}}}}}"
        )
    };
    let scaling = "deny invalid-incremental-upgrade spec.rayClusterConfig.enableInTreeAutoscaling".to_owned();
    let at = |field: &str| format!("deny {rule} spec.upgradeStrategy.clusterUpgradeOptions{field}");
    let gate = "featureGates: {RayServiceIncrementalUpgrade: true}";
    for kuberay in ["", "version: \"1.7\"", &format!("version: \"1.5\", {gate}")] {
        assert_eq!(found(kuberay, &service("null"), &[rule]), [scaling.clone(), at("")], "{kuberay}");
    }
    for kuberay in ["version: \"1.6\"", "featureGates: {RayServiceIncrementalUpgrade: false}", "version: \"1.4\""] {
        assert_eq!(found(kuberay, &service("null"), &[rule]), nothing(), "{kuberay}");
    }
    let options = |surge: &str, step: &str| {
        let options = format!("{{{surge} {step} intervalSeconds: 1, gatewayClassName: g}}");
        found("", &service(&options), &[rule]).into_iter().skip(1).collect::<Vec<_>>()
    };
    for (surge, step) in [
        ("", "stepSizePercent: 100,"),
        ("maxSurgePercent: null,", "stepSizePercent: 100,"),
        ("maxSurgePercent: 0,", "stepSizePercent: 0,"),
        ("maxSurgePercent: 7,", "stepSizePercent: 7,"),
    ] {
        assert_eq!(options(surge, step), nothing(), "{surge} {step}");
    }
    assert_eq!(options("maxSurgePercent: 101,", "stepSizePercent: 100,"), [at(".maxSurgePercent")]);
    assert_eq!(options("maxSurgePercent: -1,", "stepSizePercent: 0,"), [at(".maxSurgePercent")]);
    assert_eq!(options("maxSurgePercent: 7,", "stepSizePercent: 8,"), [at(".stepSizePercent")]);
    assert_eq!(options("", "stepSizePercent: 101,"), [at(".stepSizePercent")]);
    assert_eq!(options("", "stepSizePercent: null,"), [at(".stepSizePercent")]);
}
