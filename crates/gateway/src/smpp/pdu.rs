//! From a submission to the submit_sm of each of its parts.

use chrono::{DateTime, TimeDelta, Utc};
use clarion_domain::gateway::{PartOutcome, Submission};
use clarion_domain::message::MessageStatus;
use clarion_domain::sender::SenderId;
use clarion_domain::text::{self, Encoding};
use rusmpp::CommandStatus;
use rusmpp::pdus::SubmitSm;
use rusmpp::types::{COctetString, EmptyOrFullCOctetString, OctetString};
use rusmpp::values::{
    DataCoding, EsmClass, Npi, PriorityFlag, RegisteredDelivery, ServiceType, Ton,
};

use super::codes;
use super::parts::{Bodies, Writing};
use super::settings::SmppSettings;

type Address = COctetString<1, 21>;

/// What all submit_sm of a gateway have in common.
#[derive(Debug)]
pub(super) struct Form {
    writing: Writing,
    service_type: ServiceType,
    source_ton: Option<u8>,
    source_npi: Option<u8>,
    dest_ton: Ton,
    dest_npi: Npi,
    priority: PriorityFlag,
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
    bodies: Bodies,
    valid_until: Option<DateTime<Utc>>,
}

impl Letter {
    /// How many parts it has.
    pub(super) fn parts(&self) -> usize {
        self.bodies.parts.len()
    }
}

impl Form {
    pub(super) fn new(settings: &SmppSettings) -> Self {
        Self {
            writing: Writing::new(settings),
            service_type: ServiceType::new(settings.service_type.parse().unwrap_or_default()),
            source_ton: settings.source_ton,
            source_npi: settings.source_npi,
            dest_ton: Ton::from(settings.dest_ton),
            dest_npi: Npi::from(settings.dest_npi),
            priority: PriorityFlag::new(settings.priority),
            registered_delivery: RegisteredDelivery::from(settings.registered_delivery),
            validity: TimeDelta::from_std(settings.validity)
                .ok()
                .filter(|validity| !validity.is_zero()),
        }
    }

    /// How many parts a text makes on this gateway.
    pub(super) fn parts_of(&self, text: &str) -> usize {
        self.writing.count(text)
    }

    /// Splits and encodes a message.
    ///
    /// # Errors
    /// What no PDU can carry is refused with the code that the peer would refuse it with.
    pub(super) fn letter(&self, submission: &Submission) -> Result<Letter, PartOutcome> {
        let (ton, npi) = submission.sender.ton_npi();
        Ok(Letter {
            source: source_address(&submission.sender)?,
            source_ton: Ton::from(self.source_ton.unwrap_or(ton)),
            source_npi: Npi::from(self.source_npi.unwrap_or(npi)),
            destination: Address::from_string(submission.destination.digits().to_string())
                .map_err(|_| refused(CommandStatus::EsmeRinvdstadr))?,
            bodies: self
                .writing
                .bodies(&submission.text, submission.reference)
                .ok_or_else(|| refused(CommandStatus::EsmeRinvmsglen))?,
            valid_until: submission.valid_until,
        })
    }

    /// The submit_sm of one part, written now.
    pub(super) fn submit_sm(&self, letter: &Letter, part: usize, now: DateTime<Utc>) -> SubmitSm {
        let body = letter.bodies.parts.get(part).cloned().unwrap_or_default();
        SubmitSm::builder()
            .service_type(self.service_type.clone())
            .source_addr_ton(letter.source_ton)
            .source_addr_npi(letter.source_npi)
            .source_addr(letter.source.clone())
            .dest_addr_ton(self.dest_ton)
            .dest_addr_npi(self.dest_npi)
            .destination_addr(letter.destination.clone())
            .esm_class(EsmClass::from(letter.bodies.esm_class))
            .priority_flag(self.priority)
            .validity_period(self.validity_period(letter.valid_until, now))
            .registered_delivery(self.registered_delivery)
            .data_coding(DataCoding::from(letter.bodies.data_coding))
            .short_message(OctetString::from_bytes(body.octets).unwrap_or_default())
            .tlvs(body.tlvs)
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
        status: match status {
            CommandStatus::EsmeRinvdstadr => MessageStatus::RejectedInvalidRecipient,
            _ => MessageStatus::Rejected,
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
