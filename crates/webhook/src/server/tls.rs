//! The certificate that the server shows, and how it follows its files.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::caller::Callers;
use super::reload::{Reload, read};
use crate::certificates::{Certificate, Leaf, TlsError};
use crate::metrics::Metrics;

/// Gives each handshake the certificate of the moment: a read of a pointer, no lock. As long as there is none, no
/// handshake succeeds.
#[derive(Debug, Default)]
pub struct CertResolver(ArcSwapOption<Certificate>);

impl CertResolver {
    /// The certificate of the moment.
    pub fn current(&self) -> Option<Arc<Certificate>> {
        self.0.load_full()
    }

    /// Shows another certificate from now on.
    pub fn replace(&self, certificate: Arc<Certificate>) {
        self.0.store(Some(certificate));
    }
}

impl ResolvesServerCert for CertResolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.load().as_ref().map(|certificate| Arc::clone(certificate.certified_key()))
    }
}

/// The configuration of a server: TLS 1.2 and 1.3, HTTP/1.1. Where it matters who calls, each connection is checked anew:
/// no session is resumed.
pub fn config(resolver: Arc<CertResolver>, callers: Option<Arc<Callers>>) -> Result<Arc<ServerConfig>, TlsError> {
    let builder =
        ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions()?;
    let mut config = match callers {
        None => builder.with_no_client_auth().with_cert_resolver(resolver),
        Some(callers) => {
            let mut config = builder.with_client_cert_verifier(callers).with_cert_resolver(resolver);
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
            config
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The files of a certificate and its key.
#[derive(Clone, Debug)]
pub struct CertFiles {
    /// The certificate, with those between it and its CA
    pub cert: PathBuf,
    /// Its private key
    pub key: PathBuf,
}

impl CertFiles {
    /// Reads both.
    pub fn read(&self) -> Result<Pem, TlsError> {
        Ok(Pem { cert: read(&self.cert)?, key: read(&self.key)? })
    }

    /// Looks at the files again and again, and shows the certificate that they have come to hold. What is no pair, as when
    /// only one file has been written yet, leaves the old one in place.
    pub async fn follow(&self, last: Pem, every: Duration, resolver: &CertResolver, metrics: &Metrics) -> Infallible {
        let files = self.clone();
        let take_up = |pem: &Pem| {
            let certificate = pem.certificate()?;
            metrics.certificate_expires("leaf", certificate.validity().not_after);
            resolver.replace(Arc::new(certificate));
            Ok(())
        };
        Reload { what: "certificate", every, metrics }.follow(last, move || files.read(), take_up).await
    }
}

/// The content of the two files.
#[derive(PartialEq, Eq)]
pub struct Pem {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl Pem {
    /// The certificate that they hold, and its key, as text.
    pub fn leaf(&self) -> Result<Leaf, TlsError> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Leaf::new(text(&self.cert), text(&self.key))
    }

    /// The certificate that they hold.
    pub fn certificate(&self) -> Result<Certificate, TlsError> {
        Certificate::from_pem(&self.cert, &self.key)
    }
}
