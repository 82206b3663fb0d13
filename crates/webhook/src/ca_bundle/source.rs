//! Where certificates come from: the Secret in which rayguard keeps its own, or the files of somebody else's.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use super::secret::{Read, SecretRef};
use super::state::Shared;
use crate::certificates::{CertificateConfig, Leaf, RenewalStep, Root, TlsError};
use crate::health::Component;
use crate::kube_api::lease::LeaseLock;
use crate::kube_api::{ApiClient, ApiError};
use crate::server::reload;
use crate::server::tls::CertFiles;

/// How long the Secret may be gone before it is made anew. Where a release is removed or gets its certificates in another
/// way, the rights go with the Secret, and nothing is left behind.
const ABSENCE: Duration = Duration::from_secs(10);

/// How long the Lease is held by a replica that does not give it back: a change takes well under a second.
const LIFE: Duration = Duration::from_secs(15);

/// Where certificates come from.
pub enum Source {
    /// A Secret, whose content rayguard makes.
    Own(Box<Own>),
    /// Files, that somebody else renews.
    Files(Files),
}

/// A Secret that holds certificates of rayguard's own making.
pub struct Own {
    secret: SecretRef,
    lease: LeaseLock,
    terms: CertificateConfig,
    /// Since when the Secret is gone
    absent: Option<Instant>,
    /// Whether a CA in the Secret was made here
    is_founder: bool,
}

/// A certificate in files, and the CA by which it is to be trusted.
pub struct Files {
    /// The certificate and its key
    pub files: CertFiles,
    /// The CA
    pub ca: PathBuf,
    /// How often they are looked at
    pub every: Duration,
}

/// What a source held when it was read.
pub struct Held {
    /// The roots of ours that are valid now
    pub(super) roots: Vec<Root>,
    /// The certificate to be shown
    pub(super) leaf: Option<Leaf>,
    read: Option<Read>,
}

/// Why files cannot be used.
#[derive(Debug, thiserror::Error)]
enum FilesError {
    #[error("no certificate in PEM in {}", path.display())]
    NoCa { path: PathBuf },
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Own {
    /// The Secret and the Lease that both have this name.
    pub fn new(api: &ApiClient, namespace: &str, name: &str, terms: CertificateConfig) -> Self {
        let secret = SecretRef::new(api.clone(), namespace, name.to_owned());
        let lease = LeaseLock::new(api.clone(), namespace, name.to_owned(), LIFE);
        Self { secret, lease, terms, absent: None, is_founder: false }
    }
}

impl Source {
    /// The object to watch, by its path and its name.
    pub(super) fn watched(&self) -> Option<(String, String)> {
        match self {
            Self::Own(own) => Some((own.secret.path.clone(), own.secret.name.clone())),
            Self::Files(_) => None,
        }
    }

    /// Whether a CA was made here; with files, nobody is more of a founder than others.
    pub(super) fn is_founder(&self) -> bool {
        match self {
            Self::Own(own) => own.is_founder,
            Self::Files(_) => true,
        }
    }

    pub(super) async fn read(&mut self, shared: &Shared) -> Option<Held> {
        match self {
            Self::Own(own) => {
                let read = own.read().await;
                let read = shared.health.record(Component::Certificates, &own.secret.name, read)?;
                // Its answer has set the clock.
                let roots = read.store.roots(shared.clock.now());
                if let Some(authority) = read.store.authority() {
                    shared.metrics.certificate_expires("ca", authority.root().validity().not_after);
                }
                Some(Held { roots, leaf: read.store.leaf().cloned(), read: Some(read) })
            }
            Self::Files(files) => {
                let (paths, ca) = (files.files.clone(), files.ca.clone());
                // A volume may hang; the requests must not.
                let read = tokio::task::spawn_blocking(move || read_files(&paths, ca)).await.ok()?;
                let (leaf, roots) =
                    shared.health.record(Component::Certificates, &files.files.cert.display().to_string(), read)?;
                let now = shared.clock.now();
                let not_after = roots.iter().map(|root| root.validity().not_after).max();
                if let Some(not_after) = not_after {
                    shared.metrics.certificate_expires("ca", not_after);
                }
                let roots = roots.into_iter().filter(|root| root.is_valid_at(now)).collect();
                Some(Held { roots, leaf: Some(leaf), read: None })
            }
        }
    }

    /// Does what is due to the Secret; gives the time until something may be due again, if that is known.
    pub(super) async fn advance(
        &mut self,
        held: Held,
        settled: impl Fn(&Root) -> bool,
        now: SystemTime,
        shared: &Shared,
    ) -> Result<Option<Duration>, ()> {
        match (self, held.read) {
            (Self::Own(own), Some(read)) => own.advance(read, settled, now, shared).await,
            (Self::Files(files), _) => Ok(Some(files.every)),
            (Self::Own(_), None) => Ok(None),
        }
    }
}

impl Own {
    async fn read(&mut self) -> Result<Read, ApiError> {
        let read = self.secret.read().await;
        if !matches!(read, Err(ApiError::NotFound(_))) {
            self.absent = None;
            return read;
        }
        if self.absent.get_or_insert_with(Instant::now).elapsed() < ABSENCE {
            return read;
        }
        self.secret.make().await?;
        tracing::info!(secret = self.secret.name, "made the Secret, which was gone");
        self.secret.read().await
    }

    async fn advance(
        &mut self,
        read: Read,
        settled: impl Fn(&Root) -> bool,
        now: SystemTime,
        shared: &Shared,
    ) -> Result<Option<Duration>, ()> {
        let Shared { health, metrics, .. } = shared;
        let what = format!("update of Secret {}", self.secret.name);
        let Some(step) = RenewalStep::due(&read.store, settled, &self.terms, now) else {
            health.ok(Component::Certificates, &what);
            let next = RenewalStep::next_check(&read.store, &self.terms, now);
            return Ok(next.and_then(|next| next.duration_since(now).ok()));
        };
        // Who fails to take the Lease goes on: the version of the Secret is what decides.
        let taken =
            health.record(Component::CertificateLease, &self.secret.name, self.lease.acquire_or_renew(now).await);
        if taken == Some(false) {
            return Ok(Some(Duration::from_secs(1)));
        }
        let version = read.version().to_owned();
        let written = match step.apply(read.store, &self.terms, now) {
            Ok(next) => self.secret.write(&version, &next).await,
            Err(error) => {
                health.failed(Component::Certificates, &what, error);
                return Err(());
            }
        };
        if taken == Some(true) {
            health.record(Component::CertificateLease, &self.secret.name, self.lease.release().await);
        }
        match written {
            // Another replica was quicker; what it has written is to be read.
            Err(ApiError::Conflict) => Ok(Some(Duration::ZERO)),
            written => {
                health.record(Component::Certificates, &what, written).ok_or(())?;
                self.is_founder |= step == RenewalStep::NewCa;
                if let Some(role) = renewed_role(step) {
                    metrics.certificate_renewed(role);
                }
                tracing::info!(secret = self.secret.name, "{}", done(step));
                Ok(Some(Duration::ZERO))
            }
        }
    }
}

/// The `role` label of the metric that counts renewals.
fn renewed_role(step: RenewalStep) -> Option<&'static str> {
    match step {
        RenewalStep::NewCa => Some("ca"),
        RenewalStep::NewLeaf => Some("leaf"),
        RenewalStep::DropOldCas => None,
    }
}

fn done(step: RenewalStep) -> &'static str {
    match step {
        RenewalStep::NewCa => "made a new CA",
        RenewalStep::NewLeaf => "renewed the certificate",
        RenewalStep::DropOldCas => "dropped the old CA",
    }
}

fn read_files(files: &CertFiles, ca: PathBuf) -> Result<(Leaf, Vec<Root>), FilesError> {
    let leaf = files.read()?.leaf()?;
    let roots = Root::from_pem_bundle(&reload::read(&ca)?);
    if roots.is_empty() { Err(FilesError::NoCa { path: ca }) } else { Ok((leaf, roots)) }
}
