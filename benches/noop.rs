//! The minimum that a webhook on rayguard's stack can cost: the same axum, hyper, rustls and tokio, without limits,
//! logs or metrics. It reads the body, and allows every request. `benches/compare` and `benches/apiserver` compare rayguard with
//! it.
//!
//!     noop ADDRESS CERTIFICATE KEY

#![allow(clippy::disallowed_methods, reason = "it has no limits, so nothing tracks its connections")]

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tower::Service as _;

/// Returns the answer to a review. kube-apiserver writes the identifier of the request before its objects.
fn allow(review: &[u8]) -> String {
    const UID: &[u8] = br#""uid":""#;
    let start =
        review.windows(UID.len()).position(|window| window == UID).map_or(review.len(), |start| start + UID.len());
    let uid = review[start..].split(|&byte| byte == b'"').next().unwrap_or_default();
    let uid = String::from_utf8_lossy(uid);
    format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{{"uid":"{uid}","allowed":true}}}}"#
    )
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [address, certificate, key] = &arguments[..] else { return Err("noop ADDRESS CERTIFICATE KEY".into()) };
    let certificate = CertificateDer::from_pem_file(certificate)?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?.with_no_client_auth();
    let mut config = builder.with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));

    let answer = |body: Bytes| async move { ([(CONTENT_TYPE, "application/json")], allow(&body)) };
    let router = Router::new().route("/", post(answer)).layer(DefaultBodyLimit::disable());
    let listener = TcpListener::bind(address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let (acceptor, router) = (acceptor.clone(), router.clone());
        tokio::spawn(async move {
            stream.set_nodelay(true)?;
            let stream = TokioIo::new(acceptor.accept(stream).await?);
            let service = service_fn(|request| {
                let answer = router.clone().call(request);
                async { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
            });
            let served = http1::Builder::new().serve_connection(stream, service).await;
            served.map_err(std::io::Error::other)
        });
    }
}
