//! The timeouts of a connection that hyper does not offer: for an idle connection, and for a request head from its
//! first byte on. The endpoint limits the time for a body, because it can still send a response.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// The timeouts of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For a request's head, from its first byte; for the first head, from the start of the connection
    pub head: Duration,
    /// For the first byte of the next request
    pub idle: Duration,
    /// For a client that does not read the response
    pub write: Duration,
}

/// The state of a connection's requests: the counter is odd while a request is being served, and even while the server
/// waits for the client.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestState(Arc<Requests>);

#[derive(Debug, Default)]
struct Requests {
    counter: AtomicUsize,
    last_response: Mutex<Option<Instant>>,
}

impl RequestState {
    /// Starts to serve a request, until the guard is dropped.
    pub(super) fn start_request(&self) -> RequestGuard {
        self.0.counter.fetch_add(1, Ordering::Relaxed);
        RequestGuard(self.clone())
    }

    /// Whether the client has not sent a complete request head yet.
    pub(super) fn is_first(&self) -> bool {
        self.counter() == 0
    }

    /// Returns when the last response was complete, if no request has followed.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        if is_serving(self.counter()) { None } else { *self.last_response() }
    }

    fn counter(&self) -> usize {
        self.0.counter.load(Ordering::Relaxed)
    }

    fn last_response(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.last_response.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_serving(counter: usize) -> bool {
    counter % 2 == 1
}

/// A request that is being served.
pub(super) struct RequestGuard(RequestState);

impl Drop for RequestGuard {
    fn drop(&mut self) {
        *self.0.last_response() = Some(Instant::now());
        self.0.0.counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A stream that fails after a timeout.
pub(super) struct TimeoutStream<S> {
    stream: S,
    timeouts: Timeouts,
    requests: RequestState,
    /// The counter of requests for which `read_deadline` was set
    seen: usize,
    /// Whether the stream has received anything since then
    has_started: bool,
    read_deadline: Instant,
    write_deadline: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl<S> TimeoutStream<S> {
    pub(super) fn new(stream: S, timeouts: Timeouts, requests: RequestState) -> Self {
        let read_deadline = Instant::now() + timeouts.head;
        Self {
            stream,
            timeouts,
            seen: requests.counter(),
            requests,
            has_started: true,
            read_deadline,
            write_deadline: None,
            timer: Box::pin(sleep_until(read_deadline)),
        }
    }

    /// Starts the idle timeout if the counter of requests has changed since the last call.
    fn update(&mut self) {
        let counter = self.requests.counter();
        if counter != self.seen {
            self.seen = counter;
            self.has_started = false;
            self.read_deadline = Instant::now() + self.timeouts.idle;
        }
    }

    fn is_serving(&self) -> bool {
        is_serving(self.seen)
    }

    /// Becomes ready after a deadline. The timer is reset only if it would fire too late, so the later deadline after
    /// each request costs nothing until the earlier one has passed.
    fn poll_deadline(&mut self, context: &mut Context<'_>, deadline: Instant) -> Poll<io::Error> {
        while Instant::now() < deadline {
            if self.timer.is_elapsed() || self.timer.deadline() > deadline {
                self.timer.as_mut().reset(deadline);
            }
            ready!(self.timer.as_mut().poll(context));
        }
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }

    fn poll_written<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_deadline = None;
            return written;
        }
        let deadline = *self.write_deadline.get_or_insert_with(|| Instant::now() + self.timeouts.write);
        self.poll_deadline(context, deadline).map(Err)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimeoutStream<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        this.update();
        let serving = this.is_serving();
        if read.is_pending() && !serving {
            return this.poll_deadline(context, this.read_deadline).map(Err);
        }
        if read.is_ready() && !serving && !this.has_started {
            this.has_started = true;
            this.read_deadline = Instant::now() + this.timeouts.head;
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimeoutStream<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.poll_written(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.poll_written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        // After a response hyper does not read before something arrives, so the idle timeout starts here.
        this.update();
        if flushed.is_ready() && !this.is_serving() && this.poll_deadline(context, this.read_deadline).is_ready() {
            context.waker().wake_by_ref();
        }
        this.poll_written(context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut = Pin::new(&mut this.stream).poll_shutdown(context);
        this.poll_written(context, shut)
    }
}
