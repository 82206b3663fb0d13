//! Findings mended in a text.

use std::collections::HashSet;

use rayguard_manifest::fix::Edit;
use rayguard_manifest::json::Json;
use rayguard_manifest::path::{FieldPath, Step};
use rayguard_manifest::yaml::edit::{Change, Edited, Obstacle, edit};
use rayguard_manifest::yaml::{Document, Location};
use rayguard_policy::policy::Outcome;
use rayguard_policy::policy::Policy;
use rayguard_policy::rule::Scope;

use super::{Changed, objects, refuse};

/// How often at most a text is gone over: one fix may show what another rule finds.
const MOST_PASSES: usize = 10;

/// The text with every finding mended that can be.
pub(super) fn mended(text: &str, name: &str, policy: &Policy, namespace: &str) -> Changed {
    let (done, left) = settled(text, policy, namespace, MOST_PASSES);
    for Left { rule, location, why } in left {
        refuse(name, &location, rule, why);
    }
    done
}

/// A fix that is not made.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    rule: &'static str,
    location: Location,
    why: Why,
}

/// Why a fix is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Why {
    #[error("{0}")]
    Obstacle(#[from] Obstacle),
    #[error("rayguard's own defaults are there, and nothing that is written")]
    Default,
    #[error("another item of the list has this name already")]
    Taken,
    #[error("the text has been gone over often enough; run it once more")]
    Passes,
}

/// The text gone over so many times at most, and what is left then.
fn settled(text: &str, policy: &Policy, namespace: &str, most_passes: usize) -> (Changed, Vec<Left>) {
    let mut done = Changed { text: text.to_owned(), count: 0, is_incomplete: false };
    for _ in 0..most_passes {
        let (wanted, mut left) = wanted(&done.text, policy, namespace);
        // What is found of one stage may be gone once the stage before is done.
        let made = Stage::ALL.into_iter().find_map(|stage| {
            let of_stage: Vec<_> = wanted.iter().filter(|wanted| wanted.stage == stage).collect();
            let changes: Vec<_> = of_stage.iter().map(|wanted| wanted.change.clone()).collect();
            let Edited { text, obstacles } = edit(&done.text, &changes);
            let made = obstacles.iter().filter(|obstacle| obstacle.is_none()).count();
            let obstacles = of_stage.into_iter().zip(obstacles);
            left.extend(obstacles.filter_map(|(wanted, obstacle)| Some(wanted.left(obstacle?.into()))));
            (made > 0).then_some((made, text))
        });
        let Some((made, text)) = made else { return (done, left) };
        done.count += made;
        done.text = text;
    }
    let (wanted, mut left) = wanted(&done.text, policy, namespace);
    left.extend(wanted.iter().map(|wanted| wanted.left(Why::Passes)));
    (done, left)
}

/// A fix that a finding has.
struct Wanted {
    rule: &'static str,
    location: Location,
    stage: Stage,
    change: Change,
}

impl Wanted {
    fn left(&self, why: Why) -> Left {
        Left { rule: self.rule, location: self.location.clone(), why }
    }
}

/// What is mended first: what something is, what it is called, what it says.
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

/// The fixes of all findings, and those that cannot be told as changes of what is written.
fn wanted(text: &str, policy: &Policy, namespace: &str) -> (Vec<Wanted>, Vec<Left>) {
    let (mut all, mut left, mut known) = (Vec::new(), Vec::new(), HashSet::new());
    for (document, outcome) in &objects(text, policy, namespace) {
        let object = document.location().bytes.start;
        for finding in &outcome.findings {
            let Some(fix) = &finding.fix else { continue };
            let rule = finding.rule.name;
            let location = || document.locate(&outcome.as_written(&finding.path));
            let edits = match finding.rule.scope {
                Scope::Offline => Ok(fix.edits.clone()),
                Scope::Admission => fix.edits.iter().map(|edit| as_written(edit, document, outcome)).collect(),
            };
            match edits {
                // Two rules may want the same.
                Ok(edits) if known.insert(format!("{object} {edits:?}")) => {
                    let stage = Stage::of(&edits);
                    all.push(Wanted { rule, location: location(), stage, change: Change { object, edits } });
                }
                Ok(_) => {}
                Err(why) => left.push(Left { rule, location: location(), why }),
            }
        }
    }
    (all, left)
}

/// A change of an object, as a change of what is written of it.
fn as_written(edit: &Edit, document: &Document<'_>, outcome: &Outcome<'_>) -> Result<Edit, Why> {
    let path = edit.path();
    let (step, above) = path.steps().split_last().ok_or(Obstacle::Form)?;
    let above = path.take(above.len());
    let list = outcome.as_written(&above);
    let place = match step {
        // Behind the last item.
        Step::Index(index) if path.value(&outcome.object).is_none() => {
            let (stored, written) = (above.value(&outcome.object), list.value(&document.json));
            let items = |list: Option<&Json<'_>>| list.map_or(0, |list| list.items().len());
            let is_last = *index == items(stored);
            is_last.then(|| list.clone().index(items(written))).ok_or(Obstacle::Absent)?
        }
        _ => outcome.as_written(path),
    };
    // What rayguard itself would write is not there to be changed.
    let is_there = list.steps().len() == above.steps().len() && place.steps().len() == path.steps().len();
    // Nor is an item of a list that is not written at all.
    let is_item_there = (1..=path.steps().len()).all(|depth| {
        !matches!(path.steps()[depth - 1], Step::Index(_))
            || path.take(depth).value(&outcome.object).is_none()
            || place.take(depth).value(&document.json).is_some()
    });
    let same = |a: Option<&Json<'_>>, b: Option<&Json<'_>>| a.is_none() || b.is_none() || a == b;
    let is_same = same(place.value(&document.json), path.value(&outcome.object));
    match edit {
        _ if !is_there || !is_item_there => Err(Why::Default),
        Edit::Set { value, .. } if is_taken(&place, value, &document.json) => Err(Why::Taken),
        Edit::Set { .. } if !is_same => Err(Why::Default),
        edit => Ok(edit.clone().at(place)),
    }
}

/// Whether this is a name that another item of the list has already.
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
    fn what_is_left_after_the_last_pass_is_told() {
        let text = "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {name: a}\nspec:\n  headGroupSpec:\n    \
                    rayStartParams: {num_cpus: 0}\n    template: {spec: {containers: [{name: a, image: b}]}}\n";
        let policy = Policy::default();
        let settled = |most_passes| settled(text, &policy, "default", most_passes);
        let (done, left) = settled(1);
        assert_eq!(done.text, text.replace("cpus: 0", "cpus: \"0\""), "what it is comes before what it is called");
        assert_eq!(left.iter().map(|left| left.why).collect::<Vec<_>>(), [Why::Passes]);
        let (done, left) = settled(MOST_PASSES);
        assert_eq!((done.text, left), (text.replace("num_cpus: 0", "num-cpus: \"0\""), Vec::new()));
    }
}
