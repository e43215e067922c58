//! Work on all cores, with the outcomes in the order of the input and a bounded number of pieces on their way.

use std::num::NonZero;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

/// Pieces on their way for each worker: one in its hands, one to come, two done and waiting for their turn.
const PIECES_PER_WORKER: usize = 4;

/// A piece of work and where its outcome is awaited.
type Task<P, T> = (P, Sender<T>);

/// Lets `next` produce pieces in one thread, `work` turn them into outcomes in as many threads as there are cores, and
/// hands the outcomes to `deliver` in this thread, in the order of the pieces.
///
/// The place of an outcome is queued when its piece is, so that order costs no sorting, and nobody can run ahead further
/// than that queue is long.
pub(crate) fn run<P: Send, T: Send, E: Send>(
    mut next: impl FnMut() -> Result<Option<P>, E> + Send,
    work: impl Fn(P) -> T + Sync,
    mut deliver: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let (to_worker, tasks) = bounded::<Task<P, T>>(workers);
    let (to_turn, turns) = bounded::<Result<Receiver<T>, E>>(workers * PIECES_PER_WORKER);
    let work = &work;
    thread::scope(|scope| {
        for _ in 0..workers {
            let tasks = tasks.clone();
            scope.spawn(move || {
                for (piece, outcome) in tasks {
                    // Nobody waits for it any more where delivering has failed.
                    let _ = outcome.send(work(piece));
                }
            });
        }
        drop(tasks);
        scope.spawn(move || produce(&mut next, &to_worker, &to_turn));
        for turn in turns {
            // Without an outcome the worker has panicked, which the scope passes on.
            let Ok(outcome) = turn?.recv() else { break };
            deliver(outcome)?;
        }
        Ok(())
    })
}

/// Queues pieces until there are no more, or nobody takes them.
fn produce<P, T, E>(
    next: &mut impl FnMut() -> Result<Option<P>, E>,
    to_worker: &Sender<Task<P, T>>,
    to_turn: &Sender<Result<Receiver<T>, E>>,
) {
    loop {
        let piece = match next() {
            Ok(Some(piece)) => piece,
            Ok(None) => return,
            Err(error) => {
                let _ = to_turn.send(Err(error));
                return;
            }
        };
        let (outcome, turn) = bounded(1);
        if to_turn.send(Ok(turn)).is_err() || to_worker.send((piece, outcome)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn up_to(count: usize) -> impl FnMut() -> Result<Option<usize>, String> {
        let mut pieces = 0..count;
        move || Ok(pieces.next())
    }

    #[test]
    fn outcomes_come_in_the_order_of_the_pieces() {
        // Every even piece is done only when the odd one behind it is at work, so that they overtake each other.
        let both = Barrier::new(2);
        let mut outcomes = Vec::new();
        let work = |piece: usize| {
            if thread::available_parallelism().is_ok_and(|cores| cores.get() > 1) {
                both.wait();
            }
            piece * 10
        };
        run(up_to(1_000), work, |outcome| {
            outcomes.push(outcome);
            Ok(())
        })
        .unwrap();
        assert!(
            outcomes
                .iter()
                .copied()
                .eq((0..1_000).map(|piece| piece * 10))
        );
    }

    #[test]
    fn an_error_of_the_input_comes_behind_the_outcomes_before_it() {
        let mut pieces = 0..3;
        let next = || pieces.next().map(Some).ok_or("broken".to_owned());
        let mut outcomes = Vec::new();
        let end = run(
            next,
            |piece| piece,
            |outcome| {
                outcomes.push(outcome);
                Ok(())
            },
        );
        assert_eq!((end, outcomes), (Err("broken".to_owned()), vec![0, 1, 2]));
    }

    #[test]
    fn after_a_failed_delivery_no_more_is_read_than_was_on_its_way() {
        let read = AtomicUsize::new(0);
        let next = || Ok(Some(read.fetch_add(1, Ordering::Relaxed)));
        let end = run(next, |piece| piece, |_| Err("full"));
        assert_eq!(end, Err("full"));
        let workers = thread::available_parallelism().map_or(1, NonZero::get);
        assert!(read.into_inner() <= workers * (PIECES_PER_WORKER + 2) + 2);
    }
}
