//! Probes of a container.

use rayguard_manifest::json::Json;

use super::handler::Handlers;
use super::pod::Pod;
use super::{At, Subject, Violations};

const SUBJECT: Subject = Subject::Probe;

/// The purpose of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `livenessProbe`
    Liveness,
    /// `readinessProbe`
    Readiness,
    /// `startupProbe`
    Startup,
}

impl Kind {
    /// Returns the field of the container.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Liveness => "livenessProbe",
            Self::Readiness => "readinessProbe",
            Self::Startup => "startupProbe",
        }
    }
}

/// Reports everything that Kubernetes refuses in a probe (`validateLivenessProbe`, `validateReadinessProbe`,
/// `validateStartupProbe`).
pub(super) fn validate(probe: &Json<'_>, kind: Kind, pod: &Pod<'_>, at: &At<'_>, violations: &mut Violations) {
    if probe.as_object().is_none() {
        return;
    }
    for (name, value) in probe.entries() {
        let Some(number) = value.as_i64() else { continue };
        match &**name {
            "initialDelaySeconds" => check_not_negative(number, &at.field("initialDelaySeconds"), violations),
            "timeoutSeconds" => check_not_negative(number, &at.field("timeoutSeconds"), violations),
            "periodSeconds" => check_not_negative(number, &at.field("periodSeconds"), violations),
            "failureThreshold" => check_not_negative(number, &at.field("failureThreshold"), violations),
            // Kubernetes replaces 0 by 1 (SetDefaults_Probe).
            "successThreshold" if kind != Kind::Readiness && number != 0 && number != 1 => {
                let message = format!("the successThreshold of a {} must be 1", kind.field());
                let at = at.field("successThreshold");
                violations.invalid(SUBJECT, &at, message, "write 1").fix_by_value(Json::Number(1.into()));
            }
            "successThreshold" => check_not_negative(number, &at.field("successThreshold"), violations),
            "terminationGracePeriodSeconds" => check_grace_period(number, kind, at, violations),
            _ => {}
        }
    }
    let handlers = Handlers { sleep: &Json::Null, ..Handlers::read(probe) };
    handlers.validate(pod, at, violations);
}

fn check_not_negative(number: i64, at: &At<'_>, violations: &mut Violations) {
    if number < 0 {
        violations.invalid(SUBJECT, at, format!("must not be negative, is {number}"), "write 0 or more");
    }
}

fn check_grace_period(number: i64, kind: Kind, at: &At<'_>, violations: &mut Violations) {
    let at = at.field("terminationGracePeriodSeconds");
    if kind == Kind::Readiness {
        let message = "a readinessProbe has no grace period, because it ends no container";
        violations.invalid(SUBJECT, &at, message, "remove it");
    } else if number <= 0 {
        violations.invalid(SUBJECT, &at, format!("must be greater than 0, is {number}"), "write 1 or more");
    }
}
