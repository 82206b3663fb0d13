//! Quantities of resources, such as `500m` and `4Gi`.

use rayguard_manifest::json::Json;

/// A quantity of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    /// Thousandths, rounded up to the next one.
    pub thousandths: i128,
}

impl Quantity {
    /// Reads a quantity, which may be a number in YAML; `None` for a text that is no quantity, or one out of all bounds.
    pub fn read(json: &Json<'_>) -> Option<Self> {
        match json {
            Json::String(text) => Self::parse(text),
            Json::Number(number) => Self::parse(&number.to_string()),
            _ => None,
        }
    }

    /// Parses a quantity (`ParseQuantity`, k8s.io/apimachinery/pkg/api/resource/quantity.go).
    pub fn parse(text: &str) -> Option<Self> {
        let (is_negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = rest.find(|char: char| !(char.is_ascii_digit() || char == '.')).unwrap_or(rest.len());
        let (number, unit) = rest.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains('.') || whole.len() + fraction.len() == 0 || number.len() > 25 {
            return None;
        }
        let digits = format!("{whole}{fraction}").parse::<i128>().ok()?;
        let decimals = i32::try_from(fraction.len()).ok()?;
        let (base, power): (i128, i32) = match unit {
            "" => (10, 0),
            "n" => (10, -9),
            "u" => (10, -6),
            "m" => (10, -3),
            "k" => (10, 3),
            "M" => (10, 6),
            "G" => (10, 9),
            "T" => (10, 12),
            "P" => (10, 15),
            "E" => (10, 18),
            "Ki" => (2, 10),
            "Mi" => (2, 20),
            "Gi" => (2, 30),
            "Ti" => (2, 40),
            "Pi" => (2, 50),
            "Ei" => (2, 60),
            _ => (10, unit.strip_prefix(['e', 'E'])?.parse().ok().filter(|power: &i32| power.abs() < 20)?),
        };
        // Thousandths of a number with decimals: digits · base^power · 1000 / 10^decimals.
        let raise = |base: i128, power: i32| base.checked_pow(power.unsigned_abs());
        let mut numerator = digits.checked_mul(1000)?;
        let mut denominator = raise(10, decimals)?;
        if power >= 0 {
            numerator = numerator.checked_mul(raise(base, power)?)?;
        } else {
            denominator = denominator.checked_mul(raise(base, power)?)?;
        }
        let up = numerator / denominator + i128::from(numerator % denominator != 0);
        Some(Self { thousandths: if is_negative { -up } else { up } })
    }

    /// Returns the whole units, rounded up, as Go's `Value()` does for what is not negative.
    pub fn units(self) -> i128 {
        self.thousandths.div_euclid(1000) + i128::from(self.thousandths.rem_euclid(1000) != 0)
    }

    /// Reports whether this is a number of whole units.
    pub fn is_whole(self) -> bool {
        self.thousandths % 1000 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_by_kubernetes() {
        for (text, thousandths) in [
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
            ("1e99", None),
            ("99999999999999999999999999999999999", None),
        ] {
            assert_eq!(Quantity::parse(text).map(|quantity| quantity.thousandths), thousandths, "{text:?}");
        }
        assert_eq!(Quantity::parse("1500m").map(Quantity::units), Some(2));
    }
}
