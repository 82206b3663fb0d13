//! Lists of the API server, page by page, so that no more than a page is ever held.

use std::collections::{HashSet, VecDeque};
use std::error::Error;

use kube::Client;
use kube::api::ListParams;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::task::spawn_blocking;

use crate::error::chain;
use rayguard_manifest::json::Json;
use rayguard_policy::kuberay::Kind;
use rayguard_policy::policy::stored::KINDS;

/// One list.
pub(crate) struct Pages {
    client: Client,
    path: String,
    labels: Option<String>,
    /// How many objects are asked for at a time.
    size: u32,
    /// Where the list goes on.
    token: Option<String>,
    /// Whether that came with the word that the one before is too old.
    is_resumed: bool,
    /// Whether the list is asked for at once, and not in pages.
    is_whole: bool,
    is_over: bool,
}

#[derive(Deserialize)]
struct List {
    metadata: ListMetadata,
    items: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct ListMetadata {
    #[serde(rename = "continue")]
    token: Option<String>,
}

impl Pages {
    /// The list at a path, of the objects that have these labels.
    pub(crate) fn new(client: Client, path: String, labels: Option<String>, size: u32) -> Self {
        Self { client, path, labels, size, token: None, is_resumed: false, is_whole: false, is_over: false }
    }

    /// The next page; none after the last one. An object can come twice where a token was too old.
    pub(crate) async fn next(&mut self) -> Option<kube::Result<Vec<Box<RawValue>>>> {
        while !self.is_over {
            match self.ask().await {
                Ok(list) => {
                    self.is_resumed = false;
                    self.token = list.metadata.token.filter(|token| !token.is_empty());
                    self.is_over = self.token.is_none();
                    return Some(Ok(list.items));
                }
                Err(kube::Error::Api(status)) if status.code == 410 && self.token.is_some() => {
                    self.go_on(status.metadata.and_then(|metadata| metadata.continue_));
                }
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }

    async fn ask(&self) -> kube::Result<List> {
        let limit = if self.is_whole { None } else { Some(self.size) };
        let label_selector = self.labels.clone();
        let params = ListParams { continue_token: self.token.clone(), limit, label_selector, ..ListParams::default() };
        let request = kube::core::Request::new(&self.path).list(&params).map_err(kube::Error::BuildRequest)?;
        // Not by what the client has for it, which logs what it cannot read.
        let text = self.client.request_text(request).await?;
        // A page may have many megabytes, and reviews are answered meanwhile.
        let list = spawn_blocking(move || serde_json::from_str(&text)).await;
        list.map_err(|error| kube::Error::Service(error.into()))?.map_err(kube::Error::SerdeError)
    }

    /// Goes on with a list whose token is too old, as client-go does: with the one that the API server offers, which
    /// gives the rest as it is now, or else with all of it at once, which no token is needed for.
    fn go_on(&mut self, offered: Option<String>) {
        self.token = offered.filter(|token| !token.is_empty() && !self.is_resumed);
        self.is_resumed = self.token.is_some();
        self.is_whole = self.token.is_none();
    }
}

/// The objects of KubeRay's kinds that are stored, owners first.
pub struct Objects {
    client: Client,
    /// None for all.
    namespace: Option<String>,
    size: u32,
    kinds: VecDeque<Kind>,
    /// The list of the first of the kinds, once it is begun.
    pages: Option<Pages>,
    /// The names of what that list has had already.
    seen: HashSet<String>,
    absent: Vec<Kind>,
}

/// An object as it came, not read yet.
#[derive(Debug)]
pub struct Stored {
    /// Its kind
    pub kind: Kind,
    /// What it is known by: `rayclusters/NAMESPACE/NAME`
    pub name: String,
    raw: Box<RawValue>,
}

/// Why a kind could not be listed to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// Whoever asks has no right to it; the message begins with the verb.
    #[error("{0}")]
    Forbidden(String),
    /// The API server does not do it for another reason.
    #[error("{0}")]
    Failed(String),
}

/// As much of an object as tells which it is.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Head {
    metadata: HeadMetadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HeadMetadata {
    namespace: String,
    name: String,
}

impl Objects {
    /// The objects of a namespace or of all, so many at a time.
    pub fn new(client: Client, namespace: Option<String>, size: u32) -> Self {
        let kinds = KINDS.into();
        Self { client, namespace, size, kinds, pages: None, seen: HashSet::new(), absent: Vec::new() }
    }

    /// The same of one kind only.
    #[must_use]
    pub fn only(mut self, kind: Kind) -> Self {
        self.kinds.retain(|of_list| *of_list == kind);
        self
    }

    /// The next page, or why a kind has no more; nothing once all kinds are through. A kind that the cluster does not have
    /// is passed over.
    pub async fn next(&mut self) -> Option<Result<Vec<Stored>, (Kind, ListError)>> {
        loop {
            let kind = self.kinds.front().copied()?;
            let Self { client, namespace, size, .. } = self;
            let pages = self.pages.get_or_insert_with(|| {
                let place = namespace.as_ref().map(|name| format!("namespaces/{name}/")).unwrap_or_default();
                Pages::new(client.clone(), format!("/apis/ray.io/v1/{place}{}", plural(kind)), None, *size)
            });
            match pages.next().await {
                Some(Ok(items)) => return Some(Ok(self.take(kind, items))),
                None => self.next_kind(),
                Some(Err(kube::Error::Api(status))) if status.code == 404 => {
                    self.absent.push(kind);
                    self.next_kind();
                }
                Some(Err(error)) => {
                    // Who is not there, or knows nobody, will not be so for the next kind either.
                    match &error {
                        kube::Error::Api(status) if status.code != 401 => self.next_kind(),
                        _ => self.kinds.clear(),
                    }
                    return Some(Err((kind, self.fault(kind, &error))));
                }
            }
        }
    }

    /// The kinds that the cluster does not have, once all others are read.
    pub fn absent(&self) -> &[Kind] {
        &self.absent
    }

    fn take(&mut self, kind: Kind, items: Vec<Box<RawValue>>) -> Vec<Stored> {
        let named = items.into_iter().map(|raw| Stored::new(kind, raw));
        named.filter(|stored| self.seen.insert(stored.name.clone())).collect()
    }

    fn next_kind(&mut self) {
        self.kinds.pop_front();
        self.seen.clear();
        self.pages = None;
    }

    fn fault(&self, kind: Kind, error: &kube::Error) -> ListError {
        let resource = plural(kind);
        let place = match &self.namespace {
            Some(namespace) => format!("in the namespace {namespace}"),
            None => "in all namespaces".to_owned(),
        };
        match error {
            kube::Error::Api(status) if status.code == 403 => {
                let all: Vec<_> = KINDS.iter().map(|kind| plural(*kind) + ".ray.io").collect();
                let role = if self.namespace.is_some() { "role" } else { "clusterrole" };
                let namespace = self.namespace.as_ref().map(|name| format!(" --namespace {name}")).unwrap_or_default();
                ListError::Forbidden(format!(
                    "may not list {resource} {place}; it takes the right of: kubectl create {role} ray-reader \
                     --verb=list --resource={}{namespace}, and a binding of it",
                    all.join(",")
                ))
            }
            kube::Error::Api(status) => {
                ListError::Failed(format!("cannot list {resource} {place}: {}", status.message))
            }
            error => ListError::Failed(format!("cannot list {resource} {place}: {}", unreached(error))),
        }
    }
}

impl Stored {
    fn new(kind: Kind, raw: Box<RawValue>) -> Self {
        // What cannot be read as a whole has a name all the same.
        let Head { metadata } = serde_json::from_str(raw.get()).unwrap_or_default();
        let name = format!("{}/{}/{}", plural(kind), metadata.namespace, metadata.name);
        Self { kind, name, raw }
    }

    /// The object as `kubectl get` shows it.
    pub fn read(&self) -> Result<Json<'static>, serde_json::Error> {
        let mut json = serde_json::from_str::<Json<'_>>(self.raw.get())?.into_owned();
        let Some(object) = json.as_object_mut() else { return Ok(json) };
        // The API server's own lists leave out what follows from the list's kind.
        for (field, value) in [("apiVersion", "ray.io/v1"), ("kind", self.kind.as_str())] {
            if object.get(field).is_none() {
                object.insert(field, Json::from(value));
            }
        }
        // Who wrote which field is long, and nothing to do with what is found.
        if let Some(metadata) = object.get_mut("metadata") {
            let kept = metadata.entries().iter().filter(|(name, _)| name != "managedFields").cloned();
            *metadata = kept.collect();
        }
        Ok(json)
    }
}

/// A kind as paths and rights name it.
pub fn plural(kind: Kind) -> String {
    kind.as_str().to_lowercase() + "s"
}

/// Why there is no answer, without the names of the layers that pass it on.
pub fn unreached(error: &kube::Error) -> String {
    let kube::Error::Service(error) = error else { return chain(error) };
    let cause = error.downcast_ref::<hyper_util::client::legacy::Error>().and_then(|error| error.source());
    chain(cause.unwrap_or(&**error))
}
