//! The certificate that the server shows, and how it follows its files.

use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwapOption;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use x509_parser::certificate::X509Certificate;
use x509_parser::parse_x509_certificate;
use x509_parser::time::ASN1Time;

use super::caller::Callers;
use super::reload::{Reload, read};
use crate::certificates::Leaf;
use crate::metrics::Metrics;

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file
        path: PathBuf,
        /// Why
        source: io::Error,
    },
    /// There is no certificate in the certificate's file.
    #[error("no certificate in PEM where one is expected")]
    NoCertificate,
    /// There is no private key in the key's file.
    #[error("no private key in PEM where one is expected")]
    NoKey,
    /// There is no CA in the file of the clients' CA.
    #[error("no CA in PEM in {}", path.display())]
    ClientCa {
        /// The file
        path: PathBuf,
    },
    /// The certificate is not one.
    #[error("the certificate is damaged")]
    Damaged,
    /// The two do not belong together, or cannot be used.
    #[error("the certificate and its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// A certificate cannot be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
}

/// The time for which a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// When it begins to be valid
    pub not_before: SystemTime,
    /// When it ends to be valid
    pub not_after: SystemTime,
}

impl Validity {
    /// What a certificate says of itself.
    pub fn of(certificate: &X509Certificate<'_>) -> Self {
        let validity = certificate.validity();
        Self { not_before: system_time(validity.not_before), not_after: system_time(validity.not_after) }
    }

    /// Whether a moment lies in it.
    pub fn contains(self, moment: SystemTime) -> bool {
        (self.not_before..=self.not_after).contains(&moment)
    }
}

/// A certificate with its key, checked against each other.
#[derive(Debug)]
pub struct Certificate {
    key: Arc<CertifiedKey>,
    validity: Validity,
}

impl Certificate {
    /// Takes a certificate, with those between it and its CA, and its private key, both in PEM.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| TlsError::NoCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
        Self::new(chain, key)
    }

    /// Takes a certificate, with those between it and its CA, and its private key.
    pub fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, TlsError> {
        let leaf = chain.first().ok_or(TlsError::NoCertificate)?;
        let (_, parsed) = parse_x509_certificate(leaf).map_err(|_| TlsError::Damaged)?;
        let validity = Validity::of(&parsed);
        let key = CertifiedKey::from_der(chain, key, &provider())?;
        Ok(Self { key: Arc::new(key), validity })
    }

    /// The certificate, and those between it and its CA.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.key.cert
    }

    /// When it is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// Whether it is valid at a moment.
    pub fn is_valid_at(&self, moment: SystemTime) -> bool {
        self.validity.contains(moment)
    }
}

fn system_time(time: ASN1Time) -> SystemTime {
    let seconds = Duration::from_secs(time.timestamp().unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    if time.timestamp() < 0 { epoch - seconds } else { epoch + seconds }
}

pub(super) fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}

/// Gives each handshake the certificate of the moment: a read of a pointer, no lock. As long as there is none, no
/// handshake succeeds.
#[derive(Debug, Default)]
pub struct CertResolver(ArcSwapOption<Certificate>);

impl CertResolver {
    /// The certificate of the moment.
    pub fn current(&self) -> Option<Arc<Certificate>> {
        self.0.load_full()
    }

    /// Shows another certificate from now on.
    pub fn replace(&self, certificate: Arc<Certificate>) {
        self.0.store(Some(certificate));
    }
}

impl ResolvesServerCert for CertResolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.load().as_ref().map(|certificate| Arc::clone(&certificate.key))
    }
}

/// The configuration of a server: TLS 1.2 and 1.3, HTTP/1.1. Where it matters who calls, each connection is checked anew:
/// no session is resumed.
pub fn config(resolver: Arc<CertResolver>, callers: Option<Arc<Callers>>) -> Result<Arc<ServerConfig>, TlsError> {
    let builder = ServerConfig::builder_with_provider(Arc::new(provider())).with_safe_default_protocol_versions()?;
    let mut config = match callers {
        None => builder.with_no_client_auth().with_cert_resolver(resolver),
        Some(callers) => {
            let mut config = builder.with_client_cert_verifier(callers).with_cert_resolver(resolver);
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
            config
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The files of a certificate and its key.
#[derive(Clone, Debug)]
pub struct CertFiles {
    /// The certificate, with those between it and its CA
    pub cert: PathBuf,
    /// Its private key
    pub key: PathBuf,
}

impl CertFiles {
    /// Reads both.
    pub fn read(&self) -> Result<Pem, TlsError> {
        Ok(Pem { cert: read(&self.cert)?, key: read(&self.key)? })
    }

    /// Looks at the files again and again, and shows the certificate that they have come to hold. What is no pair, as when
    /// only one file has been written yet, leaves the old one in place.
    pub async fn follow(&self, last: Pem, every: Duration, resolver: &CertResolver, metrics: &Metrics) -> Infallible {
        let files = self.clone();
        let take_up = |pem: &Pem| {
            let certificate = pem.certificate()?;
            metrics.certificate_expires("leaf", certificate.validity().not_after);
            resolver.replace(Arc::new(certificate));
            Ok(())
        };
        Reload { what: "certificate", every, metrics }.follow(last, move || files.read(), take_up).await
    }
}

/// The content of the two files.
#[derive(PartialEq, Eq)]
pub struct Pem {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl Pem {
    /// The certificate that they hold, and its key, as text.
    pub fn leaf(&self) -> Result<Leaf, TlsError> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Leaf::new(text(&self.cert), text(&self.key))
    }

    /// The certificate that they hold.
    pub fn certificate(&self) -> Result<Certificate, TlsError> {
        Certificate::from_pem(&self.cert, &self.key)
    }
}
