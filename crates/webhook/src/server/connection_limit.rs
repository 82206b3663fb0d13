//! A limit on the number of connections. A new connection evicts an idle one when no slot is free. Otherwise a thousand
//! idle clients would lock the API server out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::timeout::RequestState;

/// How long an evicted connection has to close before the next one is evicted.
const EVICTION_TIMEOUT: Duration = Duration::from_millis(500);
/// The shortest interval between two log lines about evictions.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// Gives each connection a slot, up to a limit.
pub(super) struct ConnectionLimiter {
    limit: usize,
    slots: Mutex<Slots>,
    freed: Notify,
}

#[derive(Default)]
struct Slots {
    last_id: u64,
    /// The used slots by ID, in the order in which the connections were accepted
    used: BTreeMap<u64, Arc<SlotState>>,
    logged: Option<Instant>,
}

#[derive(Default)]
struct SlotState {
    requests: RequestState,
    is_evicted: AtomicBool,
    evicted: Notify,
}

/// The slot of a connection, which becomes free when this is dropped.
pub(super) struct Slot {
    limiter: Arc<ConnectionLimiter>,
    id: u64,
    state: Arc<SlotState>,
}

impl ConnectionLimiter {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, slots: Mutex::default(), freed: Notify::new() })
    }

    /// Waits for a free slot, and evicts idle connections in the meantime.
    pub(super) async fn acquire(self: &Arc<Self>) -> Slot {
        loop {
            if let Some(slot) = self.try_acquire() {
                return slot;
            }
            self.evict_idle();
            self.freed_or_timeout().await;
        }
    }

    /// Waits until a slot becomes free, or for half a second: a connection that has started a request in the meantime
    /// completes it first.
    pub(super) async fn freed_or_timeout(&self) {
        let _ = timeout(EVICTION_TIMEOUT, self.freed.notified()).await;
    }

    /// Evicts the oldest connection that has sent no request, or else the connection that has been idle for the longest
    /// time. Returns whether there was one.
    pub(super) fn evict_idle(&self) -> bool {
        self.slots().evict_idle()
    }

    fn try_acquire(self: &Arc<Self>) -> Option<Slot> {
        let mut slots = self.slots();
        if slots.used.len() >= self.limit {
            return None;
        }
        slots.last_id += 1;
        let (id, state) = (slots.last_id, Arc::<SlotState>::default());
        slots.used.insert(id, Arc::clone(&state));
        Some(Slot { limiter: Arc::clone(self), id, state })
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    fn evict_idle(&mut self) -> bool {
        let candidates = || self.used.values().filter(|slot| !slot.is_evicted.load(Ordering::Relaxed));
        let unused = candidates().find(|slot| slot.requests.is_first());
        let idle = || {
            candidates().filter_map(|slot| Some((slot.requests.idle_since()?, slot))).min_by_key(|(since, _)| *since)
        };
        let Some(slot) = unused.or_else(|| idle().map(|(_, slot)| slot)) else { return false };
        slot.is_evicted.store(true, Ordering::Relaxed);
        slot.evicted.notify_one();
        if self.logged.is_none_or(|logged| logged.elapsed() > LOG_INTERVAL) {
            self.logged = Some(Instant::now());
            let connections = self.used.len();
            tracing::warn!(connections, "too many connections: closing idle connections for new ones");
        }
        true
    }
}

impl Slot {
    /// Returns the state of the connection's requests.
    pub(super) fn requests(&self) -> &RequestState {
        &self.state.requests
    }

    /// Waits until the connection is evicted.
    pub(super) async fn evicted(&self) {
        self.state.evicted.notified().await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.limiter.slots().used.remove(&self.id);
        self.limiter.freed.notify_one();
    }
}
