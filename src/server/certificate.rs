//! A certificate of rayguard's own, for when it is given none.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::tls::{Certificate, TlsError};

/// A year for both: they live as long as the process, which is replaced far more often.
const LIFE: Duration = Duration::from_hours(365 * 24);
/// The clocks of a cluster do not agree to the second.
const SKEW: Duration = Duration::from_hours(1);

/// A certificate and the CA that vouches for it. The CA's key is gone once this is made.
#[derive(Debug)]
pub struct SelfMade {
    /// The certificate to serve with.
    pub certificate: Certificate,
    /// The CA that a client has to trust, in PEM.
    pub ca: String,
    /// When the CA ends to be valid.
    pub ca_not_after: SystemTime,
}

impl SelfMade {
    /// Makes a CA, and a certificate for these DNS names and IP addresses.
    pub fn new(names: impl IntoIterator<Item = String>, now: SystemTime) -> Result<Self, TlsError> {
        let (not_before, not_after) = (now - SKEW, now + LIFE);

        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, "rayguard CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) = (not_before.into(), not_after.into());
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

        let mut params = CertificateParams::new(names.into_iter().collect::<Vec<_>>())?;
        params.distinguished_name.push(DnType::CommonName, "rayguard");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = (not_before.into(), not_after.into());
        let key = KeyPair::generate()?;
        let leaf = params.signed_by(&key, &ca)?;

        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let certificate = Certificate::new(vec![leaf.der().clone()], key)?;
        Ok(Self { certificate, ca: ca.pem(), ca_not_after: not_after })
    }
}
