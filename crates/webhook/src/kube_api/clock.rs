//! The time according to the API server.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::http::HeaderMap;
use axum::http::header::DATE;

/// An offset of up to this many seconds is ignored: the local clock is more precise than the `Date` header.
const TOLERATED_OFFSET: i64 = 60;

/// How often [`sleep`] checks the wall clock for a jump.
const JUMP_CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// The local wall clock, corrected by the API server's clock.
///
/// The API server decides whether a certificate is valid. Without the correction, one node with a wrong clock could
/// make a CA that no API server accepts.
#[derive(Debug, Default)]
pub struct Clock {
    /// How many seconds the API server's clock is ahead, or 0
    offset: AtomicI64,
}

impl Clock {
    /// Returns the corrected time.
    pub fn now(&self) -> SystemTime {
        let (now, offset) = (SystemTime::now(), self.offset.load(Ordering::Relaxed));
        let by = Duration::from_secs(offset.unsigned_abs());
        let corrected = if offset < 0 { now.checked_sub(by) } else { now.checked_add(by) };
        corrected.unwrap_or(now)
    }

    /// Returns how many seconds the API server's clock is ahead; `None` if that is at most a minute in either
    /// direction.
    pub fn offset_seconds(&self) -> Option<i64> {
        Some(self.offset.load(Ordering::Relaxed)).filter(|offset| *offset != 0)
    }

    /// Sets the offset by the `Date` header of a response of the API server, which has a resolution of one second.
    pub fn observe(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        if let Some(date) = date {
            let offset = unix_seconds(date) - unix_seconds(SystemTime::now());
            let offset = Some(offset).filter(|offset| offset.abs() > TOLERATED_OFFSET);
            self.offset.store(offset.unwrap_or_default(), Ordering::Relaxed);
        }
    }
}

/// Sleeps for a duration, or until the wall clock jumps because it was set or the machine was suspended. After a jump
/// the caller must ask the API server for the time again.
pub(crate) async fn sleep(duration: Duration) {
    let start = (Instant::now(), unix_seconds(SystemTime::now()));
    loop {
        let passed = start.0.elapsed();
        let passed_by_wall_clock = unix_seconds(SystemTime::now()) - start.1;
        let jump = i64::try_from(passed.as_secs()).unwrap_or(i64::MAX).abs_diff(passed_by_wall_clock);
        if passed >= duration || jump > TOLERATED_OFFSET.unsigned_abs() {
            return;
        }
        tokio::time::sleep(JUMP_CHECK_INTERVAL.min(duration.saturating_sub(passed))).await;
    }
}

fn unix_seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observe(clock: &Clock, date: SystemTime) {
        let date = httpdate::fmt_http_date(date).parse().expect("a header");
        clock.observe(&HeaderMap::from_iter([(DATE, date)]));
    }

    #[test]
    fn the_api_servers_time_is_used_where_the_clocks_differ_by_more_than_a_minute() {
        let (clock, year) = (Clock::default(), Duration::from_hours(365 * 24));
        let about = |expected: SystemTime| {
            let now = clock.now();
            assert!(now > expected - Duration::from_secs(3) && now < expected + Duration::from_secs(3), "{now:?}");
        };
        for theirs in [SystemTime::now() + year, SystemTime::now() - year] {
            observe(&clock, theirs);
            assert!(clock.offset_seconds().is_some());
            about(theirs);
        }
        observe(&clock, SystemTime::now() - Duration::from_secs(30));
        assert_eq!(clock.offset_seconds(), None);
        about(SystemTime::now());
        clock.observe(&HeaderMap::from_iter([(DATE, "soon".parse().expect("a header"))]));
        clock.observe(&HeaderMap::new());
        about(SystemTime::now());
    }
}
