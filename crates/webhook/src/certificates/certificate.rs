//! A certificate with its private key, and the time for which it is valid.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::certificate::X509Certificate;
use x509_parser::parse_x509_certificate;
use x509_parser::time::ASN1Time;

use super::TlsError;

/// The time for which a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first moment at which the certificate is valid
    pub not_before: SystemTime,
    /// The last moment at which the certificate is valid
    pub not_after: SystemTime,
}

impl Validity {
    /// Returns the validity of a parsed certificate.
    pub fn of(certificate: &X509Certificate<'_>) -> Self {
        let validity = certificate.validity();
        Self { not_before: system_time(validity.not_before), not_after: system_time(validity.not_after) }
    }

    /// Whether the certificate is valid at a moment.
    pub fn contains(self, moment: SystemTime) -> bool {
        (self.not_before..=self.not_after).contains(&moment)
    }
}

/// A certificate with its private key. They belong together.
#[derive(Debug)]
pub struct Certificate {
    key: Arc<CertifiedKey>,
    validity: Validity,
}

impl Certificate {
    /// Parses a certificate with its intermediates and its private key, both as PEM.
    ///
    /// # Errors
    ///
    /// Returns [`TlsError::NoCertificate`] or [`TlsError::NoKey`] if one of them cannot be parsed as PEM,
    /// [`TlsError::Damaged`] if the certificate is not X.509, and [`TlsError::Unusable`] if the key does not belong to
    /// the certificate.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| TlsError::NoCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
        Self::new(chain, key)
    }

    /// Combines a certificate with its intermediates and its private key.
    ///
    /// # Errors
    ///
    /// Returns [`TlsError::NoCertificate`] if the chain is empty, [`TlsError::Damaged`] if the certificate is not
    /// X.509, and [`TlsError::Unusable`] if the key does not belong to the certificate.
    pub fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, TlsError> {
        let leaf = chain.first().ok_or(TlsError::NoCertificate)?;
        let (_, parsed) = parse_x509_certificate(leaf).map_err(|_| TlsError::Damaged)?;
        let validity = Validity::of(&parsed);
        let key = CertifiedKey::from_der(chain, key, &default_provider())?;
        Ok(Self { key: Arc::new(key), validity })
    }

    /// Returns the certificate, followed by its intermediates.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.key.cert
    }

    /// Returns the certificate and its key as rustls uses them.
    pub fn certified_key(&self) -> &Arc<CertifiedKey> {
        &self.key
    }

    /// Returns the time for which the certificate is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// Whether the certificate is valid at a moment.
    pub fn is_valid_at(&self, moment: SystemTime) -> bool {
        self.validity.contains(moment)
    }
}

fn system_time(time: ASN1Time) -> SystemTime {
    let seconds = Duration::from_secs(time.timestamp().unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    if time.timestamp() < 0 { epoch - seconds } else { epoch + seconds }
}
