//! Findings mended in a text.

use std::collections::HashSet;

use rayguard::dry_run::Outcome;
use rayguard::fix::Edit;
use rayguard::json::Json;
use rayguard::path::{FieldPath, Step};
use rayguard::policy::Policy;
use rayguard::rule::{Finding, Scope};
use rayguard::yaml::edit::{Change, Edited, edit};
use rayguard::yaml::{Document, Location};

use super::{Changed, objects, refuse};

/// How often at most a text is gone over: one fix may show what another rule finds.
const MOST_PASSES: usize = 10;

/// The text with every finding mended that can be.
pub(super) fn mended(text: &str, name: &str, policy: &Policy, namespace: &str) -> Changed {
    let mut done = Changed { text: text.to_owned(), count: 0, is_incomplete: false };
    for _ in 0..MOST_PASSES {
        let wanted = wanted(&done.text, policy, namespace);
        let mut refused = Vec::new();
        // What is found of one stage may be gone once the stage before is done.
        let made = Stage::ALL.into_iter().find_map(|stage| {
            let of_stage: Vec<_> = wanted.iter().filter(|wanted| wanted.stage == stage).collect();
            let changes: Vec<_> = of_stage.iter().map(|wanted| wanted.change.clone()).collect();
            let Edited { text, obstacles } = edit(&done.text, &changes);
            let made = obstacles.iter().filter(|obstacle| obstacle.is_none()).count();
            let obstacles = of_stage.into_iter().zip(obstacles);
            refused.extend(obstacles.filter_map(|(wanted, obstacle)| Some((wanted, obstacle?))));
            (made > 0).then_some((made, text))
        });
        let Some((made, text)) = made else {
            for (Wanted { rule, location, .. }, obstacle) in refused {
                refuse(name, location, rule, obstacle);
            }
            break;
        };
        done.count += made;
        done.text = text;
    }
    done
}

/// A fix that a finding has.
struct Wanted {
    rule: &'static str,
    location: Location,
    stage: Stage,
    change: Change,
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

fn wanted(text: &str, policy: &Policy, namespace: &str) -> Vec<Wanted> {
    let (mut all, mut known) = (Vec::new(), HashSet::new());
    for (document, outcome) in &objects(text, policy, namespace) {
        let object = document.location().bytes.start;
        for finding in &outcome.findings {
            let Some(edits) = edits(finding, document, outcome) else { continue };
            // Two rules may want the same.
            if known.insert(format!("{object} {edits:?}")) {
                let location = document.locate(&outcome.as_written(&finding.path));
                let (rule, stage) = (finding.rule.name, Stage::of(&edits));
                all.push(Wanted { rule, location, stage, change: Change { object, edits } });
            }
        }
    }
    all
}

/// A finding's fix, as changes of what is written.
fn edits(finding: &Finding, document: &Document<'_>, outcome: &Outcome<'_>) -> Option<Vec<Edit>> {
    let edits = finding.fix.as_ref()?.edits.iter().cloned();
    if finding.rule.scope == Scope::Offline {
        return Some(edits.collect());
    }
    let written = edits.map(|edit| {
        let path = edit.path().clone();
        let (step, above) = (path.steps().last()?, path.take(path.steps().len() - 1));
        let list = outcome.as_written(&above);
        let place = match step {
            // Behind the last item.
            Step::Index(index) if path.value(&outcome.object).is_none() => {
                let (stored, written) = (above.value(&outcome.object), list.value(&document.json));
                let items = |list: Option<&Json<'_>>| list.map_or(0, |list| list.items().len());
                (*index == items(stored)).then(|| list.clone().index(items(written)))?
            }
            _ => outcome.as_written(&path),
        };
        // What rayguard itself would write is not there to be changed.
        let is_there = list.steps().len() == above.steps().len() && place.steps().len() == path.steps().len();
        let same = |a: Option<&Json<'_>>, b: Option<&Json<'_>>| a.is_none() || b.is_none() || a == b;
        let is_same = same(place.value(&document.json), path.value(&outcome.object));
        let is_taken = matches!(&edit, Edit::Set { value, .. } if is_taken(&place, value, &document.json));
        (is_there && !is_taken && (is_same || !matches!(edit, Edit::Set { .. }))).then(|| edit.at(place))
    });
    written.collect()
}

/// Whether this is a name that another item of the list has already.
fn is_taken(path: &FieldPath, name: &Json<'_>, json: &Json<'_>) -> bool {
    let Some((Step::Field(field), [.., Step::Index(_)])) = path.steps().split_last() else { return false };
    let list = path.take(path.steps().len() - 2);
    let items = list.value(json).map(Json::items).unwrap_or_default();
    *field == "name" && items.iter().any(|item| item.field(field) == name)
}
