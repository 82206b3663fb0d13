#![doc = include_str!("ray_version_mismatch.md")]

use std::collections::BTreeSet;

use crate::context::Context;
use crate::placeholder;
use crate::ray::Container;
use crate::ray::version::RayVersion;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "ray-version-mismatch",
    summary: "a Ray image whose version differs from the cluster's",
    category: Category::FaultTolerance,
    level: Level::Warn,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("ray_version_mismatch.md"),
    cel: Cel::No("it reads versions from image tags, and CEL can compare versions only since Kubernetes 1.34"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let stated = object.cluster.json.field("rayVersion").as_nonempty_str();
    let stated = stated.filter(|version| !placeholder::is_placeholder(version));
    let head = object.head_container().and_then(|container| container.image_version());
    let (expected, whose) = match (stated, head) {
        (Some(version), _) => (version, "rayVersion is"),
        (None, Some(version)) => (version, "the head's image has"),
        (None, None) => return,
    };
    // Usually all groups have the same image, so its version is read only once, and a wrong one is reported once.
    let (mut right, mut wrong) = (None, BTreeSet::new());
    for group in object.cluster.groups() {
        let Some(container) = group.ray_container() else { continue };
        let image = image(container);
        if image == right {
            continue;
        }
        let Some(version) = container.image_version() else { continue };
        if is_same(version, expected) {
            right = image;
        } else if wrong.insert(image) {
            findings.invalid(
                container.path().field("image"),
                format!("the image has Ray {version:.20}, but {whose} {expected:.20}"),
                "write the same Ray version in every image and in rayVersion",
            );
        }
    }
}

/// Whether an image's version equals the stated one, which may be written as `2.52` or `v2.52.0`.
fn is_same(image: &str, stated: &str) -> bool {
    let is_equal =
        |image: RayVersion<'_>, stated: RayVersion<'_>| stated.suffix().is_empty() && image.compare(stated).is_eq();
    image == stated || RayVersion::parse(image).zip(RayVersion::parse(stated)).is_some_and(|(a, b)| is_equal(a, b))
}

fn image(container: Container<'_>) -> Option<&str> {
    container.json.field("image").as_str()
}
