//! The parameter `resources` of `ray start`, as Ray's autoscaler reads it.

use std::collections::HashMap;

use rayguard_manifest::json::Json;

/// What the autoscaler reads in the parameter (`_get_custom_resources` of
/// `python/ray/autoscaler/_private/kuberay/autoscaling_config.py`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CustomResources {
    /// A map of whole numbers.
    Read {
        /// Whether `TPU` is one of the resources.
        has_tpu: bool,
    },
    /// A text that it refuses, with the reason.
    Unreadable(&'static str),
    /// A map that it reads, but the schema of its configuration refuses it, with the reason.
    Unfit(&'static str),
}

impl CustomResources {
    /// Reads the text. The autoscaler removes the first and the last character, which it takes for quotes, and all
    /// backslashes. The rest must be a JSON map of whole numbers.
    pub(crate) fn read(text: &str) -> Self {
        let mut chars = text.chars();
        let quotes = (chars.next(), chars.next_back());
        let inner: String = chars.filter(|char| *char != '\\').collect();
        let Ok(json) = serde_json::from_str::<Json<'_>>(&inner) else {
            return Self::Unreadable(match quotes {
                (Some('{'), Some('}')) => "it removes the first and the last character, which must be quotes",
                _ => "what is between the first and the last character is not JSON",
            });
        };
        let Json::Object(_) = json else { return Self::Unreadable("it is not a map in quotes") };
        // Of several entries with one name, Python keeps the last.
        let last: HashMap<&str, &Json<'_>> = json.entries().iter().map(|(name, value)| (&**name, value)).collect();
        let mut unfit = None;
        for value in last.values() {
            match value {
                Json::Number(number) if number.is_u64() => {}
                Json::Number(number) if number.is_i64() => unfit = Some("a number in it is negative"),
                // serde_json reads `-0` and whole numbers of more than 64 bits as floats.
                Json::Number(number) if is_maybe_whole(number.as_f64()) => {}
                Json::Number(_) => return Self::Unreadable("a number in it is not whole"),
                // In Python, a boolean is a whole number.
                Json::Bool(_) => unfit = Some("a value in it is not a number"),
                _ => return Self::Unreadable("a value in it is not a number"),
            }
        }
        unfit.map_or(Self::Read { has_tpu: last.contains_key("TPU") }, Self::Unfit)
    }
}

fn is_maybe_whole(number: Option<f64>) -> bool {
    const BEYOND_64_BITS: f64 = 9.2e18;
    number.is_none_or(|number| number.abs() > BEYOND_64_BITS || number == 0.0 && number.is_sign_negative())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_character_are_removed() {
        let read = |text: &str| matches!(CustomResources::read(text), CustomResources::Read { .. });
        for text in [
            r#""{\"a\": 1}""#,
            r#"'{"a": 1}'"#,
            r#"x{"a": 1}y"#,
            "'{}'",
            "' { } '",
            r#"'{"a": -0}'"#,
            r#"'{"a": 99999999999999999999}'"#,
            r#"'{"a": 0.5, "a": 1}'"#,
        ] {
            assert!(read(text), "{text}");
        }
        for text in [
            "",
            "x",
            "{}",
            r#"{"a": 1}"#,
            r#"'{"a": 1.0}'"#,
            r#"'{"a": 1e3}'"#,
            r#"'{"a": 0.0}'"#,
            r#"'{"a": -1}'"#,
            r#"'{"a": true}'"#,
            r#"'{"a": "1"}'"#,
            r#"'{"a": null}'"#,
            r#"'{"a": NaN}'"#,
            r#"'{"a": 1,}'"#,
            "'[]'",
            "'1'",
        ] {
            assert!(!read(text), "{text}");
        }
        assert_eq!(CustomResources::read(r#"'{"TPU": 4}'"#), CustomResources::Read { has_tpu: true });
    }
}
