//! How much of the campaigns that set themselves a limit this node may hand over now, by all of its gateways together.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use clarion_domain::recipient::CampaignKey;
use clarion_persistence::campaigns::Outgoing;
use clarion_persistence::{Conn, StoreError, send_units};
use tokio::time::Instant;

use crate::share::Share;

/// What is not used is saved up for so many seconds, so that messages go out in batches and no time is lost between them.
const SAVED_SECONDS: f64 = 0.1;
/// A campaign of which nothing was heard for so long is forgotten: it is sent no more.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);

/// The rate of a campaign at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rate {
    campaign: CampaignKey,
    /// When the campaign last changed, as it was read.
    as_of: DateTime<Utc>,
    /// Messages per second of the whole cluster; `None`: no limit.
    per_second: Option<f64>,
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
            let left = match pace.spread_until {
                Some(until) if until > now => send_units::left(conn, campaign.key)?,
                _ => 0,
            };
            Ok(Self {
                campaign: campaign.key,
                as_of: campaign.updated_at,
                per_second: pace.rate(left, now),
            })
        };
        outgoing.iter().map(rate).collect()
    }
}

/// What may be handed over of each campaign with a limit. It knows a campaign before a unit of it is in hand.
#[derive(Debug, Default)]
pub(crate) struct Paces(Mutex<HashMap<CampaignKey, Pace>>);

#[derive(Debug)]
struct Pace {
    rate: Rate,
    /// Messages that may be handed over.
    saved: f64,
    /// When they were as many.
    at: Instant,
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
                None if rate.per_second.is_some() => {
                    paces.insert(rate.campaign, Pace::new(*rate, now));
                }
                None => {}
            }
        }
        paces.retain(|_, pace| now.duration_since(pace.heard_of) < FORGOTTEN_AFTER);
    }

    /// Messages of a campaign that may be handed over now, at most so many. They count as handed over.
    pub(crate) fn take(&self, campaign: CampaignKey, most: usize, share: &Share) -> usize {
        let mut paces = self.lock();
        match paces.get_mut(&campaign) {
            Some(pace) => pace.take(most, share),
            None => most,
        }
    }

    /// How long it is until messages of a campaign may be handed over; `None`: they may now.
    pub(crate) fn wait(&self, campaign: CampaignKey, share: &Share) -> Option<Duration> {
        self.lock().get_mut(&campaign)?.wait(share)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CampaignKey, Pace>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    fn new(rate: Rate, now: Instant) -> Self {
        Self {
            rate,
            saved: 0.0,
            at: now,
            heard_of: now,
        }
    }

    fn change(&mut self, rate: Rate, now: Instant) {
        self.heard_of = now;
        if rate.as_of >= self.rate.as_of {
            self.rate = rate;
        }
    }

    fn take(&mut self, most: usize, share: &Share) -> usize {
        if self.rate.per_second.is_none() {
            return most;
        }
        self.save(share);
        let taken = whole(self.saved).min(most);
        self.saved -= messages(taken);
        taken
    }

    /// Until half of what can be saved is saved, so that batches are not of one message each.
    fn wait(&mut self, share: &Share) -> Option<Duration> {
        let rate = share.of(self.rate.per_second?);
        self.save(share);
        let missing = (room(rate) / 2.0).max(1.0) - self.saved;
        (missing > 0.0).then(|| Duration::try_from_secs_f64(missing / rate).unwrap_or(Duration::MAX))
    }

    fn save(&mut self, share: &Share) {
        let rate = share.of(self.rate.per_second.unwrap_or_default());
        let now = Instant::now();
        let gained = rate * now.duration_since(self.at).as_secs_f64();
        self.saved = (self.saved + gained).min(room(rate));
        self.at = now;
    }
}

/// Most messages that are saved up at a rate.
fn room(rate: f64) -> f64 {
    (rate * SAVED_SECONDS).max(1.0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at least 0, and far below 2^32"
)]
fn whole(messages: f64) -> usize {
    // What was saved in ten steps may lack the last bit of one message.
    (messages + 1e-9).floor() as usize
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn messages(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAMPAIGN: CampaignKey = CampaignKey(1);

    fn rate(as_of: i64, per_second: Option<f64>) -> Rate {
        Rate {
            campaign: CAMPAIGN,
            as_of: DateTime::from_timestamp(as_of, 0).unwrap(),
            per_second,
        }
    }

    async fn pass(millis: u64) {
        tokio::time::advance(Duration::from_millis(millis)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_rate_is_handed_over_and_little_is_saved_up() {
        let (paces, share) = (Paces::default(), Share::default());
        paces.set(&[rate(0, Some(100.0))]);
        assert_eq!(paces.take(CampaignKey(2), 500, &share), 500, "no limit");
        assert_eq!(paces.take(CAMPAIGN, 500, &share), 0);
        assert_eq!(
            paces.wait(CAMPAIGN, &share),
            Some(Duration::from_millis(50)),
            "half of what is saved up"
        );
        let mut taken = 0;
        for _ in 0..100 {
            pass(50).await;
            assert_eq!(paces.wait(CAMPAIGN, &share), None);
            taken += paces.take(CAMPAIGN, 500, &share);
        }
        assert_eq!(taken, 500, "five seconds");
        pass(60_000).await;
        assert_eq!(paces.take(CAMPAIGN, 500, &share), 10, "a tenth of a second");
        share.set(1, 4, None);
        pass(100).await;
        assert_eq!(paces.take(CAMPAIGN, 500, &share), 2, "a quarter is this node's");
        share.set(0, 4, None);
        pass(60_000).await;
        assert_eq!(paces.take(CAMPAIGN, 500, &share), 0, "and now nothing");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_campaign_hands_over_one_at_a_time() {
        let (paces, share) = (Paces::default(), Share::default());
        paces.set(&[rate(0, Some(0.25))]);
        assert_eq!(paces.wait(CAMPAIGN, &share), Some(Duration::from_secs(4)));
        pass(3_999).await;
        assert_eq!(paces.take(CAMPAIGN, 9, &share), 0);
        pass(1).await;
        assert_eq!(paces.take(CAMPAIGN, 9, &share), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_read_before_a_change_does_not_count() {
        let (paces, share) = (Paces::default(), Share::default());
        paces.set(&[rate(0, Some(1.0))]);
        paces.set(&[rate(2, Some(2.0))]);
        paces.set(&[rate(1, None)]);
        assert_eq!(paces.take(CAMPAIGN, 9, &share), 0);
        paces.set(&[rate(3, None)]);
        assert_eq!(paces.take(CAMPAIGN, 9, &share), 9);
    }
}
