use super::*;
use crate::defaults::{HeadNumCpus, WorkerReconnectTimeout};
use crate::kuberay::FeatureGate;
use crate::rule::Level;

fn read(fields: &str) -> Result<Policy, Vec<String>> {
    let text = format!(r#"{{"apiVersion":"rayguard.dev/v1alpha1","kind":"Policy"{fields}}}"#);
    let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
    let policy = Policy::from_json(&json);
    assert!(policy.is_err() || jsonschema::is_valid(&json_schema(), &(&json).into()), "only the schema refuses {text}");
    policy.map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

#[test]
fn an_empty_policy_is_the_built_in_one() {
    assert_eq!(read(""), Ok(Policy::default()));
}

#[test]
fn every_key_is_read() {
    let policy = read(
        r#","kuberay":{"version":1.6,"featureGates":{"RayServiceIncrementalUpgrade":true}},
        "highestLevel":"warn","rules":{"missing-redis-password":"warn","legacy-fault-tolerance":false},
        "settings":{"shortWorkerReconnectTimeoutSeconds":300,"assumedHeadReconnectTimeoutSeconds":900},
        "defaults":{"workerReconnectTimeout":"repair","headNumCpus":"zero",
            "podTemplate":{"worker":{"spec":{"containers":[{"name":"ray-worker","env":[{"name":"A","value":"b"}]}]}}}},
        "exemptions":[{"namespaces":["sandbox"],"rules":["missing-redis-password"],"reason":"no data"}]"#,
    )
    .expect("a policy");
    assert_eq!(policy.settings.kuberay.version, Version::v1(6));
    assert!(policy.settings.kuberay.is_enabled(FeatureGate::RayServiceIncrementalUpgrade));
    assert_eq!(policy.levels["missing-redis-password"], Level::Warn);
    assert_eq!(policy.levels["legacy-fault-tolerance"], Level::Off);
    assert_eq!(policy.highest_level, Some(Level::Warn));
    assert_eq!(policy.settings.short_worker_reconnect_timeout, 300);
    assert_eq!(policy.settings.assumed_head_reconnect_timeout, 900);
    assert_eq!(policy.defaults.worker_reconnect_timeout, WorkerReconnectTimeout::Repair);
    assert_eq!(policy.defaults.head_num_cpus, HeadNumCpus::Zero);
    assert!(policy.defaults.pod_template.head.is_none());
    assert!(policy.defaults.pod_template.worker.is_some());
    assert_eq!(policy.exemptions[0].rules, ["missing-redis-password"]);
}

#[test]
fn all_errors_are_reported_together() {
    let errors = read(
        r#","rulez":{},"highestLevel":"off","kuberay":{"version":"2.0","featureGates":{"RayClusterMTL":true}},
        "rules":{"missing-redis-pasword":"warn","missing-redis-address":"error"},
        "settings":{"reconnectTimeoutMarginSeconds":"60s"},
        "defaults":{"workerReconnectTimeout":"explict","podTemplate":{"head":{"spec":{"$patch":"replace"}},
            "worker":{"spec":{"containers":[{"image":"x"}]}}}},
        "exemptions":[{"namespaces":[],"rules":["all"]}]"#,
    );
    let expected = [
        "rulez: there is no such key; did you mean \"rules\"?",
        "kuberay.version: write a version of KubeRay from \"1.1\" to \"1.7\", or \"next\" for what is merged after it",
        "kuberay.featureGates.RayClusterMTL: there is no such key; did you mean \"RayClusterMTLS\"?",
        "settings.reconnectTimeoutMarginSeconds: write a whole number of seconds, such as 90",
        "highestLevel: write one of deny, warn, audit",
        "defaults.workerReconnectTimeout: write one of explicit, repair, off; did you mean \"explicit\"?",
        "defaults.podTemplate.head.spec.$patch: defaults only add fields, so a directive such as $patch is not \
         allowed; remove it",
        "defaults.podTemplate.worker.spec.containers[0]: an item of this list is identified by its name; write one",
        "rules.missing-redis-pasword: there is no such key; did you mean \"missing-redis-password\"?",
        "rules.missing-redis-address: write one of deny, warn, audit, off",
        "exemptions[0].namespaces: write a list of names",
        "exemptions[0].rules[0]: there is no rule \"all\"",
        "exemptions[0].reason: write the reason for the exemption",
    ];
    let mut errors = errors.expect_err("errors");
    let mut expected = expected.map(str::to_owned);
    errors.sort();
    expected.sort();
    assert_eq!(errors, expected);
}

#[test]
fn an_exempt_namespace_must_be_a_name_and_not_a_pattern() {
    let namespaces = |names: &str| {
        read(&format!(
            r#","exemptions":[{{"namespaces":{names},"rules":["missing-redis-address"],"reason":"no data"}}]"#
        ))
    };
    let path = |index| format!("exemptions[0].namespaces[{index}]");
    let help = "so it is not the name of a namespace; write the full name of each namespace";
    assert_eq!(
        namespaces(r#"["team-*","lab","Team"]"#).expect_err("errors"),
        [
            format!("{}: \"team-*\" contains '*', {help}", path(0)),
            format!("{}: \"Team\" contains 'T', {help}", path(2)),
        ]
    );
    assert!(namespaces(r#"["0-lab","kube-system"]"#).is_ok());
}

#[test]
fn a_feature_gate_is_accepted_if_the_version_has_it() {
    let gates = FeatureGate::ALL.map(|gate| format!(r#""{}":true"#, gate.as_str())).join(",");
    let only_1_6 = "kuberay.featureGates.AsyncJobInfoQuery: KubeRay 1.7 does not have this feature gate, and does not \
                    start with it; remove it, or set kuberay.version to a version that has it";
    assert_eq!(read(&format!(r#","kuberay":{{"featureGates":{{{gates}}}}}"#)), Err(vec![only_1_6.to_owned()]));
    let errors = read(r#","kuberay":{"version":"1.1","featureGates":{"RayClusterStatusConditions":"yes"}}"#);
    assert_eq!(errors.map_err(|errors| errors.len()), Err(2));
    let policy = read(r#","kuberay":{"version":"1.6","featureGates":{"AsyncJobInfoQuery":true,"AllAlpha":true}}"#);
    let kuberay = policy.expect("a policy").settings.kuberay;
    assert!(kuberay.is_enabled(FeatureGate::AsyncJobInfoQuery));
    assert!(kuberay.is_enabled(FeatureGate::RayServiceIncrementalUpgrade));
}

#[test]
fn a_pod_template_is_checked_against_its_schema() {
    let errors = read(
        r#","defaults":{"podTemplate":{"worker":{"metadata":{"name":"x"},"spec":{"toleration":[],"hostNetwork":"yes",
            "containers":[{"name":"w","env":[{"name":"A","value":1}],"nonsense":{}}]}}}}"#,
    );
    let mut errors = errors.expect_err("errors");
    errors.sort();
    assert_eq!(
        errors,
        [
            "defaults.podTemplate.worker.metadata.name: there is no such key",
            "defaults.podTemplate.worker.spec.containers[0].env[0].value: must be a string, is a number; \
             write it in quotes",
            "defaults.podTemplate.worker.spec.containers[0].nonsense: there is no such key in a Pod template",
            "defaults.podTemplate.worker.spec.hostNetwork: must be true or false, is the string \"yes\"; \
             write true or false",
            "defaults.podTemplate.worker.spec.toleration: there is no such key; did you mean \"tolerations\"?",
        ]
    );
}

#[test]
fn a_file_of_another_kind_is_rejected() {
    for text in ["{}", "[]", "1", r#"{"apiVersion":"v1","kind":"ConfigMap"}"#] {
        let json: Json<'_> = serde_json::from_str(text).expect("JSON");
        assert!(Policy::from_json(&json).is_err(), "{text}");
    }
}

#[test]
fn errors_have_positions_in_the_text() {
    let text = "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\nrules:\n  missing-redis-adress: warn\nrulez: {}\n";
    let errors = Policy::from_yaml(text).expect_err("errors");
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "4:25: rules.missing-redis-adress: there is no such key; did you mean \"missing-redis-address\"?",
            "5:1: rulez: there is no such key; did you mean \"rules\"?",
        ]
    );
}

#[test]
fn off_needs_no_quotes() {
    let text = "apiVersion: rayguard.dev/v1alpha1\nkind: Policy\nrules: {legacy-fault-tolerance: off}\n\
                defaults: {workerReconnectTimeout: off, headNumCpus: off}\n";
    let policy = Policy::from_yaml(text).expect("a policy");
    assert_eq!(policy.levels["legacy-fault-tolerance"], Level::Off);
    assert_eq!(policy.defaults.worker_reconnect_timeout, WorkerReconnectTimeout::Off);
}

#[test]
fn a_policy_file_must_be_a_single_yaml_document() {
    for (text, expected) in [
        ("", "the policy file is empty; write apiVersion: rayguard.dev/v1alpha1, kind: Policy"),
        ("a: 1\na: 2\n", "2:1: duplicate key \"a\" in this map"),
        ("a: 1\n---\nb: 2\n", "3:1: a policy file has one document; remove this one"),
    ] {
        let errors = Policy::from_yaml(text).expect_err("errors");
        assert_eq!(errors[0].to_string(), expected);
    }
}

#[test]
fn a_name_that_is_not_installed_software_is_an_error() {
    let policy = |installed: &str| {
        Policy::from_yaml(&format!("apiVersion: rayguard.dev/v1alpha1\nkind: Policy\ninstalled: {installed}\n"))
    };
    assert!(policy("[kueue]").expect("a policy").settings.installed.kueue);
    for (installed, message) in [
        ("kueue", "3:12: installed: write a list of kueue"),
        ("[keue]", "3:13: installed[0]: write one of kueue; did you mean \"kueue\"?"),
        ("[1]", "3:13: installed[0]: write one of kueue"),
    ] {
        let errors = policy(installed).expect_err(installed);
        assert_eq!(errors.iter().map(ToString::to_string).collect::<Vec<_>>(), [message]);
    }
}
