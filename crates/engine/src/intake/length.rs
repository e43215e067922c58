//! Whether the message is too long for one of its recipients. A text without tokens is counted once; else each is, on
//! the spot where the message is known already, or by reading back those that came before it.

use clarion_domain::contact::Contact;
use clarion_domain::text::{Reference, SegmentLimit, TooManySegments};
use clarion_persistence::StoreError;

use super::staging::Staging;
use crate::wording::Wording;

pub(super) struct Lengths {
    limit: SegmentLimit,
    /// `None` until the message is known, or where it needs no more checks.
    wording: Option<Wording>,
    is_known: bool,
    /// Recipients that came before the message, from the first.
    earlier: u32,
    /// Indexes of contacts that were left out before the message was known, in order.
    skipped: Vec<u32>,
    fault: Option<String>,
}

impl Lengths {
    pub(super) fn new(max_segments: u8) -> Self {
        Self {
            limit: SegmentLimit {
                max: max_segments,
                reference: Reference::default(),
            },
            wording: None,
            is_known: false,
            earlier: 0,
            skipped: Vec::new(),
            fault: None,
        }
    }

    /// The words are known from now on; so many recipients came before them.
    pub(super) fn apply_to(&mut self, wording: Wording, earlier: u32) {
        self.is_known = true;
        match wording.fixed() {
            Some(text) => {
                let checked = self.limit.check(text);
                self.fault = checked.err().map(|fault| fault.to_string());
            }
            None => {
                self.earlier = earlier;
                self.wording = Some(wording);
            }
        }
    }

    /// The contact with this index has no place among the recipients.
    pub(super) fn skipped(&mut self, index: u32) {
        if !self.is_known {
            self.skipped.push(index);
        }
    }

    /// Checks the message to the contact with this index.
    pub(super) fn check(&mut self, index: u32, contact: &Contact) {
        let Some(wording) = &self.wording else { return };
        if let Err(TooManySegments { count, max }) = self.limit.check(&wording.sample_for(contact))
        {
            self.fault = Some(format!(
                "is {count} segments long for contacts[{index}]; at most {max} are allowed"
            ));
            self.wording = None;
        }
    }

    /// Whether the message must be looked at for each contact.
    pub(super) fn depends_on_contacts(&self) -> bool {
        self.wording.is_some()
    }

    /// Checks the message to a contact that was taken from a group.
    pub(super) fn check_of_group(&mut self, contact: &Contact) {
        let Some(wording) = &self.wording else { return };
        if let Err(TooManySegments { count, max }) = self.limit.check(&wording.sample_for(contact))
        {
            self.fault = Some(format!(
                "is {count} segments long for a contact of a group; at most {max} are allowed"
            ));
            self.wording = None;
        }
    }

    /// Checks the messages to the recipients that came before the message was known.
    pub(super) fn check_earlier(&mut self, staging: &Staging) -> Result<(), StoreError> {
        let (earlier, mut from) = (self.earlier, 1);
        while from <= earlier && self.wording.is_some() {
            let recipients = staging.chunk(from, earlier)?;
            if recipients.is_empty() {
                break;
            }
            for contact in &recipients {
                let index = self.index_of(from);
                self.check(index, contact);
                from += 1;
            }
        }
        Ok(())
    }

    pub(super) fn fault(&mut self) -> Option<String> {
        self.fault.take()
    }

    /// The index in the request of a recipient that came before the message.
    fn index_of(&self, seq: u32) -> u32 {
        let mut index = seq - 1;
        for skipped in &self.skipped {
            if *skipped > index {
                break;
            }
            index += 1;
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_leads_back_to_its_index() {
        let mut lengths = Lengths::new(10);
        for index in [0, 2, 3, 6] {
            lengths.skipped(index);
        }
        let indexes: Vec<_> = (1..=4).map(|seq| lengths.index_of(seq)).collect();
        assert_eq!(indexes, [1, 4, 5, 7]);
    }
}
