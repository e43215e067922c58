//! What a claimed unit turns out to hold: messages to send, to send again, of unknown outcome, and such as may not be sent
//! now.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clarion_domain::breakage::{fail_point, guarded};
use clarion_domain::gateway::Submission;
use clarion_domain::hours::{Planner, TimeZone, Verdict};
use clarion_domain::message::MessageStatus;
use clarion_domain::text::{Reference, segments};
use clarion_persistence::campaigns::Outgoing;
use clarion_persistence::messages::{SettledPart, Settlement};
use clarion_persistence::recipients::{self, Recipient};
use clarion_persistence::send_units::{self, Queued, Unit};
use clarion_persistence::{Conn, StoreError};
use tracing::error;

use crate::settle;
use crate::wording::Wording;

#[derive(Default)]
pub(super) struct Contents {
    pub(super) again: VecDeque<Submission>,
    pub(super) fresh: VecDeque<Submission>,
    /// Handed over by a former holder, outcome unknown.
    pub(super) lost: Vec<Submission>,
    pub(super) aside: Aside,
    /// Until when all of `again` and `fresh` may be sent.
    pub(super) good_until: Option<DateTime<Utc>>,
}

/// What is not sent now.
#[derive(Default)]
pub(super) struct Aside {
    pub(super) settlements: Vec<Settlement>,
    /// When the first of those that wait is to be judged again, where nothing can be sent before.
    pub(super) not_before: Option<DateTime<Utc>>,
}

impl Aside {
    pub(super) fn is_empty(&self) -> bool {
        self.settlements.is_empty() && self.not_before.is_none()
    }

    /// Those that are not sent, since their time is not allowed.
    pub(super) fn dropped(&self) -> usize {
        let is_dropped =
            |settlement: &&Settlement| settlement.status == MessageStatus::OutsideWindow;
        self.settlements.iter().filter(is_dropped).count()
    }

    /// Whether a message of it has come to its end.
    pub(super) fn has_ended(&self) -> bool {
        let mut settlements = self.settlements.iter();
        settlements.any(|settlement| settlement.status != MessageStatus::Queued)
    }
}

impl Contents {
    pub(super) fn read(
        conn: &mut Conn,
        campaign: &Outgoing,
        wording: &Wording,
        unit: &Unit,
        (planner, soon): (Option<Planner>, Option<usize>),
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let recipients = recipients::range(conn, unit.campaign, unit.first_seq, unit.last_seq)?;
        let former = Former::read(conn, unit, &recipients)?;
        let mut sorter = Sorter {
            contents: Self::default(),
            waiting: Vec::new(),
            planner,
            soon,
            turns: 0,
            now,
        };
        for recipient in recipients {
            let zone = recipient.contact.time_zone;
            let left = former.left(recipient.key.seq, unit);
            if matches!(left, Left::Nothing) || (sorter.is_full() && !matches!(left, Left::Lost(_)))
            {
                continue;
            }
            let Some(text) = guarded(|| text_for(wording, &recipient)) else {
                sorter.break_off(first_attempt(campaign, recipient, "".into()), &left);
                continue;
            };
            let first = first_attempt(campaign, recipient, text);
            match left {
                Left::Nothing => {}
                Left::Lost(attempt) => sorter.contents.lost.push(Submission { attempt, ..first }),
                Left::Fresh => sorter.sort(first, None, zone),
                Left::Queued(queued) => sorter.sort(first, Some(queued), zone),
            }
        }
        Ok(sorter.into_contents())
    }
}

/// What former holders of a unit left.
struct Former {
    queued: HashMap<u32, Queued>,
    /// Each with the attempt that it is.
    lost: HashMap<u32, i16>,
    /// Those that have messages.
    known: HashSet<u32>,
}

/// What is left to do for a recipient.
enum Left {
    Nothing,
    Fresh,
    Queued(Queued),
    Lost(i16),
}

impl Former {
    fn read(conn: &mut Conn, unit: &Unit, recipients: &[Recipient]) -> Result<Self, StoreError> {
        let mut former = Self {
            queued: HashMap::new(),
            lost: HashMap::new(),
            known: HashSet::new(),
        };
        let with_message = recipients.iter().filter(|other| other.status.is_some());
        former.known.extend(with_message.map(|other| other.key.seq));
        if unit.marked_upto >= unit.first_seq || !former.known.is_empty() {
            former.lost.extend(send_units::unsettled(conn, unit)?);
            let rows = send_units::queued(conn, unit)?;
            let rows = rows.into_iter().map(|row| (row.seq, row));
            former.queued.extend(rows);
        }
        Ok(former)
    }

    fn left(&self, seq: u32, unit: &Unit) -> Left {
        if let Some(attempt) = self.lost.get(&seq) {
            Left::Lost(*attempt)
        } else if let Some(queued) = self.queued.get(&seq) {
            Left::Queued(*queued)
        } else if seq > unit.marked_upto && !self.known.contains(&seq) {
            Left::Fresh
        } else {
            Left::Nothing
        }
    }
}

/// Sorts messages by what becomes of them now.
struct Sorter {
    contents: Contents,
    /// Fresh ones that wait: they need a row only where others of the unit are marked beyond them.
    waiting: Vec<Submission>,
    planner: Option<Planner>,
    /// Of a campaign with a pace, how many are judged: those whose turn comes soon. What comes later is judged then.
    soon: Option<usize>,
    /// How many have had their turn, or will.
    turns: usize,
    now: DateTime<Utc>,
}

impl Sorter {
    fn is_full(&self) -> bool {
        self.soon.is_some_and(|soon| self.turns >= soon)
    }

    fn sort(&mut self, message: Submission, queued: Option<Queued>, zone: Option<TimeZone>) {
        let verdict = match &mut self.planner {
            Some(planner) => planner.verdict(message.destination, zone),
            None => Verdict::Send(None),
        };
        match verdict {
            Verdict::Send(until) => {
                self.turns += 1;
                self.send(message, queued, until);
            }
            Verdict::Hold(until) => self.hold(message, queued, until),
            Verdict::Drop => {
                self.turns += 1;
                self.end(message, queued, MessageStatus::OutsideWindow);
            }
            Verdict::Expire => self.end(message, queued, MessageStatus::Expired),
        }
    }

    /// What cannot be put into words is not sent now; what was sent before is of unknown outcome all the same.
    fn break_off(&mut self, first: Submission, left: &Left) {
        error!(
            campaign = first.recipient.campaign.0,
            seq = first.recipient.seq,
            "a message has broken what puts it into words"
        );
        let message = match left {
            Left::Lost(attempt) => {
                let attempt = *attempt;
                return self.contents.lost.push(Submission { attempt, ..first });
            }
            Left::Queued(queued) => next_attempt(first, queued),
            Left::Fresh | Left::Nothing => first,
        };
        let broken = settle::broken("", message, self.now);
        self.contents.aside.settlements.push(broken);
    }

    fn send(&mut self, message: Submission, queued: Option<Queued>, until: Option<DateTime<Utc>>) {
        let contents = &mut self.contents;
        contents.good_until = contents.good_until.into_iter().chain(until).min();
        let message = Submission {
            not_begun_from: until,
            ..message
        };
        match queued {
            None => contents.fresh.push_back(message),
            Some(queued) => contents.again.push_back(next_attempt(message, &queued)),
        }
    }

    fn hold(&mut self, message: Submission, queued: Option<Queued>, until: DateTime<Utc>) {
        let aside = &mut self.contents.aside;
        aside.not_before = aside.not_before.into_iter().chain([until]).min();
        if self.soon.is_some() {
            // Those that go before it may take long: it is not to miss its turn behind them.
            let good_until = self.contents.good_until;
            self.contents.good_until = good_until.into_iter().chain([until]).min();
        }
        if queued.is_none() {
            self.waiting.push(message);
        }
    }

    fn end(&mut self, message: Submission, queued: Option<Queued>, status: MessageStatus) {
        let attempt = queued.map_or(0, |queued| queued.attempt);
        let ended = not_sent(message, attempt, status, self.now);
        self.contents.aside.settlements.push(ended);
    }

    /// Where nothing can be sent, the unit as a whole waits, unless some of it were not judged yet. Else those that wait get rows,
    /// so that the mark can move beyond them; the unit comes back when the others are sent.
    fn into_contents(self) -> Contents {
        let is_full = self.is_full();
        let mut contents = self.contents;
        let nothing_goes = contents.again.is_empty() && contents.fresh.is_empty();
        if nothing_goes && !is_full {
            return contents;
        }
        contents.aside.not_before = None;
        let last = contents.fresh.back().map(|message| message.recipient.seq);
        let passed = self
            .waiting
            .into_iter()
            .filter(|message| last.is_some_and(|last| message.recipient.seq < last))
            .map(|message| not_sent(message, 0, MessageStatus::Queued, self.now));
        contents.aside.settlements.extend(passed);
        contents
    }
}

fn not_sent(
    message: Submission,
    attempt: i16,
    status: MessageStatus,
    at: DateTime<Utc>,
) -> Settlement {
    let parts = segments(&message.text, Reference::default()).count;
    Settlement {
        attempt,
        parts: vec![SettledPart::default(); usize::try_from(parts).unwrap_or_default()],
        ..settle::unsent(message, status, at)
    }
}

fn text_for(wording: &Wording, recipient: &Recipient) -> Arc<str> {
    let text = wording.text_for(recipient);
    fail_point("rendering", &text);
    text
}

fn first_attempt(campaign: &Outgoing, recipient: Recipient, text: Arc<str>) -> Submission {
    Submission {
        recipient: recipient.key,
        attempt: 1,
        sender: campaign.sender.clone(),
        destination: recipient.contact.phone,
        text,
        reference: campaign.key.reference_for(recipient.contact.phone),
        valid_until: campaign.timing.expires_at,
        not_begun_from: None,
    }
}

fn next_attempt(first: Submission, queued: &Queued) -> Submission {
    Submission {
        attempt: queued.attempt.saturating_add(1),
        reference: queued.reference,
        ..first
    }
}
