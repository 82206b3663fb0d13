//! What `rayguard serve` can be told.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, ValueEnum};
use tracing_subscriber::filter::LevelFilter;

use rayguard_policy::cluster_context::SecretScope;
use rayguard_policy::go;
use rayguard_webhook::log::LogFormat;

/// Serve the admission webhooks over HTTPS: POST /mutate and /validate
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("trusted").args(["certificate_secret", "tls_ca"]))]
pub(crate) struct ServeArgs {
    /// Where the webhooks listen
    #[arg(long, env = "RAYGUARD_LISTEN", value_name = "ADDRESS", default_value = "[::]:9443")]
    pub(crate) listen: SocketAddr,

    /// Where /livez, /readyz and /metrics listen, in plain HTTP
    #[arg(long, env = "RAYGUARD_ADMIN_LISTEN", value_name = "ADDRESS", default_value = "[::]:8080")]
    pub(crate) admin_listen: SocketAddr,

    /// The certificate, with those between it and its CA, in PEM; without it rayguard makes its own
    #[arg(long, env = "RAYGUARD_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// The certificate's private key, in PEM
    #[arg(long, env = "RAYGUARD_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,

    /// The CA of the certificate's file, in PEM; rayguard then keeps it in the caBundles itself
    #[arg(long, env = "RAYGUARD_TLS_CA", value_name = "FILE", requires_all = ["tls_cert", "webhook_configuration"])]
    pub(crate) tls_ca: Option<PathBuf>,

    /// How often the files are looked at for a new certificate, or a new CA
    #[arg(long, env = "RAYGUARD_TLS_RELOAD", value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub(crate) tls_reload: Duration,

    /// The CA of the client certificate by which the API server shows who it is, in PEM; nobody else is then answered
    #[arg(long, env = "RAYGUARD_CLIENT_CA", value_name = "FILE")]
    pub(crate) client_ca: Option<PathBuf>,

    /// The common name, or a DNS name, that this client certificate has to have; repeatable, and one of several is
    /// enough
    #[arg(long, env = "RAYGUARD_CLIENT_NAME", value_name = "NAME", value_delimiter = ',', requires = "client_ca")]
    pub(crate) client_name: Vec<String>,

    /// The Secret in which rayguard keeps a CA and certificates of its own making, all replicas the same; it has to be
    /// there, and so has a Lease of this name
    #[arg(
        long,
        env = "RAYGUARD_CERTIFICATE_SECRET",
        value_name = "NAME",
        conflicts_with_all = ["tls_cert", "tls_key", "ca_out"],
        requires_all = ["webhook_configuration", "service"]
    )]
    pub(crate) certificate_secret: Option<String>,

    /// The MutatingWebhookConfiguration and the ValidatingWebhookConfiguration, by the name that both have, whose
    /// caBundles rayguard keeps
    #[arg(long, env = "RAYGUARD_WEBHOOK_CONFIGURATION", value_name = "NAME", requires = "trusted")]
    pub(crate) webhook_configuration: Option<String>,

    /// The Service by which the API server calls the webhooks
    #[arg(long, env = "RAYGUARD_SERVICE", value_name = "NAME", requires = "certificate_secret")]
    pub(crate) service: Option<String>,

    /// The namespace of the Secret, the Leases and the Service, if not that of the service account
    #[arg(long, env = "RAYGUARD_NAMESPACE", value_name = "NAME")]
    pub(crate) namespace: Option<String>,

    /// How long a CA in the Secret is valid; it is renewed after two thirds of that
    #[arg(long, env = "RAYGUARD_CA_LIFETIME", value_name = "DURATION", default_value = "8760h", value_parser = duration)]
    pub(crate) ca_lifetime: Duration,

    /// How long a certificate in the Secret is valid, at most a third of its CA's time; it is renewed after two thirds
    #[arg(
        long,
        env = "RAYGUARD_CERTIFICATE_LIFETIME",
        value_name = "DURATION",
        default_value = "720h",
        value_parser = duration
    )]
    pub(crate) certificate_lifetime: Duration,

    /// How long a new CA has to be in the caBundles before a certificate of it is shown, until every API server has
    /// learnt of it; at most a third of the certificate's time
    #[arg(long, env = "RAYGUARD_CA_SETTLE", value_name = "DURATION", default_value = "2m", value_parser = duration)]
    pub(crate) ca_settle: Duration,

    /// A DNS name or IP address that a certificate of rayguard's own making is valid for, beside the Service, or
    /// localhost and --listen; repeatable
    #[arg(
        long,
        env = "RAYGUARD_TLS_NAME",
        value_name = "NAME",
        value_delimiter = ',',
        conflicts_with_all = ["tls_cert", "tls_key"]
    )]
    pub(crate) tls_name: Vec<String>,

    /// Where to write the CA of a self-made certificate, beside stdout
    #[arg(long, env = "RAYGUARD_CA_OUT", value_name = "FILE", conflicts_with_all = ["tls_cert", "tls_key"])]
    pub(crate) ca_out: Option<PathBuf>,

    /// Judge what is stored in the cluster, at the start and from time to time, in the one replica that holds this
    /// Lease; nothing that is judged is changed
    #[arg(long, env = "RAYGUARD_AUDIT_LEASE", value_name = "NAME")]
    pub(crate) audit_lease: Option<String>,

    /// The pause between two such audits
    #[arg(long, env = "RAYGUARD_AUDIT_INTERVAL", value_name = "DURATION", default_value = "10m", value_parser = duration)]
    pub(crate) audit_interval: Duration,

    /// Write what the audit finds into PolicyReports too, where their CRD is installed (wgpolicyk8s.io/v1alpha2)
    #[arg(long, env = "RAYGUARD_POLICY_REPORTS", requires_if("true", "audit_lease"))]
    pub(crate) policy_reports: bool,

    /// The policy file
    #[arg(long, env = "RAYGUARD_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Watch the RayClusters of all namespaces, so that rules can compare an object with them; nothing is refused while
    /// they are not all known
    #[arg(long, env = "RAYGUARD_WATCH_CLUSTERS")]
    pub(crate) watch_clusters: bool,

    /// Watch the Secrets of a namespace, or one of them, so that a rule can tell which keys there are; of the values
    /// nothing is kept; repeatable
    #[arg(long, env = "RAYGUARD_WATCH_SECRETS", value_name = "NAMESPACE[/NAME]", value_delimiter = ',')]
    pub(crate) watch_secrets: Vec<SecretScope>,

    /// How long to go on serving after SIGTERM, until every API server has learnt of it
    #[arg(long, env = "RAYGUARD_DRAIN_DELAY", value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub(crate) drain_delay: Duration,

    /// How long a call that is under way may then still take
    #[arg(long, env = "RAYGUARD_DRAIN_TIMEOUT", value_name = "DURATION", default_value = "15s", value_parser = duration)]
    pub(crate) drain_timeout: Duration,

    /// How the log looks
    #[arg(long, env = "RAYGUARD_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value = "text")]
    pub(crate) log_format: LogFormatArg,

    /// How much is logged: off, error, warn, info, debug or trace
    #[arg(long, env = "RAYGUARD_LOG", value_name = "LEVEL", default_value = "info")]
    pub(crate) log_level: LevelFilter,
}

/// The values of `--log-format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormatArg {
    /// For people
    Text,
    /// For machines, one object a line
    Json,
}

impl From<LogFormatArg> for LogFormat {
    fn from(format: LogFormatArg) -> Self {
        match format {
            LogFormatArg::Text => Self::Text,
            LogFormatArg::Json => Self::Json,
        }
    }
}

/// Parses a duration in Go's syntax, as Kubernetes does: `250ms`, `10s`, `2m`, `1h30m`, `720h`.
///
/// # Errors
///
/// Returns a message if the text is not a duration, or if the duration is negative, has a fraction, or is not a whole
/// number of milliseconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let nanoseconds = go::duration::parse(text)
        .ok_or("write a number and a unit: 250ms, 10s, 2m, 720h; the longest duration is 2562047h")?;
    if text.starts_with('-') {
        return Err("a duration cannot be negative".to_owned());
    }
    if text.contains('.') {
        return Err("write whole numbers: 1500ms in place of 1.5s".to_owned());
    }
    let duration = Duration::from_nanos(nanoseconds.unsigned_abs());
    if duration.subsec_nanos() % 1_000_000 != 0 {
        return Err("the smallest unit is ms".to_owned());
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_needs_a_number_and_a_unit() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        assert_eq!(duration("720h"), Ok(Duration::from_hours(720)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_mins(90)));
        for text in [
            "",
            "10",
            "s",
            "-1s",
            "1.5s",
            "1d",
            "18446744073709551615h",
            "99999999999999999999s",
            "18446744073709551615m",
            "1s ",
            "100us",
            "2562048h",
        ] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }
}
