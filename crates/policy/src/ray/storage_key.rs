//! Where a cluster stores its tables: a Redis, and a storage namespace in it.

use std::fmt;
use std::net::IpAddr;

use super::RayObject;
use super::address::{RedisEndpoint, first_of};
use super::gcs::{RedisAddress, STORAGE_NAMESPACE};
use super::pod::{EnvValue, expand};
use crate::kuberay::Kind;

/// A storage namespace at a Redis, where the GCS stores its tables as `RAY<namespace>@…`. Two clusters with equal keys
/// read and write each other's tables.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StorageKey {
    /// The Redis, however its address is written: `redis.namespace:6379` for a Service.
    pub redis: Box<str>,
    /// The storage namespace.
    pub namespace: Box<str>,
}

/// A storage key as it is written in an object, before the host name is resolved against a namespace and a DNS domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelativeStorageKey {
    host: Box<str>,
    port: u16,
    namespace: Box<str>,
}

impl RelativeStorageKey {
    /// Returns the key of an object in a namespace of a Kubernetes cluster with a DNS domain, mostly `cluster.local`;
    /// `None` where Redis runs in the head's own Pod.
    pub fn resolve(&self, namespace: Option<&str>, domain: &str) -> Option<StorageKey> {
        let host = host(&self.host, namespace, domain)?;
        Some(StorageKey { redis: format!("{host}:{}", self.port).into(), namespace: self.namespace.clone() })
    }

    /// Returns the DNS domain in a full name of a Service, such as `cluster.local` in `redis.a.svc.cluster.local`.
    pub fn domain(&self) -> Option<&str> {
        let (_, domain) = self.host.trim_end_matches('.').split_once(".svc.")?;
        Some(domain)
    }
}

/// The object that a user wrote and that owns a storage key. A RayService or RayJob owns the clusters that KubeRay
/// creates for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner {
    /// The namespace, empty where it is not known.
    pub namespace: Box<str>,
    /// The name.
    pub name: Box<str>,
    /// The kind.
    pub kind: Kind,
}

impl fmt::Display for Owner {
    /// `RayCluster team-a/first`
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// No name in Kubernetes is longer; in a file it may be.
        const LONGEST: usize = 253;
        let name = if self.name.is_empty() { "(no name)" } else { &self.name };
        write!(formatter, "{} {:.LONGEST$}/{name:.LONGEST$}", self.kind.as_str(), self.namespace)
    }
}

impl RayObject<'_> {
    /// Returns the storage key of the cluster, if it is written in the object.
    pub fn storage_key(&self, domain: &str) -> Option<StorageKey> {
        self.relative_storage_key()?.resolve(self.namespace, domain)
    }

    /// Returns the storage key as it is written. There is none where KubeRay uses the RayCluster's UID, where the
    /// address or the namespace comes from a Secret or a ConfigMap, or where the head resolves names with a DNS
    /// configuration of its own. An empty namespace is reported by another rule, and gives no key.
    ///
    /// A RayCronJob has no key: the clusters of its RayJobs have. A RayJob that has ended has none any more.
    pub fn relative_storage_key(&self) -> Option<RelativeStorageKey> {
        if self.kind == Kind::RayCronJob || self.has_ended() {
            return None;
        }
        let namespace = match (self.storage_namespace()?.value, self.head_container()) {
            // Where the head has no variable for it, KubeRay appends one, and kubelet expands what that says
            // (ray-operator/controllers/ray/common/pod.go:127-130).
            (EnvValue::Literal(text), Some(head)) if head.env_var(STORAGE_NAMESPACE).is_none() => {
                expand(&text, head, usize::MAX).into_literal()?
            }
            (value, _) => value.into_literal()?,
        };
        let Some(RedisAddress::Literal(_, address)) = self.redis_address() else { return None };
        let endpoint = RedisEndpoint::parse(first_of(address).0).ok()?;
        if endpoint.host.parse::<IpAddr>().is_err() && self.head_has_own_dns() {
            return None;
        }
        (!namespace.is_empty()).then(|| RelativeStorageKey {
            host: endpoint.host.into(),
            port: endpoint.port,
            namespace: namespace.into(),
        })
    }

    /// Reports whether the head's Pod may resolve a name to another host than other Pods of its namespace do.
    fn head_has_own_dns(&self) -> bool {
        let pod = self.cluster.head.pod_spec();
        let is_of_node = match pod.field("dnsPolicy").as_nonempty_str() {
            None | Some("ClusterFirst") => pod.field("hostNetwork").as_bool() == Some(true),
            Some(policy) => policy != "ClusterFirstWithHostNet",
        };
        let has = |path: [&str; 2]| !pod.descend(path).items().is_empty();
        is_of_node
            || !pod.field("hostAliases").items().is_empty()
            || has(["dnsConfig", "nameservers"])
            || has(["dnsConfig", "searches"])
    }

    /// Returns the owner of the storage key: the RayService or RayJob that this RayCluster was created for, else the
    /// object itself.
    pub fn owner(&self) -> Owner {
        let namespace = self.namespace.unwrap_or_default();
        let itself =
            || Owner { namespace: namespace.into(), name: self.name().unwrap_or_default().into(), kind: self.kind };
        if self.kind != Kind::RayCluster {
            return itself();
        }
        let references = self.json.descend(["metadata", "ownerReferences"]).items();
        let controller = references.iter().find(|reference| reference.field("controller").as_bool() == Some(true));
        let owner = controller.and_then(|reference| {
            let text = |field: &str| reference.field(field).as_nonempty_str();
            let kind = Kind::of(text("apiVersion")?, text("kind")?)?;
            matches!(kind, Kind::RayService | Kind::RayJob).then_some(())?;
            Some(Owner { namespace: namespace.into(), name: text("name")?.into(), kind })
        });
        owner.unwrap_or_else(itself)
    }
}

/// The host names of every Pod for itself, which kubelet writes into the Pod's hosts file.
const OWN: [&str; 4] = ["localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"];

/// Returns one spelling for all host names that resolve to the same host in a namespace; `None` for a name of the Pod
/// itself, for a Service's name in an unknown namespace, and for numbers that some resolvers accept as an address.
///
/// A Pod looks a name up in its own namespace, then as that of a Service and its namespace (`ndots:5`), so `redis`,
/// `redis.a`, `redis.a.svc` and `redis.a.svc.cluster.local` are one in the namespace `a`.
fn host(host: &str, namespace: Option<&str>, domain: &str) -> Option<String> {
    if let Ok(address) = host.parse::<IpAddr>() {
        let address = address.to_canonical();
        return (!address.is_loopback() && !address.is_unspecified()).then(|| address.to_string());
    }
    let host = host.to_ascii_lowercase();
    let relative = host.strip_suffix('.').unwrap_or(&host);
    if OWN.contains(&relative)
        || relative.ends_with(".localhost")
        || !relative.contains(|sign: char| sign.is_ascii_alphabetic())
    {
        return None;
    }
    let of_cluster = relative.strip_suffix(domain).and_then(|rest| rest.strip_suffix(".svc."));
    if let Some(service) = of_cluster.or_else(|| relative.strip_suffix(".svc")) {
        return Some(service.to_owned());
    }
    match (relative.split('.').count(), host.ends_with('.')) {
        (1, false) => Some(format!("{relative}.{}", namespace?)),
        (2, false) if is_of_stateful_set(relative) => Some(format!("{relative}.{}", namespace?)),
        // A trailing full stop makes a short name absolute, which is another host.
        (1 | 2, true) => Some(host),
        _ => Some(relative.to_owned()),
    }
}

/// Reports whether a name of two labels looks like that of a `StatefulSet`'s Pod, `redis-0.redis`, which each namespace
/// may have. Any other name of two labels is that of a Service and its namespace.
fn is_of_stateful_set(name: &str) -> bool {
    let ordinal = name.split_once('.').and_then(|(pod, _)| pod.rsplit_once('-'));
    ordinal.is_some_and(|(_, ordinal)| !ordinal.is_empty() && ordinal.bytes().all(|digit| digit.is_ascii_digit()))
}

impl EnvValue<'_> {
    fn into_literal(self) -> Option<String> {
        match self {
            Self::Literal(text) => Some(text.into_owned()),
            Self::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rayguard_manifest::json::Json;

    use super::*;

    fn in_a(text: &str) -> Option<String> {
        host(text, Some("a"), "cluster.local")
    }

    #[test]
    fn one_host_has_one_spelling() {
        for (same, spellings) in [
            (
                "redis.a",
                &[
                    "redis",
                    "REDIS",
                    "redis.a",
                    "redis.a.svc",
                    "redis.a.svc.cluster.local",
                    "redis.a.svc.cluster.local.",
                ][..],
            ),
            ("redis-0.redis.a", &["redis-0.redis", "redis-0.redis.a.svc", "redis-0.redis.a"]),
            ("redis.example.com", &["redis.example.com", "Redis.Example.com."]),
            ("10.0.0.7", &["10.0.0.7", "::ffff:10.0.0.7"]),
            ("fd00::7", &["fd00::7", "FD00:0:0::7"]),
        ] {
            for spelling in spellings {
                assert_eq!(in_a(spelling).as_deref(), Some(same), "{spelling}");
            }
        }
        let others =
            ["redis.b", "redis.a.svc.k8s.example", "redis.a.example", "redis-0.redis.svc", "redis.", "redis.a.", "a"];
        let all: std::collections::BTreeSet<_> = others.iter().map(|other| in_a(other)).collect();
        assert_eq!(all.len(), others.len(), "{all:?}");
        assert!(!all.contains(&Some("redis.a".to_owned())));
        assert_eq!(host("redis.a.svc.k8s.example", None, "k8s.example").as_deref(), Some("redis.a"));
        assert_eq!(host("redis", None, "cluster.local"), None, "the namespace of the Service is unknown");
    }

    #[test]
    fn what_every_pod_has_for_itself_is_no_host() {
        for own in [
            "localhost",
            "LOCALHOST.",
            "127.0.0.1",
            "127.1.2.3",
            "127.1",
            "10.07.0.1",
            "2130706433",
            "ip6-localhost",
            "a.localhost",
            "localhost.localdomain",
            "::1",
            "::ffff:127.0.0.1",
            "0.0.0.0",
            "::",
        ] {
            assert_eq!(in_a(own), None, "{own}");
        }
    }

    proptest! {
        #[test]
        fn a_service_is_itself_by_each_of_its_names(service in "[a-z][a-z0-9]{0,8}", namespace in "[a-z][a-z0-9]{0,8}", other in "[a-z][a-z0-9]{0,8}") {
            let own = host(&service, Some(&namespace), "cluster.local");
            for name in [format!("{service}.{namespace}"), format!("{service}.{namespace}.svc"), format!("{service}.{namespace}.svc.cluster.local")] {
                prop_assert_eq!(&host(&name, Some(&other), "cluster.local"), &own);
            }
            prop_assert_eq!(host(&service, Some(&other), "cluster.local") == own, other == namespace);
        }

        #[test]
        fn any_text_is_a_host_or_none(text in ".{0,40}") {
            let _ = in_a(&text);
        }
    }

    fn key(kind: &str, metadata: &str, spec: &str) -> (Option<StorageKey>, Owner) {
        let text = format!(
            r#"{{"apiVersion":"ray.io/v1","kind":"{kind}","metadata":{{"name":"n","namespace":"a"{metadata}}},"spec":{spec}}}"#
        );
        let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
        let object = RayObject::read(&json).expect("one of KubeRay's");
        (object.storage_key("cluster.local"), object.owner())
    }

    fn options(options: &str, env: &str) -> String {
        format!(
            r#"{{"gcsFaultToleranceOptions":{options},"headGroupSpec":{{"template":{{"spec":{{"containers":[{{"env":{env}}}]}}}}}}}}"#
        )
    }

    #[test]
    fn what_takes_effect_is_claimed_and_nothing_that_is_not_known() {
        let address = r#""redisAddress":"rediss://redis:6380,other:1""#;
        let own = format!(r#"{{{address},"externalStorageNamespace":"own"}}"#);
        let variable = |value: &str| {
            format!(r#"[{{"name":"X","value":"x"}},{{"name":"RAY_external_storage_namespace",{value}}}]"#)
        };
        let refers = own.replace("\"own\"", "\"$(X)-own\"");
        for (spec, expected) in [
            (options(&own, "[]"), Some("own")),
            (options(&own, &variable(r#""value":"$(X)-y""#)), Some("x-y")),
            (options(&own, &variable(r#""value":"$$(X)""#)), Some("$(X)")),
            (options(&own, &variable(r#""valueFrom":{}"#)), None),
            (options(&refers, r#"[{"name":"X","value":"x"}]"#), Some("x-own")),
            (options(&refers, "[]"), None),
            (options(&format!("{{{address}}}"), "[]"), None),
            (options(&own, &variable(r#""value":"""#)), None),
            (options(r#"{"redisAddress":"localhost:6379","externalStorageNamespace":"own"}"#, "[]"), None),
            (options(r#"{"redisAddress":"redis","externalStorageNamespace":"own"}"#, "[]"), None),
            (options(r#"{"externalStorageNamespace":"own"}"#, "[]"), None),
            (
                options(r#"{"backend":"rocksdb","redisAddress":"redis:6379","externalStorageNamespace":"own"}"#, "[]"),
                None,
            ),
        ] {
            let (key, _) = key("RayCluster", "", &spec);
            let expected =
                expected.map(|namespace| StorageKey { redis: "redis.a:6380".into(), namespace: namespace.into() });
            assert_eq!(key, expected, "{spec}");
        }
        let spec = options(&own, "[]");
        assert!(key("RayService", "", &format!(r#"{{"rayClusterConfig":{spec}}}"#)).0.is_some());
        assert!(key("RayJob", "", &format!(r#"{{"rayClusterSpec":{spec}}}"#)).0.is_some());
        assert!(key("RayJob", "", r#"{"clusterSelector":{"a":"b"}}"#).0.is_none());
        let over = format!(r#"{{"rayClusterSpec":{spec}}},"status":{{"jobDeploymentStatus":"Complete"}}"#);
        assert!(key("RayJob", "", &over).0.is_none(), "it has ended");
        for dns in [
            r#""hostAliases":[{"ip":"10.0.0.9","hostnames":["redis"]}]"#,
            r#""dnsPolicy":"None""#,
            r#""dnsConfig":{"searches":["other.svc.cluster.local"]}"#,
            r#""hostNetwork":true"#,
        ] {
            let own_dns = |spec: &str| spec.replace(r#""containers""#, &format!(r#"{dns},"containers""#));
            assert!(key("RayCluster", "", &own_dns(&spec)).0.is_none(), "{dns}");
            let address = spec.replace("redis:6380", "10.0.0.7:6380");
            assert!(key("RayCluster", "", &own_dns(&address)).0.is_some(), "{dns}");
        }
        let ndots =
            spec.replace(r#""containers""#, r#""dnsConfig":{"options":[{"name":"ndots","value":"2"}]},"containers""#);
        assert!(key("RayCluster", "", &ndots).0.is_some());
        assert!(key("RayCronJob", "", &format!(r#"{{"jobTemplate":{{"rayClusterSpec":{spec}}}}}"#)).0.is_none());
    }

    #[test]
    fn a_cluster_that_was_made_for_a_service_is_the_services() {
        let owned = |fields: &str| {
            key(
                "RayCluster",
                &format!(r#","ownerReferences":[{{"kind":"Else","apiVersion":"v1","controller":false}},{fields}]"#),
                "{}",
            )
            .1
        };
        let service = owned(r#"{"apiVersion":"ray.io/v1","kind":"RayService","name":"s","controller":true}"#);
        assert_eq!(service.to_string(), "RayService a/s");
        for not in [
            r#"{"apiVersion":"ray.io/v1","kind":"RayService","name":"s"}"#,
            r#"{"apiVersion":"apps/v1","kind":"Deployment","name":"s","controller":true}"#,
            r#"{"apiVersion":"ray.io/v1","kind":"RayService","controller":true}"#,
            r#"{"apiVersion":"ray.io/v1","kind":"RayCluster","name":"another","controller":true}"#,
        ] {
            assert_eq!(owned(not).to_string(), "RayCluster a/n", "{not}");
        }
    }
}
