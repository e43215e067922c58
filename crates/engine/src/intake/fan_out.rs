//! The contacts of whole groups: they become recipients inside the database, behind the contacts of the request. What comes
//! back of them are their numbers, and their words where the message must be measured for each.

use clarion_domain::campaign::Audience;
use clarion_domain::contact_group::{ContactGroupId, ContactGroupKey};
use clarion_domain::fault::Faults;
use clarion_domain::recipient::CampaignKey;
use clarion_persistence::group_contacts::{self, FanOut};
use clarion_persistence::{Store, StoreError, recipients};

use super::group::Groups;
use super::{IntakeRefusal, Load};

/// Recipients looked at in one piece of work, so that no reader is held for long.
const PIECE: u32 = 20_000;

/// The groups of a campaign, and what came of them.
#[derive(Default)]
pub(super) struct Fan {
    pub(super) audience: Audience,
    /// Contacts left out because an excluded group has their numbers.
    pub(super) excluded: u64,
    /// The recipients that the request's own contacts have become, where groups came into play.
    pub(super) own: Option<u32>,
    /// The numbers of all recipients then, each with which of them has it.
    pub(super) numbers: Option<Vec<(u64, u32)>>,
}

/// Groups to write to by both of their names, and excluded ones.
pub(super) type Known = (Vec<(ContactGroupKey, ContactGroupId)>, Vec<ContactGroupKey>);

/// What is wrong with groups that are too large.
pub(super) fn too_large(most: u32) -> String {
    format!("hold more contacts than the {most} that a campaign may have")
}

/// The groups of an audience; `None` where one is not the client's, which is a fault.
pub(super) fn known(
    audience: &Audience,
    groups: &mut Groups,
    store: &Store,
    faults: &mut Faults,
) -> Result<Option<Known>, StoreError> {
    let mut find = |ids: &[ContactGroupId], list: &str| {
        let mut known = Vec::with_capacity(ids.len());
        for (index, id) in ids.iter().enumerate() {
            match groups.find(id.0, store)? {
                // Named twice, it is written to once.
                Some(key) if known.iter().any(|(other, _)| *other == key) => {}
                Some(key) => known.push((key, *id)),
                None => faults.add(format!("{list}[{index}]"), "names no contact group"),
            }
        }
        Ok::<_, StoreError>(known)
    };
    let included = find(&audience.groups, Audience::GROUPS)?;
    let excluded = find(&audience.excluded, Audience::EXCLUDED)?;
    let excluded = excluded.into_iter().map(|(key, _)| key).collect();
    Ok(faults.is_empty().then_some((included, excluded)))
}

impl Load {
    /// The groups that the campaign's contacts are taken from, besides those of the request.
    pub fn audience(&mut self, audience: Audience) {
        self.fan.audience = audience;
    }

    /// Makes the groups' contacts recipients, behind those that were taken in.
    pub(super) fn fan_out(&mut self) -> Result<(), IntakeRefusal> {
        if self.fan.audience.is_empty() {
            return Ok(());
        }
        let audience = self.fan.audience.clone();
        let known = known(
            &audience,
            &mut self.groups,
            self.staging.store(),
            &mut self.faults,
        )?;
        let Some((groups, excluded)) = known else {
            return Ok(());
        };
        let campaign = self.staging.store_batch()?;
        let own = self.leave_out_excluded(campaign, &excluded)?;
        self.fan.own = Some(own);
        let mut before = Vec::with_capacity(groups.len());
        for group in groups {
            let task = FanOut {
                campaign,
                own,
                group,
                before: &before,
                excluded: &excluded,
            };
            self.fan_out_one(&task)?;
            before.push(group.0);
        }
        self.check_fan()
    }

    /// Takes the request's own contacts out again whom excluded groups have; how many stay.
    fn leave_out_excluded(
        &mut self,
        campaign: CampaignKey,
        excluded: &[ContactGroupKey],
    ) -> Result<u32, StoreError> {
        let own = self.staging.recipients();
        if own == 0 || excluded.is_empty() {
            let numbers = self.take_numbers();
            self.fan.numbers = Some(numbers);
            return Ok(own);
        }
        let leave_out = |conn: &mut _| group_contacts::leave_out(conn, campaign, own, excluded);
        let left_out = self.staging.store().write_blocking(leave_out)?;
        self.fan.excluded += u64::from(left_out);
        let own = own - left_out;
        self.staging.has_stored(own);
        self.fan.numbers = Some(Vec::new());
        // Their words were measured when they came in.
        self.look_at(campaign, 1, own, false)?;
        Ok(own)
    }

    fn fan_out_one(&mut self, task: &FanOut<'_>) -> Result<(), IntakeRefusal> {
        let runs_of = |conn: &mut _| group_contacts::runs_of(conn, task.group.0);
        for run in self.staging.store().read_blocking(runs_of)? {
            if !self.faults.is_empty() {
                break;
            }
            let behind = self.staging.recipients();
            let now = self.staging.now();
            let fanned = self
                .staging
                .store()
                .write_blocking(|conn| group_contacts::fan_out(conn, task, run, behind, now))?;
            self.duplicates += fanned.duplicates;
            self.fan.excluded += fanned.excluded;
            let upto = behind + fanned.added;
            self.staging.has_stored(upto);
            if upto > self.most {
                self.faults.add(Audience::GROUPS, too_large(self.most));
                break;
            }
            self.look_at(task.campaign, behind + 1, upto, true)?;
        }
        Ok(())
    }

    /// Notes the numbers of recipients, and measures their messages where asked to and where that is needed.
    fn look_at(
        &mut self,
        campaign: CampaignKey,
        from: u32,
        to: u32,
        measure: bool,
    ) -> Result<(), StoreError> {
        for from in (from..=to).step_by(PIECE as usize) {
            let to = to.min(from + PIECE - 1);
            let store = self.staging.store();
            let measure = measure && self.lengths.depends_on_contacts();
            let numbers: Vec<(u64, u32)> = if measure {
                let read = |conn: &mut _| recipients::range(conn, campaign, from, to);
                let some = store.read_blocking(read)?;
                some.iter()
                    .for_each(|one| self.lengths.check_of_group(&one.contact));
                let numbers = some
                    .iter()
                    .map(|one| (one.contact.phone.digits(), one.key.seq));
                numbers.collect()
            } else {
                store.read_blocking(|conn| recipients::numbers(conn, campaign, from, to))?
            };
            self.fan.numbers.get_or_insert_default().extend(numbers);
        }
        Ok(())
    }

    /// What can be said when all groups are through.
    fn check_fan(&mut self) -> Result<(), IntakeRefusal> {
        if let Some(fault) = self.lengths.fault() {
            self.faults.add("message", fault);
        }
        if self.staging.recipients() == 0 && self.faults.is_empty() {
            let list = match self.read {
                0 => Audience::GROUPS,
                _ => "contacts",
            };
            self.faults.add(list, "holds nobody who may be written to");
        }
        let numbers = self.fan.numbers.get_or_insert_default();
        numbers.sort_unstable();
        let is_twice = numbers.windows(2).any(|pair| pair[0].0 == pair[1].0);
        match is_twice {
            // A contact was given another number between two pieces of work.
            true => Err(IntakeRefusal::GroupChanged),
            false => Ok(()),
        }
    }
}
