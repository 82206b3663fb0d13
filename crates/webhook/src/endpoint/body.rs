//! Reads the body of a call within limits of size, time and memory.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{Request, Uri};
use http_body_util::BodyExt;
use rayguard_manifest::json::scan;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::refusal::Refusal;

/// The largest body: twice the 3 MiB that the API server accepts for an object, and 1 MiB for the rest of the review.
/// controller-runtime has the same limit.
const MAX_BODY: usize = 7 << 20;
/// A body up to this size needs no reservation: with the limit of connections, all such bodies together have at most 64
/// MiB. A client that uses up the memory budget with large or slow bodies therefore does not block reviews of ordinary
/// size.
const UNRESERVED_BODY: usize = 64 << 10;
/// The memory for all larger bodies. A body that does not fit waits for a short time and is then refused.
const MEMORY_BUDGET: usize = 112 << 20;
/// The largest estimate of the memory for one parsed review. A review of 7 MiB with the density of real ones stays
/// below it.
const MAX_ESTIMATE: usize = 96 << 20;
/// How long a body may wait for memory.
const RESERVATION_TIMEOUT: Duration = Duration::from_millis(250);
/// How long the transfer of a body may take.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// The memory for all large bodies and their parsed content, in bytes.
pub(super) struct MemoryBudget(Semaphore);

/// A complete body, with its reservation of memory.
pub(super) struct BufferedBody<'m> {
    pub(super) bytes: Bytes,
    reservation: SemaphorePermit<'m>,
}

impl MemoryBudget {
    pub(super) fn new() -> Self {
        Self(Semaphore::new(MEMORY_BUDGET))
    }

    /// Reads a complete body, and reserves memory for its parsed content.
    pub(super) async fn read(&self, request: Request<Body>) -> Result<BufferedBody<'_>, Refusal> {
        let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let read_timeout = read_timeout(request.uri());
        let mut body = request.into_body();
        if announced.is_some_and(|length: usize| length > MAX_BODY) {
            return Err(discard(body, read_timeout).await);
        }
        let mut buffered = match timeout(read_timeout, self.collect(&mut body, announced)).await {
            Ok(Ok(buffered)) => buffered,
            Ok(Err(Refusal::BodyTooLarge { .. })) => return Err(discard(body, read_timeout).await),
            Ok(Err(refusal)) => return Err(refusal),
            Err(_) => return Err(Refusal::BodyTimeout),
        };
        if buffered.bytes.len() > UNRESERVED_BODY {
            let estimate = estimated_memory(&buffered.bytes);
            if estimate > MAX_ESTIMATE {
                return Err(Refusal::TooManyValues);
            }
            buffered.reservation.merge(self.reserve(estimate).await?);
        }
        Ok(buffered)
    }

    async fn collect(&self, body: &mut Body, announced: Option<usize>) -> Result<BufferedBody<'_>, Refusal> {
        let mut reservation = self.reserve(0).await?;
        let mut first = Bytes::new();
        while first.is_empty() {
            match body.frame().await {
                None => return Ok(BufferedBody { bytes: first, reservation }),
                Some(frame) => first = frame.map_err(|_| Refusal::BrokenBody)?.into_data().unwrap_or_default(),
            }
        }
        if first.len() > UNRESERVED_BODY {
            reservation.merge(self.reserve(first.len()).await?);
        }
        if body.is_end_stream() {
            return Ok(BufferedBody { bytes: first, reservation });
        }
        // Memory is allocated for received data only, regardless of the announced length.
        let limit = announced.unwrap_or(MAX_BODY);
        let mut whole = Vec::with_capacity(limit.min(UNRESERVED_BODY).max(first.len()));
        whole.extend_from_slice(&first);
        while let Some(frame) = body.frame().await {
            let data = frame.map_err(|_| Refusal::BrokenBody)?.into_data().unwrap_or_default();
            let length = whole.len() + data.len();
            if length > MAX_BODY {
                return Err(Refusal::BodyTooLarge { limit: MAX_BODY });
            }
            if length > whole.capacity() {
                let capacity = (2 * length).min(limit).max(length);
                reservation.merge(self.reserve(capacity - reservation.num_permits()).await?);
                whole.reserve_exact(capacity - whole.len());
            }
            whole.extend_from_slice(&data);
        }
        Ok(BufferedBody { bytes: whole.into(), reservation })
    }

    async fn reserve(&self, length: usize) -> Result<SemaphorePermit<'_>, Refusal> {
        let permits = u32::try_from(length).map_err(|_| Refusal::BodyTooLarge { limit: MAX_BODY })?;
        if let Ok(reservation) = self.0.try_acquire_many(permits) {
            return Ok(reservation);
        }
        match timeout(RESERVATION_TIMEOUT, self.0.acquire_many(permits)).await {
            Ok(Ok(reservation)) => Ok(reservation),
            Ok(Err(_)) | Err(_) => Err(Refusal::Busy),
        }
    }
}

/// Estimates the largest amount of memory that a parsed review needs, in bytes: for each list or map with the rules
/// that check it, and for each value. A short body may hold many of them.
fn estimated_memory(body: &[u8]) -> usize {
    let (lists_and_maps, commas) = scan::count_brackets_and_commas(body);
    352 * lists_and_maps + 96 * commas
}

/// Returns how long the transfer of a body may take. The API server sends its own timeout in the query, in whole
/// seconds.
fn read_timeout(uri: &Uri) -> Duration {
    let mut pairs = uri.query().unwrap_or_default().split('&');
    let seconds = pairs.find_map(|pair| pair.strip_prefix("timeout="));
    let seconds = seconds.and_then(|seconds| seconds.strip_suffix('s')?.parse::<u32>().ok());
    // A tenth of the timeout is left for the review and the response.
    seconds.map_or(READ_TIMEOUT, |seconds| (Duration::from_secs(seconds.into()) * 9 / 10).min(READ_TIMEOUT))
}

/// Discards the rest of a body that is too large, up to the size limit again, so that the client can read the response:
/// the kernel resets a connection that is closed with unread data, and the response is lost.
async fn discard(mut body: Body, read_timeout: Duration) -> Refusal {
    let mut discarded = 0;
    let _ = timeout(read_timeout, async {
        while let Some(Ok(frame)) = body.frame().await {
            discarded += frame.data_ref().map_or(0, Bytes::len);
            if discarded > MAX_BODY {
                break;
            }
        }
    })
    .await;
    Refusal::BodyTooLarge { limit: MAX_BODY }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_counts_lists_maps_and_values_but_not_the_content_of_strings() {
        for (text, lists_and_maps, commas) in [
            ("", 0, 0),
            ("42", 0, 0),
            (r#"{"a":[1,2,{}],"b":{}}"#, 4, 3),
            (r#"{"a{[,":",,,[[[","b":"\\",",":"\",\",{"}"#, 1, 2),
            (r#"["begun,[{"#, 1, 0),
            (r#"["begun\"#, 1, 0),
        ] {
            assert_eq!(estimated_memory(text.as_bytes()), 352 * lists_and_maps + 96 * commas, "{text}");
        }
    }
}
