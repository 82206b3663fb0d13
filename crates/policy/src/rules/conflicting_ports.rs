#![doc = include_str!("conflicting_ports.md")]

use super::report_start;
use crate::ray::start::fault::Subject;
use crate::rule::{Category, Cel, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "conflicting-ports",
    summary: "two components of a Ray node with the same port",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("conflicting_ports.md"),
    cel: Cel::No("it splits a command line as bash and click do"),
    check: |context, findings| report_start(context, Subject::Port, findings),
};
