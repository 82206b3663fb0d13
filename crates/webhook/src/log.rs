//! The log on stderr. It never holds the content of an object, a patch or a panic's message.

mod writer;

use std::io;
use std::panic;

use prometheus_client::metrics::counter::Counter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use writer::LogWriter;

/// The format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One line of text for each event
    Text,
    /// One JSON object for each event, on one line
    Json,
}

/// Flushes the log when it is dropped.
#[must_use]
pub struct LogGuard(LogWriter);

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.0.flush();
    }
}

/// Starts to log events of at least a level, and counts the lines that stderr does not accept. Call it once per
/// process.
///
/// # Errors
///
/// Returns an error if the thread that writes the log cannot be started.
pub fn init(format: LogFormat, level: LevelFilter, lost: Counter) -> io::Result<LogGuard> {
    let writer = LogWriter::spawn(io::stderr(), lost)?;
    let layer = tracing_subscriber::fmt::layer().with_writer(writer.clone());
    let layer = match format {
        LogFormat::Text => layer.with_ansi(false).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    // Libraries log errors only: at lower levels they log received data, with which any client could fill the log.
    let targets = Targets::new().with_default(level.min(LevelFilter::ERROR)).with_target("rayguard", level);
    // The callers of the Kubernetes client log a failure once, and not for each attempt.
    let targets = targets.with_target("kube_client", LevelFilter::OFF).with_target("kube_runtime", LevelFilter::OFF);
    tracing_subscriber::registry().with(layer.with_filter(targets)).init();

    // The default hook prints the message, which may quote the object that was being read.
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "panic");
    }));
    Ok(LogGuard(writer))
}
