//! The metrics of the watches, by source (`rayclusters`, `secrets`).

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Metrics;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabel {
    source: &'static str,
}

/// The metrics of the watches. A source that is not watched has none.
#[derive(Debug, Default)]
pub(super) struct WatchMetrics {
    complete: Family<SourceLabel, Gauge>,
    objects: Family<SourceLabel, Gauge>,
    unanswered: Family<SourceLabel, Counter>,
}

impl WatchMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "view_complete",
            "Whether the watch has synced, so that rules can use its objects: 1 yes, 0 no",
            self.complete.clone(),
        );
        registry.register(
            "view_objects",
            "Objects in the cache: RayClusters with their own storage namespace, Secrets",
            self.objects.clone(),
        );
        registry.register(
            "view_unanswered",
            "Lookups of rules before the watch had synced, so that the rule reported nothing",
            self.unanswered.clone(),
        );
    }
}

impl Metrics {
    /// Records how many objects of a source are in the cache; `None` while the cache has not synced.
    pub(crate) fn watch_objects(&self, source: &'static str, objects: Option<usize>) {
        let labels = SourceLabel { source };
        self.watch.complete.get_or_create(&labels).set(objects.is_some().into());
        let objects = i64::try_from(objects.unwrap_or_default()).unwrap_or(i64::MAX);
        self.watch.objects.get_or_create(&labels).set(objects);
        // An alert on a rate needs a zero before the first increment.
        let _ = self.watch.unanswered.get_or_create(&labels);
    }

    /// Counts a question of a rule that could not be answered.
    pub(crate) fn watch_unanswered(&self, source: &'static str) {
        self.watch.unanswered.get_or_create(&SourceLabel { source }).inc();
    }
}
