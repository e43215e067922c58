//! The way in for more contacts of a campaign that is there: the same as for a new one, but that its numbers count as seen
//! and its message is known.

use clarion_domain::campaign::Campaign;
use clarion_domain::recipient::MAX_RECIPIENTS;
use clarion_persistence::{StoreError, recipients};

use super::{Goal, Intake, Load};
use crate::wording::Wording;

/// Numbers read in one piece of work, so that no reader is held for long.
const PIECE: u32 = 50_000;

/// The way in for more contacts of a campaign.
pub struct Addition {
    intake: Intake,
    campaign: Campaign,
}

impl Addition {
    pub(crate) fn new(intake: Intake, campaign: Campaign) -> Self {
        Self { intake, campaign }
    }

    /// Begins: reads the numbers that the campaign has.
    ///
    /// # Errors
    /// The store's.
    pub fn begin(self) -> Result<Load, StoreError> {
        let Self { intake, campaign } = self;
        let wording =
            Wording::of_campaign(&campaign, &intake.core.settings.links).map_err(|_| {
                StoreError::Corrupt(format!("the message of campaign {}", campaign.key.0))
            })?;
        let mut load = intake.begin();
        let there = u32::try_from(campaign.recipient_count).unwrap_or(MAX_RECIPIENTS);
        load.most = load.most.saturating_sub(there);
        load.lengths.apply_to(wording, 0);
        load.see_numbers_of(&campaign, there)?;
        load.goal = Goal::More(Box::new(campaign));
        Ok(load)
    }
}

impl Load {
    fn see_numbers_of(&mut self, campaign: &Campaign, last: u32) -> Result<(), StoreError> {
        for from in (1..=last).step_by(PIECE as usize) {
            let to = last.min(from + PIECE - 1);
            let read = |conn: &mut _| recipients::numbers(conn, campaign.key, from, to);
            let numbers = self.staging.store().read_blocking(read)?;
            self.seen
                .extend(numbers.into_iter().map(|(number, _)| (number, 0)));
        }
        Ok(())
    }
}
