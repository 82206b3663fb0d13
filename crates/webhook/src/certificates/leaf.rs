//! The certificate that the server serves, with its key, as text.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::ParsedCertificate;

use super::{Certificate, Root, TlsError};

/// A certificate and its private key as PEM and as rustls uses them.
#[derive(Clone)]
pub struct Leaf {
    cert: String,
    key: String,
    certificate: Arc<Certificate>,
}

impl fmt::Debug for Leaf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key must not be printed.
        formatter.debug_struct("Leaf").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

impl Leaf {
    /// Parses a certificate with its intermediates and its private key, both as PEM.
    ///
    /// # Errors
    ///
    /// Returns an error if one of them cannot be parsed, or if the key does not belong to the certificate.
    pub fn new(cert: String, key: String) -> Result<Self, TlsError> {
        let certificate = Arc::new(Certificate::from_pem(cert.as_bytes(), key.as_bytes())?);
        Ok(Self { cert, key, certificate })
    }

    /// Returns the certificate with its intermediates as PEM.
    pub fn cert_pem(&self) -> &str {
        &self.cert
    }

    /// Returns the private key as PEM.
    pub fn key_pem(&self) -> &str {
        &self.key
    }

    /// Returns the certificate that a server can serve.
    pub fn certificate(&self) -> &Arc<Certificate> {
        &self.certificate
    }

    /// Whether a client that trusts these roots accepts the certificate now, under each of the names.
    pub fn is_accepted<'a>(
        &self,
        roots: impl IntoIterator<Item = &'a Root>,
        names: &[String],
        now: SystemTime,
    ) -> bool {
        self.certificate.is_valid_at(now)
            && self.has_names(names)
            && roots.into_iter().any(|root| root.is_valid_at(now) && root.verifies(&self.certificate))
    }

    fn has_names(&self, names: &[String]) -> bool {
        let Some(Ok(leaf)) = self.certificate.chain().first().map(ParsedCertificate::try_from) else { return false };
        names
            .iter()
            .all(|name| ServerName::try_from(name.as_str()).is_ok_and(|name| verify_server_name(&leaf, &name).is_ok()))
    }
}
