//! How a server stops: it says so, goes on for a while, then lets go.

use std::time::Duration;

use tokio::sync::watch;

/// How far a server is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Not at all.
    Serving,
    /// It answers as before, but says that it is not ready and ends each connection with its next answer. The API
    /// server goes on calling a Pod over the connections it has, even once the Pod is no endpoint any more.
    Draining,
    /// No new connection; what is under way is finished.
    Closing,
}

/// What moves a server from phase to phase.
#[derive(Debug)]
pub struct Lifetime(watch::Sender<Phase>);

impl Default for Lifetime {
    fn default() -> Self {
        Self(watch::Sender::new(Phase::Serving))
    }
}

impl Lifetime {
    /// Lets a server know its phase.
    pub fn phases(&self) -> Phases {
        Phases(self.0.subscribe())
    }

    /// Goes on serving for so long, then closes.
    pub async fn end(&self, drain_delay: Duration) {
        self.0.send_replace(Phase::Draining);
        tokio::time::sleep(drain_delay).await;
        self.close();
    }

    /// Closes at once.
    pub fn close(&self) {
        self.0.send_replace(Phase::Closing);
    }
}

/// What a server knows of its phase.
#[derive(Clone, Debug)]
pub struct Phases(watch::Receiver<Phase>);

impl Phases {
    /// The phase now.
    pub fn now(&self) -> Phase {
        *self.0.borrow()
    }

    /// Waits until the server is on its way out, or nobody is left to say so.
    pub async fn leaving(&mut self) {
        let _ = self.0.wait_for(|phase| *phase > Phase::Serving).await;
    }

    /// Waits until the server is to close, or nobody is left to say so.
    pub async fn closing(&mut self) {
        let _ = self.0.wait_for(|phase| *phase >= Phase::Closing).await;
    }
}
