//! Where contacts wait for their campaign: in a batch in memory, and before that in the store, under a campaign in
//! loading that nobody sees.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clarion_domain::breakage::{KillPoint, kill_point};
use clarion_domain::campaign::{Campaign, CampaignContent, CampaignId};
use clarion_domain::client::ClientId;
use clarion_domain::contact::Contact;
use clarion_domain::contact_group::ContactGroupKey;
use clarion_domain::link::Links;
use clarion_domain::recipient::CampaignKey;
use clarion_persistence::campaigns::{self, Added, Kind, Loaded};
use clarion_persistence::invalid_contacts::{self, InvalidContact};
use clarion_persistence::{Conn, Store, StoreError, group_contacts, numbers, recipients};
use tokio::runtime::Handle;
use tracing::warn;
use uuid::{NoContext, Timestamp, Uuid};

use super::fan_out::Fan;
use super::{IntakeRefusal, IntakeReport};
use crate::core::Core;

/// Rows stored in one transaction.
const BATCH: usize = 4_000;
/// Recipients read back at once.
const CHUNK: u32 = 4_000;

pub(super) struct Staging {
    core: Arc<Core>,
    client: ClientId,
    id: CampaignId,
    /// The campaign in loading; `None` while nothing is stored.
    key: Option<CampaignKey>,
    /// The recipients of the batch begin with this one.
    first_seq: u32,
    contacts: Vec<Contact>,
    invalid: Vec<InvalidContact>,
}

impl Staging {
    pub(super) fn new(core: Arc<Core>, client: ClientId) -> Self {
        Self {
            id: new_id(core.now()),
            core,
            client,
            key: None,
            first_seq: 1,
            contacts: Vec::new(),
            invalid: Vec::new(),
        }
    }

    pub(super) fn id(&self) -> CampaignId {
        self.id
    }

    pub(super) fn links(&self) -> &Arc<Links> {
        &self.core.settings.links
    }

    pub(super) fn store(&self) -> &Store {
        &self.core.store
    }

    /// Recipients so far.
    pub(super) fn recipients(&self) -> u32 {
        let in_batch = u32::try_from(self.contacts.len()).unwrap_or(u32::MAX);
        (self.first_seq - 1).saturating_add(in_batch)
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.core.now()
    }

    pub(super) fn add(&mut self, contact: Contact) -> Result<(), StoreError> {
        self.contacts.push(contact);
        self.store_full_batch()
    }

    pub(super) fn add_invalid(&mut self, contact: InvalidContact) -> Result<(), StoreError> {
        self.invalid.push(contact);
        self.store_full_batch()
    }

    /// Recipients from `from` up to `to`, both included: as many as are at hand together, at least one.
    pub(super) fn chunk(&self, from: u32, to: u32) -> Result<Vec<Contact>, StoreError> {
        let stored_upto = self.first_seq - 1;
        let Some(key) = self.key.filter(|_| from <= stored_upto) else {
            let in_batch = self.contacts.iter().zip(self.first_seq..=to);
            let wanted = in_batch.filter(|(_, seq)| *seq >= from);
            return Ok(wanted.map(|(contact, _)| contact.clone()).collect());
        };
        let to = to.min(stored_upto).min(from + CHUNK - 1);
        let stored = self
            .core
            .store
            .read_blocking(|conn| recipients::range(conn, key, from, to))?;
        Ok(stored.into_iter().map(|row| row.contact).collect())
    }

    /// Stores what is still in the batch, and the numbers with their recipients, and makes the campaign, and what is stored
    /// beside it, in one transaction.
    pub(super) fn finish(
        &mut self,
        content: &CampaignContent,
        loaded: Loaded,
        fan: &Fan,
        groups: &BTreeSet<ContactGroupKey>,
        mut beside: impl FnMut(&mut Conn) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let now = self.core.now();
        self.core.store.write_blocking(|conn| {
            let key = self.insert_batch(conn, now)?;
            numbers::add(conn, key, 0, fan.numbers.as_deref().unwrap_or_default())?;
            let own = fan.own.unwrap_or(loaded.recipients);
            group_contacts::merge_named(conn, key, (1, own), groups)?;
            campaigns::finish_loading(conn, key, content, loaded, now)?;
            kill_point(KillPoint::Staging);
            if !fan.audience.is_empty() {
                campaigns::set_audience(conn, key, &fan.audience)?;
            }
            beside(conn)
        })?;
        kill_point(KillPoint::Made);
        self.key = None;
        Ok(())
    }

    /// Stores what is still in the batch and makes all of it the campaign's, the numbers too, and what is stored beside it,
    /// in one transaction.
    pub(super) fn add_to(
        &mut self,
        campaign: &Campaign,
        loaded: Loaded,
        numbers: &[(u64, u32)],
        groups: &BTreeSet<ContactGroupKey>,
        mut beside: impl FnMut(&mut Conn) -> Result<(), StoreError>,
    ) -> Result<Added, StoreError> {
        let now = self.core.now();
        let (key, added) = self.core.store.write_blocking(|conn| {
            let key = self.insert_batch(conn, now)?;
            let added = campaigns::add_loaded(conn, campaign, key, loaded, now)?;
            if added == Added::Done {
                numbers::add(conn, campaign.key, campaign.recipient_count, numbers)?;
                let added = (campaign.recipient_count + 1, loaded.recipients);
                group_contacts::merge_named(conn, campaign.key, added, groups)?;
                beside(conn)?;
            }
            Ok((key, added))
        })?;
        self.key = (added != Added::Done).then_some(key);
        Ok(added)
    }

    /// Stores what is still in the batch and puts all of it into a group, with what is stored beside it, in one transaction.
    pub(super) fn merge_into(
        &mut self,
        group: ContactGroupKey,
        loaded: Loaded,
        report: IntakeReport,
        mut beside: impl FnMut(&mut Conn, &IntakeReport) -> Result<(), StoreError>,
    ) -> Result<IntakeReport, IntakeRefusal> {
        let now = self.core.now();
        let (key, merged) = self.core.store.write_blocking(|conn| {
            let key = self.insert_batch(conn, now)?;
            let merged = group_contacts::merge_loaded(conn, group, key, loaded.recipients)?;
            let updated = merged.map(|merged| merged.updated);
            let report = updated.map(|updated| IntakeReport { updated, ..report });
            if let Some(report) = &report {
                beside(conn, report)?;
            }
            Ok((key, report))
        })?;
        self.key = merged.is_none().then_some(key);
        merged.ok_or(IntakeRefusal::GroupGone)
    }

    /// Leaves nothing behind. What cannot be removed now is cleared away later: it is in loading, and nobody sees it.
    pub(super) fn discard(&mut self) {
        let Some(key) = self.key.take() else { return };
        let discarded = self
            .core
            .store
            .write_blocking(|conn| campaigns::discard_loading(conn, key));
        if let Err(error) = discarded {
            warn!(%error, campaign = key.0, "a refused campaign stays behind in loading");
        }
    }

    fn store_full_batch(&mut self) -> Result<(), StoreError> {
        if self.contacts.len() + self.invalid.len() >= BATCH {
            self.store_batch()?;
        }
        Ok(())
    }

    /// Stores what is in the batch; the campaign in loading.
    pub(super) fn store_batch(&mut self) -> Result<CampaignKey, StoreError> {
        let now = self.core.now();
        let key = self
            .core
            .store
            .write_blocking(|conn| self.insert_batch(conn, now))?;
        self.key = Some(key);
        self.first_seq = self.recipients() + 1;
        self.contacts.clear();
        self.invalid.clear();
        Ok(key)
    }

    /// The campaign in loading has so many recipients, all of them stored.
    pub(super) fn has_stored(&mut self, recipients: u32) {
        self.first_seq = recipients + 1;
    }

    /// May run more than once, so it changes nothing here.
    fn insert_batch(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<CampaignKey, StoreError> {
        let key = match self.key {
            Some(key) => key,
            None => campaigns::insert_loading(conn, self.id, self.client, Kind::Campaign, now)?,
        };
        if !self.contacts.is_empty() {
            recipients::insert_batch(conn, key, self.first_seq, &self.contacts, now)?;
        }
        if !self.invalid.is_empty() {
            invalid_contacts::insert_batch(conn, key, &self.invalid, now)?;
        }
        Ok(key)
    }
}

/// Whoever drops a load may be on any thread, so the waiting is left to the runtime where there is one.
impl Drop for Staging {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        let Ok(runtime) = Handle::try_current() else {
            return self.discard();
        };
        let store = self.core.store.clone();
        runtime.spawn(async move {
            let discard = store.write(move |conn| campaigns::discard_loading(conn, key));
            if let Err(error) = discard.await {
                warn!(%error, campaign = key.0, "a broken-off campaign stays behind in loading");
            }
        });
    }
}

/// A new public id: a UUID of version 7, which begins with the time.
pub(crate) fn new_id(now: DateTime<Utc>) -> CampaignId {
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let time = Timestamp::from_unix(NoContext, seconds, now.timestamp_subsec_nanos());
    CampaignId(Uuid::new_v7(time))
}
