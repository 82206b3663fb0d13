//! The lanes of a panel: what each part of a cluster does from when to when.

use rayguard_policy::survival::outcome::GroupForecast;
use rayguard_policy::survival::{Event, EventForecast, PodOutcome, RequestOutcome};

/// A part of a cluster over time.
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) spans: Vec<Span>,
}

/// A time in which a part is in one state. The GCS ends at 0 s.
pub(super) struct Span {
    /// The beginning, in seconds; negative before the outage.
    pub(super) from: f64,
    /// The end, in seconds; infinite if nothing follows.
    pub(super) to: f64,
    /// The class of its colour.
    pub(super) class: &'static str,
    /// The state in a word or two.
    pub(super) word: String,
}

impl Span {
    fn new(from: f64, to: f64, class: &'static str, word: impl Into<String>) -> Self {
        Self { from, to, class, word: word.into() }
    }
}

const FOR_EVER: f64 = f64::INFINITY;
const BEFORE: f64 = -1.0;

/// Returns the lanes of an event: the GCS, the head, the worker groups, and the requests if there are any.
pub(super) fn lanes(event: &EventForecast) -> Vec<Lane> {
    let mut lanes =
        vec![Lane { name: "GCS".to_owned(), spans: gcs(event) }, Lane { name: "head".to_owned(), spans: head(event) }];
    let group = |group: &GroupForecast| Lane {
        name: if group.name.is_empty() { "workers".to_owned() } else { group.name.clone() },
        spans: workers(event, group),
    };
    lanes.extend(event.groups.iter().map(group));
    lanes.extend(
        event.serve_requests.map(|outcome| Lane { name: "requests".to_owned(), spans: requests(outcome, event) }),
    );
    lanes
}

/// Reports whether the GCS ends in the event.
fn is_away(event: &EventForecast) -> bool {
    event.gcs_away_seconds.max != Some(0.0)
}

fn gcs(event: &EventForecast) -> Vec<Span> {
    if !is_away(event) {
        return vec![Span::new(BEFORE, FOR_EVER, "good", "listens")];
    }
    let away = event.gcs_away_seconds;
    let mut spans = vec![Span::new(BEFORE, 0.0, "good", "listens"), Span::new(0.0, away.min, "bad", "away")];
    match away.max {
        Some(max) => {
            spans.push(Span::new(away.min, max, "maybe", "may be away"));
            spans.push(Span::new(max, FOR_EVER, "good", "listens"));
        }
        None => spans.push(Span::new(away.min, FOR_EVER, "maybe", "may be away")),
    }
    spans
}

fn head(event: &EventForecast) -> Vec<Span> {
    if !is_away(event) {
        let replaced = event.groups.iter().any(|group| group.outcome == PodOutcome::Exits);
        let (class, word) = if replaced { ("bad", "replaced") } else { ("good", "runs") };
        return vec![Span::new(BEFORE, FOR_EVER, class, word)];
    }
    let word = match event.event {
        Event::GcsStop => "runs on, then restarts",
        Event::HeadDeletion | Event::HeadLoss | Event::NodeLoss => "a new Pod starts",
        Event::RedisOutage | Event::RedisDataLoss => "tries Redis, restarts",
        Event::GcsCrash | Event::GcsCrashLoop | Event::WorkerLoss | Event::Upgrade => "restarts",
    };
    let end = event.gcs_away_seconds.max.unwrap_or(FOR_EVER);
    let mut spans = vec![Span::new(BEFORE, 0.0, "good", "runs"), Span::new(0.0, end, "bad", word)];
    if end.is_finite() {
        spans.push(Span::new(end, FOR_EVER, "good", "runs"));
    }
    spans
}

fn workers(event: &EventForecast, group: &GroupForecast) -> Vec<Span> {
    if !is_away(event) {
        let (class, word) = match group.outcome {
            PodOutcome::Stays => ("good", "stay"),
            PodOutcome::Unknown => ("maybe", "may exit"),
            PodOutcome::Exits => ("bad", "replaced"),
        };
        return vec![Span::new(BEFORE, FOR_EVER, class, word)];
    }
    let connected = event.workers_connected_seconds.max.unwrap_or(FOR_EVER);
    let exit = group.exits_after_seconds.map_or(FOR_EVER, f64::from);
    let mut spans = vec![Span::new(BEFORE, 0.0, "good", "work")];
    match group.outcome {
        PodOutcome::Stays => {
            spans.push(Span::new(0.0, connected, "wait", "wait"));
            spans.push(Span::new(connected, FOR_EVER, "good", "stay"));
        }
        PodOutcome::Unknown if exit < connected => {
            spans.push(Span::new(0.0, exit, "wait", "wait"));
            spans.push(Span::new(exit, FOR_EVER, "maybe", format!("may exit after {exit:.0} s")));
        }
        PodOutcome::Unknown => spans.push(Span::new(0.0, FOR_EVER, "maybe", "may exit")),
        PodOutcome::Exits if exit.is_finite() => {
            spans.push(Span::new(0.0, exit, "wait", "wait"));
            spans.push(Span::new(exit, FOR_EVER, "bad", format!("exit after {exit:.0} s")));
        }
        PodOutcome::Exits => spans.push(Span::new(0.0, FOR_EVER, "bad", "exit")),
    }
    spans
}

fn requests(outcome: RequestOutcome, event: &EventForecast) -> Vec<Span> {
    let (class, word) = match outcome {
        RequestOutcome::Answered => return vec![Span::new(BEFORE, FOR_EVER, "good", "answered")],
        RequestOutcome::Held => ("wait", "held for a time"),
        RequestOutcome::Unknown => ("maybe", "may fail"),
        RequestOutcome::Failed => ("bad", "fail for a time"),
    };
    let end = if is_away(event) { event.new_work.waits_seconds.max.unwrap_or(FOR_EVER) } else { FOR_EVER };
    let mut spans = vec![Span::new(BEFORE, 0.0, "good", "answered"), Span::new(0.0, end, class, word)];
    if end.is_finite() {
        spans.push(Span::new(end, FOR_EVER, "good", "answered"));
    }
    spans
}
