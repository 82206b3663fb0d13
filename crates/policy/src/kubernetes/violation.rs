//! What Kubernetes refuses at a field.

use super::At;
use crate::reason::Reason;
use crate::refusal::Refusal;

/// What a violation is about. Each subject has a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A container: its name, image, policies, and the uniqueness of names
    Container,
    /// `env` and `envFrom`
    EnvironmentVariable,
    /// `ports` of a container
    ContainerPort,
    /// Probes and lifecycle handlers
    Probe,
    /// Requests, limits, claims, overhead and resize policies
    Resources,
    /// `volumeMounts` and `volumeDevices`
    VolumeMount,
    /// `volumes`
    Volume,
    /// The security contexts of a Pod and of its containers
    SecurityContext,
    /// Node selectors, affinity, tolerations, topology spread constraints and scheduling gates
    Scheduling,
    /// The labels, annotations, finalizers and name of a Pod template
    PodMetadata,
    /// The name of a worker group, which KubeRay writes into names and labels of Pods
    GroupName,
    /// All other fields of a Pod's spec, such as `restartPolicy` and `dnsConfig`
    PodSpec,
    /// A Service or an Ingress that KubeRay creates
    Service,
    /// The submitter's Job of a RayJob
    SubmitterJob,
}

/// A field that Kubernetes refuses.
pub type Violation = Refusal<Subject>;

impl Violation {
    /// Marks a violation that only some of the supported minor versions refuse, or only clusters with some settings.
    pub(crate) fn in_some_versions(&mut self) -> &mut Self {
        self.is_uncertain = true;
        self
    }
}

/// The violations of one object.
#[derive(Clone, Debug, Default)]
pub struct Violations {
    found: Vec<Violation>,
    /// Whether a denial is kept in addition to [`MAX_VIOLATIONS`].
    denies_above_limit: bool,
}

/// The maximum number of violations of one object. It bounds memory, because a violation is much longer than the value
/// that it is about.
const MAX_VIOLATIONS: usize = 4000;

impl Violations {
    /// Returns all violations, in the order in which they were found.
    pub fn all(&self) -> &[Violation] {
        &self.found
    }

    /// Reports a required field that is missing.
    pub(crate) fn required(&mut self, subject: Subject, at: &At<'_>, message: &str, help: &str) -> &mut Violation {
        self.add(subject, Reason::Required, at, message, help)
    }

    /// Reports a value that is not valid.
    pub(crate) fn invalid(
        &mut self,
        subject: Subject,
        at: &At<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> &mut Violation {
        self.add(subject, Reason::Invalid, at, message, help)
    }

    /// Reports a field that is not allowed next to another one.
    pub(crate) fn forbidden(
        &mut self,
        subject: Subject,
        at: &At<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> &mut Violation {
        self.add(subject, Reason::Forbidden, at, message, help)
    }

    /// Reports a violation.
    pub(crate) fn add(
        &mut self,
        subject: Subject,
        reason: Reason,
        at: &At<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> &mut Violation {
        self.drop_above_limit();
        let (message, help) = (message.into(), help.into());
        let violation = Violation {
            subject,
            reason,
            path: at.path(),
            is_about_key: false,
            message,
            help,
            fix: None,
            is_uncertain: false,
        };
        self.found.push(violation);
        let last = self.found.len() - 1;
        &mut self.found[last]
    }
    /// Drops the last violation if it exceeds [`MAX_VIOLATIONS`]. It may have become a warning after it was added, so this
    /// runs before the next one is added. The first denial above the limit is kept, because it decides the verdict.
    fn drop_above_limit(&mut self) {
        if self.found.len() > MAX_VIOLATIONS {
            let denies = self.found.last().is_some_and(|last| !last.is_uncertain);
            if denies && !self.denies_above_limit {
                self.denies_above_limit = true;
            } else {
                self.found.pop();
            }
        }
    }
}
