//! The lanes of a panel: what each part of a cluster does from when to when.

use rayguard_policy::survival::measurement::UNKNOWN_WORKERS;
use rayguard_policy::survival::outcome::GroupForecast;
use rayguard_policy::survival::{ActorOutcome, Event, EventForecast, PodOutcome, RequestOutcome};

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

/// Returns the lanes of an event: the GCS, the head, a lost Pod, the worker groups, their actors, and the requests if there
/// are any.
pub(super) fn lanes(event: &EventForecast) -> Vec<Lane> {
    let lane = |name: &str, spans| Lane { name: name.to_owned(), spans };
    let mut lanes = vec![lane("GCS", gcs(event)), lane("head", head(event))];
    if event.event == Event::WorkerLoss {
        let spans = vec![Span::new(BEFORE, 0.0, "good", "works"), Span::new(0.0, FOR_EVER, "bad", "lost")];
        lanes.push(lane("lost Pod", spans));
    }
    let group = |group: &GroupForecast| Lane {
        name: if group.name.is_empty() { "workers".to_owned() } else { group.name.clone() },
        spans: workers(event, group),
    };
    lanes.extend(event.groups.iter().map(group));
    lanes.extend((!event.groups.is_empty()).then(|| lane("actors", actors(event))));
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
        Event::Upgrade => "deleted, and a new Pod starts",
        Event::GcsCrash | Event::GcsCrashLoop | Event::WorkerLoss => "restarts",
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
            PodOutcome::Stays if event.event == Event::WorkerLoss => ("good", "the others stay"),
            PodOutcome::Stays => ("good", "stay"),
            PodOutcome::None => return Vec::new(),
            PodOutcome::Unknown => ("maybe", "may exit"),
            PodOutcome::Exits => ("bad", "replaced"),
        };
        return vec![Span::new(BEFORE, FOR_EVER, class, word)];
    }
    let connected = event.workers_connected_seconds.max.unwrap_or(FOR_EVER);
    let exit = group.exits_after_seconds.map_or(FOR_EVER, f64::from);
    let mut spans = vec![Span::new(BEFORE, 0.0, "good", "work")];
    match group.outcome {
        PodOutcome::None => return Vec::new(),
        PodOutcome::Stays => {
            spans.push(Span::new(0.0, connected, "wait", "wait"));
            spans.push(Span::new(connected, FOR_EVER, "good", "stay"));
        }
        PodOutcome::Unknown if exit < connected => {
            spans.push(Span::new(0.0, exit, "wait", "wait"));
            spans.push(Span::new(exit, FOR_EVER, "maybe", format!("may exit after {exit:.0} s")));
        }
        PodOutcome::Unknown => spans.push(Span::new(0.0, FOR_EVER, "maybe", "may exit")),
        PodOutcome::Exits if exit == 0.0 => return vec![Span::new(BEFORE, FOR_EVER, "bad", "never start")],
        PodOutcome::Exits if exit.is_finite() => {
            spans.push(Span::new(0.0, exit, "wait", "wait"));
            spans.push(Span::new(exit, FOR_EVER, "bad", format!("exit after {exit:.0} s")));
        }
        PodOutcome::Exits => spans.push(Span::new(0.0, FOR_EVER, "bad", "exit")),
    }
    spans
}

fn actors(event: &EventForecast) -> Vec<Span> {
    let (class, word) = match event.detached_actors {
        ActorOutcome::Kept => return vec![Span::new(BEFORE, FOR_EVER, "good", "kept")],
        ActorOutcome::Unknown => ("maybe", "may be lost"),
        ActorOutcome::Lost if event.event == Event::WorkerLoss => ("bad", "those of the lost Pod are lost"),
        ActorOutcome::Lost => ("bad", "lost"),
    };
    // They end with the first worker at the earliest, which is not known without data.
    let exits = event.groups.iter().filter(|group| group.outcome != PodOutcome::Stays);
    let first = exits.map(|group| group.exits_after_seconds.map_or(0.0, f64::from)).fold(FOR_EVER, f64::min);
    let is_latest = event.evidence.contains(&UNKNOWN_WORKERS.name);
    let from = if first.is_finite() && !is_latest { first } else { 0.0 };
    vec![Span::new(BEFORE, from, "good", "work"), Span::new(from, FOR_EVER, class, word)]
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
