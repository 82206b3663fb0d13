//! One claim, however it is written and by whomever.

use std::process::{Command, Output};
use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{ApiServer, cluster, owner, refused, service, watching};
use super::{Namespace, accepted};

/// The first in options, the second by an annotation, the third by a variable of the head.
fn three(first: &str) -> [Value; 3] {
    let storage = format!("storage-of-{first}");
    let mut second = cluster("second", &format!("redis://redis.{first}.svc.cluster.local:6379"), "");
    let options = second["spec"].as_object_mut().expect("a spec").remove("gcsFaultToleranceOptions").expect("options");
    second["metadata"]["annotations"] =
        json!({"ray.io/ft-enabled": "true", "ray.io/external-storage-namespace": storage});
    let mut password = options["redisPassword"].clone();
    password["name"] = json!("REDIS_PASSWORD");
    let head = &mut second["spec"]["headGroupSpec"];
    head["rayStartParams"]["redis-password"] = json!("$REDIS_PASSWORD");
    head["template"]["spec"]["containers"][0]["env"] =
        json!([password, {"name": "RAY_REDIS_ADDRESS", "value": options["redisAddress"]}]);

    let mut third = cluster("third", &format!("rediss://REDIS.{first}:6379"), "another, which has no effect");
    third["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["env"] =
        json!([{"name": "RAY_external_storage_namespace", "value": storage}]);
    [cluster("first", "redis:6379", &storage), second, third]
}

#[test]
fn the_second_is_refused_with_the_first_ones_name_however_it_is_written() {
    let server = ApiServer::shared();
    let rayguard = watching(server);
    let namespaces = ["view-a", "view-b", "view-c"].map(|name| server.namespace(name));
    let three = three("view-a");
    for namespace in &namespaces {
        namespace.guard(&rayguard);
    }
    // Whichever comes first, the others are refused in the other namespaces.
    for first in [0, 1, 2] {
        let (there, object) = (&namespaces[first], &three[first]);
        there.send("create -f -", &object.to_string()).passes();
        let name = object["metadata"]["name"].as_str().expect("a name");
        for second in (0..3).filter(|second| *second != first) {
            refused(
                &namespaces[second],
                &three[second],
                &format!("RayCluster {}/{name} at the same Redis", there.name),
            );
        }
        there.kubectl(&format!("delete raycluster {name}")).passes();
        (0..3).for_each(|other| accepted(&namespaces[other], &three[other]));
    }
}

#[test]
fn files_are_compared_in_whatever_order_they_come() {
    let folder = tempfile::tempdir().expect("a folder");
    let clusters = three("view-files");
    for (index, (name, mut cluster)) in ["view-files", "b", "c"].into_iter().zip(clusters).enumerate() {
        cluster["metadata"]["namespace"] = json!(name);
        fs::write(folder.path().join(format!("{index}.json")), cluster.to_string()).expect("a file");
    }
    let check = |files: &[&str]| -> Output {
        let mut rayguard = Command::new(env!("CARGO_BIN_EXE_rayguard"));
        rayguard.args(["check", "--output", "json"]).args(files).current_dir(folder.path());
        rayguard.env_remove("RAYGUARD_CONFIG").output().expect("rayguard runs")
    };
    let found = |files: &[&str]| {
        let report: Value = serde_json::from_slice(&check(files).stdout).expect("JSON");
        let findings = report["findings"].as_array().expect("findings").clone();
        let mut errors: Vec<_> = findings
            .iter()
            .filter(|finding| finding["severity"] == "error")
            .map(|finding| ["file", "rule", "message", "help"].map(|field| finding[field].to_string()).join(" "))
            .collect();
        errors.sort();
        errors
    };
    let errors = found(&["0.json", "1.json"]);
    assert_eq!(errors.len(), 2, "{errors:?}");
    for (error, other, place) in
        [(&errors[0], "RayCluster b/second", "1.json:1:"), (&errors[1], "RayCluster view-files/first", "0.json:1:")]
    {
        assert!(error.contains(&format!("shared with {other}")) && error.contains(place), "{error}");
    }
    assert_eq!(errors, found(&["1.json", "0.json"]));
    let all = found(&["0.json", "1.json", "2.json"]);
    assert_eq!(all.len(), 3, "{all:?}");
    for order in [["2.json", "0.json", "1.json"], ["1.json", "2.json", "0.json"]] {
        assert_eq!(found(&order), all);
    }
    assert_eq!(found(&[Path::new(".").to_str().expect("UTF-8")]).len(), 3);
    assert_eq!(found(&["0.json", "0.json"]), [""; 0], "it is one object");

    // What can be read only once is compared too.
    let mut bash = Command::new("bash");
    bash.args(["-c", "\"$0\" check <(cat 0.json) - <1.json", env!("CARGO_BIN_EXE_rayguard")])
        .current_dir(folder.path());
    let output = bash.env_remove("RAYGUARD_CONFIG").output().expect("bash runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("the other is at <stdin>:1:") && text.contains("the other is at /dev/fd/"), "{text}");
}

#[test]
fn of_many_that_claim_the_same_each_is_told_of_the_first_and_of_how_many_more() {
    let folder = tempfile::tempdir().expect("a folder");
    // Names as long as Kubernetes lets them be, which have to be whole.
    let namespace = "n".repeat(63);
    for number in 0..400 {
        let mut cluster = cluster(&format!("r{number:0>52}"), "redis:6379", "one");
        cluster["metadata"]["namespace"] = json!(namespace);
        fs::write(folder.path().join(format!("{number}.json")), cluster.to_string()).expect("a file");
    }
    let mut rayguard = Command::new(env!("CARGO_BIN_EXE_rayguard"));
    rayguard.args(["check", "--output", "json", "."]).current_dir(folder.path()).env_remove("RAYGUARD_CONFIG");
    let report: Value = serde_json::from_slice(&rayguard.output().expect("rayguard runs").stdout).expect("JSON");
    assert_eq!(report["summary"]["errors"], 400);
    let findings = report["findings"].as_array().expect("findings").iter();
    let of_first = findings.filter(|finding| {
        let first =
            format!("RayCluster {namespace}/r{:0>52} and 398 more at the same Redis: they mix nodes and actors", 0);
        finding["message"].as_str().is_some_and(|message| message.ends_with(&first))
    });
    assert_eq!(of_first.count(), 399, "all but itself");
}

#[test]
fn what_is_not_two_clusters_is_let_pass() {
    let server = ApiServer::shared();
    let rayguard = watching(server);
    let [own, other] = ["view-own", "view-other"].map(|name| server.namespace(name));
    own.guard(&rayguard);
    other.guard(&rayguard);
    let create =
        |namespace: &Namespace<'_>, object: &Value| namespace.send("create -f -", &object.to_string()).passes();

    // A RayService, and its two clusters during an upgrade.
    create(&own, &service("service", "redis:6379", "own"));
    let owners = owner(&own, "rayservice/service");
    for name in ["service-old", "service-new"] {
        let mut cluster = cluster(name, "redis:6379", "own");
        cluster["metadata"]["ownerReferences"] = owners.clone();
        create(&own, &cluster);
    }
    let stranger = cluster("stranger", "redis.view-own:6379", "own");
    refused(&other, &stranger, "RayService view-own/service at the same Redis");
    refused(&other, &service("stranger", "redis.view-own:6379", "own"), "RayService view-own/service");
    own.patch("rayservice/service", r#"{"spec": {"rayClusterConfig": {"rayVersion": "2.52.1"}}}"#).passes();

    // A RayCluster beside itself, and others at another Redis or under another name.
    create(&other, &cluster("alone", "redis:6379", "own"));
    let label = r#"{"spec": {"headGroupSpec": {"template": {"metadata": {"labels": {"a": "b"}}}}}}"#;
    other.patch("raycluster/alone", label).passes();
    accepted(&other, &cluster("one", "redis.view-own:6380", "own"));
    accepted(&other, &cluster("one", "redis.view-own:6379", "its-own"));

    // A change that makes it the same as another is refused, and what was so before may change otherwise.
    let same = r#"{"spec": {"gcsFaultToleranceOptions": {"redisAddress": "redis.view-own:6379"}}}"#;
    let outcome = other.patch("raycluster/alone", same);
    assert!(outcome.stderr.contains("shared with RayService view-own/service"), "{}", outcome.stderr);
    other.kubectl("delete validatingwebhookconfiguration rayguard-view-other").passes();
    super::eventually("the webhook to be gone", || other.patch("raycluster/alone", same).success().then_some(()));
    other.guard(&rayguard);
    let outcome = other.patch("raycluster/alone", label.replace("\"b\"", "\"c\"").as_str());
    assert!(outcome.success() && outcome.stderr.contains("Warning"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("shared with RayService view-own/service"), "{}", outcome.stderr);
}

#[test]
fn a_cluster_that_is_being_deleted_keeps_its_claim_until_it_is_gone() {
    let server = ApiServer::shared();
    let rayguard = watching(server);
    let namespace = server.namespace("view-deleted");
    namespace.guard(&rayguard);
    let mut first = cluster("first", "redis:6379", "own");
    first["metadata"]["finalizers"] = json!(["ray.io/gcs-ft-redis-cleanup-finalizer"]);
    namespace.send("create -f -", &first.to_string()).passes();
    let second = cluster("second", "redis:6379", "own");
    refused(&namespace, &second, "RayCluster view-deleted/first");
    namespace.kubectl("delete raycluster first --wait=false").passes();
    assert!(!namespace.get("raycluster/first")["metadata"]["deletionTimestamp"].is_null());
    refused(&namespace, &second, "RayCluster view-deleted/first");
    namespace.patch("raycluster/first", r#"{"metadata": {"finalizers": null}}"#).passes();
    accepted(&namespace, &second);
    // And one that ceases to claim it, frees it too.
    namespace.send("create -f -", &first.to_string()).passes();
    refused(&namespace, &second, "RayCluster view-deleted/first");
    namespace
        .patch("raycluster/first", r#"{"spec": {"gcsFaultToleranceOptions": {"externalStorageNamespace": null}}}"#)
        .passes();
    accepted(&namespace, &second);
    namespace.patch("raycluster/first", r#"{"metadata": {"finalizers": null}}"#).passes();
}

#[test]
fn an_update_is_eased_by_what_it_claims_and_not_by_where_that_is_written() {
    let server = ApiServer::shared();
    let rayguard = watching(server);
    let namespace = server.namespace("view-updates");
    for name in ["one", "two"] {
        let first = cluster(&format!("first-{name}"), "redis:6379", name);
        namespace.send("create -f -", &first.to_string()).passes();
    }
    // From before the webhook.
    namespace.send("create -f -", &cluster("shared", "redis:6379", "one").to_string()).passes();
    namespace.guard(&rayguard);
    refused(&namespace, &cluster("new", "redis:6379", "two"), "RayCluster view-updates/first-two");
    let options = |value: Value| json!({"spec": {"gcsFaultToleranceOptions": {"externalStorageNamespace": value}}});
    let other = namespace.patch("raycluster/shared", &options(json!("two")).to_string());
    assert!(other.stderr.contains("shared with RayCluster view-updates/first-two"), "{}", other.stderr);
    assert!(!other.success(), "it is another fault than before");

    let container = json!({"name": "ray-head", "image": "rayproject/ray:2.52.0",
        "resources": {"limits": {"cpu": "1", "memory": "2Gi"}},
        "env": [{"name": "RAY_external_storage_namespace", "value": "one"}]});
    let moved = json!({"spec": {"gcsFaultToleranceOptions": {"externalStorageNamespace": null},
        "headGroupSpec": {"template": {"spec": {"containers": [container]}}}}});
    let moved = namespace.patch("raycluster/shared", &moved.to_string()).passes();
    assert!(moved.stderr.contains("shared with RayCluster view-updates/first-one"), "{}", moved.stderr);
}
