//! The KubeRay release of the target cluster, and its feature gates.

mod kind;

use std::fmt;
use std::ops::RangeInclusive;

pub use kind::Kind;

/// The releases of KubeRay 1, the oldest first: the minor version, and what its schema has otherwise than that of
/// [`Version::WHOLE_SCHEMA`], which is embedded whole. A new release of KubeRay is an entry here.
///
/// The last entry is [`Version::NEXT`]. Its file is what its schema has otherwise than that of [`Version::NEWEST`].
const RELEASES: [(u8, &str); 8] = [
    (1, include_str!("schema/kuberay-1.1.json")),
    (2, include_str!("schema/kuberay-1.2.json")),
    (3, include_str!("schema/kuberay-1.3.json")),
    (4, include_str!("schema/kuberay-1.4.json")),
    (5, include_str!("schema/kuberay-1.5.json")),
    (6, ""),
    (7, include_str!("schema/kuberay-1.7.json")),
    (8, include_str!("schema/kuberay-next.json")),
];

/// A minor version of KubeRay, 1.1 to 1.7, or what is merged for the release after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    minor: u8,
}

impl Version {
    /// Every version that rayguard supports, the oldest first.
    pub const ALL: [Version; RELEASES.len()] = {
        let mut all = [Self::v1(0); RELEASES.len()];
        let mut index = 0;
        while index < all.len() {
            all[index] = Self::v1(RELEASES[index].0);
            index += 1;
        }
        all
    };
    /// Every release that rayguard supports, the oldest first.
    pub const RELEASED: &[Version] = Self::ALL.split_at(Self::ALL.len() - 1).0;
    /// The oldest version that rayguard supports.
    pub const OLDEST: Version = Self::ALL[0];
    /// The newest release that rayguard supports. It is the default.
    pub const NEWEST: Version = Self::ALL[Self::ALL.len() - 2];
    /// The release after [`Version::NEWEST`], as far as it is merged. A policy names it `next`.
    pub const NEXT: Version = Self::ALL[Self::ALL.len() - 1];
    /// The version whose schema is embedded whole.
    pub const WHOLE_SCHEMA: Version = Self::v1(6);

    /// Returns the version `1.<minor>`.
    pub const fn v1(minor: u8) -> Self {
        Self { minor }
    }

    /// Returns the minor version, which is one more than that of [`Version::NEWEST`] for [`Version::NEXT`].
    pub fn minor(self) -> u8 {
        self.minor
    }

    /// Returns what the schema of this version has otherwise than [`Version::WHOLE_SCHEMA`]'s, in the format of
    /// `src/schema/*.json`: files of which a later one changes an earlier one, or is empty.
    pub(crate) fn schema_differences(self) -> [&'static str; 2] {
        let of = |version: Self| {
            RELEASES.iter().find(|(minor, _)| *minor == version.minor).map_or("", |(_, differences)| differences)
        };
        if self == Self::NEXT { [of(Self::NEWEST), of(self)] } else { [of(self), ""] }
    }

    /// Parses `1.6`, `v1.6`, `1.6.2` or `next`; `None` for a version that rayguard does not support.
    pub fn parse(text: &str) -> Option<Self> {
        if text == NEXT {
            return Some(Self::NEXT);
        }
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let ("1", minor) = (parts.next()?, parts.next()?) else { return None };
        let version = Self::RELEASED.iter().copied().find(|version| version.minor.to_string() == minor)?;
        let patch = parts.next().is_none_or(|patch| !patch.is_empty() && patch.bytes().all(|b| b.is_ascii_digit()));
        (patch && parts.next().is_none()).then_some(version)
    }

    /// Returns a regular expression, also of JavaScript, that matches what [`Version::parse`] can parse.
    pub fn pattern() -> String {
        let minors: Vec<_> = Self::RELEASED.iter().map(|version| version.minor.to_string()).collect();
        format!(r"^(v?1\.({})(\.[0-9]+)?|{NEXT})$", minors.join("|"))
    }
}

/// The name of [`Version::NEXT`].
const NEXT: &str = "next";

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NEXT { formatter.write_str(NEXT) } else { write!(formatter, "1.{}", self.minor) }
    }
}

/// A feature gate of the operator (ray-operator/pkg/features/features.go). If some of them are disabled, the operator
/// rejects objects that use the feature. The others change no verdict, but a policy can still list all gates that are
/// set for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeatureGate {
    /// `AllAlpha`: every feature gate that is alpha
    AllAlpha,
    /// `AllBeta`: every feature gate that is beta
    AllBeta,
    /// `RayClusterStatusConditions`
    RayClusterStatusConditions,
    /// `RayJobDeletionPolicy`
    RayJobDeletionPolicy,
    /// `RayMultiHostIndexing`
    RayMultiHostIndexing,
    /// `RayServiceIncrementalUpgrade`
    RayServiceIncrementalUpgrade,
    /// `RayCronJob`
    RayCronJob,
    /// `AsyncJobInfoQuery`
    AsyncJobInfoQuery,
    /// `SidecarSubmitterRestart`
    SidecarSubmitterRestart,
    /// `RayClusterNetworkPolicy`
    RayClusterNetworkPolicy,
    /// `GCSFaultToleranceEmbeddedStorage`
    GcsFaultToleranceEmbeddedStorage,
    /// `RayClusterMTLS`
    RayClusterMtls,
    /// `RayClusterHistoryServer`
    RayClusterHistoryServer,
    /// `KubernetesWAS`
    KubernetesWas,
}

/// A gate's name, the minor versions that have it, and the first minor version in which it is beta.
struct Facts {
    name: &'static str,
    minors: RangeInclusive<u8>,
    beta: Option<u8>,
}

impl FeatureGate {
    /// Every gate, the oldest first.
    pub const ALL: [FeatureGate; 14] = [
        FeatureGate::AllAlpha,
        FeatureGate::AllBeta,
        FeatureGate::RayClusterStatusConditions,
        FeatureGate::RayJobDeletionPolicy,
        FeatureGate::RayMultiHostIndexing,
        FeatureGate::RayServiceIncrementalUpgrade,
        FeatureGate::RayCronJob,
        FeatureGate::AsyncJobInfoQuery,
        FeatureGate::SidecarSubmitterRestart,
        FeatureGate::RayClusterNetworkPolicy,
        FeatureGate::GcsFaultToleranceEmbeddedStorage,
        FeatureGate::RayClusterMtls,
        FeatureGate::RayClusterHistoryServer,
        FeatureGate::KubernetesWas,
    ];

    fn facts(self) -> Facts {
        let newest = Version::NEXT.minor;
        let (name, minors, beta) = match self {
            Self::AllAlpha => ("AllAlpha", 2..=newest, None),
            Self::AllBeta => ("AllBeta", 2..=newest, None),
            Self::RayClusterStatusConditions => ("RayClusterStatusConditions", 2..=newest, Some(3)),
            Self::RayJobDeletionPolicy => ("RayJobDeletionPolicy", 3..=newest, Some(6)),
            Self::RayMultiHostIndexing => ("RayMultiHostIndexing", 5..=newest, Some(6)),
            Self::RayServiceIncrementalUpgrade => ("RayServiceIncrementalUpgrade", 5..=newest, Some(7)),
            Self::RayCronJob => ("RayCronJob", 6..=newest, None),
            Self::AsyncJobInfoQuery => ("AsyncJobInfoQuery", 6..=6, None),
            Self::SidecarSubmitterRestart => ("SidecarSubmitterRestart", 7..=newest, None),
            Self::RayClusterNetworkPolicy => ("RayClusterNetworkPolicy", 7..=newest, None),
            Self::GcsFaultToleranceEmbeddedStorage => ("GCSFaultToleranceEmbeddedStorage", 7..=newest, None),
            Self::RayClusterMtls => ("RayClusterMTLS", 7..=newest, None),
            Self::RayClusterHistoryServer => ("RayClusterHistoryServer", 7..=newest, None),
            Self::KubernetesWas => ("KubernetesWAS", 7..=newest, None),
        };
        Facts { name, minors, beta }
    }

    /// Returns the gate's name, as in the operator's `--feature-gates`.
    pub fn as_str(self) -> &'static str {
        self.facts().name
    }

    /// Reports whether a version has the gate. The operator does not start if a gate is set that it does not have.
    pub fn is_in(self, version: Version) -> bool {
        self.facts().minors.contains(&version.minor)
    }

    /// Reports whether the gate is beta in a version. A beta gate is enabled by default, an alpha gate is disabled.
    pub fn is_beta_in(self, version: Version) -> bool {
        self.facts().beta.is_some_and(|first| version.minor >= first)
    }
}

/// A version of KubeRay, and the feature gates that are set explicitly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeRay {
    /// The version.
    pub version: Version,
    /// The gates that are set for the operator, each with `true` where it is enabled. The last entry of a gate counts.
    pub feature_gates: Vec<(FeatureGate, bool)>,
}

impl KubeRay {
    /// Reports whether a gate is enabled: by its own setting, else by that of `AllAlpha` or `AllBeta`, else by default.
    pub fn is_enabled(&self, gate: FeatureGate) -> bool {
        let set = |gate: FeatureGate| self.feature_gates.iter().rev().find(|(set, _)| *set == gate);
        let is_beta = gate.is_beta_in(self.version);
        let all = if is_beta { FeatureGate::AllBeta } else { FeatureGate::AllAlpha };
        set(gate).or_else(|| set(all)).map_or(is_beta, |(_, enabled)| *enabled)
    }
}

impl Default for KubeRay {
    fn default() -> Self {
        Self { version: Version::NEWEST, feature_gates: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use regex_lite::Regex;

    use super::*;

    #[test]
    fn supported_versions_are_parsed_and_others_are_not() {
        let pattern = Regex::new(&Version::pattern()).expect("a regular expression");
        let is_match = |text| pattern.is_match(text);
        for text in ["1.6", "v1.6", "1.6.2", "v1.6.2"] {
            assert_eq!(Version::parse(text), Some(Version::v1(6)), "{text}");
            assert!(is_match(text), "{text}");
        }
        for text in [
            "", "1", "1.", "1.0", "1.8", "2.1", "1.6.", "1.6.x", "1.6.2.1", "latest", "1.-6", "Next", "vnext",
            "next.1", "1.06", "1.+6", "1.6\n", "next\n", " 1.6", "1.16",
        ] {
            assert_eq!(Version::parse(text), None, "{text}");
            assert!(!is_match(text), "{text}");
        }
    }

    #[test]
    fn the_next_version_follows_the_newest_which_stays_the_default() {
        assert_eq!(Version::parse("next"), Some(Version::NEXT));
        assert_eq!(Version::NEXT.to_string(), "next");
        assert_eq!(Version::NEWEST.to_string(), "1.7");
        assert_eq!(KubeRay::default().version, Version::NEWEST);
        assert!(Version::NEXT > Version::NEWEST && Version::ALL.is_sorted());
    }

    fn with_gates<const N: usize>(minor: u8, feature_gates: [(FeatureGate, bool); N]) -> KubeRay {
        KubeRay { version: Version::v1(minor), feature_gates: feature_gates.to_vec() }
    }

    #[test]
    fn a_gate_that_is_not_set_has_the_default_of_the_version() {
        let gate = FeatureGate::RayServiceIncrementalUpgrade;
        assert!(KubeRay::default().is_enabled(gate));
        assert!(!with_gates(6, []).is_enabled(gate));
        assert!(with_gates(6, [(gate, true)]).is_enabled(gate));
    }

    #[test]
    fn a_single_gate_takes_precedence_over_all_gates_of_a_stage() {
        use FeatureGate::{AllAlpha, AllBeta, RayClusterMtls, RayJobDeletionPolicy};
        assert!(with_gates(7, [(AllAlpha, true)]).is_enabled(RayClusterMtls));
        assert!(!with_gates(7, [(AllBeta, true)]).is_enabled(RayClusterMtls));
        assert!(!with_gates(7, [(RayClusterMtls, false), (AllAlpha, true)]).is_enabled(RayClusterMtls));
        assert!(!with_gates(7, [(AllBeta, false)]).is_enabled(RayJobDeletionPolicy));
        let alpha_only = with_gates(5, [(AllAlpha, true), (AllBeta, false)]);
        assert!(alpha_only.is_enabled(RayJobDeletionPolicy), "alpha until 1.5");
    }

    /// The gates of ray-operator/pkg/features/features.go at v1.2.2, v1.3.2, v1.4.2, v1.5.1, v1.6.2, v1.7.0 and at
    /// commit feeaf72f, with their defaults.
    #[test]
    fn every_version_has_its_gates() {
        let counts = [(1, 0, 0), (2, 1, 0), (3, 2, 1), (4, 2, 1), (5, 4, 1), (6, 6, 3), (7, 11, 4), (8, 11, 4)];
        for (minor, gates, enabled) in counts {
            let kuberay = with_gates(minor, []);
            let all = [FeatureGate::AllAlpha, FeatureGate::AllBeta];
            let has = |gate: &FeatureGate| gate.is_in(kuberay.version) && !all.contains(gate);
            assert_eq!(FeatureGate::ALL.into_iter().filter(has).count(), gates, "1.{minor}");
            let is_enabled = |gate: &FeatureGate| has(gate) && kuberay.is_enabled(*gate);
            assert_eq!(FeatureGate::ALL.into_iter().filter(is_enabled).count(), enabled, "1.{minor}");
        }
    }
}
