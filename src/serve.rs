//! `rayguard serve`: the webhooks, their certificate, and their end.

mod arguments;
mod audit;
mod origin;
mod signals;
mod view;

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::policy_file::{self, PolicyFileError};
pub(crate) use arguments::ServeArgs;
pub(crate) use arguments::duration;
use origin::Origin;
use rayguard_webhook::admin::{self, Admin};
use rayguard_webhook::ca_bundle::SharedState;
use rayguard_webhook::certificates::TlsError;
use rayguard_webhook::endpoint;
use rayguard_webhook::kube_api::ApiError;
use rayguard_webhook::log;
use rayguard_webhook::metrics::Metrics;
use rayguard_webhook::server::client_cert::ClientCertVerifier;
use rayguard_webhook::server::tls;
use rayguard_webhook::server::{self, Lifecycle, Limits, Server};
use signals::Signals;
use view::View;

/// A webhook has little to do: more threads than this only pass work to and fro.
const MOST_WORKERS: usize = 4;

/// Why the webhooks are not, or no longer, served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ServeError {
    /// There is no usable policy.
    #[error(transparent)]
    Policy(#[from] PolicyFileError),
    /// There is no runtime to serve on.
    #[error("cannot start: {0}")]
    Runtime(io::Error),
    /// An address cannot be bound.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address
        address: SocketAddr,
        /// Why
        source: io::Error,
    },
    /// There is no usable certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The times of certificates do not fit.
    #[error("{0}")]
    Lifetimes(&'static str),
    /// The API server cannot be found.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The CA cannot be handed over.
    #[error("cannot write the CA: {0}")]
    Ca(io::Error),
    /// Signals cannot be awaited.
    #[error("cannot wait for signals: {0}")]
    Signals(io::Error),
    /// rayguard itself has failed.
    #[error("failed while it followed the cluster; the log says where")]
    Panic,
    /// A second signal came before the end.
    #[error("stopped by a second signal, with calls under way")]
    Interrupted,
}

/// Serves until a signal says to stop, on a runtime of its own.
pub(crate) fn run(args: ServeArgs) -> Result<(), ServeError> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_WORKERS);
    let runtime = Builder::new_multi_thread().worker_threads(workers).enable_all().build();
    let runtime = runtime.map_err(ServeError::Runtime)?;
    let served = runtime.block_on(serve(args));
    // A read of a hanging volume must not hold up the end.
    runtime.shutdown_background();
    served
}

/// Serves until a signal says to stop.
pub(crate) async fn serve(args: ServeArgs) -> Result<(), ServeError> {
    allow_files();
    let metrics = Metrics::default();
    let lost = metrics.log_lines_lost();
    // Dropped when all is over, so that what was logged last is written.
    let _log = log::init(args.log_format.into(), args.log_level, lost).map_err(ServeError::Runtime)?;
    let mut signals = Signals::new().map_err(ServeError::Signals)?;
    let policy = policy_file::read(args.config.as_deref())?;
    let metrics = if args.webhook_configuration.is_some() { metrics.with_ca_bundles() } else { metrics };
    let metrics = Arc::new(metrics);

    let listener = listen(args.listen)?;
    let admin_listener = listen(args.admin_listen)?;
    let shared = SharedState::new(Arc::clone(&metrics));
    let origin = Origin::new(&args, &shared).await?;
    let view = View::new(&args, &policy, &shared).await?;
    let (lifetime, admin_lifetime) = (Lifecycle::default(), Lifecycle::default());
    let audit = audit::start(&args, &policy, view.known(), &shared, lifetime.subscribe()).await?;
    let limits = Limits { drain: args.drain_timeout, ..Limits::default() };

    let callers =
        args.client_ca.as_deref().map(|file| ClientCertVerifier::read(file, &args.client_name)).transpose()?;
    let config = tls::config(Arc::clone(&shared.resolver), callers.as_ref().map(|(callers, _)| Arc::clone(callers)))?;
    let following_callers = async {
        match callers {
            Some((callers, pem)) => callers.reload_on_change(pem, args.tls_reload, &shared.metrics).await,
            None => pending().await,
        }
    };
    let webhooks = endpoint::router(policy, view.known(), Arc::clone(&metrics));
    let webhooks = Server::tls(listener.socket, config, Arc::clone(&metrics), webhooks, limits);
    let admin = Admin { state: shared.clone(), manages_ca_bundles: origin.is_keeper(), phases: lifetime.subscribe() };
    let admin = Server::plain(admin_listener.socket, admin::router(admin), limits);
    tracing::info!(webhooks = %listener.address, admin = %admin_listener.address, "serving");

    let serving = async {
        webhooks.run(lifetime.subscribe()).await;
        admin_lifetime.close();
    };
    let stopping = async {
        let signal = signals.next().await;
        tracing::info!(signal, drain_delay = ?args.drain_delay, "stopping; another signal ends this at once");
        tokio::select! {
            _ = signals.next() => ServeError::Interrupted,
            never = async { lifetime.drain_and_close(args.drain_delay).await; pending().await } => never,
        }
    };
    // On threads of their own: what they read may be large, and connections are accepted here.
    let (view, audit) = (tokio::spawn(view.follow(Arc::clone(&shared.health))), tokio::spawn(audit));
    let following = async { view.await.map_or(ServeError::Panic, |never| match never {}) };
    let auditing = async { audit.await.map_err(|_| ServeError::Panic) };
    let serving = async { Ok(tokio::join!(serving, admin.run(admin_lifetime.subscribe()))) };
    tokio::select! {
        ended = async { tokio::try_join!(serving, auditing) } => {
            ended?;
            tracing::info!("stopped");
            Ok(())
        }
        error = stopping => Err(error),
        never = origin.follow(&shared) => match never {},
        never = following_callers => match never {},
        error = following => Err(error),
    }
}

/// How many files, sockets among them, may be open: enough for all places of both ports.
const FILES: u64 = 4096;

/// Allows as many files as may be allowed. Some containers begin with 1024, for programs that need no more than that.
fn allow_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(FILES, |maximum| maximum.min(FILES));
    if current.is_some_and(|current| current < wanted) {
        // Without it there are fewer places.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

/// A bound address, which the port 0 leaves to the kernel.
struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

fn listen(address: SocketAddr) -> Result<Listener, ServeError> {
    let failed = |source| ServeError::Listen { address, source };
    let socket = server::listen(address).map_err(failed)?;
    let address = socket.local_addr().map_err(failed)?;
    Ok(Listener { socket, address })
}
