//! What the user says about the outages.

/// What a forecast assumes about the outages, beyond what the object contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The time until the image of a new head is on its node and its init containers have run, in seconds; `None` if the
    /// image is there.
    pub image_pull: Option<u32>,
    /// The time for which Redis does not answer, in seconds.
    pub redis_outage: u32,
    /// The time from the loss of a node until its Node object is gone, in seconds; `None` if it is not known.
    pub node_recovery: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self { image_pull: None, redis_outage: 60, node_recovery: None }
    }
}
