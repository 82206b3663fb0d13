//! Applies the fixes of findings to a text.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use rayguard_manifest::yaml::edit::{Edited, edit};
use rayguard_policy::policy::Policy;

use super::plan::{ErrorId, FixId, Plan, Stage, plan};
use super::{Changed, Reason, Unfixed};

/// The largest number of passes over a text. After a fix, another rule may have a finding.
const MAX_PASSES: usize = 10;

/// Returns the text with all safe fixes, and reports the others.
///
/// A fix can show a fault that was hidden before: a renamed field is checked, and one with the wrong name is not. A fix
/// that leads to an error that the text did not have is therefore left out.
pub fn with_fixes(text: &str, policy: &Policy, namespace: &str) -> Changed {
    let Applied { mut changed, unfixed, .. } = apply_safely(text, policy, namespace);
    changed.unfixed = unfixed;
    changed
}

/// Returns the text with the fix of one finding, which is identified by its rule and its location in bytes, and with the
/// fixes that only this fix makes possible. Returns `None` if the finding has no safe fix.
pub fn with_fix(text: &str, policy: &Policy, namespace: &str, rule: &str, bytes: &Range<usize>) -> Option<Changed> {
    let planned = plan(text, policy, namespace).planned;
    let is_of_finding = |findings: &[(&str, Range<usize>)]| findings.iter().any(|it| it.0 == rule && it.1 == *bytes);
    let id = &planned.iter().find(|fix| is_of_finding(&fix.findings))?.id;
    let others = planned.iter().filter(|fix| fix.id != *id).map(|fix| (fix.id.clone(), Reason::Passes)).collect();
    let applied = apply(text, policy, namespace, &others, MAX_PASSES);
    let is_safe = applied.changed.count > 0 && applied.new_errors().next().is_none();
    is_safe.then_some(applied.changed)
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
    /// The errors of the text before the fixes.
    errors_before: HashSet<ErrorId>,
    /// The errors of the text after the fixes.
    errors: HashSet<ErrorId>,
}

impl Applied {
    /// Returns the errors that the text did not have before.
    fn new_errors(&self) -> impl Iterator<Item = &ErrorId> {
        self.errors.difference(&self.errors_before)
    }
}

/// Applies all fixes that lead to no new error.
fn apply_safely(text: &str, policy: &Policy, namespace: &str) -> Applied {
    let mut rejected = HashMap::new();
    loop {
        let applied = apply(text, policy, namespace, &rejected, MAX_PASSES);
        let new: Vec<_> = applied.new_errors().cloned().collect();
        let Some((_, rule, _)) = new.first() else { return applied };
        // Try each fix alone, with those that it makes possible.
        let leads_to = |fix: &FixId| {
            let others =
                applied.first.iter().filter(|other| *other != fix).map(|other| (other.clone(), Reason::Passes));
            let others = others.chain(rejected.clone()).collect();
            let alone = apply(text, policy, namespace, &others, MAX_PASSES);
            alone.new_errors().next().map(|(_, rule, _)| *rule)
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
            let changed = Changed::unchanged(text);
            return Applied { changed, ..applied };
        }
    }
}

/// Applies fixes in at most this number of passes. Fixes that are rejected are left, for the given reasons.
fn apply(
    text: &str,
    policy: &Policy,
    namespace: &str,
    rejected: &HashMap<FixId, Reason>,
    max_passes: usize,
) -> Applied {
    let unchanged = Changed::unchanged(text);
    let mut done = Applied {
        changed: unchanged,
        unfixed: Vec::new(),
        first: HashSet::new(),
        all: HashSet::new(),
        errors_before: HashSet::new(),
        errors: HashSet::new(),
    };
    for pass in 0..max_passes {
        let Plan { planned, unfixed, errors } = plan(&done.changed.text, policy, namespace);
        if pass == 0 {
            done.errors_before.clone_from(&errors);
        }
        done.errors = errors;
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
    let Plan { planned, unfixed, errors } = plan(&done.changed.text, policy, namespace);
    (done.unfixed, done.errors) = (unfixed, errors);
    done.unfixed.extend(planned.iter().map(|fix| fix.unfixed(*rejected.get(&fix.id).unwrap_or(&Reason::Passes))));
    done
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
