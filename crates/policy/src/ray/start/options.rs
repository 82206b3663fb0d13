//! The options of `ray start` in each minor version of Ray.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use crate::ray::release::Release;

/// The table that `tests/ray/options` made from the wheels of Ray.
const TABLE: &str = include_str!("options.txt");

/// What an option accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Any text
    Text,
    /// A whole number, as Python reads it
    Integer,
    /// A number, as Python reads it
    Number,
    /// `true`, `false` and their synonyms
    Boolean,
    /// No value
    Flag,
    /// No value; the option may be repeated
    Count,
    /// JSON
    Json,
    /// One of these words, in any case
    Choice(Vec<&'static str>),
}

/// An option of `ray start`.
#[derive(Clone, Debug)]
pub(super) struct StartOption {
    /// The name without dashes.
    pub name: &'static str,
    /// What it accepts.
    pub kind: Kind,
    /// The minor versions of Ray 2 that have the option.
    pub minors: RangeInclusive<u64>,
}

/// The options, sorted by name, and the minor versions that were read, in ascending order.
pub(super) struct Options {
    all: Vec<StartOption>,
    minors: Vec<u64>,
}

/// The table, parsed once.
pub(super) static OPTIONS: LazyLock<Options> = LazyLock::new(|| {
    let mut options = Options { all: Vec::new(), minors: Vec::new() };
    for line in TABLE.lines() {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("#"), ..) => {}
            (Some("releases"), ..) => {
                let minor = |release: &str| release.split('.').nth(1)?.parse::<u64>().ok();
                options.minors.extend(line.split(' ').filter_map(minor));
            }
            (Some(name), Some(kind), Some(minors)) => {
                let Some((first, last)) = minors.split_once('-') else { continue };
                let (Ok(first), Ok(last)) = (first.parse(), last.parse()) else { continue };
                options.all.push(StartOption { name, kind: Kind::read(kind), minors: first..=last });
            }
            _ => {}
        }
    }
    options
});

impl Kind {
    fn read(text: &'static str) -> Self {
        match text {
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "flag" => Self::Flag,
            "count" => Self::Count,
            "json" => Self::Json,
            _ => match text.strip_prefix("choice:") {
                Some(words) => Self::Choice(words.split('|').collect()),
                None => Self::Text,
            },
        }
    }

    /// Reports whether the option is a switch, which accepts no value.
    pub(super) fn is_switch(&self) -> bool {
        matches!(self, Self::Flag | Self::Count)
    }
}

impl Options {
    /// Returns the option of this name, in whichever version.
    pub(super) fn find(&self, name: &str) -> Option<&StartOption> {
        self.all.binary_search_by(|option| option.name.cmp(name)).ok().map(|index| &self.all[index])
    }

    /// Returns the names of the options in these versions.
    pub(super) fn names(&self, versions: Versions) -> Vec<&'static str> {
        let newest = versions.newest;
        self.all.iter().filter(|option| option.minors.contains(&newest)).map(|option| option.name).collect()
    }
}

/// The minor versions of Ray 2 that a cluster may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Versions {
    oldest: u64,
    newest: u64,
}

/// How certain it is that `ray start` refuses something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    /// Every version that the cluster may run refuses it.
    Sure,
    /// The newest version that the cluster may run refuses it, but not all of them.
    Likely,
}

impl Versions {
    /// Returns the versions that a stated release means: itself, if its minor version was read; the nearest ones that
    /// were read, if the release is between them; and all of them for any other release, or for none.
    pub(super) fn of(release: Option<Release>) -> Self {
        let minors = &OPTIONS.minors;
        let (oldest, newest) =
            (minors.first().copied().unwrap_or_default(), minors.last().copied().unwrap_or_default());
        match release.map(|release| minors.binary_search(&release.minor)) {
            Some(Ok(at)) => Self { oldest: minors[at], newest: minors[at] },
            Some(Err(at)) if at > 0 && at < minors.len() => Self { oldest: minors[at - 1], newest: minors[at] },
            _ => Self { oldest, newest },
        }
    }

    /// Returns how certain a refusal is; `None` if the newest version accepts it.
    pub(super) fn refusal(self, accepts: impl Fn(u64) -> bool) -> Option<Certainty> {
        let minors = OPTIONS.minors.iter().filter(|minor| (self.oldest..=self.newest).contains(minor));
        match accepts(self.newest) {
            true => None,
            false if minors.into_iter().any(|minor| accepts(*minor)) => Some(Certainty::Likely),
            false => Some(Certainty::Sure),
        }
    }

    /// Returns the newest minor version.
    pub(super) fn newest(self) -> u64 {
        self.newest
    }
}

impl std::fmt::Display for Versions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Ray 2.{}", self.oldest)?;
        if self.oldest == self.newest { Ok(()) } else { write!(formatter, " to 2.{}", self.newest) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_its_kinds_are_known() {
        assert_eq!(OPTIONS.all.len() + 2, TABLE.lines().count());
        assert!(OPTIONS.all.is_sorted_by_key(|option| option.name));
        assert!(OPTIONS.minors.is_sorted() && OPTIONS.minors.contains(&9));
        let texts = TABLE.lines().filter(|line| line.contains(" text ")).count();
        assert_eq!(OPTIONS.all.iter().filter(|option| option.kind == Kind::Text).count(), texts);
    }

    #[test]
    fn a_release_between_two_known_ones_may_be_either() {
        for (minor, text) in
            [(40, "Ray 2.40"), (15, "Ray 2.12 to 2.20"), (8, "Ray 2.9 to 2.60"), (61, "Ray 2.9 to 2.60")]
        {
            assert_eq!(Versions::of(Some(Release::v2(minor, 0))).to_string(), text);
        }
        assert_eq!(Versions::of(None).to_string(), "Ray 2.9 to 2.60");
    }

    #[test]
    fn only_what_all_versions_refuse_is_certain() {
        let unknown = Versions::of(None);
        assert_eq!(unknown.refusal(|minor| minor < 48), Some(Certainty::Likely));
        assert_eq!(unknown.refusal(|minor| minor >= 48), None);
        assert_eq!(unknown.refusal(|_| false), Some(Certainty::Sure));
        assert_eq!(Versions::of(Some(Release::v2(47, 0))).refusal(|minor| minor >= 48), Some(Certainty::Sure));
    }
}
