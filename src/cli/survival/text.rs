//! The forecast for people.

use std::collections::BTreeSet;

use rayguard_manifest::path::on_one_line;
use rayguard_policy::survival::{Change, EventForecast, FaultTolerance, GroupTimeout, HeadActors, TimeoutSource};

use super::ClusterForecast;
use super::duration::{long, range};
use super::flow::flow;
use super::words::{self, name};

/// The width in columns where no terminal gives one.
const DEFAULT_WIDTH: usize = 80;

/// The least width in columns.
const MIN_WIDTH: usize = 50;

/// The largest width in columns; longer lines are hard to read.
const MAX_WIDTH: usize = 100;

/// The widths of the columns before the last one: event, GCS, workers, actors.
const COLUMNS: [usize; 4] = [16, 17, 24, 13];

/// Returns the forecasts, a block for each cluster.
pub(super) fn text(clusters: &[ClusterForecast], width: Option<usize>) -> String {
    let width = width.unwrap_or(DEFAULT_WIDTH).clamp(MIN_WIDTH, MAX_WIDTH);
    let blocks: Vec<_> = clusters.iter().map(|cluster| block(cluster, width)).collect();
    blocks.join("\n")
}

fn block(cluster: &ClusterForecast, width: usize) -> String {
    let mut lines = Lines { text: String::new(), width };
    lines.add(0, 2, &format!("{} ({})", cluster.object, cluster.file));
    lines.add(2, 2, &settings(cluster));
    if cluster.forecast.events.iter().any(|event| event.actors_on_head == HeadActors::Lost) {
        lines.add(2, 2, "the head can run actors and tasks too, and they are lost whenever its processes end");
    }
    lines.text.push('\n');
    let has_requests = cluster.forecast.events.iter().any(|event| event.serve_requests.is_some());
    lines.row(["event", "GCS away", "workers", "actors", if has_requests { "requests" } else { "" }]);
    for event in &cluster.forecast.events {
        rows(event, &mut lines);
    }
    changes(&cluster.forecast.events, &mut lines);
    notes(&cluster.forecast.events, &mut lines);
    lines.text
}

/// Lines that are broken between words.
struct Lines {
    text: String,
    width: usize,
}

impl Lines {
    /// Adds a paragraph. The first line and the others have these indentations. Blanks in a row are kept.
    fn add(&mut self, first: usize, others: usize, paragraph: &str) {
        let mut line = " ".repeat(first);
        let (mut column, mut is_empty) = (first, true);
        for word in on_one_line(paragraph).split(' ') {
            let length = word.chars().count();
            if !is_empty && !word.is_empty() && column + 1 + length > self.width {
                self.end(&line);
                line = " ".repeat(others);
                (column, is_empty) = (others, true);
            }
            if !is_empty {
                line.push(' ');
                column += 1;
            }
            line.push_str(word);
            (column, is_empty) = (column + length, false);
        }
        self.end(&line);
    }

    /// Adds a row of the table. A blank follows each cell, even one that is wider than its column.
    fn row(&mut self, cells: [&str; 5]) {
        let [first, second, third, fourth] = COLUMNS.map(|width| width - 1);
        let [event, away, workers, actors, requests] = cells;
        self.end(&format!("  {event:first$} {away:second$} {workers:third$} {actors:fourth$} {requests}"));
    }

    fn end(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

/// Returns what the cluster has: its fault tolerance and its timeouts.
fn settings(cluster: &ClusterForecast) -> String {
    let storage = match cluster.forecast.fault_tolerance {
        FaultTolerance::Redis => "fault tolerance with Redis",
        FaultTolerance::RocksDb => "fault tolerance with RocksDB",
        FaultTolerance::Off => "no fault tolerance",
        FaultTolerance::Ineffective => "fault tolerance that does not work",
    };
    let head = match cluster.forecast.head_reconnect_timeout_seconds {
        Some(u32::MAX) => "the head never gives up on the GCS".to_owned(),
        Some(seconds) => format!("the head gives up on the GCS after {}", long(seconds)),
        None => "the head's reconnect timeout is not known".to_owned(),
    };
    let groups: Vec<_> = cluster.forecast.groups.iter().map(timeout).collect();
    if groups.is_empty() {
        format!("{storage}; {head}; no workers")
    } else {
        format!("{storage}; {head}, workers after: {}", groups.join(", "))
    }
}

fn timeout(group: &GroupTimeout) -> String {
    let source = match group.source {
        TimeoutSource::Set | TimeoutSource::Unknown => "",
        TimeoutSource::KubeRayDefault => " (KubeRay's default)",
        TimeoutSource::RayDefault => " (Ray's default)",
        TimeoutSource::RayguardDefault => " (rayguard's default)",
    };
    let name = name(&group.name);
    match group.reconnect_timeout_seconds {
        Some(u32::MAX) => format!("{name} never"),
        Some(seconds) => format!("{name} {}{source}", long(seconds)),
        None => format!("{name} not known"),
    }
}

/// Adds what becomes of the cluster in an event; of each group, unless it is the same for all.
fn rows(event: &EventForecast, lines: &mut Lines) {
    let workers: Vec<_> = event.groups.iter().map(|group| words::workers(event, group)).collect();
    let is_same = workers.windows(2).all(|pair| pair[0] == pair[1]);
    let all = workers.first().map_or("none", String::as_str);
    let shown = if is_same { all } else { "by group:" };
    lines.row([
        event.event.name(),
        &range(event.gcs_away_seconds),
        shown,
        words::actors(event),
        words::requests(event),
    ]);
    if !is_same {
        let mut seen: Vec<(&str, Vec<&str>)> = Vec::new();
        for (group, outcome) in event.groups.iter().zip(&workers) {
            match seen.iter_mut().find(|(other, _)| other == outcome) {
                Some((_, names)) => names.push(name(&group.name)),
                None => seen.push((outcome, vec![name(&group.name)])),
            }
        }
        let indent = 4 + COLUMNS[0] + COLUMNS[1];
        for (outcome, names) in seen {
            lines.add(indent, indent + 2, &format!("{}: {outcome}", names.join(", ")));
        }
    }
}

/// Adds the changes, each with the events that need it first.
fn changes(events: &[EventForecast], lines: &mut Lines) {
    let mut seen: Vec<(&Change, Vec<&str>)> = Vec::new();
    for event in events {
        let Some(change) = &event.change else { continue };
        let is_same = |other: &Change| other.path == change.path && other.write == change.write;
        match seen.iter_mut().find(|(other, _)| is_same(other)) {
            Some((known, names)) => {
                // The longest outage asks for most.
                *known = change;
                names.push(event.event.name());
            }
            None => seen.push((change, vec![event.event.name()])),
        }
    }
    if !seen.is_empty() {
        lines.add(0, 0, "");
        lines.add(2, 2, "What to change first:");
    }
    for (change, events) in seen {
        let write = change.write.as_ref().and_then(flow);
        let write = write.map(|value| format!(" = {value}")).unwrap_or_default();
        lines.add(4, 6, &format!("{}{write}", change.path));
        lines.add(6, 6, &format!("{} ({})", change.message, events.join(", ")));
    }
}

/// Adds the notes, each once.
fn notes(events: &[EventForecast], lines: &mut Lines) {
    let mut seen: Vec<(&str, Vec<&str>)> = Vec::new();
    for event in events {
        for note in event.notes.iter().collect::<BTreeSet<_>>() {
            match seen.iter_mut().find(|(other, _)| other == note) {
                Some((_, names)) => names.push(event.event.name()),
                None => seen.push((note, vec![event.event.name()])),
            }
        }
    }
    if !seen.is_empty() {
        lines.add(0, 0, "");
        lines.add(2, 2, "Notes:");
    }
    for (note, events) in seen {
        lines.add(4, 6, &format!("{}: {note}", events.join(", ")));
    }
}
