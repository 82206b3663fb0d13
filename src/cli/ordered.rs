//! Work on many things at once, whose results come in the order of the things.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

/// How many results of a thread may wait for one that takes longer.
const AHEAD: usize = 16;

/// Does the work for each item, on all cores, and gives the results to `take` in the order of the items.
///
/// However many items there are, only a few are under way or done and not yet taken. Once `take` ends, no more of them
/// are begun.
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
    let (queue, results) = mpsc::sync_channel::<Receiver<R>>(threads * AHEAD);
    thread::scope(|scope| {
        for _ in 0..threads {
            let queue = queue.clone();
            scope.spawn(|| {
                let queue = queue;
                while let Some((item, done)) = next(&items, &queue) {
                    let _ = done.send(work(item)); // unless nobody wants it any more
                }
            });
        }
        drop(queue); // so that the results end when the threads do
        take(&mut results.into_iter().map_while(|result| result.recv().ok()))
    })
}

/// The next item, and where its result goes, which by then has its place in the queue. Waits while the queue is full.
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
    fn results_come_in_the_order_of_items() {
        let work = |item: u64| {
            thread::sleep(Duration::from_micros(item * 7919 % 500)); // the later ones often end first
            item
        };
        for count in [0, 1, 2, 500] {
            let results: Vec<_> = map(0..count, work, |results| results.collect());
            assert_eq!(results, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_more_is_begun_than_is_soon_taken() {
        let begun = AtomicUsize::new(0);
        let work = |item: usize| {
            begun.fetch_add(1, Ordering::SeqCst);
            item
        };
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let most = threads * (AHEAD + 2) + 1;
        map(0..10_000, work, |results| {
            for taken in results.take(100) {
                let begun = begun.load(Ordering::SeqCst);
                assert!(begun <= taken + 1 + most, "{begun} were begun when {taken} were taken");
            }
        });
        assert!(begun.into_inner() <= 100 + most);
    }

    #[test]
    fn work_that_panics_ends_all() {
        let ended = std::panic::catch_unwind(|| {
            map(0..1000, |item| assert_ne!(item, 500, "on purpose"), |results| results.count());
        });
        assert!(ended.is_err());
    }
}
