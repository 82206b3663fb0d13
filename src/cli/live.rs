//! The objects of a live cluster: what was admitted before anybody looked.

mod owners;
mod proxy;

use std::collections::{HashSet, VecDeque};
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use kube::api::ListParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use rayguard::cluster::trouble::chain;
use rayguard::json::Json;
use rayguard::ray::Kind;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::runtime::{Builder, Runtime};

use super::object;
use super::report::Unreadable;
pub(super) use owners::Owners;

/// How many objects are asked for at a time; one may have a megabyte.
const PAGE: u32 = 100;

/// How long the API server may take over a page.
const PATIENCE: Duration = Duration::from_mins(1);

/// The kinds, owners first: what is found in a cluster that somebody owns is mostly its owner's fault.
const KINDS: [Kind; 4] = [Kind::RayCronJob, Kind::RayService, Kind::RayJob, Kind::RayCluster];

/// Which cluster to look into.
#[derive(Args, Clone, Debug)]
pub(super) struct LiveArgs {
    /// Check what is in a live cluster, in place of files
    ///
    /// Reads the RayClusters, RayServices, RayJobs and RayCronJobs of one namespace or of all, and judges each as it is
    /// stored, without the defaults that rayguard would add to a new one. Of a RayCluster that a RayService or RayJob
    /// owns, only that is said which is not said of its owner. Needs the right to list these resources, and no other.
    #[arg(long, conflicts_with_all = ["paths", "fix", "diff", "exclude", "no_ignore", "stdin_filename"])]
    pub(super) cluster: bool,

    /// The context of the kubeconfig; its current one unless you say so
    #[arg(long, value_name = "NAME", requires = "cluster")]
    context: Option<String>,

    /// The kubeconfig; found as kubectl finds it unless you say so
    #[arg(long, value_name = "FILE", requires = "cluster")]
    kubeconfig: Option<PathBuf>,

    /// Look into all namespaces; else into that of --namespace, or the context's own
    #[arg(long, short = 'A', requires = "cluster", conflicts_with = "namespace")]
    all_namespaces: bool,
}

impl LiveArgs {
    /// What is asked of a cluster that is not to be checked. (clap does not ask for a required argument that conflicts
    /// with one that is there.)
    pub(super) fn idle(&self) -> Option<String> {
        let given = [
            ("--context", self.context.is_some()),
            ("--kubeconfig", self.kubeconfig.is_some()),
            ("--all-namespaces", self.all_namespaces),
        ];
        let (name, _) = given.into_iter().find(|(_, is_given)| *is_given && !self.cluster)?;
        Some(format!("{name} is of no use without --cluster, and with it no path can be given"))
    }
}

/// Why a live cluster cannot be looked into at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum LiveError {
    #[error("cannot start: {0}")]
    Runtime(#[from] std::io::Error),
    #[error("cannot tell how to reach the API server: {0}")]
    Config(String),
}

/// One object, under the name that stands for a file's: `cluster:rayclusters/NAMESPACE/NAME`.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) name: String,
    pub(super) json: Json<'static>,
}

/// The objects of a cluster, asked for as they are wanted.
pub(super) struct Objects {
    runtime: Runtime,
    client: Client,
    /// None for all.
    namespace: Option<String>,
    kinds: VecDeque<Kind>,
    /// Where the list of the first of the kinds goes on.
    token: Option<String>,
    /// Whether that came with the word that the one before is too old.
    is_resumed: bool,
    /// Whether the list is asked for at once, and not in pages.
    is_whole: bool,
    /// The names of what that list has had already.
    seen: HashSet<String>,
    page: VecDeque<Result<Live, Unreadable>>,
    /// How many kinds the cluster does not have, and what to say of them.
    absent: Vec<Kind>,
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

/// The objects of the cluster, or what could not be read of it.
pub(super) fn objects(args: &LiveArgs, namespace: Option<&str>) -> Result<Objects, LiveError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let client = runtime.block_on(client(args))?;
    let namespace = namespace.unwrap_or_else(|| client.default_namespace()).to_owned();
    Ok(Objects {
        runtime,
        client,
        namespace: (!args.all_namespaces).then_some(namespace),
        kinds: KINDS.into(),
        token: None,
        is_resumed: false,
        is_whole: false,
        seen: HashSet::new(),
        page: VecDeque::new(),
        absent: Vec::new(),
    })
}

async fn client(args: &LiveArgs) -> Result<Client, LiveError> {
    let options = KubeConfigOptions { context: args.context.clone(), ..KubeConfigOptions::default() };
    let shown = |error: &dyn std::error::Error| LiveError::Config(chain(error));
    let mut config = match &args.kubeconfig {
        Some(file) => {
            let kubeconfig = Kubeconfig::read_from(file).map_err(|error| shown(&error))?;
            Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| shown(&error))?
        }
        None if args.context.is_some() => Config::from_kubeconfig(&options).await.map_err(|error| shown(&error))?,
        None => Config::infer().await.map_err(|error| shown(&error))?,
    };
    let kubeconfig = args.kubeconfig.as_ref().map_or_else(Kubeconfig::read, Kubeconfig::read_from);
    config.proxy_url =
        proxy::of(&config.cluster_url, kubeconfig.ok().as_ref(), args.context.as_deref()).map_err(LiveError::Config)?;
    config.connect_timeout = Some(PATIENCE);
    config.read_timeout = Some(PATIENCE);
    Client::try_from(config).map_err(|error| shown(&error))
}

impl Iterator for Objects {
    type Item = Result<Live, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(live) = self.page.pop_front() {
                return Some(live);
            }
            let Some(kind) = self.kinds.front().copied() else { return self.end() };
            match self.runtime.block_on(self.list(kind)) {
                Ok(list) => self.take(kind, list),
                Err(kube::Error::Api(status)) if status.code == 410 && self.token.is_some() => {
                    self.go_on(status.metadata.and_then(|metadata| metadata.continue_));
                }
                Err(kube::Error::Api(status)) if status.code == 404 => {
                    self.absent.push(kind);
                    self.next_kind();
                }
                Err(error) => {
                    // Who is not there, or knows nobody, will not be so for the next kind either.
                    match &error {
                        kube::Error::Api(status) if status.code != 401 => self.next_kind(),
                        _ => self.kinds.clear(),
                    }
                    return Some(Err(self.fault(kind, &error)));
                }
            }
        }
    }
}

impl Objects {
    async fn list(&self, kind: Kind) -> kube::Result<List> {
        let place = self.namespace.as_ref().map(|name| format!("namespaces/{name}/")).unwrap_or_default();
        let limit = if self.is_whole { None } else { Some(PAGE) };
        let params = ListParams { continue_token: self.token.clone(), limit, ..ListParams::default() };
        let request = kube::core::Request::new(format!("/apis/ray.io/v1/{place}{}", plural(kind))).list(&params);
        self.client.request(request.map_err(kube::Error::BuildRequest)?).await
    }

    fn take(&mut self, kind: Kind, list: List) {
        for item in &list.items {
            let live = live(kind, item);
            let name = match &live {
                Ok(live) => &live.name,
                Err(unreadable) => &unreadable.file,
            };
            if self.seen.insert(name.clone()) {
                self.page.push_back(live);
            }
        }
        self.is_resumed = false;
        self.token = list.metadata.token.filter(|token| !token.is_empty());
        if self.token.is_none() {
            self.next_kind();
        }
    }

    /// Goes on with a list whose token is too old, as client-go does: with the one that the API server offers, which
    /// gives the rest as it is now, or else with all of it at once, which no token is needed for.
    fn go_on(&mut self, offered: Option<String>) {
        self.token = offered.filter(|token| !token.is_empty() && !self.is_resumed);
        self.is_resumed = self.token.is_some();
        self.is_whole = self.token.is_none();
    }

    fn next_kind(&mut self) {
        self.kinds.pop_front();
        self.seen.clear();
        (self.token, self.is_resumed, self.is_whole) = (None, false, false);
    }

    /// The kinds that the cluster does not have, once all others are read.
    pub(super) fn absent(&self) -> &[Kind] {
        &self.absent
    }

    /// What is said at the end: nothing, unless there was nothing to read.
    fn end(&mut self) -> Option<Result<Live, Unreadable>> {
        if self.absent.len() < KINDS.len() {
            return None;
        }
        self.absent.clear();
        let message = "the cluster has none of KubeRay's kinds; are its CRDs installed, and is this the right context?";
        Some(Err(Unreadable::new("cluster".to_owned(), message)))
    }

    fn fault(&self, kind: Kind, error: &kube::Error) -> Unreadable {
        let resource = plural(kind);
        let place = match &self.namespace {
            Some(namespace) => format!("in the namespace {namespace}"),
            None => "in all namespaces".to_owned(),
        };
        let message = match error {
            kube::Error::Api(status) if status.code == 403 => {
                let all: Vec<_> = KINDS.iter().map(|kind| plural(*kind) + ".ray.io").collect();
                let role = if self.namespace.is_some() { "role" } else { "clusterrole" };
                let namespace = self.namespace.as_ref().map(|name| format!(" --namespace {name}")).unwrap_or_default();
                format!(
                    "you may not list {resource} {place}; it takes the right of: kubectl create {role} ray-reader \
                     --verb=list --resource={}{namespace}, and a binding of it",
                    all.join(",")
                )
            }
            kube::Error::Api(status) => format!("cannot list {resource} {place}: {}", status.message),
            error => format!("cannot list {resource} {place}: {}", unreached(error)),
        };
        Unreadable::new(format!("cluster:{resource}"), message)
    }
}

/// Why there is no answer, without the names of the layers that pass it on.
fn unreached(error: &kube::Error) -> String {
    let kube::Error::Service(error) = error else { return chain(error) };
    let cause = error.downcast_ref::<hyper_util::client::legacy::Error>().and_then(|error| error.source());
    chain(cause.unwrap_or(&**error))
}

/// What is said of a kind that the cluster does not have, one line.
pub(super) fn absent(kind: Kind) -> String {
    format!("the cluster has no {}s: their CRD is not installed, and they are passed over\n", kind.as_str())
}

fn plural(kind: Kind) -> String {
    kind.as_str().to_lowercase() + "s"
}

fn live(kind: Kind, item: &RawValue) -> Result<Live, Unreadable> {
    let read = serde_json::from_str::<Json<'_>>(item.get()).map_err(|error| {
        // What cannot be read as a whole has a name all the same.
        let head = serde_json::from_str::<Head>(item.get()).unwrap_or_default();
        Unreadable::new(name(kind, &head.metadata.namespace, &head.metadata.name), format!("cannot be read: {error}"))
    });
    let mut json = read?.into_owned();
    object::complete(&mut json, Some("ray.io/v1"), Some(&format!("{}List", kind.as_str())));
    // Who wrote which field is long, and nothing to do with what is found.
    if let Some(metadata) = json.as_object_mut().and_then(|object| object.get_mut("metadata")) {
        let kept = metadata.entries().iter().filter(|(name, _)| name != "managedFields").cloned();
        *metadata = kept.collect();
    }
    let text = |field: &str| json.descend(["metadata", field]).as_str().unwrap_or_default();
    Ok(Live { name: name(kind, text("namespace"), text("name")), json })
}

fn name(kind: Kind, namespace: &str, name: &str) -> String {
    format!("cluster:{}/{namespace}/{name}", plural(kind))
}
