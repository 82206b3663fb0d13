#![doc = include_str!("unreachable_dashboard.md")]

use rayguard_manifest::json::Json;

use crate::context::Context;
use crate::kuberay::{Kind, Version};
use crate::ray::version::RayVersion;
use crate::ray::{Container, RayObject};
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unreachable-dashboard",
    summary: "a dashboard that is not where KubeRay looks for it",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unreachable_dashboard.md"),
    cel: Cel::No("it compares numbers in strings, and its field paths depend on the kind"),
    check,
};

/// The port on which the dashboard listens without a parameter.
const DEFAULT: i64 = 8265;

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let Some(container) = object.head_container() else { return };
    let Some(purpose) = purpose(object) else {
        if object.kind == Kind::RayCluster {
            check_probes(object, &container, settings.kuberay.version, findings);
        }
        return;
    };
    let service = object.cluster.head.json.descend(["headService", "spec", "ports"]);
    let has_own_port = service.items().iter().any(is_named_dashboard);
    let ports = container.json.field("ports").items();
    let port = ports.iter().position(is_named_dashboard);
    if port.is_none() && !ports.is_empty() && !has_own_port {
        let message = format!("no port of the head is named dashboard, so KubeRay finds no address to {purpose}");
        let is_unnamed = |port: &Json<'_>| {
            port.field("containerPort").as_i64() == Some(DEFAULT) && port.field("name").as_nonempty_str().is_none()
        };
        let path = container.path().field("ports");
        match ports.iter().position(is_unnamed) {
            Some(index) => findings.required(path.index(index).field("name"), message, "write dashboard"),
            None => {
                let help = format!("add the port {{containerPort: {DEFAULT}, name: dashboard}}");
                findings.required(path, message, help)
            }
        };
    }
    check_parameters(object, &container, port.filter(|_| !has_own_port), has_own_port, purpose, findings);
}

/// Checks a RayCluster without a dashboard. Before Ray 2.53, KubeRay's probes of the head ask the dashboard, unless the
/// user has written both probes.
fn check_probes(object: &RayObject<'_>, container: &Container<'_>, kuberay: Version, findings: &mut Findings) {
    let head = &object.cluster.head;
    let is_off = head.ray_start_param("include-dashboard").and_then(plain).is_some_and(is_false);
    if !is_off || object.ray_start_override().is_some() {
        return;
    }
    let has_probes = ["livenessProbe", "readinessProbe"].iter().all(|probe| !container.json.field(probe).is_null());
    let version = object.cluster.json.field("rayVersion").as_str().and_then(RayVersion::parse);
    let unified = RayVersion::parse("2.53.0");
    let is_unified = version.zip(unified).is_some_and(|(version, unified)| version.is_at_least(unified));
    let asks_agent = is_unified && kuberay >= Version::v1(6);
    if !has_probes && !asks_agent {
        let message = "without a dashboard, KubeRay's probes of the head fail, and kubelet restarts it again and again";
        let path = head.ray_start_param_path("include-dashboard");
        findings.invalid(path.clone(), message, "remove it").fix_by_removal(path).at_most_warn();
    }
}

/// Returns what KubeRay needs the dashboard for; `None` where it does not, or where the cluster is another object.
fn purpose(object: &RayObject<'_>) -> Option<&'static str> {
    match object.job() {
        Some(job) if job.selects_cluster() => None,
        Some(_) => object.cluster.exists().then_some("submit the job"),
        None => (object.kind == Kind::RayService).then_some("configure Ray Serve"),
    }
}

fn is_named_dashboard(port: &Json<'_>) -> bool {
    port.field("name").as_str() == Some("dashboard")
}

fn check_parameters(
    object: &RayObject<'_>,
    container: &Container<'_>,
    port: Option<usize>,
    has_own_port: bool,
    purpose: &str,
    findings: &mut Findings,
) {
    let head = &object.cluster.head;
    let (mut is_off, mut is_local, mut listening) = (false, false, None);
    for (name, value) in head.ray_start_params() {
        let value = || value.as_str().and_then(plain);
        match name {
            "include-dashboard" => is_off = value().is_some_and(is_false),
            "dashboard-host" => is_local = value().is_some_and(is_loopback),
            "dashboard-port" => listening = value(),
            _ => {}
        }
    }
    let ports = container.json.field("ports").items();
    let declared = match port {
        Some(index) => ports[index].field("containerPort").as_i64(),
        None if ports.is_empty() && !has_own_port => Some(DEFAULT),
        None => None,
    };
    let listens = listening.map_or(Some(DEFAULT), |text| text.parse().ok());
    let differs = declared.zip(listens).filter(|(declared, listens)| declared != listens);
    if !(is_off || is_local || differs.is_some()) || object.ray_start_override().is_some() {
        return;
    }
    // Another container may forward requests to the dashboard.
    let pod = head.pod_spec();
    let is_alone = pod.field("containers").items().len() == 1 && pod.field("initContainers").items().is_empty();
    if is_off {
        let message = format!("without a dashboard, KubeRay cannot {purpose}");
        let path = head.ray_start_param_path("include-dashboard");
        findings.invalid(path.clone(), message, "remove it").fix_by_removal(path);
        return;
    }
    if is_local {
        let finding = findings.invalid(
            head.ray_start_param_path("dashboard-host"),
            format!("the dashboard listens only inside of the head Pod, and KubeRay cannot reach it to {purpose}"),
            "write 0.0.0.0, or remove it: KubeRay then writes 0.0.0.0",
        );
        if !is_alone {
            finding.at_most_warn();
        }
    }
    if let Some((declared, listens)) = differs {
        let message =
            format!("KubeRay asks for the dashboard at port {declared}, where it does not listen, to {purpose}");
        let finding = match port {
            Some(index) => findings.invalid(
                container.path().field("ports").index(index).field("containerPort"),
                message,
                format!("write {listens}, the port on which the dashboard listens"),
            ),
            None => findings.invalid(
                head.ray_start_param_path("dashboard-port"),
                message,
                format!("remove it, or add the port {{containerPort: {listens}, name: dashboard}} and all other ports"),
            ),
        };
        if !is_alone {
            finding.at_most_warn();
        }
    }
}

/// Returns a parameter as `ray start` gets it; `None` where bash or kubelet changes more than its quotes.
fn plain(value: &str) -> Option<&str> {
    let quoted = |quote| value.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    let text = quoted('\'').or_else(|| quoted('"')).unwrap_or(value).trim();
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'-')).then_some(text)
}

/// Reports whether click reads a value as false.
fn is_false(value: &str) -> bool {
    ["false", "f", "0", "no", "n", "off"].iter().any(|text| value.eq_ignore_ascii_case(text))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "::1" || host.starts_with("127.")
}
