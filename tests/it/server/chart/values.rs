//! What the chart refuses.

use std::fs;
use std::path::Path;

use rayguard_policy::policy::Policy;
use serde_json::{Map, Value, json};

use super::{CHART, RELEASE, Rendered, helm, is_up_to_date};

const SCHEMA: &str = "charts/rayguard/values.schema.json";

fn schema() -> Value {
    let text = fs::read_to_string(Path::new(CHART).join("values.schema.json")).expect("the chart has a schema");
    serde_json::from_str(&text).expect("JSON")
}

/// What Helm says when it is given these values.
#[track_caller]
fn refusal(namespace: &str, values: &[&str]) -> String {
    let all = ["template", RELEASE, CHART, "--namespace", namespace].into_iter();
    let all = all.chain(values.iter().flat_map(|value| ["--set", value]));
    match helm(all) {
        Ok(_) => panic!("{values:?} are not refused"),
        Err(refusal) => refusal,
    }
}

#[test]
fn a_key_that_does_not_exist_is_refused_with_its_place() {
    for (value, place) in [
        ("watch.rayJobs=true", "at '/watch': additional properties 'rayJobs' not allowed"),
        ("watch.secrets.name=ml/redis", "at '/watch/secrets': additional properties 'name' not allowed"),
        ("audit.policyreports=false", "at '/audit': additional properties 'policyreports' not allowed"),
        ("replica=3", "at '': additional properties 'replica' not allowed"),
        ("image.tags=x", "at '/image': additional properties 'tags' not allowed"),
        ("policy.rulez.a=off", "at '/policy': additional properties 'rulez' not allowed"),
        (
            "policy.rules.missing-redis-pasword=warn",
            "at '/policy/rules': additional properties 'missing-redis-pasword' not allowed",
        ),
        (
            "policy.kuberay.featureGates.X=true",
            "at '/policy/kuberay/featureGates': additional properties 'X' not allowed",
        ),
        ("certificate.files.ca=x", "at '/certificate/files': additional properties 'ca' not allowed"),
        ("resources.limit.cpu=1", "at '/resources': additional properties 'limit' not allowed"),
        ("tolerations[0].keys=x", "at '/tolerations/0': additional properties 'keys' not allowed"),
        (
            "networkPolicy.adminFrom[0].podSelectors.a=b",
            "at '/networkPolicy/adminFrom/0': additional properties 'podSelectors' not allowed",
        ),
    ] {
        let refusal = refusal(RELEASE, &[value]);
        assert!(refusal.contains(place), "{value}: {refusal}");
    }
}

#[test]
fn a_value_that_cannot_be_is_refused_with_its_place() {
    for (value, place) in [
        ("replicas=0", "at '/replicas'"),
        ("image.digest=latest", "at '/image/digest'"),
        ("certificate.mode=none", "at '/certificate/mode'"),
        ("certificate.files.caBundle=LS0t", "at '/certificate/files/caBundle'"),
        ("validatingWebhook.timeoutSeconds=31", "at '/validatingWebhook/timeoutSeconds'"),
        ("validatingWebhook.failurePolicy=Warn", "at '/validatingWebhook/failurePolicy'"),
        ("policy.highestLevel=off", "at '/policy/highestLevel'"),
        ("policy.kuberay.version=new", "at '/policy/kuberay/version'"),
        ("watch.secrets.namespaces={ML}", "at '/watch/secrets/namespaces/0'"),
        ("watch.secrets.namespaces={ml/redis}", "at '/watch/secrets/namespaces/0'"),
        ("watch.secrets.namespaces={ml,ml}", "at '/watch/secrets/namespaces'"),
        ("watch.secrets.names={redis}", "at '/watch/secrets/names/0'"),
        ("watch.secrets.names={ml/Redis}", "at '/watch/secrets/names/0'"),
        ("watch.secrets.names={ml/redis/x}", "at '/watch/secrets/names/0'"),
        ("audit.interval=600", "at '/audit/interval'"),
        ("audit.interval=0s", "at '/audit/interval'"),
        ("ports.admin=0", "at '/ports/admin'"),
        ("log.level=loud", "at '/log/level'"),
    ] {
        let refusal = refusal(RELEASE, &[value]);
        assert!(refusal.contains(place), "{value}: {refusal}");
    }
}

#[test]
fn values_that_cannot_work_together_are_refused_with_a_reason() {
    let bundle = "certificate.files.caBundle=-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----";
    for (namespace, values, reason) in [
        ("kube-system", &[] as &[&str], "install it into a namespace of its own"),
        (
            RELEASE,
            &["certificate.mode=files", "certificate.files.secretName=s", "certificate.keepCaBundle=false"],
            "certificate.files.caBundle is empty",
        ),
        (RELEASE, &["certificate.keepCaBundle=false"], "certificate.mode is self-managed, and only rayguard knows"),
        (RELEASE, &["certificate.mode=files", bundle], "write one of certificate.files.secretName and"),
        (
            RELEASE,
            &[
                "certificate.mode=files",
                bundle,
                "certificate.files.secretName=s",
                "certificate.files.volume.emptyDir=x",
            ],
            "write one of certificate.files.secretName and",
        ),
        (RELEASE, &["certificate.files.secretName=s"], "of no use while certificate.mode is self-managed"),
        (RELEASE, &["drain.delaySeconds=30"], "drain takes up to 45 s, and a Pod is killed after 45 s"),
        (
            RELEASE,
            &["autoscaling.enabled=true", "autoscaling.minReplicas=5"],
            "autoscaling.minReplicas exceeds autoscaling.maxReplicas",
        ),
        (RELEASE, &["serviceMonitor.enabled=true", "podMonitor.enabled=true"], "would count everything twice"),
        (
            RELEASE,
            &["mtls.configMapName=a", "mtls.secretName=b"],
            "mtls.configMapName and mtls.secretName both name the CA",
        ),
        (RELEASE, &["mtls.names={kube-apiserver}"], "mtls.names is of no use without a CA"),
        (
            RELEASE,
            &["watch.secrets.namespaces={kube-system}"],
            "namespace kube-system, of which rayguard judges nothing",
        ),
        (RELEASE, &["watch.secrets.names={rayguard/redis}"], "namespace rayguard, of which rayguard judges nothing"),
        (
            RELEASE,
            &["webhooks.excludedNamespaces={legacy}", "watch.secrets.names={legacy/redis}"],
            "namespace legacy, of which rayguard judges nothing",
        ),
        (RELEASE, &["ports.admin=9443"], "ports.webhook and ports.admin are the same"),
    ] {
        let refusal = refusal(namespace, values);
        assert!(refusal.contains(reason), "{values:?}: {refusal}");
    }
}

#[test]
fn a_right_to_read_secrets_that_no_rule_uses_is_refused() {
    for watched in ["watch.secrets.names={ml/redis}", "watch.secrets.namespaces={ml}"] {
        for off in ["off", "false"] {
            let refusal = refusal(RELEASE, &[watched, &format!("policy.rules.missing-secret={off}")]);
            let reason = "watch.secrets is of no use while policy.rules.missing-secret is off";
            assert!(refusal.contains(reason), "{watched}: {refusal}");
        }
    }
    Rendered::new(["--set", "policy.rules.missing-secret=off"]);
}

#[test]
fn the_least_drain_below_the_grace_period_is_accepted() {
    Rendered::new(["--set", "drain.delaySeconds=29"]);
}

#[test]
fn as_a_part_of_another_chart_it_may_be_told_of_globals() {
    Rendered::new(["--set", "global.registry=x"]);
}

#[test]
fn the_schema_leaves_no_map_open_but_those_of_labels_and_of_kubernetes() {
    fn look(schema: &Value, path: &str) {
        if schema["type"] == "object" {
            let closed = schema["additionalProperties"] == false || schema["additionalProperties"].is_object();
            let open = ["/properties/global", "/$defs/kubernetes"].contains(&path);
            assert!(closed != open, "{path}");
        }
        match schema {
            Value::Object(fields) => {
                for (name, value) in fields {
                    look(value, &format!("{path}/{name}"));
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    look(item, &format!("{path}/{index}"));
                }
            }
            _ => {}
        }
    }
    look(&schema(), "");
}

#[test]
fn the_schema_knows_every_value_and_nothing_else() {
    fn compare(values: &Value, schema: &Value, path: &str) {
        let Some(known) = schema["properties"].as_object() else { return };
        let values = values.as_object().unwrap_or_else(|| panic!("{path}: a map"));
        for name in values.keys() {
            assert!(known.contains_key(name), "{path}/{name} is in values.yaml and not in the schema");
        }
        // An empty map stands for something that may be there: its keys are documented elsewhere.
        if !values.is_empty() {
            for (name, schema) in known.iter().filter(|(name, _)| *name != "global") {
                let path = format!("{path}/{name}");
                assert!(values.contains_key(name), "{path} is in the schema and not in values.yaml");
                if path != "/resources" {
                    compare(&values[name], schema, &path);
                }
            }
        }
    }
    let values = helm(["show", "values", CHART]).expect("Helm shows them");
    compare(&super::objects(&values)[0], &schema(), "");
}

#[test]
fn a_default_that_is_taken_away_is_missed_by_its_name_or_not_at_all() {
    fn take_away(values: &Value, path: &str) {
        for (name, value) in values.as_object().into_iter().flatten() {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let rendered = helm(["template", RELEASE, CHART, "--namespace", RELEASE, "--set", &format!("{path}=null")]);
            let refusal = rendered.err().unwrap_or_default();
            let missed = format!("missing property '{name}'");
            // As templates refuse what does not go together; where they stumble, Helm calls it otherwise.
            let is_refused_by_name = refusal.starts_with("Error: execution error at") && refusal.contains(&path);
            assert!(refusal.is_empty() || refusal.contains(&missed) || is_refused_by_name, "{path}: {refusal}");
            take_away(value, &path);
        }
    }
    let values = helm(["show", "values", CHART]).expect("Helm shows them");
    take_away(&super::objects(&values)[0], "");
}

/// The keys that a map of the policy file may have, from what is said when it is no map.
fn keys_of_the_policy(path: &[&str]) -> Vec<String> {
    let mut file = json!(1);
    for field in path.iter().rev() {
        file = json!({*field: file});
    }
    let errors = Policy::from_yaml(&file.to_string()).expect_err("1 is no map");
    let keys = errors.iter().find_map(|error| error.message.strip_prefix("write a map with "));
    keys.unwrap_or_else(|| panic!("{path:?}: {errors:?}")).split(", ").map(str::to_owned).collect()
}

#[test]
fn the_schema_knows_the_policy_as_the_program_does() {
    let mut schema = schema();
    let (level, boolean) = (json!({"$ref": "#/$defs/level"}), json!({"type": "boolean"}));
    for (path, each) in [(&["rules"] as &[&str], level), (&["kuberay", "featureGates"], boolean)] {
        let names = keys_of_the_policy(path).into_iter();
        let properties: Map<String, Value> = names.map(|name| (name, each.clone())).collect();
        let pointer = format!("/properties/policy/properties/{}/properties", path.join("/properties/"));
        *schema.pointer_mut(&pointer).expect("the schema has the policy") = properties.into();
    }
    is_up_to_date(SCHEMA, &format!("{schema:#}\n"));

    for path in [&[] as &[&str], &["kuberay"], &["settings"], &["defaults"], &["defaults", "podTemplate"]] {
        let mut expected = keys_of_the_policy(path);
        expected.retain(|key| !["apiVersion", "kind"].contains(&key.as_str()));
        expected.sort();
        let pointer = path.iter().map(|field| ["/properties/", field].concat()).collect::<String>();
        let known =
            schema.pointer(&format!("/properties/policy{pointer}/properties")).expect("the schema has the policy");
        let known: Vec<_> = known.as_object().expect("a map").keys().collect();
        assert_eq!(known, expected.iter().collect::<Vec<_>>(), "{path:?}");
    }
}
