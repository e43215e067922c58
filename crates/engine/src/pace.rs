//! How much of the campaigns that set themselves a pace this node may hand over now, by all of its gateways together.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use clarion_domain::campaign::{Pace as CampaignPace, SAVED_SECONDS};
use clarion_domain::recipient::CampaignKey;
use clarion_persistence::campaigns::Outgoing;
use clarion_persistence::{Conn, StoreError, send_units};
use tokio::time::Instant;

use crate::share::Share;

/// What of a campaign comes so soon is judged, whether it may be sent at its time.
const SOON_SECONDS: f64 = 10.0;
/// More of a campaign than a unit has need not be judged at once.
const MOST_SOON: f64 = 1_000.0;
/// What is missing may be less than any timer can tell, and is missing all the same.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);
/// A campaign of which nothing was heard for so long is forgotten: it is sent no more.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);
/// What was saved in ten steps may lack the last bit of one part.
const LAST_BIT: f64 = 1e-9;

/// How fast a campaign may go at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rate {
    campaign: CampaignKey,
    /// When the campaign last changed, as it was read.
    as_of: DateTime<Utc>,
    /// Most parts per second of the whole cluster.
    most: Option<u32>,
    /// Messages per second of the whole cluster that spread it evenly.
    even: Option<f64>,
    /// All that is left of it is one unit: who holds that has nobody to share with.
    is_one_unit: bool,
}

impl Rate {
    /// The rates of campaigns that are being sent.
    pub(crate) fn read(
        conn: &mut Conn,
        outgoing: &[Outgoing],
        now: DateTime<Utc>,
    ) -> Result<Vec<Self>, StoreError> {
        let rate = |campaign: &Outgoing| {
            let pace = campaign.timing.pace;
            let left = match pace.is_free() {
                true => send_units::Left::default(),
                false => send_units::left(conn, campaign.key)?,
            };
            Ok(Self {
                campaign: campaign.key,
                as_of: campaign.updated_at,
                most: pace.max_per_second,
                even: pace.even(left.messages, now),
                is_one_unit: left.units == 1,
            })
        };
        outgoing.iter().map(rate).collect()
    }

    fn is_free(&self) -> bool {
        self.most.is_none() && self.even.is_none()
    }

    /// Parts per second of this node; `None`: no limit.
    fn parts(&self, share: &Share) -> Option<f64> {
        let of = |most| match self.is_one_unit {
            true => most,
            false => share.whole(most),
        };
        self.most.map(|most| CampaignPace::within(of(most)))
    }

    /// Messages per second of this node; `None`: no limit.
    fn messages(&self, share: &Share) -> Option<f64> {
        let of = |even| match self.is_one_unit {
            true => even,
            false => share.of(even),
        };
        self.even.map(of)
    }
}

/// What may be handed over of each campaign with a pace. It knows a campaign before a unit of it is in hand.
#[derive(Debug, Default)]
pub(crate) struct Paces(Mutex<HashMap<CampaignKey, Pace>>);

#[derive(Debug)]
struct Pace {
    rate: Rate,
    /// Parts that may be handed over.
    parts: Saved,
    /// Messages that may be handed over.
    messages: Saved,
    heard_of: Instant,
}

impl Paces {
    /// The campaigns have these rates from now on. What was read before they changed does not count.
    pub(crate) fn set(&self, rates: &[Rate]) {
        let now = Instant::now();
        let mut paces = self.lock();
        for rate in rates {
            match paces.get_mut(&rate.campaign) {
                Some(pace) => pace.change(*rate, now),
                None if rate.is_free() => {}
                None => {
                    paces.insert(rate.campaign, Pace::new(*rate, now));
                }
            }
        }
        paces.retain(|_, pace| now.duration_since(pace.heard_of) < FORGOTTEN_AFTER);
    }

    /// Messages of a campaign that may be handed over now, at most so many; they count as handed over. `parts_of` tells the
    /// parts of one by its place.
    pub(crate) fn take(
        &self,
        campaign: CampaignKey,
        most: usize,
        parts_of: impl Fn(usize) -> u32,
        share: &Share,
    ) -> usize {
        match self.lock().get_mut(&campaign) {
            Some(pace) => pace.take(most, parts_of, share),
            None => most,
        }
    }

    /// How long it is until a message of so many parts may be handed over; zero: it may now.
    pub(crate) fn wait(
        &self,
        campaign: CampaignKey,
        parts: impl FnOnce() -> u32,
        share: &Share,
    ) -> Duration {
        match self.lock().get_mut(&campaign) {
            Some(pace) => pace.wait(parts, share),
            None => Duration::ZERO,
        }
    }

    /// Messages of a campaign whose turn comes soon, at least one; `None`: it has no pace.
    pub(crate) fn soon(&self, campaign: CampaignKey, share: &Share) -> Option<usize> {
        let paces = self.lock();
        let pace = paces.get(&campaign).filter(|pace| !pace.rate.is_free())?;
        let rates = [pace.rate.parts(share), pace.rate.messages(share)];
        let rate = rates.into_iter().flatten().fold(f64::MAX, f64::min);
        Some(whole((rate * SOON_SECONDS).clamp(1.0, MOST_SOON)))
    }

    /// So many messages of a campaign have had their turn, and were not sent.
    pub(crate) fn pass(&self, campaign: CampaignKey, messages: usize) {
        if let Some(pace) = self.lock().get_mut(&campaign) {
            let messages = Some(f64::from(u32::try_from(messages).unwrap_or(u32::MAX)));
            pace.parts
                .take(messages.filter(|_| pace.rate.most.is_some()));
            pace.messages
                .take(messages.filter(|_| pace.rate.even.is_some()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CampaignKey, Pace>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    fn new(rate: Rate, now: Instant) -> Self {
        Self {
            rate,
            parts: Saved::none(now),
            messages: Saved::none(now),
            heard_of: now,
        }
    }

    fn change(&mut self, rate: Rate, now: Instant) {
        self.heard_of = now;
        if rate.as_of >= self.rate.as_of {
            self.rate = rate;
        }
    }

    fn take(&mut self, most: usize, parts_of: impl Fn(usize) -> u32, share: &Share) -> usize {
        self.save(share);
        let mut taken = 0;
        while taken < most && self.take_one(|| parts_of(taken)) {
            taken += 1;
        }
        taken
    }

    fn take_one(&mut self, parts: impl FnOnce() -> u32) -> bool {
        let parts = self.rate.most.map(|_| f64::from(parts()));
        let message = self.rate.even.map(|_| 1.0);
        let may_go = self.parts.has(parts) && self.messages.has(message);
        if may_go {
            self.parts.take(parts);
            self.messages.take(message);
        }
        may_go
    }

    fn wait(&mut self, parts: impl FnOnce() -> u32, share: &Share) -> Duration {
        if self.rate.is_free() {
            return Duration::ZERO;
        }
        self.save(share);
        let parts = self.rate.most.map(|_| f64::from(parts()));
        let message = self.rate.even.map(|_| 1.0);
        self.parts.wait(parts).max(self.messages.wait(message))
    }

    fn save(&mut self, share: &Share) {
        let now = Instant::now();
        self.parts
            .save(self.rate.parts(share).unwrap_or_default(), now);
        self.messages
            .save(self.rate.messages(share).unwrap_or_default(), now);
    }
}

/// What may be handed over at a rate.
#[derive(Debug)]
struct Saved {
    /// Less than nothing where a message went that had more parts than can be saved up.
    amount: f64,
    /// When it was as much.
    at: Instant,
    /// As of then, per second.
    rate: f64,
}

impl Saved {
    fn none(now: Instant) -> Self {
        Self {
            amount: 0.0,
            at: now,
            rate: 0.0,
        }
    }

    fn save(&mut self, rate: f64, now: Instant) {
        self.rate = rate;
        let gained = rate * now.duration_since(self.at).as_secs_f64();
        self.amount = (self.amount + gained).min(self.room());
        self.at = now;
    }

    /// Most that is saved up.
    fn room(&self) -> f64 {
        (self.rate * SAVED_SECONDS).max(1.0)
    }

    /// Whether so much may go; `None`: there is no limit.
    fn has(&self, wanted: Option<f64>) -> bool {
        wanted.is_none_or(|wanted| self.amount + LAST_BIT >= wanted.min(self.room()))
    }

    fn take(&mut self, wanted: Option<f64>) {
        self.amount -= wanted.unwrap_or_default();
    }

    /// Until so much may go, and half of what can be saved is saved, so that batches are not of one message each.
    fn wait(&self, wanted: Option<f64>) -> Duration {
        let Some(wanted) = wanted else {
            return Duration::ZERO;
        };
        let room = self.room();
        let missing = wanted.min(room).max(room / 2.0) - self.amount;
        if missing <= LAST_BIT {
            return Duration::ZERO;
        }
        let wait = Duration::try_from_secs_f64(missing / self.rate).unwrap_or(Duration::MAX);
        wait.max(SHORTEST_WAIT)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 1 and 1,000"
)]
fn whole(messages: f64) -> usize {
    messages.ceil() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAMPAIGN: CampaignKey = CampaignKey(1);

    fn rate(as_of: i64, most: Option<u32>, even: Option<f64>) -> Rate {
        Rate {
            campaign: CAMPAIGN,
            as_of: DateTime::from_timestamp(as_of, 0).unwrap(),
            most,
            even,
            is_one_unit: false,
        }
    }

    async fn pass(millis: u64) {
        tokio::time::advance(Duration::from_millis(millis)).await;
    }

    struct Node {
        paces: Paces,
        share: Share,
    }

    impl Node {
        fn at(rate: Rate) -> Self {
            let (paces, share) = (Paces::default(), Share::default());
            paces.set(&[rate]);
            Self { paces, share }
        }

        fn take(&self, parts: u32) -> usize {
            self.paces.take(CAMPAIGN, 500, |_| parts, &self.share)
        }

        fn soon(&self) -> Option<usize> {
            self.paces.soon(CAMPAIGN, &self.share)
        }

        fn wait(&self, parts: u32) -> Duration {
            self.paces.wait(CAMPAIGN, || parts, &self.share)
        }

        /// What goes in each of some seconds, of a sender that waits as it is told.
        async fn seconds(&self, seconds: usize, parts: u32) -> Vec<usize> {
            let begun = Instant::now();
            let mut went = vec![0; seconds];
            loop {
                tokio::time::advance(self.wait(parts)).await;
                let second = (Instant::now() - begun).as_secs() as usize;
                match went.get_mut(second) {
                    Some(went) => *went += self.take(parts),
                    None => return went,
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_sees_more_than_the_limit_and_each_nearly_that() {
        for most in [1, 3, 20, 21, 100, 5_000] {
            let node = Node::at(rate(0, Some(most), None));
            pass(60_000).await;
            for went in node.seconds(20, 1).await {
                let most = most as usize;
                assert!(went <= most, "{went} of {most}");
                assert!((went + 1) * 10 >= most * 9, "{went} of {most}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_sees_more_of_all_nodes_together() {
        for most in [1, 2, 3, 5, 7, 20, 50] {
            let nodes: Vec<_> = (0..4)
                .map(|_| Node::at(rate(0, Some(most), None)))
                .collect();
            for (place, node) in nodes.iter().enumerate() {
                node.share.set(vec![place], 4, None);
            }
            pass(60_000).await;
            let mut went: Vec<usize> = Vec::new();
            for _ in 0..3_000 {
                went.push(nodes.iter().map(|node| node.take(1)).sum());
                pass(1).await;
            }
            let seconds = went.windows(1_000).map(|second| second.iter().sum());
            let (busiest, all) = (seconds.max().unwrap_or(0), went.iter().sum::<usize>());
            assert!(busiest <= most as usize, "{busiest} of {most}");
            assert!(all * 10 >= most as usize * 3 * 8, "{all} of {most}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_soon_is_what_goes_in_ten_seconds() {
        let soon = |most, even| Node::at(rate(0, most, even)).soon();
        assert_eq!(soon(None, None), None);
        assert_eq!(soon(Some(21), None), Some(200));
        assert_eq!(soon(Some(21), Some(0.001)), Some(1));
        assert_eq!(soon(Some(100_000), None), Some(1_000));
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_is_passed_is_a_turn() {
        let node = Node::at(rate(0, None, Some(1.0)));
        node.paces.pass(CAMPAIGN, 5);
        pass(5_000).await;
        assert_eq!(node.take(1), 0);
        pass(1_000).await;
        assert_eq!(node.take(1), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn long_messages_count_by_their_parts() {
        let node = Node::at(rate(0, Some(60), None));
        let went: usize = node.seconds(20, 3).await.iter().sum();
        assert!((360..=400).contains(&went), "{went}");
        // Of one that has more parts than the limit, none is kept back for ever.
        let node = Node::at(rate(0, Some(2), None));
        let went: usize = node.seconds(30, 10).await.iter().sum();
        assert!((5..=6).contains(&went), "{went}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_slower_of_the_two_counts() {
        let node = Node::at(rate(0, Some(100), Some(20.0)));
        let went: usize = node.seconds(10, 1).await.iter().sum();
        assert!((195..=201).contains(&went), "{went}");
        let node = Node::at(rate(0, Some(10), Some(1_000.0)));
        let went: usize = node.seconds(10, 1).await.iter().sum();
        assert!((90..=100).contains(&went), "{went}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_has_its_share_unless_nobody_else_can_have_any() {
        let node = Node::at(rate(0, Some(100), None));
        node.share.set(vec![3], 4, None);
        let went: usize = node.seconds(10, 1).await.iter().sum();
        assert!((225..=250).contains(&went), "{went}");
        node.paces.set(&[Rate {
            is_one_unit: true,
            ..rate(0, Some(100), None)
        }]);
        let went: usize = node.seconds(10, 1).await.iter().sum();
        assert!((900..=1_000).contains(&went), "{went}");
        node.paces.set(&[rate(0, Some(100), None)]);
        node.share.set(Vec::new(), 4, None);
        node.take(1);
        pass(60_000).await;
        assert_eq!(node.take(1), 0);
        assert_eq!(node.wait(1), Duration::MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_campaign_hands_over_one_at_a_time() {
        let node = Node::at(rate(0, None, Some(0.25)));
        assert_eq!(node.wait(1), Duration::from_secs(4));
        pass(3_999).await;
        assert_eq!(node.take(1), 0);
        pass(1).await;
        assert_eq!(node.take(1), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_read_before_a_change_does_not_count() {
        let node = Node::at(rate(0, Some(1), None));
        node.paces.set(&[rate(2, Some(2), None)]);
        node.paces.set(&[rate(1, None, None)]);
        assert_eq!(node.take(1), 0);
        node.paces.set(&[rate(3, None, None)]);
        assert_eq!(node.take(1), 500);
        assert_eq!(node.wait(1), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_campaign_without_a_pace_is_not_counted() {
        let node = Node::at(rate(0, None, None));
        let parts = |_| unreachable!("nobody counts them");
        assert_eq!(node.paces.take(CAMPAIGN, 500, parts, &node.share), 500);
    }
}
