//! The way in: contacts come one by one, are checked on the spot and stored in batches, where nobody sees them before
//! the campaign is whole. Memory holds one batch and the numbers with their places, not the contacts.
//!
//! Reading a request's bytes is the caller's; a caller works on a blocking thread, since everything here waits for the
//! store in place.

mod addition;
mod fan_out;
mod group;
mod length;
mod preview;
mod spool;
mod staging;

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use clarion_domain::campaign::{Campaign, CampaignContent, CampaignId, Forbidden};
use clarion_domain::client::ClientId;
use clarion_domain::contact::{Contact, ContactDraft, ContactRefusal};
use clarion_domain::contact_group::ContactGroupKey;
use clarion_domain::fault::Faults;
use clarion_domain::opt_out_link::OptOutLinkId;
use clarion_domain::phone::PhoneRules;
use clarion_domain::recipient::MAX_RECIPIENTS;
use clarion_persistence::campaigns::{Added, Loaded};
use clarion_persistence::invalid_contacts::InvalidContact;
use clarion_persistence::{Conn, StoreError};

use crate::core::Core;
use crate::opt_out_link;
use crate::wording::Wording;
pub use addition::Addition;
use fan_out::Fan;
pub use group::GroupAddition;
use group::Groups;
use length::Lengths;
pub use preview::PreviewLoad;
use staging::Staging;
pub(crate) use staging::new_id;

/// What invalid contacts do to their campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidContacts {
    /// One is enough to refuse the campaign.
    Refuse,
    /// They are left out, and kept with their reasons.
    LeaveOut,
}

/// What was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntakeReport {
    /// The campaign.
    pub id: CampaignId,
    /// Accepted contacts.
    pub recipients: u64,
    /// Those of them whose numbers the group had already; 0 for a campaign.
    pub updated: u64,
    /// Contacts left out because they are invalid.
    pub invalid: u64,
    /// Contacts left out because their number stood there already.
    pub duplicates: u64,
    /// Contacts left out because an excluded group has their number.
    pub excluded: u64,
}

/// Why contacts were not taken in. Nothing of them is stored then.
#[derive(Debug, thiserror::Error)]
pub enum IntakeRefusal {
    /// It breaks rules.
    #[error("{} faults", .0.count())]
    Faults(Faults),
    /// The campaign that they were for is gone.
    #[error("there is no such campaign any more")]
    Gone,
    /// The contact group that they were for is gone.
    #[error("there is no such contact group any more")]
    GroupGone,
    /// Its status forbids it.
    #[error(transparent)]
    Forbidden(Forbidden),
    /// It was changed while they came in.
    #[error("the campaign was changed while the contacts came in; send them again")]
    Outdated,
    /// A contact of a group was given another number while the group was read.
    #[error("a contact group was changed while the campaign was made; send it again")]
    GroupChanged,
    /// The contacts of a preview could not be kept until their turn.
    #[error("contacts cannot be kept outside of memory: {0}")]
    Spool(#[from] std::io::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The way in for one campaign.
pub struct Intake {
    core: Arc<Core>,
    client: ClientId,
    phones: Arc<PhoneRules>,
    invalid: InvalidContacts,
}

/// Contacts on their way in. Dropped before [`Load::finish`], it leaves nothing behind.
pub struct Load {
    goal: Goal,
    phones: Arc<PhoneRules>,
    policy: InvalidContacts,
    most: u32,
    /// Contacts so far.
    read: u32,
    invalid: u64,
    duplicates: u64,
    /// Each number, and which of those taken in has it; 0: the campaign had it before.
    seen: HashMap<u64, u32>,
    faults: Faults,
    lengths: Lengths,
    groups: Groups,
    fan: Fan,
    client: ClientId,
    opt_out_link: Option<OptOutLinkId>,
    staging: Staging,
}

/// What the contacts are for.
enum Goal {
    /// A new campaign, and what it says once that is known.
    New(Option<Box<CampaignContent>>),
    /// A campaign that is there.
    More(Box<Campaign>),
    /// A contact group.
    Group(ContactGroupKey),
}

impl Intake {
    pub(crate) fn new(
        core: Arc<Core>,
        client: ClientId,
        phones: Arc<PhoneRules>,
        invalid: InvalidContacts,
    ) -> Self {
        Self {
            core,
            client,
            phones,
            invalid,
        }
    }

    /// Begins; the store is touched with the first full batch only, so that a bad request costs it nothing.
    #[must_use]
    pub fn begin(self) -> Load {
        let settings = &self.core.settings;
        Load {
            goal: Goal::New(None),
            phones: self.phones,
            policy: self.invalid,
            most: settings.max_contacts.min(MAX_RECIPIENTS),
            read: 0,
            invalid: 0,
            duplicates: 0,
            seen: HashMap::new(),
            faults: Faults::default(),
            lengths: Lengths::new(settings.max_segments),
            groups: Groups::of(self.client),
            fan: Fan::default(),
            client: self.client,
            opt_out_link: None,
            staging: Staging::new(Arc::clone(&self.core), self.client),
        }
    }
}

impl Load {
    /// What the campaign says; before, between or after its contacts.
    pub fn content(&mut self, content: CampaignContent) {
        self.opt_out_link = content.opt_out_link_id;
        let wording = Wording::of_content(&content, self.staging.links());
        self.lengths.apply_to(wording, self.staging.recipients());
        self.goal = Goal::New(Some(Box::new(content)));
    }

    /// The opt-out link that it names, where something else is wrong with what it says.
    pub fn opt_out_link(&mut self, link: Option<OptOutLinkId>) {
        self.opt_out_link = link;
    }

    /// What else is wrong with the request: it is told together with what is found here.
    pub fn faults(&mut self, faults: Faults) {
        self.faults.extend(faults);
    }

    /// Takes the next contact.
    ///
    /// # Errors
    /// Only where reading on is of no use: there are too many contacts, or the store fails. A contact's own fault is
    /// told by [`Load::finish`].
    pub fn contact(&mut self, draft: ContactDraft<'_>) -> Result<(), IntakeRefusal> {
        let given = draft.phone_number.clone();
        match draft.check(&self.phones) {
            Ok(contact) if self.is_in_own_group(&contact)? => self.accept(contact),
            Ok(_) => self.leave_out(given, &ContactRefusal::UnknownGroup),
            Err(refusal) => self.leave_out(given, &refusal),
        }
    }

    /// Takes the next contact, which could not even be read.
    ///
    /// # Errors
    /// As for [`Load::contact`].
    pub fn unreadable_contact(&mut self, refusal: &ContactRefusal) -> Result<(), IntakeRefusal> {
        self.leave_out(None, refusal)
    }

    /// Makes the campaign or adds to it, or leaves nothing behind.
    ///
    /// # Errors
    /// Every fault of the request, or the store's error.
    pub fn finish(self) -> Result<IntakeReport, IntakeRefusal> {
        self.finish_with(|_, _| Ok(()))
    }

    /// [`Load::finish`] with something that is stored in the same transaction: both last, or neither. It may run more than
    /// once, as the transaction may.
    ///
    /// # Errors
    /// As there, and those of what is stored beside.
    pub fn finish_with(
        mut self,
        beside: impl FnMut(&mut Conn, &IntakeReport) -> Result<(), StoreError>,
    ) -> Result<IntakeReport, IntakeRefusal> {
        let made = self.make(beside);
        if made.is_err() {
            self.staging.discard();
        }
        made
    }

    /// Gives the contacts up, and leaves nothing behind when it returns.
    pub fn give_up(mut self) {
        self.staging.discard();
    }

    /// Whether the group that a contact names, if any, is one of the client's. A group's own contacts need name none.
    fn is_in_own_group(&mut self, contact: &Contact) -> Result<bool, StoreError> {
        match (contact.contact_group_id, &self.goal) {
            (None, _) | (_, Goal::Group(_)) => Ok(true),
            (Some(id), _) => self.groups.name(id, self.staging.store()),
        }
    }

    fn accept(&mut self, contact: Contact) -> Result<(), IntakeRefusal> {
        let index = self.next_index()?;
        let seq = self.staging.recipients() + 1;
        match self.seen.entry(contact.phone.digits()) {
            Entry::Vacant(place) => place.insert(seq),
            Entry::Occupied(_) => {
                self.duplicates += 1;
                self.lengths.skipped(index);
                return Ok(());
            }
        };
        self.lengths.check(index, &contact);
        if self.faults.is_empty() {
            self.staging.add(contact)?;
        }
        Ok(())
    }

    fn leave_out(
        &mut self,
        given: Option<Cow<'_, str>>,
        refusal: &ContactRefusal,
    ) -> Result<(), IntakeRefusal> {
        let index = self.next_index()?;
        self.invalid += 1;
        self.lengths.skipped(index);
        match self.policy {
            InvalidContacts::Refuse => {
                let path = refusal.path(u64::from(index));
                self.faults.add(path, refusal.to_string());
            }
            InvalidContacts::LeaveOut if self.faults.is_empty() => {
                self.staging.add_invalid(InvalidContact {
                    position: u64::from(index),
                    phone_number: given.unwrap_or_default().into_owned(),
                    property: refusal.property().to_owned(),
                    reason: refusal.to_string(),
                })?;
            }
            InvalidContacts::LeaveOut => {}
        }
        Ok(())
    }

    fn next_index(&mut self) -> Result<u32, IntakeRefusal> {
        let index = self.read;
        if index >= self.most {
            return Err(too_many(std::mem::take(&mut self.faults), self.most));
        }
        self.read += 1;
        Ok(index)
    }

    /// A campaign's opt-out link has to be one of the client's.
    fn check_opt_out_link(&mut self) -> Result<(), StoreError> {
        if let Some(link) = self.opt_out_link {
            let client = self.client;
            let check = |conn: &mut Conn| opt_out_link::check(conn, client, link);
            self.faults
                .extend(self.staging.store().read_blocking(check)?);
        }
        Ok(())
    }

    fn make(
        &mut self,
        beside: impl FnMut(&mut Conn, &IntakeReport) -> Result<(), StoreError>,
    ) -> Result<IntakeReport, IntakeRefusal> {
        self.check_whole()?;
        self.check_opt_out_link()?;
        self.fan_out()?;
        let loaded = Loaded {
            recipients: self.staging.recipients(),
            invalid: self.invalid,
            duplicates: self.duplicates,
        };
        if !self.faults.is_empty() {
            return Err(IntakeRefusal::Faults(std::mem::take(&mut self.faults)));
        }
        let report = IntakeReport {
            id: match &self.goal {
                Goal::New(_) | Goal::Group(_) => self.staging.id(),
                Goal::More(campaign) => campaign.id,
            },
            recipients: u64::from(loaded.recipients),
            updated: 0,
            invalid: loaded.invalid,
            duplicates: loaded.duplicates,
            excluded: self.fan.excluded,
        };
        self.reach_goal(loaded, report, beside)
    }

    /// The numbers taken in, in order, each with which of those taken in has it.
    fn take_numbers(&mut self) -> Vec<(u64, u32)> {
        let seen = std::mem::take(&mut self.seen);
        let mut numbers: Vec<_> = seen.into_iter().filter(|(_, seq)| *seq > 0).collect();
        numbers.sort_unstable();
        numbers
    }

    fn reach_goal(
        &mut self,
        loaded: Loaded,
        report: IntakeReport,
        mut beside: impl FnMut(&mut Conn, &IntakeReport) -> Result<(), StoreError>,
    ) -> Result<IntakeReport, IntakeRefusal> {
        if let Goal::Group(group) = self.goal {
            return self.staging.merge_into(group, loaded, report, beside);
        }
        let beside = |conn: &mut Conn| beside(conn, &report);
        if self.fan.numbers.is_none() {
            self.fan.numbers = Some(self.take_numbers());
        }
        match &self.goal {
            Goal::New(Some(content)) => {
                let groups = self.groups.named();
                self.staging
                    .finish(content, loaded, &self.fan, groups, beside)?;
            }
            Goal::New(None) | Goal::Group(_) => {
                return Err(IntakeRefusal::Faults(message_is_missing()));
            }
            Goal::More(campaign) => {
                let groups = self.groups.named();
                let numbers = self.fan.numbers.as_deref().unwrap_or_default();
                let added = self
                    .staging
                    .add_to(campaign, loaded, numbers, groups, beside)?;
                match added {
                    Added::Done => {}
                    Added::NotFound => return Err(IntakeRefusal::Gone),
                    Added::Forbidden(forbidden) => return Err(IntakeRefusal::Forbidden(forbidden)),
                    Added::Outdated => return Err(IntakeRefusal::Outdated),
                }
            }
        }
        Ok(report)
    }

    /// What can be said only when all has been read.
    fn check_whole(&mut self) -> Result<(), StoreError> {
        // Whether groups hold anybody is seen when they are through.
        let has_groups = !self.fan.audience.groups.is_empty();
        let is_without_valid =
            u64::from(self.read) == self.invalid && self.policy == InvalidContacts::LeaveOut;
        if self.read == 0 && !has_groups {
            self.faults
                .add("contacts", "must hold at least one contact");
        } else if is_without_valid && !has_groups {
            self.faults.add("contacts", "holds no valid contact");
        }
        if self.faults.is_empty() {
            self.lengths.check_earlier(&self.staging)?;
        }
        if let Some(fault) = self.lengths.fault() {
            self.faults.add("message", fault);
        }
        Ok(())
    }
}

/// There are more contacts than a campaign may have.
fn too_many(mut faults: Faults, most: u32) -> IntakeRefusal {
    faults.add("contacts", format!("must hold at most {most} contacts"));
    IntakeRefusal::Faults(faults)
}

/// Nobody has told what the campaign says.
fn message_is_missing() -> Faults {
    let mut faults = Faults::default();
    faults.add("message", "is required");
    faults
}
