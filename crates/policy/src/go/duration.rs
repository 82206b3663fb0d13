//! Go's `time.ParseDuration`.
//!
//! Four crates were held against Go on the durations of `verdicts.jsonl` first. Each differs: go-parse-duration 0.1.1 panics
//! on `µs` and never ends on `0.100000000000000000000h`; `gostd_time` 1.1.3 panics near the ends of 64 bits; the duration of
//! kube-core 5.0.0 takes the empty text, `--5m` and `2562048h`, rounds otherwise and panics on `1h-30m`; jiff 0.2 takes
//! `1 hour` and `PT1H` and refuses `0`, `.5s` and `1m1h`. So this is Go's own algorithm (src/time/format.go).

/// The largest magnitude of nanoseconds: that of the smallest `i64`.
const LARGEST: u64 = 1 << 63;

/// Reads a duration such as `1h30m` or `-.5s`, in nanoseconds.
pub fn parse(text: &str) -> Option<i64> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if unsigned == "0" {
        return Some(0);
    }
    let magnitude = magnitude(unsigned)?;
    if negative { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

fn magnitude(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0_u64;
    loop {
        let (whole, after) = split(rest, |byte| byte.is_ascii_digit());
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => split(after, |byte| byte.is_ascii_digit()),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let (unit, after) = split(after, |byte| byte != b'.' && !byte.is_ascii_digit());
        let unit = nanoseconds(unit)?;
        let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok().filter(|whole| *whole <= LARGEST)? };
        let value = whole.checked_mul(unit).filter(|value| *value <= LARGEST)?;
        let value = value.checked_add(part(fraction, unit)).filter(|value| *value <= LARGEST)?;
        // Go does not see it when twice the largest makes nothing.
        total = Some(total.wrapping_add(value)).filter(|total| *total <= LARGEST)?;
        rest = after;
        if rest.is_empty() {
            return Some(total);
        }
    }
}

/// Splits off what a class of bytes begins with.
fn split(text: &str, is_in: impl Fn(u8) -> bool) -> (&str, &str) {
    text.split_at(text.bytes().position(|byte| !is_in(byte)).unwrap_or(text.len()))
}

fn nanoseconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        // Once with the micro sign, once with the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// What a fraction of a unit is in nanoseconds, rounded as Go rounds it: with as many digits as fit, as a float.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "Go's own arithmetic"
)]
fn part(digits: &str, unit: u64) -> u64 {
    let (mut value, mut scale) = (0_u64, 1.0_f64);
    for digit in digits.bytes().map(|byte| u64::from(byte - b'0')) {
        match value.checked_mul(10).and_then(|tens| tens.checked_add(digit)) {
            Some(next) if next <= LARGEST => value = next,
            _ => break,
        }
        scale *= 10.0;
    }
    if value == 0 { 0 } else { (value as f64 * (unit as f64 / scale)) as u64 }
}
