#![doc = include_str!("unknown_ray_start_parameter.md")]

use super::report_start;
use crate::ray::start::fault::Subject;
use crate::rule::{Category, Cel, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unknown-ray-start-parameter",
    summary: "a parameter that ray start of the cluster's Ray does not have",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unknown_ray_start_parameter.md"),
    cel: Cel::No("it splits a command line as bash and click do"),
    check: |context, findings| report_start(context, Subject::UnknownParameter, findings),
};
