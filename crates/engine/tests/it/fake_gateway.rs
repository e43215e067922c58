//! A gateway that answers by a script, at once or when it is told to.

use std::sync::{Arc, Mutex};

use clarion_domain::gateway::{
    BoxFuture, Gateway, GatewayState, MessageRoom, OutcomeSink, PartOutcome, Reservation, Stopped,
    Submission, SubmitOutcome,
};
use clarion_domain::message::MessageStatus;
use clarion_domain::recipient::RecipientKey;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// What the script answers to a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Accept,
    Refuse,
    /// The recipient has opted out at the provider.
    OptedOut,
    NotWritten,
    Unknown,
    Break,
    /// Nothing, until [`FakeGateway::answer_all`] or the stop.
    Later,
}

type Script = Box<dyn FnMut(&Submission) -> Answer + Send>;

struct Open {
    submission: Submission,
    outcomes: Arc<dyn OutcomeSink>,
    room: OwnedSemaphorePermit,
}

pub(crate) struct FakeGateway {
    room: Arc<Semaphore>,
    script: Mutex<Script>,
    submitted: watch::Sender<Vec<Submission>>,
    open: Mutex<Vec<Open>>,
    answered: Mutex<Vec<(RecipientKey, Answer)>>,
    at: chrono::DateTime<chrono::Utc>,
}

impl FakeGateway {
    pub(crate) fn new(
        window: usize,
        script: impl FnMut(&Submission) -> Answer + Send + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            room: Arc::new(Semaphore::new(window)),
            script: Mutex::new(Box::new(script)),
            submitted: watch::Sender::new(Vec::new()),
            open: Mutex::new(Vec::new()),
            answered: Mutex::new(Vec::new()),
            at: chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
        })
    }

    /// Everything that was handed over so far, in order.
    pub(crate) fn submitted(&self) -> Vec<Submission> {
        self.submitted.borrow().clone()
    }

    /// What was answered so far, in order.
    pub(crate) fn answered(&self) -> Vec<(RecipientKey, Answer)> {
        self.answered.lock().unwrap().clone()
    }

    /// Waits until at least so many were handed over.
    pub(crate) async fn has_submitted(&self, count: usize) {
        let mut submitted = self.submitted.subscribe();
        submitted
            .wait_for(|all| all.len() >= count)
            .await
            .map(drop)
            .unwrap();
    }

    /// Has room for so many more.
    pub(crate) fn make_room(&self, more: usize) {
        self.room.add_permits(more);
    }

    /// From now on answers otherwise.
    pub(crate) fn follow(&self, script: impl FnMut(&Submission) -> Answer + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    /// Gives everything that is open this answer.
    pub(crate) fn answer_all(&self, answer: Answer) {
        let open = std::mem::take(&mut *self.open.lock().unwrap());
        for open in open {
            self.answer(open, answer);
        }
    }

    /// Gives each that is open an answer of its own.
    pub(crate) fn answer_each(&self, mut answer: impl FnMut(&Submission) -> Answer) {
        let open = std::mem::take(&mut *self.open.lock().unwrap());
        for open in open {
            let answer = answer(&open.submission);
            self.answer(open, answer);
        }
    }

    fn answer(&self, open: Open, answer: Answer) {
        let part = match answer {
            Answer::Accept => PartOutcome::Accepted {
                provider_id: provider_id(&open.submission),
            },
            Answer::Refuse => PartOutcome::Refused {
                status: MessageStatus::RejectedInvalidRecipient,
                code: "0x0000000B".to_owned(),
            },
            Answer::OptedOut => PartOutcome::Refused {
                status: MessageStatus::OptedOut,
                code: "0x00000421".to_owned(),
            },
            Answer::NotWritten => PartOutcome::NotWritten,
            Answer::Unknown => PartOutcome::Unknown,
            Answer::Break => PartOutcome::Broke,
            Answer::Later => return self.open.lock().unwrap().push(open),
        };
        let told = (open.submission.recipient, answer);
        self.answered.lock().unwrap().push(told);
        let outcome = SubmitOutcome {
            parts: vec![part],
            at: self.at,
        };
        let room = MessageRoom::new(open.room);
        open.outcomes.outcome(open.submission, outcome, room);
    }
}

/// The id under which the fake accepts a message.
pub(crate) fn provider_id(submission: &Submission) -> String {
    format!(
        "c{}-s{}-a{}",
        submission.recipient.campaign.0, submission.recipient.seq, submission.attempt
    )
}

impl Gateway for FakeGateway {
    fn name(&self) -> &str {
        "fake"
    }

    fn reserve(&self, most: usize) -> BoxFuture<'_, Result<Reservation, Stopped>> {
        Box::pin(async move {
            let first = Arc::clone(&self.room).acquire_owned().await;
            let mut room = vec![first.map_err(|_| Stopped)?];
            while room.len() < most {
                match Arc::clone(&self.room).try_acquire_owned() {
                    Ok(permit) => room.push(permit),
                    Err(_) => break,
                }
            }
            Ok(Reservation::new(room.len(), Box::new(room)))
        })
    }

    fn submit(
        &self,
        reservation: Reservation,
        batch: Vec<Submission>,
        outcomes: Arc<dyn OutcomeSink>,
    ) {
        let room = reservation.into_room();
        let room = *room.downcast::<Vec<OwnedSemaphorePermit>>().unwrap();
        assert!(batch.len() <= room.len(), "more messages than room");
        self.submitted
            .send_modify(|submitted| submitted.extend(batch.iter().cloned()));
        for (submission, permit) in batch.into_iter().zip(room) {
            let answer = self.script.lock().unwrap()(&submission);
            let open = Open {
                submission,
                outcomes: Arc::clone(&outcomes),
                room: permit,
            };
            self.answer(open, answer);
        }
    }

    fn state(&self) -> GatewayState {
        GatewayState {
            name: self.name().to_owned(),
            kind: "fake",
            ..GatewayState::default()
        }
    }

    /// What is in flight is still answered.
    fn stop(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.room.close();
            self.answer_all(Answer::Accept);
        })
    }
}
