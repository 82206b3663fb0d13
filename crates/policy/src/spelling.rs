//! Unknown names: suggestions of known names, and quoting in messages.

/// The number of characters of an object's text that a message quotes.
const LONGEST_QUOTE: usize = 40;

/// The Jaro-Winkler similarity, from 0 to 1, above which a known name is suggested.
const ALIKE: f64 = 0.8;

/// The length in bytes above which a name is not compared, because the comparison takes quadratic time.
const LONGEST_NAME: usize = 100;

/// Returns the most similar known name; `None` if none is similar enough.
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

/// Returns `; did you mean "…"?`, which follows a message; an empty text if no known name is similar enough.
pub fn suggestion(name: &str, known: &[&str]) -> String {
    closest(name, known).map(|known| format!("; did you mean {known:?}?")).unwrap_or_default()
}

/// Returns a text of an object as a message shows it: quoted, escaped into one line, and shortened to 40 characters.
pub fn quote(text: &str) -> String {
    let mut signs = text.chars().flat_map(char::escape_debug);
    let start: String = signs.by_ref().take(LONGEST_QUOTE).collect();
    let more = if signs.next().is_some() { "…" } else { "" };
    format!("\"{start}{more}\"")
}

/// Returns names as a list in English, with this word before the last one: `a`, `a and b`, `a, b and c`.
pub fn list(names: &[&str], conjunction: &str) -> String {
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} {conjunction} {last}", others.join(", ")),
        None => String::new(),
    }
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
