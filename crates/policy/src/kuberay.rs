//! What the target cluster runs: KubeRay's version, and its feature gates.

mod kind;

use std::fmt;
use std::ops::RangeInclusive;

pub use kind::Kind;

/// A minor version of KubeRay, 1.1 to 1.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    minor: u8,
}

impl Version {
    /// Every version that rayguard knows, the oldest first.
    pub const ALL: [Version; 7] =
        [Self::v1(1), Self::v1(2), Self::v1(3), Self::v1(4), Self::v1(5), Self::v1(6), Self::v1(7)];
    /// The oldest version that rayguard knows.
    pub const OLDEST: Version = Self::ALL[0];
    /// The newest version that rayguard knows, and the one it assumes.
    pub const NEWEST: Version = Self::ALL[Self::ALL.len() - 1];

    /// The version `1.<minor>`.
    pub const fn v1(minor: u8) -> Self {
        Self { minor }
    }

    /// Reads `1.6`, `v1.6` or `1.6.2`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let ("1", minor) = (parts.next()?, parts.next()?.parse().ok()?) else { return None };
        let version = Self { minor };
        let patch = parts.next().is_none_or(|patch| !patch.is_empty() && patch.bytes().all(|b| b.is_ascii_digit()));
        (patch && parts.next().is_none() && (Self::OLDEST..=Self::NEWEST).contains(&version)).then_some(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "1.{}", self.minor)
    }
}

/// A feature gate of the operator (ray-operator/pkg/features/features.go). Some, while they are off, make it refuse
/// objects that ask for the feature; the others change no verdict, and are here so that a policy can say what the
/// operator was told.
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

/// What is known of a gate: its name, the minor versions that have it, and the first in which it is beta.
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
        let newest = Version::NEWEST.minor;
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

    /// The gate's name, as the operator's `--feature-gates` has it.
    pub fn as_str(self) -> &'static str {
        self.facts().name
    }

    /// Whether a version has the gate at all. An operator that is told of one that it does not have does not start.
    pub fn is_in(self, version: Version) -> bool {
        self.facts().minors.contains(&version.minor)
    }

    /// Whether the gate is beta in a version, and so open unless told otherwise; else it is alpha and closed.
    pub fn is_beta_in(self, version: Version) -> bool {
        self.facts().beta.is_some_and(|first| version.minor >= first)
    }
}

/// A version of KubeRay and the gates that are set otherwise than it sets them itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeRay {
    /// The version.
    pub version: Version,
    /// Gates that the operator was told to open or to close.
    pub feature_gates: Vec<(FeatureGate, bool)>,
}

impl KubeRay {
    /// Whether a gate is open.
    pub fn is_enabled(&self, gate: FeatureGate) -> bool {
        let told = |gate: FeatureGate| self.feature_gates.iter().rev().find(|(told, _)| *told == gate);
        let is_beta = gate.is_beta_in(self.version);
        let all = if is_beta { FeatureGate::AllBeta } else { FeatureGate::AllAlpha };
        told(gate).or_else(|| told(all)).map_or(is_beta, |(_, open)| *open)
    }
}

impl Default for KubeRay {
    fn default() -> Self {
        Self { version: Version::NEWEST, feature_gates: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_others_refused() {
        for text in ["1.6", "v1.6", "1.6.2", "v1.6.2"] {
            assert_eq!(Version::parse(text), Some(Version::v1(6)), "{text}");
        }
        for text in ["", "1", "1.", "1.0", "1.8", "2.1", "1.6.", "1.6.x", "1.6.2.1", "latest", "1.-6"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    fn told<const N: usize>(minor: u8, feature_gates: [(FeatureGate, bool); N]) -> KubeRay {
        KubeRay { version: Version::v1(minor), feature_gates: feature_gates.to_vec() }
    }

    #[test]
    fn a_gate_is_as_the_version_has_it_unless_told_otherwise() {
        let gate = FeatureGate::RayServiceIncrementalUpgrade;
        assert!(KubeRay::default().is_enabled(gate));
        assert!(!told(6, []).is_enabled(gate));
        assert!(told(6, [(gate, true)]).is_enabled(gate));
    }

    #[test]
    fn all_gates_of_a_stage_can_be_told_and_one_by_itself_counts_more() {
        use FeatureGate::{AllAlpha, AllBeta, RayClusterMtls, RayJobDeletionPolicy};
        assert!(told(7, [(AllAlpha, true)]).is_enabled(RayClusterMtls));
        assert!(!told(7, [(AllBeta, true)]).is_enabled(RayClusterMtls));
        assert!(!told(7, [(RayClusterMtls, false), (AllAlpha, true)]).is_enabled(RayClusterMtls));
        assert!(!told(7, [(AllBeta, false)]).is_enabled(RayJobDeletionPolicy));
        assert!(told(5, [(AllAlpha, true), (AllBeta, false)]).is_enabled(RayJobDeletionPolicy), "alpha until 1.5");
    }

    /// The gates of ray-operator/pkg/features/features.go at v1.2.2, v1.3.2, v1.4.2, v1.5.1, v1.6.2 and v1.7.0, with
    /// their defaults.
    #[test]
    fn every_version_has_its_gates() {
        let counts = [(1, 0, 0), (2, 1, 0), (3, 2, 1), (4, 2, 1), (5, 4, 1), (6, 6, 3), (7, 11, 4)];
        for (minor, gates, open) in counts {
            let kuberay = told(minor, []);
            let all = [FeatureGate::AllAlpha, FeatureGate::AllBeta];
            let has = |gate: &FeatureGate| gate.is_in(kuberay.version) && !all.contains(gate);
            assert_eq!(FeatureGate::ALL.into_iter().filter(has).count(), gates, "1.{minor}");
            let is_open = |gate: &FeatureGate| has(gate) && kuberay.is_enabled(*gate);
            assert_eq!(FeatureGate::ALL.into_iter().filter(is_open).count(), open, "1.{minor}");
        }
    }
}
