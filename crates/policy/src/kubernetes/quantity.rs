//! Quantities of resources, such as `500m` and `4Gi`.

use std::borrow::Cow;

use rayguard_manifest::json::Json;

/// One unit, as a number of nano units.
const ONE: i128 = 1_000_000_000;

/// The number of nano units in a milli unit, to which Kubernetes rounds the resources of a Pod up.
const MILLI: i128 = 1_000_000;

/// The amount to which larger ones are lowered, in nano units. No computer has so much. It has many factors of 2 and 10,
/// so that it is a whole number of all units.
const MAX: i128 = 10_i128.pow(37);

/// The largest binary quantity. Kubernetes lowers larger ones to it.
const MAX_BINARY: i128 = i64::MAX as i128 * ONE;

/// A quantity, as `resource.ParseQuantity` of `k8s.io/apimachinery` reads it: exact in nano units, and rounded up to
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quantity {
    nanos: i128,
    format: Format,
}

/// How a quantity was written. It decides how Kubernetes prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// `1500`, `500m` or `4G`
    Decimal,
    /// `4Gi`
    Binary,
    /// `4e9`
    Exponent,
}

impl Quantity {
    /// Reads a quantity: a whole number or a text. Returns `None` if it is not a quantity.
    pub(crate) fn read(json: &Json<'_>) -> Option<Self> {
        match json {
            Json::String(text) => Self::parse(text),
            Json::Number(_) => Some(Self { nanos: i128::from(json.as_i64()?) * ONE, format: Format::Decimal }),
            _ => None,
        }
    }

    /// Reads a quantity and rounds it up to milli units, as Kubernetes does with the resources of a Pod
    /// (`SetDefaults_ResourceList`).
    pub(super) fn read_millis(json: &Json<'_>) -> Option<Self> {
        match json {
            Json::String(text) => Self::simple(text).or_else(|| Self::parse(text).map(Self::in_millis)),
            _ => Self::read(json),
        }
    }

    /// Parses a quantity without a sign and a fraction, which is a whole number of milli units. It takes a tenth of the
    /// time of [`Quantity::parse`].
    fn simple(text: &str) -> Option<Self> {
        let (mut amount, mut digits) = (0u64, 0);
        for byte in text.bytes().take_while(u8::is_ascii_digit) {
            digits += 1;
            if digits > 9 {
                return None;
            }
            amount = amount * 10 + u64::from(byte - b'0');
        }
        // The unit in milli units. 9 digits of the largest one fit into 64 bits.
        let (unit, format) = match text.as_bytes().get(digits..)? {
            _ if digits == 0 => return None,
            [] => (1000, Format::Decimal),
            b"m" => (1, Format::Decimal),
            b"M" => (1_000_000_000, Format::Decimal),
            b"Mi" => (1000 << 20, Format::Binary),
            b"Gi" if digits < 7 => (1000 << 30, Format::Binary),
            b"G" if digits < 7 => (1_000_000_000_000, Format::Decimal),
            _ => return None,
        };
        Some(Self { nanos: i128::from(amount * unit) * MILLI, format })
    }

    /// Parses a quantity.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (is_negative, unsigned) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            all => (false, all),
        };
        let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (whole, rest) = unsigned.split_at(digits(unsigned));
        let (fraction, suffix) = match rest {
            [b'.', rest @ ..] => rest.split_at(digits(rest)),
            _ => (&[][..], rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let (nanos, format) = match suffix {
            [letter, b'i'] => {
                let exponent = 10 * (1 + b"KMGTPE".iter().position(|known| known == letter)?);
                (binary(whole, fraction, exponent), Format::Binary)
            }
            [b'e' | b'E', exponent @ ..] if !exponent.is_empty() => {
                let exponent = std::str::from_utf8(exponent).ok()?.parse().ok()?;
                (decimal(whole, fraction, exponent), Format::Exponent)
            }
            suffix => {
                let suffixes: [(&[u8], i64); 10] = [
                    (b"", 0),
                    (b"m", -3),
                    (b"k", 3),
                    (b"M", 6),
                    (b"G", 9),
                    (b"T", 12),
                    (b"P", 15),
                    (b"E", 18),
                    (b"u", -6),
                    (b"n", -9),
                ];
                let (_, exponent) = suffixes.iter().find(|(known, _)| *known == suffix)?;
                (decimal(whole, fraction, *exponent), Format::Decimal)
            }
        };
        Some(Self { nanos: if is_negative { -nanos } else { nanos }, format })
    }

    /// Rounds up to milli units, as Kubernetes does with the resources of a Pod (`SetDefaults_ResourceList`).
    pub(super) fn in_millis(self) -> Self {
        Self { nanos: self.millis() * MILLI, ..self }
    }

    /// Returns the amount in milli units, rounded up.
    pub(crate) fn millis(self) -> i128 {
        round_up(self.nanos, MILLI)
    }

    /// Returns the amount in nano units.
    pub(super) fn nanos(self) -> i128 {
        self.nanos
    }

    /// Reports whether the quantity has no fraction.
    pub(super) fn is_whole(self) -> bool {
        self.nanos % ONE == 0
    }

    /// Returns the amount, rounded up to a whole number.
    pub(crate) fn whole(self) -> i128 {
        round_up(self.nanos, ONE)
    }

    /// Returns the unit of which this quantity is exactly one, as Kubernetes prints it: `1`, `1m`, `1k` or `1Ki`.
    pub(super) fn unit(self) -> Option<&'static str> {
        const DECIMAL: [&str; 7] = ["1", "1k", "1M", "1G", "1T", "1P", "1E"];
        const BINARY: [&str; 7] = ["1", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
        let power = |base: i128| (0..7).find(|power| base.pow(*power) * ONE == self.nanos);
        // Kubernetes prints a binary quantity below 1Ki as a decimal one.
        match self.format {
            Format::Exponent => (self.nanos == ONE).then_some("1"),
            Format::Binary if self.nanos >= 1024 * ONE => {
                power(1024).and_then(|power| BINARY.get(power as usize).copied())
            }
            _ if self.nanos == MILLI => Some("1m"),
            _ => power(1000).and_then(|power| DECIMAL.get(power as usize).copied()),
        }
    }
}

/// Returns a quantity of an object for a message, in at most 20 characters.
pub(super) fn shown<'q>(json: &'q Json<'_>) -> Cow<'q, str> {
    match json {
        Json::String(text) if text.len() <= 20 && text.is_ascii() => Cow::Borrowed(text),
        Json::Number(number) => Cow::Owned(number.to_string()),
        _ => Cow::Borrowed("the value"),
    }
}

/// Divides and rounds away from zero.
fn round_up(amount: i128, unit: i128) -> i128 {
    amount / unit + (amount % unit).signum()
}

/// Returns `whole.fraction × 10^exponent` in nano units, rounded up, and at most [`MAX`].
fn decimal(whole: &[u8], fraction: &[u8], exponent: i64) -> i128 {
    // The power of ten of the first digit, in nano units.
    let mut power = i64::try_from(whole.len()).unwrap_or(i64::MAX).saturating_add(exponent).saturating_add(8);
    let mut amount = 0i128;
    let mut has_rest = false;
    for digit in whole.iter().chain(fraction) {
        let digit = i128::from(digit - b'0');
        if power >= 0 {
            amount = MAX.min(amount * 10 + digit);
        } else {
            has_rest |= digit > 0;
        }
        power = power.saturating_sub(1);
    }
    while power >= 0 && amount > 0 && amount < MAX {
        amount = MAX.min(amount * 10);
        power -= 1;
    }
    amount + i128::from(has_rest)
}

/// Returns `whole.fraction × 2^exponent` in nano units, rounded up, and at most [`MAX_BINARY`].
fn binary(whole: &[u8], fraction: &[u8], exponent: usize) -> i128 {
    // Nine digits of the fraction are nano units. Some others are kept until the multiplication.
    let (digits, divisor) = if fraction.len() > 9 { (9, ONE) } else { (0, 1) };
    let amount = decimal(whole, fraction, digits);
    // An overflow is far above the maximum.
    let product = amount.checked_mul(1 << exponent).map_or(MAX_BINARY, |product| round_up(product, divisor));
    product.min(MAX_BINARY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milli_units_are_rounded_up() {
        for (text, millis) in [
            ("4", Some(4000)),
            ("500m", Some(500)),
            ("1.5", Some(1500)),
            ("0.0001", Some(1)),
            ("-2", Some(-2000)),
            ("2Gi", Some(2_147_483_648_000)),
            ("1.5Ki", Some(1_536_000)),
            ("1e3", Some(1_000_000)),
            ("1E", Some(1_000_000_000_000_000_000_000)),
            (".5", Some(500)),
            ("", None),
            (".", None),
            ("1.2.3", None),
            ("4 Gi", None),
        ] {
            assert_eq!(Quantity::parse(text).map(Quantity::millis), millis, "{text:?}");
        }
        assert_eq!(Quantity::parse("1500m").map(Quantity::whole), Some(2));
    }

    #[test]
    fn quantities_are_exact_in_nano_units() {
        for (text, nanos) in [
            ("0", 0),
            ("1", ONE),
            ("+1", ONE),
            ("-1", -ONE),
            ("1.", ONE),
            (".5", ONE / 2),
            ("500m", ONE / 2),
            ("0.1n", 1),
            ("-0.1n", -1),
            ("1.0000000001", ONE + 1),
            ("1u", 1000),
            ("1e3", 1000 * ONE),
            ("1E-3", MILLI),
            ("1E", 1_000_000_000_000_000_000 * ONE),
            ("0000000000000000000000000000000000000000000000001k", 1000 * ONE),
            ("1.5Ki", 1536 * ONE),
            ("0.5Ki", 512 * ONE),
            ("1Gi", 1_073_741_824 * ONE),
            ("9Ei", MAX_BINARY),
            ("0e999999999", 0),
        ] {
            assert_eq!(Quantity::parse(text).map(Quantity::nanos), Some(nanos), "{text}");
        }
        for text in ["", "-", ".", "1KiB", "1 Gi", "1g", "1e", "1e1.5", "1i", "e3"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
        for text in ["1e999999999", "9999999999999999999999E", &"9".repeat(1_000_000)] {
            assert_eq!(Quantity::parse(text).map(Quantity::nanos), Some(MAX), "{text:.20}");
        }
        assert_eq!(Quantity::parse(&format!("0.{}1", "0".repeat(1_000_000))).map(Quantity::nanos), Some(1));
    }

    #[test]
    fn units_are_those_that_kubernetes_prints() {
        for (text, unit) in [
            ("1", Some("1")),
            ("1000m", Some("1")),
            ("0.001", Some("1m")),
            ("1000", Some("1k")),
            ("1e0", Some("1")),
            ("1e3", None),
            ("1Mi", Some("1Mi")),
            ("1024Ki", Some("1Mi")),
            ("1024", None),
            ("1Ki", Some("1Ki")),
            ("2", None),
            ("10m", None),
        ] {
            assert_eq!(Quantity::parse(text).and_then(Quantity::unit), unit, "{text}");
        }
    }

    #[test]
    fn simple_quantities_are_parsed_in_the_same_way() {
        for suffix in ["", "m", "M", "Mi", "G", "Gi", "k", "Ki", "x"] {
            for number in ["", "0", "1", "007", "999999", "9999999", "999999999", "9999999999"] {
                let text = format!("{number}{suffix}");
                if let Some(simple) = Quantity::simple(&text) {
                    assert_eq!(Some(simple), Quantity::parse(&text), "{text}");
                }
            }
        }
    }

    #[test]
    fn resources_are_rounded_up_to_milli_units() {
        for (text, millis) in [("1m", 1), ("0.1m", 1), ("1.1m", 2), ("2", 2000)] {
            assert_eq!(
                Quantity::parse(text).map(|quantity| quantity.in_millis().nanos()),
                Some(millis * MILLI),
                "{text}"
            );
        }
    }
}
