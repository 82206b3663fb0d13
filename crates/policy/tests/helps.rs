//! The help of a finding is a valid fix, and quotes from an object are short.

use std::time::{Duration, Instant};

use rayguard_manifest::yaml;
use rayguard_policy::policy::Policy;
use rayguard_policy::ray::RayObject;
use rayguard_policy::rule::Finding;

fn judge(manifest: &str, old: Option<&str>) -> Vec<Finding> {
    let policy = "{apiVersion: rayguard.dev/v1alpha1, kind: Policy, kuberay: {featureGates: {AllAlpha: true}}}";
    let policy = Policy::from_yaml(policy).expect("a policy");
    let document = yaml::documents(manifest).remove(0).expect("YAML");
    let old = old.map(|old| yaml::documents(old).remove(0).expect("YAML"));
    let object = RayObject::read(&document.json).expect("a Ray object");
    let old = old.as_ref().map(|old| RayObject::read(&old.json).expect("a Ray object"));
    policy.validate(&object, old.as_ref())
}

/// Returns a job with these fields of its own, of its cluster, and of its head's Pod.
fn job(fields: &str, cluster: &str, pod: &str) -> String {
    format!(
        "{{apiVersion: ray.io/v1, kind: RayJob, metadata: {{name: j}}, spec: {{entrypoint: x, {fields}
          rayClusterSpec: {{rayVersion: 2.56.0, {cluster} headGroupSpec: {{rayStartParams: {{num-cpus: \"0\"}},
          template: {{spec: {{{pod} containers: [{{name: h, image: \"rayproject/ray:2.56.0\",
          resources: {{limits: {{memory: 2Gi}}}}}}]}}}}}}}}}}}}"
    )
}

/// Returns the help texts of a rule's findings.
fn helps(manifest: &str, rule: &str) -> Vec<String> {
    judge(manifest, None).into_iter().filter(|finding| finding.rule.name == rule).map(|finding| finding.help).collect()
}

fn rules(conditions: [(&str, u32); 3]) -> String {
    let rule = |(policy, wait)| format!("{{policy: {policy}, condition: {{jobStatus: FAILED, ttlSeconds: {wait}}}}}");
    format!("deletionStrategy: {{deletionRules: [{}]}},", conditions.map(rule).join(", "))
}

#[test]
fn help_for_a_deletion_rule_names_the_longest_ttl_before_it() {
    let falling = job(&rules([("DeleteWorkers", 100), ("DeleteCluster", 50), ("DeleteSelf", 10)]), "", "");
    assert_eq!(helps(&falling, "invalid-deletion-rule"), ["write 100 or more", "write 100 or more"]);
    let rising = job(&rules([("DeleteWorkers", 100), ("DeleteCluster", 50), ("DeleteSelf", 60)]), "", "");
    assert_eq!(helps(&rising, "invalid-deletion-rule"), ["write 100 or more"], "KubeRay compares neighbours only");
}

#[test]
fn help_next_to_deletion_rules_never_asks_for_a_shutdown() {
    let rules = "deletionStrategy: {deletionRules: [{policy: DeleteSelf, condition: {jobStatus: FAILED}}]},";
    let ttl = job(&format!("{rules} ttlSecondsAfterFinished: 60,"), "", "");
    assert_eq!(helps(&ttl, "invalid-job-ttl"), ["remove it: each of the deletionRules has its own ttlSeconds"]);
    let both = job(&format!("{rules} ttlSecondsAfterFinished: 60, shutdownAfterJobFinishes: true,"), "", "");
    let [help] = &*helps(&both, "invalid-deletion-strategy") else { panic!("one finding") };
    assert!(help.starts_with("remove it and ttlSecondsAfterFinished,"), "{help}");
    let suspended = job(&format!("{rules} suspend: true,"), "", "");
    let expected = ["set it to true and remove the deletionRules, or remove suspend"];
    assert_eq!(helps(&suspended, "unsuspendable-job"), expected);
}

#[test]
fn help_for_a_priority_also_removes_the_autoscaler_variable() {
    let manifest = |env: &str| {
        format!(
            "{{apiVersion: ray.io/v1, kind: RayCluster, metadata: {{name: c}}, spec: {{rayVersion: 2.56.0,
              headGroupSpec: {{template: {{spec: {{containers: [{{name: h, env: [{env}]}}]}}}}}},
              workerGroupSpecs: [{{groupName: w, minReplicas: 0, maxReplicas: 1, priority: 1,
              template: {{spec: {{containers: [{{name: w}}]}}}}}}]}}}}"
        )
    };
    let set = "set spec.autoscalerOptions.version to v2";
    assert_eq!(helps(&manifest(""), "unsupported-priority"), [format!("{set}, or remove the priority")]);
    let switched = manifest("{name: RAY_enable_autoscaler_v2, value: \"0\"}");
    let expected = format!("{set} and remove RAY_enable_autoscaler_v2, or remove the priority");
    assert_eq!(helps(&switched, "unsupported-priority"), [expected]);
}

#[test]
fn a_restart_policy_that_two_rules_forbid_has_one_finding() {
    let autoscaler = "enableInTreeAutoscaling: true, autoscalerOptions: {version: v2},";
    for (fields, rule) in
        [("submissionMode: SidecarMode,", "conflicting-sidecar-mode"), ("", "autoscaler-restart-policy")]
    {
        let found = judge(&job(fields, autoscaler, "restartPolicy: Always,"), None);
        let found: Vec<_> = found.iter().filter(|it| it.path.to_string().ends_with("restartPolicy")).collect();
        assert!(matches!(&*found, [one] if one.rule.name == rule), "{found:?}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it bounds a time that would be quadratic")]
fn findings_on_a_megabyte_of_text_are_short_and_fast() {
    let long = "Europe/Berlim".repeat(80_000);
    let template = "jobTemplate: {clusterSelector: {ray.io/cluster: c}}";
    let cron = format!(
        "{{apiVersion: ray.io/v1, kind: RayCronJob, metadata: {{name: c}}, spec: {{schedule: \"@daily\",
          timeZone: {long}, {template}}}}}"
    );
    let version = "2.".repeat(400_000) + "1";
    let token =
        job("", "authOptions: {mode: token},", "").replace("rayVersion: 2.56.0", &format!("rayVersion: {version}"));
    let managed = |by: &str| job(&format!("managedBy: {by},"), "", "");
    let begin = Instant::now();
    for (rule, findings) in [
        ("unknown-time-zone", judge(&cron, None)),
        ("unsupported-authentication", judge(&token, None)),
        ("ray-version-mismatch", judge(&token, None)),
        ("changed-immutable-field", judge(&managed(&long), Some(&managed(&version)))),
    ] {
        let found: Vec<_> = findings.iter().filter(|finding| finding.rule.name == rule).collect();
        let [finding] = &*found else { panic!("{rule}: {} findings", found.len()) };
        assert!(finding.message.chars().count() <= 150, "{rule}: {}", finding.message.len());
        assert!(finding.help.chars().count() <= 120, "{rule}: {}", finding.help.len());
    }
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}
