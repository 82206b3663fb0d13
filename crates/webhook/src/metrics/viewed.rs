//! What is told of the view of the cluster.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Metrics;

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The RayClusters of all namespaces
    RayClusters,
    /// Secrets of some
    Secrets,
}

impl Source {
    fn label(self) -> SourceLabel {
        let source = match self {
            Self::RayClusters => "rayclusters",
            Self::Secrets => "secrets",
        };
        SourceLabel { source }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabel {
    source: &'static str,
}

/// The metrics of the view. Of what is not watched there are none.
#[derive(Debug, Default)]
pub(super) struct Viewed {
    complete: Family<SourceLabel, Gauge>,
    objects: Family<SourceLabel, Gauge>,
    unanswered: Family<SourceLabel, Counter>,
}

impl Viewed {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "view_complete",
            "Whether all that is watched is known, so that rules which ask for it can answer: 1 yes, 0 no",
            self.complete.clone(),
        );
        registry.register(
            "view_objects",
            "Objects of which something is kept: RayClusters with a storage namespace of their own, Secrets",
            self.objects.clone(),
        );
        registry.register(
            "view_unanswered",
            "Questions of rules that could not be answered, so that the rule said nothing",
            self.unanswered.clone(),
        );
    }
}

impl Metrics {
    /// Notes of how many objects of a source something is known; `None` while not all are known that there are.
    pub(crate) fn view_of(&self, source: Source, objects: Option<usize>) {
        let Viewed { complete, objects: known, unanswered } = &self.viewed;
        complete.get_or_create(&source.label()).set(objects.is_some().into());
        known.get_or_create(&source.label()).set(i64::try_from(objects.unwrap_or_default()).unwrap_or(i64::MAX));
        // An alert on a rate needs the zero before the first.
        let _ = unanswered.get_or_create(&source.label());
    }

    /// Counts a question that could not be answered.
    pub(crate) fn unanswered(&self, source: Source) {
        self.viewed.unanswered.get_or_create(&source.label()).inc();
    }
}
