//! The real binary, over real sockets.

#[cfg(feature = "server")]
mod client;
#[cfg(feature = "server")]
mod limits;
#[cfg(feature = "server")]
mod malformed;
#[cfg(feature = "server")]
mod process;
#[cfg(feature = "server")]
mod review;
#[cfg(feature = "server")]
mod shutdown;
#[cfg(feature = "server")]
mod tls;
#[cfg(feature = "server")]
mod webhook;
