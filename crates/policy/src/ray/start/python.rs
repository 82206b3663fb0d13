//! Values as Python reads them.

use rayguard_manifest::json::Json;

/// Reads a whole number as Python's `int()` does: blanks around it, a sign, and single underscores between digits are
/// allowed. Numbers outside of `i64` become its bounds. `None` if it is surely none; a text with other digits than
/// those of ASCII reads as `Some(None)`, because Python reads some of them.
#[expect(clippy::option_option, reason = "the two kinds of None differ")]
pub(super) fn integer(text: &str) -> Option<Option<i64>> {
    if !text.is_ascii() {
        return Some(None);
    }
    // Python also strips the separators from 0x1c to 0x1f.
    let text = text.trim_matches(|char: char| matches!(char, ' ' | '\t'..='\r' | '\u{1c}'..='\u{1f}'));
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut number = 0_i64;
    let mut may_end = false;
    for byte in digits.bytes() {
        match byte {
            b'0'..=b'9' => {
                number = number.saturating_mul(10).saturating_add(i64::from(byte - b'0'));
                may_end = true;
            }
            b'_' if may_end => may_end = false,
            _ => return None,
        }
    }
    // Python reads at most 4300 digits.
    (may_end && digits.len() <= 4300).then_some(Some(if is_negative { number.saturating_neg() } else { number }))
}

/// Reads a number as Python's `float()` does, with the same results as [`integer`].
#[expect(clippy::option_option, reason = "the two kinds of None differ")]
pub(super) fn number(text: &str) -> Option<Option<f64>> {
    if !text.is_ascii() {
        return Some(None);
    }
    let text = text.trim_matches(|char: char| matches!(char, ' ' | '\t'..='\r' | '\u{1c}'..='\u{1f}'));
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let is_misplaced = |(at, byte): (usize, &u8)| *byte == b'_' && !(at > 0 && is_digit(at - 1) && is_digit(at + 1));
    if bytes.iter().enumerate().any(is_misplaced) {
        return None;
    }
    text.replace('_', "").parse().ok().map(Some)
}

/// Reads a boolean as click does.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "on" => Some(true),
        "0" | "false" | "f" | "no" | "n" | "off" => Some(false),
        _ => None,
    }
}

/// What Python's `json.loads()` makes of a text.
#[derive(Debug)]
pub(super) enum Parsed<'a> {
    /// A value.
    Value(Json<'a>),
    /// Python refuses the text.
    Invalid,
    /// The text has something that only Python accepts, such as `NaN` or half of a surrogate pair.
    Unknown,
}

/// Parses JSON.
pub(super) fn json(text: &str) -> Parsed<'_> {
    match serde_json::from_str(text) {
        Ok(value) => Parsed::Value(value),
        Err(error) if is_special(text) || error.to_string().starts_with("recursion") => Parsed::Unknown,
        Err(_) => Parsed::Invalid,
    }
}

/// Reports whether a text may have something that only Python accepts. A number such as `1e999` is infinite in Python.
fn is_special(text: &str) -> bool {
    let is_exponent = |(at, _): (usize, &str)| text[..at].ends_with(|char: char| char.is_ascii_digit());
    text.contains("NaN")
        || text.contains("Infinity")
        || text.contains("\\u")
        || text.match_indices(['e', 'E']).any(is_exponent)
}

/// Reports whether Python takes a value for false: nothing, zero, or an empty text, list or map.
pub(super) fn is_falsy(json: &Json<'_>) -> bool {
    match json {
        Json::Null => true,
        Json::Bool(value) => !value,
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(object) => object.0.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_as_by_python() {
        for (text, number) in [
            ("4", Some(Some(4))),
            (" 4\t", Some(Some(4))),
            ("+4", Some(Some(4))),
            ("-4", Some(Some(-4))),
            ("1_000", Some(Some(1000))),
            ("007", Some(Some(7))),
            ("99999999999999999999", Some(Some(i64::MAX))),
            ("\u{ff14}", Some(None)),
            ("", None),
            ("_4", None),
            ("4_", None),
            ("4__0", None),
            ("4.0", None),
            ("4e3", None),
            ("0x10", None),
            ("- 4", None),
            ("500m", None),
            ("True", None),
        ] {
            assert_eq!(integer(text), number, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_read_as_by_python() {
        for (text, is_number) in
            [("0.5", true), ("1e3", true), ("1_0", true), ("inf", true), ("", false), ("1_", false), ("2Gi", false)]
        {
            assert_eq!(number(text).is_some(), is_number, "{text:?}");
        }
    }

    #[test]
    fn json_that_only_python_accepts_is_unknown() {
        for (text, expected) in [
            (r#"{"a": 1}"#, "value"),
            (r#"{"a": NaN}"#, "unknown"),
            (r#"{"a": 1e999}"#, "unknown"),
            (r#""\ud800""#, "unknown"),
            ("{a: 1}", "invalid"),
            ("{example: 1}", "invalid"),
            ("", "invalid"),
            ("{'a': 1}", "invalid"),
        ] {
            let found = match json(text) {
                Parsed::Value(_) => "value",
                Parsed::Invalid => "invalid",
                Parsed::Unknown => "unknown",
            };
            assert_eq!(found, expected, "{text}");
        }
    }
}
