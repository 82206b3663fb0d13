//! Tests of the violations of an object, and of the time that the check takes.

use std::time::{Duration, Instant};

use super::*;

/// Returns a RayCluster with this container in its only worker group, and with more fields in its spec.
fn cluster(container: &str, more: &str) -> String {
    format!(
        r#"{{"apiVersion":"ray.io/v1","kind":"RayCluster","metadata":{{"name":"c"}},"spec":{{{more}"headGroupSpec":
        {{"rayStartParams":{{}},"template":{{"spec":{{"containers":[{{"name":"ray-head"}}]}}}}}},"workerGroupSpecs":
        [{{"groupName":"w","rayStartParams":{{}},"template":{{"spec":{{"containers":[{container}]}}}}}}]}}}}"#
    )
}

/// Returns the violations of an object, each as one line.
fn lines(schema: &Schema, object: &str) -> Vec<String> {
    let json: Json<'_> = serde_json::from_str(object).expect("JSON");
    let line = |violation| match violation {
        Violation::Unknown { path, suggestion } => format!("{path}: unknown; {suggestion:?}"),
        Violation::Malformed { path, reason, message, help, .. } => format!("{path}: {message}; {help} ({reason:?})"),
    };
    schema.violations(&json).into_iter().map(line).collect()
}

fn newest() -> &'static Schema {
    Schema::of(Version::NEWEST)
}

#[test]
fn every_node_of_the_schema_is_well_formed() {
    for schema in Version::ALL.map(Schema::of) {
        let kinds = if schema.kuberay < Version::v1(6) { 6 } else { 7 };
        assert_eq!(schema.roots.len(), kinds, "{}", schema.kuberay);
        for node in &schema.nodes {
            let pattern = node.pattern.as_ref().map(|pattern| pattern.text.as_str());
            assert!(pattern.is_none_or(|pattern| regex_lite::Regex::new(pattern).is_ok()), "{pattern:?}");
            assert!(node.required.iter().all(|name| node.property(name).is_some()), "{:?}", node.required);
            assert!(node.properties().is_sorted_by_key(|(name, _)| name));
        }
    }
}

#[test]
fn a_valid_object_has_no_violations() {
    assert_eq!(lines(newest(), &cluster(r#"{"name":"ray-worker","env":null}"#, "")), Vec::<String>::new());
}

#[test]
fn every_violation_has_a_help() {
    let base = "spec.workerGroupSpecs[0].template.spec.containers[0]";
    for (container, line) in [
        (
            r#"{"name":"r","env":[{"name":"RAY_a","value":60}]}"#,
            r#"env[0].value: must be a string, is the number 60; write "60" in quotes"#,
        ),
        (
            r#"{"name":"r","env":[{"name":"RAY_a","value":true}]}"#,
            r#"env[0].value: must be a string, is the boolean true; write "true" in quotes"#,
        ),
        (
            r#"{"name":"r","env":[{"name":"PIN","value":1234}]}"#,
            "env[0].value: must be a string, is a number; write it in quotes",
        ),
        (
            r#"{"name":"r","stdin":"true"}"#,
            r#"stdin: must be true or false, is the string "true"; write true without quotes"#,
        ),
        (
            r#"{"name":"r","ports":[{"containerPort":"80"}]}"#,
            r#"ports[0].containerPort: must be a whole number, is the string "80"; write 80 without quotes"#,
        ),
        (
            r#"{"name":"r","ports":[{"containerPort":1.5}]}"#,
            "ports[0].containerPort: must be a whole number, is the number 1.5; write a whole number",
        ),
        (
            r#"{"name":"r","command":"ray start"}"#,
            r#"command: must be a list, is the string "ray start"; write a list, each item after a dash"#,
        ),
        (r#"{"name":"r","env":{"A":"1"}}"#, "env: must be a list, is a map; write a list: begin each item with a dash"),
        (
            r#"{"name":"r","resources":[{"cpu":1}]}"#,
            r#"resources: must be a map, is a list; write a map: "key: value", without dashes"#,
        ),
        (r#"{"name":"r","command":[null]}"#, "command[0]: must be a string, is null; remove the empty item"),
        (
            r#"{"name":"r","resources":{"limits":{"cpu":0.5}}}"#,
            r#"resources.limits[cpu]: must be a whole number or a string, is the number 0.5; write "0.5" in quotes"#,
        ),
        (
            r#"{"name":"r","resources":{"limits":{"cpu":"1 Gi"}}}"#,
            r#"resources.limits[cpu]: "1 Gi" is not a quantity; write a quantity such as 2, "500m" or "4Gi""#,
        ),
    ] {
        assert_eq!(lines(newest(), &cluster(container, "")), [format!("{base}.{line} (Invalid)")]);
    }
    // Two values of the wrong type are not reported as duplicates too.
    let ports = r#"{"name":"r","ports":[{"containerPort":{}},{"containerPort":{}}]}"#;
    let wrong = |index| {
        format!("{base}.ports[{index}].containerPort: must be a whole number, is a map; write a whole number (Invalid)")
    };
    assert_eq!(lines(newest(), &cluster(ports, "")), [wrong(0), wrong(1)]);
    let upgrade = r#""upgradeStrategy":{"type":"recreate"},"#;
    assert_eq!(
        lines(newest(), &cluster(r#"{"env":[{"name":"A"},{"name":"A"}]}"#, upgrade)),
        [
            "spec.upgradeStrategy.type: \"recreate\" is not one of the allowed values; write \"Recreate\" or \"None\" \
             (NotSupported)",
            &format!(
                "{base}.env[1]: has the same name \"A\" as item 0; remove one of the two, because only one is allowed \
                 (Duplicate)"
            ),
            &format!("{base}.name: is missing; add name, a string (Required)"),
        ]
    );
}

#[test]
fn an_unknown_field_gets_a_suggestion() {
    let suggestions = |schema: &Schema, object: &str| -> Vec<_> {
        let json: Json<'_> = serde_json::from_str(object).expect("JSON");
        let suggestion = |violation| match violation {
            Violation::Unknown { suggestion, .. } => suggestion,
            Violation::Malformed { .. } => panic!("{violation:?}"),
        };
        schema.violations(&json).into_iter().map(suggestion).collect()
    };
    let elsewhere = |paths: &[&str]| Some(Suggestion::Elsewhere(paths.iter().map(ToString::to_string).collect()));
    for (object, suggestion) in [
        (
            cluster(r#"{"name":"r"}"#, r#""rayversion":"","#),
            Some(Suggestion::Spelling { name: "rayVersion", is_certain: true, form: Form::Fits }),
        ),
        (
            cluster(r#"{"name":"r","resouces":{}}"#, ""),
            Some(Suggestion::Spelling { name: "resources", is_certain: true, form: Form::Fits }),
        ),
        (cluster(r#"{"name":"r"}"#, r#""replicas":1,"#), elsewhere(&["spec.workerGroupSpecs[0].replicas"])),
        (
            cluster(r#"{"name":"r","nodeSelector":{}}"#, ""),
            elsewhere(&["spec.workerGroupSpecs[0].template.spec.nodeSelector"]),
        ),
        (cluster(r#"{"name":"r","entirelyElse":{}}"#, ""), None),
    ] {
        assert_eq!(suggestions(newest(), &object), [suggestion], "{object}");
    }
    let policy = cluster(r#"{"name":"r"}"#, r#""networkPolicy":{},"#);
    assert_eq!(suggestions(newest(), &policy), []);
    assert_eq!(suggestions(Schema::of(Version::v1(6)), &policy), [Some(Suggestion::Release(Version::NEWEST))]);
    let options = cluster(r#"{"name":"r"}"#, r#""gcsFaultToleranceOptions":{"redisAddress":"redis:6379"},"#);
    let old = options.replace("ray.io/v1", "ray.io/v1alpha1");
    assert_eq!(suggestions(newest(), &old), [Some(Suggestion::ApiVersion("ray.io/v1".to_owned()))]);
}

#[test]
fn every_release_has_its_own_fields() {
    let options = cluster(r#"{"name":"r"}"#, r#""gcsFaultToleranceOptions":{},"#);
    let strategy = cluster(r#"{"name":"r"}"#, r#""upgradeStrategy":{"type":"Recreate"},"#);
    let manager = cluster(r#"{"name":"r"}"#, r#""managedBy":"me","#);
    let bare = cluster(r#"{"name":"r"}"#, "").replace(r#""rayStartParams":{},"#, "");
    let address = "spec.gcsFaultToleranceOptions.redisAddress: is missing; add redisAddress, a string (Required)";
    let no_manager = "spec.managedBy: \"me\" is not one of the allowed values; write \"ray.io/kuberay-operator\" or \
                   \"kueue.x-k8s.io/multikueue\" (NotSupported)";
    let params = ["headGroupSpec", "workerGroupSpecs[0]"]
        .map(|group| format!("spec.{group}.rayStartParams: is missing; add rayStartParams, a map (Required)"));
    let unknown = |field: &str, since: u8| {
        vec![format!("spec.{field}: unknown; {:?}", Some(Suggestion::Release(Version::v1(since))))]
    };
    for version in Version::ALL {
        let of_version = |object: &str| lines(Schema::of(version), object);
        let as_of =
            |minor, before: Vec<String>, then: Vec<String>| if version < Version::v1(minor) { before } else { then };
        let needed = as_of(7, vec![address.to_owned()], vec![]);
        assert_eq!(of_version(&options), as_of(3, unknown("gcsFaultToleranceOptions", 3), needed), "{version}");
        assert_eq!(of_version(&strategy), as_of(6, unknown("upgradeStrategy", 6), vec![]), "{version}");
        assert_eq!(of_version(&manager), as_of(3, unknown("managedBy", 3), vec![no_manager.to_owned()]), "{version}");
        assert_eq!(of_version(&bare), as_of(4, params.to_vec(), vec![]), "{version}");
    }
}

#[test]
fn a_version_that_a_kind_does_not_have_is_reported() {
    let object = r#"{"apiVersion":"ray.io/v1alpha1","kind":"RayCronJob","metadata":{"name":"c"}}"#;
    assert_eq!(
        lines(newest(), object),
        ["apiVersion: this version of the API does not have this kind; write apiVersion: ray.io/v1 (NotSupported)"]
    );
    assert_eq!(
        lines(Schema::of(Version::v1(5)), &object.replace("v1alpha1", "v1")),
        ["kind: KubeRay 1.5 does not have this kind yet; upgrade to KubeRay 1.6, or use another kind (NotSupported)"]
    );
    assert!(lines(newest(), r#"{"apiVersion":"v1","kind":"Pod"}"#).is_empty());
}

#[test]
fn invalid_names_and_labels_are_reported() {
    let object = r#"{"apiVersion":"ray.io/v1","kind":"RayCluster","metadata":{"name":"C","generateName":"c-",
        "labels":{"a":"b c","x/y/z":""},"annotations":{"RAY.io/ok":"any text"}}}"#;
    let paths: Vec<_> = lines(newest(), object).iter().map(|line| line.split(':').next().map(str::to_owned)).collect();
    assert_eq!(
        paths,
        ["metadata.name", "metadata.labels[a]", "metadata.labels[x/y/z]"].map(|path| Some(path.to_owned()))
    );
}

#[test]
fn constraints_that_kuberays_schema_does_not_use_are_checked() {
    let schema = Schema::read(
        Version::NEWEST,
        [r#"{"source":"","nodes":{
        "RayCluster/v1": {"type":"object","properties":{"apiVersion":"text","kind":"text","metadata":"any","spec":"spec"}},
        "any": {"type":"object","preserveUnknownFields":true,"properties":{"known":"spec"}},
        "spec": {"type":"object","properties":{"level":"level","note":"note","list":"list"}},
        "level": {"type":"integer","minimum":1,"maximum":3},
        "list": {"type":"array","items":"level","minItems":1,"set":true},
        "note": {"type":"string","nullable":true,"minLength":1,"maxLength":3,"default":"-"},
        "text": {"type":"string"}}}"#],
    );
    let object = |spec: &str| {
        let metadata = format!(r#"{{"name":"c","else":{{"null":null}},"known":{spec}}}"#);
        format!(r#"{{"apiVersion":"ray.io/v1","kind":"RayCluster","metadata":{metadata},"spec":{spec}}}"#)
    };
    let text = object(r#"{"note":null,"level":null,"list":[null],"other":1}"#);
    let mut json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    schema.conform(&mut json);
    assert_eq!(serde_json::to_string(&json).expect("JSON"), object(r#"{"note":null,"list":[null]}"#));
    let text = object(r#"{"note":"long","level":0,"list":[]}"#);
    assert_eq!(
        lines(&schema, &text)[3..],
        [
            "spec.note: must have at most 3 characters, has 4; shorten it (Invalid)",
            "spec.level: must be at least 1, is 0; write 1 or more (Invalid)",
            "spec.list: must have at least 1 items; add an item (Invalid)",
        ]
    );
    let text = object(r#"{"note":"","level":4,"list":[2,2]}"#);
    assert_eq!(
        lines(&schema, &text)[3..],
        [
            "spec.note: must not be empty; write a text, or remove the field (Invalid)",
            "spec.level: must be at most 3, is 4; write 3 or less (Invalid)",
            "spec.list[1]: is the same as item 0; remove one of the two (Duplicate)",
        ]
    );
}

#[test]
fn the_last_of_two_fields_with_one_name_counts() {
    let text = cluster(r#"{"name":1,"name":"r"}"#, "");
    assert!(lines(newest(), &text).is_empty());
    let mut json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    newest().conform(&mut json);
    let text = serde_json::to_string(&json).expect("JSON");
    assert!(text.contains(r#"{"name":"r"}"#), "{text}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it bounds a time that would be quadratic")]
fn the_time_is_linear_in_the_size_of_the_object() {
    let many = |item: fn(usize) -> String| (0..100_000).map(item).collect::<Vec<_>>().join(",");
    let objects = [
        cluster(r#"{"name":"r"}"#, &(many(|n| format!(r#""field{n}":1"#)) + ",")),
        cluster(&format!(r#"{{"name":"r","env":[{}]}}"#, many(|n| format!(r#"{{"name":"{}"}}"#, n % 50_000))), ""),
        cluster(r#"{"name":"r"}"#, &format!(r#""headServiceAnnotations":{{{}}},"#, many(|n| format!(r#""{n}":{n}"#)))),
        cluster(r#"{"name":"r"}"#, &(many(|_| r#""rayVersion":"2""#.to_owned()) + ",")),
        cluster(r#"{"name":"r"}"#, &format!(r#""{}":1,"#, "x".repeat(3 << 20))),
    ];
    for object in objects {
        let start = Instant::now();
        let mut json: Json<'_> = serde_json::from_str(&object).expect("JSON");
        newest().violations(&json);
        newest().conform(&mut json);
        // An unoptimised linear check takes a fraction of a second. A quadratic one takes minutes.
        let elapsed = start.elapsed();
        assert!(elapsed < Duration::from_secs(20), "{elapsed:?}");
    }
}
