//! How many times each measurement is repeated.

use std::ops::Range;
use std::thread;

/// Returns the numbers of the runs: those that `RUNS` asks for, or this many.
pub(crate) fn runs(count: u32) -> Range<u32> {
    0..std::env::var("RUNS").map_or(count, |count| count.parse().expect("RUNS is a number"))
}

/// Runs this many times at once what waits for most of its time.
pub(crate) fn runs_at_once(count: u32, run: impl Fn(u32) + Sync) {
    thread::scope(|scope| {
        for number in runs(count) {
            let run = &run;
            scope.spawn(move || run(number));
        }
    });
}
