//! Names that there are not: how to show one, and what somebody may have meant who wrote it.

/// The longest text of an object's own that is put into a message, in characters.
const LONGEST_QUOTE: usize = 40;

/// How alike two names must be, by Jaro and Winkler, for one to be taken for the other.
const ALIKE: f64 = 0.8;

/// How long a name can be, in bytes, that is still compared: to compare a long one takes a time that grows with its square.
const LONGEST_NAME: usize = 100;

/// The known name that somebody may have meant who wrote this one, if one is close enough.
pub fn closest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let name = name.to_lowercase();
    let close = known
        .iter()
        .map(|known| (strsim::jaro_winkler(&name, &known.to_lowercase()), known))
        .filter(|(likeness, _)| *likeness > ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    close.map(|(_, known)| *known)
}

/// `; did you mean "…"?`, to go behind a message, where one of the known names is close enough; else nothing.
pub fn suggestion(name: &str, known: &[&str]) -> String {
    closest(name, known).map(|known| format!("; did you mean {known:?}?")).unwrap_or_default()
}

/// A text of an object's own as a message shows it: in quotes, in one line, and not all of a long one.
pub fn quote(text: &str) -> String {
    let mut signs = text.chars().flat_map(char::escape_debug);
    let start: String = signs.by_ref().take(LONGEST_QUOTE).collect();
    let more = if signs.next().is_some() { "…" } else { "" };
    format!("\"{start}{more}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_of_some_length_is_compared() {
        assert_eq!(suggestion("Europe/Berlim", &["Asia/Tokyo", "Europe/Berlin"]), "; did you mean \"Europe/Berlin\"?");
        assert_eq!(suggestion(&"a".repeat(100), &[&"a".repeat(99)]).len(), 117);
        assert_eq!(suggestion(&"a".repeat(101), &[&"a".repeat(100)]), "");
    }

    #[test]
    fn a_quote_is_short_and_in_one_line() {
        assert_eq!(quote("a\n\u{1b}\"b"), r#""a\n\u{1b}\"b""#);
        assert_eq!(quote(&"\u{1b}".repeat(1_000_000)).chars().count(), 43);
    }
}
