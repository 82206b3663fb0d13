//! Which objects are admitted or refused at creation, and which messages the user gets.

use kube::Error;
use kube::api::{DynamicObject, PostParams};
use serde_json::{Value, json};

use super::ApiServer;
use super::manifests::{
    BAD_CLUSTER, BAD_CLUSTER_DENIALS, BAD_JOB, BAD_SERVICE, BAD_SERVICE_DENIALS, LEGACY_CLUSTER, REJECTED_LATER,
    REJECTED_LATER_DENIALS, sample,
};
use crate::server::process::Rayguard;

/// The first entry of a worker group's environment.
const WORKER_ENV: &str = "/workerGroupSpecs/0/template/spec/containers/0/env/0";

#[test]
fn a_good_cluster_is_admitted_without_warnings_and_gets_defaults() {
    let namespace = ApiServer::shared().namespace("good-cluster");
    let rayguard = Rayguard::start(&[]);
    namespace.guard(&rayguard);

    let sample = sample("ray-cluster.external-redis.yaml");
    namespace.kubectl(&format!("apply -f {}", sample.display())).passes_silently();

    let cluster = namespace.get("raycluster/raycluster-external-redis");
    let timeout = cluster["spec"].pointer(WORKER_ENV);
    assert_eq!(timeout, Some(&json!({"name": "RAY_gcs_rpc_server_reconnect_timeout_s", "value": "600"})));
}

#[test]
fn a_good_service_is_admitted_without_warnings_and_gets_defaults() {
    let namespace = ApiServer::shared().namespace("good-service");
    let rayguard = Rayguard::start(&[]);
    namespace.guard(&rayguard);

    let sample = sample("ray-service.high-availability.yaml");
    namespace.kubectl(&format!("apply --server-side -f {}", sample.display())).passes_silently();

    let service = namespace.get("rayservice/rayservice-ha");
    let timeout = service["spec"]["rayClusterConfig"].pointer(WORKER_ENV);
    assert_eq!(timeout, Some(&json!({"name": "RAY_gcs_rpc_server_reconnect_timeout_s", "value": "600"})));
}

#[test]
fn a_bad_cluster_is_refused_with_all_findings_by_every_kubectl_command() {
    let namespace = ApiServer::shared().namespace("bad-cluster");
    let rayguard = Rayguard::start(&[]);
    namespace.guard(&rayguard);

    let refusals =
        ["create -f -", "apply -f -", "apply --server-side -f -", "create --dry-run=server -f -"].map(|command| {
            let refusal = namespace.send(command, BAD_CLUSTER).fails();
            assert_eq!(refusal.denials(), BAD_CLUSTER_DENIALS, "{command}: {}", refusal.stderr);
            refusal.stderr
        });
    assert!(refusals.iter().all(|refusal| *refusal == refusals[0]), "{refusals:#?}");
    namespace.kubectl("get raycluster/bad").fails();
}

#[test]
fn the_readme_shows_the_output_of_kubectl() {
    let namespace = ApiServer::shared().namespace("readme");
    let rayguard = Rayguard::start(&[]);
    namespace.guard(&rayguard);

    let readme = include_str!("../../../../README.md");
    let (_, shown) = readme.split_once("$ kubectl apply -f docs/cannot-survive.yaml\n").expect("a transcript");
    let (shown, _) = shown.split_once("```").expect("its end");
    let refusal = namespace.send("apply -f -", include_str!("../../../../docs/cannot-survive.yaml")).fails();
    assert_eq!(refusal.stderr.trim_end(), shown.trim_end());
}

#[test]
fn a_bad_service_and_a_bad_job_are_refused() {
    let namespace = ApiServer::shared().namespace("bad-others");
    let rayguard = Rayguard::start(&[]);
    namespace.guard(&rayguard);

    let refusal = namespace.send("apply -f -", BAD_SERVICE).fails();
    assert_eq!(refusal.denials(), BAD_SERVICE_DENIALS, "{}", refusal.stderr);

    let refusal = namespace.send("apply -f -", BAD_JOB).fails();
    let address = "missing-redis-address spec.rayClusterSpec.headGroupSpec.template.spec.containers[0].env";
    assert_eq!(refusal.denials(), [address], "{}", refusal.stderr);
    let switch = "metadata.annotations[ray.io/ft-enabled]";
    let warnings = [format!("fault-tolerance-without-effect {switch}"), format!("legacy-fault-tolerance {switch}")];
    assert_eq!(refusal.warnings(), warnings, "{}", refusal.stderr);
}

#[test]
fn a_bad_object_with_generate_name_is_refused() {
    let namespace = ApiServer::shared().namespace("bad-unnamed");
    let rayguard = Rayguard::start(&[]);
    namespace.guard(&rayguard);

    let refusal = namespace.send("create -f -", &BAD_JOB.replace("name: bad", "generateName: bad-")).fails();
    assert!(refusal.stderr.contains("The RayJob \"bad-"), "{}", refusal.stderr);
}

#[tokio::test]
async fn the_status_has_each_cause_with_its_field_and_reason() {
    let namespace = ApiServer::shared().namespace("bad-cluster-by-program");
    let rayguard = Rayguard::start(&[]);
    namespace.guard(&rayguard);

    let bad: DynamicObject = namespace.read(BAD_CLUSTER);
    let refusal = namespace.api("RayCluster").await.create(&PostParams::default(), &bad).await;
    let Err(Error::Api(status)) = refusal else { panic!("not refused: {refusal:?}") };
    assert_eq!((status.code, status.reason.as_str()), (422, "Invalid"));
    let causes = status.details.expect("details").causes;
    let causes: Vec<_> = causes.iter().map(|cause| (cause.field.as_str(), cause.reason.as_str())).collect();
    let options = |field: &str| format!("spec.gcsFaultToleranceOptions.{field}");
    let timeout = |group: u8| format!("spec.workerGroupSpecs[{group}].template.spec.containers[0].env[0].value");
    assert_eq!(
        causes,
        [
            (timeout(0).as_str(), "FieldValueInvalid"),
            (&timeout(1), "FieldValueInvalid"),
            (&options("redisAddress"), "FieldValueInvalid"),
            (&options("redisPassword"), "FieldValueRequired"),
            ("spec.headGroupSpec.rayStartParams[dashboard-host]", "FieldValueInvalid"),
        ]
    );
}

#[tokio::test]
async fn findings_that_kuberay_reports_one_by_one_later_are_reported_together() {
    let namespace = ApiServer::shared().namespace("rejected-later");
    let rayguard = Rayguard::start(&[]);
    namespace.guard(&rayguard);

    let refusal = namespace.send("apply -f -", REJECTED_LATER).fails();
    assert_eq!(refusal.denials(), REJECTED_LATER_DENIALS, "{}", refusal.stderr);

    let rejected: DynamicObject = namespace.read(REJECTED_LATER);
    let refusal = namespace.api("RayCluster").await.create(&PostParams::default(), &rejected).await;
    let Err(Error::Api(status)) = refusal else { panic!("not refused: {refusal:?}") };
    let causes = status.details.expect("details").causes;
    assert_eq!(causes.len(), 6);
    for (cause, denial) in causes.iter().zip(REJECTED_LATER_DENIALS) {
        let (rule, field) = denial.split_once(' ').expect("rule and path");
        assert_eq!(cause.field, field);
        assert!(cause.reason.starts_with("FieldValue"), "{cause:?}");
        assert!(cause.message.ends_with(&format!(" ({rule})")) && cause.message.contains("; "), "{cause:?}");
    }
}

#[test]
fn a_dry_run_shows_the_object_that_would_be_created() {
    let namespace = ApiServer::shared().namespace("dry-run");
    let rayguard = Rayguard::start(&[]);
    namespace.guard(&rayguard);

    let [dry, real] = ["--dry-run=server ", ""].map(|dry_run| {
        let mut object = namespace.send(&format!("create {dry_run}--output json -f -"), LEGACY_CLUSTER).json();
        let metadata = object["metadata"].as_object_mut().expect("metadata");
        for own in ["creationTimestamp", "managedFields", "resourceVersion", "uid"] {
            metadata.remove(own);
        }
        object
    });
    assert_eq!(dry, real);
    assert_eq!(real["spec"].pointer(WORKER_ENV).map(|entry| &entry["value"]), Some(&Value::from("600")));
}

#[test]
fn a_v1alpha1_object_is_checked_and_gets_a_warning() {
    let namespace = ApiServer::shared().namespace("v1alpha1");
    let rayguard = Rayguard::start(&[]);
    namespace.guard(&rayguard);

    let applied = namespace.send("apply -f -", LEGACY_CLUSTER).passes();
    let warnings =
        ["legacy-fault-tolerance metadata.annotations[ray.io/ft-enabled]", "deprecated-api-version apiVersion"];
    assert_eq!(applied.warnings(), warnings, "{}", applied.stderr);
    let cluster = namespace.get("rayclusters.v1.ray.io/legacy");
    assert_eq!(cluster["spec"].pointer(WORKER_ENV).map(|entry| &entry["value"]), Some(&Value::from("600")));

    let bad = LEGACY_CLUSTER.replace("redis:6379", "redis:6379/0").replace("name: legacy", "name: bad");
    let refusal = namespace.send("apply -f -", &bad).fails();
    let address = "malformed-redis-address spec.headGroupSpec.template.spec.containers[0].env[0].value";
    assert_eq!(refusal.denials(), [address], "{}", refusal.stderr);
}

#[test]
fn a_warn_only_policy_admits_a_bad_cluster_with_warnings() {
    let namespace = ApiServer::shared().namespace("only-warnings");
    let rules = BAD_CLUSTER_DENIALS.map(|denial| format!("  {}: warn\n", denial.split(' ').next().expect("a rule")));
    let rayguard = Rayguard::with_policy(&format!("rules:\n{}", rules.concat()));
    namespace.guard(&rayguard);

    let applied = namespace.send("apply -f -", BAD_CLUSTER).passes();
    assert_eq!(applied.warnings(), BAD_CLUSTER_DENIALS, "{}", applied.stderr);
    namespace.get("raycluster/bad");
}
