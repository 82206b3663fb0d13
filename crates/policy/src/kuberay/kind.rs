//! The kinds of KubeRay's objects.

/// The kinds whose objects contain the spec of a Ray cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `RayCluster`
    RayCluster,
    /// `RayService`
    RayService,
    /// `RayJob`
    RayJob,
    /// `RayCronJob`
    RayCronJob,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 4] = [Kind::RayCluster, Kind::RayService, Kind::RayJob, Kind::RayCronJob];

    /// Returns the kind as objects spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::RayCluster => "RayCluster",
            Kind::RayService => "RayService",
            Kind::RayJob => "RayJob",
            Kind::RayCronJob => "RayCronJob",
        }
    }

    /// Reports whether a text that cannot be read seems to contain an object of one of these kinds: it has the group in an
    /// `apiVersion`, or the name of a kind in a line with `kind`.
    pub fn is_named_in(text: &str) -> bool {
        const GROUP: &str = "ray.io/v";
        let is_part_of_name = |char: char| char.is_ascii_alphanumeric() || "-._/".contains(char);
        let has_group = text.match_indices(GROUP).any(|(at, _)| !text[..at].ends_with(is_part_of_name));
        let has_kind = |line: &str| {
            let value = line.split_once("kind").map_or("", |(_, value)| value);
            Self::ALL.iter().any(|kind| value.contains(kind.as_str()))
        };
        has_group || text.lines().any(has_kind)
    }

    /// Returns the kind of an object; `None` where KubeRay does not serve this version or kind, or the kind has no
    /// cluster spec.
    pub fn of(api_version: &str, kind: &str) -> Option<Self> {
        let (group, version) = api_version.split_once('/')?;
        Self::in_group(group, version, kind)
    }

    /// Returns the kind by the group and the version that `apiVersion` consists of.
    pub(crate) fn in_group(group: &str, version: &str, kind: &str) -> Option<Self> {
        let ("ray.io", "v1" | "v1alpha1") = (group, version) else { return None };
        Kind::ALL.into_iter().find(|known| known.as_str() == kind)
    }

    /// Returns the path of the cluster's spec in an object of this kind.
    pub fn cluster_spec_fields(self) -> &'static [&'static str] {
        match self {
            Kind::RayCluster => &["spec"],
            Kind::RayService => &["spec", "rayClusterConfig"],
            Kind::RayJob => &["spec", "rayClusterSpec"],
            Kind::RayCronJob => &["spec", "jobTemplate", "rayClusterSpec"],
        }
    }

    /// Reports whether rayguard writes defaults into this kind. The cluster of a RayJob or RayCronJob gets them when
    /// KubeRay creates it as a RayCluster.
    pub fn gets_defaults(self) -> bool {
        matches!(self, Kind::RayCluster | Kind::RayService)
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn an_unreadable_text_is_known_by_its_group_or_its_kind() {
        for text in [
            "apiVersion: ray.io/v1",
            "{\"apiVersion\":\"ray.io/v1alpha1\"",
            "{{ if x }}\napiVersion: ray.io/{{ .Values.v }}\nkind: RayJob",
            "kind: RayCluster",
            "{\"kind\": \"RayService\"",
        ] {
            assert!(Kind::is_named_in(text), "{text}");
        }
        for text in [
            "",
            "see https://docs.ray.io/en/latest",
            "image: docker.io/rayproject/ray:2.52.0",
            "apiVersion: array.io/v1",
            "# a RayCluster\napiVersion: v1\nkind: ConfigMap",
            "kind: Service\nname: RayCluster",
        ] {
            assert!(!Kind::is_named_in(text), "{text}");
        }
    }
}
