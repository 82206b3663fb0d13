//! The release of Ray that an object states.

use super::version::RayVersion;
use super::{Container, Group, RayObject};

/// A release of Ray 2: `2.<minor>.<patch>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    /// The minor version.
    pub minor: u64,
    /// The patch version; 0 if it is not stated.
    pub patch: u64,
}

impl Release {
    /// Returns the release `2.<minor>.<patch>`.
    pub const fn v2(minor: u64, patch: u64) -> Self {
        Self { minor, patch }
    }

    /// Reads a version such as `2.52.0`, as KubeRay parses it; `None` for one that is no release of Ray 2, such as
    /// `2.52.0rc1` and `3.0.0.dev0`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::parse_plain(text.as_bytes()).or_else(|| Self::parse_any(text))
    }

    /// Reads `2.52.0` with few digits. Nearly every version is written so, and each group's is read several times.
    fn parse_plain(text: &[u8]) -> Option<Self> {
        let rest = text.strip_prefix(b"2.").filter(|rest| rest.len() <= 9)?;
        let (mut numbers, mut dots) = ([0; 2], 0);
        let mut before = b'.';
        for &byte in rest {
            match byte {
                b'0'..=b'9' => numbers[dots] = numbers[dots] * 10 + u64::from(byte - b'0'),
                b'.' if dots == 0 && before != b'.' => dots = 1,
                _ => return None,
            }
            before = byte;
        }
        (dots == 1 && before != b'.').then_some(Self { minor: numbers[0], patch: numbers[1] })
    }

    fn parse_any(text: &str) -> Option<Self> {
        let version = RayVersion::parse(text)?;
        let mut numbers = version.numbers();
        let (2, minor) = (numbers.next()?, numbers.next()?) else { return None };
        let is_release = version.suffix().is_empty() || version.suffix().starts_with('-');
        is_release.then(|| Self { minor, patch: numbers.next().unwrap_or(0) })
    }
}

impl std::fmt::Display for Release {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "2.{}.{}", self.minor, self.patch)
    }
}

impl RayObject<'_> {
    /// Returns the release of Ray that a group runs: `rayVersion`, or the tag of the group's image if it is one of Ray's
    /// own. `None` if neither states a release, or if they state different ones.
    pub fn ray_release(&self, group: &Group<'_>) -> Option<Release> {
        let stated = self.cluster.json.field("rayVersion").as_nonempty_str();
        let image = group.ray_container().and_then(|container| container.image_version());
        match (stated.map(Release::parse), image.and_then(Release::parse)) {
            (None, image) => image,
            (Some(stated), None) => stated,
            (Some(stated), image) => image.filter(|_| stated == image),
        }
    }
}

impl<'a> Container<'a> {
    /// Returns the version of Ray in the tag of one of Ray's own images. The tag of a custom image may mean anything.
    pub fn image_version(&self) -> Option<&'a str> {
        version_of_image(self.json.field("image").as_str()?)
    }
}

/// Returns the version of Ray in the tag of one of Ray's own images.
pub(super) fn version_of_image(image: &str) -> Option<&str> {
    let bytes = image.as_bytes();
    let end = memchr::memchr(b'@', bytes).unwrap_or(bytes.len());
    let colon = memchr::memrchr(b':', &bytes[..end])?;
    let name = memchr::memrchr(b'/', &bytes[..colon]).map_or(0, |slash| slash + 1);
    if !matches!(&bytes[name..colon], b"ray" | b"ray-ml" | b"ray-llm") {
        return None;
    }
    let tag = &image[colon + 1..end];
    let version = &tag[..memchr::memchr(b'-', tag.as_bytes()).unwrap_or(tag.len())];
    let (mut dots, mut before) = (0, b'.');
    for byte in version.bytes() {
        match byte {
            b'0'..=b'9' => {}
            b'.' if before != b'.' => dots += 1,
            _ => return None,
        }
        before = byte;
    }
    (dots == 2 && before != b'.').then_some(version)
}

#[cfg(test)]
mod tests {
    use rayguard_manifest::json::Json;

    use super::*;

    fn release(version: &str, image: &str) -> Option<String> {
        let text = format!(
            r#"{{"apiVersion":"ray.io/v1","kind":"RayCluster","spec":{{"rayVersion":"{version}","headGroupSpec":
            {{"template":{{"spec":{{"containers":[{{"image":"{image}"}}]}}}}}}}}}}"#
        );
        let json: Json<'_> = serde_json::from_str(&text).expect("JSON");
        let object = RayObject::read(&json).expect("a RayCluster");
        object.ray_release(&object.cluster.head).map(|release| release.to_string())
    }

    #[test]
    fn the_version_of_the_cluster_or_of_its_image_counts() {
        for (version, image, expected) in [
            ("2.52.0", "", Some("2.52.0")),
            ("2.52", "own/image:1.2.3", Some("2.52.0")),
            ("", "ray:2.9.3", Some("2.9.3")),
            ("", "registry:5000/ray-ml:2.9.3@sha256:0", Some("2.9.3")),
            ("", "registry:5000/ray", None),
            ("", "rayproject/ray:2.9.", None),
            ("", "rayproject/ray:2..3", None),
            ("", "rayproject/ray:2.9.3.1", None),
            ("2..3", "", None),
            ("2.052.0", "", Some("2.52.0")),
            ("v2.52.0-py311", "", Some("2.52.0")),
            ("", "rayproject/ray:2.52.1-py311-gpu", Some("2.52.1")),
            ("2.52.0", "rayproject/ray:2.52.0", Some("2.52.0")),
            ("2.9.0", "rayproject/ray:2.52.0", None),
            ("nightly", "rayproject/ray:2.52.0", None),
            ("3.0.0.dev0", "", None),
            ("2.52.0rc1", "", None),
            ("1.13.0", "", None),
            ("", "rayproject/ray:nightly", None),
        ] {
            assert_eq!(release(version, image).as_deref(), expected, "{version} {image}");
        }
    }
}
