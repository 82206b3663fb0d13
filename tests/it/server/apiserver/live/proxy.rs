//! A cluster behind a proxy.

use std::fs;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Output;
use std::thread;

use super::{command, stderr};
use crate::server::apiserver::{ApiServer, TOKEN, kubeconfig};
use crate::server::listener::Listener;

/// A name in the API server's certificate that only the proxy can reach.
const NAME: &str = "kubernetes.default.svc";

/// A proxy that connects every client to the API server, whatever name it asks for.
struct Proxy {
    url: String,
    listener: Listener,
}

impl Proxy {
    fn start(server: SocketAddr) -> Self {
        let listener = Listener::start(move |client, _| connect(client, server));
        Self { url: format!("http://{}", listener.address), listener }
    }

    fn requests(&self) -> Vec<String> {
        self.listener.requests()
    }
}

fn connect(mut client: TcpStream, server: SocketAddr) -> io::Result<()> {
    let mut server = TcpStream::connect(server)?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || io::copy(&mut from_client, &mut to_server));
    io::copy(&mut server, &mut client).map(drop)
}

/// Checks the cluster at this address, with these environment variables and no other proxy settings.
fn check(folder: &Path, address: &str, more: &str, variables: &[(&str, &str)]) -> Output {
    let server = ApiServer::shared();
    let text = kubeconfig(address, &server.kube_apiserver.file("apiserver.crt"), TOKEN, "default");
    let file = folder.join("kubeconfig");
    fs::write(&file, text.replace("cluster: {server", &format!("cluster: {{{more} server"))).expect("a file");
    let mut rayguard = command(&file);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        rayguard.env_remove(name).env_remove(name.to_lowercase());
    }
    rayguard.envs(variables.iter().copied()).output().expect("rayguard runs")
}

#[test]
fn proxy_settings_work_as_in_kubectl() {
    let server = ApiServer::shared().address();
    let folder = tempfile::tempdir().expect("a folder");
    let named = format!("{NAME}:443");
    let here = server.to_string();
    let port = server.port();
    let connect = |host: &str| format!("CONNECT {host} HTTP/1.1");
    for name in ["HTTPS_PROXY", "https_proxy"] {
        let proxy = Proxy::start(server);
        let output = check(folder.path(), &named, "", &[(name, &proxy.url), ("NO_PROXY", "127.0.0.1,.example.org")]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        assert!(proxy.requests().contains(&connect(&named)), "{name}: {:?}", proxy.requests());
    }

    // The proxy of the kubeconfig applies to this cluster, and exceptions in the environment do not affect it.
    let proxy = Proxy::start(server);
    let own = format!("proxy-url: '{}',", proxy.url);
    let variables = [("HTTPS_PROXY", "http://127.0.0.1:1"), ("NO_PROXY", "*")];
    let output = check(folder.path(), &format!("{NAME}:{port}"), &own, &variables);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(proxy.requests().contains(&connect(&format!("{NAME}:{port}"))), "{:?}", proxy.requests());

    let proxy = Proxy::start(server);
    for exception in [".svc", "kubernetes.default.svc", "*"] {
        let output = check(folder.path(), &named, "", &[("HTTPS_PROXY", &proxy.url), ("NO_PROXY", exception)]);
        assert_eq!(output.status.code(), Some(2), "only the proxy can reach {NAME}");
    }
    let output = check(folder.path(), &here, "", &[("HTTPS_PROXY", &proxy.url)]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(proxy.requests().is_empty(), "{:?}", proxy.requests());
}
