//! How long a bind is this node's to keep. Whose it is, is decided outside, by leases; here they begin and end.

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The tenure of one bind: it is kept or not, and open or not. It is open still while it is closed with care.
#[derive(Debug)]
pub(super) struct Tenure(watch::Sender<State>);

#[derive(Debug, Default)]
struct State {
    kept: bool,
    /// When it ends unless it is prolonged; `None`: it does not.
    until: Option<Instant>,
    /// Told when it ends; there while the bind is open.
    open: Option<CancellationToken>,
}

impl State {
    fn has_run_out(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

impl Tenure {
    /// Of a bind that is not kept.
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(State::default()))
    }

    /// It is kept, until then.
    pub(super) fn keep(&self, until: Option<Instant>) {
        self.0.send_modify(|state| {
            state.kept = true;
            state.until = until;
        });
    }

    /// It is kept no more. What has begun may be finished for as long as it was to be kept.
    pub(super) fn give_up(&self) {
        self.0.send_if_modified(|state| {
            if let Some(open) = &state.open {
                open.cancel();
            }
            std::mem::replace(&mut state.kept, false)
        });
    }

    /// Waits until it is kept, and begins. The token is told when it is to end, or when `stop` is.
    pub(super) async fn begin(&self, stop: &CancellationToken) -> CancellationToken {
        let mut watched = self.0.subscribe();
        let kept = |state: &State| state.kept && !state.has_run_out(Instant::now());
        // The sender lives as long as this.
        let _ = watched.wait_for(kept).await;
        let token = stop.child_token();
        self.0.send_modify(|state| {
            if !state.kept {
                token.cancel();
            }
            state.open = Some(token.clone());
        });
        token
    }

    /// The bind is closed.
    pub(super) fn end(&self) {
        self.0.send_modify(|state| state.open = None);
    }

    /// Whether it is this node's, be it that it is about to be closed.
    pub(super) fn is_ours(&self) -> bool {
        let state = self.0.borrow();
        state.kept || state.open.is_some()
    }

    /// Whether it has run out without being given up: nothing at all may be written then, since the bind may be another
    /// node's by now.
    pub(super) fn has_run_out(&self, now: Instant) -> bool {
        self.0.borrow().has_run_out(now)
    }

    /// Ends it when it runs out.
    pub(super) async fn end_in_time(&self, token: &CancellationToken) {
        let mut watched = self.0.subscribe();
        loop {
            let until = watched.borrow_and_update().until;
            let run_out = async {
                match until {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = run_out => return token.cancel(),
                _ = watched.changed() => {}
            }
        }
    }

    /// Waits until the bind is closed.
    pub(super) async fn closed(&self) {
        let _ = self
            .0
            .subscribe()
            .wait_for(|state| state.open.is_none())
            .await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;

    use super::*;

    const LEASE: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn it_begins_when_it_is_kept_and_ends_when_it_is_given_up() {
        let (tenure, stop) = (Tenure::new(), CancellationToken::new());
        assert!(tenure.begin(&stop).now_or_never().is_none());
        tenure.closed().await;
        tenure.keep(None);
        let token = tenure.begin(&stop).await;
        assert!(tenure.is_ours() && !token.is_cancelled());
        tenure.give_up();
        assert!(token.is_cancelled());
        assert!(
            tenure.closed().now_or_never().is_none(),
            "it is open until it has been closed"
        );
        tenure.end();
        tenure.closed().await;
        assert!(!tenure.is_ours() && tenure.begin(&stop).now_or_never().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn it_runs_out_unless_it_is_prolonged() {
        let (tenure, stop) = (Tenure::new(), CancellationToken::new());
        tenure.keep(Some(Instant::now() + LEASE));
        let token = tenure.begin(&stop).await;
        let begun = Instant::now();
        tokio::join!(tenure.end_in_time(&token), async {
            tokio::time::sleep(LEASE / 2).await;
            tenure.keep(Some(Instant::now() + LEASE));
        });
        assert_eq!(begun.elapsed(), LEASE + LEASE / 2);
        assert!(token.is_cancelled() && tenure.has_run_out(Instant::now()));
        tenure.end();
        assert!(
            tenure.begin(&stop).now_or_never().is_none(),
            "run out: it is not begun anew"
        );
        tenure.keep(Some(Instant::now() + LEASE));
        assert!(!tenure.begin(&stop).await.is_cancelled());
    }

    #[tokio::test]
    async fn the_end_of_the_gateway_ends_it() {
        let (tenure, stop) = (Tenure::new(), CancellationToken::new());
        tenure.keep(None);
        let token = tenure.begin(&stop).await;
        stop.cancel();
        assert!(token.is_cancelled());
    }
}
