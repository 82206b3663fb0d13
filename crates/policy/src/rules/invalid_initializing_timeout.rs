#![doc = include_str!("invalid_initializing_timeout.md")]

use crate::context::Context;
use crate::go;
use crate::kuberay::Kind;
use crate::kuberay::Version;
use crate::ray::RayObject;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-initializing-timeout",
    summary: "an initializing timeout that KubeRay cannot parse, or that is not positive",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_initializing_timeout.md"),
    cel: Cel::No("CEL can parse a duration, but cannot test whether a text is one"),
    check,
};

/// The annotation that holds the timeout (`RayServiceInitializingTimeoutAnnotation`,
/// ray-operator/controllers/ray/utils/constant.go).
const INITIALIZING_TIMEOUT: &str = "ray.io/initializing-timeout";

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if object.kind != Kind::RayService || settings.kuberay.version < Version::v1(5) {
        return;
    }
    let Some(timeout) = object.annotation(INITIALIZING_TIMEOUT).filter(|timeout| !timeout.is_empty()) else { return };
    let message = match go::duration::parse(timeout).or_else(|| go::integer(timeout)) {
        Some(1..) => return,
        Some(_) => "the initializing timeout must be more than 0",
        None => "the initializing timeout is neither a Go duration nor a whole number of seconds",
    };
    findings.invalid(
        RayObject::annotation_path(INITIALIZING_TIMEOUT),
        message,
        "write a duration such as 30m or 1h30m, or seconds such as \"1800\"",
    );
}
