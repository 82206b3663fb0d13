#![doc = include_str!("invalid_cron_schedule.md")]

use crate::go;
use crate::kuberay::Version;
use crate::policy::Settings;
use crate::ray::{Kind, RayObject};
use crate::rule::{Category, Check, Findings, Level, Rule, Scope};
use rayguard_manifest::path::FieldPath;

pub(super) static RULE: Rule = Rule {
    name: "invalid-cron-schedule",
    summary: "a schedule that is no cron expression, or brings its own time zone",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    since: "0.1.0",
    reference: &["cannot use TZ or CRON_TZ in schedule", "invalid cron schedule"],
    docs: include_str!("invalid_cron_schedule.md"),
    check: Check::Object(check),
};

fn check(object: &RayObject<'_>, settings: &Settings, findings: &mut Findings) {
    if object.kind != Kind::RayCronJob || settings.kuberay.version < Version::v1(6) {
        return;
    }
    let schedule = object.json.descend(["spec", "schedule"]).as_str().unwrap_or_default();
    let path = || FieldPath::of(["spec", "schedule"]);
    if settings.kuberay.version >= Version::v1(7) && schedule.contains("TZ") {
        findings.forbidden(
            path(),
            "a schedule cannot bring its own time zone",
            "write the time zone into timeZone, and only the five fields here",
        );
    } else if let Err(error) = go::schedule::check(schedule) {
        findings.invalid(
            path(),
            format!("it is not a schedule: {error}"),
            "write minute, hour, day of month, month and day of week (0 to 6), or @daily and the like",
        );
    }
}
