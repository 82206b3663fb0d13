//! The verification of client certificates.

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
use rustls::server::danger::{self, ClientCertVerified};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use super::reload::{FileReloader, read_file};
use crate::certificates::TlsError;
use crate::metrics::Metrics;

/// Requires a client certificate of a certain CA, and optionally with one of certain names.
#[derive(Debug)]
pub struct ClientCertVerifier {
    file: PathBuf,
    names: Vec<String>,
    verifier: ArcSwap<Arc<dyn danger::ClientCertVerifier>>,
}

impl ClientCertVerifier {
    /// Reads the CA from a PEM file, which may hold several during a rotation of the CA. Returns the verifier and the
    /// content of the file. Without names, the verifier accepts each certificate of the CA.
    ///
    /// # Errors
    ///
    /// Returns [`TlsError::Read`] if the file cannot be read, and [`TlsError::ClientCa`] if it holds no CA.
    pub fn read(file: &Path, names: &[String]) -> Result<(Arc<Self>, Vec<u8>), TlsError> {
        let pem = read_file(file)?;
        let verifier = ArcSwap::from_pointee(webpki_verifier(file, &pem)?);
        Ok((Arc::new(Self { file: file.to_owned(), names: names.to_vec(), verifier }), pem))
    }

    /// Reads the file at each interval, and applies the CA in it if it differs from `last`. Content that holds no CA is
    /// not applied. Established connections stay open.
    pub async fn reload_on_change(&self, last: Vec<u8>, interval: Duration, metrics: &Metrics) -> Infallible {
        let file = self.file.clone();
        let apply = |pem: &Vec<u8>| {
            self.verifier.store(Arc::new(webpki_verifier(&self.file, pem)?));
            Ok(())
        };
        FileReloader { what: "client CA", interval, metrics }.run(last, move || read_file(&file), apply).await
    }

    fn verifier(&self) -> Arc<dyn danger::ClientCertVerifier> {
        Arc::clone(&self.verifier.load())
    }

    fn has_allowed_name(&self, certificate: &X509Certificate<'_>) -> bool {
        let is_allowed = |name: &str| self.names.iter().any(|allowed| allowed == name);
        let mut common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
        let alternative = certificate.subject_alternative_name().ok().flatten();
        let mut alternative = alternative.iter().flat_map(|names| &names.value.general_names);
        self.names.is_empty()
            || common.any(is_allowed)
            || alternative.any(|name| matches!(name, GeneralName::DNSName(name) if is_allowed(name)))
    }
}

fn webpki_verifier(file: &Path, pem: &[u8]) -> Result<Arc<dyn danger::ClientCertVerifier>, TlsError> {
    let unusable = || TlsError::ClientCa { path: file.to_owned() };
    let mut roots = RootCertStore::empty();
    for ca in CertificateDer::pem_slice_iter(pem) {
        roots.add(ca.map_err(|_| unusable())?).map_err(|_| unusable())?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()))
        .build()
        .map_err(|_| unusable())
}

impl danger::ClientCertVerifier for ClientCertVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // With a hint, a client that has no certificate of this CA would send none, and neither log would show the
        // cause.
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
        if self.has_allowed_name(&certificate) {
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
