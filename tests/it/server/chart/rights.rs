//! Tests of the account's rights: each combination of features gets exactly what it needs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{RELEASE, Rendered};

/// A feature that needs the API server.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Feature {
    OwnCertificate,
    CaBundle,
    Clusters,
    Secrets { namespace: String },
    Secret { namespace: String, name: String },
    Audit,
    PolicyReports,
}

/// Stands for all namespaces or all names.
const ALL: &str = "*";

/// Rights, each as `namespace group/resource name verb`.
type Rights = BTreeSet<String>;

impl Feature {
    /// Returns the minimal rights of the feature: namespace, resource, name and verbs.
    fn needs(&self) -> Vec<[&str; 4]> {
        match self {
            Self::OwnCertificate => vec![
                [RELEASE, "/secrets", "rayguard-certificate", "get watch patch create"],
                [RELEASE, "coordination.k8s.io/leases", "rayguard-certificate", "get patch create"],
            ],
            Self::CaBundle => vec![
                [ALL, "admissionregistration.k8s.io/mutatingwebhookconfigurations", RELEASE, "get watch patch"],
                [ALL, "admissionregistration.k8s.io/validatingwebhookconfigurations", RELEASE, "get watch patch"],
            ],
            Self::Clusters => vec![[ALL, "ray.io/rayclusters", ALL, "list watch"]],
            Self::Secrets { namespace } => vec![[namespace, "/secrets", ALL, "list watch"]],
            Self::Secret { namespace, name } => vec![[namespace, "/secrets", name, "list watch"]],
            Self::Audit => vec![
                [ALL, "ray.io/rayclusters", ALL, "list"],
                [ALL, "ray.io/rayservices", ALL, "list"],
                [ALL, "ray.io/rayjobs", ALL, "list"],
                [ALL, "ray.io/raycronjobs", ALL, "list"],
                [RELEASE, "coordination.k8s.io/leases", "rayguard-audit", "get patch create"],
            ],
            Self::PolicyReports => vec![[ALL, "wgpolicyk8s.io/policyreports", ALL, "list create patch delete"]],
        }
    }

    /// Returns the Lease that the feature uses.
    fn lease(&self) -> Option<&'static str> {
        match self {
            Self::OwnCertificate => Some("rayguard-certificate"),
            Self::Audit => Some("rayguard-audit"),
            _ => None,
        }
    }

    fn secret(watched: &str) -> Self {
        match watched.split_once('/') {
            Some((namespace, name)) => Self::Secret { namespace: namespace.to_owned(), name: name.to_owned() },
            None => Self::Secrets { namespace: watched.to_owned() },
        }
    }
}

fn rights(features: &BTreeSet<Feature>) -> Rights {
    let needs = features.iter().flat_map(Feature::needs);
    let each = needs.flat_map(|[namespace, resource, name, verbs]| {
        verbs.split(' ').map(move |verb| format!("{namespace} {resource} {name} {verb}"))
    });
    each.collect()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().map(|items| items.iter().map(|item| item.as_str().expect("a text")).collect()).unwrap_or_default()
}

/// Returns the rights that all roles grant. Each role must be bound once, to rayguard's account.
fn granted(rendered: &Rendered) -> Rights {
    let of_kind = |kind: &'static str| rendered.objects.iter().filter(move |object| object["kind"] == kind);
    let mut granted = Rights::new();
    for (kind, binding) in [("Role", "RoleBinding"), ("ClusterRole", "ClusterRoleBinding")] {
        let roles: Vec<_> = of_kind(kind).collect();
        assert_eq!(roles.len(), of_kind(binding).count(), "{kind}");
        for role in roles {
            let metadata = &role["metadata"];
            let bound = of_kind(binding).filter(|binding| {
                let reference =
                    json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": metadata["name"]});
                binding["metadata"]["namespace"] == metadata["namespace"] && binding["roleRef"] == reference
            });
            let subjects: Vec<_> = bound.map(|binding| &binding["subjects"]).collect();
            assert_eq!(subjects, [&json!([{"kind": "ServiceAccount", "name": RELEASE, "namespace": RELEASE}])]);
            for rule in role["rules"].as_array().expect("rules") {
                let keys = ["apiGroups", "resources", "resourceNames", "verbs"];
                assert!(rule.as_object().expect("a map").keys().all(|key| keys.contains(&&**key)), "{rule}");
                let [groups, resources, mut names, verbs] = keys.map(|key| texts(&rule[key]));
                assert!(![&groups, &resources, &names, &verbs].into_iter().any(|list| list.contains(&ALL)), "{rule}");
                if names.is_empty() {
                    assert!(rule.get("resourceNames").is_none(), "{rule}: RBAC reads an empty list as all names");
                    names.push(ALL);
                }
                let namespace = metadata["namespace"].as_str().unwrap_or(ALL);
                for (group, resource) in groups.iter().flat_map(|group| resources.iter().map(move |it| (group, it))) {
                    for (name, verb) in names.iter().flat_map(|name| verbs.iter().map(move |verb| (name, verb))) {
                        granted.insert(format!("{namespace} {group}/{resource} {name} {verb}"));
                    }
                }
            }
        }
    }
    granted
}

/// Returns the features that the program's arguments enable. An unknown argument fails, because it may need rights.
fn enabled(arguments: &[&str]) -> BTreeSet<Feature> {
    const OTHERS: [&str; 14] = [
        "--listen",
        "--admin-listen",
        "--config",
        "--tls-cert",
        "--tls-key",
        "--tls-ca",
        "--service",
        "--namespace",
        "--audit-interval",
        "--drain-delay",
        "--drain-timeout",
        "--log-format",
        "--log-level",
        "serve",
    ];
    let feature = |argument: &&str| {
        let (flag, value) = argument.split_once('=').unwrap_or((argument, ""));
        Some(match (flag, value) {
            ("--certificate-secret", "rayguard-certificate") => Feature::OwnCertificate,
            ("--webhook-configuration", RELEASE) => Feature::CaBundle,
            ("--watch-clusters", "") => Feature::Clusters,
            ("--watch-secrets", watched) => Feature::secret(watched),
            ("--audit-lease", "rayguard-audit") => Feature::Audit,
            ("--policy-reports", "") => Feature::PolicyReports,
            _ if OTHERS.contains(&flag) => return None,
            _ => panic!("{argument}"),
        })
    };
    arguments.iter().filter_map(feature).collect()
}

const BUNDLE: &str = "certificate.files.caBundle=-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----";

/// Returns every combination of switches: Helm's values, and the features that they enable.
fn combinations() -> Vec<(Vec<&'static str>, BTreeSet<Feature>)> {
    let certificates: [(&[&str], &[Feature]); 5] = [
        (&[], &[Feature::OwnCertificate, Feature::CaBundle]),
        (&["certificate.mode=cert-manager"], &[Feature::CaBundle]),
        (&["certificate.mode=cert-manager", "certificate.keepCaBundle=false"], &[]),
        (&["certificate.mode=files", "certificate.files.secretName=tls"], &[Feature::CaBundle]),
        (
            &["certificate.mode=files", "certificate.files.secretName=tls", BUNDLE, "certificate.keepCaBundle=false"],
            &[],
        ),
    ];
    let (namespaces, names) =
        ("watch.secrets.namespaces={ml,123}", "watch.secrets.names={ml/redis,team/redis,team/1e3}");
    let secrets: [(&[&str], &[&str]); 4] = [
        (&[], &[]),
        (&[namespaces], &["ml", "123"]),
        (&[names], &["ml/redis", "team/redis", "team/1e3"]),
        // A Secret in a watched namespace needs no right by its name.
        (&[namespaces, names], &["ml", "123", "team/redis", "team/1e3"]),
    ];
    let mut combinations = Vec::new();
    for (certificate, of_certificate) in certificates {
        for clusters in [true, false] {
            for (secret, of_secrets) in secrets {
                for (audit, reports) in [(true, true), (true, false), (false, true), (false, false)] {
                    let mut values = [certificate, secret].concat();
                    let mut features: BTreeSet<_> = of_certificate.iter().cloned().collect();
                    features.extend(of_secrets.iter().map(|watched| Feature::secret(watched)));
                    let switches = [
                        (clusters, "watch.rayClusters=false", Feature::Clusters),
                        (audit, "audit.enabled=false", Feature::Audit),
                        (reports, "audit.policyReports=false", Feature::PolicyReports),
                    ];
                    for (on, off, feature) in switches {
                        if !on {
                            values.push(off);
                        } else if feature != Feature::PolicyReports || audit {
                            features.insert(feature);
                        }
                    }
                    combinations.push((values, features));
                }
            }
        }
    }
    combinations
}

fn render(values: &[&str]) -> Rendered {
    // Without `--set-string` Helm reads a namespace such as 123 as a number.
    let set = |value: &str| if value.starts_with("watch.secrets.") { "--set-string" } else { "--set" };
    Rendered::new(values.iter().chain(&["networkPolicy.enabled=true"]).flat_map(|value| [set(value), *value]))
}

#[test]
fn each_combination_of_features_grants_exactly_the_rights_that_it_needs() {
    let combinations = combinations();
    assert_eq!(combinations.len(), 5 * 2 * 4 * 2 * 2);
    for (values, features) in &combinations {
        let rendered = render(values);
        assert_eq!(granted(&rendered), rights(features), "{values:?}");
        let pod = &rendered.only("Deployment")["spec"]["template"]["spec"];
        let arguments = texts(&pod["containers"][0]["args"]);
        assert_eq!(enabled(&arguments), *features, "{values:?}: {arguments:?}");

        let leases: Vec<_> = features.iter().filter_map(Feature::lease).map(Value::from).collect();
        let objects = rendered.objects.iter().filter(|object| object["kind"] == "Lease");
        let mut found: Vec<_> = objects.map(|object| object["metadata"]["name"].clone()).collect();
        found.sort_by_key(|name| name != "rayguard-certificate");
        assert_eq!(found, leases, "{values:?}");
        let has_namespace = arguments.contains(&"--namespace=rayguard");
        assert_eq!(has_namespace, !leases.is_empty(), "{values:?}: a Lease needs a namespace");

        assert_eq!(pod["automountServiceAccountToken"], !features.is_empty(), "{values:?}");
        let account = rendered.only("ServiceAccount");
        assert_eq!(account["automountServiceAccountToken"], false, "{values:?}: other Pods get no token");
        let egress = rendered.only("NetworkPolicy")["spec"]["egress"].as_array().expect("a list");
        assert_eq!(egress.is_empty(), features.is_empty(), "{values:?}");
        let any_role = ["Role", "ClusterRole"].into_iter().any(|kind| rendered.has(kind));
        assert_eq!(any_role, !features.is_empty(), "{values:?}");
    }
}

#[test]
fn rbac_create_false_removes_only_roles_and_bindings() {
    for (values, _) in combinations().iter().step_by(13) {
        let mut expected = render(values).objects;
        expected.retain(|object| {
            !["Role", "Binding"].iter().any(|end| object["kind"].as_str().unwrap_or("").ends_with(end))
        });
        let without = render(&[values.as_slice(), &["rbac.create=false"]].concat());
        assert_eq!(without.objects, expected, "{values:?}");
    }
}
