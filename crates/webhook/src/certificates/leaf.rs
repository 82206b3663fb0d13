//! The certificate that the server shows, with its key, as a Secret holds them.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::ParsedCertificate;

use super::{Certificate, Root, TlsError};

/// A certificate and its key, which belong together.
#[derive(Clone)]
pub struct Leaf {
    cert: String,
    key: String,
    certificate: Arc<Certificate>,
}

impl fmt::Debug for Leaf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the key.
        formatter.debug_struct("Leaf").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

impl Leaf {
    /// Takes a certificate, with those between it and its CA, and its private key, both in PEM.
    pub fn new(cert: String, key: String) -> Result<Self, TlsError> {
        let certificate = Arc::new(Certificate::from_pem(cert.as_bytes(), key.as_bytes())?);
        Ok(Self { cert, key, certificate })
    }

    /// The certificate, in PEM.
    pub fn cert(&self) -> &str {
        &self.cert
    }

    /// Its private key, in PEM.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What a server can show.
    pub fn certificate(&self) -> &Arc<Certificate> {
        &self.certificate
    }

    /// Whether a client that trusts these roots accepts it now, under each of these names.
    pub fn is_good<'a>(&self, roots: impl IntoIterator<Item = &'a Root>, names: &[String], now: SystemTime) -> bool {
        self.certificate.is_valid_at(now)
            && self.is_for(names)
            && roots.into_iter().any(|root| root.is_valid_at(now) && root.vouches_for(&self.certificate))
    }

    fn is_for(&self, names: &[String]) -> bool {
        let Some(Ok(leaf)) = self.certificate.chain().first().map(ParsedCertificate::try_from) else { return false };
        names
            .iter()
            .all(|name| ServerName::try_from(name.as_str()).is_ok_and(|name| verify_server_name(&leaf, &name).is_ok()))
    }
}
