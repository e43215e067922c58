//! The way in for contacts that are only counted: checked like those of a campaign, and stored nowhere. What the campaign
//! says may stand behind its contacts, so they wait in a spool until all of it is known.

use std::collections::HashSet;
use std::sync::Arc;

use clarion_domain::campaign::{Audience, CampaignContent};
use clarion_domain::client::ClientId;
use clarion_domain::contact::{Contact, ContactDraft, ContactRefusal};
use clarion_domain::contact_group::{ContactGroupId, ContactGroupKey};
use clarion_domain::fault::Faults;
use clarion_domain::opt_out::SenderName;
use clarion_domain::opt_out_link::OptOutLinkId;
use clarion_domain::phone::PhoneRules;
use clarion_domain::recipient::MAX_RECIPIENTS;
use clarion_persistence::{Conn, group_contacts, opt_outs};

use super::fan_out::{self, too_large};
use super::group::Groups;
use super::spool::Spool;
use super::{IntakeRefusal, message_is_missing, too_many};
use crate::core::Core;
use crate::opt_out_link;
use crate::preview::{CampaignPreview, InvalidByReason, Tally};
use crate::wording::Wording;

/// Contacts counted together.
const PIECE: usize = 1_000;

/// Contacts on their way into a preview.
pub struct PreviewLoad {
    core: Arc<Core>,
    client: ClientId,
    phones: Arc<PhoneRules>,
    content: Option<CampaignContent>,
    read: u32,
    duplicates: u64,
    invalid: InvalidByReason,
    seen: HashSet<u64>,
    groups: Groups,
    audience: Audience,
    excluded: Vec<ContactGroupKey>,
    /// Contacts of groups whose numbers excluded groups have.
    left_out: u64,
    opt_out_link: Option<OptOutLinkId>,
    /// Contacts of the request that wait in the spool, in front of those of groups.
    own: u32,
    of_groups: u32,
    faults: Faults,
    spool: Spool,
}

impl PreviewLoad {
    pub(crate) fn new(core: Arc<Core>, client: ClientId, phones: Arc<PhoneRules>) -> Self {
        Self {
            core,
            client,
            phones,
            content: None,
            read: 0,
            duplicates: 0,
            invalid: InvalidByReason::new(),
            seen: HashSet::new(),
            groups: Groups::of(client),
            audience: Audience::default(),
            excluded: Vec::new(),
            left_out: 0,
            opt_out_link: None,
            own: 0,
            of_groups: 0,
            faults: Faults::default(),
            spool: Spool::new(),
        }
    }

    /// What the campaign says; before, between or after its contacts.
    pub fn content(&mut self, content: CampaignContent) {
        self.opt_out_link = content.opt_out_link_id;
        self.content = Some(content);
    }

    /// The groups that its contacts are taken from, besides those of the request.
    pub fn audience(&mut self, audience: Audience) {
        self.audience = audience;
    }

    /// The opt-out link that it names, where something else is wrong with what it says.
    pub fn opt_out_link(&mut self, link: Option<OptOutLinkId>) {
        self.opt_out_link = link;
    }

    /// What else is wrong with the request.
    pub fn faults(&mut self, faults: Faults) {
        self.faults.extend(faults);
    }

    /// Takes the next contact.
    ///
    /// # Errors
    /// Only where reading on is of no use: there are too many contacts, the store fails, or the spool does.
    pub fn contact(&mut self, draft: ContactDraft<'_>) -> Result<(), IntakeRefusal> {
        match draft.check(&self.phones) {
            Ok(contact) if self.is_in_own_group(&contact)? => self.accept(&contact),
            Ok(_) => self.leave_out(&ContactRefusal::UnknownGroup),
            Err(refusal) => self.leave_out(&refusal),
        }
    }

    /// Takes the next contact, which could not even be read.
    ///
    /// # Errors
    /// As for [`PreviewLoad::contact`].
    pub fn unreadable_contact(&mut self, refusal: &ContactRefusal) -> Result<(), IntakeRefusal> {
        self.leave_out(refusal)
    }

    /// Counts the messages.
    ///
    /// # Errors
    /// Every fault of the request, or the spool's.
    pub fn finish(mut self) -> Result<CampaignPreview, IntakeRefusal> {
        self.check_whole()?;
        if !self.faults.is_empty() {
            return Err(IntakeRefusal::Faults(self.faults));
        }
        let content = self
            .content
            .take()
            .ok_or_else(|| IntakeRefusal::Faults(message_is_missing()))?;
        let wording = Wording::of_content(&content, &self.core.settings.links);
        let mut tally = Tally::new(&self.core, wording, &content.sender, &content.timing);
        let contacts = std::mem::replace(&mut self.spool, Spool::new()).read_back()?;
        let sender = SenderName::of(content.sender.as_str());
        let left_out = self.left_out + self.tally(contacts, &mut tally, &sender)?;
        let sending = tally.plan(content.start_at).reckon();
        let mut preview = tally.finish(sending, (self.duplicates, self.invalid));
        preview.contacts += left_out;
        preview.excluded = left_out;
        Ok(preview)
    }

    /// What can be said only when all has been read; takes the contacts of the groups.
    fn check_whole(&mut self) -> Result<(), IntakeRefusal> {
        if self.read == 0 && self.audience.groups.is_empty() {
            self.faults
                .add("contacts", "must hold at least one contact");
        }
        self.take_groups()?;
        if let Some(link) = self.opt_out_link {
            let client = self.client;
            let check = |conn: &mut Conn| opt_out_link::check(conn, client, link);
            self.faults.extend(self.core.store.read_blocking(check)?);
        }
        Ok(())
    }

    /// Counts what waits in the spool; how many of the request's own contacts excluded groups have.
    fn tally(
        &self,
        mut contacts: impl Iterator<Item = std::io::Result<Contact>>,
        tally: &mut Tally<'_>,
        sender: &SenderName,
    ) -> Result<u64, IntakeRefusal> {
        let (mut left_out, mut counted) = (0, 0);
        loop {
            let mut piece: Vec<_> = contacts.by_ref().take(PIECE).collect::<Result<_, _>>()?;
            if piece.is_empty() {
                return Ok(left_out);
            }
            let own = counted < self.own as usize;
            counted += piece.len();
            let (excluded, suppressed) = self.core.store.read_blocking(|conn| {
                let excluded = match own {
                    true => group_contacts::among(conn, &self.excluded, &piece)?,
                    false => HashSet::new(),
                };
                let suppressed = opt_outs::among(conn, self.client, sender, &piece)?;
                Ok((excluded, suppressed))
            })?;
            let all = piece.len();
            piece.retain(|contact| !excluded.contains(&contact.phone.digits()));
            left_out += (all - piece.len()) as u64;
            if counted as u64 - left_out > u64::from(self.most()) {
                return Err(self.too_large());
            }
            tally.add(&piece, &suppressed);
        }
    }

    /// Takes the contacts of the groups, behind those of the request.
    fn take_groups(&mut self) -> Result<(), IntakeRefusal> {
        let (groups, store) = (&mut self.groups, &self.core.store);
        let known = fan_out::known(&self.audience, groups, store, &mut self.faults)?;
        let Some((groups, excluded)) = known else {
            return Ok(());
        };
        self.excluded = excluded;
        for (key, id) in groups {
            let runs_of = |conn: &mut _| group_contacts::runs_of(conn, key);
            for run in self.core.store.read_blocking(runs_of)? {
                let read = |conn: &mut _| group_contacts::range(conn, key, run);
                let contacts = self.core.store.read_blocking(read)?;
                for piece in contacts.chunks(PIECE) {
                    self.take_of_group(id, piece)?;
                }
            }
        }
        Ok(())
    }

    /// Keeps those whom no excluded group has: the others count for nothing, not even for how many there may be.
    fn take_of_group(
        &mut self,
        id: ContactGroupId,
        contacts: &[Contact],
    ) -> Result<(), IntakeRefusal> {
        let among = |conn: &mut _| group_contacts::among(conn, &self.excluded, contacts);
        let excluded = self.core.store.read_blocking(among)?;
        for contact in contacts {
            if excluded.contains(&contact.phone.digits()) {
                self.left_out += 1;
                continue;
            }
            let contact = Contact {
                contact_group_id: Some(id.0),
                ..contact.clone()
            };
            self.of_groups += u32::from(self.keep(&contact)?);
            // Whoever of the request is excluded is seen later; this is to keep the spool small.
            if self.of_groups > self.most() {
                return Err(self.too_large());
            }
        }
        Ok(())
    }

    fn is_in_own_group(&mut self, contact: &Contact) -> Result<bool, IntakeRefusal> {
        match contact.contact_group_id {
            None => Ok(true),
            Some(id) => Ok(self.groups.name(id, &self.core.store)?),
        }
    }

    fn accept(&mut self, contact: &Contact) -> Result<(), IntakeRefusal> {
        self.count()?;
        self.own += u32::from(self.keep(contact)?);
        Ok(())
    }

    /// Puts a contact into the spool, unless its number stands there already; whether it did.
    fn keep(&mut self, contact: &Contact) -> Result<bool, IntakeRefusal> {
        if !self.seen.insert(contact.phone.digits()) {
            self.duplicates += 1;
            return Ok(false);
        }
        self.spool.write(contact)?;
        Ok(true)
    }

    /// The most recipients that a campaign may have.
    fn most(&self) -> u32 {
        self.core.settings.max_contacts.min(MAX_RECIPIENTS)
    }

    fn too_large(&self) -> IntakeRefusal {
        let mut faults = Faults::default();
        faults.add(Audience::GROUPS, too_large(self.most()));
        IntakeRefusal::Faults(faults)
    }

    fn leave_out(&mut self, refusal: &ContactRefusal) -> Result<(), IntakeRefusal> {
        self.count()?;
        let reason = (refusal.property().to_owned(), refusal.to_string());
        *self.invalid.entry(reason).or_default() += 1;
        Ok(())
    }

    fn count(&mut self) -> Result<(), IntakeRefusal> {
        let most = self.most();
        if self.read >= most {
            return Err(too_many(std::mem::take(&mut self.faults), most));
        }
        self.read += 1;
        Ok(())
    }
}
