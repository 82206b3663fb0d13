#![doc = include_str!("invalid_node_labels.md")]

use super::report_start;
use crate::ray::start::fault::Subject;
use crate::rule::{Category, Cel, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "invalid-node-labels",
    summary: "labels of a Ray node that ray start refuses",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("invalid_node_labels.md"),
    cel: Cel::No("it splits a command line as bash and click do"),
    check: |context, findings| report_start(context, Subject::Labels, findings),
};
