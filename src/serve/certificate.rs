//! The certificate of `rayguard serve`: from a Secret that rayguard manages, from files, or made for this process.

use std::convert::Infallible;
use std::fs;
use std::future::pending;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rayguard_webhook::ca_bundle::source::{CertificateSource, FileSource, SecretSource};
use rayguard_webhook::ca_bundle::{CaBundleController, SharedState};
use rayguard_webhook::certificates::{CertificateAuthority, CertificateConfig, Root};
use rayguard_webhook::kube_api::ApiClient;
use rayguard_webhook::server::cert_files::{CertFileContent, CertFiles};

use super::{ServeArgs, ServeError};

/// The lifetime of a certificate for one process, which is not renewed. A process is replaced much more often.
const PROCESS_CERTIFICATE_LIFETIME: Duration = Duration::from_hours(365 * 24);

/// The longest lifetime of a CA. A certificate cannot express a time after the year 9999.
const MAX_CA_LIFETIME: Duration = Duration::from_hours(100 * 365 * 24);

/// The origin of the certificate.
pub(super) enum CertificateOrigin {
    /// A certificate made for this process
    ProcessOnly,
    /// Files, without management of the `caBundle`s
    Files {
        /// The files
        files: CertFiles,
        /// Their content when they were last read
        content: CertFileContent,
        /// How often they are read
        interval: Duration,
    },
    /// A Secret or files, with management of the `caBundle`s
    Managed(Box<CaBundleController>),
}

impl CertificateOrigin {
    /// Finds the origin, and serves its certificate. A managed certificate is not available yet.
    pub(super) async fn new(args: &ServeArgs, state: &SharedState) -> Result<Self, ServeError> {
        let interval = args.tls_reload;
        if let (Some(secret), Some(service), Some(configuration)) =
            (&args.certificate_secret, &args.service, &args.webhook_configuration)
        {
            let client = ApiClient::new(&state.clock).await?;
            let namespace = args.namespace.as_deref().unwrap_or(client.namespace()).to_owned();
            let service = format!("{service}.{namespace}.svc");
            let source = SecretSource::new(&client, &namespace, secret, config(args, service)?);
            let source = CertificateSource::Secret(Box::new(source));
            let name = configuration.clone();
            let controller = CaBundleController::new(client, source, name, args.ca_settle, state.clone());
            return Ok(Self::Managed(Box::new(controller)));
        }
        let (Some(cert), Some(key)) = (&args.tls_cert, &args.tls_key) else {
            make_certificate(args, state)?;
            return Ok(Self::ProcessOnly);
        };
        let files = CertFiles { cert: cert.clone(), key: key.clone() };
        let content = files.read()?;
        let certificate = content.certificate()?;
        state.metrics.certificate_expires("leaf", certificate.validity().not_after);
        state.resolver.replace(Arc::new(certificate));
        let (Some(ca), Some(configuration)) = (&args.tls_ca, &args.webhook_configuration) else {
            return Ok(Self::Files { files, content, interval });
        };
        let client = ApiClient::new(&state.clock).await?;
        let source = CertificateSource::Files(FileSource { files, ca: ca.clone(), interval });
        let name = configuration.clone();
        let controller = CaBundleController::new(client, source, name, args.ca_settle, state.clone());
        Ok(Self::Managed(Box::new(controller)))
    }

    /// Whether rayguard manages the `caBundle`s.
    pub(super) fn manages_ca_bundles(&self) -> bool {
        matches!(self, Self::Managed(_))
    }

    /// Keeps the certificate up to date for as long as the server runs.
    pub(super) async fn run(self, state: &SharedState) -> Infallible {
        match self {
            Self::ProcessOnly => pending().await,
            Self::Files { files, content, interval } => {
                files.reload_on_change(content, interval, &state.resolver, &state.metrics).await
            }
            Self::Managed(controller) => controller.run().await,
        }
    }
}

/// Returns the settings of managed certificates for the DNS name of a Service.
fn config(args: &ServeArgs, service: String) -> Result<CertificateConfig, ServeError> {
    let (ca_lifetime, leaf_lifetime, settle) = (args.ca_lifetime, args.certificate_lifetime, args.ca_settle);
    if ca_lifetime > MAX_CA_LIFETIME {
        return Err(ServeError::Lifetimes("--ca-lifetime is more than a hundred years (876000h)"));
    }
    // A certificate must outlive the rotation of its CA, which includes the settle time.
    if leaf_lifetime > ca_lifetime / 3 {
        return Err(ServeError::Lifetimes("--certificate-lifetime is more than a third of --ca-lifetime"));
    }
    if settle > leaf_lifetime / 3 {
        return Err(ServeError::Lifetimes("--ca-settle is more than a third of --certificate-lifetime"));
    }
    let names = [service].into_iter().chain(args.tls_name.iter().cloned()).collect();
    Ok(CertificateConfig { names, ca_lifetime, leaf_lifetime, settle })
}

/// Makes a certificate for this process, and writes its CA to stdout and to `--ca-out`.
fn make_certificate(args: &ServeArgs, state: &SharedState) -> Result<(), ServeError> {
    let local = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let listen = Some(args.listen.ip()).filter(|ip| !ip.is_unspecified() && !ip.is_loopback());
    let names = local.into_iter().chain(listen.map(|ip| ip.to_string())).chain(args.tls_name.iter().cloned());
    let now = SystemTime::now();
    // The CA's key is dropped at the end of this function.
    let authority = CertificateAuthority::new(now, PROCESS_CERTIFICATE_LIFETIME)?;
    let leaf = authority.issue(&names.collect::<Vec<_>>(), now, PROCESS_CERTIFICATE_LIFETIME)?;
    state.metrics.certificate_expires("leaf", leaf.certificate().validity().not_after);
    state.metrics.certificate_expires("ca", authority.root().validity().not_after);
    state.resolver.replace(Arc::clone(leaf.certificate()));
    let ca = Root::to_pem_bundle([authority.root()]);
    tracing::info!("made a certificate; its CA is on stdout");
    io::stdout().write_all(ca.as_bytes()).map_err(ServeError::Ca)?;
    if let Some(path) = &args.ca_out {
        fs::write(path, &ca).map_err(ServeError::Ca)?;
    }
    Ok(())
}
