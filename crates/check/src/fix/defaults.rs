//! Writes the defaults of the webhook into a text.

use rayguard_manifest::fix::additions;
use rayguard_manifest::yaml::edit::{Change, Edited, Obstacle, edit};
use rayguard_policy::policy::Policy;

use super::{Changed, Unfixed, objects};

/// Returns the text with the defaults.
pub fn with_defaults(text: &str, policy: &Policy, namespace: &str) -> Changed {
    let mut done = Changed::unchanged(text);
    let (mut changes, mut locations) = (Vec::new(), Vec::new());
    for (document, outcome) in objects(text, policy, namespace).0 {
        if outcome.patch.0.is_empty() {
            continue;
        }
        match additions(&document.json, &outcome.patch) {
            Some(edits) => {
                changes.push(Change { object: document.location().bytes.start, edits });
                locations.push(document.location());
            }
            None => {
                let reason = Obstacle::Form.into();
                done.unfixed.push(Unfixed { what: DEFAULTS, location: document.location(), reason });
            }
        }
    }
    let Edited { text: after, obstacles } = edit(text, &changes);
    for (location, obstacle) in locations.into_iter().zip(obstacles) {
        match obstacle {
            None => done.count += 1,
            Some(obstacle) => done.unfixed.push(Unfixed { what: DEFAULTS, location, reason: obstacle.into() }),
        }
    }
    done.text = after;
    done
}

const DEFAULTS: &str = "the defaults of this object";
