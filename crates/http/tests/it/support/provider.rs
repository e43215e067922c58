//! A provider.

use std::sync::Arc;

use clarion_domain::gateway::{
    BoxFuture, Gateway, GatewayState, MessageRoom, OutcomeSink, PartOutcome, Reservation, Stopped,
    Submission, SubmitOutcome,
};

use super::now;

/// It takes whatever it is given, under the number of the message as its id.
pub(crate) struct TakesAll;

impl Gateway for TakesAll {
    fn name(&self) -> &str {
        "main"
    }

    fn reserve(&self, most: usize) -> BoxFuture<'_, Result<Reservation, Stopped>> {
        Box::pin(async move { Ok(Reservation::new(most, Box::new(()))) })
    }

    fn submit(&self, _: Reservation, batch: Vec<Submission>, outcomes: Arc<dyn OutcomeSink>) {
        for submission in batch {
            let provider_id = submission.recipient.message_id().to_string();
            let outcome = SubmitOutcome {
                parts: vec![PartOutcome::Accepted { provider_id }],
                at: now(),
            };
            outcomes.outcome(submission, outcome, MessageRoom::none());
        }
    }

    fn state(&self) -> GatewayState {
        GatewayState::default()
    }

    fn stop(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
