//! The syntax of Kubernetes' names and labels, and what is wrong with a text that violates it.
//!
//! The results equal those of `k8s.io/apimachinery/pkg/util/validation` for every text. No crate is used. Crates with
//! these checks keep them private (`container-device-interface`), have only one or two of them, or bring a whole
//! operator framework (`stackable-operator`). None of them reports which character of a text is wrong.

use std::fmt;

/// A syntax of names or labels in Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// A DNS label of RFC 1035, which the name of a Service must be (`IsDNS1035Label`).
    Dns1035Label,
    /// A DNS label of RFC 1123, which may begin with a digit (`IsDNS1123Label`).
    Dns1123Label,
    /// Labels separated by dots, each of any length (`IsDNS1123Subdomain`).
    Dns1123Subdomain,
    /// The key of a label or annotation: a name, optionally after a subdomain and a slash (`IsQualifiedName`).
    QualifiedName,
    /// The value of a label, which may be empty (`IsValidLabelValue`).
    LabelValue,
}

/// A way in which a text violates a [`Syntax`]. It is printed as a predicate: `begins with '-'`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameError {
    part: Part,
    kind: Kind,
}

/// The part of a text that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// The text before the slash of a qualified name.
    Prefix,
    /// The text after the slash of a qualified name.
    Name,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Empty,
    Long {
        length: usize,
        limit: usize,
    },
    Contains(char),
    Begins(char),
    Ends(char),
    /// Two characters that must not follow each other.
    Pair(char, char),
    Slashes,
}

impl Syntax {
    /// Returns all errors in a text; none if the text has this syntax. Lengths are in bytes, as Go counts them.
    pub fn errors(self, text: &str) -> Vec<NameError> {
        let mut errors = Vec::new();
        if !self.admits(text) {
            self.check(text, Part::Whole, &mut errors);
        }
        errors
    }

    /// Reports whether a text has this syntax. Most texts have it, and a review of ten groups checks two hundred of them:
    /// without this function, which reads bytes, it takes 7 % more instructions.
    pub fn admits(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        match self {
            Self::Dns1035Label => {
                bytes.first().is_some_and(u8::is_ascii_lowercase)
                    && is_label(bytes, LOWER | DIGIT, LOWER | DIGIT | DASH)
            }
            Self::Dns1123Label => is_label(bytes, LOWER | DIGIT, LOWER | DIGIT | DASH),
            Self::Dns1123Subdomain => {
                let is_part = |part: &[u8]| is_word(part, LOWER | DIGIT, LOWER | DIGIT | DASH);
                bytes.len() <= 253 && bytes.split(|byte| *byte == b'.').all(is_part)
            }
            Self::LabelValue => bytes.is_empty() || is_label(bytes, LETTER | DIGIT, LETTER | DIGIT | DASH | DOT),
            Self::QualifiedName => match memchr::memchr(b'/', bytes) {
                None => is_label(bytes, LETTER | DIGIT, LETTER | DIGIT | DASH | DOT),
                Some(slash) => {
                    let name = &bytes[slash + 1..];
                    is_label(name, LETTER | DIGIT, LETTER | DIGIT | DASH | DOT)
                        && Self::Dns1123Subdomain.admits(&text[..slash])
                }
            },
        }
    }

    /// Returns a description of the syntax that completes "write …".
    pub fn form(self) -> &'static str {
        match self {
            Self::Dns1035Label => {
                "at most 63 lower-case letters, digits and '-', the first a letter and the last not '-'"
            }
            Self::Dns1123Label => "at most 63 lower-case letters, digits and '-', with a letter or digit at both ends",
            Self::Dns1123Subdomain => "lower-case letters, digits, '-' and '.', with letters or digits around each '.'",
            Self::QualifiedName => "at most 63 letters, digits, '-', '_' and '.', optionally after a domain and '/'",
            Self::LabelValue => "at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends",
        }
    }

    /// Returns a regular expression, also of JavaScript, that matches the texts with this syntax, whatever their length.
    pub fn pattern(self) -> &'static str {
        match self {
            Self::Dns1035Label => "^[a-z]([-a-z0-9]*[a-z0-9])?$",
            Self::Dns1123Label => "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
            Self::Dns1123Subdomain => r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
            Self::QualifiedName => {
                r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$"
            }
            Self::LabelValue => "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
        }
    }

    fn check(self, text: &str, part: Part, errors: &mut Vec<NameError>) {
        match (self, text.split_once('/')) {
            (Self::QualifiedName, None) if text.is_empty() => errors.push(NameError { part, kind: Kind::Empty }),
            (Self::QualifiedName, None) => Self::LabelValue.check(text, part, errors),
            (Self::QualifiedName, Some((_, name))) if name.contains('/') => {
                errors.push(NameError { part, kind: Kind::Slashes });
            }
            (Self::QualifiedName, Some((prefix, name))) => {
                Self::Dns1123Subdomain.check(prefix, Part::Prefix, errors);
                match name {
                    "" => errors.push(NameError { part: Part::Name, kind: Kind::Empty }),
                    name => Self::LabelValue.check(name, Part::Name, errors),
                }
            }
            (Self::LabelValue, _) if text.is_empty() => {}
            _ => errors.extend(self.kinds(text).into_iter().flatten().map(|kind| NameError { part, kind })),
        }
    }

    /// Returns the errors of one part. A character that is not allowed at all is not reported again for its position.
    fn kinds(self, text: &str) -> [Option<Kind>; 5] {
        let mut chars = text.chars();
        let Some(first) = chars.next() else { return [Some(Kind::Empty), None, None, None, None] };
        let last = chars.next_back();
        let limit = if self == Self::Dns1123Subdomain { 253 } else { 63 };
        let length = text.len();
        let is_inner = |char: char| self.is_outer(char) || self.is_between(char);
        let is_pair = |(a, b): &(char, char)| {
            let (before, after) = (self.is_between(*a), self.is_between(*b));
            before && after && [*a, *b].contains(&'.')
        };
        let pairs = (self == Self::Dns1123Subdomain).then(|| text.chars().zip(text.chars().skip(1)));
        [
            (length > limit).then_some(Kind::Long { length, limit }),
            text.chars().find(|char| !is_inner(*char)).map(Kind::Contains),
            (is_inner(first) && !self.is_first(first)).then_some(Kind::Begins(first)),
            last.filter(|last| is_inner(*last) && !self.is_outer(*last)).map(Kind::Ends),
            pairs.into_iter().flatten().find(is_pair).map(|(a, b)| Kind::Pair(a, b)),
        ]
    }

    /// Reports whether a character is allowed at the end, and at the beginning unless [`Syntax::is_first`] is stricter.
    fn is_outer(self, char: char) -> bool {
        match self {
            Self::QualifiedName | Self::LabelValue => char.is_ascii_alphanumeric(),
            _ => char.is_ascii_lowercase() || char.is_ascii_digit(),
        }
    }

    fn is_first(self, char: char) -> bool {
        self.is_outer(char) && (self != Self::Dns1035Label || char.is_ascii_lowercase())
    }

    /// Reports whether a character is allowed only between others.
    fn is_between(self, char: char) -> bool {
        match self {
            Self::Dns1035Label | Self::Dns1123Label => char == '-',
            Self::Dns1123Subdomain => matches!(char, '-' | '.'),
            Self::QualifiedName | Self::LabelValue => matches!(char, '-' | '_' | '.'),
        }
    }
}

// Classes of bytes.
const LOWER: u8 = 1;
const UPPER: u8 = 2;
const LETTER: u8 = LOWER | UPPER;
const DIGIT: u8 = 4;
const DASH: u8 = 8;
/// The dot and the underscore, which the same syntaxes allow.
const DOT: u8 = 16;

/// The class of each byte.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b'a'..=b'z' => LOWER,
            b'A'..=b'Z' => UPPER,
            b'0'..=b'9' => DIGIT,
            b'-' => DASH,
            b'.' | b'_' => DOT,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// Reports whether a text is not empty, has bytes of these classes at both ends, and of those classes everywhere.
fn is_word(text: &[u8], outer: u8, all: u8) -> bool {
    let is_in = |byte: &u8, class: u8| CLASSES[usize::from(*byte)] & class != 0;
    text.first().is_some_and(|first| is_in(first, outer))
        && text.last().is_some_and(|last| is_in(last, outer))
        && text.iter().all(|byte| is_in(byte, all))
}

/// Reports whether a text is a word of at most 63 bytes.
fn is_label(text: &[u8], outer: u8, all: u8) -> bool {
    text.len() <= 63 && is_word(text, outer, all)
}

impl NameError {
    /// Reports whether the error is that the text is too long.
    pub fn is_length(&self) -> bool {
        matches!(self.kind, Kind::Long { .. })
    }
}

/// Joins errors into one predicate: `contains 'A' and ends with '-'`.
pub fn sentence<'e>(errors: impl IntoIterator<Item = &'e NameError>) -> String {
    let errors: Vec<_> = errors.into_iter().map(ToString::to_string).collect();
    errors.join(" and ")
}

impl fmt::Display for NameError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.part {
            Part::Whole => "",
            Part::Prefix => "has a prefix that ",
            Part::Name => "has a name part that ",
        })?;
        match self.kind {
            Kind::Empty => formatter.write_str("is empty"),
            Kind::Long { length, limit } => write!(formatter, "has {length} characters, more than {limit}"),
            Kind::Contains(char) => write!(formatter, "contains {char:?}"),
            Kind::Begins(char) => write!(formatter, "begins with {char:?}"),
            Kind::Ends(char) => write!(formatter, "ends with {char:?}"),
            Kind::Pair(a, b) => write!(formatter, "contains \"{a}{b}\""),
            Kind::Slashes => formatter.write_str("contains '/' more than once"),
        }
    }
}

#[cfg(test)]
mod tests {
    use regex_lite::Regex;

    use super::*;

    const ALL: [Syntax; 5] = [
        Syntax::Dns1035Label,
        Syntax::Dns1123Label,
        Syntax::Dns1123Subdomain,
        Syntax::QualifiedName,
        Syntax::LabelValue,
    ];

    /// Checks every text of up to five of these characters: a letter of each case, a digit, each character that some
    /// syntax allows, one that none allows, and one of more than one byte.
    #[test]
    fn short_texts_are_valid_where_the_patterns_of_apimachinery_match() {
        let patterns = ALL.map(|syntax| Regex::new(syntax.pattern()).expect("a pattern"));
        let mut texts = vec![String::new()];
        for _ in 0..5 {
            let longer = texts.iter().flat_map(|text| "aA0-_./é".chars().map(move |char| format!("{text}{char}")));
            texts = std::iter::once(String::new()).chain(longer).collect();
            texts.dedup();
        }
        assert!(texts.len() > 37_000);
        for text in texts {
            for (syntax, pattern) in ALL.into_iter().zip(&patterns) {
                assert_eq!(syntax.admits(&text), pattern.is_match(&text), "{syntax:?}: {text:?}");
                let mut errors = Vec::new();
                syntax.check(&text, Part::Whole, &mut errors);
                assert_eq!(errors.is_empty(), pattern.is_match(&text), "{syntax:?}: {text:?}: {errors:?}");
            }
        }
    }

    /// The expected values were printed by a Go program that calls k8s.io/apimachinery v0.35.4.
    #[test]
    fn length_limits_equal_those_of_apimachinery() {
        let a = |length: usize| "a".repeat(length);
        for (text, labels, qualified_name, label_value) in [
            (a(63), true, true, true),
            (a(64), false, false, false),
            (format!("{}/{}", a(63), a(63)), false, true, false),
            (format!("{}/a", a(253)), false, true, false),
            (format!("{}/a", a(254)), false, false, false),
            (format!("a/{}", a(64)), false, false, false),
        ] {
            let expected = [labels, labels, qualified_name, label_value];
            let syntaxes = ALL.into_iter().filter(|syntax| *syntax != Syntax::Dns1123Subdomain);
            for (syntax, expected) in syntaxes.zip(expected) {
                assert_eq!(syntax.admits(&text), expected, "{syntax:?}: {text}");
            }
        }
        assert!(Syntax::Dns1123Subdomain.admits(&a(253)) && !Syntax::Dns1123Subdomain.admits(&a(254)));
    }

    #[test]
    fn errors_are_printed_as_predicates() {
        for (syntax, text, expected) in [
            (Syntax::Dns1035Label, "", "is empty"),
            (Syntax::Dns1035Label, "1a", "begins with '1'"),
            (Syntax::Dns1035Label, "-", "begins with '-'"),
            (Syntax::Dns1035Label, "-a-", "begins with '-' and ends with '-'"),
            (Syntax::Dns1035Label, "My_cluster", "contains 'M'"),
            (Syntax::Dns1035Label, "a.b-", "contains '.' and ends with '-'"),
            (Syntax::Dns1035Label, "a\n", "contains '\\n'"),
            (Syntax::Dns1123Label, "a.b", "contains '.'"),
            (Syntax::Dns1123Subdomain, "a-.b", "contains \"-.\""),
            (Syntax::QualifiedName, "a/b/c", "contains '/' more than once"),
            (Syntax::QualifiedName, "/b", "has a prefix that is empty"),
            (Syntax::QualifiedName, "a_b/", "has a prefix that contains '_' and has a name part that is empty"),
            (Syntax::LabelValue, "a b", "contains ' '"),
        ] {
            assert_eq!(sentence(&syntax.errors(text)), expected, "{syntax:?}: {text:?}");
        }
        let long = Syntax::LabelValue.errors(&"a".repeat(64));
        assert_eq!(sentence(&long), "has 64 characters, more than 63");
        assert!(long[0].is_length());
    }
}
