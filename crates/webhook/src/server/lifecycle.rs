//! The phases in which a server stops: it drains for some time, then closes.

use std::time::Duration;

use tokio::sync::watch;

/// The phase of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The server is not stopping.
    Serving,
    /// The server still answers, but it is not ready, and it closes each connection after the next response. The API
    /// server keeps using the connections to a Pod after the Pod has left the Service's endpoints.
    Draining,
    /// The server accepts no connection. Requests in progress are completed.
    Closing,
}

/// Moves a server from phase to phase.
#[derive(Debug)]
pub struct Lifecycle(watch::Sender<Phase>);

impl Default for Lifecycle {
    fn default() -> Self {
        Self(watch::Sender::new(Phase::Serving))
    }
}

impl Lifecycle {
    /// Returns a receiver of the phase.
    pub fn subscribe(&self) -> PhaseReceiver {
        PhaseReceiver(self.0.subscribe())
    }

    /// Drains the server for a time, then closes it.
    pub async fn drain_and_close(&self, drain_delay: Duration) {
        self.0.send_replace(Phase::Draining);
        tokio::time::sleep(drain_delay).await;
        self.close();
    }

    /// Closes the server without draining.
    pub fn close(&self) {
        self.0.send_replace(Phase::Closing);
    }
}

/// Receives the phase of a server.
#[derive(Clone, Debug)]
pub struct PhaseReceiver(watch::Receiver<Phase>);

impl PhaseReceiver {
    /// Returns the current phase.
    pub fn current(&self) -> Phase {
        *self.0.borrow()
    }

    /// Waits until the server drains or closes, or until its [`Lifecycle`] is dropped.
    pub async fn draining(&mut self) {
        let _ = self.0.wait_for(|phase| *phase > Phase::Serving).await;
    }

    /// Waits until the server closes, or until its [`Lifecycle`] is dropped.
    pub async fn closing(&mut self) {
        let _ = self.0.wait_for(|phase| *phase >= Phase::Closing).await;
    }
}
