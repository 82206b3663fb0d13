//! The time, as the API server has it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::http::HeaderMap;
use axum::http::header::DATE;

/// Below this the clock at hand is used, which is finer.
const TOLERANCE: i64 = 60;

/// The wall clock, put right by the API server's: it is the API server that judges whether a certificate is valid, and
/// one node with a wrong clock must not make a CA for all that nobody accepts.
#[derive(Debug, Default)]
pub struct Clock(AtomicI64);

impl Clock {
    /// The time now.
    pub fn now(&self) -> SystemTime {
        let (now, ahead) = (SystemTime::now(), self.0.load(Ordering::Relaxed));
        let by = Duration::from_secs(ahead.unsigned_abs());
        let corrected = if ahead < 0 { now.checked_sub(by) } else { now.checked_add(by) };
        corrected.unwrap_or(now)
    }

    /// How many seconds the API server is ahead, if that is much.
    pub fn ahead(&self) -> Option<i64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|ahead| *ahead != 0)
    }

    /// Takes the time from an answer of the API server, which says it to the second.
    pub fn hear(&self, answer: &HeaderMap) {
        let date = answer.get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        if let Some(date) = date {
            let (theirs, ours) = (seconds(date), seconds(SystemTime::now()));
            let ahead = Some(theirs - ours).filter(|ahead| ahead.abs() > TOLERANCE);
            self.0.store(ahead.unwrap_or_default(), Ordering::Relaxed);
        }
    }
}

/// How soon it is noticed that the wall clock has jumped.
const NOTICE: Duration = Duration::from_secs(2);

/// Waits for so long, or until the wall clock has been set or the machine been suspended: by how much it is wrong is then
/// to be asked anew.
pub(crate) async fn sleep(time: Duration) {
    let begun = (Instant::now(), seconds(SystemTime::now()));
    loop {
        let passed = begun.0.elapsed();
        let by_wall = seconds(SystemTime::now()) - begun.1;
        let jump = i64::try_from(passed.as_secs()).unwrap_or(i64::MAX).abs_diff(by_wall);
        if passed >= time || jump > TOLERANCE.unsigned_abs() {
            return;
        }
        tokio::time::sleep(NOTICE.min(time.saturating_sub(passed))).await;
    }
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hears(clock: &Clock, date: SystemTime) {
        let date = httpdate::fmt_http_date(date).parse().expect("a header");
        clock.hear(&HeaderMap::from_iter([(DATE, date)]));
    }

    #[test]
    fn the_api_server_is_believed_where_the_clocks_differ_by_much() {
        let (clock, year) = (Clock::default(), Duration::from_hours(365 * 24));
        let about = |expected: SystemTime| {
            let now = clock.now();
            assert!(now > expected - Duration::from_secs(3) && now < expected + Duration::from_secs(3), "{now:?}");
        };
        for theirs in [SystemTime::now() + year, SystemTime::now() - year] {
            hears(&clock, theirs);
            assert!(clock.ahead().is_some());
            about(theirs);
        }
        hears(&clock, SystemTime::now() - Duration::from_secs(30));
        assert_eq!(clock.ahead(), None);
        about(SystemTime::now());
        clock.hear(&HeaderMap::from_iter([(DATE, "soon".parse().expect("a header"))]));
        clock.hear(&HeaderMap::new());
        about(SystemTime::now());
    }
}
