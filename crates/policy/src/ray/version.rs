//! Versions of Ray, as KubeRay parses them.

use std::cmp::Ordering;
use std::fmt;

use super::RayObject;

/// A version: numbers separated by dots, and a suffix that does not count in a comparison.
///
/// It is parsed as by KubeRay, which uses `ParseGeneric` of `k8s.io/apimachinery/pkg/util/version`: `2.52`, `v2.52.0`,
/// `2.52.0rc1` and `2.52.0.dev0` are equal. No crate agrees with it. `semver` accepts none of the four.
/// `lenient_semver` sorts a release candidate before its release, and accepts a single `2`.
#[derive(Clone, Copy, Debug)]
pub struct RayVersion<'a> {
    numbers: &'a str,
    suffix: &'a str,
}

impl<'a> RayVersion<'a> {
    /// Parses a version; `None` for a text that KubeRay cannot parse.
    pub fn parse(text: &'a str) -> Option<Self> {
        // These are the blanks of Go's `\s`. The dot of Go's patterns does not match a line break.
        let text = text.trim_start_matches([' ', '\t', '\n', '\u{c}', '\r']);
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut end = digits(text)?;
        while let Some(more) = text[end..].strip_prefix('.').and_then(digits) {
            end += 1 + more;
        }
        let (numbers, suffix) = text.split_at(end);
        let (first, _) = numbers.split_once('.')?;
        let is_padded = first.len() > 1 && first.starts_with('0');
        let is_small = |number: &str| number.parse::<u64>().is_ok();
        (!is_padded && !suffix.contains('\n') && numbers.split('.').all(is_small)).then_some(Self { numbers, suffix })
    }

    /// Reports whether this is the other version or a later one, by their numbers.
    pub fn is_at_least(self, other: RayVersion<'_>) -> bool {
        self.compare(other) != Ordering::Less
    }

    /// Returns the text after the numbers, without blanks around it: `rc1`, `-py311`.
    pub fn suffix(self) -> &'a str {
        self.suffix.trim()
    }

    /// Compares the numbers. A missing number is 0.
    pub fn compare(self, other: RayVersion<'_>) -> Ordering {
        let (mut a, mut b) = (self.numbers(), other.numbers());
        loop {
            match (a.next(), b.next()) {
                (None, None) => return Ordering::Equal,
                (a, b) => match a.unwrap_or(0).cmp(&b.unwrap_or(0)) {
                    Ordering::Equal => {}
                    unequal => return unequal,
                },
            }
        }
    }

    /// Returns the numbers, from the major version on.
    pub(super) fn numbers(self) -> impl Iterator<Item = u64> + use<'a> {
        self.numbers.split('.').map(|number| number.parse().unwrap_or(u64::MAX))
    }
}

impl fmt::Display for RayVersion<'_> {
    /// Prints the numbers without the suffix. A precision limits the length.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.numbers)
    }
}

/// Why a cluster's `rayVersion` does not meet a minimum version. It is printed as a clause: `there is no rayVersion`.
#[derive(Clone, Copy, Debug)]
pub enum Shortfall<'a> {
    /// The cluster has no `rayVersion`.
    Unset,
    /// KubeRay cannot parse the `rayVersion`.
    Unreadable,
    /// The `rayVersion` is older.
    Older(RayVersion<'a>),
}

impl fmt::Display for Shortfall<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => formatter.write_str("there is no rayVersion"),
            Self::Unreadable => formatter.write_str("KubeRay cannot read the rayVersion"),
            Self::Older(version) => write!(formatter, "rayVersion is {version:.20}"),
        }
    }
}

impl<'a> RayObject<'a> {
    /// Returns why the cluster's `rayVersion` does not meet a minimum version; `None` if it does.
    pub fn ray_version_shortfall(&self, minimum: &str) -> Option<Shortfall<'a>> {
        let Some(text) = self.cluster.json.field("rayVersion").as_nonempty_str() else {
            return Some(Shortfall::Unset);
        };
        let Some(version) = RayVersion::parse(text) else { return Some(Shortfall::Unreadable) };
        let is_enough = RayVersion::parse(minimum).is_some_and(|minimum| version.is_at_least(minimum));
        (!is_enough).then_some(Shortfall::Older(version))
    }
}

/// Returns the number of digits at the beginning of a text; `None` if there are none.
fn digits(text: &str) -> Option<usize> {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    (count > 0).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The results of `ParseGeneric` of k8s.io/apimachinery v0.35.4 for each text, compared with 2.52.0. They were
    /// printed by a Go program.
    const ANSWERS: [(&str, Option<Ordering>); 57] = [
        ("", None),
        ("2", None),
        ("2.52", Some(Ordering::Equal)),
        ("v2.52", Some(Ordering::Equal)),
        ("2.52.0", Some(Ordering::Equal)),
        ("v2.52.0", Some(Ordering::Equal)),
        ("V2.52.0", None),
        ("vv2.52.0", None),
        (" 2.52.0", Some(Ordering::Equal)),
        ("\t v2.52.0 ", Some(Ordering::Equal)),
        ("2.52.0 ", Some(Ordering::Equal)),
        ("2.52.0\n", None),
        ("\n2.52.0", Some(Ordering::Equal)),
        ("2.52.0\nx", None),
        ("2.52.0rc1", Some(Ordering::Equal)),
        ("2.52.0.dev0", Some(Ordering::Equal)),
        ("2.52.0-py311-gpu", Some(Ordering::Equal)),
        ("2.52.0+abc", Some(Ordering::Equal)),
        ("2.51.9", Some(Ordering::Less)),
        ("2.51.99rc1", Some(Ordering::Less)),
        ("2.52.0.0", Some(Ordering::Equal)),
        ("2.52.0.1", Some(Ordering::Greater)),
        ("2.52.", Some(Ordering::Equal)),
        ("2.52..1", Some(Ordering::Equal)),
        ("2.52x", Some(Ordering::Equal)),
        ("2..52", None),
        ("02.52.0", None),
        ("0.52.0", Some(Ordering::Less)),
        ("00.52", None),
        ("2.052.0", Some(Ordering::Equal)),
        ("2.0052", Some(Ordering::Equal)),
        ("3.0.0.dev0", Some(Ordering::Greater)),
        ("3.0", Some(Ordering::Greater)),
        ("10.0", Some(Ordering::Greater)),
        ("2.9.0", Some(Ordering::Less)),
        ("nightly", None),
        ("latest", None),
        ("v", None),
        ("2.x", None),
        (".2.52", None),
        ("2,52", None),
        ("-2.52", None),
        ("2.18446744073709551615", Some(Ordering::Greater)),
        ("2.18446744073709551616", None),
        ("18446744073709551616.0", None),
        ("2.52.18446744073709551616", None),
        ("２.52", None),
        ("2.52.0é", Some(Ordering::Equal)),
        ("\u{a0}2.52.0", None),
        ("\u{b}2.52.0", None),
        ("\u{c}2.52.0", Some(Ordering::Equal)),
        ("2.51", Some(Ordering::Less)),
        ("2.51.99999", Some(Ordering::Less)),
        ("2.52-", Some(Ordering::Equal)),
        ("v 2.52.0", None),
        ("1.13.0", Some(Ordering::Less)),
        ("2 .52", None),
    ];

    #[test]
    fn versions_are_parsed_and_compared_as_by_kuberay() {
        let minimum = RayVersion::parse("2.52.0").expect("a version");
        for (text, expected) in ANSWERS {
            let version = RayVersion::parse(text);
            assert_eq!(version.map(|version| version.compare(minimum)), expected, "{text:?}");
            assert_eq!(
                version.is_some_and(|it| it.is_at_least(minimum)),
                expected.is_some_and(Ordering::is_ge),
                "{text:?}"
            );
        }
    }

    #[test]
    fn the_suffix_is_kept() {
        for (text, suffix) in [("2.52.0", ""), (" v2.52.0 ", ""), ("2.52.0rc1", "rc1"), ("2.52.", ".")] {
            assert_eq!(RayVersion::parse(text).map(RayVersion::suffix), Some(suffix), "{text:?}");
        }
    }
}
