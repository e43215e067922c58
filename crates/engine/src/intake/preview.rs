//! The way in for contacts that are only counted: checked like those of a campaign, and stored nowhere. What the campaign
//! says may stand behind its contacts, so they wait in a spool until all of it is known.

use std::collections::HashSet;
use std::sync::Arc;

use clarion_domain::campaign::CampaignContent;
use clarion_domain::client::ClientId;
use clarion_domain::contact::{Contact, ContactDraft, ContactRefusal};
use clarion_domain::fault::Faults;
use clarion_domain::opt_out::SenderName;
use clarion_domain::phone::PhoneRules;
use clarion_domain::recipient::MAX_RECIPIENTS;
use clarion_persistence::opt_outs;

use super::group::Groups;
use super::spool::Spool;
use super::{IntakeRefusal, message_is_missing, too_many};
use crate::core::Core;
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
            faults: Faults::default(),
            spool: Spool::new(),
        }
    }

    /// What the campaign says; before, between or after its contacts.
    pub fn content(&mut self, content: CampaignContent) {
        self.content = Some(content);
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
        if self.read == 0 {
            self.faults
                .add("contacts", "must hold at least one contact");
        }
        if !self.faults.is_empty() {
            return Err(IntakeRefusal::Faults(self.faults));
        }
        let content = self
            .content
            .ok_or_else(|| IntakeRefusal::Faults(message_is_missing()))?;
        let wording = Wording::of_content(&content, &self.core.settings.links);
        let mut tally = Tally::new(&self.core, wording, &content.sender);
        let sender = SenderName::of(content.sender.as_str());
        let mut contacts = self.spool.read_back()?;
        loop {
            let piece: Vec<_> = contacts.by_ref().take(PIECE).collect::<Result<_, _>>()?;
            if piece.is_empty() {
                break;
            }
            let client = self.client;
            let suppressed = self
                .core
                .store
                .read_blocking(|conn| opt_outs::among(conn, client, &sender, &piece))?;
            tally.add(&piece, &suppressed);
        }
        Ok(tally.finish(content.start_at, (self.duplicates, self.invalid)))
    }

    fn is_in_own_group(&mut self, contact: &Contact) -> Result<bool, IntakeRefusal> {
        match contact.contact_group_id {
            None => Ok(true),
            Some(id) => Ok(self.groups.name(id, &self.core.store)?),
        }
    }

    fn accept(&mut self, contact: &Contact) -> Result<(), IntakeRefusal> {
        self.count()?;
        if self.seen.insert(contact.phone.digits()) {
            Ok(self.spool.write(contact)?)
        } else {
            self.duplicates += 1;
            Ok(())
        }
    }

    fn leave_out(&mut self, refusal: &ContactRefusal) -> Result<(), IntakeRefusal> {
        self.count()?;
        let reason = (refusal.property().to_owned(), refusal.to_string());
        *self.invalid.entry(reason).or_default() += 1;
        Ok(())
    }

    fn count(&mut self) -> Result<(), IntakeRefusal> {
        let most = self.core.settings.max_contacts.min(MAX_RECIPIENTS);
        if self.read >= most {
            return Err(too_many(std::mem::take(&mut self.faults), most));
        }
        self.read += 1;
        Ok(())
    }
}
