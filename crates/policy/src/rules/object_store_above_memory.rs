#![doc = include_str!("object_store_above_memory.md")]

use super::report_start;
use crate::ray::start::fault::Subject;
use crate::rule::{Category, Cel, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "object-store-above-memory",
    summary: "an object store that is larger than the memory of its container",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("object_store_above_memory.md"),
    cel: Cel::No("it splits a command line as bash and click do"),
    check: |context, findings| report_start(context, Subject::ObjectStore, findings),
};
