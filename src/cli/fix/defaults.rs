//! Defaults written into a text.

use rayguard_manifest::fix::additions;
use rayguard_manifest::yaml::edit::{Change, Edited, Obstacle, edit};
use rayguard_policy::policy::Policy;

use super::{Changed, objects, refuse};

/// The text with the defaults in it.
pub(super) fn defaulted(text: &str, name: &str, policy: &Policy, namespace: &str) -> Changed {
    let mut done = Changed { text: text.to_owned(), count: 0, is_incomplete: false };
    let (mut changes, mut about) = (Vec::new(), Vec::new());
    for (document, outcome) in objects(text, policy, namespace) {
        if outcome.patch.0.is_empty() {
            continue;
        }
        match additions(&document.json, &outcome.patch) {
            Some(edits) => {
                changes.push(Change { object: document.location().bytes.start, edits });
                about.push(document.location());
            }
            None => {
                refuse(name, &document.location(), DEFAULTS, Obstacle::Form);
                done.is_incomplete = true;
            }
        }
    }
    let Edited { text: after, obstacles } = edit(text, &changes);
    for (location, obstacle) in about.iter().zip(obstacles) {
        match obstacle {
            None => done.count += 1,
            Some(obstacle) => {
                refuse(name, location, DEFAULTS, obstacle);
                done.is_incomplete = true;
            }
        }
    }
    done.text = after;
    done
}

const DEFAULTS: &str = "the defaults of this object";
