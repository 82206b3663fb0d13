#![doc = include_str!("unsupported_authentication.md")]

use crate::context::Context;
use crate::kuberay::Kind;
use crate::kuberay::Version;
use crate::ray::RayObject;
use crate::ray::version::Shortfall;
use crate::reason::Reason;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unsupported-authentication",
    summary: "token authentication that the Ray version or the kind of object does not support",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unsupported_authentication.md"),
    cel: Cel::Yes(include_str!("unsupported_authentication.cel.yaml")),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let kuberay = settings.kuberay.version;
    let options = object.cluster.json.field("authOptions");
    if options.is_null() || kuberay < Version::v1(5) {
        return;
    }
    let path = |field: &'static str| object.cluster.path().fields(["authOptions", field]);
    let is_token = options.field("mode").as_str() == Some("token");
    let by_kubernetes = kuberay >= Version::v1(6) && options.field("enableK8sTokenAuth").as_bool() == Some(true);
    if by_kubernetes && object.kind != Kind::RayCluster {
        let message = format!("a {} does not support enableK8sTokenAuth", object.kind.as_str());
        findings.forbidden(path("enableK8sTokenAuth"), message, "remove it: Ray then checks its own token");
    } else if by_kubernetes {
        if !is_token {
            let message = "enableK8sTokenAuth needs the mode token";
            findings.invalid(path("mode"), message, "write token, or remove enableK8sTokenAuth");
        }
        if options.field("secretName").as_nonempty_str().is_some() {
            let message = "secretName cannot be combined with enableK8sTokenAuth, where Kubernetes checks the tokens";
            findings.forbidden(path("secretName"), message, "remove it, or remove enableK8sTokenAuth");
        }
    }
    match (is_token, by_kubernetes && object.kind == Kind::RayCluster) {
        (_, true) => check_version(object, "2.55.0", "enableK8sTokenAuth", findings),
        (true, false) => check_version(object, "2.52.0", "mode: token", findings),
        (false, false) => {}
    }
}

/// Reports a Ray version that is too old for the authentication.
fn check_version(object: &RayObject<'_>, minimum: &str, what: &str, findings: &mut Findings) {
    let Some(shortfall) = object.ray_version_shortfall(minimum) else { return };
    let reason = if matches!(shortfall, Shortfall::Unset) { Reason::Required } else { Reason::Invalid };
    findings.report(
        reason,
        object.cluster.path().field("rayVersion"),
        format!("authOptions with {what} needs Ray {minimum} or later, but {shortfall}"),
        format!("write the image's Ray version, {minimum} or later, or remove authOptions"),
    );
}
