//! The network policy of a cluster, from which KubeRay 1.7 makes `NetworkPolicy` objects: one for the head and one
//! for each worker group (ray-operator/controllers/ray/networkpolicy_controller.go at v1.7.0).
//!
//! KubeRay adds a rule for the traffic between the Pods of the cluster, and one for the submitter of a RayJob. All other
//! traffic that the mode denies needs a rule of the user.

use std::collections::HashMap;

use rayguard_manifest::json::Json;
use rayguard_manifest::path::FieldPath;

use super::{Group, RayObject};
use crate::kuberay::{KubeRay, Version};

/// The network policy of a cluster.
#[derive(Clone, Debug)]
pub struct NetworkPolicy<'a> {
    path: FieldPath,
    json: &'a Json<'a>,
}

/// A direction of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From a Pod.
    Egress,
    /// To a Pod.
    Ingress,
}

impl Direction {
    fn fields(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Direction::Egress => ("DenyAllEgress", "egressRules", "to"),
            Direction::Ingress => ("DenyAllIngress", "ingressRules", "from"),
        }
    }
}

/// The user's rules for one direction of some Pods.
#[derive(Clone, Debug)]
pub struct Rules<'a> {
    /// The path of the list of rules.
    pub path: FieldPath,
    /// The rules.
    pub items: &'a [Json<'a>],
    peers: &'static str,
}

impl<'a> RayObject<'a> {
    /// Returns the network policy of the cluster, even an empty one; `None` where KubeRay does not know the field.
    pub fn network_policy(&self, kuberay: &KubeRay) -> Option<NetworkPolicy<'a>> {
        let json = self.cluster.json.field("networkPolicy");
        let is_known = kuberay.version >= Version::v1(7);
        (is_known && json.as_object().is_some())
            .then(|| NetworkPolicy { path: self.cluster.path().field("networkPolicy"), json })
    }
}

impl<'a> NetworkPolicy<'a> {
    /// Reports whether the mode denies the traffic of a direction. Without a mode, it denies all.
    pub fn denies(&self, direction: Direction) -> bool {
        let mode = self.json.field("mode").as_str().unwrap_or("DenyAll");
        mode == "DenyAll" || mode == direction.fields().0
    }

    /// Returns the rules of the head.
    pub fn head(&self, direction: Direction) -> Rules<'a> {
        Self::rules(self.json.field("head"), self.path.clone().field("head"), direction)
    }

    /// Returns the rules of the workers that have no entry in `workerGroups`, if there are any, and then those of each
    /// entry with a worker group. An entry replaces the rules of all workers. Pods in the network of their node have no
    /// rules.
    pub fn workers(&self, groups: &[Group<'_>], direction: Direction) -> Vec<Rules<'a>> {
        let mut entries = HashMap::new();
        for (index, entry) in self.json.field("workerGroups").items().iter().enumerate() {
            entries.entry(entry.field("groupName").as_str().unwrap_or_default()).or_insert((index, entry));
        }
        let (mut rules, mut has_others) = (Vec::new(), false);
        for group in groups.iter().filter(|group| group.pod_spec().field("hostNetwork").as_bool() != Some(true)) {
            match entries.remove(group.name().unwrap_or_default()) {
                Some((index, entry)) => {
                    rules.push(Self::rules(entry, self.path.clone().field("workerGroups").index(index), direction));
                }
                None => has_others = true,
            }
        }
        if has_others {
            rules.insert(0, Self::rules(self.json.field("worker"), self.path.clone().field("worker"), direction));
        }
        rules
    }

    fn rules(json: &'a Json<'a>, path: FieldPath, direction: Direction) -> Rules<'a> {
        let (_, field, peers) = direction.fields();
        Rules { path: path.field(field), items: json.field(field).items(), peers }
    }
}

impl<'a> Rules<'a> {
    /// Returns the rules for a port, independent of the other side. A port with a name may be any.
    pub fn for_port(&self, protocol: &str, port: i64) -> impl Iterator<Item = &'a Json<'a>> {
        self.items.iter().filter(move |rule| {
            let ports = rule.field("ports").items();
            ports.is_empty() || ports.iter().any(|entry| covers(entry, protocol, port))
        })
    }

    /// Reports whether a rule is for any other side, or for one that a predicate accepts.
    pub fn admits(&self, rule: &Json<'_>, is_other_side: impl Fn(&Json<'_>) -> bool) -> bool {
        let peers = rule.field(self.peers).items();
        peers.is_empty() || peers.iter().any(is_other_side)
    }
}

/// Reports whether an entry of `ports` covers a port. Without a protocol, Kubernetes writes TCP; without a port, the
/// entry covers all.
fn covers(entry: &Json<'_>, protocol: &str, port: i64) -> bool {
    let first = entry.field("port");
    entry.field("protocol").as_str().unwrap_or("TCP") == protocol
        && first.as_i64().is_none_or(|first| {
            let last = entry.field("endPort").as_i64().unwrap_or(first);
            (first..=last).contains(&port)
        })
}
