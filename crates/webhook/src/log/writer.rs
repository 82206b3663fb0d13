//! A writer that never blocks: a thread writes the lines to stderr. Otherwise a pipe whose reader has stopped, or a
//! full disk, would block reviews.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tracing_subscriber::fmt::MakeWriter;

/// The size of the queue in bytes: some thousand lines. Further lines are lost, and counted.
const MAX_QUEUED: usize = 1 << 20;
/// The timeout for the last lines when the process ends.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// Writes lines through a queue.
#[derive(Clone)]
pub(super) struct LogWriter(Arc<Queue>);

/// The lines that wait to be written.
pub(super) struct Queue {
    state: Mutex<State>,
    /// Lines were added, or all lines were written.
    changed: Condvar,
    lost: Counter,
}

#[derive(Default)]
struct State {
    queued: Vec<u8>,
    is_writing: bool,
}

impl LogWriter {
    /// Starts a thread that writes lines to an output, and counts the lines that are lost.
    pub(super) fn spawn(output: impl Write + Send + 'static, lost: Counter) -> io::Result<Self> {
        let queue = Arc::new(Queue { state: Mutex::default(), changed: Condvar::new(), lost });
        let thread_queue = Arc::clone(&queue);
        thread::Builder::new().name("log".to_owned()).spawn(move || thread_queue.write_to(output))?;
        Ok(Self(queue))
    }

    /// Waits until all lines are written, or for a second.
    pub(super) fn flush(&self) {
        let is_busy = |state: &mut State| state.is_writing || !state.queued.is_empty();
        drop(self.0.changed.wait_timeout_while(self.0.state(), FLUSH_TIMEOUT, is_busy));
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one or more lines.
    fn push(&self, lines: &[u8]) {
        let mut state = self.state();
        if state.queued.len() + lines.len() > MAX_QUEUED {
            self.lost.inc_by(count(lines));
        } else {
            state.queued.extend_from_slice(lines);
            self.changed.notify_all();
        }
    }

    fn write_to(&self, mut output: impl Write) {
        let (mut batch, mut reported) = (Vec::new(), 0);
        loop {
            let mut state = self.state();
            state.is_writing = false;
            self.changed.notify_all();
            let mut state =
                self.changed.wait_while(state, |state| state.queued.is_empty()).unwrap_or_else(PoisonError::into_inner);
            state.is_writing = true;
            std::mem::swap(&mut state.queued, &mut batch);
            drop(state);
            let is_complete = self.write(&mut output, &batch);
            batch.clear();
            let lost = self.lost.get();
            // While stderr accepts nothing, or the queue is full, this line would be lost too.
            if is_complete && lost > reported && self.state().queued.len() < MAX_QUEUED / 2 {
                tracing::warn!(lines = lost - reported, "log lines lost because stderr did not accept them");
                reported = lost;
            }
        }
    }

    /// Writes as many lines as possible, and returns whether that was all of them.
    fn write(&self, output: &mut impl Write, mut rest: &[u8]) -> bool {
        while !rest.is_empty() {
            match output.write(rest) {
                Ok(written) if written > 0 => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => {
                    self.lost.inc_by(count(rest));
                    return false;
                }
            }
        }
        true
    }
}

fn count(lines: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', lines).count() as u64
}

impl Write for &Queue {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.push(lines);
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for LogWriter {
    type Writer = &'w Queue;

    fn make_writer(&'w self) -> Self::Writer {
        &self.0
    }
}
