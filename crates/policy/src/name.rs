//! The syntax of Kubernetes' names and labels: what a text must look like, and what is wrong with one that does not.
//!
//! It is that of `k8s.io/apimachinery/pkg/util/validation`, text for text. No crate is used for it: those that have
//! these checks keep them to themselves (`container-device-interface`), have but one or two of them, or bring a whole
//! operator framework (`stackable-operator`), and none says which sign of a text is the wrong one.

use std::fmt;

/// A syntax that Kubernetes has for some names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// A DNS label as RFC 1035 has it, which a Service needs for its name (`IsDNS1035Label`).
    Dns1035Label,
    /// A DNS label as RFC 1123 has it, which may begin with a digit (`IsDNS1123Label`).
    Dns1123Label,
    /// Labels with dots between them, each of any length (`IsDNS1123Subdomain`).
    Dns1123Subdomain,
    /// The key of a label or annotation: a name, with or without a subdomain and a slash before it (`IsQualifiedName`).
    QualifiedName,
    /// The value of a label, which may be empty (`IsValidLabelValue`).
    LabelValue,
}

/// One thing that is wrong with a text; printed as what one says of it: `begins with '-'`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    part: Part,
    kind: Kind,
}

/// Of which part of a text something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// What stands before the slash of a qualified name.
    Prefix,
    /// What stands behind it.
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
    /// Two signs that must not stand beside each other.
    Pair(char, char),
    Slashes,
}

impl Syntax {
    /// Everything that is wrong with a text; nothing if it has this syntax. Lengths are in bytes, as Go counts them.
    pub fn faults(self, text: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        self.check(text, Part::Whole, &mut faults);
        faults
    }

    /// Whether a text has this syntax.
    pub fn admits(self, text: &str) -> bool {
        self.faults(text).is_empty()
    }

    /// What to write, as the end of a sentence.
    pub fn form(self) -> &'static str {
        match self {
            Self::Dns1035Label => "at most 63 lower-case letters, digits and '-', the first a letter, the last no '-'",
            Self::Dns1123Label => "at most 63 lower-case letters, digits and '-', with a letter or digit at both ends",
            Self::Dns1123Subdomain => "lower-case letters, digits, '-' and '.', with letters or digits around each '.'",
            Self::QualifiedName => "at most 63 letters, digits, '-', '_' and '.', or a domain, '/' and such a name",
            Self::LabelValue => "at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends",
        }
    }

    fn check(self, text: &str, part: Part, faults: &mut Vec<Fault>) {
        match (self, text.split_once('/')) {
            (Self::QualifiedName, None) if text.is_empty() => faults.push(Fault { part, kind: Kind::Empty }),
            (Self::QualifiedName, None) => Self::LabelValue.check(text, part, faults),
            (Self::QualifiedName, Some((_, name))) if name.contains('/') => {
                faults.push(Fault { part, kind: Kind::Slashes });
            }
            (Self::QualifiedName, Some((prefix, name))) => {
                Self::Dns1123Subdomain.check(prefix, Part::Prefix, faults);
                match name {
                    "" => faults.push(Fault { part: Part::Name, kind: Kind::Empty }),
                    name => Self::LabelValue.check(name, Part::Name, faults),
                }
            }
            (Self::LabelValue, _) if text.is_empty() => {}
            _ => faults.extend(self.kinds(text).into_iter().flatten().map(|kind| Fault { part, kind })),
        }
    }

    /// What is wrong with a text in one part. A sign that has no place at all is not also called wrong where it stands.
    fn kinds(self, text: &str) -> [Option<Kind>; 5] {
        let mut signs = text.chars();
        let Some(first) = signs.next() else { return [Some(Kind::Empty), None, None, None, None] };
        let last = signs.next_back();
        let limit = if self == Self::Dns1123Subdomain { 253 } else { 63 };
        let length = text.len();
        let is_inner = |sign: char| self.is_outer(sign) || self.is_between(sign);
        let is_pair = |(a, b): &(char, char)| {
            let (before, behind) = (self.is_between(*a), self.is_between(*b));
            before && behind && [*a, *b].contains(&'.')
        };
        let pairs = (self == Self::Dns1123Subdomain).then(|| text.chars().zip(text.chars().skip(1)));
        [
            (length > limit).then_some(Kind::Long { length, limit }),
            text.chars().find(|sign| !is_inner(*sign)).map(Kind::Contains),
            (is_inner(first) && !self.is_first(first)).then_some(Kind::Begins(first)),
            last.filter(|last| is_inner(*last) && !self.is_outer(*last)).map(Kind::Ends),
            pairs.into_iter().flatten().find(is_pair).map(|(a, b)| Kind::Pair(a, b)),
        ]
    }

    /// Whether a sign may stand at both ends; at the beginning only a letter may where [`Syntax::is_first`] says so.
    fn is_outer(self, sign: char) -> bool {
        match self {
            Self::QualifiedName | Self::LabelValue => sign.is_ascii_alphanumeric(),
            _ => sign.is_ascii_lowercase() || sign.is_ascii_digit(),
        }
    }

    fn is_first(self, sign: char) -> bool {
        self.is_outer(sign) && (self != Self::Dns1035Label || sign.is_ascii_lowercase())
    }

    /// Whether a sign may stand between others only.
    fn is_between(self, sign: char) -> bool {
        match self {
            Self::Dns1035Label | Self::Dns1123Label => sign == '-',
            Self::Dns1123Subdomain => matches!(sign, '-' | '.'),
            Self::QualifiedName | Self::LabelValue => matches!(sign, '-' | '_' | '.'),
        }
    }
}

impl Fault {
    /// Whether it is the length that is wrong.
    pub fn is_length(&self) -> bool {
        matches!(self.kind, Kind::Long { .. })
    }
}

/// What is wrong, in one line: `contains 'A' and ends with '-'`.
pub fn sentence<'f>(faults: impl IntoIterator<Item = &'f Fault>) -> String {
    let faults: Vec<_> = faults.into_iter().map(ToString::to_string).collect();
    faults.join(" and ")
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.part {
            Part::Whole => "",
            Part::Prefix => "has a prefix that ",
            Part::Name => "has behind its prefix a name that ",
        })?;
        match self.kind {
            Kind::Empty => formatter.write_str("is empty"),
            Kind::Long { length, limit } => write!(formatter, "has {length} characters, more than {limit}"),
            Kind::Contains(sign) => write!(formatter, "contains {sign:?}"),
            Kind::Begins(sign) => write!(formatter, "begins with {sign:?}"),
            Kind::Ends(sign) => write!(formatter, "ends with {sign:?}"),
            Kind::Pair(a, b) => write!(formatter, "contains \"{a}{b}\""),
            Kind::Slashes => formatter.write_str("contains '/' more than once"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_lite::Regex;

    const ALL: [Syntax; 5] = [
        Syntax::Dns1035Label,
        Syntax::Dns1123Label,
        Syntax::Dns1123Subdomain,
        Syntax::QualifiedName,
        Syntax::LabelValue,
    ];

    /// Every text of up to five of these signs: letters of both cases, a digit, each sign that some syntax has, one
    /// that none has, and one of more than a byte.
    #[test]
    fn every_short_text_is_judged_as_the_patterns_of_apimachinery_judge_it() {
        let label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
        let subdomain = format!(r"{label}(\.{label})*");
        let name = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
        let patterns = [
            "[a-z]([-a-z0-9]*[a-z0-9])?".to_owned(),
            label.to_owned(),
            subdomain.clone(),
            format!("({subdomain}/)?{name}"),
            format!("({name})?"),
        ];
        let patterns = patterns.map(|pattern| Regex::new(&format!("^(?:{pattern})$")).expect("a pattern"));
        let mut texts = vec![String::new()];
        for _ in 0..5 {
            let longer = texts.iter().flat_map(|text| "aA0-_./é".chars().map(move |sign| format!("{text}{sign}")));
            texts = std::iter::once(String::new()).chain(longer).collect();
            texts.dedup();
        }
        assert!(texts.len() > 37_000);
        for text in texts {
            for (syntax, pattern) in ALL.into_iter().zip(&patterns) {
                assert_eq!(syntax.admits(&text), pattern.is_match(&text), "{syntax:?}: {text:?}");
            }
        }
    }

    /// The answers are those of k8s.io/apimachinery v0.35.4, of which a program printed them.
    #[test]
    fn lengths_are_those_of_apimachinery() {
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
    fn a_fault_says_what_is_wrong() {
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
            (
                Syntax::QualifiedName,
                "a_b/",
                "has a prefix that contains '_' and has behind its prefix a name that is empty",
            ),
            (Syntax::LabelValue, "a b", "contains ' '"),
        ] {
            assert_eq!(sentence(&syntax.faults(text)), expected, "{syntax:?}: {text:?}");
        }
        let long = Syntax::LabelValue.faults(&"a".repeat(64));
        assert_eq!(sentence(&long), "has 64 characters, more than 63");
        assert!(long[0].is_length());
    }
}
