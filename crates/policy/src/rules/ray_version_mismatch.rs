#![doc = include_str!("ray_version_mismatch.md")]

use crate::policy::Settings;
use crate::ray::version::RayVersion;
use crate::ray::{Container, RayObject};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "ray-version-mismatch",
    summary: "a Ray image of another version than the cluster says",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[],
    docs: include_str!("ray_version_mismatch.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, _: &Settings, findings: &mut Findings) {
    let stated = object.cluster.json.field("rayVersion").as_nonempty_str();
    let head = object.head_container().and_then(image).and_then(version);
    let (expected, whose) = match (stated, head) {
        (Some(version), _) => (version, "rayVersion"),
        (None, Some(version)) => (version, "the head's image"),
        (None, None) => return,
    };
    // Nearly always all groups have one image.
    let mut right = None;
    for group in object.cluster.groups() {
        let Some(container) = group.ray_container() else { continue };
        let image = image(container);
        if image == right {
            continue;
        }
        let Some(version) = image.and_then(version) else { continue };
        if is_same(version, expected) {
            right = image;
        } else {
            findings.invalid(
                container.path().field("image"),
                format!("the image has Ray {version:.20}, and {whose} says {expected:.20}"),
                "write one version everywhere",
            );
        }
    }
}

/// Whether an image's version is the one that is stated, be it as `2.52` or `v2.52.0`.
fn is_same(image: &str, stated: &str) -> bool {
    let is_equal =
        |image: RayVersion<'_>, stated: RayVersion<'_>| stated.suffix().is_empty() && image.compare(stated).is_eq();
    image == stated || RayVersion::parse(image).zip(RayVersion::parse(stated)).is_some_and(|(a, b)| is_equal(a, b))
}

fn image(container: Container<'_>) -> Option<&str> {
    container.json.field("image").as_str()
}

/// The version in the tag of an image of Ray's own; nothing for an image of the user's, whose tag may mean anything.
fn version(image: &str) -> Option<&str> {
    let (repository, tag) = image.split('@').next()?.rsplit_once(':')?;
    let name = repository.rsplit('/').next()?;
    let version = tag.split('-').next()?;
    let mut parts = version.split('.');
    let is_number =
        |part: Option<&str>| part.is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let released = (0..3).all(|_| is_number(parts.next())) && parts.next().is_none();
    (matches!(name, "ray" | "ray-ml" | "ray-llm") && released).then_some(version)
}
