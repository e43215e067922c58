//! One message on its way out, and what is known of each of its parts.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clarion_domain::gateway::{MessageRoom, OutcomeSink, PartOutcome, Submission, SubmitOutcome};
use clarion_domain::message::MessageStatus;
use tokio::time::Instant;

use super::tries::{Tries, Try};
use crate::smpp::codes;
use crate::smpp::pdu::{Form, Letter};
use crate::smpp::window::Slot;

/// A message to be sent, with its room, and where its outcome goes.
pub(in crate::smpp) struct Job {
    pub(in crate::smpp) submission: Submission,
    pub(in crate::smpp) outcomes: Arc<dyn OutcomeSink>,
    pub(in crate::smpp) slot: Slot,
}

impl Job {
    /// Tells the outcome, with the room that it leaves.
    pub(super) fn finish(self, parts: Vec<PartOutcome>, at: DateTime<Utc>) {
        let room = MessageRoom::new(self.slot);
        self.outcomes
            .outcome(self.submission, SubmitOutcome { parts, at }, room);
    }

    /// Ends a message of which nothing was written.
    pub(in crate::smpp) fn decline(self, form: &Form, at: DateTime<Utc>) {
        let parts = form.parts_of(&self.submission.text);
        self.finish(vec![PartOutcome::NotWritten; parts], at);
    }
}

/// A message that was taken in.
pub(super) struct Message {
    pub(super) job: Job,
    pub(super) letter: Letter,
    pub(super) parts: Vec<Part>,
    /// When it was handed over.
    since: Instant,
    tried: Option<Try>,
}

/// How long a message may wait for its turn. That its recipient had not opted out and its campaign was not paused was true
/// when it was marked; what waits for longer is handed back, to be marked again.
const TURN: Duration = Duration::from_secs(1);

/// What is known of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Waiting,
    InFlight,
    Done(PartOutcome),
}

impl Message {
    /// Whether its time is over: its validity at this time of day, or the span for which it is tried.
    pub(super) fn is_over(&self, time: DateTime<Utc>, now: Instant) -> bool {
        let valid_until = self.job.submission.valid_until;
        valid_until.is_some_and(|end| time > end)
            || self.tried.is_some_and(|tried| now > tried.until)
    }

    /// Whether the time at which it might be begun is over, and nothing of it was written.
    pub(super) fn is_too_late_to_begin(&self, time: DateTime<Utc>) -> bool {
        let end = self.job.submission.not_begun_from;
        end.is_some_and(|end| time >= end) && self.is_untouched()
    }

    /// One that was handed over now.
    pub(super) fn new(job: Job, letter: Letter, tried: Option<Try>, now: Instant) -> Self {
        Self {
            parts: vec![Part::Waiting; letter.parts()],
            job,
            letter,
            since: now,
            tried,
        }
    }

    /// A part of it is written: from the first on, it is tried for so long.
    pub(super) fn is_tried(&mut self, now: Instant, retry: Duration) {
        if self.tried.is_none() {
            self.tried = now.checked_add(retry).map(|until| Try {
                until,
                deferred_by: None,
            });
        }
    }

    /// A part of it was refused for now.
    pub(super) fn defer(&mut self, part: usize, code: u32) {
        if let Some(tried) = &mut self.tried {
            tried.deferred_by = Some(code);
        }
        self.parts[part] = Part::Waiting;
    }

    /// Whether it has waited too long to be begun as it was marked.
    pub(super) fn is_stale(&self, now: Instant) -> bool {
        self.is_untouched() && now >= self.since + TURN
    }

    /// Whether nothing of it was written, as far as is known.
    pub(super) fn is_untouched(&self) -> bool {
        self.parts.iter().all(|part| *part == Part::Waiting)
    }

    pub(super) fn is_done(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Done(_)))
    }

    /// The parts that wait to be written.
    pub(super) fn waiting(&self) -> impl Iterator<Item = usize> + '_ {
        let parts = self.parts.iter().enumerate();
        parts.filter_map(|(index, part)| (*part == Part::Waiting).then_some(index))
    }

    /// A refused part ends those that were not written yet: the message cannot be whole any more.
    pub(super) fn settle(&mut self, part: usize, outcome: PartOutcome) {
        if matches!(outcome, PartOutcome::Refused { .. }) {
            self.end_waiting(&outcome);
        }
        self.parts[part] = Part::Done(outcome);
    }

    /// Ends the parts that were not written.
    pub(super) fn end_waiting(&mut self, outcome: &PartOutcome) {
        for waiting in self.parts.iter_mut().filter(|part| **part == Part::Waiting) {
            *waiting = Part::Done(outcome.clone());
        }
    }

    /// It breaks what writes it: that is the end of the parts that were not written. Where others were, they are still in doubt.
    pub(super) fn breaks(&mut self) {
        let outcome = match self.is_untouched() {
            true => PartOutcome::Broke,
            false => PartOutcome::NotWritten,
        };
        self.end_waiting(&outcome);
    }

    /// What has become of its parts by now.
    pub(super) fn outcomes(&self) -> Vec<PartOutcome> {
        self.parts.iter().cloned().map(Part::outcome).collect()
    }

    /// What its parts end as when its time is over.
    pub(super) fn expired(&self) -> PartOutcome {
        PartOutcome::Refused {
            status: MessageStatus::Expired,
            code: self
                .tried
                .and_then(|tried| tried.deferred_by)
                .map(codes::text)
                .unwrap_or_default(),
        }
    }

    /// Tells its outcome; parts still waiting were never written.
    pub(super) fn end(self, at: DateTime<Utc>, tries: &Tries) {
        if let Some(tried) = self.tried
            && self.is_untouched()
        {
            tries.keep(self.job.submission.recipient, tried);
        }
        let outcomes = self.outcomes();
        self.job.finish(outcomes, at);
    }
}

impl Part {
    fn outcome(self) -> PartOutcome {
        match self {
            Self::Waiting => PartOutcome::NotWritten,
            Self::InFlight => PartOutcome::Unknown,
            Self::Done(outcome) => outcome,
        }
    }
}
