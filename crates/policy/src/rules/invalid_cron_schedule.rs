#![doc = include_str!("invalid_cron_schedule.md")]

use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::go;
use crate::kuberay::Kind;
use crate::kuberay::Version;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-cron-schedule",
    summary: "a schedule that is not a cron expression, or that contains a time zone",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_cron_schedule.md"),
    cel: Cel::No("it parses a schedule as the operator does, field by field"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if object.kind != Kind::RayCronJob || settings.kuberay.version < Version::v1(6) {
        return;
    }
    let schedule = object.json.descend(["spec", "schedule"]).as_str().unwrap_or_default();
    let path = || FieldPath::of(["spec", "schedule"]);
    if settings.kuberay.version >= Version::v1(7) && schedule.contains("TZ") {
        findings.forbidden(
            path(),
            "schedule must not contain a time zone",
            "write the time zone in timeZone, and only the five fields here",
        );
    } else if let Err(error) = go::schedule::check(schedule) {
        findings.invalid(
            path(),
            format!("schedule is not a cron expression: {error}"),
            "write minute, hour, day of month, month and day of week (0 to 6), or @daily and the like",
        );
    }
}
