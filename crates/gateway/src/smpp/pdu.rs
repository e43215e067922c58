//! From a submission to the submit_sm of each of its parts.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use clarion_domain::gateway::{PartOutcome, Submission};
use clarion_domain::message::MessageStatus;
use clarion_domain::sender::SenderId;
use clarion_domain::text::{self, Encoding, Reference};
use rusmpp::CommandStatus;
use rusmpp::pdus::SubmitSm;
use rusmpp::types::{COctetString, EmptyOrFullCOctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass, Npi, RegisteredDelivery, ServiceType, Ton};

use super::codes;
use super::settings::SmppSettings;
use crate::wire::udh::Concatenation;
use crate::wire::{ESM_UDH, coding};

type Address = COctetString<1, 21>;

/// What all submit_sm of a gateway have in common.
#[derive(Debug)]
pub(super) struct Form {
    reference: Reference,
    service_type: ServiceType,
    source_ton: Option<u8>,
    source_npi: Option<u8>,
    dest_ton: Ton,
    dest_npi: Npi,
    registered_delivery: RegisteredDelivery,
    validity: Option<TimeDelta>,
}

/// A message as its parts will be written.
#[derive(Debug)]
pub(super) struct Letter {
    source: Address,
    source_ton: Ton,
    source_npi: Npi,
    destination: Address,
    esm_class: EsmClass,
    data_coding: DataCoding,
    parts: Vec<Bytes>,
    valid_until: Option<DateTime<Utc>>,
}

impl Letter {
    /// How many parts it has.
    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }
}

impl Form {
    pub(super) fn new(settings: &SmppSettings) -> Self {
        Self {
            reference: settings.concatenation.reference(),
            service_type: ServiceType::new(settings.service_type.parse().unwrap_or_default()),
            source_ton: settings.source_ton,
            source_npi: settings.source_npi,
            dest_ton: Ton::from(settings.dest_ton),
            dest_npi: Npi::from(settings.dest_npi),
            registered_delivery: RegisteredDelivery::from(settings.registered_delivery),
            validity: TimeDelta::from_std(settings.validity)
                .ok()
                .filter(|validity| !validity.is_zero()),
        }
    }

    /// How many parts a text makes on this gateway.
    pub(super) fn parts_of(&self, text: &str) -> usize {
        text::segments(text, self.reference).count.max(1) as usize
    }

    /// Splits and encodes a message.
    ///
    /// # Errors
    /// What no PDU can carry is refused with the code that the peer would refuse it with.
    pub(super) fn letter(&self, submission: &Submission) -> Result<Letter, PartOutcome> {
        let encoding = text::encoding_of(&submission.text);
        let parts = self.encode(submission, encoding)?;
        let (ton, npi) = submission.sender.ton_npi();
        Ok(Letter {
            source: source_address(&submission.sender)?,
            source_ton: Ton::from(self.source_ton.unwrap_or(ton)),
            source_npi: Npi::from(self.source_npi.unwrap_or(npi)),
            destination: Address::from_string(submission.destination.digits().to_string())
                .map_err(|_| refused(CommandStatus::EsmeRinvdstadr))?,
            esm_class: EsmClass::from(if parts.len() > 1 { ESM_UDH } else { 0 }),
            data_coding: DataCoding::from(coding::data_coding(encoding)),
            parts,
            valid_until: submission.valid_until,
        })
    }

    fn encode(
        &self,
        submission: &Submission,
        encoding: Encoding,
    ) -> Result<Vec<Bytes>, PartOutcome> {
        let too_long = || refused(CommandStatus::EsmeRinvmsglen);
        let texts = text::split(&submission.text, self.reference);
        let count = u8::try_from(texts.len()).map_err(|_| too_long())?;
        let mut parts = Vec::with_capacity(texts.len());
        for (part, text) in (1..).zip(texts) {
            let mut octets = if count > 1 {
                let place = Concatenation {
                    reference: submission.reference,
                    parts: count,
                    part,
                };
                place.header(self.reference)
            } else {
                Vec::new()
            };
            octets.append(&mut text::encode(text, encoding).ok_or_else(too_long)?);
            parts.push(Bytes::from(octets));
        }
        Ok(parts)
    }

    /// The submit_sm of one part, written now.
    pub(super) fn submit_sm(&self, letter: &Letter, part: usize, now: DateTime<Utc>) -> SubmitSm {
        let octets = letter.parts.get(part).cloned().unwrap_or_default();
        SubmitSm::builder()
            .service_type(self.service_type.clone())
            .source_addr_ton(letter.source_ton)
            .source_addr_npi(letter.source_npi)
            .source_addr(letter.source.clone())
            .dest_addr_ton(self.dest_ton)
            .dest_addr_npi(self.dest_npi)
            .destination_addr(letter.destination.clone())
            .esm_class(letter.esm_class)
            .validity_period(self.validity_period(letter.valid_until, now))
            .registered_delivery(self.registered_delivery)
            .data_coding(letter.data_coding)
            .short_message(OctetString::from_bytes(octets).unwrap_or_default())
            .build()
    }

    fn validity_period(
        &self,
        valid_until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> EmptyOrFullCOctetString<17> {
        let left = valid_until.map(|end| end - now);
        match self.validity.into_iter().chain(left).min() {
            Some(period) => relative(period).parse().unwrap_or_default(),
            None => EmptyOrFullCOctetString::empty(),
        }
    }
}

/// A relative time of SMPP (7.1.1.2), at most four weeks so that it needs no months, which have no one length.
fn relative(period: TimeDelta) -> String {
    let seconds = period
        .clamp(TimeDelta::seconds(1), TimeDelta::weeks(4))
        .num_seconds();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    format!(
        "0000{days:02}{:02}{:02}{:02}000R",
        hours % 24,
        minutes % 60,
        seconds % 60
    )
}

/// Written as it is where it is ASCII, in GSM 7-bit where that alphabet has its letters.
fn source_address(sender: &SenderId) -> Result<Address, PartOutcome> {
    let written = match sender {
        SenderId::Number(number) => number.trim_start_matches('+'),
        SenderId::Alphanumeric(text) | SenderId::ShortCode(text) => text,
    };
    let address = if written.is_ascii() {
        Address::from_string(written.to_owned()).ok()
    } else {
        text::encode(written, Encoding::Gsm7).and_then(|mut octets| {
            octets.push(0);
            Address::from_vec(octets).ok()
        })
    };
    address.ok_or_else(|| refused(CommandStatus::EsmeRinvsrcadr))
}

fn refused(status: CommandStatus) -> PartOutcome {
    let code = u32::from(status);
    PartOutcome::Refused {
        status: match codes::class(code) {
            codes::Class::Permanent(status) => status,
            _ => MessageStatus::Failed,
        },
        code: codes::text(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_time_is_written_as_the_specification_has_it() {
        assert_eq!(relative(TimeDelta::seconds(90_061)), "000001010101000R");
        assert_eq!(relative(TimeDelta::weeks(9)), "000028000000000R");
        assert_eq!(relative(TimeDelta::seconds(-5)), "000000000001000R");
    }

    #[test]
    fn a_sender_is_written_without_its_plus_and_refused_where_no_field_can_hold_it() {
        let written = |sender| source_address(&sender).map(|address| address.as_str().to_owned());
        assert_eq!(
            written(SenderId::Number("+447700900001".into())).unwrap(),
            "447700900001"
        );
        assert_eq!(
            written(SenderId::Alphanumeric("ACME".into())).unwrap(),
            "ACME"
        );
        assert_eq!(
            written(SenderId::Alphanumeric("\u{421}lear".into())).unwrap_err(),
            PartOutcome::Refused {
                status: MessageStatus::Rejected,
                code: "0x0000000A".to_owned()
            }
        );
    }
}
