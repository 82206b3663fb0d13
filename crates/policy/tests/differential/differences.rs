//! Intentional differences between rayguard and KubeRay.

use rayguard_policy::kuberay::Kind;
use rayguard_policy::rule::Finding;
use rayguard_test_support::case::Case;

/// A known difference: an object that one side refuses and the other accepts, and the reason.
struct Difference {
    reason: &'static str,
    matcher: Matcher,
    used: usize,
}

enum Matcher {
    /// A denial by rayguard of an object that KubeRay accepts.
    Denied(fn(&Case, &Finding) -> bool),
    /// An error of KubeRay, identified by a part of its text, on an object that rayguard accepts.
    Accepted(&'static str, fn(&Case) -> bool),
}

pub(crate) struct Differences(Vec<Difference>);

impl Differences {
    pub(crate) fn new() -> Self {
        let denied = |matcher, reason| Difference { reason, matcher: Matcher::Denied(matcher), used: 0 };
        let accepted =
            |words, matcher, reason| Difference { reason, matcher: Matcher::Accepted(words, matcher), used: 0 };
        Self(vec![
            denied(
                |case, finding| finding.rule.name == "duplicate-worker-group" && case.kind() != Kind::RayCluster,
                "KubeRay checks for duplicate group names only in its webhook, and only in a RayCluster; in every kind the \
                 Pods of such groups are created and deleted in turn",
            ),
            denied(
                |_, finding| {
                    finding.rule.name == "ineffective-fault-tolerance"
                        && finding.path.to_string().contains("ray.io/ft-enabled")
                },
                "KubeRay accepts an annotation that does not enable fault tolerance: fault tolerance is then off",
            ),
            denied(
                |case, finding| finding.rule.name == "invalid-upgrade-strategy" && case.kind() != Kind::RayCluster,
                "KubeRay refuses the RayCluster that it creates from this RayService or RayJob, not the object itself",
            ),
            denied(
                |case, finding| {
                    finding.rule.name == "invalid-runtime-env" && is_yaml_like(case, r"^\s*\{[^}]*\}\s*\S|\[-\]")
                },
                "KubeRay's YAML parser ignores text after a map in braces, and reads a lone dash as a string",
            ),
            accepted(
                "failed to unmarshal RuntimeEnvYAML",
                |case| is_yaml_like(case, r"^\.\.\.|^\t|\x{85}|\{:"),
                "KubeRay's YAML parser reads YAML 1.1: it refuses a document that begins with its end, a line that begins with \
                 a tab and an entry in braces that begins with a colon, and U+0085 ends a line",
            ),
            accepted(
                "name should be a valid DNS1035 label",
                |case| case.object["metadata"]["name"].as_str().unwrap_or_default().is_empty(),
                "the API server generates the name of an object that has none, or refuses the object",
            ),
        ])
    }

    /// Returns whether a known difference explains why rayguard denies what KubeRay accepts.
    pub(crate) fn explain_denial(&mut self, case: &Case, finding: &Finding) -> bool {
        self.use_first(|matcher| matches!(matcher, Matcher::Denied(matcher) if matcher(case, finding)))
    }

    /// Returns whether a known difference explains why rayguard accepts what KubeRay refuses with this error.
    pub(crate) fn explain_acceptance(&mut self, case: &Case, error: &str) -> bool {
        self.use_first(
            |matcher| matches!(matcher, Matcher::Accepted(words, matcher) if error.contains(words) && matcher(case)),
        )
    }

    fn use_first(&mut self, matcher: impl Fn(&Matcher) -> bool) -> bool {
        let found = self.0.iter_mut().find(|difference| matcher(&difference.matcher));
        found.map(|difference| difference.used += 1).is_some()
    }

    /// Returns each reason and how often it was used.
    pub(crate) fn used(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.0.iter().map(|difference| (difference.reason, difference.used))
    }
}

/// Returns whether the YAML in a job matches a pattern.
fn is_yaml_like(case: &Case, pattern: &str) -> bool {
    let places = ["/spec/runtimeEnvYAML", "/spec/jobTemplate/runtimeEnvYAML"];
    let text = places.iter().find_map(|place| case.object.pointer(place)?.as_str());
    text.is_some_and(|text| regex_lite::Regex::new(pattern).expect("a pattern").is_match(text))
}
