//! Quantities of resources, such as `500m` and `4Gi`.

/// The pattern of a quantity in the schema. Each object has several quantities, so [`is_quantity`] checks them without
/// the regular expression engine, which takes fifty times as long. Reviews do not check quantities; with the engine, a
/// `rayguard check` of 200 objects takes 8 % more instructions.
pub(super) const PATTERN: &str = r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$";

/// Reports whether a text matches [`PATTERN`].
pub(super) fn is_quantity(text: &str) -> bool {
    let Some(suffix) = after_number(text.as_bytes()) else { return false };
    match suffix {
        []
        | [b'n' | b'u' | b'm' | b'k' | b'M' | b'G' | b'T' | b'P' | b'E']
        | [b'K' | b'M' | b'G' | b'T' | b'P' | b'E', b'i'] => true,
        [b'e' | b'E', exponent @ ..] => after_number(exponent).is_some_and(<[u8]>::is_empty),
        _ => false,
    }
}

/// Returns the text after a number; `None` where the text does not begin with a number. The number may have a sign and
/// a fraction, and either the whole part or the fraction may have no digits.
fn after_number(bytes: &[u8]) -> Option<&[u8]> {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let bytes = bytes.strip_prefix(b"+").or_else(|| bytes.strip_prefix(b"-")).unwrap_or(bytes);
    let whole = digits(bytes);
    let (mut parts, mut rest) = (whole, &bytes[whole..]);
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        (parts, rest) = (parts + count, &fraction[count..]);
    }
    (parts > 0).then_some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_lite::Regex;

    use super::*;

    #[test]
    fn the_schema_contains_the_pattern() {
        let schema = include_str!("kuberay-1.6.json");
        assert!(schema.contains(&serde_json::to_string(PATTERN).expect("JSON")));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn it_agrees_with_the_pattern(text in "[-+]?[0-9.]{0,4}[numkKMGTPEei]{0,2}[-+]?[0-9.]{0,3}[a-zé\\n]?") {
            let regex = Regex::new(PATTERN).expect("a regular expression");
            prop_assert_eq!(is_quantity(&text), regex.is_match(&text), "{:?}", text);
        }
    }
}
