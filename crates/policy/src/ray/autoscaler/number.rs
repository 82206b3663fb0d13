//! Numbers in texts, as Python reads them. Ray's autoscaler reads them with `int` and with `decimal.Decimal`.

use rayguard_manifest::json::Json;

/// The number of digits above which Python's `int` refuses a text (`sys.int_info.default_max_str_digits`).
const MOST_DIGITS: usize = 4300;

/// What Python makes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A number below zero.
    Negative,
    /// Zero.
    Zero,
    /// A number above zero.
    Positive,
    /// An infinite number, or not a number: `Infinity`, `NaN`. Only `Decimal` reads it.
    NotFinite,
    /// A text that Python refuses.
    Unreadable,
    /// A text that is too unusual to say: digits of other scripts, or an enormous exponent.
    Unknown,
}

impl Reading {
    /// Reports whether a resource of the autoscaler cannot have this value. It is a whole number of at least 0
    /// (`available_node_types` in python/ray/autoscaler/ray-schema.json).
    pub(crate) fn is_no_amount(self) -> bool {
        matches!(self, Self::Negative | Self::NotFinite | Self::Unreadable)
    }

    fn of(is_negative: bool, is_zero: bool) -> Self {
        match (is_zero, is_negative) {
            (true, _) => Self::Zero,
            (false, true) => Self::Negative,
            (false, false) => Self::Positive,
        }
    }
}

/// Reads a text as `int(text)` of Python does.
pub(crate) fn integer(text: &str) -> Reading {
    if !text.is_ascii() {
        return other_script(text);
    }
    let (is_negative, digits) = signed(trim(text.as_bytes()));
    let (mut count, mut is_zero, mut after_digit) = (0, true, false);
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                count += 1;
                is_zero &= *byte == b'0';
                after_digit = true;
            }
            b'_' if after_digit => after_digit = false,
            _ => return Reading::Unreadable,
        }
    }
    if after_digit && count <= MOST_DIGITS { Reading::of(is_negative, is_zero) } else { Reading::Unreadable }
}

/// Reads a quantity of Kubernetes as `parse_quantity` of `python/ray/autoscaler/_private/kuberay/utils.py` does.
pub(crate) fn quantity(value: &Json<'_>) -> Reading {
    match value {
        Json::String(text) => quantity_text(text),
        Json::Number(number) => {
            number.as_f64().map_or(Reading::Unknown, |number| Reading::of(number < 0.0, number == 0.0))
        }
        _ => Reading::Unknown,
    }
}

/// Returns a quantity of Kubernetes as a number; `None` for one that is unusual or unreadable.
pub(crate) fn amount(value: &Json<'_>) -> Option<f64> {
    let text = match value {
        Json::Number(number) => return number.as_f64(),
        Json::String(text) => text.trim(),
        _ => return None,
    };
    let end = text.len() - text.bytes().rev().take_while(u8::is_ascii_alphabetic).count();
    let factor = match &text[end..] {
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => return None,
    };
    text[..end].parse::<f64>().ok().map(|number| number * factor)
}

fn quantity_text(text: &str) -> Reading {
    if !text.is_ascii() {
        return other_script(text);
    }
    let is_unit = |byte: &u8| b"numKkMGTPE".contains(byte);
    match text.as_bytes() {
        [.., b'k', b'i'] => Reading::Unreadable,
        [number @ .., unit, b'i'] if is_unit(unit) => decimal(number),
        [number @ .., unit] if is_unit(unit) => decimal(number),
        number => decimal(number),
    }
}

/// Reads a text as `Decimal(text)` of Python does, which drops every `_`.
fn decimal(text: &[u8]) -> Reading {
    let text = trim(text);
    let mut bytes = text.iter().copied().filter(|byte| *byte != b'_').peekable();
    let is_negative = bytes.next_if(|byte| matches!(byte, b'+' | b'-')) == Some(b'-');
    let (mut digits, mut is_zero, mut has_point) = (0_usize, true, false);
    while let Some(byte) = bytes.next_if(|byte| byte.is_ascii_digit() || *byte == b'.') {
        if byte == b'.' {
            if std::mem::replace(&mut has_point, true) {
                return Reading::Unreadable;
            }
        } else {
            digits += 1;
            is_zero &= byte == b'0';
        }
    }
    if digits == 0 {
        return if !has_point && is_special(bytes) { Reading::NotFinite } else { Reading::Unreadable };
    }
    if bytes.next_if(|byte| matches!(byte, b'e' | b'E')).is_some() {
        bytes.next_if(|byte| matches!(byte, b'+' | b'-'));
        let mut exponent = 0_usize;
        while bytes.next_if(u8::is_ascii_digit).is_some() {
            exponent += 1;
        }
        match exponent {
            0 => return Reading::Unreadable,
            1..=3 => {}
            _ if bytes.peek().is_none() => return Reading::Unknown,
            _ => return Reading::Unreadable,
        }
    }
    if bytes.next().is_some() { Reading::Unreadable } else { Reading::of(is_negative, is_zero) }
}

/// Reports whether a text without its sign is infinity or not a number.
fn is_special(bytes: impl Iterator<Item = u8>) -> bool {
    // The longest of them without digits is `infinity`. Digits may follow `nan`.
    let word: Vec<u8> = bytes.take(MOST_DIGITS).map(|byte| byte.to_ascii_lowercase()).collect();
    let is_number = |rest: &[u8]| rest.iter().all(u8::is_ascii_digit);
    match &*word {
        b"inf" | b"infinity" => true,
        [b's', b'n', b'a', b'n', rest @ ..] | [b'n', b'a', b'n', rest @ ..] => is_number(rest),
        _ => false,
    }
}

/// Python reads the digits of every script. A letter of another script makes a text unreadable.
fn other_script(text: &str) -> Reading {
    let is_letter = |char: char| !char.is_ascii() && !char.is_numeric() && !char.is_whitespace();
    if text.chars().any(is_letter) { Reading::Unreadable } else { Reading::Unknown }
}

fn signed(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// Removes what Python's `str.strip` removes.
fn trim(mut text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b'\t'..=b'\r' | 0x1c..=0x1f | b' ');
    while let [first, rest @ ..] = text
        && is_blank(first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_blank(last)
    {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The results of Python 3.11 and of Ray 2.60.0.
    #[test]
    fn texts_are_read_as_by_python() {
        use Reading::{Negative, NotFinite, Positive, Unknown, Unreadable, Zero};
        for (text, int, parsed) in [
            ("4", Positive, Positive),
            (" 4\n", Positive, Positive),
            ("+4", Positive, Positive),
            ("-4", Negative, Negative),
            ("-0", Zero, Zero),
            ("007", Positive, Positive),
            ("1_0", Positive, Positive),
            ("1__0", Unreadable, Positive),
            ("_1_", Unreadable, Positive),
            ("", Unreadable, Unreadable),
            ("_", Unreadable, Unreadable),
            (".", Unreadable, Unreadable),
            ("'4'", Unreadable, Unreadable),
            ("4.0", Unreadable, Positive),
            ("500m", Unreadable, Positive),
            ("2Gi", Unreadable, Positive),
            ("2ki", Unreadable, Unreadable),
            ("2ni", Unreadable, Positive),
            ("4 m", Unreadable, Positive),
            ("m", Unreadable, Unreadable),
            ("Mi", Unreadable, Unreadable),
            ("2GB", Unreadable, Unreadable),
            ("1e3", Unreadable, Positive),
            ("1E", Unreadable, Positive),
            ("1e", Unreadable, Unreadable),
            ("1e1.5", Unreadable, Unreadable),
            ("1e+5", Unreadable, Positive),
            ("1e99999999", Unreadable, Unknown),
            (".5", Unreadable, Positive),
            ("5.", Unreadable, Positive),
            ("-0.0", Unreadable, Zero),
            ("1.2.3", Unreadable, Unreadable),
            ("0x10", Unreadable, Unreadable),
            ("nan", Unreadable, Unreadable),
            ("NaN", Unreadable, NotFinite),
            ("inf", Unreadable, NotFinite),
            ("-Infinity", Unreadable, NotFinite),
            ("٤", Unknown, Unknown),
            ("é", Unreadable, Unreadable),
            ("four", Unreadable, Unreadable),
        ] {
            assert_eq!((integer(text), quantity(&text.into())), (int, parsed), "{text:?}");
        }
        assert_eq!(integer(&"1".repeat(MOST_DIGITS)), Positive);
        assert_eq!(integer(&"1".repeat(MOST_DIGITS + 1)), Unreadable);
    }
}
