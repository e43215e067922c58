//! Store and forward: what waits for the binds of one system_id, by the time it is due. A delivery is kept until the
//! peer has answered that it has it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use rusmpp::Pdu;
use rusmpp::pdus::{DataSm, DeliverSm};
use rusmpp::tlvs::{
    MessageDeliveryRequestTlvValue as TlvValue, MessageSubmissionRequestTlvValue as SubmissionTlv,
};
use rusmpp::types::{AnyOctetString, COctetString, OctetString};
use rusmpp::values::{
    DataCoding, ErrorCodeNetworkType, EsmClass, MessagePayload, MessageState, NetworkErrorCode,
    Npi, Ton,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::script::{Fate, Format};
use crate::wire::{ESM_INTERMEDIATE, ESM_RECEIPT};

/// What waits for the binds of one system_id.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    waiting: Mutex<Waiting>,
    pub(super) changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    by_time: BTreeMap<(Instant, u64), Delivery>,
    /// Keeps the order of what is due at one moment.
    counter: u64,
}

/// Something to be delivered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Delivery {
    /// How a message ended.
    Receipt(Box<Receipt>),
    /// From a handset.
    Message(Box<Message>),
}

/// How a message ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Receipt {
    /// As receipts write it.
    pub(super) message_id: String,
    pub(super) fate: Fate,
    pub(super) format: Format,
    /// Its text, where it is not the usual one.
    pub(super) template: Option<String>,
    pub(super) unflagged: bool,
    /// Whom the message went to, with its `+`.
    pub(super) destination: String,
    pub(super) source: String,
    pub(super) source_ton: u8,
    pub(super) source_npi: u8,
    pub(super) submitted: DateTime<Utc>,
    /// The beginning of the message.
    pub(super) text: String,
}

/// From a handset.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) source: String,
    pub(super) destination: String,
    pub(super) esm_class: u8,
    pub(super) data_coding: u8,
    pub(super) octets: Vec<u8>,
}

impl Mailbox {
    /// Keeps a delivery until it is due.
    pub(super) fn put(&self, due: Instant, delivery: Delivery) {
        let mut waiting = self.lock();
        waiting.counter += 1;
        let key = (due, waiting.counter);
        waiting.by_time.insert(key, delivery);
        let is_first = waiting
            .by_time
            .first_key_value()
            .is_some_and(|(first, _)| *first == key);
        drop(waiting);
        if is_first {
            self.changed.notify_one();
        }
    }

    /// Takes the first that is due.
    pub(super) fn take(&self, now: Instant) -> Option<Delivery> {
        let mut waiting = self.lock();
        let first = waiting.by_time.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// Takes all that waits, due or not.
    pub(super) fn empty(&self) -> Vec<Delivery> {
        std::mem::take(&mut self.lock().by_time)
            .into_values()
            .collect()
    }

    /// When the first is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.lock()
            .by_time
            .first_key_value()
            .map(|((due, _), _)| *due)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Delivery {
    /// The deliver_sm or data_sm, as sent now.
    pub(super) fn pdu(&self, now: DateTime<Utc>) -> Pdu {
        match self {
            Self::Receipt(receipt) => receipt.pdu(now),
            Self::Message(message) => message.pdu().into(),
        }
    }
}

impl Receipt {
    fn pdu(&self, now: DateTime<Utc>) -> Pdu {
        match self.format {
            Format::Usual => self.deliver_sm(self.text(now), self.tlvs()).into(),
            Format::Text => self.deliver_sm(self.text(now), Vec::new()).into(),
            Format::Tlvs => self.deliver_sm(String::new(), self.tlvs()).into(),
            Format::Payload => {
                let payload = TlvValue::MessagePayload(payload(self.text(now)));
                self.deliver_sm(String::new(), vec![payload]).into()
            }
            Format::DataSm => self.data_sm(self.text(now)).into(),
        }
    }

    fn deliver_sm(&self, text: String, tlvs: Vec<TlvValue>) -> DeliverSm {
        DeliverSm::builder()
            .source_addr_ton(Ton::International)
            .source_addr_npi(Npi::Isdn)
            .source_addr(address(&self.destination))
            .dest_addr_ton(Ton::from(self.source_ton))
            .dest_addr_npi(Npi::from(self.source_npi))
            .destination_addr(address(&self.source))
            .esm_class(self.esm_class())
            .short_message(OctetString::from_vec(text.into_bytes()).unwrap_or_default())
            .tlvs(tlvs)
            .build()
    }

    fn data_sm(&self, text: String) -> DataSm {
        DataSm::builder()
            .source_addr_ton(Ton::International)
            .source_addr_npi(Npi::Isdn)
            .source_addr(address(&self.destination))
            .dest_addr_ton(Ton::from(self.source_ton))
            .dest_addr_npi(Npi::from(self.source_npi))
            .destination_addr(address(&self.source))
            .esm_class(self.esm_class())
            .tlvs(vec![SubmissionTlv::MessagePayload(payload(text))])
            .build()
    }

    fn esm_class(&self) -> EsmClass {
        EsmClass::from(match self.fate {
            _ if self.unflagged => 0,
            Fate::Enroute => ESM_INTERMEDIATE,
            _ => ESM_RECEIPT,
        })
    }

    fn text(&self, now: DateTime<Utc>) -> String {
        let template = self.template.as_deref().unwrap_or(USUAL_TEXT);
        let delivered = u8::from(self.fate == Fate::Delivered);
        template
            .replace("{id}", &self.message_id)
            .replace("{delivered}", &format!("{delivered:03}"))
            .replace(
                "{submitted}",
                &self.submitted.format("%y%m%d%H%M").to_string(),
            )
            .replace("{done}", &now.format("%y%m%d%H%M").to_string())
            .replace("{stat}", self.fate.word())
            .replace("{err}", &format!("{:03}", self.fate.error()))
            // Last, since it may hold anything.
            .replace("{text}", &self.text)
    }

    fn tlvs(&self) -> Vec<TlvValue> {
        let mut tlvs = vec![
            TlvValue::ReceiptedMessageId(self.message_id.parse().unwrap_or_default()),
            TlvValue::MessageState(MessageState::from(self.fate.state())),
        ];
        if self.fate.error() != 0 {
            let code = NetworkErrorCode::new(ErrorCodeNetworkType::Gsm, self.fate.error());
            tlvs.push(TlvValue::NetworkErrorCode(code));
        }
        tlvs
    }
}

impl Message {
    fn pdu(&self) -> DeliverSm {
        DeliverSm::builder()
            .source_addr_ton(Ton::International)
            .source_addr_npi(Npi::Isdn)
            .source_addr(address(&self.source))
            .destination_addr(address(&self.destination))
            .esm_class(EsmClass::from(self.esm_class))
            .data_coding(DataCoding::from(self.data_coding))
            .short_message(OctetString::from_slice(&self.octets).unwrap_or_default())
            .build()
    }
}

/// As most SMSCs write it (specification appendix B).
const USUAL_TEXT: &str = "id:{id} sub:001 dlvrd:{delivered} submit date:{submitted} done date:{done} stat:{stat} err:{err} text:{text}";

fn payload(text: String) -> MessagePayload {
    MessagePayload::new(AnyOctetString::from_vec(text.into_bytes()))
}

/// SMPP writes numbers without their plus.
fn address(number: &str) -> COctetString<1, 21> {
    number.trim_start_matches('+').parse().unwrap_or_default()
}
