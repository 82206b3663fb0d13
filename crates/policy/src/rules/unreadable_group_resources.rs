#![doc = include_str!("unreadable_group_resources.md")]

use rayguard_manifest::path::FieldPath;

use crate::context::Context;
use crate::ray::autoscaler::in_place_resize::HEAD;
use crate::ray::autoscaler::reader::Autoscaler;
use crate::rule::{Category, Cel, Findings, Input, Level, Rule, Scope};

pub(super) static RULE: Rule = Rule {
    name: "unreadable-group-resources",
    summary: "resources of a group that Ray's autoscaler cannot read, so that it fails",
    category: Category::Ray,
    level: Level::Deny,
    scope: Scope::Admission,
    input: Input::Object,
    since: "0.1.0",
    docs: include_str!("unreadable_group_resources.md"),
    cel: Cel::No("it depends on what each release of Ray reads, and CEL cannot parse JSON in a text"),
    check,
};

fn check(context: &Context<'_, '_>, findings: &mut Findings) {
    let object = context.object;
    let node_types = object.node_types();
    if node_types.is_empty() {
        return;
    }
    let autoscaler = Autoscaler::of(object);
    let mut names = None;
    for node_type in node_types {
        let problems = node_type.unreadable(autoscaler.reader);
        if problems.is_empty() {
            continue;
        }
        let is_certain = autoscaler.surely_fails(|reader| node_type.fails(reader));
        let names = names.get_or_insert_with(|| object.groups_of_autoscaler());
        let name = if node_type.group.is_head() { Some(HEAD) } else { node_type.group.name() };
        let kept = name.and_then(|name| names.get(name));
        let is_replaced = kept.is_some_and(|kept| kept.index() != node_type.group.index());
        // What `ray start` refuses in a parameter is reported once, by the rules about `ray start`.
        let start_faults = object.start_faults(context.settings.kuberay.version);
        let is_reported =
            |path: &FieldPath| start_faults.iter().any(|fault| !fault.is_uncertain && fault.path == *path);
        for problem in problems.into_iter().filter(|problem| !is_reported(&problem.path)) {
            let finding = findings.invalid(problem.path, problem.message, problem.help);
            if !is_certain || problem.is_late && is_replaced {
                finding.at_most_warn();
            }
        }
    }
}
