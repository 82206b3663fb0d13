//! Why a certificate cannot be read, used or made.

use std::io;
use std::path::PathBuf;

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file
        path: PathBuf,
        /// Why
        source: io::Error,
    },
    /// There is no certificate in the certificate's file.
    #[error("no certificate in PEM where one is expected")]
    NoCertificate,
    /// There is no private key in the key's file.
    #[error("no private key in PEM where one is expected")]
    NoKey,
    /// There is no CA in the file of the clients' CA.
    #[error("no CA in PEM in {}", path.display())]
    ClientCa {
        /// The file
        path: PathBuf,
    },
    /// The certificate is not one.
    #[error("the certificate is damaged")]
    Damaged,
    /// The two do not belong together, or cannot be used.
    #[error("the certificate and its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// A certificate cannot be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
}
