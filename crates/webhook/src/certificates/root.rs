//! A root certificate that clients trust.

use std::time::SystemTime;

use pem::{EncodeConfig, LineEnding, Pem};
use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use x509_parser::parse_x509_certificate;

use super::{Certificate, Validity};

/// The largest number of certificates that are read from a bundle.
const MAX_ROOTS: usize = 100;

/// A root certificate in a `caBundle`: one that rayguard made, or a foreign one.
#[derive(Clone, Debug)]
pub struct Root {
    der: CertificateDer<'static>,
    validity: Validity,
}

impl PartialEq for Root {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Root {}

impl Root {
    /// Parses a certificate in DER. Returns `None` if it is damaged.
    pub fn from_der(der: CertificateDer<'static>) -> Option<Self> {
        let (_, parsed) = parse_x509_certificate(&der).ok()?;
        let validity = Validity::of(&parsed);
        Some(Self { der, validity })
    }

    /// Reads the certificates of a PEM bundle, each once. Damaged ones are skipped.
    pub fn from_pem_bundle(pem: &[u8]) -> Vec<Self> {
        let mut roots = Vec::new();
        for der in CertificateDer::pem_slice_iter(pem).take(MAX_ROOTS).filter_map(Result::ok) {
            if let Some(root) = Self::from_der(der).filter(|root| !roots.contains(root)) {
                roots.push(root);
            }
        }
        roots
    }

    /// Returns a PEM bundle of certificates.
    pub fn to_pem_bundle<'a>(roots: impl IntoIterator<Item = &'a Root>) -> String {
        let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
        roots.into_iter().map(|root| pem::encode_config(&Pem::new("CERTIFICATE", root.der.to_vec()), config)).collect()
    }

    /// Returns the time for which the root is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// Whether the root is valid at a moment.
    pub fn is_valid_at(&self, moment: SystemTime) -> bool {
        self.validity.contains(moment)
    }

    /// Whether a client that trusts this root trusts a certificate, as long as both are valid.
    pub fn verifies(&self, certificate: &Certificate) -> bool {
        let chain = certificate.chain();
        let Some((leaf, intermediates)) = chain.split_first() else { return false };
        let Ok(leaf) = ParsedCertificate::try_from(leaf) else { return false };
        let mut roots = RootCertStore::empty();
        if roots.add(self.der.clone()).is_err() {
            return false;
        }
        let not_before = certificate.validity().not_before;
        let moment = UnixTime::since_unix_epoch(not_before.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
        let algorithms = default_provider().signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&leaf, &roots, intermediates, moment, algorithms).is_ok()
    }

    pub(super) fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }
}
