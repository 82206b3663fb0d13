//! What Ray's autoscaler reads, by release.

use super::super::release::{Release, version_of_image};
use super::super::{Group, RayObject};

/// What the autoscaler of one release of Ray reads of a RayCluster
/// (`python/ray/autoscaler/_private/kuberay/autoscaling_config.py`). The releases were found in Ray's wheels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reader {
    release: Release,
}

/// The first release of each behaviour, and 2.9.0 as the oldest.
const RELEASES: [Release; 8] = [
    Release::v2(9, 0),
    TPUS,
    REQUESTS,
    OPTIONAL_PARAMS,
    OPTIONAL_TPU_SELECTORS,
    LABELS,
    GROUP_RESOURCES,
    Reader::NEWEST.release,
];
const TPUS: Release = Release::v2(32, 0);
const REQUESTS: Release = Release::v2(41, 0);
const OPTIONAL_PARAMS: Release = Release::v2(45, 0);
const OPTIONAL_TPU_SELECTORS: Release = Release::v2(48, 0);
const LABELS: Release = Release::v2(50, 0);
const GROUP_RESOURCES: Release = Release::v2(51, 0);

impl Reader {
    /// The newest behaviour: a TPU of an unknown kind is no error, since Ray 2.56.
    pub(crate) const NEWEST: Self = Self { release: Release::v2(56, 0) };

    /// Reports whether it reads TPUs.
    pub(crate) fn reads_tpus(self) -> bool {
        self.release >= TPUS
    }

    /// Reports whether it reads the requests of the Ray container where there are no limits.
    pub(crate) fn reads_requests(self) -> bool {
        self.release >= REQUESTS
    }

    /// Reports whether it fails without `rayStartParams`.
    pub(crate) fn needs_params(self) -> bool {
        self.release < OPTIONAL_PARAMS
    }

    /// Reports whether it fails if a group with TPUs has no node selectors of GKE.
    pub(crate) fn needs_tpu_selectors(self) -> bool {
        self.release < OPTIONAL_TPU_SELECTORS
    }

    /// Reports whether it reads the labels of a group.
    pub(crate) fn reads_labels(self) -> bool {
        self.release >= LABELS
    }

    /// Reports whether it reads the `resources` of a group.
    pub(crate) fn reads_group_resources(self) -> bool {
        self.release >= GROUP_RESOURCES
    }

    /// Reports whether it knows a TPU accelerator of GKE, and so reads the topology.
    pub(crate) fn knows_accelerator(self, accelerator: &str) -> bool {
        let since = match accelerator {
            "tpu-v4-podslice" | "tpu-v5-lite-device" | "tpu-v5-lite-podslice" | "tpu-v5p-slice" => TPUS,
            "tpu-v6e-slice" => REQUESTS,
            "tpu7x" => Self::NEWEST.release,
            _ => return false,
        };
        self.release >= since
    }

    /// Reports whether it fails for a TPU accelerator that it does not know.
    pub(crate) fn refuses_unknown_accelerators(self) -> bool {
        self.release < Self::NEWEST.release
    }

    /// Reports whether it reads a topology in capital letters and with blanks around it.
    pub(crate) fn is_lenient_about_topology(self) -> bool {
        self.release >= Self::NEWEST.release
    }
}

impl RayObject<'_> {
    /// Returns the release of Ray that the autoscaler runs: that of the head, unless `autoscalerOptions.image` is another
    /// image. `None` if the object does not say it.
    pub(crate) fn autoscaler_release(&self) -> Option<Release> {
        let head = &self.cluster.head;
        let Some(image) = self.cluster.json.descend(["autoscalerOptions", "image"]).as_nonempty_str() else {
            return self.ray_release(head);
        };
        if Some(image) == image_of(head) {
            return self.ray_release(head);
        }
        version_of_image(image).and_then(Release::parse)
    }
}

/// The autoscaler of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Autoscaler {
    /// What it reads; what the newest one reads if the object does not say which Ray it runs.
    pub(crate) reader: Reader,
    /// Whether the object says which Ray it runs.
    is_stated: bool,
    /// Whether a command of the user's own starts it, which may run another program.
    has_own_command: bool,
}

impl Autoscaler {
    /// Returns the autoscaler of an object, whether it is on or not.
    pub(crate) fn of(object: &RayObject<'_>) -> Self {
        let release = object.autoscaler_release();
        let options = object.cluster.json.field("autoscalerOptions");
        Self {
            reader: release.map_or(Reader::NEWEST, |release| Reader { release }),
            is_stated: release.is_some(),
            has_own_command: ["command", "args"].iter().any(|field| !options.field(field).items().is_empty()),
        }
    }

    /// Reports whether it surely fails where its reader fails: the object says which Ray it runs, or every release fails.
    pub(crate) fn surely_fails(self, fails: impl Fn(Reader) -> bool) -> bool {
        !self.has_own_command && (self.is_stated || RELEASES.into_iter().all(|release| fails(Reader { release })))
    }
}

fn image_of<'a>(group: &Group<'a>) -> Option<&'a str> {
    group.ray_container()?.json.field("image").as_str()
}
