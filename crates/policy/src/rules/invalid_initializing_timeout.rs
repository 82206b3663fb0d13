#![doc = include_str!("invalid_initializing_timeout.md")]

use crate::go;
use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::{Kind, RayObject};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-initializing-timeout",
    summary: "an initializing timeout that KubeRay cannot read, or that is not positive",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &[
        "must be a positive duration, got",
        "must be a positive integer (seconds), got",
        "Expected Go duration format",
    ],
    docs: include_str!("invalid_initializing_timeout.md"),
    check: Check::Object(check),
};

/// (`RayServiceInitializingTimeoutAnnotation`, ray-operator/controllers/ray/utils/constant.go)
const INITIALIZING_TIMEOUT: &str = "ray.io/initializing-timeout";

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    if object.kind != Kind::RayService || settings.kuberay.version < Version::v1(5) {
        return;
    }
    let Some(timeout) = object.annotation(INITIALIZING_TIMEOUT).filter(|timeout| !timeout.is_empty()) else { return };
    let message = match go::duration::parse(timeout).or_else(|| go::integer(timeout)) {
        Some(1..) => return,
        Some(_) => "it must be more than no time",
        None => "it is neither a duration that Go reads nor a whole number of seconds",
    };
    findings.invalid(
        RayObject::annotation_path(INITIALIZING_TIMEOUT),
        message,
        "write a duration such as 30m or 1h30m, or seconds such as \"1800\"",
    );
}
