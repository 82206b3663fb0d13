//! Where the certificate comes from: a Secret that rayguard keeps, files, or nowhere.

use std::convert::Infallible;
use std::fs;
use std::future::pending;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{ServeArgs, ServeError};
use rayguard_webhook::ca_bundle::source::{CertificateSource, FileSource, SecretSource};
use rayguard_webhook::ca_bundle::{CaBundleController, SharedState};
use rayguard_webhook::certificates::{CertificateAuthority, CertificateConfig, Root};
use rayguard_webhook::kube_api::ApiClient;
use rayguard_webhook::server::cert_files::{CertFileContent, CertFiles};

/// A certificate that nobody keeps lives as long as the process, which is replaced far more often.
const LIFE: Duration = Duration::from_hours(365 * 24);

/// Nobody needs more, and times beyond the year 9999 cannot be written into a certificate.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

/// The origin of the certificate.
pub(super) enum Origin {
    /// RequestResult for this process alone.
    SelfMade,
    /// Files, whose CA is none of our business.
    Files { files: CertFiles, pem: CertFileContent, every: Duration },
    /// A Secret or files, and the `caBundle`s with them.
    Kept(Box<CaBundleController>),
}

impl Origin {
    /// Finds the certificate to begin with. There may be none yet, where the API server is to be asked for it.
    pub(super) async fn new(args: &ServeArgs, shared: &SharedState) -> Result<Self, ServeError> {
        let every = args.tls_reload;
        if let (Some(secret), Some(service), Some(configuration)) =
            (&args.certificate_secret, &args.service, &args.webhook_configuration)
        {
            let api = ApiClient::new(&shared.clock).await?;
            let namespace = args.namespace.as_deref().unwrap_or(api.namespace()).to_owned();
            let service = format!("{service}.{namespace}.svc");
            let own = SecretSource::new(&api, &namespace, secret, terms(args, service)?);
            let keeper = CaBundleController::new(
                api,
                CertificateSource::Secret(Box::new(own)),
                configuration.clone(),
                args.ca_settle,
                shared.clone(),
            );
            return Ok(Self::Kept(Box::new(keeper)));
        }
        let (Some(cert), Some(key)) = (&args.tls_cert, &args.tls_key) else {
            make(args, shared)?;
            return Ok(Self::SelfMade);
        };
        let files = CertFiles { cert: cert.clone(), key: key.clone() };
        let pem = files.read()?;
        let certificate = pem.certificate()?;
        shared.metrics.certificate_expires("leaf", certificate.validity().not_after);
        shared.resolver.replace(Arc::new(certificate));
        let (Some(ca), Some(configuration)) = (&args.tls_ca, &args.webhook_configuration) else {
            return Ok(Self::Files { files, pem, every });
        };
        let api = ApiClient::new(&shared.clock).await?;
        let files = CertificateSource::Files(FileSource { files, ca: ca.clone(), interval: every });
        let keeper = CaBundleController::new(api, files, configuration.clone(), args.ca_settle, shared.clone());
        Ok(Self::Kept(Box::new(keeper)))
    }

    /// Whether the `caBundle`s are kept too.
    pub(super) fn is_keeper(&self) -> bool {
        matches!(self, Self::Kept(_))
    }

    /// Follows the origin as long as the server lives.
    pub(super) async fn follow(self, shared: &SharedState) -> Infallible {
        match self {
            Self::SelfMade => pending().await,
            Self::Files { files, pem, every } => {
                files.reload_on_change(pem, every, &shared.resolver, &shared.metrics).await
            }
            Self::Kept(keeper) => keeper.run().await,
        }
    }
}

/// What certificates of our own are made for.
fn terms(args: &ServeArgs, service: String) -> Result<CertificateConfig, ServeError> {
    let (ca, leaf, settle) = (args.ca_lifetime, args.certificate_lifetime, args.ca_settle);
    if ca > LONGEST {
        return Err(ServeError::Lifetimes("--ca-lifetime is more than a hundred years (876000h)"));
    }
    // So a certificate outlives the time in which its CA is replaced, and the wait that this takes.
    if leaf > ca / 3 {
        return Err(ServeError::Lifetimes("--certificate-lifetime is more than a third of --ca-lifetime"));
    }
    if settle > leaf / 3 {
        return Err(ServeError::Lifetimes("--ca-settle is more than a third of --certificate-lifetime"));
    }
    let names = [service].into_iter().chain(args.tls_name.iter().cloned()).collect();
    Ok(CertificateConfig { names, ca_lifetime: ca, leaf_lifetime: leaf, settle })
}

/// Makes a certificate for this process alone, and hands over its CA.
fn make(args: &ServeArgs, shared: &SharedState) -> Result<(), ServeError> {
    let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let listen = Some(args.listen.ip()).filter(|ip| !ip.is_unspecified() && !ip.is_loopback());
    let names = own.into_iter().chain(listen.map(|ip| ip.to_string())).chain(args.tls_name.iter().cloned());
    let now = SystemTime::now();
    // The CA's key is gone once this is done.
    let authority = CertificateAuthority::new(now, LIFE)?;
    let leaf = authority.issue(&names.collect::<Vec<_>>(), now, LIFE)?;
    shared.metrics.certificate_expires("leaf", leaf.certificate().validity().not_after);
    shared.metrics.certificate_expires("ca", authority.root().validity().not_after);
    shared.resolver.replace(Arc::clone(leaf.certificate()));
    let ca = Root::to_pem_bundle([authority.root()]);
    tracing::info!("made a certificate; its CA is on stdout");
    io::stdout().write_all(ca.as_bytes()).map_err(ServeError::Ca)?;
    if let Some(path) = &args.ca_out {
        fs::write(path, &ca).map_err(ServeError::Ca)?;
    }
    Ok(())
}
