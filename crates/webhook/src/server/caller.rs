//! Who may call: whoever has a certificate of a CA that is named, and one of its names.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use super::reload::{Reload, read};
use crate::certificates::TlsError;
use crate::metrics::Metrics;

/// Asks each client for a certificate, and refuses the handshake of whoever has none that is right.
#[derive(Debug)]
pub struct Callers {
    file: PathBuf,
    names: Vec<String>,
    verifier: ArcSwap<Arc<dyn ClientCertVerifier>>,
}

impl Callers {
    /// Takes the CA, or several while one takes the place of another, from a file in PEM. Without names, each certificate
    /// of the CA will do.
    pub fn read(file: &Path, names: &[String]) -> Result<(Arc<Self>, Vec<u8>), TlsError> {
        let pem = read(file)?;
        let verifier = ArcSwap::from_pointee(verifier(file, &pem)?);
        Ok((Arc::new(Self { file: file.to_owned(), names: names.to_vec(), verifier }), pem))
    }

    /// Looks at the file again and again, and goes by what has changed in it. What is no CA leaves the old one in place.
    /// Connections that are there already stay.
    pub async fn follow(&self, last: Vec<u8>, every: Duration, metrics: &Metrics) -> Infallible {
        let file = self.file.clone();
        let take_up = |pem: &Vec<u8>| {
            self.verifier.store(Arc::new(verifier(&self.file, pem)?));
            Ok(())
        };
        Reload { what: "client CA", every, metrics }.follow(last, move || read(&file), take_up).await
    }

    fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::clone(&self.verifier.load())
    }

    fn knows(&self, certificate: &X509Certificate<'_>) -> bool {
        let is_known = |name: &str| self.names.iter().any(|known| known == name);
        let mut common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
        let alternative = certificate.subject_alternative_name().ok().flatten();
        let mut alternative = alternative.iter().flat_map(|names| &names.value.general_names);
        self.names.is_empty()
            || common.any(is_known)
            || alternative.any(|name| matches!(name, GeneralName::DNSName(name) if is_known(name)))
    }
}

fn verifier(file: &Path, pem: &[u8]) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let unusable = || TlsError::ClientCa { path: file.to_owned() };
    let mut roots = RootCertStore::empty();
    for ca in CertificateDer::pem_slice_iter(pem) {
        roots.add(ca.map_err(|_| unusable())?).map_err(|_| unusable())?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()))
        .build()
        .map_err(|_| unusable())
}

impl ClientCertVerifier for Callers {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // Whoever has a certificate is to show it: a client that finds none of the CA that is named would show none, and
        // the log of neither side would say why.
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.verifier().verify_client_cert(end_entity, intermediates, now)?;
        let (_, certificate) = parse_x509_certificate(end_entity).map_err(|_| CertificateError::BadEncoding)?;
        if self.knows(&certificate) {
            Ok(verified)
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier().verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier().verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier().supported_verify_schemes()
    }
}
