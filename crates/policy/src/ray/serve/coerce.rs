//! The conversions of pydantic, which Ray validates with.
//!
//! A value of another type is not always an error: both versions accept the text `"2"` for a number, and version 1 also
//! accepts a number for a text. The table in the tests was recorded from pydantic 2.14.4 and its `pydantic.v1`.

use rayguard_manifest::json::{Json, Number};

/// The major version of pydantic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pydantic {
    V1,
    V2,
}

/// The magnitude from which Go writes a float with an exponent. KubeRay writes a smaller float without a fraction, such
/// as `2.0`, as an integer.
const EXPONENT: f64 = 1e21;

/// Reports whether a number arrives in Ray as an integer.
pub(super) fn is_integer(number: &Number) -> bool {
    !number.is_f64() || number.as_f64().is_some_and(|float| float.fract() == 0.0 && float.abs() < EXPONENT)
}

impl Pydantic {
    /// Returns the value of an integer; `None` if pydantic refuses it. A boolean counts as 0 or 1.
    pub(super) fn integer(self, json: &Json<'_>, is_strict: bool) -> Option<f64> {
        match json {
            Json::Bool(value) if !is_strict => Some(f64::from(u8::from(*value))),
            Json::Number(number) if is_strict && !is_integer(number) => None,
            Json::Number(number) => match (self, number.as_f64()?) {
                (Self::V1, float) => Some(float.trunc()),
                (Self::V2, float) => (float.fract() == 0.0 && float.abs() < EXPONENT).then_some(float),
            },
            Json::String(text) if !is_strict => self.integer_of_text(text),
            _ => None,
        }
    }

    fn integer_of_text(self, text: &str) -> Option<f64> {
        let digits = text.trim();
        let digits = match (self, digits.split_once('.')) {
            (Self::V2, Some((whole, fraction)))
                if !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0') =>
            {
                whole
            }
            _ => digits,
        };
        let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
        if self == Self::V1 && !unsigned.is_empty() && !unsigned.is_ascii() && unsigned.chars().all(char::is_numeric) {
            // Python reads the digits of every script. Their value is not checked.
            return Some(1.0);
        }
        let is_whole = has_digits_only(unsigned, |byte| byte.is_ascii_digit());
        is_whole.then(|| digits.replace('_', "").parse().ok()).flatten()
    }

    /// Returns the value of a number; `None` if pydantic refuses it. It can be infinite or not a number.
    pub(super) fn float(json: &Json<'_>) -> Option<f64> {
        match json {
            Json::Bool(value) => Some(f64::from(u8::from(*value))),
            Json::Number(number) => number.as_f64(),
            Json::String(text) => {
                let text = text.trim();
                let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
                if text.contains('_') && !has_digits_only(unsigned, |byte| byte.is_ascii_alphanumeric() || byte == b'.')
                {
                    return None;
                }
                text.replace('_', "").parse().ok()
            }
            _ => None,
        }
    }

    /// Returns the value of a boolean; `None` if pydantic refuses it.
    pub(super) fn boolean(json: &Json<'_>) -> Option<bool> {
        match json {
            Json::Bool(value) => Some(*value),
            Json::Number(number) if number.as_f64() == Some(0.0) => Some(false),
            Json::Number(number) if number.as_f64() == Some(1.0) => Some(true),
            Json::String(text) if text.len() <= "false".len() => match &*text.to_ascii_lowercase() {
                "1" | "on" | "t" | "true" | "y" | "yes" => Some(true),
                "0" | "off" | "f" | "false" | "n" | "no" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// Reports whether pydantic accepts a value as a text.
    pub(super) fn is_string(self, json: &Json<'_>) -> bool {
        match json {
            Json::String(_) => true,
            Json::Bool(_) | Json::Number(_) => self == Self::V1,
            _ => false,
        }
    }

    /// Reports whether pydantic accepts a value as a map. Version 1 converts with Python's `dict`, which accepts an
    /// empty list, an empty text, and a list of pairs.
    pub(super) fn is_map(self, json: &Json<'_>) -> bool {
        let is_scalar = |json: &Json<'_>| !matches!(json, Json::Array(_) | Json::Object(_));
        let is_pair = |item: &Json<'_>| match item {
            Json::String(text) => text.chars().take(3).count() == 2,
            Json::Array(pair) => pair.len() == 2 && is_scalar(&pair[0]),
            Json::Object(pair) => pair.0.len() == 2,
            _ => false,
        };
        match json {
            Json::Object(_) => true,
            Json::String(text) => self == Self::V1 && text.is_empty(),
            Json::Array(items) => self == Self::V1 && items.iter().all(is_pair),
            _ => false,
        }
    }
}

/// Reports whether a text has at least one digit, only digits, and underscores only between digits.
fn has_digits_only(text: &str, is_digit: impl Fn(u8) -> bool) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(&is_digit);
    text.split('_').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each value: whether version 1, and then version 2, accepts it as an integer, a float, a boolean, a string
    /// and a map, each by a letter. They were printed by a Python program.
    const ANSWERS: [(&str, &str, &str); 36] = [
        ("true", "ifbs-", "ifb--"),
        ("1", "ifbs-", "ifb--"),
        ("0", "ifbs-", "ifb--"),
        ("2", "if-s-", "if---"),
        ("1.5", "if-s-", "-f---"),
        ("2.0", "if-s-", "if---"),
        ("1e30", "if-s-", "-f---"),
        (r#""2""#, "if-s-", "if-s-"),
        (r#"" 2 ""#, "if-s-", "if-s-"),
        (r#""2.0""#, "-f-s-", "if-s-"),
        (r#""2.5""#, "-f-s-", "-f-s-"),
        (r#""+2""#, "if-s-", "if-s-"),
        (r#""1_0""#, "if-s-", "if-s-"),
        (r#""1__0""#, "---s-", "---s-"),
        (r#""_1""#, "---s-", "---s-"),
        (r#""0x1""#, "---s-", "---s-"),
        (r#""""#, "---sd", "---s-"),
        (r#""yes""#, "--bs-", "--bs-"),
        (r#""YES""#, "--bs-", "--bs-"),
        (r#""True""#, "--bs-", "--bs-"),
        (r#"" true""#, "---s-", "---s-"),
        (r#""nan""#, "-f-s-", "-f-s-"),
        (r#""inf""#, "-f-s-", "-f-s-"),
        (r#""1e3""#, "-f-s-", "-f-s-"),
        (r#"".5""#, "-f-s-", "-f-s-"),
        (r#""5.""#, "-f-s-", "-f-s-"),
        (r#""1_0.5""#, "-f-s-", "-f-s-"),
        ("[]", "----d", "-----"),
        ("[1]", "-----", "-----"),
        ("[[1, 2]]", "----d", "-----"),
        (r#"["ab"]"#, "----d", "-----"),
        (r#""ab""#, "---s-", "---s-"),
        ("{}", "----d", "----d"),
        (r#"[{"a": 1, "b": 2}]"#, "----d", "-----"),
        ("10000000000000000000000000", "if-s-", "-f---"),
        ("-0.5", "if-s-", "-f---"),
    ];

    #[test]
    fn values_are_converted_as_by_pydantic() {
        for (text, first, second) in ANSWERS {
            let json: Json<'_> = serde_json::from_str(text).expect("JSON");
            for (pydantic, expected) in [(Pydantic::V1, first), (Pydantic::V2, second)] {
                let accepted = [
                    ('i', pydantic.integer(&json, false).is_some()),
                    ('f', Pydantic::float(&json).is_some()),
                    ('b', Pydantic::boolean(&json).is_some()),
                    ('s', pydantic.is_string(&json)),
                    ('d', pydantic.is_map(&json)),
                ];
                let letters: String = accepted.iter().map(|(letter, is)| if *is { *letter } else { '-' }).collect();
                assert_eq!(letters, expected, "{pydantic:?} {text}");
            }
        }
    }
}
