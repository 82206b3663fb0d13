//! Applies the fix of every fixable example: its findings are gone, no new ones appear, and no other line changes.

use std::collections::BTreeSet;

use rayguard_manifest::fix::Edit;
use rayguard_manifest::path::FieldPath;
use rayguard_manifest::yaml::edit::{Change, edit};
use rayguard_policy::rule::Finding;
use rayguard_test_support::document::{Example, examples};
use similar::{ChangeTag, TextDiff};

use super::{Case, RULES, assert_none, evaluated};

/// Returns the identity of a finding, without its location.
fn name(finding: &Finding) -> String {
    format!("{} {}", finding.rule.name, finding.message)
}

/// Returns the example with its marks replaced by spaces, so that a fix may remove the line. Positions do not change.
fn unmarked(case: &Case) -> String {
    let lines = case.example.text.split_inclusive('\n').map(|line| {
        let mark = ["# error", "# warning", "# note"].iter().find_map(|mark| line.find(mark));
        let (kept, mark) = line.split_at(mark.unwrap_or(line.trim_end().len()));
        let end = if line.ends_with('\n') { "\n" } else { "" };
        format!("{kept}{}{end}", " ".repeat(mark.len() - end.len()))
    });
    lines.collect()
}

/// Returns the example with the fixes of some findings, and the reasons why fixes were not applied.
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
fn fixed_findings_are_gone_and_no_new_ones_appear() {
    let mut faults = Vec::new();
    for (case, findings) in evaluated() {
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
            // Enabling fault tolerance reveals what else it lacks.
            let is_shown = case.example.rule.name == "ineffective-fault-tolerance" && !gone.contains(found);
            if found_now > expected && !is_shown {
                faults.push(format!("{}: {found_now} instead of {expected}: {found}\n{}", case.example, example.text));
            }
        }
    }
    assert_none(&faults);
}

/// Returns whether the map or list at this path has a single item.
fn is_single(case: &Case, path: &FieldPath) -> bool {
    let parent = path.value(&case.document.json).expect("a map or a list");
    parent.items().len() + parent.entries().len() == 1
}

#[test]
fn a_fix_changes_only_the_lines_of_its_finding() {
    let mut faults = Vec::new();
    for (case, findings) in evaluated() {
        for finding in findings.iter().filter(|finding| finding.fix.is_some()) {
            let (text, _) = fixed(&case, &[finding]);
            let edits = &finding.fix.as_ref().expect("a fix").edits;
            let lines: BTreeSet<_> = edits
                .iter()
                .flat_map(|edit| {
                    let location = case.document.locate(edit.path());
                    // A map or a list that becomes empty is written after its key.
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
                    faults.push(format!("{}: line {line} does not belong to {}", case.example, name(finding)));
                }
            }
            let count = |tag| diff.iter_all_changes().filter(|change| change.tag() == tag).count();
            let (removed, added) = (count(ChangeTag::Delete), count(ChangeTag::Insert));
            if added > removed.max(3) {
                faults.push(format!("{}: {added} lines added for {removed} removed\n{text}", case.example));
            }
        }
    }
    assert_none(&faults);
}

/// The document of a fixable rule describes the fix, and an example shows it.
#[test]
fn a_fixable_rule_documents_its_fix_and_has_an_example() {
    let fixing: BTreeSet<_> = evaluated()
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
