//! The flags of `rayguard serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, ValueEnum};
use rayguard_policy::cluster_context::SecretScope;
use rayguard_policy::go;
use rayguard_webhook::log::LogFormat;
use tracing_subscriber::filter::LevelFilter;

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

    /// The certificate with its intermediates, in PEM; without it rayguard makes a certificate
    #[arg(long, env = "RAYGUARD_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// The certificate's private key, in PEM
    #[arg(long, env = "RAYGUARD_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,

    /// The CA of the certificate file, in PEM; rayguard then keeps it in the caBundles
    #[arg(long, env = "RAYGUARD_TLS_CA", value_name = "FILE", requires_all = ["tls_cert", "webhook_configuration"])]
    pub(crate) tls_ca: Option<PathBuf>,

    /// How often the files are read to find a new certificate or CA
    #[arg(long, env = "RAYGUARD_TLS_RELOAD", value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub(crate) tls_reload: Duration,

    /// The CA of the API server's client certificate, in PEM; other clients are then refused
    #[arg(long, env = "RAYGUARD_CLIENT_CA", value_name = "FILE")]
    pub(crate) client_ca: Option<PathBuf>,

    /// The common name or a DNS name that the client certificate must have; repeatable, and one match is enough
    #[arg(long, env = "RAYGUARD_CLIENT_NAME", value_name = "NAME", value_delimiter = ',', requires = "client_ca")]
    pub(crate) client_name: Vec<String>,

    /// The Secret in which rayguard keeps the CA and the certificate that it makes, for all replicas; the Secret and a
    /// Lease of the same name must exist
    #[arg(
        long,
        env = "RAYGUARD_CERTIFICATE_SECRET",
        value_name = "NAME",
        conflicts_with_all = ["tls_cert", "tls_key", "ca_out"],
        requires_all = ["webhook_configuration", "service"]
    )]
    pub(crate) certificate_secret: Option<String>,

    /// The name of the MutatingWebhookConfiguration and the ValidatingWebhookConfiguration whose caBundles rayguard
    /// manages
    #[arg(long, env = "RAYGUARD_WEBHOOK_CONFIGURATION", value_name = "NAME", requires = "trusted")]
    pub(crate) webhook_configuration: Option<String>,

    /// The Service through which the API server calls the webhooks
    #[arg(long, env = "RAYGUARD_SERVICE", value_name = "NAME", requires = "certificate_secret")]
    pub(crate) service: Option<String>,

    /// The namespace of the Secret, the Leases and the Service; by default the namespace of the service account
    #[arg(long, env = "RAYGUARD_NAMESPACE", value_name = "NAME")]
    pub(crate) namespace: Option<String>,

    /// How long a CA in the Secret is valid; it is renewed after two thirds of this time
    #[arg(long, env = "RAYGUARD_CA_LIFETIME", value_name = "DURATION", default_value = "8760h", value_parser = duration)]
    pub(crate) ca_lifetime: Duration,

    /// How long a certificate in the Secret is valid, at most a third of --ca-lifetime; it is renewed after two thirds
    /// of this time
    #[arg(
        long,
        env = "RAYGUARD_CERTIFICATE_LIFETIME",
        value_name = "DURATION",
        default_value = "720h",
        value_parser = duration
    )]
    pub(crate) certificate_lifetime: Duration,

    /// How long a new CA must be in the caBundles before a certificate that it issued is served, so that every API
    /// server trusts it; at most a third of --certificate-lifetime
    #[arg(long, env = "RAYGUARD_CA_SETTLE", value_name = "DURATION", default_value = "2m", value_parser = duration)]
    pub(crate) ca_settle: Duration,

    /// Another DNS name or IP address of the certificate that rayguard makes, in addition to the Service, or to
    /// localhost and --listen; repeatable
    #[arg(
        long,
        env = "RAYGUARD_TLS_NAME",
        value_name = "NAME",
        value_delimiter = ',',
        conflicts_with_all = ["tls_cert", "tls_key"]
    )]
    pub(crate) tls_name: Vec<String>,

    /// A file to which the CA of a certificate that rayguard makes is written, in addition to stdout
    #[arg(long, env = "RAYGUARD_CA_OUT", value_name = "FILE", conflicts_with_all = ["tls_cert", "tls_key"])]
    pub(crate) ca_out: Option<PathBuf>,

    /// Audit the stored objects at the start and at intervals, in the replica that holds this Lease; an audit does not
    /// change the objects
    #[arg(long, env = "RAYGUARD_AUDIT_LEASE", value_name = "NAME")]
    pub(crate) audit_lease: Option<String>,

    /// The pause between two audits
    #[arg(long, env = "RAYGUARD_AUDIT_INTERVAL", value_name = "DURATION", default_value = "10m", value_parser = duration)]
    pub(crate) audit_interval: Duration,

    /// Write the findings of the audit to PolicyReports, if their CRD is installed (wgpolicyk8s.io/v1alpha2)
    #[arg(long, env = "RAYGUARD_POLICY_REPORTS", requires_if("true", "audit_lease"))]
    pub(crate) policy_reports: bool,

    /// The policy file
    #[arg(long, env = "RAYGUARD_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Watch the RayClusters of all namespaces, so that rules can compare an object with them; these rules refuse
    /// nothing until the watch has synced
    #[arg(long, env = "RAYGUARD_WATCH_CLUSTERS")]
    pub(crate) watch_clusters: bool,

    /// Watch the Secrets of a namespace, or a single Secret, so that a rule can check their keys; values are not kept;
    /// repeatable
    #[arg(long, env = "RAYGUARD_WATCH_SECRETS", value_name = "NAMESPACE[/NAME]", value_delimiter = ',')]
    pub(crate) watch_secrets: Vec<SecretScope>,

    /// How long to continue to serve after SIGTERM, so that API servers can switch to other replicas
    #[arg(long, env = "RAYGUARD_DRAIN_DELAY", value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub(crate) drain_delay: Duration,

    /// How long requests in progress may take after that
    #[arg(long, env = "RAYGUARD_DRAIN_TIMEOUT", value_name = "DURATION", default_value = "15s", value_parser = duration)]
    pub(crate) drain_timeout: Duration,

    /// The format of the log
    #[arg(long, env = "RAYGUARD_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value = "text")]
    pub(crate) log_format: LogFormatArg,

    /// The level of the log: off, error, warn, info, debug or trace
    #[arg(long, env = "RAYGUARD_LOG", value_name = "LEVEL", default_value = "info")]
    pub(crate) log_level: LevelFilter,
}

/// The values of `--log-format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormatArg {
    /// One line of text for each event
    Text,
    /// One JSON object for each event
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
    if !duration.subsec_nanos().is_multiple_of(1_000_000) {
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
