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
        let key = CertifiedKey::from_der(chain, key, &default_provider())?;
        Ok(Self { key: Arc::new(key), validity })
    }

    /// The certificate, and those between it and its CA.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.key.cert
    }

    /// The certificate and its key as rustls serves them.
    pub fn certified_key(&self) -> &Arc<CertifiedKey> {
        &self.key
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
