//! `rayguard serve`: starts the parts of the webhook server, and stops them at a signal.

mod arguments;
mod audit;
mod certificate;
mod signals;
mod watch;

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

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
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::policy_file::{self, PolicyFileError};
pub(crate) use arguments::{ServeArgs, duration};
use certificate::CertificateOrigin;
use signals::Signals;
use watch::ClusterWatch;

/// The largest number of worker threads. The webhooks need little CPU time, and more threads only move tasks around.
const MAX_WORKERS: usize = 4;

/// Why the server cannot start, or stopped with an error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ServeError {
    /// The policy file cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyFileError),
    /// The runtime or the log cannot be started.
    #[error("cannot start: {0}")]
    Runtime(io::Error),
    /// An address cannot be bound.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address
        address: SocketAddr,
        /// The error of the operating system
        source: io::Error,
    },
    /// The certificate or the client CA cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The lifetimes of the certificates contradict each other.
    #[error("{0}")]
    Lifetimes(&'static str),
    /// The configuration of the API server cannot be found.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The CA cannot be written.
    #[error("cannot write the CA: {0}")]
    Ca(io::Error),
    /// The signal handlers cannot be registered.
    #[error("cannot wait for signals: {0}")]
    Signals(io::Error),
    /// A background task has panicked.
    #[error("a background task failed; the log shows the location")]
    Panic,
    /// A second signal stopped the server before all requests were complete.
    #[error("stopped by a second signal before all requests were complete")]
    Interrupted,
}

/// Starts a runtime, and serves until a signal stops the server.
///
/// # Errors
///
/// Returns an error if the server cannot start, if a background task panics, or if a second signal stops the server.
pub(crate) fn run(args: ServeArgs) -> Result<(), ServeError> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(MAX_WORKERS);
    let runtime = Builder::new_multi_thread().worker_threads(workers).enable_all().build();
    let runtime = runtime.map_err(ServeError::Runtime)?;
    let served = runtime.block_on(serve(args));
    // A read of a volume that hangs must not delay the shutdown.
    runtime.shutdown_background();
    served
}

async fn serve(args: ServeArgs) -> Result<(), ServeError> {
    raise_file_limit();
    let metrics = Metrics::default();
    let lost = metrics.log_lines_lost();
    // Dropped at the end, which flushes the log.
    let _log = log::init(args.log_format.into(), args.log_level, lost).map_err(ServeError::Runtime)?;
    let mut signals = Signals::new().map_err(ServeError::Signals)?;
    let policy = policy_file::read_for_webhook(args.config.as_deref())?;
    let metrics = if args.webhook_configuration.is_some() { metrics.with_ca_bundles() } else { metrics };
    let metrics = Arc::new(metrics);

    let listener = listen(args.listen)?;
    let admin_listener = listen(args.admin_listen)?;
    let state = SharedState::new(Arc::clone(&metrics));
    let certificate = CertificateOrigin::new(&args, &state).await?;
    let watch = ClusterWatch::new(&args, &policy, &state).await?;
    let (lifecycle, admin_lifecycle) = (Lifecycle::default(), Lifecycle::default());
    let audit = audit::start(&args, &policy, watch.context(), &state, lifecycle.subscribe()).await?;
    let limits = Limits { drain: args.drain_timeout, ..Limits::default() };

    let verifier =
        args.client_ca.as_deref().map(|file| ClientCertVerifier::read(file, &args.client_name)).transpose()?;
    let config = tls::config(Arc::clone(&state.resolver), verifier.as_ref().map(|(verifier, _)| Arc::clone(verifier)))?;
    let reloading_client_ca = async {
        match verifier {
            Some((verifier, pem)) => verifier.reload_on_change(pem, args.tls_reload, &state.metrics).await,
            None => pending().await,
        }
    };
    let webhooks = endpoint::router(policy, watch.context(), Arc::clone(&metrics));
    let webhooks = Server::tls(listener.socket, config, Arc::clone(&metrics), webhooks, limits);
    let admin = Admin {
        state: state.clone(),
        manages_ca_bundles: certificate.manages_ca_bundles(),
        phases: lifecycle.subscribe(),
    };
    let admin = Server::plain(admin_listener.socket, admin::router(admin), limits);
    tracing::info!(webhooks = %listener.address, admin = %admin_listener.address, "serving");

    let serving = async {
        webhooks.run(lifecycle.subscribe()).await;
        admin_lifecycle.close();
    };
    let stopping = async {
        let signal = signals.next().await;
        tracing::info!(signal, drain_delay = ?args.drain_delay, "stopping; a second signal stops immediately");
        tokio::select! {
            _ = signals.next() => ServeError::Interrupted,
            never = async { lifecycle.drain_and_close(args.drain_delay).await; pending().await } => never,
        }
    };
    // Separate tasks, because they parse large responses, and this task accepts connections.
    #[expect(clippy::disallowed_methods, reason = "both tasks are awaited below")]
    let (watching, audit) = (tokio::spawn(watch.run(Arc::clone(&state.health))), tokio::spawn(audit));
    let watching = async { watching.await.map_or(ServeError::Panic, |never| match never {}) };
    let auditing = async { audit.await.map_err(|_| ServeError::Panic) };
    let serving = async { Ok(tokio::join!(serving, admin.run(admin_lifecycle.subscribe()))) };
    tokio::select! {
        ended = async { tokio::try_join!(serving, auditing) } => {
            ended?;
            tracing::info!("stopped");
            Ok(())
        }
        error = stopping => Err(error),
        never = certificate.run(&state) => match never {},
        never = reloading_client_ca => match never {},
        error = watching => Err(error),
    }
}

/// The number of open files, including sockets, that the connections of both ports need.
const FILES: u64 = 4096;

/// Raises the limit of open files. Some containers start with a soft limit of 1024.
fn raise_file_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(FILES, |maximum| maximum.min(FILES));
    if current.is_some_and(|current| current < wanted) {
        // If this fails, the server has fewer connections.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

/// A socket and its address, whose port the kernel chooses if the flag says 0.
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
