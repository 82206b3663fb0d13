//! The body of a call, read within bounds of size, time and memory.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{Request, Uri};
use http_body_util::BodyExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::refusal::Refusal;
use rayguard_manifest::json::scan;

/// The largest body that is read: twice the 3 MiB that the API server takes for an object, and one for the rest of
/// the review. It is controller-runtime's limit too.
const LARGEST: usize = 7 << 20;
/// A body up to this length takes no share of the memory: the connections that there may be, each with one, are 64 MiB.
/// So whoever fills the rest, be it with slow bodies, keeps out no review of ordinary size.
const SMALL: usize = 64 << 10;
/// How much is held of all that is larger. What is more has to wait a little, and is then turned away.
const MEMORY: usize = 112 << 20;
/// The most that one review may take once it is read. As densely written as real ones, it could be 7 MiB long.
const HEAVIEST: usize = 96 << 20;
/// How long a body may wait for room, and how long it may take to come.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_READ: Duration = Duration::from_secs(5);

/// The memory that bodies, and what is read from them, may take all together.
pub(super) struct Memory(Semaphore);

/// A whole body, with its share of the memory.
pub(super) struct Held<'m> {
    pub(super) bytes: Bytes,
    room: SemaphorePermit<'m>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self(Semaphore::new(MEMORY))
    }

    /// Reads a whole body, and makes room for what is in it.
    pub(super) async fn read(&self, request: Request<Body>) -> Result<Held<'_>, Refusal> {
        let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let budget = budget(request.uri());
        let mut body = request.into_body();
        if announced.is_some_and(|length: usize| length > LARGEST) {
            return Err(discard(body, budget).await);
        }
        let mut held = match timeout(budget, self.collect(&mut body, announced)).await {
            Ok(Ok(held)) => held,
            Ok(Err(Refusal::BodyTooLarge { .. })) => return Err(discard(body, budget).await),
            Ok(Err(refusal)) => return Err(refusal),
            Err(_) => return Err(Refusal::BodyTimeout),
        };
        if held.bytes.len() > SMALL {
            let weight = weight(&held.bytes);
            if weight > HEAVIEST {
                return Err(Refusal::TooManyValues);
            }
            held.room.merge(self.reserve(weight).await?);
        }
        Ok(held)
    }

    async fn collect(&self, body: &mut Body, announced: Option<usize>) -> Result<Held<'_>, Refusal> {
        let mut room = self.reserve(0).await?;
        let mut first = Bytes::new();
        while first.is_empty() {
            match body.frame().await {
                None => return Ok(Held { bytes: first, room }),
                Some(frame) => first = frame.map_err(|_| Refusal::BrokenBody)?.into_data().unwrap_or_default(),
            }
        }
        if first.len() > SMALL {
            room.merge(self.reserve(first.len()).await?);
        }
        if body.is_end_stream() {
            return Ok(Held { bytes: first, room });
        }
        // What is announced and does not come must take no room.
        let most = announced.unwrap_or(LARGEST);
        let mut whole = Vec::with_capacity(most.min(SMALL).max(first.len()));
        whole.extend_from_slice(&first);
        while let Some(frame) = body.frame().await {
            let data = frame.map_err(|_| Refusal::BrokenBody)?.into_data().unwrap_or_default();
            let length = whole.len() + data.len();
            if length > LARGEST {
                return Err(Refusal::BodyTooLarge { limit: LARGEST });
            }
            if length > whole.capacity() {
                let capacity = (2 * length).min(most).max(length);
                room.merge(self.reserve(capacity - room.num_permits()).await?);
                whole.reserve_exact(capacity - whole.len());
            }
            whole.extend_from_slice(&data);
        }
        Ok(Held { bytes: whole.into(), room })
    }

    async fn reserve(&self, length: usize) -> Result<SemaphorePermit<'_>, Refusal> {
        let permits = u32::try_from(length).map_err(|_| Refusal::BodyTooLarge { limit: LARGEST })?;
        if let Ok(room) = self.0.try_acquire_many(permits) {
            return Ok(room);
        }
        match timeout(LONGEST_WAIT, self.0.acquire_many(permits)).await {
            Ok(Ok(room)) => Ok(room),
            Ok(Err(_)) | Err(_) => Err(Refusal::Busy),
        }
    }
}

/// How much memory a review takes at most once it is read: by what a list or map and the rules that look at it take, and
/// by what a value takes. A few bytes may say many of them.
fn weight(body: &[u8]) -> usize {
    let (lists_and_maps, commas) = scan::count(body);
    352 * lists_and_maps + 96 * commas
}

/// How long a body may take: the API server says in the query how long it waits for the answer, in whole seconds.
fn budget(uri: &Uri) -> Duration {
    let mut pairs = uri.query().unwrap_or_default().split('&');
    let seconds = pairs.find_map(|pair| pair.strip_prefix("timeout="));
    let seconds = seconds.and_then(|seconds| seconds.strip_suffix('s')?.parse::<u32>().ok());
    // A tenth is left for what comes after.
    seconds.map_or(LONGEST_READ, |seconds| (Duration::from_secs(seconds.into()) * 9 / 10).min(LONGEST_READ))
}

/// Lets a body that is too large go by, up to as much again, so that the client comes to read why it was refused: a
/// connection that is closed while data is still under way is reset, and the answer with it.
async fn discard(mut body: Body, budget: Duration) -> Refusal {
    let mut discarded = 0;
    let _ = timeout(budget, async {
        while let Some(Ok(frame)) = body.frame().await {
            discarded += frame.data_ref().map_or(0, Bytes::len);
            if discarded > LARGEST {
                break;
            }
        }
    })
    .await;
    Refusal::BodyTooLarge { limit: LARGEST }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_maps_and_values_weigh_and_what_is_in_strings_does_not() {
        for (text, lists_and_maps, commas) in [
            ("", 0, 0),
            ("42", 0, 0),
            (r#"{"a":[1,2,{}],"b":{}}"#, 4, 3),
            (r#"{"a{[,":",,,[[[","b":"\\",",":"\",\",{"}"#, 1, 2),
            (r#"["begun,[{"#, 1, 0),
            (r#"["begun\"#, 1, 0),
        ] {
            assert_eq!(weight(text.as_bytes()), 352 * lists_and_maps + 96 * commas, "{text}");
        }
    }
}
