//! The webhook as it is deployed: the real binary, on ports of its own choice.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::Value;

use super::daemon::Daemon;

const SERVE: [&str; 7] = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log-format", "json"];

/// A running `rayguard serve`.
pub(crate) struct Rayguard {
    daemon: Daemon,
    certificate_authority: String,
    webhook: String,
    admin: String,
}

impl Rayguard {
    /// Starts rayguard with a policy; an empty one is the default policy.
    pub(crate) fn start(policy: &str) -> Self {
        let folder = Daemon::folder("serve");
        let mut arguments = SERVE.map(String::from).to_vec();
        if !policy.is_empty() {
            let file = folder.join("policy.yaml");
            fs::write(&file, format!("apiVersion: rayguard.dev/v1alpha1\nkind: Policy\n{policy}")).expect("a file");
            arguments.extend(["--config".to_owned(), file.display().to_string()]);
        }
        let daemon = Daemon::start(folder, Path::new(env!("CARGO_BIN_EXE_rayguard")), &arguments);
        let certificate_authority = daemon.until("rayguard prints its CA", || {
            Some(daemon.output()).filter(|output| output.ends_with("-----END CERTIFICATE-----\n"))
        });
        let serving = daemon.until("rayguard says where it listens", || event(&daemon.log(), "serving"));
        let address = |server: &str| serving[server].as_str().expect("an address").to_owned();
        let (webhook, admin) = (address("webhooks"), address("admin"));
        Self { daemon, certificate_authority, webhook, admin }
    }

    /// Where the API server reaches the webhook.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.webhook)
    }

    /// The certificate authority that rayguard has made for itself, in PEM.
    pub(crate) fn certificate_authority(&self) -> &str {
        &self.certificate_authority
    }

    /// Asks again and again for something until both webhooks have been called.
    pub(super) fn until_asked(&self, ask: impl Fn()) {
        let count = |webhook: &str| format!("rayguard_admission_duration_seconds_count{{webhook=\"{webhook}\"}}");
        self.daemon.until("kube-apiserver calls rayguard", || {
            ask();
            let metrics = self.page("/metrics");
            ["mutate", "validate"].iter().all(|webhook| metrics.contains(&count(webhook))).then_some(())
        });
    }

    fn page(&self, path: &str) -> String {
        let mut connection = TcpStream::connect(&self.admin).expect("the admin server listens");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.admin);
        connection.write_all(request.as_bytes()).expect("the admin server reads");
        let mut page = String::new();
        connection.read_to_string(&mut page).expect("the admin server answers");
        page
    }
}

/// The first event of a log with this message.
fn event(log: &str, message: &str) -> Option<Value> {
    let mut events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events.find(|event| event["message"] == message)
}
