//! The TLS configuration of a server, and the certificate that it serves.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::client_cert::ClientCertVerifier;
use crate::certificates::{Certificate, TlsError};

/// The certificate that is served now. A handshake reads it without a lock. Without a certificate every handshake
/// fails.
#[derive(Debug, Default)]
pub struct CertResolver(ArcSwapOption<Certificate>);

impl CertResolver {
    /// Returns the certificate that is served now.
    pub fn current(&self) -> Option<Arc<Certificate>> {
        self.0.load_full()
    }

    /// Serves another certificate in new handshakes.
    pub fn replace(&self, certificate: Arc<Certificate>) {
        self.0.store(Some(certificate));
    }
}

impl ResolvesServerCert for CertResolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.load().as_ref().map(|certificate| Arc::clone(certificate.certified_key()))
    }
}

/// Returns the configuration of a server: TLS 1.2 and 1.3, HTTP/1.1. With client certificates no session is resumed, so
/// every connection is verified.
///
/// # Errors
///
/// Returns [`TlsError::Unusable`] if rustls rejects the configuration.
pub fn config(
    resolver: Arc<CertResolver>,
    verifier: Option<Arc<ClientCertVerifier>>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let builder =
        ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions()?;
    let mut config = match verifier {
        None => builder.with_no_client_auth().with_cert_resolver(resolver),
        Some(verifier) => {
            let mut config = builder.with_client_cert_verifier(verifier).with_cert_resolver(resolver);
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
            config
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
