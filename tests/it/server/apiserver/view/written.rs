//! One storage key in every notation, in every kind of object.

use std::process::{Command, Output};
use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{ApiServer, cluster, owner, service, wait_until_refused, watching};
use super::{Namespace, wait_until_accepted};

/// Returns three clusters with one storage key: in options, by an annotation, and by a variable of the head.
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
fn a_second_cluster_with_the_same_storage_key_is_refused_in_every_notation() {
    let server = ApiServer::shared();
    let rayguard = watching(server);
    let namespaces = ["view-a", "view-b", "view-c"].map(|name| server.namespace(name));
    let three = three("view-a");
    for namespace in &namespaces {
        namespace.guard(&rayguard);
    }
    // Whichever cluster is created first, the others are refused in the other namespaces.
    for first in [0, 1, 2] {
        let (there, object) = (&namespaces[first], &three[first]);
        there.send("create -f -", &object.to_string()).passes();
        let name = object["metadata"]["name"].as_str().expect("a name");
        for second in (0..3).filter(|second| *second != first) {
            wait_until_refused(
                &namespaces[second],
                &three[second],
                &format!("RayCluster {}/{name} at the same Redis", there.name),
            );
        }
        there.kubectl(&format!("delete raycluster {name}")).passes();
        (0..3).for_each(|other| wait_until_accepted(&namespaces[other], &three[other]));
    }
}

#[test]
fn storage_conflicts_between_files_do_not_depend_on_their_order() {
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
    for (error, other, location) in
        [(&errors[0], "RayCluster b/second", "1.json:1:"), (&errors[1], "RayCluster view-files/first", "0.json:1:")]
    {
        assert!(error.contains(&format!("shared with {other}")) && error.contains(location), "{error}");
    }
    assert_eq!(errors, found(&["1.json", "0.json"]));
    let all = found(&["0.json", "1.json", "2.json"]);
    assert_eq!(all.len(), 3, "{all:?}");
    for order in [["2.json", "0.json", "1.json"], ["1.json", "2.json", "0.json"]] {
        assert_eq!(found(&order), all);
    }
    assert_eq!(found(&[Path::new(".").to_str().expect("UTF-8")]).len(), 3);
    assert_eq!(found(&["0.json", "0.json"]), [""; 0], "both files have the same object");

    // Input that can be read only once is compared too.
    let mut bash = Command::new("bash");
    bash.args(["-c", "\"$0\" check <(cat 0.json) - <1.json", env!("CARGO_BIN_EXE_rayguard")])
        .current_dir(folder.path());
    let output = bash.env_remove("RAYGUARD_CONFIG").output().expect("bash runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("the other is at <stdin>:1:") && text.contains("the other is at /dev/fd/"), "{text}");
}

#[test]
fn a_conflict_of_many_clusters_names_the_first_and_counts_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    // Names of the maximum length, which must not be truncated.
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
    assert_eq!(of_first.count(), 399, "all except the first");
}

#[test]
fn clusters_of_one_service_and_other_storage_keys_are_no_conflict() {
    let server = ApiServer::shared();
    let rayguard = watching(server);
    let [own, other] = ["view-own", "view-other"].map(|name| server.namespace(name));
    own.guard(&rayguard);
    other.guard(&rayguard);
    let create =
        |namespace: &Namespace<'_>, object: &Value| namespace.send("create -f -", &object.to_string()).passes();

    // A RayService and its two clusters during an upgrade.
    create(&own, &service("service", "redis:6379", "own"));
    let owners = owner(&own, "rayservice/service");
    for name in ["service-old", "service-new"] {
        let mut cluster = cluster(name, "redis:6379", "own");
        cluster["metadata"]["ownerReferences"] = owners.clone();
        create(&own, &cluster);
    }
    let stranger = cluster("stranger", "redis.view-own:6379", "own");
    wait_until_refused(&other, &stranger, "RayService view-own/service at the same Redis");
    wait_until_refused(&other, &service("stranger", "redis.view-own:6379", "own"), "RayService view-own/service");
    own.patch("rayservice/service", r#"{"spec": {"rayClusterConfig": {"rayVersion": "2.52.1"}}}"#).passes();

    // A RayCluster is no conflict with itself, nor with clusters at another Redis or in another storage namespace.
    create(&other, &cluster("alone", "redis:6379", "own"));
    let label = r#"{"spec": {"headGroupSpec": {"template": {"metadata": {"labels": {"a": "b"}}}}}}"#;
    other.patch("raycluster/alone", label).passes();
    wait_until_accepted(&other, &cluster("one", "redis.view-own:6380", "own"));
    wait_until_accepted(&other, &cluster("one", "redis.view-own:6379", "its-own"));

    // A change that creates a conflict is refused. An object with an old conflict may be changed otherwise.
    let same = r#"{"spec": {"gcsFaultToleranceOptions": {"redisAddress": "redis.view-own:6379"}}}"#;
    let outcome = other.patch("raycluster/alone", same);
    assert!(outcome.stderr.contains("shared with RayService view-own/service"), "{}", outcome.stderr);
    other.kubectl("delete validatingwebhookconfiguration rayguard-view-other").passes();
    super::eventually("the webhook to be unregistered", || {
        other.patch("raycluster/alone", same).success().then_some(())
    });
    other.guard(&rayguard);
    let outcome = other.patch("raycluster/alone", label.replace("\"b\"", "\"c\"").as_str());
    assert!(outcome.success() && outcome.stderr.contains("Warning"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("shared with RayService view-own/service"), "{}", outcome.stderr);
}

#[test]
fn a_cluster_that_is_being_deleted_keeps_its_storage_key_until_it_is_gone() {
    let server = ApiServer::shared();
    let rayguard = watching(server);
    let namespace = server.namespace("view-deleted");
    namespace.guard(&rayguard);
    let mut first = cluster("first", "redis:6379", "own");
    first["metadata"]["finalizers"] = json!(["ray.io/gcs-ft-redis-cleanup-finalizer"]);
    namespace.send("create -f -", &first.to_string()).passes();
    let second = cluster("second", "redis:6379", "own");
    wait_until_refused(&namespace, &second, "RayCluster view-deleted/first");
    namespace.kubectl("delete raycluster first --wait=false").passes();
    assert!(!namespace.get("raycluster/first")["metadata"]["deletionTimestamp"].is_null());
    wait_until_refused(&namespace, &second, "RayCluster view-deleted/first");
    namespace.patch("raycluster/first", r#"{"metadata": {"finalizers": null}}"#).passes();
    wait_until_accepted(&namespace, &second);
    // A cluster that drops the storage key frees it too.
    namespace.send("create -f -", &first.to_string()).passes();
    wait_until_refused(&namespace, &second, "RayCluster view-deleted/first");
    namespace
        .patch("raycluster/first", r#"{"spec": {"gcsFaultToleranceOptions": {"externalStorageNamespace": null}}}"#)
        .passes();
    wait_until_accepted(&namespace, &second);
    namespace.patch("raycluster/first", r#"{"metadata": {"finalizers": null}}"#).passes();
}

#[test]
fn the_ratchet_compares_storage_keys_and_not_field_paths() {
    let server = ApiServer::shared();
    let rayguard = watching(server);
    let namespace = server.namespace("view-updates");
    for name in ["one", "two"] {
        let first = cluster(&format!("first-{name}"), "redis:6379", name);
        namespace.send("create -f -", &first.to_string()).passes();
    }
    // This cluster exists before the webhook.
    namespace.send("create -f -", &cluster("shared", "redis:6379", "one").to_string()).passes();
    namespace.guard(&rayguard);
    wait_until_refused(&namespace, &cluster("new", "redis:6379", "two"), "RayCluster view-updates/first-two");
    let options = |value: Value| json!({"spec": {"gcsFaultToleranceOptions": {"externalStorageNamespace": value}}});
    let other = namespace.patch("raycluster/shared", &options(json!("two")).to_string());
    assert!(other.stderr.contains("shared with RayCluster view-updates/first-two"), "{}", other.stderr);
    assert!(!other.success(), "it is another conflict than before");

    let container = json!({"name": "ray-head", "image": "rayproject/ray:2.52.0",
        "resources": {"limits": {"cpu": "1", "memory": "2Gi"}},
        "env": [{"name": "RAY_external_storage_namespace", "value": "one"}]});
    let moved = json!({"spec": {"gcsFaultToleranceOptions": {"externalStorageNamespace": null},
        "headGroupSpec": {"template": {"spec": {"containers": [container]}}}}});
    let moved = namespace.patch("raycluster/shared", &moved.to_string()).passes();
    assert!(moved.stderr.contains("shared with RayCluster view-updates/first-one"), "{}", moved.stderr);
}
