//! Every example of a rule that can fix is fixed: what is found is gone, nothing else is, and no other line is touched.

use std::collections::BTreeSet;

use rayguard_manifest::fix::Edit;
use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::edit::{Change, edit};
use rayguard_policy::rule::Finding;
use similar::{ChangeTag, TextDiff};

use super::{Case, RULES, assert_none, judged};
use rayguard_test_support::document::{Example, examples};

/// What a finding is known by, wherever it moves.
fn name(finding: &Finding) -> String {
    format!("{} {}", finding.rule.name, finding.message)
}

/// The example without what it says of its findings, with which a line could not go. All else stays where it is.
fn unmarked(case: &Case) -> String {
    let lines = case.example.text.split_inclusive('\n').map(|line| {
        let mark = ["# error", "# warning", "# note"].iter().find_map(|mark| line.find(mark));
        let (kept, mark) = line.split_at(mark.unwrap_or(line.trim_end().len()));
        let end = if line.ends_with('\n') { "\n" } else { "" };
        format!("{kept}{}{end}", " ".repeat(mark.len() - end.len()))
    });
    lines.collect()
}

/// The example with the fixes of some findings, and what kept any from being made.
fn fixed(case: &Case, findings: &[&Finding]) -> (String, Vec<String>) {
    let object = case.document.location().bytes.start;
    let edits = findings.iter().filter_map(|finding| Some(finding.fix.clone()?.edits));
    let changes: Vec<_> = edits.map(|edits| Change { object, edits }).collect();
    let edited = edit(&unmarked(case), &changes);
    let refused = edited.obstacles.iter().zip(findings);
    let refused = refused.filter_map(|(obstacle, finding)| Some(format!("{}: {}", name(finding), (*obstacle)?)));
    (edited.text, refused.collect())
}

#[test]
fn what_can_be_fixed_is_gone_and_nothing_new_is_found() {
    let mut faults = Vec::new();
    for (case, findings) in judged() {
        let fixable: Vec<_> = findings.iter().filter(|finding| finding.fix.is_some()).collect();
        if fixable.is_empty() {
            continue;
        }
        let (text, refused) = fixed(&case, &fixable);
        faults.extend(refused.into_iter().map(|refused| format!("{}: {refused}", case.example)));
        let example = Example { text: Box::leak(text.into_boxed_str()), ..case.example };
        let after: Vec<_> = Case::read(example).judge().iter().map(name).collect();
        let count = |names: &[String], name: &String| names.iter().filter(|other| *other == name).count();
        let (before, gone): (Vec<_>, Vec<_>) =
            (findings.iter().map(name).collect(), fixable.iter().map(|finding| name(finding)).collect());
        for found in after.iter().collect::<BTreeSet<_>>() {
            let (expected, found_now) = (count(&before, found) - count(&gone, found), count(&after, found));
            // What switches fault tolerance on shows what else it lacks.
            let is_shown = case.example.rule.name == "ineffective-fault-tolerance" && !gone.contains(found);
            if found_now > expected && !is_shown {
                faults.push(format!("{}: {found_now} for {expected}: {found}\n{}", case.example, example.text));
            }
        }
    }
    assert_none(&faults);
}

/// Whether what is in this map or list is all that is in it.
fn is_single(case: &Case, path: &FieldPath) -> bool {
    let parent = path.value(&case.document.json).expect("a map or a list");
    parent.items().len() + parent.entries().len() == 1
}

#[test]
fn only_the_lines_of_the_fault_change() {
    let mut faults = Vec::new();
    for (case, findings) in judged() {
        for finding in findings.iter().filter(|finding| finding.fix.is_some()) {
            let (text, _) = fixed(&case, &[finding]);
            let edits = &finding.fix.as_ref().expect("a fix").edits;
            let lines: BTreeSet<_> = edits
                .iter()
                .flat_map(|edit| {
                    let location = case.document.locate(edit.path());
                    // A map or a list that has nothing left in it is written as such, behind its key.
                    let above = edit.path().take(edit.path().steps().len() - 1);
                    let is_only = matches!(edit, Edit::Remove { .. }) && is_single(&case, &above);
                    let key = if is_only { case.document.locate(&above).start.line } else { location.start.line };
                    let bytes = case.document.bytes(edit.path()).unwrap_or(location.bytes.clone());
                    let last = case.document.lines().position(bytes.end.max(location.bytes.end)).line;
                    key.min(case.document.lines().position(bytes.start).line)..=last
                })
                .collect();
            let before = unmarked(&case);
            let diff = TextDiff::from_lines(&before, &text);
            for change in diff.iter_all_changes().filter(|change| change.tag() == ChangeTag::Delete) {
                let line = change.old_index().expect("a line that was there") + 1;
                if !lines.contains(&line) {
                    faults.push(format!("{}: line {line} of {} is no part of the fault", case.example, name(finding)));
                }
            }
            let count = |tag| diff.iter_all_changes().filter(|change| change.tag() == tag).count();
            let (removed, added) = (count(ChangeTag::Delete), count(ChangeTag::Insert));
            if added > removed.max(3) {
                faults.push(format!("{}: {added} lines for {removed}\n{text}", case.example));
            }
        }
    }
    assert_none(&faults);
}

/// Whether a rule can fix is told by its document, and shown by an example.
#[test]
fn a_rule_says_that_it_can_fix_and_has_an_example_of_it() {
    let fixing: BTreeSet<_> = judged()
        .flat_map(|(_, findings)| findings)
        .filter(|finding| finding.fix.is_some())
        .map(|finding| finding.rule.name)
        .collect();
    let saying = RULES.iter().filter(|rule| rule.fix_note().is_some()).map(|rule| rule.name).collect();
    assert_eq!(fixing, saying);
    for rule in RULES.iter().filter(|rule| rule.fix_note().is_some()) {
        assert!(examples(rule).iter().any(|example| example.heading == "Fails"), "{}", rule.name);
    }
}
