#![doc = include_str!("autoscaled_group_without_cpu.md")]

use crate::context::Context;
use crate::ray::autoscaler::reader::Autoscaler;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "autoscaled-group-without-cpu",
    summary: "a group in which Ray's autoscaler finds no CPU, so that it fails",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("autoscaled_group_without_cpu.md"),
    cel: Cel::No("it depends on what each release of Ray reads, and CEL cannot read the release in an image's tag"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let node_types = object.node_types();
    if node_types.is_empty() {
        return;
    }
    let autoscaler = Autoscaler::of(object);
    for node_type in node_types {
        let Some(problem) = node_type.missing_cpu(autoscaler.reader) else { continue };
        let (path, name) = (problem.path.clone(), problem.name);
        let finding = findings.required(problem.path, problem.message, problem.help);
        if let Some(name) = name {
            finding.fix_by_name(path, name);
        }
        if !autoscaler.surely_fails(|reader| node_type.fails(reader)) {
            finding.at_most_warn();
        }
    }
}
