//! The schema of KubeRay's objects, and what the API server does by it before it asks any webhook.
//!
//! In a cluster the API server has already dropped what it does not know, filled in the defaults of KubeRay's CRDs and
//! refused what has the wrong type. Offline nothing has, so this stands in for it: [`Schema::conform`] makes of an
//! object what the API server would hand on, [`Schema::faults`] says what it would drop or refuse.
//!
//! The schema is embedded: `kuberay-1.6.json` is made from KubeRay's CRDs by a test, `kuberay-1.7.json` holds what 1.7
//! changed, and `object-meta.json` is the metadata of every object. Equal parts of the CRDs are one node with a name,
//! so the 4 MB of the CRDs fit into 33 kB.

mod conform;
mod fault;
mod faults;
mod metadata;
mod node;
mod suggestion;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use crate::json::Json;
use crate::kuberay::Version;
use crate::ray::Kind;

pub use fault::{Fault, Suggestion};
use node::{Node, NodeId};

static OBJECT_META: &str = include_str!("schema/object-meta.json");
static KUBERAY_1_6: &str = include_str!("schema/kuberay-1.6.json");
static KUBERAY_1_7: &str = include_str!("schema/kuberay-1.7.json");

/// The schema of KubeRay's objects in one release of KubeRay.
#[derive(Debug)]
pub struct Schema {
    nodes: Vec<Node>,
    /// The schema of each kind in each version of the API, by names such as `RayCluster/v1`.
    roots: Vec<(&'static str, NodeId)>,
}

impl Schema {
    /// The schema as of a release. Of releases before 1.6 only the fields that 1.6 has are known, after 1.7 those that
    /// 1.7 has.
    pub fn of(kuberay: Version) -> &'static Self {
        static V1_6: LazyLock<Schema> = LazyLock::new(|| Schema::read(&[OBJECT_META, KUBERAY_1_6]));
        static V1_7: LazyLock<Schema> = LazyLock::new(|| Schema::read(&[OBJECT_META, KUBERAY_1_6, KUBERAY_1_7]));
        if kuberay < Version::v1(7) { &V1_6 } else { &V1_7 }
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
