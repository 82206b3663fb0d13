//! What the target cluster runs: KubeRay's version, and its feature gates.

use std::fmt;

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

/// A feature of the operator that can be off, and then refuses objects that ask for it
/// (ray-operator/pkg/features/features.go).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeatureGate {
    /// `RayJobDeletionPolicy`
    RayJobDeletionPolicy,
    /// `RayServiceIncrementalUpgrade`
    RayServiceIncrementalUpgrade,
    /// `GCSFaultToleranceEmbeddedStorage`
    GcsFaultToleranceEmbeddedStorage,
    /// `RayClusterNetworkPolicy`
    RayClusterNetworkPolicy,
    /// `RayClusterMTLS`
    RayClusterMtls,
    /// `RayClusterHistoryServer`
    RayClusterHistoryServer,
}

impl FeatureGate {
    /// Every gate that changes a verdict.
    pub const ALL: [FeatureGate; 6] = [
        FeatureGate::RayJobDeletionPolicy,
        FeatureGate::RayServiceIncrementalUpgrade,
        FeatureGate::GcsFaultToleranceEmbeddedStorage,
        FeatureGate::RayClusterNetworkPolicy,
        FeatureGate::RayClusterMtls,
        FeatureGate::RayClusterHistoryServer,
    ];

    /// The gate's name, as the operator's `--feature-gates` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RayJobDeletionPolicy => "RayJobDeletionPolicy",
            Self::RayServiceIncrementalUpgrade => "RayServiceIncrementalUpgrade",
            Self::GcsFaultToleranceEmbeddedStorage => "GCSFaultToleranceEmbeddedStorage",
            Self::RayClusterNetworkPolicy => "RayClusterNetworkPolicy",
            Self::RayClusterMtls => "RayClusterMTLS",
            Self::RayClusterHistoryServer => "RayClusterHistoryServer",
        }
    }

    /// Whether a version has the gate open unless told otherwise.
    pub fn default_in(self, version: Version) -> bool {
        match self {
            Self::RayJobDeletionPolicy => version >= Version::v1(6),
            Self::RayServiceIncrementalUpgrade => version >= Version::v1(7),
            _ => false,
        }
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
        let told = self.feature_gates.iter().rev().find(|(told, _)| *told == gate);
        told.map_or_else(|| gate.default_in(self.version), |(_, open)| *open)
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

    #[test]
    fn a_gate_is_as_the_version_has_it_unless_told_otherwise() {
        let gate = FeatureGate::RayServiceIncrementalUpgrade;
        assert!(KubeRay::default().is_enabled(gate));
        let older = KubeRay { version: Version::v1(6), feature_gates: Vec::new() };
        assert!(!older.is_enabled(gate));
        assert!(KubeRay { feature_gates: vec![(gate, true)], ..older }.is_enabled(gate));
    }
}
