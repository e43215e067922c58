//! The job behind `clarion preview`: a message put into words for every contact of a file, in figures and samples.

use clarion_domain::contact::Contact;
use clarion_domain::phone::PhoneRules;
use clarion_domain::preview::{Measured, Preview, Samples};
use clarion_domain::sender_policy::SenderBreaches;
use clarion_domain::tariff::Tariffs;
use clarion_domain::template::{Template, Values};
use clarion_domain::text::{SegmentLimit, smart};

use crate::checked::{Check, Checked, Turn, Verdict};
use crate::contact_file::ContactFile;
use crate::error::FileError;
use crate::summary::Summary;

/// A message and how it is to be previewed.
pub struct Previewing<'a> {
    /// The rules for numbers.
    pub phones: &'a PhoneRules,
    /// The message, with a place for each link.
    pub message: &'a Template,
    /// What stands for `{OptOut}`: an address as long as the true one will be.
    pub opt_out: Option<&'a str>,
    /// What stands for `{TrackLink}`, likewise.
    pub track_link: Option<&'a str>,
    /// Whether to write GSM 7-bit look-alikes, where that makes a message GSM 7-bit.
    pub smart: bool,
    /// How many parts are allowed.
    pub limit: SegmentLimit,
    /// The prices.
    pub tariffs: &'a Tariffs,
    /// Countries that do not take the sender id: nothing goes there.
    pub sender_breaches: &'a SenderBreaches,
    /// How many messages to show: the first ones.
    pub samples: usize,
}

/// What a campaign from this file would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Previewed {
    /// What became of the contacts. Duplicates are left out, as a campaign leaves them out.
    pub contacts: Summary,
    /// The figures of the messages.
    pub messages: Preview,
    /// Some of them, each with the line of its contact.
    pub samples: Samples,
}

/// What a worker made of a contact; nothing where the contact is refused.
type Made = Option<Measured>;

impl Previewing<'_> {
    /// Puts the message into words for the whole file.
    ///
    /// # Errors
    /// The file cannot be read to its end.
    pub fn run(&self, file: ContactFile<'_>) -> Result<Previewed, FileError> {
        let check = Check {
            phones: self.phones,
            dedupe: true,
        };
        let mut previewed = Previewed {
            samples: Samples::of(self.samples),
            ..Previewed::default()
        };
        let contacts = check.run(
            file,
            |checked, into| self.measure(&checked, into),
            |turn| {
                self.add(&turn, &mut previewed);
                Ok(())
            },
        )?;
        previewed.contacts = contacts;
        Ok(previewed)
    }

    fn measure(&self, checked: &Checked<'_>, into: &mut Vec<u8>) -> Made {
        let Checked::Accepted(contact) = checked else {
            return None;
        };
        let text = self.text_for(contact);
        let measured = Measured::of(&text, self.limit);
        into.extend_from_slice(text.as_bytes());
        Some(measured)
    }

    fn text_for(&self, contact: &Contact) -> String {
        let text = self.message.render(&Values {
            name: contact.name.as_deref(),
            custom1: contact.custom1.as_deref(),
            custom2: contact.custom2.as_deref(),
            phone_number: &contact.phone.to_string(),
            opt_out: self.opt_out,
            track_link: self.track_link,
        });
        if self.smart {
            smart(&text).text.into_owned()
        } else {
            text
        }
    }

    fn add(&self, turn: &Turn<'_, Made>, previewed: &mut Previewed) {
        let (Verdict::Accepted(phone, _), Some(measured)) = (turn.verdict, *turn.made) else {
            return;
        };
        let (region, figures) = (phone.region(), &mut previewed.messages);
        if self.sender_breaches.contains_key(&region) {
            return figures.add_outside_policy(region);
        }
        figures.add(region, measured, self.tariffs);
        let text = String::from_utf8_lossy(turn.written);
        previewed.samples.add(turn.line, *phone, &text, measured);
    }
}
