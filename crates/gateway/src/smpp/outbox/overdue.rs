//! Parts whose answers did not come in time, in case they come after all: the message is of unknown outcome then, and
//! what the provider answers settles it, however late.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, Utc};
use clarion_domain::gateway::{LateOutcome, PartOutcome, SubmitOutcome};

use super::PartKey;
use super::message::Message;

/// Answers that are waited for so long; of more, the oldest are not waited for any more.
const MOST: usize = 10_000;

/// Parts whose answers did not come in time.
#[derive(Default)]
pub(super) struct Overdue {
    /// By the sequence numbers they were sent under.
    parts: HashMap<u32, PartKey>,
    /// Those numbers, the oldest first, and some that have been answered.
    order: VecDeque<u32>,
    messages: HashMap<u64, Late>,
}

/// A message with such parts.
#[derive(Default)]
struct Late {
    waiting: usize,
    /// What was told of it; none while it has not ended.
    told: Option<LateOutcome>,
}

impl Overdue {
    /// The answer to a part is overdue.
    pub(super) fn note(&mut self, sequence: u32, part: PartKey) {
        self.parts.insert(sequence, part);
        self.order.push_back(sequence);
        self.messages.entry(part.message).or_default().waiting += 1;
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
            && let Some(part) = self.parts.remove(&oldest)
        {
            self.close(part.message);
        }
    }

    /// A message ends: where answers to its parts are overdue, it is kept in mind.
    pub(super) fn keep(&mut self, key: u64, message: &Message, at: DateTime<Utc>) {
        if let Some(late) = self.messages.get_mut(&key) {
            let (submission, parts) = (message.job.submission.clone(), message.outcomes());
            let outcome = SubmitOutcome { parts, at };
            late.told = Some(LateOutcome {
                submission,
                outcome,
            });
        }
    }

    /// The part that an answer belongs to.
    pub(super) fn part(&self, sequence: u32) -> Option<PartKey> {
        self.parts.get(&sequence).copied()
    }

    /// The part was answered; what its message comes to, where that is known now and was told otherwise.
    pub(super) fn answered(
        &mut self,
        sequence: u32,
        outcome: PartOutcome,
        at: DateTime<Utc>,
    ) -> Option<LateOutcome> {
        let part = self.parts.remove(&sequence)?;
        let mut known = None;
        if let Some(told) = self
            .messages
            .get_mut(&part.message)
            .and_then(|late| late.told.as_mut())
        {
            told.outcome.parts[part.part] = outcome;
            told.outcome.at = at;
            known = (!told.outcome.parts.contains(&PartOutcome::Unknown)).then(|| told.clone());
        }
        self.close(part.message);
        known
    }

    /// The connection is gone, and with it whatever answers were under way.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn close(&mut self, message: u64) {
        if let Some(late) = self.messages.get_mut(&message) {
            late.waiting -= 1;
            if late.waiting == 0 {
                self.messages.remove(&message);
            }
        }
    }
}
