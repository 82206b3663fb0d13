//! `rayguard serve`: the webhooks, their certificate, and their end.

use std::fs;
use std::future::pending;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use clap::Args;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::filter::LevelFilter;

use crate::admission::endpoint;
use crate::certificates::{Authority, Root};
use crate::log::{self, LogFormat};
use crate::metrics::Metrics;
use crate::policy_file::{self, PolicyFileError};
use crate::server::admin::{self, Admin};
use crate::server::tls::{self, CertFiles, CertResolver, Certificate, Pem, TlsError};
use crate::server::{Lifetime, Limits, Server, bind};

/// A webhook has little to do: more threads than this only pass work to and fro.
const MOST_WORKERS: usize = 4;

/// A certificate that nobody keeps lives as long as the process, which is replaced far more often.
const LIFE: Duration = Duration::from_hours(365 * 24);

/// Serve the admission webhooks over HTTPS: POST /mutate and /validate
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// Where the webhooks listen
    #[arg(long, env = "RAYGUARD_LISTEN", value_name = "ADDRESS", default_value = "[::]:9443")]
    pub listen: SocketAddr,

    /// Where /livez, /readyz and /metrics listen, in plain HTTP
    #[arg(long, env = "RAYGUARD_ADMIN_LISTEN", value_name = "ADDRESS", default_value = "[::]:8080")]
    pub admin_listen: SocketAddr,

    /// The certificate, with those between it and its CA, in PEM; without it rayguard makes its own
    #[arg(long, env = "RAYGUARD_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's private key, in PEM
    #[arg(long, env = "RAYGUARD_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// How often the files are looked at for a new certificate
    #[arg(long, env = "RAYGUARD_TLS_RELOAD", value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub tls_reload: Duration,

    /// A DNS name or IP address that a self-made certificate is valid for, beside localhost and --listen; repeatable
    #[arg(
        long,
        env = "RAYGUARD_TLS_NAME",
        value_name = "NAME",
        value_delimiter = ',',
        conflicts_with_all = ["tls_cert", "tls_key"]
    )]
    pub tls_name: Vec<String>,

    /// Where to write the CA of a self-made certificate, beside stdout
    #[arg(long, env = "RAYGUARD_CA_OUT", value_name = "FILE", conflicts_with_all = ["tls_cert", "tls_key"])]
    pub ca_out: Option<PathBuf>,

    /// The policy file
    #[arg(long, env = "RAYGUARD_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// How long to go on serving after SIGTERM, until every API server has learnt of it
    #[arg(long, env = "RAYGUARD_DRAIN_DELAY", value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub drain_delay: Duration,

    /// How long a call that is under way may then still take
    #[arg(long, env = "RAYGUARD_DRAIN_TIMEOUT", value_name = "DURATION", default_value = "15s", value_parser = duration)]
    pub drain_timeout: Duration,

    /// How the log looks
    #[arg(long, env = "RAYGUARD_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value = "text")]
    pub log_format: LogFormat,

    /// How much is logged: off, error, warn, info, debug or trace
    #[arg(long, env = "RAYGUARD_LOG", value_name = "LEVEL", default_value = "info")]
    pub log_level: LevelFilter,
}

/// Why the webhooks are not, or no longer, served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
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
    /// The CA cannot be handed over.
    #[error("cannot write the CA: {0}")]
    Ca(io::Error),
    /// Signals cannot be awaited.
    #[error("cannot wait for signals: {0}")]
    Signals(io::Error),
    /// A second signal came before the end.
    #[error("stopped by a second signal, with calls under way")]
    Interrupted,
}

/// Serves until a signal says to stop, on a runtime of its own.
pub fn run(args: ServeArgs) -> Result<(), ServeError> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_WORKERS);
    let runtime = Builder::new_multi_thread().worker_threads(workers).enable_all().build();
    let runtime = runtime.map_err(ServeError::Runtime)?;
    let served = runtime.block_on(serve(args));
    // A read of a hanging volume must not hold up the end.
    runtime.shutdown_background();
    served
}

/// Serves until a signal says to stop.
pub async fn serve(args: ServeArgs) -> Result<(), ServeError> {
    log::begin(args.log_format, args.log_level);
    let mut signals = Signals::new().map_err(ServeError::Signals)?;
    let policy = policy_file::read(args.config.as_deref())?;
    let metrics = Arc::new(Metrics::default());

    let listener = listen(args.listen).await?;
    let admin_listener = listen(args.admin_listen).await?;
    let Source { certificate, files } = certificate(&args, &metrics)?;
    let resolver = Arc::new(CertResolver::default());
    resolver.replace(certificate);
    let (lifetime, admin_lifetime) = (Lifetime::default(), Lifetime::default());
    let limits = Limits { drain: args.drain_timeout, ..Limits::default() };

    let config = tls::config(Arc::clone(&resolver))?;
    let webhooks = endpoint::router(policy, Arc::clone(&metrics));
    let webhooks = Server::tls(listener.socket, config, Arc::clone(&metrics), webhooks, limits);
    let admin = Admin { metrics: Arc::clone(&metrics), resolver: Arc::clone(&resolver), phases: lifetime.phases() };
    let admin = Server::plain(admin_listener.socket, admin::router(admin), limits);
    tracing::info!(webhooks = %listener.address, admin = %admin_listener.address, "serving");

    let serving = async {
        webhooks.run(lifetime.phases()).await;
        admin_lifetime.close();
    };
    let stopping = async {
        let signal = signals.next().await;
        tracing::info!(signal, drain_delay = ?args.drain_delay, "stopping; another signal ends this at once");
        tokio::select! {
            _ = signals.next() => ServeError::Interrupted,
            never = async { lifetime.end(args.drain_delay).await; pending().await } => never,
        }
    };
    let following = async {
        match files {
            Some((files, pem)) => files.follow(pem, args.tls_reload, &resolver, &metrics).await,
            None => pending().await,
        }
    };
    tokio::select! {
        _ = async { tokio::join!(serving, admin.run(admin_lifetime.phases())) } => {
            tracing::info!("stopped");
            Ok(())
        }
        error = stopping => Err(error),
        never = following => match never {},
    }
}

/// A bound address, which the port 0 leaves to the kernel.
struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

async fn listen(address: SocketAddr) -> Result<Listener, ServeError> {
    let failed = |source| ServeError::Listen { address, source };
    let socket = bind(address).await.map_err(failed)?;
    let address = socket.local_addr().map_err(failed)?;
    Ok(Listener { socket, address })
}

/// The certificate to begin with.
fn certificate(args: &ServeArgs, metrics: &Metrics) -> Result<Source, ServeError> {
    if let (Some(cert), Some(key)) = (&args.tls_cert, &args.tls_key) {
        let files = CertFiles { cert: cert.clone(), key: key.clone() };
        let pem = files.read()?;
        let certificate = pem.certificate()?;
        metrics.certificate_expires("leaf", certificate.validity().not_after);
        return Ok(Source { certificate: Arc::new(certificate), files: Some((files, pem)) });
    }
    let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let listen = Some(args.listen.ip()).filter(|ip| !ip.is_unspecified() && !ip.is_loopback());
    let names = own.into_iter().chain(listen.map(|ip| ip.to_string())).chain(args.tls_name.iter().cloned());
    let now = SystemTime::now();
    let authority = Authority::new(now, LIFE)?;
    let leaf = authority.issue(&names.collect::<Vec<_>>(), now, LIFE)?;
    let (certificate, ca) = (Arc::clone(leaf.certificate()), Root::write_all([authority.root()]));
    metrics.certificate_expires("leaf", certificate.validity().not_after);
    metrics.certificate_expires("ca", authority.root().validity().not_after);
    tracing::info!("made a certificate; its CA is on stdout");
    io::stdout().write_all(ca.as_bytes()).map_err(ServeError::Ca)?;
    if let Some(path) = &args.ca_out {
        fs::write(path, &ca).map_err(ServeError::Ca)?;
    }
    Ok(Source { certificate, files: None })
}

/// A certificate, and the files to look at for the next one.
struct Source {
    certificate: Arc<Certificate>,
    files: Option<(CertFiles, Pem)>,
}

/// What Kubernetes, or a person at a terminal, sends to stop a process.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Reads a duration as Kubernetes writes a short one: `250ms`, `10s`, `2m`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number = number.parse::<u64>().ok();
    match (number, unit) {
        (Some(number), "ms") => Ok(Duration::from_millis(number)),
        (Some(number), "s") => Ok(Duration::from_secs(number)),
        (Some(number), "m") => number.checked_mul(60).map(Duration::from_secs).ok_or_else(|| "too long".to_owned()),
        _ => Err("write a number and a unit: 250ms, 10s, 2m".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_needs_a_number_and_a_unit() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        for text in ["", "10", "s", "-1s", "1.5s", "1h", "99999999999999999999s", "18446744073709551615m", "1s "] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }
}
