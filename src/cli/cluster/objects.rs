//! The objects of a live cluster, read page by page.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use rayguard_check::report::Unreadable;
use rayguard_manifest::json::Json;
use rayguard_policy::kuberay::Kind;
use rayguard_policy::policy::Policy;
use rayguard_policy::policy::stored::KINDS;
use rayguard_webhook::error::chain;
use rayguard_webhook::kube_api::ray_objects::{self, ListError, RayObjectPager, StoredObject};
use tokio::runtime::{Builder, Runtime};

use super::arguments::LiveArgs;
use super::context::LiveContext;
use super::proxy;

/// The number of objects per request. An object can have a megabyte.
const PAGE_SIZE: u32 = 100;

/// The longest time to connect to the API server, and to read from it.
const TIMEOUT: Duration = Duration::from_mins(1);

/// The reason why a live cluster cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum LiveError {
    #[error("cannot start: {0}")]
    Runtime(#[from] std::io::Error),
    #[error("cannot find the API server: {0}")]
    Config(String),
}

/// A live object. Its name stands in place of a file: `cluster:rayclusters/NAMESPACE/NAME`.
#[derive(Debug)]
pub(super) struct LiveObject {
    pub(super) name: String,
    pub(super) json: Json<'static>,
}

/// Iterates over the objects of a cluster, and requests pages as it needs them.
pub(super) struct Objects {
    runtime: Runtime,
    client: Client,
    /// The namespace to read; all if `None`.
    namespace: Option<String>,
    context: Arc<LiveContext>,
    domain: Box<str>,
    reads_secrets: bool,
    pager: RayObjectPager,
    page: VecDeque<StoredObject>,
    /// The next object, after the error about its Secret.
    next: Option<LiveObject>,
    /// Whether the last item has been returned.
    has_ended: bool,
}

/// Returns the objects of the cluster, each with the error if it cannot be read, and the context that rules need.
///
/// # Errors
///
/// There is no kubeconfig that can be used, or no runtime.
pub(super) fn objects(
    args: &LiveArgs,
    namespace: Option<&str>,
    policy: &Policy,
) -> Result<(Objects, Arc<LiveContext>), LiveError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let client = runtime.block_on(client(args))?;
    let namespace = namespace.unwrap_or_else(|| client.default_namespace()).to_owned();
    let namespace = (!args.all_namespaces).then_some(namespace);
    let context = Arc::new(LiveContext::default());
    let objects = Objects {
        runtime,
        pager: RayObjectPager::new(client.clone(), namespace.clone(), PAGE_SIZE),
        client,
        namespace,
        context: Arc::clone(&context),
        domain: policy.settings.cluster_domain.clone(),
        reads_secrets: args.secrets,
        page: VecDeque::new(),
        next: None,
        has_ended: false,
    };
    Ok((objects, context))
}

async fn client(args: &LiveArgs) -> Result<Client, LiveError> {
    let options = KubeConfigOptions { context: args.context.clone(), ..KubeConfigOptions::default() };
    let config_error = |error: &dyn std::error::Error| LiveError::Config(chain(error));
    let mut config = match &args.kubeconfig {
        Some(file) => {
            let kubeconfig = Kubeconfig::read_from(file).map_err(|error| config_error(&error))?;
            Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| config_error(&error))?
        }
        None if args.context.is_some() => {
            Config::from_kubeconfig(&options).await.map_err(|error| config_error(&error))?
        }
        None => Config::infer().await.map_err(|error| config_error(&error))?,
    };
    let kubeconfig = args.kubeconfig.as_ref().map_or_else(Kubeconfig::read, Kubeconfig::read_from);
    config.proxy_url =
        proxy::of(&config.cluster_url, kubeconfig.ok().as_ref(), args.context.as_deref()).map_err(LiveError::Config)?;
    config.connect_timeout = Some(TIMEOUT);
    config.read_timeout = Some(TIMEOUT);
    Client::try_from(config).map_err(|error| config_error(&error))
}

impl Iterator for Objects {
    type Item = Result<LiveObject, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(object) = self.next.take() {
            return Some(Ok(object));
        }
        loop {
            if let Some(stored) = self.page.pop_front() {
                return Some(parse(&stored).and_then(|object| self.with_secret(object)));
            }
            match self.runtime.block_on(self.pager.next_page()) {
                Some(Ok(page)) => {
                    // Only after the first page: if the API server is unreachable, it is not called twice.
                    let clusters = || RayObjectPager::new(self.client.clone(), self.namespace.clone(), PAGE_SIZE);
                    self.runtime.block_on(self.context.read_clusters(clusters, &self.domain));
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
    /// Returns the kinds that the cluster does not have, unless it has none. Complete only after the last object.
    pub(super) fn absent(&self) -> &[Kind] {
        if self.has_no_kind() { &[] } else { self.pager.absent() }
    }

    /// Reads the Secret of an object, if that is wanted. If that fails, the object follows the error.
    fn with_secret(&mut self, object: LiveObject) -> Result<LiveObject, Unreadable> {
        if !self.reads_secrets {
            return Ok(object);
        }
        match self.runtime.block_on(self.context.read_secret(&self.client, &object.json)) {
            Ok(()) => Ok(object),
            Err(unreadable) => {
                self.next = Some(object);
                Err(unreadable)
            }
        }
    }

    fn has_no_kind(&self) -> bool {
        self.pager.absent().len() == KINDS.len()
    }

    /// Returns the error of a cluster without any of the kinds, once.
    fn end(&mut self) -> Option<Result<LiveObject, Unreadable>> {
        if mem::replace(&mut self.has_ended, true) || !self.has_no_kind() {
            return None;
        }
        let message = "the cluster has none of KubeRay's kinds; are its CRDs installed, and is this the right context?";
        Some(Err(Unreadable::new("cluster".to_owned(), message)))
    }
}

fn parse(stored: &StoredObject) -> Result<LiveObject, Unreadable> {
    let name = format!("cluster:{}", stored.name);
    match stored.parse() {
        Ok(json) => Ok(LiveObject { name, json }),
        Err(error) => Err(Unreadable::new(name, format!("cannot be read: {error}"))),
    }
}
