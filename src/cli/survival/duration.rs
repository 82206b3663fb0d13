//! Durations for people.

use rayguard_policy::survival::outcome::Seconds;

/// The number of seconds of a day.
const DAY: f64 = 86_400.0;

/// The number of seconds of an hour.
const HOUR: f64 = 3_600.0;

/// Returns the unit for durations up to a longest one, so that a number has few digits, and its number of seconds.
fn unit(longest: f64) -> (&'static str, f64) {
    match longest {
        _ if longest >= 10.0 * DAY => ("d", DAY),
        _ if longest >= 10.0 * HOUR => ("h", HOUR),
        _ => ("s", 1.0),
    }
}

/// Returns a number of seconds, in days or hours if it is large.
pub(super) fn long(seconds: u32) -> String {
    let (unit, length) = unit(f64::from(seconds));
    format!("{:.0} {unit}", (f64::from(seconds) / length).floor())
}

/// Returns a range of durations, rounded to whole numbers outwards; a dash for no time.
pub(super) fn range(seconds: Seconds) -> String {
    match seconds {
        Seconds::ZERO => "-".to_owned(),
        // Longer than any timeout.
        Seconds { min, max: None } if min >= f64::from(u32::MAX) => "never back".to_owned(),
        Seconds { min, max } => {
            let (unit, length) = unit(max.unwrap_or(min));
            let min = (min / length).floor();
            match max {
                Some(max) => format!("{min:.0} to {:.0} {unit}", (max / length).ceil()),
                None => format!("{min:.0} {unit} or more"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_durations_have_larger_units() {
        for (min, max, expected) in [
            (0.0, Some(0.0), "-"),
            (0.6, Some(12.5), "0 to 13 s"),
            (40.6, None, "40 s or more"),
            (86_399.0, Some(86_401.0), "23 to 25 h"),
            (4e9, Some(4.1e9), "46296 to 47454 d"),
            (5e9, None, "never back"),
        ] {
            assert_eq!(range(Seconds { min, max }), expected);
        }
        assert_eq!((&*long(600), &*long(u32::MAX)), ("600 s", "49710 d"));
    }
}
