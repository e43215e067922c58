//! A batch: what goes to a gateway in one go, a share of each unit in hand, marked in one short transaction.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clarion_domain::client::ClientId;
use clarion_domain::gateway::{Gateway, Reservation, Submission};
use clarion_domain::message::MessageStatus;
use clarion_persistence::person_sends::{self, Addressed};
use clarion_persistence::send_units::{self, Mark};
use clarion_persistence::{Conn, StoreError, messages, opt_outs};

use crate::claim::{HeldUnit, Origin};
use crate::core::Core;
use crate::lease::Lease;
use crate::retry::until_done;
use crate::settle::{self, Desk};

pub(crate) struct Batch {
    shares: Vec<Share>,
}

/// One unit's part of a batch.
#[derive(Clone)]
pub(crate) struct Share {
    pub(crate) lease: Arc<Lease>,
    origin: Arc<Origin>,
    again: Arc<Vec<Submission>>,
    fresh: Arc<Vec<Submission>>,
}

/// What came of marking a share.
pub(crate) struct Marked {
    mark: Mark,
    /// Those of it who are sent nothing, which is written down.
    left_out: BTreeSet<u32>,
}

impl Batch {
    /// Takes at most `slots` messages, as evenly from the units in hand as their turns and their campaigns' paces allow.
    pub(crate) fn take(held: &mut VecDeque<HeldUnit>, slots: usize, core: &Core) -> Self {
        let may_go = held.iter().filter(|unit| unit.wait(core).is_zero());
        let each = slots.div_ceil(may_go.count().max(1));
        let mut left = slots;
        let mut shares = Vec::with_capacity(held.len());
        for _ in 0..held.len() {
            let Some(unit) = held.front_mut().filter(|_| left > 0) else {
                break;
            };
            if let Some(share) = Share::take(unit, each.min(left), core) {
                left -= share.len();
                shares.push(share);
            }
            held.rotate_left(1);
        }
        Self { shares }
    }

    pub(crate) fn len(&self) -> usize {
        self.shares.iter().map(Share::len).sum()
    }

    pub(crate) fn shares(&self) -> &[Share] {
        &self.shares
    }

    /// Marks all of it in one transaction; the answer for each share.
    pub(crate) async fn mark(&self, core: &Core) -> Result<Vec<Marked>, StoreError> {
        let shares = self.shares.clone();
        let now = core.now();
        let marked = core
            .store
            .write(move |conn| {
                hold_consents(conn, &shares)?;
                let marked = shares.iter().map(|share| share.mark(conn, now));
                marked.collect::<Result<Vec<_>, _>>()
            })
            .await?;
        if marked.iter().any(|share| !share.left_out.is_empty()) {
            core.moved.notify_one();
        }
        Ok(marked)
    }

    /// Takes the marks back of which it is open whether they last, since nothing of them was written. It waits for the
    /// store as long as that takes: sending pauses meanwhile, and nothing becomes unknown by that.
    ///
    /// Messages that were queued before may lose their rows all the same, and are then of unknown outcome.
    pub(crate) async fn take_back(&self, core: &Core) {
        let marks: Vec<_> = self.shares.iter().filter_map(Share::before).collect();
        let marks: Arc<[(Arc<Lease>, u32)]> = marks.into();
        until_done("taking marks back", || {
            let marks = Arc::clone(&marks);
            core.store.write(move |conn| {
                let mut marks = marks.iter();
                marks.try_for_each(|(lease, upto)| send_units::take_back(conn, lease.unit(), *upto))
            })
        })
        .await;
    }

    /// Keeps what is marked and has to be sent, whose messages are open from now on, and tells which units are lost.
    pub(crate) fn keep_marked(&mut self, marked: &[Marked]) -> Vec<Arc<Lease>> {
        let mut lost = Vec::new();
        let mut marked = marked.iter();
        self.shares.retain_mut(|share| {
            let Some(marked) = marked.next().filter(|marked| marked.mark == Mark::Marked) else {
                lost.push(Arc::clone(&share.lease));
                return false;
            };
            share.leave_out(&marked.left_out);
            share.lease.opened(share.len());
            true
        });
        lost
    }

    /// Hands it over.
    pub(crate) fn submit(
        self,
        gateway: &dyn Gateway,
        name: &Arc<str>,
        reservation: Reservation,
        desk: &Desk,
    ) {
        let mut leases = Vec::with_capacity(self.shares.len());
        let mut submissions = Vec::with_capacity(self.len());
        for share in self.shares {
            leases.push(share.lease);
            submissions.extend(Arc::unwrap_or_clone(share.again));
            submissions.extend(Arc::unwrap_or_clone(share.fresh));
        }
        let outcomes = desk.sink(Arc::clone(name), leases);
        gateway.submit(reservation, submissions, outcomes);
    }
}

/// Before anything else is locked, and in one order: whoever opts out waits for no one who waits for him. Where it counts what a
/// client has sent, one counts after the other.
fn hold_consents(conn: &mut Conn, shares: &[Share]) -> Result<(), StoreError> {
    let mut clients: BTreeMap<ClientId, bool> = BTreeMap::new();
    for origin in shares.iter().map(|share| &share.origin) {
        if !origin.answers {
            *clients.entry(origin.client).or_default() |= origin.max_per_person.is_some();
        }
    }
    clients
        .into_iter()
        .try_for_each(|(client, alone)| match alone {
            true => opt_outs::hold_alone(conn, client),
            false => opt_outs::hold(conn, client),
        })
}

impl Share {
    /// `None` where nothing of the unit may go.
    fn take(unit: &mut HeldUnit, most: usize, core: &Core) -> Option<Self> {
        let most = most.min(unit.remaining());
        let parts_of = |place| unit.parts_of(place);
        let most = core
            .paces
            .take(unit.campaign(), most, parts_of, &core.share);
        if most == 0 {
            return None;
        }
        let again: Vec<_> = unit.again.drain(..most.min(unit.again.len())).collect();
        let rest = most - again.len();
        let fresh = unit.fresh.drain(..rest.min(unit.fresh.len())).collect();
        Some(Self {
            lease: Arc::clone(&unit.lease),
            origin: Arc::clone(&unit.origin),
            again: Arc::new(again),
            fresh: Arc::new(fresh),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.again.len() + self.fresh.len()
    }

    /// Where the mark was before this share; `None` where it does not move it.
    fn before(&self) -> Option<(Arc<Lease>, u32)> {
        let first = self.fresh.first()?.recipient.seq;
        Some((Arc::clone(&self.lease), first - 1))
    }

    fn mark(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<Marked, StoreError> {
        let mark = self.move_mark(conn)?;
        let left_out = match mark {
            Mark::Marked if !self.origin.answers => self.leave_some_out(conn, now)?,
            _ => BTreeSet::new(),
        };
        Ok(Marked { mark, left_out })
    }

    fn move_mark(&self, conn: &mut Conn) -> Result<Mark, StoreError> {
        let unit = self.lease.unit();
        if !self.again.is_empty() {
            let again: Vec<u32> = seqs(&self.again).collect();
            let mark = send_units::mark_queued(conn, unit, &again)?;
            if mark != Mark::Marked {
                return Ok(mark);
            }
        }
        match seqs(&self.fresh).last() {
            Some(upto) => send_units::mark(conn, unit, upto),
            None => Ok(Mark::Marked),
        }
    }

    /// Writes down who of it is not written to: who has opted out, and who has had as much as the client may send.
    fn leave_some_out(
        &self,
        conn: &mut Conn,
        now: DateTime<Utc>,
    ) -> Result<BTreeSet<u32>, StoreError> {
        let suppressed = self.suppressed(conn)?;
        let capped = self.capped(conn, &suppressed, now)?;
        let settlements: Vec<_> = self
            .messages()
            .filter_map(|message| {
                let seq = &message.recipient.seq;
                let status = match (suppressed.contains(seq), capped.contains(seq)) {
                    (true, _) => MessageStatus::OptedOut,
                    (false, true) => MessageStatus::FrequencyCapped,
                    (false, false) => return None,
                };
                Some(settle::unsent(message.clone(), status, now))
            })
            .collect();
        if !settlements.is_empty() {
            messages::settle(conn, &settlements)?;
        }
        Ok(suppressed.into_iter().chain(capped).collect())
    }

    fn suppressed(&self, conn: &mut Conn) -> Result<BTreeSet<u32>, StoreError> {
        let Origin { client, sender, .. } = &*self.origin;
        let asked: Vec<u32> = self
            .messages()
            .map(|message| message.recipient.seq)
            .collect();
        let campaign = self.lease.unit().campaign;
        opt_outs::suppressed(conn, *client, sender, campaign, &asked)
    }

    fn capped(
        &self,
        conn: &mut Conn,
        suppressed: &BTreeSet<u32>,
        now: DateTime<Utc>,
    ) -> Result<BTreeSet<u32>, StoreError> {
        let Some(cap) = self.origin.max_per_person else {
            return Ok(BTreeSet::new());
        };
        let addressed = |message: &Submission| (message.recipient.seq, message.destination);
        let mut addressed: Vec<Addressed> = self.messages().map(addressed).collect();
        addressed.retain(|(seq, _)| !suppressed.contains(seq));
        let campaign = self.lease.unit().campaign;
        person_sends::take_places(conn, self.origin.client, cap, campaign, &addressed, now)
    }

    fn messages(&self) -> impl Iterator<Item = &Submission> {
        self.again.iter().chain(&*self.fresh)
    }

    fn leave_out(&mut self, left_out: &BTreeSet<u32>) {
        if left_out.is_empty() {
            return;
        }
        for some in [&mut self.again, &mut self.fresh] {
            Arc::make_mut(some).retain(|message| !left_out.contains(&message.recipient.seq));
        }
    }
}

fn seqs(messages: &[Submission]) -> impl Iterator<Item = u32> {
    messages.iter().map(|message| message.recipient.seq)
}
