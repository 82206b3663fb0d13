//! Parsers that equal the ones of Go's libraries that KubeRay uses: schedules, durations, time zones.
//!
//! A test compares each parser with Go: `go/verdicts.jsonl` contains the results of Go 1.26.8, robfig/cron 3.0.1 and
//! apimachinery 0.35.0 for some hundreds of texts.

pub mod duration;
pub mod schedule;
pub mod time_zone;

#[cfg(test)]
mod tests;

/// Parses an integer as Go's `strconv.Atoi` does: an optional sign and decimal digits, within 64 bits. Rust's `i64`
/// parser accepts the same texts.
pub fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
}
