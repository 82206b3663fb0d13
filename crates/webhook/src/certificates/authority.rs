//! A CA of rayguard's own: its certificate and its key.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData as _,
};
use x509_parser::parse_x509_certificate;

use super::{Leaf, Root, SKEW, TlsError};

/// The subject of every CA. They are told apart by their keys' identifiers.
const NAME: &str = "rayguard CA";

/// A CA that can issue certificates.
#[derive(Debug)]
pub struct Authority {
    root: Root,
    key: KeyPair,
}

impl Authority {
    /// Makes a CA.
    pub fn new(now: SystemTime, life: Duration) -> Result<Self, TlsError> {
        let key = KeyPair::generate()?;
        let mut params = params();
        (params.not_before, params.not_after) = ((now - SKEW).into(), (now + life).into());
        let certificate = params.self_signed(&key)?;
        let root = Root::from_der(certificate.der().clone()).ok_or(TlsError::Damaged)?;
        Ok(Self { root, key })
    }

    /// Takes the certificate and the key of a CA that was made by [`Authority::new`]. Any other cannot be used to sign:
    /// what it is called and may do is not known here.
    pub fn read(root: Root, key: &[u8]) -> Option<Self> {
        let key = KeyPair::from_pem(str::from_utf8(key).ok()?).ok()?;
        is_ours(&root, &key).then_some(Self { root, key })
    }

    /// The certificate that vouches for those that it issues.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Its private key, in PEM.
    pub fn key(&self) -> String {
        self.key.serialize_pem()
    }

    /// Issues a certificate for these DNS names and IP addresses. None outlives its CA.
    pub fn issue(&self, names: &[String], now: SystemTime, life: Duration) -> Result<Leaf, TlsError> {
        let not_after = (now + life).min(self.root.validity().not_after);
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "rayguard");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = ((now - SKEW).into(), not_after.into());
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &Issuer::new(self::params(), &self.key))?;
        Leaf::new(certificate.pem(), key.serialize_pem())
    }
}

fn is_ours(root: &Root, key: &KeyPair) -> bool {
    let Ok((_, certificate)) = parse_x509_certificate(root.der()) else { return false };
    let subject = certificate.subject();
    certificate.is_ca()
        && certificate.public_key().raw == key.subject_public_key_info()
        && subject.iter_attributes().count() == 1
        && subject.iter_common_name().all(|name| name.as_str() == Ok(NAME))
}

fn params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}
