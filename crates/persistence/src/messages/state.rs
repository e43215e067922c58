//! Where a message stands, and how it moves on: the arithmetic of parts and of unit counters, without the database.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use clarion_domain::message::MessageStatus;
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_domain::tariff::Price;
use clarion_domain::web_hook::Change;
use diesel::prelude::*;

use crate::schema::messages;
use crate::{StoreError, send_units, stored};

/// A message's key in the database: campaign and sequence number.
pub(crate) type Key = (i64, i32);

/// What changes of a message while receipts come in.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, QueryableByName)]
#[diesel(table_name = messages)]
pub(crate) struct State {
    pub(crate) campaign_id: i64,
    pub(crate) seq: i32,
    pub(crate) status: i16,
    pub(crate) attempt: i16,
    pub(crate) parts: i16,
    /// A bit for each part that has come to its end.
    pub(crate) parts_ended: i64,
    /// The worst end that a part has come to.
    pub(crate) worst: Option<i16>,
    pub(crate) error: Option<String>,
    pub(crate) updated_at: NaiveDateTime,
    pub(crate) received_at: Option<NaiveDateTime>,
    /// Whether a queued one was given to a gateway, and its outcome is to come.
    pub(crate) handed_over: bool,
    /// Since when it is not known whether it was sent. A message that was sent may end as unknown, too.
    pub(crate) unknown_since: Option<NaiveDateTime>,
    /// How often it was sent again for that.
    pub(crate) resends: i16,
    /// In millionths.
    pub(crate) price: Option<i64>,
    pub(crate) sent_at: NaiveDateTime,
}

/// What has become known of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) key: Key,
    pub(crate) attempt: i16,
    /// Its place among the parts, from 0.
    pub(crate) part: i16,
    pub(crate) status: MessageStatus,
    pub(crate) error: Option<String>,
    pub(crate) at: NaiveDateTime,
    /// By a receipt, not by the end of waiting.
    pub(crate) received: bool,
}

/// Parts whose ends are kept; whatever comes of those beyond, no receipt is waited for.
const TRACKED_PARTS: i16 = 63;

/// The bit that says that a part has come to its end; none for a part that is not tracked.
pub(crate) fn end_of_part(part: i16) -> i64 {
    if (0..TRACKED_PARTS).contains(&part) {
        1 << part
    } else {
        0
    }
}

/// Whether a receipt of this status is the part's last.
pub(crate) fn ends_part(status: MessageStatus) -> bool {
    !matches!(
        status,
        MessageStatus::Queued | MessageStatus::Sent | MessageStatus::Accepted
    )
}

impl State {
    pub(crate) fn key(&self) -> Key {
        (self.campaign_id, self.seq)
    }

    /// Whether a part has come to its end, so that nothing more is to be heard of it.
    pub(crate) fn has_ended(&self, part: i16) -> bool {
        let end = end_of_part(part);
        self.parts_ended & end == end
    }

    /// Where it stands, for those who are told.
    pub(crate) fn change(&self) -> Result<Change, StoreError> {
        Ok(Change {
            recipient: RecipientKey {
                campaign: CampaignKey(self.campaign_id),
                seq: stored::unsigned("sequence number", self.seq)?,
            },
            attempt: self.attempt,
            status: stored::message_status(self.status)?,
            parts: self.parts,
            price: self.price.map(|millionths| Price { millionths }),
            created_at: self.sent_at.and_utc(),
            updated_at: self.updated_at.and_utc(),
        })
    }

    fn all_have_ended(&self) -> bool {
        let tracked = self.parts.min(TRACKED_PARTS);
        i64::from(self.parts_ended.count_ones()) >= i64::from(tracked)
    }

    /// How far along it is. What ends as unknown has ended; where it is not known whether it was sent, that may yet turn
    /// out.
    pub(crate) fn rank(&self) -> Result<u8, StoreError> {
        let status = stored::message_status(self.status)?;
        Ok(match (status, self.unknown_since) {
            (MessageStatus::Unknown, None) => MessageStatus::Delivered.rank(),
            _ => status.rank(),
        })
    }

    /// Whether it is not known whether it was sent.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.status == MessageStatus::Unknown.number() && self.unknown_since.is_some()
    }

    /// The attempt whose outcome is known, or that is under way.
    pub(crate) fn current_attempt(&self) -> i16 {
        self.attempt.saturating_add(i16::from(self.handed_over))
    }

    /// Takes in what has become known; whether that changes anything.
    ///
    /// Of another attempt than the current one only a delivery counts: the handset has that part, whichever attempt brought
    /// it. What else has become of it says nothing about this one.
    pub(crate) fn hear(&mut self, news: &News) -> Result<bool, StoreError> {
        let is_own = news.attempt == self.current_attempt();
        if self.has_ended(news.part) || !is_own && news.status != MessageStatus::Delivered {
            return Ok(false);
        }
        let before = self.clone();
        if ends_part(news.status) {
            self.end_part(news)?;
        } else {
            self.progress_to(news.status)?;
        }
        if *self == before {
            return Ok(false);
        }
        self.updated_at = self.updated_at.max(news.at);
        Ok(true)
    }

    fn end_part(&mut self, news: &News) -> Result<(), StoreError> {
        let worst = match self.worst {
            Some(worst) => worse(stored::message_status(worst)?, news.status),
            None => news.status,
        };
        self.worst = Some(worst.number());
        self.parts_ended |= end_of_part(news.part);
        if news.error.is_some() && news.status != MessageStatus::Delivered {
            self.error.clone_from(&news.error);
        }
        let is_open = self.rank()? < MessageStatus::Delivered.rank();
        if is_open && (self.all_have_ended() || self.is_lost_with(worst)) {
            self.status = worst.number();
            self.received_at = news.received.then_some(news.at);
            self.handed_over = false;
        }
        Ok(())
    }

    /// Whether the message cannot become whole any more, though nobody knows of all its parts.
    fn is_lost_with(&self, worst: MessageStatus) -> bool {
        self.is_in_doubt() && badness(worst) > badness(MessageStatus::Unknown)
    }

    /// Only what was sent moves on: one part that is on its way says nothing about those of which nothing is known.
    fn progress_to(&mut self, status: MessageStatus) -> Result<(), StoreError> {
        let rank = self.rank()?;
        if rank >= MessageStatus::Sent.rank() && status.rank() > rank {
            self.status = status.number();
        }
        Ok(())
    }
}

/// The status that a message of two parts that ended so has.
fn worse(one: MessageStatus, other: MessageStatus) -> MessageStatus {
    if badness(other) > badness(one) {
        other
    } else {
        one
    }
}

fn badness(status: MessageStatus) -> u8 {
    match status {
        MessageStatus::Delivered => 0,
        MessageStatus::Unknown => 1,
        MessageStatus::Expired => 2,
        MessageStatus::Deleted => 3,
        MessageStatus::Undeliverable => 4,
        MessageStatus::Rejected => 5,
        _ => 6,
    }
}

/// How many counters a unit has.
pub(crate) const COUNTERS: usize = 7;

/// Changes of unit counters: queued, sent, accepted, delivered, failed, unknown, opted out.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<Key, [i32; COUNTERS]>);

impl Tally {
    /// A message has come into this status.
    pub(crate) fn enter(&mut self, key: Key, status: i16) -> Result<(), StoreError> {
        self.add(key, status, 1)
    }

    /// A message has left this status.
    pub(crate) fn leave(&mut self, key: Key, status: i16) -> Result<(), StoreError> {
        self.add(key, status, -1)
    }

    fn add(&mut self, (campaign, seq): Key, status: i16, by: i32) -> Result<(), StoreError> {
        let seq: u32 = stored::unsigned("sequence number", seq)?;
        let unit = (campaign, stored::seq(send_units::first_seq_of(seq)));
        let counter = counter_of(stored::message_status(status)?);
        self.0.entry(unit).or_default()[counter] += by;
        Ok(())
    }

    /// The units that change, in the order of their keys, so that two transactions lock them in the same order.
    pub(crate) fn into_changes(self) -> Vec<(Key, [i32; COUNTERS])> {
        self.0
            .into_iter()
            .filter(|(_, counters)| counters.iter().any(|by| *by != 0))
            .collect()
    }
}

fn counter_of(status: MessageStatus) -> usize {
    match status {
        MessageStatus::Queued => 0,
        MessageStatus::Sent => 1,
        MessageStatus::Accepted => 2,
        MessageStatus::Delivered => 3,
        MessageStatus::Unknown => 5,
        MessageStatus::OptedOut => 6,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use MessageStatus::{Accepted, Delivered, Expired, Sent, Undeliverable, Unknown};

    use super::*;

    fn at(second: u32) -> NaiveDateTime {
        chrono::DateTime::from_timestamp(i64::from(second), 0)
            .unwrap()
            .naive_utc()
    }

    fn sent(parts: i16) -> State {
        State {
            campaign_id: 1,
            seq: 1,
            status: Sent.number(),
            attempt: 1,
            parts,
            parts_ended: 0,
            worst: None,
            error: None,
            updated_at: at(0),
            received_at: None,
            handed_over: false,
            unknown_since: None,
            resends: 0,
            price: None,
            sent_at: at(0),
        }
    }

    fn news(part: i16, status: MessageStatus) -> News {
        News {
            key: (1, 1),
            attempt: 1,
            part,
            status,
            error: None,
            at: at(9),
            received: true,
        }
    }

    /// What ends a part is heard of one after the other.
    #[track_caller]
    fn check(parts: i16, heard: &[MessageStatus], end: MessageStatus) {
        let mut state = sent(parts);
        let mut part = 0;
        for status in heard {
            state.hear(&news(part, *status)).unwrap();
            part += i16::from(ends_part(*status) && part + 1 < parts);
        }
        assert_eq!(state.status, end.number(), "{heard:?}");
    }

    #[test]
    fn a_message_ends_with_its_last_part_and_as_its_worst() {
        check(1, &[Delivered], Delivered);
        check(1, &[Accepted], Accepted);
        check(1, &[Accepted, Delivered], Delivered);
        check(1, &[Unknown], Unknown);
        check(2, &[Delivered], Sent);
        check(2, &[Accepted, Delivered], Accepted);
        check(2, &[Delivered, Delivered], Delivered);
        check(2, &[Undeliverable], Sent);
        check(2, &[Undeliverable, Delivered], Undeliverable);
        check(2, &[Delivered, Expired], Expired);
        check(3, &[Unknown, Delivered, Expired], Expired);
        check(2, &[Delivered, Unknown], Unknown);
    }

    #[test]
    fn an_ended_message_stays_as_it_is() {
        check(1, &[Delivered, Accepted], Delivered);
        check(1, &[Delivered, Undeliverable], Delivered);
        check(1, &[Undeliverable, Delivered], Undeliverable);
    }

    #[test]
    fn a_part_ends_once() {
        let mut state = sent(2);
        assert!(state.hear(&news(1, Delivered)).unwrap());
        assert!(!state.hear(&news(1, Expired)).unwrap());
        assert!(!state.hear(&news(1, Accepted)).unwrap());
        assert_eq!(state.status, Sent.number());
    }

    #[test]
    fn more_parts_than_are_tracked_end_with_those_that_are() {
        let mut state = sent(255);
        for part in 0..255 {
            state.hear(&news(part, Delivered)).unwrap();
        }
        assert_eq!(state.status, Delivered.number());
    }

    fn of_attempt(attempt: i16, part: i16, status: MessageStatus) -> News {
        News {
            attempt,
            ..news(part, status)
        }
    }

    #[test]
    fn of_an_earlier_attempt_only_a_delivery_counts() {
        let second = State {
            attempt: 2,
            ..sent(2)
        };
        let mut state = second.clone();
        for status in [Accepted, Undeliverable, Expired, Unknown] {
            assert!(!state.hear(&of_attempt(1, 0, status)).unwrap());
        }
        assert_eq!(state, second);
        assert!(state.hear(&of_attempt(1, 0, Delivered)).unwrap());
        assert!(state.hear(&of_attempt(2, 1, Delivered)).unwrap());
        assert_eq!(state.status, Delivered.number());
    }

    #[test]
    fn while_the_next_attempt_is_under_way_the_former_one_can_only_be_delivered() {
        let mut state = State {
            status: MessageStatus::Queued.number(),
            handed_over: true,
            ..sent(1)
        };
        assert!(!state.hear(&news(0, Undeliverable)).unwrap());
        assert!(state.hear(&news(0, Delivered)).unwrap());
        assert_eq!(
            (state.status, state.handed_over),
            (Delivered.number(), false)
        );
    }

    #[test]
    fn what_ends_as_unknown_has_ended() {
        let mut state = sent(1);
        state.hear(&news(0, Unknown)).unwrap();
        assert_eq!(state.rank().unwrap(), Delivered.rank());
        assert!(!state.is_in_doubt());
    }

    #[test]
    fn a_message_in_doubt_stays_so_until_all_of_it_is_known_or_it_cannot_be_whole() {
        let in_doubt = State {
            status: Unknown.number(),
            unknown_since: Some(at(1)),
            ..sent(2)
        };
        let mut state = in_doubt.clone();
        for status in [Accepted, Sent, Delivered] {
            state.hear(&news(0, status)).unwrap();
            assert!(state.is_in_doubt(), "{status:?}");
        }
        let queued = State {
            status: MessageStatus::Queued.number(),
            ..sent(2)
        };
        let mut state = queued.clone();
        assert!(!state.hear(&news(0, Accepted)).unwrap());
        let mut state = in_doubt;
        state.hear(&news(0, Expired)).unwrap();
        assert_eq!(state.status, Expired.number());
    }

    #[test]
    fn counters_that_come_and_go_are_no_change() {
        let mut tally = Tally::default();
        tally.leave((1, 1_000), Sent.number()).unwrap();
        tally.enter((1, 1), Sent.number()).unwrap();
        tally.enter((1, 1_001), Delivered.number()).unwrap();
        assert_eq!(tally.into_changes(), [((1, 1_001), [0, 0, 0, 1, 0, 0, 0])]);
    }
}
