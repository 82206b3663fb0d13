//! Waiting for conditions.

use std::thread;
use std::time::{Duration, Instant};

/// Polls until `look` returns a value, and panics after the time limit.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    match wait_until(limit, &mut look) {
        Some(found) => found,
        None => panic!("{what}: not within {} s", limit.as_secs()),
    }
}

/// Polls until `look` returns a value, or the time is over.
pub(crate) fn wait_until<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if start.elapsed() >= limit {
            return None;
        }
        thread::sleep(Duration::from_millis(100));
    }
}
