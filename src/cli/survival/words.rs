//! The outcomes in a word or two, for the table and for the descriptions of pictures.

use rayguard_policy::survival::measurement::UNKNOWN_WORKERS;
use rayguard_policy::survival::outcome::GroupForecast;
use rayguard_policy::survival::{ActorOutcome, Event, EventForecast, PodOutcome, RequestOutcome};

use super::duration::long;

/// Returns the name of a worker group.
pub(super) fn name(group: &str) -> &str {
    if group.is_empty() { "(no name)" } else { group }
}

/// Returns what becomes of detached actors on workers; a dash without worker groups.
pub(super) fn actors(event: &EventForecast) -> &'static str {
    match event.detached_actors {
        _ if event.groups.is_empty() => "-",
        ActorOutcome::Kept => "kept",
        ActorOutcome::Unknown => "may be lost",
        ActorOutcome::Lost => "lost",
    }
}

/// Returns what becomes of requests to Ray Serve; empty without it.
pub(super) fn requests(event: &EventForecast) -> &'static str {
    match event.serve_requests {
        None => "",
        Some(RequestOutcome::Answered) => "answered",
        Some(RequestOutcome::Held) => "held",
        Some(RequestOutcome::Unknown) => "may fail",
        Some(RequestOutcome::Failed) => "fail",
    }
}

/// Returns what becomes of the Pods of a worker group.
pub(super) fn workers(event: &EventForecast, group: &GroupForecast) -> String {
    // The time is the longest one where the next GCS finds no data.
    let after = if event.evidence.contains(&UNKNOWN_WORKERS.name) { "within" } else { "after" };
    let is_loss = event.event == Event::WorkerLoss;
    match (group.outcome, group.exits_after_seconds) {
        (PodOutcome::None, _) if is_loss => "no other Pod".to_owned(),
        (PodOutcome::None, _) => "no Pods".to_owned(),
        (PodOutcome::Stays, _) if is_loss => "the others stay".to_owned(),
        (PodOutcome::Stays, _) => "stay".to_owned(),
        (PodOutcome::Unknown, Some(seconds)) => format!("may exit {after} {}", long(seconds)),
        (PodOutcome::Unknown, None) => "may exit".to_owned(),
        (PodOutcome::Exits, Some(0)) => "never start".to_owned(),
        (PodOutcome::Exits, Some(seconds)) => format!("exit {after} {}", long(seconds)),
        (PodOutcome::Exits, None) if event.event == Event::Upgrade => "replaced".to_owned(),
        (PodOutcome::Exits, None) => "exit".to_owned(),
    }
}
