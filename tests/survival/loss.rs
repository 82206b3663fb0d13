//! The ways in which a head is lost. A deletion or a removal can hit a worker as well.

use crate::namespace::Namespace;
use crate::pod::Pod;

/// What happens to a head. The name of the event is that of `rayguard survival`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The GCS gets SIGKILL, as from the kernel that has no memory left.
    Crash,
    /// The GCS gets SIGTERM, as in KubeRay's guide.
    Stop,
    /// The head Pod is deleted, with its grace period of 30 s.
    Deletion,
    /// The head Pod is deleted without a grace period.
    Removal,
}

impl Loss {
    /// Returns the name of the event.
    pub(crate) fn event(self) -> &'static str {
        match self {
            Self::Crash => "gcs-crash",
            Self::Stop => "gcs-stop",
            Self::Deletion => "head-deletion",
            Self::Removal => "head-loss",
        }
    }

    /// Lets it happen to this Pod.
    pub(crate) fn happen(self, namespace: &Namespace, pod: &Pod) {
        let name = &pod.name;
        match self {
            // The connection of kubectl may end with the container.
            Self::Crash => drop(namespace.run(pod, &["pkill", "-KILL", "gcs_server"])),
            Self::Stop => drop(namespace.run(pod, &["pkill", "gcs_server"])),
            Self::Deletion => drop(namespace.kubectl.run(&format!("delete pod {name} --wait=false")).passes()),
            Self::Removal => {
                drop(
                    namespace.kubectl.run(&format!("delete pod {name} --grace-period=0 --force --wait=false")).passes(),
                );
            }
        }
    }
}
