//! What was observed, for the table of docs/survival.md.

use std::fs::OpenOptions;
use std::io::Write;

use rayguard_test_client::node::Node;
use serde_json::{Value, json};

use crate::actor::Fate;
use crate::client::Requests;
use crate::forecast;
use crate::object::ray_version;
use crate::outage::Outage;

/// One event and what it did to one cluster.
pub(crate) struct Observation {
    event: &'static str,
    configuration: String,
    ray: String,
    away: Option<f64>,
    workers: Option<&'static str>,
    actors: Option<&'static str>,
    requests: Option<Requests>,
    note: String,
}

impl Observation {
    /// Begins the description of an event that happened to a cluster of this configuration.
    pub(crate) fn new(event: &'static str, configuration: impl Into<String>) -> Self {
        let configuration = configuration.into();
        Self {
            event,
            configuration,
            ray: ray_version(),
            away: None,
            workers: None,
            actors: None,
            requests: None,
            note: String::new(),
        }
    }

    /// Sets the version of Ray.
    pub(crate) fn ray(self, version: &str) -> Self {
        Self { ray: version.to_owned(), ..self }
    }

    /// Sets for how long there was no GCS.
    pub(crate) fn outage(self, outage: &Outage) -> Self {
        Self { away: Some(outage.away()), ..self }
    }

    /// Sets for how long there was no GCS, in seconds.
    pub(crate) fn away(self, seconds: f64) -> Self {
        Self { away: Some(seconds), ..self }
    }

    /// Sets whether the worker Pods are the same, with no restart.
    pub(crate) fn same_workers(self, same: bool) -> Self {
        Self { workers: Some(if same { "stays" } else { "exits" }), ..self }
    }

    /// Sets what became of detached actors on workers.
    pub(crate) fn actors(self, fate: Fate) -> Self {
        Self { actors: Some(fate.word()), ..self }
    }

    /// Sets what became of requests to Ray Serve.
    pub(crate) fn requests(self, requests: Requests) -> Self {
        Self { requests: Some(requests), ..self }
    }

    /// Adds a remark.
    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// Records it, and compares it with the forecast for this object, which must not be more hopeful.
    pub(crate) fn record(self, object: &Value, options: &[&str]) {
        let forecast = forecast::compare(object, self.event, options, &self.outcomes());
        let line = json!({
            "event": self.event,
            "configuration": self.configuration,
            "ray": self.ray,
            "away": self.away,
            "outcomes": self.outcomes(),
            "requests": self.requests.map(|it| json!({
                "sent": it.sent, "failed": it.failed, "slowest": it.slowest, "outage": it.outage,
            })),
            "note": self.note,
            "forecast": forecast,
        });
        let file = Node::get().file("observations");
        let mut file = OpenOptions::new().create(true).append(true).open(file).expect("a file in the cluster's folder");
        writeln!(file, "{line}").expect("written");
    }

    /// Returns the outcomes in the words of `rayguard survival`.
    fn outcomes(&self) -> Vec<(&'static str, &'static str)> {
        let outcomes = [
            ("workers", self.workers),
            ("detachedActors", self.actors),
            ("serveRequests", self.requests.map(|requests| requests.word())),
        ];
        outcomes.into_iter().filter_map(|(what, word)| Some((what, word?))).collect()
    }
}
