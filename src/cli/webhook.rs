//! Whether rayguard's webhook is in the target cluster, as an argument.

use clap::ValueEnum;
use rayguard_policy::policy::Webhook;

/// Whether rayguard's webhook is in the cluster that the objects are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum WebhookState {
    /// It is, so objects get its defaults
    Installed,
    /// It is not, so objects are stored as they are written
    Absent,
}

impl WebhookState {
    /// Returns the state as the policy has it.
    pub(super) fn webhook(self) -> Webhook {
        match self {
            Self::Installed => Webhook::Installed,
            Self::Absent => Webhook::Absent,
        }
    }
}
