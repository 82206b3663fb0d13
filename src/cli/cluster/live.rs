//! The objects of a live cluster: what was admitted before anybody looked.

mod around;
mod proxy;

use std::collections::VecDeque;
use std::mem;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use rayguard_manifest::json::Json;
use rayguard_policy::policy::Policy;
use rayguard_policy::kuberay::Kind;
use rayguard_policy::policy::stored::KINDS;
use rayguard_webhook::error::chain;
use rayguard_webhook::kube_api::ray_objects::{self, ListError, RayObjectPager, StoredObject};
use tokio::runtime::{Builder, Runtime};

use super::report::Unreadable;
pub(super) use around::Around;

/// How many objects are asked for at a time; one may have a megabyte.
const PAGE: u32 = 100;

/// How long the API server may take over a page.
const PATIENCE: Duration = Duration::from_mins(1);

/// Which cluster to look into.
#[derive(Args, Clone, Debug)]
pub(super) struct LiveArgs {
    /// Check what is in a live cluster, in place of files
    ///
    /// Reads the RayClusters, RayServices, RayJobs and RayCronJobs of one namespace or of all, and judges each as it is
    /// stored, without the defaults that rayguard would add to a new one. Of a RayCluster that a RayService or RayJob
    /// owns, only that is said which is not said of its owner. RayClusters are compared with all others that are read.
    /// Needs the right to list these resources, and no other.
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

    /// Look into the Secrets of passwords too, for the names of their keys; takes the right to get them
    #[arg(long, requires = "cluster")]
    secrets: bool,
}

impl LiveArgs {
    /// What is asked of a cluster that is not to be checked. (clap does not ask for a required argument that conflicts
    /// with one that is there.)
    pub(super) fn idle(&self) -> Option<String> {
        let given = [
            ("--context", self.context.is_some()),
            ("--kubeconfig", self.kubeconfig.is_some()),
            ("--all-namespaces", self.all_namespaces),
            ("--secrets", self.secrets),
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
    around: Arc<Around>,
    domain: Box<str>,
    looks_into_secrets: bool,
    stored: RayObjectPager,
    page: VecDeque<StoredObject>,
    /// The next one, of whose Secret it was told first that it cannot be looked into.
    next: Option<Live>,
    /// Whether all was said at the end that is to be.
    is_over: bool,
}

/// The objects of the cluster, or what could not be read of it; and what is known around them.
pub(super) fn objects(
    args: &LiveArgs,
    namespace: Option<&str>,
    policy: &Policy,
) -> Result<(Objects, Arc<Around>), LiveError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let client = runtime.block_on(client(args))?;
    let namespace = namespace.unwrap_or_else(|| client.default_namespace()).to_owned();
    let namespace = (!args.all_namespaces).then_some(namespace);
    let around = Arc::new(Around::default());
    let objects = Objects {
        runtime,
        stored: RayObjectPager::new(client.clone(), namespace.clone(), PAGE),
        client,
        namespace,
        around: Arc::clone(&around),
        domain: policy.settings.cluster_domain.clone(),
        looks_into_secrets: args.secrets,
        page: VecDeque::new(),
        next: None,
        is_over: false,
    };
    Ok((objects, around))
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
        if let Some(live) = self.next.take() {
            return Some(Ok(live));
        }
        loop {
            if let Some(stored) = self.page.pop_front() {
                return Some(live(&stored).and_then(|live| self.look_around(live)));
            }
            match self.runtime.block_on(self.stored.next_page()) {
                Some(Ok(page)) => {
                    // Not before the API server has answered: who is not there is not to be asked twice.
                    let clusters = || RayObjectPager::new(self.client.clone(), self.namespace.clone(), PAGE);
                    self.runtime.block_on(self.around.look(clusters, &self.domain));
                    self.page = page.into();
                }
                Some(Err((kind, error))) => {
                    let message = match error {
                        ListError::Forbidden(message) => format!("you {message}"),
                        error => error.to_string(),
                    };
                    return Some(Err(Unreadable::new(format!("cluster:{}", ray_objects::plural(kind)), message)));
                }
                None => return self.end(),
            }
        }
    }
}

impl Objects {
    /// The kinds that the cluster does not have, once all others are read, and if there are any.
    pub(super) fn absent(&self) -> &[Kind] {
        if self.has_no_kind() { &[] } else { self.stored.absent() }
    }

    /// Looks into the Secret of an object, if that is wanted.
    fn look_around(&mut self, live: Live) -> Result<Live, Unreadable> {
        if !self.looks_into_secrets {
            return Ok(live);
        }
        match self.runtime.block_on(self.around.look_into_secret(&self.client, &live.json)) {
            Ok(()) => Ok(live),
            Err(missed) => {
                self.next = Some(live);
                Err(missed)
            }
        }
    }

    fn has_no_kind(&self) -> bool {
        self.stored.absent().len() == KINDS.len()
    }

    /// What is said at the end: nothing, unless there was nothing to read.
    fn end(&mut self) -> Option<Result<Live, Unreadable>> {
        if mem::replace(&mut self.is_over, true) || !self.has_no_kind() {
            return None;
        }
        let message = "the cluster has none of KubeRay's kinds; are its CRDs installed, and is this the right context?";
        Some(Err(Unreadable::new("cluster".to_owned(), message)))
    }
}

/// What is said of a kind that the cluster does not have, one line.
pub(super) fn absent(kind: Kind) -> String {
    format!("the cluster has no {}s: their CRD is not installed, and they are passed over\n", kind.as_str())
}

fn live(stored: &StoredObject) -> Result<Live, Unreadable> {
    let name = format!("cluster:{}", stored.name);
    match stored.parse() {
        Ok(json) => Ok(Live { name, json }),
        Err(error) => Err(Unreadable::new(name, format!("cannot be read: {error}"))),
    }
}
