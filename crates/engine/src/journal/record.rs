//! Outcomes as bytes. A frame is its length, its checksum and its content; the last one of a file may be torn.

use chrono::{DateTime, Utc};
use clarion_domain::message::MessageStatus;
use clarion_domain::phone::{PhoneNumber, Region};
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_domain::tariff::Price;
use clarion_persistence::messages::{SettledPart, Settlement};
use serde::{Deserialize, Serialize};

/// Octets of length and checksum.
const HEAD: usize = 8;

/// What a file begins with.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Beginning {
    /// The database that the outcomes are about.
    pub(super) database: String,
}

/// An outcome.
#[derive(Serialize, Deserialize)]
struct Record {
    campaign: i64,
    seq: u32,
    attempt: i16,
    status: i16,
    gateway: String,
    to: String,
    region: String,
    text: String,
    from: String,
    reference: u16,
    ids: Vec<Option<String>>,
    price: i64,
    error: Option<String>,
    at: DateTime<Utc>,
}

/// The content in a frame of its own.
pub(super) fn frame(content: &impl Serialize) -> Vec<u8> {
    let mut frame = vec![0; HEAD];
    // Nothing of it can fail to be written as JSON; an empty content would be read over.
    let _ = serde_json::to_writer(&mut frame, content);
    let (head, content) = frame.split_at_mut(HEAD);
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    head[..4].copy_from_slice(&length.to_le_bytes());
    head[4..].copy_from_slice(&crc32fast::hash(content).to_le_bytes());
    frame
}

/// Each outcome in a frame.
pub(super) fn frames<'a>(settlements: impl Iterator<Item = &'a Settlement>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for settlement in settlements {
        bytes.extend(frame(&Record::of(settlement)));
    }
    bytes
}

/// The contents of the frames, up to the first that is not whole.
pub(super) fn contents(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut contents = Vec::new();
    while let Some((content, rest)) = first(bytes) {
        contents.push(content);
        bytes = rest;
    }
    contents
}

fn first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (checksum, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (content, rest) = rest.split_at_checked(length)?;
    (crc32fast::hash(content) == u32::from_le_bytes(*checksum)).then_some((content, rest))
}

/// The outcome that a frame holds; `None` where no version of this program wrote it.
pub(super) fn settlement(content: &[u8]) -> Option<Settlement> {
    serde_json::from_slice::<Record>(content)
        .ok()?
        .into_settlement()
}

impl Record {
    fn of(settlement: &Settlement) -> Self {
        let ids = settlement.parts.iter().map(|part| part.provider_id.clone());
        Self {
            campaign: settlement.recipient.campaign.0,
            seq: settlement.recipient.seq,
            attempt: settlement.attempt,
            status: settlement.status.number(),
            gateway: settlement.gateway.clone(),
            to: settlement.destination.to_string(),
            region: settlement.destination.region().as_str().to_owned(),
            text: settlement.text.clone(),
            from: settlement.sender.clone(),
            reference: settlement.reference,
            ids: ids.collect(),
            price: settlement.price.millionths,
            error: settlement.error.clone(),
            at: settlement.at,
        }
    }

    fn into_settlement(self) -> Option<Settlement> {
        let parts = self
            .ids
            .into_iter()
            .map(|provider_id| SettledPart { provider_id });
        Some(Settlement {
            recipient: RecipientKey {
                campaign: CampaignKey(self.campaign),
                seq: self.seq,
            },
            attempt: self.attempt,
            status: MessageStatus::from_number(self.status)?,
            gateway: self.gateway,
            destination: PhoneNumber::from_stored(&self.to, Region::new(&self.region)?)?,
            text: self.text,
            sender: self.from,
            reference: self.reference,
            parts: parts.collect(),
            price: Price {
                millionths: self.price,
            },
            error: self.error,
            at: self.at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(seq: u32) -> Settlement {
        let region = Region::new("GB").unwrap();
        Settlement {
            recipient: RecipientKey {
                campaign: CampaignKey(7),
                seq,
            },
            attempt: 2,
            status: MessageStatus::Sent,
            gateway: "main".to_owned(),
            destination: PhoneNumber::from_stored("+447700900001", region).unwrap(),
            text: "\"Zo\u{eb}\"\n\u{1f433}".to_owned(),
            sender: "ACME".to_owned(),
            reference: 9,
            parts: vec![
                SettledPart {
                    provider_id: Some("00A".to_owned()),
                },
                SettledPart::default(),
            ],
            price: Price { millionths: 45_000 },
            error: Some("0x0000000B".to_owned()),
            at: DateTime::from_timestamp(1_900_000_000, 123_456_789).unwrap(),
        }
    }

    #[test]
    fn what_is_written_is_read_back_up_to_a_torn_end() {
        let outcomes = [outcome(1), outcome(2)];
        let bytes = frames(outcomes.iter());
        let read = |bytes: &[u8]| -> Vec<_> {
            let contents = contents(bytes).into_iter();
            contents
                .map(|content| settlement(content).unwrap())
                .collect()
        };
        assert_eq!(read(&bytes), outcomes);
        let first = frames(outcomes[..1].iter()).len();
        for torn in first..bytes.len() {
            assert_eq!(read(&bytes[..torn]), outcomes[..1]);
        }
        let mut spoilt = bytes.clone();
        spoilt[first + HEAD + 3] ^= 1;
        assert_eq!(read(&spoilt), outcomes[..1]);
    }

    #[test]
    fn what_no_version_wrote_is_no_outcome() {
        for content in ["", "{}", "[1]", "\u{0}"] {
            assert_eq!(settlement(content.as_bytes()), None, "{content}");
        }
    }
}
