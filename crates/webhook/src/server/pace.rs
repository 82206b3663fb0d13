//! Time limits on a connection that HTTP itself does not set: how long it may idle, and how long a request's head may
//! take once it has begun. The limit on a body is the endpoint's, which can still answer.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a connection may take over what.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// A request's head, from its first byte on; and the whole of the first head, from the connection on.
    pub head: Duration,
    /// The next request.
    pub idle: Duration,
    /// Room for more of an answer that the client does not read.
    pub write: Duration,
}

/// Whose turn it is on a connection: the number is odd while a request is being served, even while the client is to speak.
#[derive(Clone, Debug, Default)]
pub(super) struct Turn(Arc<State>);

#[derive(Debug, Default)]
struct State {
    number: AtomicUsize,
    /// When the last request was answered
    answered: Mutex<Option<Instant>>,
}

impl Turn {
    /// Begins to serve a request, until the guard is dropped.
    pub(super) fn serve(&self) -> Serving {
        self.0.number.fetch_add(1, Ordering::Relaxed);
        Serving(self.clone())
    }

    /// Whether the client has never asked anything.
    pub(super) fn is_first(&self) -> bool {
        self.number() == 0
    }

    /// Since when the client has had nothing to ask, if that is so.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        if is_serving(self.number()) { None } else { *self.answered() }
    }

    fn number(&self) -> usize {
        self.0.number.load(Ordering::Relaxed)
    }

    fn answered(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_serving(turn: usize) -> bool {
    turn % 2 == 1
}

/// A request being served.
pub(super) struct Serving(Turn);

impl Drop for Serving {
    fn drop(&mut self) {
        *self.0.answered() = Some(Instant::now());
        self.0.0.number.fetch_add(1, Ordering::Relaxed);
    }
}

/// A stream that fails once the client is too slow.
pub(super) struct Paced<S> {
    stream: S,
    pace: Pace,
    turn: Turn,
    /// The turn for which `read_by` was set.
    seen: usize,
    /// Whether anything has come since then.
    begun: bool,
    read_by: Instant,
    write_by: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl<S> Paced<S> {
    pub(super) fn new(stream: S, pace: Pace, turn: Turn) -> Self {
        let read_by = Instant::now() + pace.head;
        let timer = Box::pin(sleep_until(read_by));
        Self { stream, pace, seen: turn.number(), turn, begun: true, read_by, write_by: None, timer }
    }

    /// Takes note of a turn that has come since the last look.
    fn look(&mut self) {
        let turn = self.turn.number();
        if turn != self.seen {
            self.seen = turn;
            self.begun = false;
            self.read_by = Instant::now() + self.pace.idle;
        }
    }

    fn is_serving(&self) -> bool {
        is_serving(self.seen)
    }

    /// Ready once the time is past. The timer is only ever moved when it would come too late: a later moment, as after
    /// each request, costs nothing until the earlier one has come.
    fn poll_past(&mut self, context: &mut Context<'_>, by: Instant) -> Poll<io::Error> {
        while Instant::now() < by {
            if self.timer.is_elapsed() || self.timer.deadline() > by {
                self.timer.as_mut().reset(by);
            }
            ready!(self.timer.as_mut().poll(context));
        }
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }

    fn poll_written<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_by = None;
            return written;
        }
        let by = *self.write_by.get_or_insert_with(|| Instant::now() + self.pace.write);
        self.poll_past(context, by).map(Err)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        this.look();
        let serving = this.is_serving();
        if read.is_pending() && !serving {
            return this.poll_past(context, this.read_by).map(Err);
        }
        if read.is_ready() && !serving && !this.begun {
            this.begun = true;
            this.read_by = Instant::now() + this.pace.head;
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
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
        // After an answer hyper does not read again until something comes, so the clock is set here.
        this.look();
        if flushed.is_ready() && !this.is_serving() && this.poll_past(context, this.read_by).is_ready() {
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
