//! Lines on their way to stderr. Whoever logs never waits: a pipe whose reader has stopped, or a full disk behind it, would
//! otherwise hold up reviews.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tracing_subscriber::fmt::MakeWriter;

/// How much may wait to be written, in bytes: some thousand lines. What is more is lost, and counted.
const MOST_WAITING: usize = 1 << 20;
/// How long the last lines may take when the process ends.
const LONGEST_END: Duration = Duration::from_secs(1);

/// Where lines are put.
#[derive(Clone)]
pub(super) struct Lines(Arc<Queue>);

pub(super) struct Queue {
    state: Mutex<State>,
    /// Something has come, or all of it has been written.
    changed: Condvar,
    lost: Counter,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    is_writing: bool,
}

impl Lines {
    /// Begins to write, on a thread of its own, and counts the lines that are lost.
    pub(super) fn to(output: impl Write + Send + 'static, lost: Counter) -> io::Result<Self> {
        let queue = Arc::new(Queue { state: Mutex::default(), changed: Condvar::new(), lost });
        let written = Arc::clone(&queue);
        thread::Builder::new().name("log".to_owned()).spawn(move || written.write_to(output))?;
        Ok(Self(queue))
    }

    /// Waits until all has been written, or a second is over.
    pub(super) fn end(&self) {
        let is_busy = |state: &mut State| state.is_writing || !state.waiting.is_empty();
        drop(self.0.changed.wait_timeout_while(self.0.state(), LONGEST_END, is_busy));
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a line, or as many as come at once.
    fn put(&self, lines: &[u8]) {
        let mut state = self.state();
        if state.waiting.len() + lines.len() > MOST_WAITING {
            self.lost.inc_by(count(lines));
        } else {
            state.waiting.extend_from_slice(lines);
            self.changed.notify_all();
        }
    }

    fn write_to(&self, mut output: impl Write) {
        let (mut batch, mut told) = (Vec::new(), 0);
        loop {
            let mut state = self.state();
            state.is_writing = false;
            self.changed.notify_all();
            let mut state = self
                .changed
                .wait_while(state, |state| state.waiting.is_empty())
                .unwrap_or_else(PoisonError::into_inner);
            state.is_writing = true;
            std::mem::swap(&mut state.waiting, &mut batch);
            drop(state);
            let is_through = self.write(&mut output, &batch);
            batch.clear();
            let lost = self.lost.get();
            // While nothing gets through, or there is no room, this line would be the next to be lost.
            if is_through && lost > told && self.state().waiting.len() < MOST_WAITING / 2 {
                tracing::warn!(lines = lost - told, "lost lines of the log, which stderr did not take");
                told = lost;
            }
        }
    }

    /// Writes what it can, and says whether that was all.
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
        self.put(lines);
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = &'w Queue;

    fn make_writer(&'w self) -> Self::Writer {
        &self.0
    }
}
