//! How many times each measurement is repeated.

/// Returns the numbers of the runs, from `RUNS`.
pub(crate) fn runs() -> std::ops::Range<u32> {
    0..std::env::var("RUNS").map_or(1, |count| count.parse().expect("RUNS is a number"))
}
