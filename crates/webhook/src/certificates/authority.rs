//! A CA that rayguard makes: its certificate and its key.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData as _,
};
use x509_parser::parse_x509_certificate;

use super::{CLOCK_SKEW, Leaf, Root, TlsError};

/// The common name of every CA. The key identifiers differ.
const COMMON_NAME: &str = "rayguard CA";

/// A CA that can issue certificates.
#[derive(Debug)]
pub struct CertificateAuthority {
    root: Root,
    key: KeyPair,
}

impl CertificateAuthority {
    /// Makes a CA that is valid for `lifetime`.
    ///
    /// # Errors
    ///
    /// Returns [`TlsError::Make`] if the key or the certificate cannot be made.
    pub fn new(now: SystemTime, lifetime: Duration) -> Result<Self, TlsError> {
        let key = KeyPair::generate()?;
        let mut params = params();
        (params.not_before, params.not_after) = ((now - CLOCK_SKEW).into(), (now + lifetime).into());
        let certificate = params.self_signed(&key)?;
        let root = Root::from_der(certificate.der().clone()).ok_or(TlsError::Damaged)?;
        Ok(Self { root, key })
    }

    /// Combines the certificate and the private key (PEM) of a CA that [`CertificateAuthority::new`] has made. Returns
    /// `None` for any other CA: its subject and constraints are not known, so it cannot be used to sign.
    pub fn from_parts(root: Root, key: &[u8]) -> Option<Self> {
        let key = KeyPair::from_pem(str::from_utf8(key).ok()?).ok()?;
        is_made_here(&root, &key).then_some(Self { root, key })
    }

    /// Returns the CA's certificate.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Returns the CA's private key as PEM.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// Issues a certificate for DNS names and IP addresses. It expires after `lifetime`, or with the CA if that is
    /// earlier.
    ///
    /// # Errors
    ///
    /// Returns [`TlsError::Make`] if a name is invalid or the certificate cannot be made.
    pub fn issue(&self, names: &[String], now: SystemTime, lifetime: Duration) -> Result<Leaf, TlsError> {
        let not_after = (now + lifetime).min(self.root.validity().not_after);
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "rayguard");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = ((now - CLOCK_SKEW).into(), not_after.into());
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &Issuer::new(self::params(), &self.key))?;
        Leaf::new(certificate.pem(), key.serialize_pem())
    }
}

fn is_made_here(root: &Root, key: &KeyPair) -> bool {
    let Ok((_, certificate)) = parse_x509_certificate(root.der()) else { return false };
    let subject = certificate.subject();
    certificate.is_ca()
        && certificate.public_key().raw == key.subject_public_key_info()
        && subject.iter_attributes().count() == 1
        && subject.iter_common_name().all(|name| name.as_str() == Ok(COMMON_NAME))
}

fn params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, COMMON_NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}
