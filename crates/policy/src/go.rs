//! What Go's libraries make of a text, where KubeRay asks them: a schedule, a duration, a time zone.
//!
//! Each is held against Go itself: `go/verdicts.jsonl` has what Go 1.26.8, robfig/cron 3.0.1 and apimachinery 0.35.0 say
//! of some hundreds of texts.

pub mod duration;
pub mod schedule;
pub mod time_zone;

#[cfg(test)]
mod tests;

/// Go's `strconv.Atoi`: decimal digits behind at most one sign, within 64 bits. Rust reads the same.
pub fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
}
