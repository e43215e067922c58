//! Trying again: what has happened must be written down, however long the store takes to come back.

use std::future::Future;
use std::time::Duration;

use clarion_persistence::StoreError;
use tracing::error;

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How long to wait before the next try: twice as long each time, up to a bound.
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { next: FIRST_WAIT }
    }

    /// After a success the first wait is short again.
    pub(crate) fn reset(&mut self) {
        self.next = FIRST_WAIT;
    }

    /// How long to wait now.
    pub(crate) fn next_wait(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(LONGEST_WAIT);
        wait
    }
}

/// Tries until it is done.
///
/// Whatever the error: a full disk or a dropped table is mended by people while this waits, and giving up would turn
/// outcomes that are known into unknown ones.
pub(crate) async fn until_done<T, F>(what: &'static str, mut attempt: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut backoff = Backoff::new();
    loop {
        match attempt().await {
            Ok(done) => return done,
            Err(error) => {
                let wait = backoff.next_wait();
                error!(%error, what, ?wait, "not written down; trying again");
                tokio::time::sleep(wait).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_tried_until_it_is_done_with_longer_and_longer_waits() {
        let (begin, mut failures) = (Instant::now(), 8);
        let done = until_done("a test", || {
            let fails = failures > 0;
            failures -= 1;
            async move {
                if fails {
                    Err(StoreError::Busy)
                } else {
                    Ok("done")
                }
            }
        })
        .await;
        assert_eq!((done, failures), ("done", -1));
        let waited = [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000];
        assert_eq!(begin.elapsed().as_millis(), waited.iter().sum::<u128>());
    }
}
