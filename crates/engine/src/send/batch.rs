//! A batch: what goes to a gateway in one go, a share of each unit in hand, marked in one short transaction.

use std::collections::VecDeque;
use std::sync::Arc;

use clarion_domain::gateway::{Gateway, Reservation, Submission};
use clarion_persistence::send_units::{self, Mark};
use clarion_persistence::{Conn, StoreError};

use crate::claim::HeldUnit;
use crate::core::Core;
use crate::lease::Lease;
use crate::retry::until_done;
use crate::settle::Desk;

pub(crate) struct Batch {
    shares: Vec<Share>,
}

/// One unit's part of a batch.
pub(crate) struct Share {
    pub(crate) lease: Arc<Lease>,
    again: Vec<Submission>,
    fresh: Vec<Submission>,
}

/// What is to be marked of one unit.
struct Intent {
    lease: Arc<Lease>,
    again: Vec<u32>,
    upto: Option<u32>,
}

impl Batch {
    /// Takes at most `slots` messages, as evenly from the units in hand as their turns allow.
    pub(crate) fn take(held: &mut VecDeque<HeldUnit>, slots: usize) -> Self {
        let each = slots.div_ceil(held.len().max(1));
        let mut left = slots;
        let mut shares = Vec::with_capacity(held.len());
        for _ in 0..held.len() {
            let Some(unit) = held.front_mut().filter(|_| left > 0) else {
                break;
            };
            let share = Share::take(unit, each.min(left));
            left -= share.len();
            shares.push(share);
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
    pub(crate) async fn mark(&self, core: &Core) -> Result<Vec<Mark>, StoreError> {
        let intents: Vec<Intent> = self.shares.iter().map(Share::intent).collect();
        core.store
            .write(move |conn| {
                let marks = intents.iter().map(|intent| intent.mark(conn));
                marks.collect()
            })
            .await
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

    /// Keeps the shares that are marked, whose messages are open from now on, and tells which units are lost.
    pub(crate) fn keep_marked(&mut self, marks: &[Mark]) -> Vec<Arc<Lease>> {
        let mut lost = Vec::new();
        let mut marks = marks.iter();
        self.shares.retain(|share| {
            let marked = marks.next() == Some(&Mark::Marked);
            if marked {
                share.lease.opened(share.len());
            } else {
                lost.push(Arc::clone(&share.lease));
            }
            marked
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
            submissions.extend(share.again);
            submissions.extend(share.fresh);
        }
        let outcomes = desk.sink(Arc::clone(name), leases);
        gateway.submit(reservation, submissions, outcomes);
    }
}

impl Share {
    fn take(unit: &mut HeldUnit, most: usize) -> Self {
        let again: Vec<_> = unit.again.drain(..most.min(unit.again.len())).collect();
        let rest = most - again.len();
        let fresh = unit.fresh.drain(..rest.min(unit.fresh.len())).collect();
        Self {
            lease: Arc::clone(&unit.lease),
            again,
            fresh,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.again.len() + self.fresh.len()
    }

    /// Where the mark was before this share; `None` where it does not move it.
    fn before(&self) -> Option<(Arc<Lease>, u32)> {
        let first = self.fresh.first()?.recipient.seq;
        Some((Arc::clone(&self.lease), first - 1))
    }

    fn intent(&self) -> Intent {
        Intent {
            lease: Arc::clone(&self.lease),
            again: self
                .again
                .iter()
                .map(|message| message.recipient.seq)
                .collect(),
            upto: self.fresh.last().map(|message| message.recipient.seq),
        }
    }
}

impl Intent {
    fn mark(&self, conn: &mut Conn) -> Result<Mark, StoreError> {
        let unit = self.lease.unit();
        if !self.again.is_empty() {
            let mark = send_units::mark_queued(conn, unit, &self.again)?;
            if mark != Mark::Marked {
                return Ok(mark);
            }
        }
        match self.upto {
            Some(upto) => send_units::mark(conn, unit, upto),
            None => Ok(Mark::Marked),
        }
    }
}
