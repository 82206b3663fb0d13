//! Where rayguard and KubeRay differ on purpose.

use rayguard_policy::ray::Kind;
use rayguard_policy::rule::Finding;

use rayguard_test_support::case::Case;

/// Something that one side refuses and the other does not, and why.
struct Difference {
    reason: &'static str,
    is_it: Is,
    used: usize,
}

enum Is {
    /// A finding of ours about what KubeRay accepts.
    Denied(fn(&Case, &Finding) -> bool),
    /// An error of KubeRay's, by some of its words, about what we accept.
    Accepted(&'static str, fn(&Case) -> bool),
}

pub(crate) struct Differences(Vec<Difference>);

impl Differences {
    pub(crate) fn new() -> Self {
        let denied = |is_it, reason| Difference { reason, is_it: Is::Denied(is_it), used: 0 };
        let accepted = |words, is_it, reason| Difference { reason, is_it: Is::Accepted(words, is_it), used: 0 };
        Self(vec![
            denied(
                |case, finding| finding.rule.name == "duplicate-worker-group" && case.kind() != Kind::RayCluster,
                "KubeRay looks for groups of one name in its webhook alone, and only in a RayCluster; the Pods of such \
                 groups are made and killed in turn in every kind",
            ),
            denied(
                |_, finding| {
                    finding.rule.name == "ineffective-fault-tolerance"
                        && finding.path.to_string().contains("ray.io/ft-enabled")
                },
                "an annotation that was to switch fault tolerance on, and does not, is no fault to KubeRay: it is off then",
            ),
            denied(
                |case, finding| finding.rule.name == "invalid-upgrade-strategy" && case.kind() != Kind::RayCluster,
                "KubeRay refuses the RayCluster that it makes of this RayService or RayJob, and not the latter",
            ),
            denied(
                |case, finding| {
                    finding.rule.name == "invalid-runtime-env" && is_yaml_like(case, r"^\s*\{[^}]*\}\s*\S|\[-\]")
                },
                "KubeRay's YAML parser does not look at what follows a map in braces, and takes a lone dash for a text",
            ),
            accepted(
                "failed to unmarshal RuntimeEnvYAML",
                |case| is_yaml_like(case, r"^\.\.\.|^\t|\x{85}|\{:"),
                "KubeRay's YAML parser knows YAML 1.1: no document begins with its end, no line with a tab, no entry in braces \
                 with a colon, and U+0085 ends a line",
            ),
            accepted(
                "name should be a valid DNS1035 label",
                |case| case.object["metadata"]["name"].as_str().unwrap_or_default().is_empty(),
                "an object that has no name yet gets one from the API server, or is refused by it",
            ),
        ])
    }

    /// Whether it is known why rayguard denies what KubeRay accepts.
    pub(crate) fn explain_denial(&mut self, case: &Case, finding: &Finding) -> bool {
        self.use_first(|is_it| matches!(is_it, Is::Denied(is_it) if is_it(case, finding)))
    }

    /// Whether it is known why rayguard accepts what KubeRay refuses with some words.
    pub(crate) fn explain_acceptance(&mut self, case: &Case, error: &str) -> bool {
        self.use_first(|is_it| matches!(is_it, Is::Accepted(words, is_it) if error.contains(words) && is_it(case)))
    }

    fn use_first(&mut self, is_it: impl Fn(&Is) -> bool) -> bool {
        let found = self.0.iter_mut().find(|difference| is_it(&difference.is_it));
        found.map(|difference| difference.used += 1).is_some()
    }

    /// Each reason, and how often it was one.
    pub(crate) fn used(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.0.iter().map(|difference| (difference.reason, difference.used))
    }
}

/// Whether the YAML in a job matches a pattern.
fn is_yaml_like(case: &Case, pattern: &str) -> bool {
    let places = ["/spec/runtimeEnvYAML", "/spec/jobTemplate/runtimeEnvYAML"];
    let text = places.iter().find_map(|place| case.object.pointer(place)?.as_str());
    text.is_some_and(|text| regex_lite::Regex::new(pattern).expect("a pattern").is_match(text))
}
