//! The schema of KubeRay's objects, and what the API server does with it before it calls a webhook.
//!
//! In a cluster, the API server drops unknown fields, fills in the defaults of KubeRay's CRDs, and rejects values of
//! the wrong type. Offline, this module does the same: [`Schema::conform`] changes an object as the API server changes
//! it before it calls a webhook. [`Schema::violations`] returns what the API server would drop or reject.
//!
//! The schema is embedded:
//!
//! - `kuberay-1.6.json` is the whole schema of KubeRay 1.6. A test generates it from KubeRay's CRDs.
//! - `kuberay-1.1.json` to `kuberay-1.5.json` are the differences of these releases. A test generates them too.
//! - `kuberay-1.7.json` is what KubeRay 1.7 changed. It is written by hand.
//! - `kuberay-next.json` is what is merged for the release after it. It is written by hand too.
//! - `object-meta.json` is the metadata of every object.
//!
//! Equal parts of the CRDs are one named node, so the 4 MB of a release fit into 33 kB.

mod conform;
mod json_schema;
mod label_selector;
mod metadata;
mod node;
mod quantity;
mod suggestion;
#[cfg(test)]
mod tests;
mod violation;
mod violations;

use std::sync::OnceLock;

use rayguard_manifest::json::Json;

use crate::kuberay::Kind;
use crate::kuberay::Version;
pub(crate) use json_schema::PodTemplateSchema;
pub use label_selector::is_label_selector;
use node::{Node, NodeId};
pub use violation::{Form, Suggestion, Violation};

static OBJECT_META: &str = include_str!("schema/object-meta.json");
static WHOLE: &str = include_str!("schema/kuberay-1.6.json");

/// The schema of KubeRay's objects in one release of KubeRay.
#[derive(Debug)]
pub struct Schema {
    kuberay: Version,
    nodes: Vec<Node>,
    /// The schema of each kind in each version of the API, by names such as `RayCluster/v1`.
    roots: Vec<(&'static str, NodeId)>,
}

impl Schema {
    /// Returns the schema of a release. It is parsed at the first call.
    pub fn of(kuberay: Version) -> &'static Self {
        static SCHEMAS: [OnceLock<Schema>; Version::ALL.len()] = [const { OnceLock::new() }; Version::ALL.len()];
        let index = Version::ALL.iter().position(|known| *known == kuberay).unwrap_or(Version::ALL.len() - 1);
        SCHEMAS[index].get_or_init(|| {
            let [over_whole, over_newest] = Version::ALL[index].schema_differences();
            let files = [OBJECT_META, WHOLE, over_whole, over_newest];
            Schema::read(kuberay, files.into_iter().filter(|file| !file.is_empty()))
        })
    }

    /// Returns the first later release whose schema meets a condition.
    fn first_newer(&self, holds: impl Fn(&Schema) -> bool) -> Option<Version> {
        Version::ALL.into_iter().find(|newer| *newer > self.kuberay && holds(Schema::of(*newer)))
    }

    /// Returns the schema of a whole object; `None` where KubeRay does not have its kind in this version of the API.
    fn root(&self, object: &Json<'_>) -> Option<NodeId> {
        let version = object.field("apiVersion").as_str()?.strip_prefix("ray.io/")?;
        self.root_of(object.field("kind").as_str()?, version)
    }

    fn root_of(&self, kind: &str, version: &str) -> Option<NodeId> {
        let is_it = |name: &str| name.split_once('/') == Some((kind, version));
        self.roots.iter().find(|(name, _)| is_it(name)).map(|(_, root)| *root)
    }

    /// Reports whether an object is of one of KubeRay's kinds, even if this kind does not exist in its version of the
    /// API.
    fn is_kuberays(object: &Json<'_>) -> bool {
        let [version, kind] = ["apiVersion", "kind"].map(|field| object.field(field).as_str().unwrap_or_default());
        Kind::of(version, kind).is_some()
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }
}
