//! The job behind `clarion preview`: a message put into words for every contact of a file, in figures and samples.

use clarion_domain::contact::Contact;
use clarion_domain::phone::PhoneRules;
use clarion_domain::preview::{Measured, Preview};
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
    /// The one with the most parts, and of these the first with the most characters.
    pub longest: Option<Sample>,
    /// The first ones.
    pub samples: Vec<Sample>,
}

/// A message to one contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The line of its contact.
    pub line: u64,
    /// Its number, E.164.
    pub phone_number: String,
    /// Its text.
    pub text: String,
    /// What it is made of.
    pub measured: Measured,
}

/// How long a message is; none has no parts at all.
type Length = (u32, usize);

/// What a worker made of a contact; nothing where the contact is refused.
type Made = Option<(Measured, Length)>;

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
        let mut previewed = Previewed::default();
        let mut longest = (0, 0);
        let contacts = check.run(
            file,
            |checked, into| self.measure(&checked, into),
            |turn| {
                self.add(&turn, &mut previewed, &mut longest);
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
        Some((measured, (measured.segments.count, text.chars().count())))
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

    fn add(&self, turn: &Turn<'_, Made>, previewed: &mut Previewed, longest: &mut Length) {
        let (Verdict::Accepted(phone, _), Some((measured, length))) = (turn.verdict, *turn.made)
        else {
            return;
        };
        previewed
            .messages
            .add(phone.region(), measured, self.tariffs);
        let sample = || Sample {
            line: turn.line,
            phone_number: phone.to_string(),
            text: String::from_utf8_lossy(turn.written).into_owned(),
            measured,
        };
        if length > *longest {
            *longest = length;
            previewed.longest = Some(sample());
        }
        if previewed.samples.len() < self.samples {
            previewed.samples.push(sample());
        }
    }
}
