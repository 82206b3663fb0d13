//! Go's `time.ParseDuration`.
//!
//! This is a port of Go's algorithm (src/time/format.go). Four crates were compared with Go on the durations of
//! `verdicts.jsonl`, and each differs:
//!
//! - go-parse-duration 0.1.1 panics on `µs` and does not terminate on `0.100000000000000000000h`.
//! - `gostd_time` 1.1.3 panics near the limits of 64 bits.
//! - The duration of kube-core 5.0.0 accepts the empty text, `--5m` and `2562048h`, rounds differently, and panics on
//!   `1h-30m`.
//! - jiff 0.2 accepts `1 hour` and `PT1H`, and rejects `0`, `.5s` and `1m1h`.

/// The largest magnitude in nanoseconds: that of `i64::MIN`.
const LARGEST: u64 = 1 << 63;

/// Parses a duration such as `1h30m` or `-.5s`, and returns it in nanoseconds; `None` where Go returns an error.
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
        let value = value.checked_add(fraction_of(fraction, unit)).filter(|value| *value <= LARGEST)?;
        // Go does not detect that twice the largest magnitude wraps to 0.
        total = Some(total.wrapping_add(value)).filter(|total| *total <= LARGEST)?;
        rest = after;
        if rest.is_empty() {
            return Some(total);
        }
    }
}

/// Splits a text after its longest start of bytes of a class.
fn split(text: &str, is_in: impl Fn(u8) -> bool) -> (&str, &str) {
    text.split_at(text.bytes().position(|byte| !is_in(byte)).unwrap_or(text.len()))
}

fn nanoseconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        // The second unit begins with the micro sign, the third one with the Greek letter mu.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// Returns a fraction of a unit in nanoseconds. It is rounded as Go rounds it: a float of the digits that fit into 63
/// bits.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "Go's own arithmetic"
)]
fn fraction_of(digits: &str, unit: u64) -> u64 {
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
