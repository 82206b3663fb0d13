//! The body of a call, read within bounds of size, time and memory.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{Request, Uri};
use http_body_util::BodyExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::endpoint::Refusal;

/// The largest body that is read: twice the 3 MiB that the API server takes for an object, and one for the rest of
/// the review. It is controller-runtime's limit too.
pub(super) const LARGEST: usize = 7 << 20;
/// How much of bodies is held at a time. What is more has to wait a little, and is then turned away.
const MEMORY: usize = 64 << 20;
/// How long a body may wait for room, and how long it may take to come.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_READ: Duration = Duration::from_secs(5);

/// The memory that bodies may take, all together.
pub(super) struct Memory(Semaphore);

impl Memory {
    pub(super) fn new() -> Self {
        Self(Semaphore::new(MEMORY))
    }

    /// Reads a whole body. It keeps its share of the memory until the second value is dropped.
    pub(super) async fn read(&self, request: Request<Body>) -> Result<(Bytes, SemaphorePermit<'_>), Refusal> {
        let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let budget = budget(request.uri());
        let mut body = request.into_body();
        if announced.is_some_and(|length: usize| length > LARGEST) {
            return Err(discard(body, budget).await);
        }
        let room = self.reserve(announced.unwrap_or(LARGEST)).await?;
        match timeout(budget, collect(&mut body, announced)).await {
            Ok(Ok(bytes)) => Ok((bytes, room)),
            Ok(Err(Refusal::TooLarge)) => Err(discard(body, budget).await),
            Ok(Err(refusal)) => Err(refusal),
            Err(_) => Err(Refusal::TooSlow),
        }
    }

    async fn reserve(&self, length: usize) -> Result<SemaphorePermit<'_>, Refusal> {
        let permits = u32::try_from(length).map_err(|_| Refusal::TooLarge)?;
        if let Ok(room) = self.0.try_acquire_many(permits) {
            return Ok(room);
        }
        match timeout(LONGEST_WAIT, self.0.acquire_many(permits)).await {
            Ok(Ok(room)) => Ok(room),
            Ok(Err(_)) | Err(_) => Err(Refusal::Busy),
        }
    }
}

/// How long a body may take: the API server says in the query how long it waits for the answer, in whole seconds.
fn budget(uri: &Uri) -> Duration {
    let mut pairs = uri.query().unwrap_or_default().split('&');
    let seconds = pairs.find_map(|pair| pair.strip_prefix("timeout="));
    let seconds = seconds.and_then(|seconds| seconds.strip_suffix('s')?.parse::<u32>().ok());
    // A tenth is left for what comes after.
    seconds.map_or(LONGEST_READ, |seconds| (Duration::from_secs(seconds.into()) * 9 / 10).min(LONGEST_READ))
}

async fn collect(body: &mut Body, announced: Option<usize>) -> Result<Bytes, Refusal> {
    let mut first = Bytes::new();
    while first.is_empty() {
        match body.frame().await {
            None => return Ok(first),
            Some(frame) => first = frame.map_err(|_| Refusal::BrokenBody)?.into_data().unwrap_or_default(),
        }
    }
    if body.is_end_stream() {
        return Ok(first);
    }
    let mut whole = Vec::with_capacity(announced.unwrap_or(2 * first.len()));
    whole.extend_from_slice(&first);
    while let Some(frame) = body.frame().await {
        let data = frame.map_err(|_| Refusal::BrokenBody)?.into_data().unwrap_or_default();
        if whole.len() + data.len() > LARGEST {
            return Err(Refusal::TooLarge);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.into())
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
    Refusal::TooLarge
}
