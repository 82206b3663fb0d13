//! `check --fix`: applies the fixes of findings to a file.

use std::collections::{HashMap, HashSet};

use rayguard_manifest::fix::Edit;
use rayguard_manifest::json::Json;
use rayguard_manifest::path::{FieldPath, Step};
use rayguard_manifest::yaml::edit::{Change, Edited, Obstacle, edit};
use rayguard_manifest::yaml::{self, Document, Location};
use rayguard_policy::policy::{Outcome, Policy};
use rayguard_policy::rule::Level;

use super::{Changed, objects, report_unfixed};

/// The largest number of passes over a text. After a fix, another rule may have a finding.
const MAX_PASSES: usize = 10;

/// Returns the text with all safe fixes, and reports the others.
///
/// A fix can show a fault that was hidden before: a renamed field is checked, and one with the wrong name is not. A fix
/// that leads to an error that the text did not have is therefore left out.
pub(super) fn with_fixes(text: &str, name: &str, policy: &Policy, namespace: &str) -> Changed {
    let Applied { changed, unfixed, .. } = apply_safely(text, policy, namespace);
    for Unfixed { rule, location, reason } in unfixed {
        report_unfixed(name, &location, rule, reason);
    }
    changed
}

/// The result of fixes.
struct Applied {
    changed: Changed,
    /// The fixes that are left.
    unfixed: Vec<Unfixed>,
    /// The fixes of the first pass.
    first: HashSet<FixId>,
    /// The fixes of all passes.
    all: HashSet<FixId>,
}

/// What identifies a fix in the versions of a text: the index of the object among those of the text, the rule, and the
/// edits.
type FixId = (usize, &'static str, String);

/// What identifies an error in the versions of a text: the index of the object, the rule, and the path.
type ErrorId = (usize, &'static str, String);

/// Applies all fixes that lead to no new error.
fn apply_safely(text: &str, policy: &Policy, namespace: &str) -> Applied {
    let before = errors(text, policy, namespace);
    let mut rejected = HashMap::new();
    loop {
        let applied = apply(text, policy, namespace, &rejected, MAX_PASSES);
        let is_new = |error: &ErrorId| !before.contains(error);
        let new: Vec<_> = errors(&applied.changed.text, policy, namespace).into_iter().filter(is_new).collect();
        let Some((_, rule, _)) = new.first() else { return applied };
        // Try each fix alone, with those that it makes possible.
        let leads_to = |fix: &FixId| {
            let others =
                applied.first.iter().filter(|other| *other != fix).map(|other| (other.clone(), Reason::Passes));
            let others = others.chain(rejected.clone()).collect();
            let alone = apply(text, policy, namespace, &others, MAX_PASSES);
            errors(&alone.changed.text, policy, namespace).into_iter().find(is_new).map(|(_, rule, _)| rule)
        };
        let mut culprits: HashMap<_, _> =
            applied.first.iter().filter_map(|fix| Some((fix.clone(), Reason::NewError(leads_to(fix)?)))).collect();
        if culprits.is_empty() {
            let has_new = |fix: &&FixId| new.iter().any(|(object, ..)| *object == fix.0);
            let of_object = applied.all.iter().filter(has_new);
            culprits.extend(of_object.map(|fix| (fix.clone(), Reason::NewError(rule))));
        }
        let known = rejected.len();
        rejected.extend(culprits);
        if rejected.len() == known {
            // No fix explains the error, so nothing is changed.
            let changed = Changed { text: text.to_owned(), count: 0, is_incomplete: false };
            return Applied { changed, ..applied };
        }
    }
}

/// Returns the errors of all objects in a text, and a number for each document that cannot be read.
fn errors(text: &str, policy: &Policy, namespace: &str) -> HashSet<ErrorId> {
    let unreadable = yaml::documents(text).iter().filter(|document| document.is_err()).count();
    let mut errors: HashSet<_> = (0..unreadable).map(|index| (index, "", String::new())).collect();
    for (index, (_, outcome)) in objects(text, policy, namespace).iter().enumerate() {
        let denials = outcome.findings.iter().filter(|finding| finding.level == Level::Deny);
        errors.extend(denials.map(|finding| (index, finding.rule.name, outcome.written_path(finding).to_string())));
    }
    errors
}

/// A fix that is not applied.
#[derive(Debug, PartialEq, Eq)]
struct Unfixed {
    rule: &'static str,
    location: Location,
    reason: Reason,
}

/// The reason why a fix is not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Reason {
    #[error("{0}")]
    Obstacle(#[from] Obstacle),
    #[error("the manifest does not have this field; its value is rayguard's default")]
    Default,
    #[error("another item of the list already has this name")]
    Taken,
    #[error("too many passes over the file; run the command again")]
    Passes,
    #[error("it would lead to an error of {0}; change the field by hand")]
    NewError(&'static str),
}

/// Applies fixes in at most this number of passes. Fixes that are rejected are left, for the given reasons.
fn apply(
    text: &str,
    policy: &Policy,
    namespace: &str,
    rejected: &HashMap<FixId, Reason>,
    max_passes: usize,
) -> Applied {
    let unchanged = Changed { text: text.to_owned(), count: 0, is_incomplete: false };
    let mut done = Applied { changed: unchanged, unfixed: Vec::new(), first: HashSet::new(), all: HashSet::new() };
    for pass in 0..max_passes {
        let (planned, unfixed) = plan(&done.changed.text, policy, namespace);
        let (left, planned): (Vec<_>, Vec<_>) = planned.into_iter().partition(|fix| rejected.contains_key(&fix.id));
        done.unfixed = unfixed;
        done.unfixed.extend(left.iter().map(|fix| fix.unfixed(rejected[&fix.id])));
        if pass == 0 {
            done.first = planned.iter().map(|fix| fix.id.clone()).collect();
        }
        // A fix of an earlier stage can remove a finding of a later one.
        let applied = Stage::ALL.into_iter().find_map(|stage| {
            let of_stage: Vec<_> = planned.iter().filter(|fix| fix.stage == stage).collect();
            let changes: Vec<_> = of_stage.iter().map(|fix| fix.change.clone()).collect();
            let Edited { text, obstacles } = edit(&done.changed.text, &changes);
            let mut count = 0;
            for (fix, obstacle) in of_stage.into_iter().zip(obstacles) {
                match obstacle {
                    Some(obstacle) => done.unfixed.push(fix.unfixed(obstacle.into())),
                    None => {
                        done.all.insert(fix.id.clone());
                        count += 1;
                    }
                }
            }
            (count > 0).then_some((count, text))
        });
        let Some((count, text)) = applied else { return done };
        done.changed.count += count;
        done.changed.text = text;
    }
    let (planned, unfixed) = plan(&done.changed.text, policy, namespace);
    done.unfixed = unfixed;
    done.unfixed.extend(planned.iter().map(|fix| fix.unfixed(*rejected.get(&fix.id).unwrap_or(&Reason::Passes))));
    done
}

/// The fix of a finding.
struct PlannedFix {
    id: FixId,
    rule: &'static str,
    location: Location,
    stage: Stage,
    change: Change,
}

impl PlannedFix {
    fn unfixed(&self, reason: Reason) -> Unfixed {
        Unfixed { rule: self.rule, location: self.location.clone(), reason }
    }
}

/// The order of fixes: first the types of values, then names, then values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Form,
    Name,
    Value,
}

impl Stage {
    const ALL: [Self; 3] = [Self::Form, Self::Name, Self::Value];

    fn of(edits: &[Edit]) -> Self {
        let is_name = |edit: &Edit| match edit {
            Edit::Rename { .. } => true,
            Edit::Set { path, .. } => path.steps().last().and_then(Step::name) == Some("name"),
            _ => false,
        };
        match edits {
            _ if edits.iter().any(is_name) => Self::Name,
            [Edit::Quote { .. }] => Self::Form,
            _ => Self::Value,
        }
    }
}

/// Returns the fixes of all findings, and those that are not possible in the manifest.
fn plan(text: &str, policy: &Policy, namespace: &str) -> (Vec<PlannedFix>, Vec<Unfixed>) {
    let (mut planned, mut unfixed, mut known) = (Vec::new(), Vec::new(), HashSet::new());
    for (index, (document, outcome)) in objects(text, policy, namespace).iter().enumerate() {
        let object = document.location().bytes.start;
        for finding in &outcome.findings {
            let Some(fix) = &finding.fix else { continue };
            let rule = finding.rule.name;
            let location = || document.locate(&outcome.written_path(finding));
            let edits = if finding.in_manifest {
                Ok(fix.edits.clone())
            } else {
                fix.edits.iter().map(|edit| as_written(edit, document, outcome)).collect()
            };
            match edits {
                // Two rules may have the same fix.
                Ok(edits) if known.insert(format!("{object} {edits:?}")) => {
                    let (id, stage) = ((index, rule, format!("{edits:?}")), Stage::of(&edits));
                    let change = Change { object, edits };
                    planned.push(PlannedFix { id, rule, location: location(), stage, change });
                }
                Ok(_) => {}
                Err(reason) => unfixed.push(Unfixed { rule, location: location(), reason }),
            }
        }
    }
    (planned, unfixed)
}

/// Converts an edit of the object as stored to an edit of the manifest.
fn as_written(edit: &Edit, document: &Document<'_>, outcome: &Outcome<'_>) -> Result<Edit, Reason> {
    let path = edit.path();
    let (step, parent) = path.steps().split_last().ok_or(Obstacle::Form)?;
    let parent = path.take(parent.len());
    let written_parent = outcome.as_written(&parent);
    let written = match step {
        // A new item after the last one.
        Step::Index(index) if path.value(&outcome.object).is_none() => {
            let (stored, written) = (parent.value(&outcome.object), written_parent.value(&document.json));
            let items = |list: Option<&Json<'_>>| list.map_or(0, |list| list.items().len());
            let is_last = *index == items(stored);
            is_last.then(|| written_parent.clone().index(items(written))).ok_or(Obstacle::Absent)?
        }
        _ => outcome.as_written(path),
    };
    // The manifest does not have the fields that rayguard adds as defaults.
    let has_field = written_parent.steps().len() == parent.steps().len() && written.steps().len() == path.steps().len();
    // It may also lack an item of a list.
    let has_items = (1..=path.steps().len()).all(|depth| {
        !matches!(path.steps()[depth - 1], Step::Index(_))
            || path.take(depth).value(&outcome.object).is_none()
            || written.take(depth).value(&document.json).is_some()
    });
    let same = |a: Option<&Json<'_>>, b: Option<&Json<'_>>| a.is_none() || b.is_none() || a == b;
    let is_same = same(written.value(&document.json), path.value(&outcome.object));
    match edit {
        _ if !has_field || !has_items => Err(Reason::Default),
        Edit::Set { value, .. } if is_taken(&written, value, &document.json) => Err(Reason::Taken),
        Edit::Set { .. } if !is_same => Err(Reason::Default),
        edit => Ok(edit.clone().at(written)),
    }
}

/// Reports whether another item of the list already has this name.
fn is_taken(path: &FieldPath, name: &Json<'_>, json: &Json<'_>) -> bool {
    let Some((Step::Field(field), [.., Step::Index(_)])) = path.steps().split_last() else { return false };
    let list = path.take(path.steps().len() - 2);
    let items = list.value(json).map(Json::items).unwrap_or_default();
    *field == "name" && items.iter().any(|item| item.field(field) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_that_are_left_after_the_last_pass_are_reported() {
        let text = "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {name: a}\nspec:\n  headGroupSpec:\n    \
                    rayStartParams: {num_cpus: 0}\n    template: {spec: {containers: [{name: a, image: b}]}}\n";
        let policy = Policy::default();
        let apply = |max_passes| {
            let Applied { changed, unfixed, .. } = apply(text, &policy, "default", &HashMap::new(), max_passes);
            (changed, unfixed)
        };
        let (done, unfixed) = apply(1);
        assert_eq!(done.text, text.replace("cpus: 0", "cpus: \"0\""), "types are fixed before names");
        assert_eq!(unfixed.iter().map(|fix| fix.reason).collect::<Vec<_>>(), [Reason::Passes]);
        let (done, unfixed) = apply(MAX_PASSES);
        assert_eq!((done.text, unfixed), (text.replace("num_cpus: 0", "num-cpus: \"0\""), Vec::new()));
    }
}
