//! rayguard's own log, on stderr. Nothing of an object, a patch or a panic's message ever goes into it.

mod lines;

use std::io;
use std::panic;

use clap::ValueEnum;
use prometheus_client::metrics::counter::Counter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use lines::Lines;

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// For machines, one object a line
    Json,
}

/// The log of this process. When it is dropped, the last lines are written.
#[must_use]
pub struct Log(Lines);

impl Drop for Log {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Begins to log, once in the life of the process, and counts the lines that stderr does not take.
pub fn begin(format: LogFormat, level: LevelFilter, lost: Counter) -> io::Result<Log> {
    let writer = Lines::to(io::stderr(), lost)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(writer.clone());
    let lines = match format {
        LogFormat::Text => lines.with_ansi(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // Libraries are heard only when they fail: for less they tell what comes over the wire, and any client could fill the
    // log with that.
    let heard = Targets::new().with_default(level.min(LevelFilter::ERROR)).with_target("rayguard", level);
    // What fails there is said once by those who asked, and not at every attempt.
    let heard = heard.with_target("kube_client", LevelFilter::OFF).with_target("kube_runtime", LevelFilter::OFF);
    tracing_subscriber::registry().with(lines.with_filter(heard)).init();

    // The default hook prints the message, and a message may quote what was being read.
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a panic");
    }));
    Ok(Log(writer))
}
