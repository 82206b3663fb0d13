//! The schema of KubeRay's objects, and what the API server does by it before it asks any webhook.
//!
//! In a cluster the API server has already dropped what it does not know, filled in the defaults of KubeRay's CRDs and
//! refused what has the wrong type. Offline nothing has, so this stands in for it: [`Schema::conform`] makes of an
//! object what the API server would hand on, [`Schema::faults`] says what it would drop or refuse.
//!
//! The schema is embedded. `kuberay-1.6.json` is made from KubeRay's CRDs by a test, as is what 1.1 to 1.5 have otherwise;
//! `kuberay-1.7.json`, what 1.7 changed, is written by hand; `object-meta.json` is the metadata of every object. Equal
//! parts of the CRDs are one node with a name, so the 4 MB of a release fit into 33 kB.

mod conform;
mod fault;
mod faults;
mod metadata;
mod node;
mod quantity;
mod suggestion;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use crate::kuberay::Version;
use crate::kuberay::Kind;
use rayguard_manifest::json::Json;

pub use fault::{Fault, Suggestion};
use node::{Node, NodeId};

static OBJECT_META: &str = include_str!("schema/object-meta.json");
static KUBERAY_1_6: &str = include_str!("schema/kuberay-1.6.json");
/// What the other releases have otherwise than 1.6, by the order of [`Version::ALL`].
static OTHERS: [&str; Version::ALL.len()] = [
    include_str!("schema/kuberay-1.1.json"),
    include_str!("schema/kuberay-1.2.json"),
    include_str!("schema/kuberay-1.3.json"),
    include_str!("schema/kuberay-1.4.json"),
    include_str!("schema/kuberay-1.5.json"),
    "",
    include_str!("schema/kuberay-1.7.json"),
];

/// The schema of KubeRay's objects in one release of KubeRay.
#[derive(Debug)]
pub struct Schema {
    kuberay: Version,
    nodes: Vec<Node>,
    /// The schema of each kind in each version of the API, by names such as `RayCluster/v1`.
    roots: Vec<(&'static str, NodeId)>,
}

impl Schema {
    /// The schema as of a release, read when it is first asked for.
    pub fn of(kuberay: Version) -> &'static Self {
        static SCHEMAS: [OnceLock<Schema>; Version::ALL.len()] = [const { OnceLock::new() }; Version::ALL.len()];
        let index = Version::ALL.iter().position(|known| *known == kuberay).unwrap_or(Version::ALL.len() - 1);
        SCHEMAS[index].get_or_init(|| {
            let files = [OBJECT_META, KUBERAY_1_6, OTHERS[index]];
            Schema::read(kuberay, files.into_iter().filter(|file| !file.is_empty()))
        })
    }

    /// The first release after this one of which something holds.
    fn first_newer(&self, holds: impl Fn(&Schema) -> bool) -> Option<Version> {
        Version::ALL.into_iter().find(|newer| *newer > self.kuberay && holds(Schema::of(*newer)))
    }

    /// The schema of a whole object, if it is KubeRay's in a version that KubeRay has.
    fn root(&self, object: &Json<'_>) -> Option<NodeId> {
        let version = object.field("apiVersion").as_str()?.strip_prefix("ray.io/")?;
        self.root_of(object.field("kind").as_str()?, version)
    }

    fn root_of(&self, kind: &str, version: &str) -> Option<NodeId> {
        let is_it = |name: &str| name.split_once('/') == Some((kind, version));
        self.roots.iter().find(|(name, _)| is_it(name)).map(|(_, root)| *root)
    }

    /// Whether an object is of one of KubeRay's kinds, though perhaps of a version that this kind does not have.
    fn is_kuberays(object: &Json<'_>) -> bool {
        let [version, kind] = ["apiVersion", "kind"].map(|field| object.field(field).as_str().unwrap_or_default());
        Kind::of(version, kind).is_some()
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }
}
