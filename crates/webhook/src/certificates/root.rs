//! A certificate that others are trusted for.

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

/// Nobody needs that many roots; what comes after them is not read.
const MOST: usize = 100;

/// A certificate in a `caBundle`: one of ours, or one of another issuer's.
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
    /// The certificate in DER, if it is one.
    pub fn from_der(der: CertificateDer<'static>) -> Option<Self> {
        let (_, parsed) = parse_x509_certificate(&der).ok()?;
        let validity = Validity::of(&parsed);
        Some(Self { der, validity })
    }

    /// All that can be read of several in PEM, each once; what is damaged passes by.
    pub fn read_all(pem: &[u8]) -> Vec<Self> {
        let mut roots = Vec::new();
        for der in CertificateDer::pem_slice_iter(pem).take(MOST).filter_map(Result::ok) {
            if let Some(root) = Self::from_der(der).filter(|root| !roots.contains(root)) {
                roots.push(root);
            }
        }
        roots
    }

    /// Several in PEM.
    pub fn write_all<'a>(roots: impl IntoIterator<Item = &'a Root>) -> String {
        let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
        roots.into_iter().map(|root| pem::encode_config(&Pem::new("CERTIFICATE", root.der.to_vec()), config)).collect()
    }

    /// When it is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// Whether it is valid at a moment.
    pub fn is_valid_at(&self, moment: SystemTime) -> bool {
        self.validity.contains(moment)
    }

    /// Whether a client that trusts it trusts this certificate, as long as both are valid.
    pub fn vouches_for(&self, certificate: &Certificate) -> bool {
        let chain = certificate.chain();
        let Some((leaf, between)) = chain.split_first() else { return false };
        let Ok(leaf) = ParsedCertificate::try_from(leaf) else { return false };
        let mut roots = RootCertStore::empty();
        if roots.add(self.der.clone()).is_err() {
            return false;
        }
        let begin = certificate.validity().not_before;
        let moment = UnixTime::since_unix_epoch(begin.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default());
        let algorithms = default_provider().signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&leaf, &roots, between, moment, algorithms).is_ok()
    }

    pub(super) fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }
}
