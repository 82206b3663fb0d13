//! A certificate in files, which is reloaded when they change.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::reload::{FileReloader, read_file};
use super::tls::CertResolver;
use crate::certificates::{Certificate, Leaf, TlsError};
use crate::metrics::Metrics;

/// The files of a certificate and its private key.
#[derive(Clone, Debug)]
pub struct CertFiles {
    /// The certificate with its intermediates, as PEM
    pub cert: PathBuf,
    /// The private key, as PEM
    pub key: PathBuf,
}

impl CertFiles {
    /// Reads both files.
    ///
    /// # Errors
    ///
    /// Returns [`TlsError::Read`] if a file cannot be read.
    pub fn read(&self) -> Result<CertFileContent, TlsError> {
        Ok(CertFileContent { cert: read_file(&self.cert)?, key: read_file(&self.key)? })
    }

    /// Reads the files at each interval, and serves the certificate in them if it differs from `last`. A certificate
    /// and a key that do not belong together are not served, as when only one of the files has been written yet.
    pub async fn reload_on_change(
        &self,
        last: CertFileContent,
        interval: Duration,
        resolver: &CertResolver,
        metrics: &Metrics,
    ) -> Infallible {
        let files = self.clone();
        let apply = |content: &CertFileContent| {
            let certificate = content.certificate()?;
            metrics.certificate_expires("leaf", certificate.validity().not_after);
            resolver.replace(Arc::new(certificate));
            Ok(())
        };
        FileReloader { what: "certificate", interval, metrics }.run(last, move || files.read(), apply).await
    }
}

/// The content of the files of a certificate.
#[derive(PartialEq, Eq)]
pub struct CertFileContent {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl CertFileContent {
    /// Parses the certificate, and keeps its text.
    ///
    /// # Errors
    ///
    /// Returns an error if the certificate or the key cannot be parsed, or if they do not belong together.
    pub fn leaf(&self) -> Result<Leaf, TlsError> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Leaf::new(text(&self.cert), text(&self.key))
    }

    /// Parses the certificate.
    ///
    /// # Errors
    ///
    /// Returns an error if the certificate or the key cannot be parsed, or if they do not belong together.
    pub fn certificate(&self) -> Result<Certificate, TlsError> {
        Certificate::from_pem(&self.cert, &self.key)
    }
}
