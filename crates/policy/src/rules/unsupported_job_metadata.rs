#![doc = include_str!("unsupported_job_metadata.md")]

use crate::context::Context;
use crate::kuberay::Version;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unsupported-job-metadata",
    summary: "metadata of a job together with a rayVersion for which KubeRay creates no submitter",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unsupported_job_metadata.md"),
    cel: Cel::No("CEL of Kubernetes 1.30 cannot compare versions"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    let Some(job) = object.job() else { return };
    if job.json.field("metadata").entries().is_empty() || !object.cluster.exists() {
        return;
    }
    let kuberay = settings.kuberay.version;
    let has_command = || {
        let containers = job.json.descend(["submitterPodTemplate", "spec", "containers"]);
        containers.items().first().is_some_and(|container| !container.field("command").items().is_empty())
    };
    match job.submission_mode() {
        "" | "K8sJobMode" if kuberay < Version::v1(5) && has_command() => return,
        "" | "K8sJobMode" | "SidecarMode" => {}
        _ => return,
    }
    let path = || object.cluster.path().field("rayVersion");
    match object.cluster.json.field("rayVersion").as_nonempty_str() {
        None if kuberay >= Version::v1(7) => {}
        None => {
            let message =
                format!("with metadata, KubeRay {kuberay} creates no submitter for a job without a rayVersion");
            findings.required(path(), message, "write the version of Ray in the image, such as 2.52.0");
        }
        Some(version) => {
            let why = match Semver::parse(version) {
                None => "it is not a semantic version",
                Some(Semver { is_prerelease: true, .. }) => "it is a prerelease",
                Some(Semver { major, minor, .. }) if (major, minor) < (2, 6) => "Ray has no metadata before 2.6.0",
                Some(_) => return,
            };
            let message = format!("with metadata, KubeRay creates no submitter for this version of Ray: {why}");
            findings.invalid(path(), message, "write the released version of Ray in the image, such as 2.52.0");
        }
    }
}

/// A version as KubeRay reads it here (`NewVersion` of github.com/Masterminds/semver/v3).
struct Semver {
    major: u64,
    minor: u64,
    is_prerelease: bool,
}

impl Semver {
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, metadata) = text.split_once('+').map_or((text, None), |(text, metadata)| (text, Some(metadata)));
        let (numbers, prerelease) = text.split_once('-').map_or((text, None), |(text, label)| (text, Some(label)));
        let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if metadata.is_some_and(|metadata| !metadata.split('.').all(is_part)) {
            return None;
        }
        let is_padded =
            |part: &str| part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit());
        if prerelease.is_some_and(|label| !label.split('.').all(|part| is_part(part) && !is_padded(part))) {
            return None;
        }
        let mut parts = numbers.split('.').map(|part| {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse::<u64>().ok()).flatten()
        });
        let major = parts.next()??;
        let [minor, patch] = [parts.next(), parts.next()].map(|part| part.unwrap_or(Some(0)));
        let (minor, _) = (minor?, patch?);
        parts.next().is_none().then_some(Self { major, minor, is_prerelease: prerelease.is_some() })
    }
}
