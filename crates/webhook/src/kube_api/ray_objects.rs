//! The stored objects of KubeRay's kinds, in pages.

use std::collections::{HashSet, VecDeque};
use std::error::Error;

use kube::Client;
use rayguard_manifest::json::Json;
use rayguard_policy::kuberay::Kind;
use rayguard_policy::policy::stored::KINDS;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::list::ListPager;
use crate::error::chain;

/// Lists the stored objects of KubeRay's kinds. Kinds whose objects own others come first.
pub struct RayObjectPager {
    client: Client,
    /// `None` for all namespaces
    namespace: Option<String>,
    page_size: u32,
    /// The kinds that are not listed completely
    kinds: VecDeque<Kind>,
    /// The list of the first of `kinds`, once it has started
    list: Option<ListPager>,
    /// The names of the objects that this list has returned
    seen: HashSet<String>,
    absent: Vec<Kind>,
}

/// A stored object as JSON text.
#[derive(Debug)]
pub struct StoredObject {
    /// Its kind
    pub kind: Kind,
    /// Its resource, namespace and name: `rayclusters/NAMESPACE/NAME`
    pub name: String,
    json: Box<RawValue>,
}

/// Why the objects of a kind cannot be listed completely.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// The user may not list them. The message begins with the verb.
    #[error("{0}")]
    Forbidden(String),
    /// The request failed for another reason.
    #[error("{0}")]
    Failed(String),
}

/// The fields that identify an object.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ObjectHead {
    metadata: HeadMetadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HeadMetadata {
    namespace: String,
    name: String,
}

impl RayObjectPager {
    /// Creates a pager for the objects of a namespace, or of all namespaces.
    pub fn new(client: Client, namespace: Option<String>, page_size: u32) -> Self {
        let kinds = KINDS.into();
        Self { client, namespace, page_size, kinds, list: None, seen: HashSet::new(), absent: Vec::new() }
    }

    /// Limits the pager to one kind.
    #[must_use]
    pub fn only(mut self, kind: Kind) -> Self {
        self.kinds.retain(|listed| *listed == kind);
        self
    }

    /// Returns the next page, or why the rest of a kind cannot be listed; `None` after the last kind. Kinds that the
    /// cluster does not have are skipped.
    pub async fn next_page(&mut self) -> Option<Result<Vec<StoredObject>, (Kind, ListError)>> {
        loop {
            let kind = self.kinds.front().copied()?;
            let Self { client, namespace, page_size, .. } = self;
            let list = self.list.get_or_insert_with(|| {
                let scope = namespace.as_ref().map(|name| format!("namespaces/{name}/")).unwrap_or_default();
                ListPager::new(client.clone(), format!("/apis/ray.io/v1/{scope}{}", plural(kind)), None, *page_size)
            });
            match list.next_page().await {
                Some(Ok(items)) => return Some(Ok(self.deduplicate(kind, items))),
                None => self.next_kind(),
                Some(Err(kube::Error::Api(status))) if status.code == 404 => {
                    self.absent.push(kind);
                    self.next_kind();
                }
                Some(Err(error)) => {
                    // Without a connection or an accepted identity, the other kinds would fail in the same way.
                    match &error {
                        kube::Error::Api(status) if status.code != 401 => self.next_kind(),
                        _ => self.kinds.clear(),
                    }
                    return Some(Err((kind, self.list_error(kind, &error))));
                }
            }
        }
    }

    /// Returns the kinds that the cluster does not have. Call it after the last page.
    pub fn absent(&self) -> &[Kind] {
        &self.absent
    }

    fn deduplicate(&mut self, kind: Kind, items: Vec<Box<RawValue>>) -> Vec<StoredObject> {
        let objects = items.into_iter().map(|json| StoredObject::new(kind, json));
        objects.filter(|object| self.seen.insert(object.name.clone())).collect()
    }

    fn next_kind(&mut self) {
        self.kinds.pop_front();
        self.seen.clear();
        self.list = None;
    }

    fn list_error(&self, kind: Kind, error: &kube::Error) -> ListError {
        let resource = plural(kind);
        let scope = match &self.namespace {
            Some(namespace) => format!("in the namespace {namespace}"),
            None => "in all namespaces".to_owned(),
        };
        match error {
            kube::Error::Api(status) if status.code == 403 => {
                let all: Vec<_> = KINDS.iter().map(|kind| plural(*kind) + ".ray.io").collect();
                let role = if self.namespace.is_some() { "role" } else { "clusterrole" };
                let namespace = self.namespace.as_ref().map(|name| format!(" --namespace {name}")).unwrap_or_default();
                ListError::Forbidden(format!(
                    "may not list {resource} {scope}; grant the right with: kubectl create {role} ray-reader \
                     --verb=list --resource={}{namespace}, and a binding of it",
                    all.join(",")
                ))
            }
            kube::Error::Api(status) => {
                ListError::Failed(format!("cannot list {resource} {scope}: {}", status.message))
            }
            error => ListError::Failed(format!("cannot list {resource} {scope}: {}", request_error(error))),
        }
    }
}

impl StoredObject {
    fn new(kind: Kind, json: Box<RawValue>) -> Self {
        // An object that cannot be parsed as a whole is still reported by its name.
        let ObjectHead { metadata } = serde_json::from_str(json.get()).unwrap_or_default();
        let name = format!("{}/{}/{}", plural(kind), metadata.namespace, metadata.name);
        Self { kind, name, json }
    }

    /// Parses the object. The result has `apiVersion` and `kind`, and no `managedFields`, as in the output of `kubectl
    /// get`.
    ///
    /// # Errors
    ///
    /// Returns an error if the text cannot be parsed as JSON.
    pub fn parse(&self) -> Result<Json<'static>, serde_json::Error> {
        let mut json = serde_json::from_str::<Json<'_>>(self.json.get())?.into_owned();
        let Some(object) = json.as_object_mut() else { return Ok(json) };
        // The API server's lists omit what follows from the list's kind.
        for (field, value) in [("apiVersion", "ray.io/v1"), ("kind", self.kind.as_str())] {
            if object.get(field).is_none() {
                object.insert(field, Json::from(value));
            }
        }
        // Managed fields are long, and no finding is about them.
        if let Some(metadata) = object.get_mut("metadata") {
            let kept = metadata.entries().iter().filter(|(name, _)| name != "managedFields").cloned();
            *metadata = kept.collect();
        }
        Ok(json)
    }
}

/// Returns the resource name of a kind, as in API paths and RBAC rules: `rayclusters`.
pub fn plural(kind: Kind) -> String {
    kind.as_str().to_lowercase() + "s"
}

/// Returns the message of a request that got no response, without the messages of the layers of the HTTP client.
pub fn request_error(error: &kube::Error) -> String {
    let kube::Error::Service(error) = error else { return chain(error) };
    let cause = error.downcast_ref::<hyper_util::client::legacy::Error>().and_then(|error| error.source());
    chain(cause.unwrap_or(&**error))
}
