//! A client that sends exactly the given bytes, so that tests can send malformed requests.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

/// How long a test waits for a response before it fails.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);

/// A keep-alive connection.
pub struct Client<S = StreamOwned<ClientConnection, TcpStream>> {
    pub stream: S,
    unread: Vec<u8>,
}

/// A response of the server.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    /// Returns the `response` of the AdmissionReview in the body.
    pub fn review(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        let review: Value = serde_json::from_str(&self.body).expect("the answer is JSON");
        assert_eq!(review["apiVersion"], "admission.k8s.io/v1");
        assert_eq!(review["kind"], "AdmissionReview");
        review["response"].clone()
    }

    pub fn closes(&self) -> bool {
        self.head.contains("\r\nconnection: close\r\n")
    }
}

/// Returns a client configuration that trusts only this CA.
pub fn trusting(ca: &str) -> Arc<ClientConfig> {
    assert_eq!(ca.matches("BEGIN CERTIFICATE").count(), 1, "one CA");
    trusting_all(ca)
}

/// Returns a client configuration that trusts each of these CAs.
pub fn trusting_all(cas: &str) -> Arc<ClientConfig> {
    client(cas, None)
}

/// Returns a client configuration that trusts this CA and presents a client certificate, given with its key in PEM.
pub fn trusting_with_certificate(ca: &str, (cert, key): &(String, String)) -> Arc<ClientConfig> {
    let cert = CertificateDer::from_pem_slice(cert.as_bytes()).expect("a certificate in PEM");
    client(ca, Some((cert, PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key in PEM"))))
}

fn client(cas: &str, own: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for ca in CertificateDer::pem_slice_iter(cas.as_bytes()) {
        roots.add(ca.expect("the CA is PEM")).expect("the CA is a certificate");
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("TLS 1.2 and 1.3");
    let builder = builder.with_root_certificates(roots);
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some((cert, key)) => builder.with_client_auth_cert(vec![cert], key).expect("the key is the certificate's"),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

pub fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(RESPONSE_TIMEOUT)).expect("a time limit");
    stream.set_write_timeout(Some(RESPONSE_TIMEOUT)).expect("a time limit");
    // Head and body are sent separately; without this, the body would wait for the acknowledgement of the head.
    stream.set_nodelay(true).expect("it may be set");
    stream
}

impl Client {
    /// Connects and completes the TLS handshake for the name `localhost`.
    ///
    /// # Errors
    ///
    /// Returns an error if the handshake fails.
    pub fn connect(address: SocketAddr, config: &Arc<ClientConfig>) -> io::Result<Self> {
        Self::connect_by_name(address, config, "localhost")
    }

    /// Connects and expects a certificate for this name.
    ///
    /// # Errors
    ///
    /// Returns an error if the handshake fails.
    pub fn connect_by_name(address: SocketAddr, config: &Arc<ClientConfig>, name: &str) -> io::Result<Self> {
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let tls = ClientConnection::new(Arc::clone(config), name).expect("a configuration");
        let mut client = Client { stream: StreamOwned::new(tls, tcp(address)), unread: Vec::new() };
        while client.stream.conn.is_handshaking() {
            client.stream.conn.complete_io(&mut client.stream.sock)?;
        }
        Ok(client)
    }

    /// Returns the server's certificate in DER.
    pub fn server_certificate(&self) -> Vec<u8> {
        self.stream.conn.peer_certificates().expect("certificates")[0].to_vec()
    }
}

impl Client<TcpStream> {
    /// Connects without TLS.
    pub fn plain(address: SocketAddr) -> Self {
        Client { stream: tcp(address), unread: Vec::new() }
    }
}

impl<S: Read + Write> Client<S> {
    /// Sends bytes to the server.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection cannot be written.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// Reads one response: the head, then the body by its `Content-Length`.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection ends or times out before the response is complete.
    pub fn receive(&mut self) -> io::Result<Response> {
        let head = loop {
            if let Some(end) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                let head: Vec<u8> = self.unread.drain(..end + 4).collect();
                break String::from_utf8(head).expect("the head is text").to_ascii_lowercase();
            }
            self.read_more()?;
        };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        let length: usize = length.parse().expect("the length is a number");
        while self.unread.len() < length {
            self.read_more()?;
        }
        let body = String::from_utf8(self.unread.drain(..length).collect()).expect("the body is text");
        let status = head[9..12].parse().expect("the status is a number");
        Ok(Response { status, head, body })
    }

    fn read_more(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.unread.extend_from_slice(&buffer[..read]);
                Ok(())
            }
        }
    }

    pub fn get(&mut self, path: &str) -> Response {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).expect("sent");
        self.receive().expect("an answer")
    }

    pub fn post(&mut self, path: &str, body: &[u8]) -> Response {
        self.send(&head("POST", path, "application/json", body.len())).expect("sent");
        self.send(body).expect("sent");
        self.receive().expect("an answer")
    }

    /// Returns whether the server closes the connection, after any data that it still sends.
    pub fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => true,
            Err(error) => !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut),
        }
    }
}

/// Returns the head of a request.
pub fn head(method: &str, path: &str, content_type: &str, length: usize) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    )
    .into_bytes()
}
