//! The origin of the certificate: the Secret in which rayguard keeps certificates that it makes, or files that another
//! program renews.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use super::secret::{SecretRef, VersionedStore};
use super::state::SharedState;
use crate::certificates::{CertificateConfig, Leaf, RenewalStep, Root, TlsError};
use crate::health::Component;
use crate::kube_api::lease::LeaseLock;
use crate::kube_api::{ApiClient, ApiError};
use crate::server::cert_files::CertFiles;
use crate::server::reload::read_file;

/// How long the Secret must be missing before it is created again. When a release is uninstalled, or gets its
/// certificate from another origin, its RBAC rights are removed with the Secret; a Secret that is created before that
/// would be left behind.
const RECREATE_AFTER: Duration = Duration::from_secs(10);

/// The duration of the Lease, which only matters for a replica that does not release it: a change takes much less than
/// a second.
const LEASE_DURATION: Duration = Duration::from_secs(15);

/// The pause before the next attempt while another replica holds the Lease.
const LEASE_RETRY: Duration = Duration::from_secs(1);

/// The origin of the certificate.
pub enum CertificateSource {
    /// A Secret with certificates that rayguard makes
    Secret(Box<SecretSource>),
    /// Files that another program renews
    Files(FileSource),
}

/// A Secret with certificates that rayguard makes.
pub struct SecretSource {
    secret: SecretRef,
    lease: LeaseLock,
    config: CertificateConfig,
    /// When the Secret was first found missing
    missing_since: Option<Instant>,
    /// Whether this process made a CA that it wrote into the Secret
    created_ca: bool,
}

/// The files of a certificate and of the CA that clients must trust.
pub struct FileSource {
    /// The files of the certificate and its key
    pub files: CertFiles,
    /// The file of the CA
    pub ca: PathBuf,
    /// How often the files are read
    pub interval: Duration,
}

/// The certificates that a source held when it was read.
pub(super) struct SourceContent {
    /// The roots that are valid now
    pub(super) roots: Vec<Root>,
    /// The certificate to serve
    pub(super) leaf: Option<Leaf>,
    store: Option<VersionedStore>,
}

/// A failure that the health tracker has recorded.
pub(super) struct RecordedFailure;

/// Why files cannot be used.
#[derive(Debug, thiserror::Error)]
enum FilesError {
    #[error("no PEM certificate in {}", path.display())]
    NoCa { path: PathBuf },
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl CertificateSource {
    /// Returns the path and the name of the object to watch, if there is one.
    pub(super) fn watched_object(&self) -> Option<(String, String)> {
        match self {
            Self::Secret(source) => Some((source.secret.path.clone(), source.secret.name.clone())),
            Self::Files(_) => None,
        }
    }

    /// Whether this process made the CA. With files the replicas do not differ, so each of them counts.
    pub(super) fn created_ca(&self) -> bool {
        match self {
            Self::Secret(source) => source.created_ca,
            Self::Files(_) => true,
        }
    }

    /// Reads the certificates. Returns `None` after a failure, which is recorded.
    pub(super) async fn read(&mut self, state: &SharedState) -> Option<SourceContent> {
        match self {
            Self::Secret(source) => {
                let read = source.read().await;
                let read = state.health.record(Component::Certificates, &source.secret.name, read)?;
                // The clock is read after the response, which has set it.
                let roots = read.store.roots(state.clock.now());
                if let Some(authority) = read.store.authority() {
                    state.metrics.certificate_expires("ca", authority.root().validity().not_after);
                }
                Some(SourceContent { roots, leaf: read.store.leaf().cloned(), store: Some(read) })
            }
            Self::Files(source) => {
                let (files, ca) = (source.files.clone(), source.ca.clone());
                let object = files.cert.display().to_string();
                // Reading a volume may hang, which must not block requests.
                let read = tokio::task::spawn_blocking(move || read_files(&files, ca)).await.ok()?;
                let (leaf, roots) = state.health.record(Component::Certificates, &object, read)?;
                let now = state.clock.now();
                let not_after = roots.iter().map(|root| root.validity().not_after).max();
                if let Some(not_after) = not_after {
                    state.metrics.certificate_expires("ca", not_after);
                }
                let roots = roots.into_iter().filter(|root| root.is_valid_at(now)).collect();
                Some(SourceContent { roots, leaf: Some(leaf), store: None })
            }
        }
    }

    /// Writes the next step of the renewal into the Secret, if one is due. Returns when the source must be read again,
    /// if that is known.
    pub(super) async fn renew(
        &mut self,
        content: SourceContent,
        is_published: impl Fn(&Root) -> bool,
        now: SystemTime,
        state: &SharedState,
    ) -> Result<Option<Duration>, RecordedFailure> {
        match (self, content.store) {
            (Self::Secret(source), Some(store)) => source.renew(store, is_published, now, state).await,
            (Self::Files(source), _) => Ok(Some(source.interval)),
            (Self::Secret(_), None) => Ok(None),
        }
    }
}

impl SecretSource {
    /// Creates a source from the Secret and the Lease that both have this name.
    pub fn new(client: &ApiClient, namespace: &str, name: &str, config: CertificateConfig) -> Self {
        let secret = SecretRef::new(client.clone(), namespace, name.to_owned());
        let lease = LeaseLock::new(client.clone(), namespace, name.to_owned(), LEASE_DURATION);
        Self { secret, lease, config, missing_since: None, created_ca: false }
    }

    async fn read(&mut self) -> Result<VersionedStore, ApiError> {
        let read = self.secret.read().await;
        if !matches!(read, Err(ApiError::NotFound(_))) {
            self.missing_since = None;
            return read;
        }
        if self.missing_since.get_or_insert_with(Instant::now).elapsed() < RECREATE_AFTER {
            return read;
        }
        self.secret.ensure_exists().await?;
        tracing::info!(secret = self.secret.name, "recreated the Secret, which was missing");
        self.secret.read().await
    }

    async fn renew(
        &mut self,
        current: VersionedStore,
        is_published: impl Fn(&Root) -> bool,
        now: SystemTime,
        state: &SharedState,
    ) -> Result<Option<Duration>, RecordedFailure> {
        let SharedState { health, metrics, .. } = state;
        let object = format!("update of Secret {}", self.secret.name);
        let VersionedStore { resource_version, store } = current;
        let Some(step) = RenewalStep::due(&store, is_published, &self.config, now) else {
            health.ok(Component::Certificates, &object);
            let next = RenewalStep::next_check(&store, &self.config, now);
            return Ok(next.and_then(|next| next.duration_since(now).ok()));
        };
        // If the Lease cannot be acquired, the renewal continues without it: the resource version prevents lost
        // updates.
        let acquired = self.lease.acquire_or_renew(now).await;
        let acquired = health.record(Component::CertificateLease, &self.secret.name, acquired);
        if acquired == Some(false) {
            return Ok(Some(LEASE_RETRY));
        }
        let written = match step.apply(store, &self.config, now) {
            Ok(next) => self.secret.write(&resource_version, &next).await,
            Err(error) => {
                health.failed(Component::Certificates, &object, error);
                return Err(RecordedFailure);
            }
        };
        if acquired == Some(true) {
            health.record(Component::CertificateLease, &self.secret.name, self.lease.release().await);
        }
        match written {
            // Another replica has written the Secret, which must be read again.
            Err(ApiError::Conflict) => Ok(Some(Duration::ZERO)),
            written => {
                health.record(Component::Certificates, &object, written).ok_or(RecordedFailure)?;
                self.created_ca |= step == RenewalStep::NewCa;
                if let Some(role) = renewed_role(step) {
                    metrics.certificate_renewed(role);
                }
                tracing::info!(secret = self.secret.name, "{}", completed(step));
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

fn completed(step: RenewalStep) -> &'static str {
    match step {
        RenewalStep::NewCa => "made a new CA",
        RenewalStep::NewLeaf => "renewed the certificate",
        RenewalStep::DropOldCas => "removed the old CA",
    }
}

fn read_files(files: &CertFiles, ca: PathBuf) -> Result<(Leaf, Vec<Root>), FilesError> {
    let leaf = files.read()?.leaf()?;
    let roots = Root::from_pem_bundle(&read_file(&ca)?);
    if roots.is_empty() { Err(FilesError::NoCa { path: ca }) } else { Ok((leaf, roots)) }
}
