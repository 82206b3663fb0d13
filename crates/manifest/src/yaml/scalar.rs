//! The values of scalars, with and without tags.
//!
//! kubectl reads manifests with sigs.k8s.io/yaml, which uses go.yaml.in/yaml/v2: YAML 1.1 with extensions. This module
//! does the same as `resolve` of go-yaml (resolve.go) and the conversion to JSON of sigs.k8s.io/yaml (yaml.go). The
//! table in the tests was recorded from these two modules, v1.6.0 and v2.4.3.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use crate::json::{Json, Number};

/// The value of a scalar in YAML, which has more values than JSON.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'t> {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    Float(f64),
    Text(Cow<'t, str>),
}

/// The type of a scalar. Two keys of different types are different keys in YAML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScalarType {
    Null,
    Bool,
    Integer,
    Float,
    Text,
}

/// The tag of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Str,
    Bool,
    Int,
    Float,
    Null,
    Binary,
    Merge,
    /// Any other tag: the scalar is text.
    Other,
}

impl Tag {
    /// Returns the tag of a name in the namespace `tag:yaml.org,2002:`, which `!!` abbreviates.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "str" => Tag::Str,
            "bool" => Tag::Bool,
            "int" => Tag::Int,
            "float" => Tag::Float,
            "null" => Tag::Null,
            "binary" => Tag::Binary,
            "merge" => Tag::Merge,
            _ => Tag::Other,
        }
    }
}

/// Resolves a scalar. `plain` is `true` if it is neither quoted nor a block.
///
/// # Errors
///
/// Returns a message if the text does not fit the tag.
pub(super) fn resolve(text: Cow<'_, str>, plain: bool, tag: Option<Tag>) -> Result<Scalar<'_>, String> {
    let (name, expected) = match tag {
        None if plain => return Ok(guess(&text).unwrap_or(Scalar::Text(text))),
        None | Some(Tag::Str | Tag::Merge | Tag::Other) => return Ok(Scalar::Text(text)),
        Some(Tag::Binary) => return binary(&text),
        Some(Tag::Bool) => ("!!bool", "a boolean"),
        Some(Tag::Int) => ("!!int", "an integer"),
        Some(Tag::Float) => ("!!float", "a number"),
        Some(Tag::Null) => ("!!null", "null"),
    };
    match (tag, guess(&text)) {
        (Some(Tag::Bool), Some(value @ Scalar::Bool(_)))
        | (Some(Tag::Int), Some(value @ (Scalar::Int(_) | Scalar::Uint(_))))
        | (Some(Tag::Float), Some(value @ (Scalar::Float(_) | Scalar::Int(_))))
        | (Some(Tag::Null), Some(value @ Scalar::Null)) => Ok(value),
        _ => Err(format!("the value tagged {name} is not {expected}")),
    }
}

/// Returns the value of a plain scalar, or `None` if it is text.
fn guess(text: &str) -> Option<Scalar<'static>> {
    let value = match text.as_bytes().first() {
        None => Scalar::Null,
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => match text {
            "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
            "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
            "~" | "null" | "Null" | "NULL" => Scalar::Null,
            _ => return None,
        },
        Some(b'.') => match text {
            ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" => Scalar::Float(f64::INFINITY),
            // strconv.ParseFloat allows an underscore between two digits, and this branch does not remove underscores
            // first.
            _ if has_loose_underscore(text) => return None,
            _ => float(&text.replace('_', ""))?,
        },
        Some(b'+' | b'-' | b'0'..=b'9') => match text {
            "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
            "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
            _ if text.contains('_') => number(&text.replace('_', ""))?,
            _ => number(text)?,
        },
        Some(_) => return None,
    };
    Some(value)
}

fn number(text: &str) -> Option<Scalar<'static>> {
    integer(text).or_else(|| float(text)).or_else(|| {
        // go-yaml parses binary numbers itself, and accepts a sign after the prefix.
        let (sign, digits) = match text.strip_prefix("-0b") {
            Some(digits) => ("-", digits),
            None => ("", text.strip_prefix("0b")?),
        };
        i64::from_str_radix(&format!("{sign}{digits}"), 2).ok().map(Scalar::Int)
    })
}

/// Parses an integer like Go's `ParseInt` and `ParseUint` with base 0: a prefix, or a leading zero for octal.
fn integer(text: &str) -> Option<Scalar<'static>> {
    let (negative, unsigned) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    // Rust accepts a sign here, Go does not.
    if !digits.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match (negative, i64::try_from(magnitude)) {
        (false, Ok(value)) => Some(Scalar::Int(value)),
        (true, Ok(value)) => Some(Scalar::Int(-value)),
        (true, Err(_)) if magnitude == i64::MIN.unsigned_abs() => Some(Scalar::Int(i64::MIN)),
        (true, Err(_)) => None,
        // ParseUint accepts no sign.
        (false, Err(_)) => (!text.starts_with('+')).then_some(Scalar::Uint(magnitude)),
    }
}

/// Parses a float that matches go-yaml's regular expression `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`.
fn float(text: &str) -> Option<Scalar<'static>> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let all_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let fits = all_digits(whole)
        && all_digits(fraction)
        && (!whole.is_empty() || !fraction.is_empty())
        && exponent.is_none_or(|digits| !digits.is_empty() && all_digits(digits));
    let value: f64 = fits.then(|| text.parse().ok())??;
    // Outside the range of a float, Go reports an error, and the scalar is text.
    value.is_finite().then_some(Scalar::Float(value))
}

fn has_loose_underscore(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    text.match_indices('_').any(|(at, _)| !digit(at.checked_sub(1)) || !digit(at.checked_add(1)))
}

/// Decodes `!!binary` to text as Go's JSON encoder does.
fn binary(text: &str) -> Result<Scalar<'static>, String> {
    const ENGINE: GeneralPurpose =
        GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));
    let digits: String = text.chars().filter(|character| !matches!(character, '\r' | '\n')).collect();
    match ENGINE.decode(digits) {
        Ok(bytes) => Ok(Scalar::Text(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))),
        Err(_) => Err("the value tagged !!binary is not Base64".to_owned()),
    }
}

impl<'t> Scalar<'t> {
    /// Returns the type of the scalar.
    pub(super) fn scalar_type(&self) -> ScalarType {
        match self {
            Scalar::Null => ScalarType::Null,
            Scalar::Bool(_) => ScalarType::Bool,
            Scalar::Int(_) | Scalar::Uint(_) => ScalarType::Integer,
            Scalar::Float(_) => ScalarType::Float,
            Scalar::Text(_) => ScalarType::Text,
        }
    }

    /// Converts the scalar to a JSON value.
    ///
    /// # Errors
    ///
    /// Returns a message if JSON has no such value.
    pub(super) fn into_json(self) -> Result<Json<'t>, String> {
        Ok(match self {
            Scalar::Null => Json::Null,
            Scalar::Bool(value) => Json::Bool(value),
            Scalar::Int(value) => Json::Number(value.into()),
            Scalar::Uint(value) => Json::Number(value.into()),
            Scalar::Float(value) => Json::Number(json_number(value)?),
            Scalar::Text(text) => Json::String(text),
        })
    }

    /// Converts the scalar to a key of a map.
    ///
    /// # Errors
    ///
    /// Returns a message if the scalar cannot be a key.
    pub(super) fn into_key(self) -> Result<Cow<'t, str>, String> {
        Ok(match self {
            Scalar::Null => return Err("null cannot be a key".to_owned()),
            Scalar::Uint(value) => return Err(format!("the number {value} is too large for a key; quote it")),
            Scalar::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Scalar::Int(value) => Cow::Owned(value.to_string()),
            Scalar::Float(value) => Cow::Owned(float_key(value)),
            Scalar::Text(text) => text,
        })
    }
}

/// Converts a float to a JSON number. Go writes a float without a fraction as an integer, and the API server reads
/// that.
fn json_number(value: f64) -> Result<Number, String> {
    let text = value.to_string();
    let integer = text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from));
    integer.ok().or_else(|| Number::from_f64(value)).ok_or_else(|| "JSON has no infinity and no NaN".to_owned())
}

/// Formats a float like Go's `strconv.FormatFloat(value, 'g', -1, 32)`, with YAML's names for infinity and NaN.
fn float_key(value: f64) -> String {
    #[allow(clippy::cast_possible_truncation, reason = "this is what sigs.k8s.io/yaml does")]
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.abs())
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests;
