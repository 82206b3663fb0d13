//! Parallel work on many items, with results in the order of the items.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

/// The number of results per thread that may wait for an earlier one.
const QUEUED_PER_THREAD: usize = 16;

/// Runs `work` for each item on all cores, and passes the results to `take` in the order of the items.
///
/// At any time only a few items are in progress or finished and not yet taken. When `take` returns, no more items are
/// started.
pub(super) fn map<I, R, T>(
    mut items: impl Iterator<Item = I> + Send,
    work: impl Fn(I) -> R + Sync,
    take: impl FnOnce(&mut dyn Iterator<Item = R>) -> T,
) -> T
where
    I: Send,
    R: Send,
{
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let first: Vec<_> = items.by_ref().take(threads).collect();
    let threads = first.len();
    let items = first.into_iter().chain(items);
    if threads <= 1 {
        return take(&mut items.map(work));
    }
    let items = Mutex::new(items);
    let (queue, results) = mpsc::sync_channel::<Receiver<R>>(threads * QUEUED_PER_THREAD);
    thread::scope(|scope| {
        for _ in 0..threads {
            let queue = queue.clone();
            scope.spawn(|| {
                let queue = queue;
                while let Some((item, done)) = next(&items, &queue) {
                    let _ = done.send(work(item)); // fails if `take` has returned
                }
            });
        }
        drop(queue); // so that the results end when the threads end
        take(&mut results.into_iter().map_while(|result| result.recv().ok()))
    })
}

/// Returns the next item and the channel for its result, and adds that to the queue. Waits while the queue is full.
fn next<I, R>(items: &Mutex<impl Iterator<Item = I>>, queue: &SyncSender<Receiver<R>>) -> Option<(I, SyncSender<R>)> {
    let mut items = items.lock().ok()?;
    let item = items.next()?;
    let (done, result) = mpsc::sync_channel(1);
    queue.send(result).ok()?;
    Some((item, done))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_are_in_the_order_of_items() {
        let work = |item: u64| {
            thread::sleep(Duration::from_micros(item * 7919 % 500)); // later items often end first
            item
        };
        for count in [0, 1, 2, 500] {
            let results: Vec<_> = map(0..count, work, |results| results.collect());
            assert_eq!(results, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn only_a_few_items_are_started_before_earlier_ones_are_taken() {
        let started = AtomicUsize::new(0);
        let work = |item: usize| {
            started.fetch_add(1, Ordering::SeqCst);
            item
        };
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let most = threads * (QUEUED_PER_THREAD + 2) + 1;
        map(0..10_000, work, |results| {
            for taken in results.take(100) {
                let started = started.load(Ordering::SeqCst);
                assert!(started <= taken + 1 + most, "{started} were started when {taken} were taken");
            }
        });
        assert!(started.into_inner() <= 100 + most);
    }

    #[test]
    fn a_panic_in_the_work_ends_the_map() {
        let ended = std::panic::catch_unwind(|| {
            map(0..1000, |item| assert_ne!(item, 500, "on purpose"), |results| results.count());
        });
        assert!(ended.is_err());
    }
}
