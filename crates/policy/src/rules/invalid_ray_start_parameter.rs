#![doc = include_str!("invalid_ray_start_parameter.md")]

use super::report_start;
use crate::ray::start::fault::Subject;
use crate::rule::{Category, Cel, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-ray-start-parameter",
    summary: "a parameter with a value that ray start refuses",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_ray_start_parameter.md"),
    cel: Cel::No("it splits a command line as bash and click do"),
    check: |context, findings| report_start(context, Subject::InvalidValue, findings),
};
