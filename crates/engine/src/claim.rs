//! Taking a unit: lease it, read its recipients once, put the messages into words, write down as unknown what its former
//! holder left open, and set aside what may not be sent now.

mod contents;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clarion_domain::client::ClientId;
use clarion_domain::frequency::FrequencyCap;
use clarion_domain::gateway::Submission;
use clarion_domain::hours::Planner;
use clarion_domain::opt_out::SenderName;
use clarion_domain::recipient::CampaignKey;
use clarion_domain::text::{Reference, segments};
use clarion_persistence::campaigns::{self, Outgoing};
use clarion_persistence::send_units::{self, Free, Mark, Unit};
use clarion_persistence::{StoreError, messages};
use tokio::sync::mpsc;
use tracing::{error, warn};

use crate::core::Core;
use crate::lease::Lease;
use crate::pace::Rate;
use crate::settle;
use crate::wording::Wording;
use contents::{Aside, Contents};

/// A unit in a sender's hands, with its messages that are still to be sent.
pub(crate) struct HeldUnit {
    pub(crate) lease: Arc<Lease>,
    /// Whose messages they are.
    pub(crate) origin: Arc<Origin>,
    /// Known not to have been written by an earlier attempt.
    pub(crate) again: VecDeque<Submission>,
    /// Those after the mark, in order.
    pub(crate) fresh: VecDeque<Submission>,
    /// From then on one of them may not be sent, and all of them are to be judged again.
    good_until: Option<DateTime<Utc>>,
}

/// Whose a campaign's messages are: what opt-outs are from, and what is counted against.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) client: ClientId,
    pub(crate) sender: SenderName,
    /// They go to whoever has opted out, too.
    pub(crate) answers: bool,
    /// How many the client may send to one person.
    pub(crate) max_per_person: Option<FrequencyCap>,
}

/// Which campaigns a sender wants units of.
pub(crate) struct Wish {
    /// It has enough of these.
    pub(crate) except: HashSet<CampaignKey>,
    /// The one whose turn was last.
    pub(crate) after: CampaignKey,
    /// How many units at most, each of another campaign.
    pub(crate) most: usize,
}

impl HeldUnit {
    /// Whether it is the unit of this lease.
    pub(crate) fn is_of(&self, lease: &Arc<Lease>) -> bool {
        Arc::ptr_eq(&self.lease, lease)
    }

    /// Whether it must be claimed anew before more of it is sent.
    pub(crate) fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.good_until.is_some_and(|end| end <= now)
    }

    /// The campaign that it is of.
    pub(crate) fn campaign(&self) -> CampaignKey {
        self.lease.unit().campaign
    }

    /// How long its campaign's pace lets it wait; zero: its next message may go.
    pub(crate) fn wait(&self, core: &Core) -> Duration {
        let parts = || self.parts_of(0);
        core.paces.wait(self.campaign(), parts, &core.share)
    }

    /// The parts of a message still to be sent, by its place.
    pub(crate) fn parts_of(&self, place: usize) -> u32 {
        let fresh = || self.fresh.get(place.checked_sub(self.again.len())?);
        let message = self.again.get(place).or_else(fresh);
        message.map_or(1, |message| {
            segments(&message.text, Reference::default()).count
        })
    }

    /// Messages still to be sent.
    pub(crate) fn remaining(&self) -> usize {
        self.again.len() + self.fresh.len()
    }
}

/// Takes one unit of each campaign whose turn it is. Units go back through `done`.
pub(crate) async fn claim(
    core: Arc<Core>,
    wish: Wish,
    done: mpsc::UnboundedSender<Unit>,
) -> Result<Vec<HeldUnit>, StoreError> {
    let now = core.now();
    let (outgoing, rates) = core
        .store
        .read(move |conn| {
            let outgoing = campaigns::sending(conn, now)?;
            let rates = Rate::read(conn, &outgoing, now)?;
            Ok((outgoing, rates))
        })
        .await?;
    core.paces.set(&rates);
    let chosen = wish.choose(outgoing, |campaign| is_due(&core, campaign));
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    let mut held = Vec::with_capacity(chosen.len());
    for (campaign, unit) in lease(&core, chosen).await? {
        let lease = Lease::new(unit, &core.held, done.clone());
        if lease.unit().as_of != campaign.updated_at {
            // It changed between reading it and claiming.
            lease.let_go();
            continue;
        }
        match open(&core, campaign, &lease).await {
            Ok(Some(unit)) if unit.remaining() == 0 => lease.let_go(),
            Ok(Some(unit)) => held.push(unit),
            // Kept under lease, or it would be claimed again at once, and again.
            Ok(None) => {}
            Err(error) => {
                warn!(%error, campaign = lease.unit().campaign.0, "a unit could not be read");
                lease.let_go();
            }
        }
    }
    Ok(held)
}

impl Origin {
    fn of(campaign: &Outgoing) -> Self {
        Self {
            client: campaign.client,
            sender: SenderName::of(campaign.sender.as_str()),
            answers: campaign.answers,
            max_per_person: campaign.max_per_person,
        }
    }
}

impl Wish {
    /// The campaigns whose turn it is, beginning with the one after the last.
    fn choose(
        &self,
        mut outgoing: Vec<Outgoing>,
        is_due: impl Fn(CampaignKey) -> bool,
    ) -> Vec<Outgoing> {
        outgoing.retain(|campaign| !self.except.contains(&campaign.key) && is_due(campaign.key));
        outgoing.sort_by_key(|campaign| (campaign.key <= self.after, campaign.key));
        outgoing.truncate(self.most);
        outgoing
    }
}

/// Whether a message of the campaign may go before it is looked for work again: the units of others are not kept from their
/// campaigns meanwhile.
fn is_due(core: &Core, campaign: CampaignKey) -> bool {
    core.paces.wait(campaign, || 1, &core.share) <= core.settings.poll_interval
}

async fn lease(core: &Core, chosen: Vec<Outgoing>) -> Result<Vec<(Outgoing, Unit)>, StoreError> {
    let node = core.settings.node.clone();
    let lease = core.settings.lease;
    let now = core.now();
    // After trouble with the database, those who held units first settle what they know: else it would be taken for unknown.
    let which = match core.trouble.is_recent() {
        true => Free::GivenBack,
        false => Free::RunOut,
    };
    core.store
        .write(move |conn| {
            let mut claimed = Vec::with_capacity(chosen.len());
            for campaign in &chosen {
                let units = send_units::claim_of(conn, campaign.key, which, &node, lease, now, 1)?;
                claimed.extend(units.into_iter().map(|unit| (campaign.clone(), unit)));
            }
            Ok(claimed)
        })
        .await
}

/// Reads a leased unit; `None` where its campaign's message cannot be read.
async fn open(
    core: &Core,
    campaign: Outgoing,
    lease: &Arc<Lease>,
) -> Result<Option<HeldUnit>, StoreError> {
    let wording = match Wording::of_outgoing(&campaign, &core.settings.links) {
        Ok(wording) => wording,
        Err(faults) => {
            error!(
                campaign = campaign.key.0,
                faults = faults.len(),
                "the stored message is no template"
            );
            return Ok(None);
        }
    };
    let origin = Arc::new(Origin::of(&campaign));
    let unit = lease.unit().clone();
    let planner = planner(core, &campaign);
    // Without hours there is nothing to judge, and all of the unit may wait for its turn in hand.
    let soon = planner
        .as_ref()
        .and_then(|_| core.paces.soon(campaign.key, &core.share));
    let now = core.now();
    let mut contents = core
        .store
        .read(move |conn| Contents::read(conn, &campaign, &wording, &unit, (planner, soon), now))
        .await?;
    settle_lost(core, contents.lost).await?;
    core.paces
        .pass(lease.unit().campaign, contents.aside.dropped());
    if !set_aside(core, lease, contents.aside).await? {
        // It is another's by now, or its campaign has changed.
        contents.again.clear();
        contents.fresh.clear();
    }
    Ok(Some(HeldUnit {
        lease: Arc::clone(lease),
        origin,
        again: contents.again,
        fresh: contents.fresh,
        good_until: contents.good_until,
    }))
}

/// What judges when a campaign's messages may be sent; `None` where they may always be.
fn planner(core: &Core, campaign: &Outgoing) -> Option<Planner> {
    if campaign.key.is_direct() {
        return None;
    }
    let rules = core.settings.hours_for(&campaign.timing);
    Planner::new(&campaign.timing, rules, core.now())
}

/// Writes down what is not sent now; whether the unit still is this node's to send from.
async fn set_aside(core: &Core, lease: &Arc<Lease>, aside: Aside) -> Result<bool, StoreError> {
    if aside.is_empty() {
        return Ok(true);
    }
    let unit = lease.unit().clone();
    let has_ended = aside.has_ended();
    let mark = core
        .store
        .write(move |conn| send_units::set_aside(conn, &unit, &aside.settlements, aside.not_before))
        .await?;
    if has_ended {
        core.moved.notify_one();
    }
    Ok(mark == Mark::Marked)
}

async fn settle_lost(core: &Core, lost: Vec<Submission>) -> Result<(), StoreError> {
    if lost.is_empty() {
        return Ok(());
    }
    warn!(
        messages = lost.len(),
        "found marked and without an outcome: they are of unknown outcome now"
    );
    let now = core.now();
    let settlements: Vec<_> = lost
        .into_iter()
        .map(|submission| settle::lost(submission, now))
        .collect();
    core.store
        .write(move |conn| messages::settle(conn, &settlements).map(|_| ()))
        .await?;
    core.moved.notify_one();
    Ok(())
}

#[cfg(test)]
mod tests {
    use clarion_domain::client::FIRST_CLIENT;
    use clarion_domain::sender::SenderId;

    use super::*;

    fn outgoing(key: i64) -> Outgoing {
        Outgoing {
            key: CampaignKey(key),
            client: FIRST_CLIENT,
            answers: false,
            max_per_person: None,
            sender: SenderId::ShortCode("12345".to_owned()),
            message: "Hello".to_owned(),
            smart_encoding: false,
            opt_out_link_id: None,
            track_link_url: None,
            timing: clarion_domain::campaign::Timing::default(),
            updated_at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    fn chosen(after: i64, most: usize) -> Vec<i64> {
        let wish = Wish {
            except: HashSet::from([CampaignKey(2)]),
            after: CampaignKey(after),
            most,
        };
        let chosen = wish.choose([4, 1, 3, 2, 5].map(outgoing).to_vec(), |key| key.0 != 5);
        chosen.iter().map(|campaign| campaign.key.0).collect()
    }

    #[test]
    fn campaigns_take_turns() {
        assert_eq!(chosen(0, 9), [1, 3, 4]);
        assert_eq!(chosen(1, 2), [3, 4]);
        assert_eq!(chosen(3, 2), [4, 1]);
        assert_eq!(chosen(4, 1), [1]);
    }
}
