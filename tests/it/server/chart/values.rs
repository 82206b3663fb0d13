//! Tests of values that the chart refuses.

use serde_json::Value;

use super::{CHART, RELEASE, Rendered, helm};

/// Returns Helm's error message for these values.
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
fn an_unknown_key_is_refused_with_its_path() {
    for (value, path) in [
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
        assert!(refusal.contains(path), "{value}: {refusal}");
    }
}

#[test]
fn an_invalid_value_is_refused_with_its_path() {
    for (value, path) in [
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
        assert!(refusal.contains(path), "{value}: {refusal}");
    }
}

#[test]
fn conflicting_values_are_refused_with_a_reason() {
    let bundle = "certificate.files.caBundle=-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----";
    for (namespace, values, reason) in [
        ("kube-system", &[] as &[&str], "install rayguard into a separate namespace"),
        (
            RELEASE,
            &["certificate.mode=files", "certificate.files.secretName=s", "certificate.keepCaBundle=false"],
            "certificate.files.caBundle is empty",
        ),
        (RELEASE, &["certificate.keepCaBundle=false"], "certificate.mode is self-managed, and only rayguard has"),
        (RELEASE, &["certificate.mode=files", bundle], "set either certificate.files.secretName or"),
        (
            RELEASE,
            &[
                "certificate.mode=files",
                bundle,
                "certificate.files.secretName=s",
                "certificate.files.volume.emptyDir=x",
            ],
            "set either certificate.files.secretName or",
        ),
        (RELEASE, &["certificate.files.secretName=s"], "has no effect while certificate.mode is self-managed"),
        (RELEASE, &["drain.delaySeconds=30"], "drain takes up to 45 s, but a Pod is killed after 45 s"),
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
        (RELEASE, &["mtls.names={kube-apiserver}"], "mtls.names has no effect without a CA"),
        (RELEASE, &["watch.secrets.namespaces={kube-system}"], "namespace kube-system, which rayguard does not check"),
        (RELEASE, &["watch.secrets.names={rayguard/redis}"], "namespace rayguard, which rayguard does not check"),
        (
            RELEASE,
            &["webhooks.excludedNamespaces={legacy}", "watch.secrets.names={legacy/redis}"],
            "namespace legacy, which rayguard does not check",
        ),
        (RELEASE, &["ports.admin=9443"], "ports.webhook and ports.admin are the same"),
    ] {
        let refusal = refusal(namespace, values);
        assert!(refusal.contains(reason), "{values:?}: {refusal}");
    }
}

#[test]
fn watched_secrets_are_refused_if_the_rule_missing_secret_is_off() {
    for watched in ["watch.secrets.names={ml/redis}", "watch.secrets.namespaces={ml}"] {
        for off in ["off", "false"] {
            let refusal = refusal(RELEASE, &[watched, &format!("policy.rules.missing-secret={off}")]);
            let reason = "watch.secrets has no effect while policy.rules.missing-secret is off";
            assert!(refusal.contains(reason), "{watched}: {refusal}");
        }
    }
    Rendered::new(["--set", "policy.rules.missing-secret=off"]);
}

#[test]
fn a_drain_just_below_the_grace_period_is_accepted() {
    Rendered::new(["--set", "drain.delaySeconds=29"]);
}

#[test]
fn global_values_of_a_parent_chart_are_accepted() {
    Rendered::new(["--set", "global.registry=x"]);
}

#[test]
fn a_removed_default_is_optional_or_reported_by_its_name() {
    fn remove(values: &Value, path: &str) {
        for (name, value) in values.as_object().into_iter().flatten() {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let rendered = helm(["template", RELEASE, CHART, "--namespace", RELEASE, "--set", &format!("{path}=null")]);
            let refusal = rendered.err().unwrap_or_default();
            let missed = format!("missing property '{name}'");
            // The message of a template that refuses conflicting values. A template that fails otherwise has another
            // message.
            let is_refused_by_name = refusal.starts_with("Error: execution error at") && refusal.contains(&path);
            assert!(refusal.is_empty() || refusal.contains(&missed) || is_refused_by_name, "{path}: {refusal}");
            remove(value, &path);
        }
    }
    let values = helm(["show", "values", CHART]).expect("Helm shows them");
    remove(&super::objects(&values)[0], "");
}
