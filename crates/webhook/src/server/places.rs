//! The places for connections. Where all are taken, whoever asks nothing gives way to whoever comes: otherwise a thousand
//! idle clients would keep the API server out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::pace::Turn;

/// How long one has to leave before the next one has to as well.
const LEAVE: Duration = Duration::from_millis(500);
/// How often the log says that there are too few places.
const SAY: Duration = Duration::from_mins(1);

/// Where connections sit, in the order in which they came.
pub(super) struct Places {
    most: usize,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Default)]
struct Taken {
    last: u64,
    seats: BTreeMap<u64, Arc<Seat>>,
    said: Option<Instant>,
}

#[derive(Default)]
struct Seat {
    turn: Turn,
    is_leaving: AtomicBool,
    leave: Notify,
}

/// A connection's place, until it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    seat: Arc<Seat>,
}

impl Places {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default(), freed: Notify::new() })
    }

    /// A place, once there is one.
    pub(super) async fn take(self: &Arc<Self>) -> Place {
        loop {
            if let Some(place) = self.try_take() {
                return place;
            }
            self.crowd_out();
            self.one_left().await;
        }
    }

    /// Waits until somebody has left; but not for long, for whoever has begun to ask in the meantime is answered first.
    pub(super) async fn one_left(&self) {
        let _ = timeout(LEAVE, self.freed.notified()).await;
    }

    /// Tells one to leave: the first of those who have never asked anything, or else who has been idle for longest. Tells
    /// whether there was one.
    pub(super) fn crowd_out(&self) -> bool {
        self.taken().crowd_out()
    }

    fn try_take(self: &Arc<Self>) -> Option<Place> {
        let mut taken = self.taken();
        if taken.seats.len() >= self.most {
            return None;
        }
        taken.last += 1;
        let (number, seat) = (taken.last, Arc::<Seat>::default());
        taken.seats.insert(number, Arc::clone(&seat));
        Some(Place { places: Arc::clone(self), number, seat })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn crowd_out(&mut self) -> bool {
        let staying = || self.seats.values().filter(|seat| !seat.is_leaving.load(Ordering::Relaxed));
        let silent = staying().find(|seat| seat.turn.is_first());
        let idle =
            || staying().filter_map(|seat| Some((seat.turn.idle_since()?, seat))).min_by_key(|(since, _)| *since);
        let Some(seat) = silent.or_else(|| idle().map(|(_, seat)| seat)) else { return false };
        seat.is_leaving.store(true, Ordering::Relaxed);
        seat.leave.notify_one();
        if self.said.is_none_or(|said| said.elapsed() > SAY) {
            self.said = Some(Instant::now());
            let connections = self.seats.len();
            tracing::warn!(connections, "too many connections: those that ask nothing give way to new ones");
        }
        true
    }
}

impl Place {
    /// Whose turn it is on the connection.
    pub(super) fn turn(&self) -> &Turn {
        &self.seat.turn
    }

    /// Waits until the connection has to give way.
    pub(super) async fn leave(&self) {
        self.seat.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken().seats.remove(&self.number);
        self.places.freed.notify_one();
    }
}
