//! `default --in-place`: writes defaults into a file.

use rayguard_manifest::fix::additions;
use rayguard_manifest::yaml::edit::{Change, Edited, Obstacle, edit};
use rayguard_policy::policy::Policy;

use super::{Changed, objects, report_unfixed};

/// Returns the text with the defaults.
pub(super) fn with_defaults(text: &str, name: &str, policy: &Policy, namespace: &str) -> Changed {
    let mut done = Changed { text: text.to_owned(), count: 0, is_incomplete: false };
    let (mut changes, mut locations) = (Vec::new(), Vec::new());
    for (document, outcome) in objects(text, policy, namespace) {
        if outcome.patch.0.is_empty() {
            continue;
        }
        match additions(&document.json, &outcome.patch) {
            Some(edits) => {
                changes.push(Change { object: document.location().bytes.start, edits });
                locations.push(document.location());
            }
            None => {
                report_unfixed(name, &document.location(), DEFAULTS, Obstacle::Form);
                done.is_incomplete = true;
            }
        }
    }
    let Edited { text: after, obstacles } = edit(text, &changes);
    for (location, obstacle) in locations.iter().zip(obstacles) {
        match obstacle {
            None => done.count += 1,
            Some(obstacle) => {
                report_unfixed(name, location, DEFAULTS, obstacle);
                done.is_incomplete = true;
            }
        }
    }
    done.text = after;
    done
}

const DEFAULTS: &str = "the defaults of this object";
