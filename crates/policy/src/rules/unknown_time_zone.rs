#![doc = include_str!("unknown_time_zone.md")]

use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::go;
use crate::kuberay::Kind;
use crate::kuberay::Version;
use crate::reason::Reason;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};
use crate::spelling::{quote, suggestion};

pub(super) static RULE: Rule = Rule {
    name: "unknown-time-zone",
    summary: "a timeZone that is not the name of a time zone",
    category: Category::Kuberay,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unknown_time_zone.md"),
    cel: Cel::No("CEL has no list of time zones"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let Context { object, settings, .. } = *context;
    if object.kind != Kind::RayCronJob || settings.kuberay.version < Version::v1(7) {
        return;
    }
    let Some(name) = object.json.descend(["spec", "timeZone"]).as_str() else { return };
    let path = || FieldPath::of(["spec", "timeZone"]);
    if name.is_empty() {
        findings.invalid(path(), "the time zone is empty", "remove it for the operator's time zone, or write a name");
    } else if !go::time_zone::is_known(name) {
        let meant = suggestion(name, &go::time_zone::names());
        let finding = findings.report(
            Reason::NotSupported,
            path(),
            format!("there is no time zone {}{meant}", quote(name)),
            "write a name of the IANA time zone database, such as Europe/Berlin or Etc/UTC",
        );
        if let Some(known) = go::time_zone::names().iter().find(|known| known.eq_ignore_ascii_case(name)) {
            finding.fix_by_value(path(), *known);
        }
    }
}
