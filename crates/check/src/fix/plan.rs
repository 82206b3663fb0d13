//! The fixes of all findings in a text.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use rayguard_manifest::fix::Edit;
use rayguard_manifest::json::Json;
use rayguard_manifest::path::{FieldPath, Step};
use rayguard_manifest::yaml::edit::{Change, Obstacle};
use rayguard_manifest::yaml::{Document, Location};
use rayguard_policy::policy::{Outcome, Policy};
use rayguard_policy::rule::Level;

use super::{Reason, Unfixed, objects};
use crate::locator::Locator;

/// What identifies a fix in the versions of a text: the index of the object among those of the text, the rule, and the
/// edits.
pub(super) type FixId = (usize, &'static str, String);

/// The fix of a finding.
pub(super) struct PlannedFix {
    pub(super) id: FixId,
    /// The findings that it fixes, each by its rule and its location in bytes. Two rules may have the same fix.
    pub(super) findings: Vec<(&'static str, Range<usize>)>,
    /// The location of the first of them.
    location: Location,
    pub(super) stage: Stage,
    pub(super) change: Change,
}

impl PlannedFix {
    pub(super) fn unfixed(&self, reason: Reason) -> Unfixed {
        Unfixed { what: self.id.1, location: self.location.clone(), reason }
    }
}

/// The order of fixes: first the types of values, then names, then values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Form,
    Name,
    Value,
}

impl Stage {
    pub(super) const ALL: [Self; 3] = [Self::Form, Self::Name, Self::Value];

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

/// What identifies an error in the versions of a text: the index of the object, the rule, and the path.
pub(super) type ErrorId = (usize, &'static str, String);

/// The fixes for one version of a text.
pub(super) struct Plan {
    pub(super) planned: Vec<PlannedFix>,
    /// The fixes that are not possible in the manifest.
    pub(super) unfixed: Vec<Unfixed>,
    /// The errors of all objects, and a number for each document that cannot be read.
    pub(super) errors: HashSet<ErrorId>,
}

/// Returns the fixes of all findings in a text, and its errors.
pub(super) fn plan(text: &str, policy: &Policy, namespace: &str) -> Plan {
    let (mut planned, mut unfixed, mut known) = (Vec::<PlannedFix>::new(), Vec::new(), HashMap::new());
    let (objects, unreadable) = objects(text, policy, namespace);
    let mut errors: HashSet<_> = (0..unreadable).map(|index| (index, "", String::new())).collect();
    for (index, (document, outcome)) in objects.iter().enumerate() {
        let denials = outcome.findings.iter().filter(|finding| finding.level == Level::Deny);
        errors.extend(denials.map(|finding| (index, finding.rule.name, outcome.written_path(finding).to_string())));
        let object = document.location().bytes.start;
        let mut locator = Locator::of(document);
        for finding in &outcome.findings {
            let Some(fix) = &finding.fix else { continue };
            let rule = finding.rule.name;
            let path = outcome.written_path(finding);
            let edits = if finding.in_manifest {
                Ok(fix.edits.clone())
            } else {
                fix.edits.iter().map(|edit| as_written(edit, document, outcome)).collect()
            };
            match edits {
                Ok(edits) => {
                    let of_finding = (rule, locator.locate(finding, &path).bytes);
                    let known = known.entry(format!("{object} {edits:?}")).or_insert(planned.len());
                    if let Some(same) = planned.get_mut(*known) {
                        same.findings.push(of_finding);
                        continue;
                    }
                    let (id, stage) = ((index, rule, format!("{edits:?}")), Stage::of(&edits));
                    let change = Change { object, edits };
                    let location = document.locate(&path);
                    planned.push(PlannedFix { id, findings: vec![of_finding], location, stage, change });
                }
                Err(reason) => unfixed.push(Unfixed { what: rule, location: document.locate(&path), reason }),
            }
        }
    }
    Plan { planned, unfixed, errors }
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
