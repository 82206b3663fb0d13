//! Why a certificate cannot be read, used or made.

use std::io;
use std::path::PathBuf;

/// Why a certificate cannot be read, used or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file
        path: PathBuf,
        /// The error of the operating system
        source: io::Error,
    },
    /// The PEM text holds no certificate.
    #[error("no certificate in the PEM text")]
    NoCertificate,
    /// The PEM text holds no private key.
    #[error("no private key in the PEM text")]
    NoKey,
    /// The file of the client CA holds no CA.
    #[error("no PEM CA certificate in {}", path.display())]
    ClientCa {
        /// The file
        path: PathBuf,
    },
    /// The certificate is not X.509.
    #[error("the certificate is damaged")]
    Damaged,
    /// The certificate and the key do not belong together, or rustls does not support them.
    #[error("the certificate and its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// A key or a certificate cannot be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
}
