//! What the peer delivers: receipts and replies, out of deliver_sm and data_sm.

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use clarion_domain::gateway::{DeliveryReceipt, Inbound, InboundMessage};
use clarion_domain::receipt::{self, IdForm, ReceiptText};
use rusmpp::decode::{DecodeError, DecodeWithLength};
use rusmpp::pdus::{DataSm, DeliverSm};

use super::codes::OptOutErrors;
use super::joining::Part;
use super::numbers::Numbers;
use crate::wire::tlv::{self, Tlvs, c_string};
use crate::wire::{ESM_INTERMEDIATE, ESM_RECEIPT, ESM_TYPE, ESM_UDH, coding, udh};

/// What the peer delivers, as far as it matters here.
#[derive(Debug)]
pub(super) struct Delivery {
    source: String,
    source_ton: u8,
    destination: String,
    destination_ton: u8,
    esm_class: u8,
    data_coding: u8,
    octets: Bytes,
    tlvs: Tlvs,
}

/// How a peer's receipts are to be read.
#[derive(Debug, Default)]
pub(super) struct ReceiptReading {
    /// How they write the ids of submit responses.
    pub(super) id_form: IdForm,
    /// Which of their errors mean that the person has opted out.
    pub(super) opt_outs: OptOutErrors,
}

/// What a delivery is.
#[derive(Debug)]
pub(super) enum Sorted {
    /// All there is.
    Whole(Inbound),
    /// Of a message that has others.
    Part(Part),
}

impl Delivery {
    /// Reads the body of a deliver_sm.
    pub(super) fn of_deliver_sm(mut body: BytesMut) -> Result<Self, DecodeError> {
        // With no length left for them the codec leaves the optional parameters to us, who read them tolerantly.
        let (pdu, _) = DeliverSm::decode(&mut body, 0)?;
        let tlvs = Tlvs::read(body);
        Ok(Self {
            source: pdu.source_addr.to_string(),
            source_ton: u8::from(pdu.source_addr_ton),
            destination: pdu.destination_addr.to_string(),
            destination_ton: u8::from(pdu.dest_addr_ton),
            esm_class: u8::from(pdu.esm_class),
            data_coding: u8::from(pdu.data_coding),
            octets: octets(pdu.short_message().clone().into_bytes(), &tlvs),
            tlvs,
        })
    }

    /// Reads the body of a data_sm.
    pub(super) fn of_data_sm(mut body: BytesMut) -> Result<Self, DecodeError> {
        let (pdu, _) = DataSm::decode(&mut body, 0)?;
        let tlvs = Tlvs::read(body);
        Ok(Self {
            source: pdu.source_addr.to_string(),
            source_ton: u8::from(pdu.source_addr_ton),
            destination: pdu.destination_addr.to_string(),
            destination_ton: u8::from(pdu.dest_addr_ton),
            esm_class: u8::from(pdu.esm_class),
            data_coding: u8::from(pdu.data_coding),
            octets: octets(Bytes::new(), &tlvs),
            tlvs,
        })
    }

    /// A receipt, a message from a handset, or a part of one.
    pub(super) fn sort(
        mut self,
        reading: &ReceiptReading,
        numbers: &Numbers,
        received_at: DateTime<Utc>,
    ) -> Sorted {
        if let Some(receipt) = self.receipt(reading, received_at) {
            return Sorted::Whole(Inbound::Receipt(receipt));
        }
        let header = if self.esm_class & ESM_UDH == 0 {
            None
        } else {
            udh::strip(&mut self.octets)
        };
        let source = numbers.handset(self.source, self.source_ton);
        let destination = numbers.sender(self.destination, self.destination_ton);
        match header.or_else(|| self.tlvs.place()) {
            Some(place) if place.parts > 1 => Sorted::Part(Part {
                source,
                destination,
                place,
                data_coding: self.data_coding,
                octets: self.octets,
                received_at,
            }),
            _ => Sorted::Whole(Inbound::Message(InboundMessage {
                text: coding::decode(&self.octets, self.data_coding),
                source,
                destination,
                received_at,
            })),
        }
    }

    fn receipt(
        &self,
        reading: &ReceiptReading,
        received_at: DateTime<Utc>,
    ) -> Option<DeliveryReceipt> {
        let id = self
            .tlvs
            .get(tlv::RECEIPTED_MESSAGE_ID)
            .and_then(|id| c_string(id));
        let text = ReceiptText::parse(&coding::decode_receipt(&self.octets, self.data_coding));
        if !self.is_flagged() && id.is_none() && !text.as_ref().is_some_and(is_whole) {
            return None;
        }
        let text = text.unwrap_or_default();
        let state = self
            .tlvs
            .get(tlv::MESSAGE_STATE)
            .and_then(|value| value.first());
        let provider_id = id.or(text.provider_id).unwrap_or_default();
        let status = match state {
            Some(state) => receipt::status_of_state(*state),
            None => text.state.as_deref().and_then(receipt::status_of_word),
        };
        let error = text.error.or_else(|| self.network_error());
        Some(DeliveryReceipt {
            response_id: receipt::response_id(&provider_id, reading.id_form),
            provider_id,
            status: reading.opt_outs.status(status, error.as_deref()),
            error,
            destination: Some(self.source.clone()).filter(|source| !source.is_empty()),
            received_at,
        })
    }

    fn is_flagged(&self) -> bool {
        matches!(self.esm_class & ESM_TYPE, ESM_RECEIPT | ESM_INTERMEDIATE)
    }

    /// The code without its network type, in decimal.
    fn network_error(&self) -> Option<String> {
        let value = self.tlvs.get(tlv::NETWORK_ERROR_CODE)?;
        let code = value.get(1..3)?;
        Some(u16::from_be_bytes([code[0], code[1]]).to_string())
    }
}

/// What is not flagged as a receipt is taken for one only where its text has what people do not write.
fn is_whole(text: &ReceiptText) -> bool {
    text.provider_id.is_some() && text.state.is_some()
}

fn octets(short_message: Bytes, tlvs: &Tlvs) -> Bytes {
    match tlvs.get(tlv::MESSAGE_PAYLOAD) {
        Some(payload) if short_message.is_empty() => payload.clone(),
        _ => short_message,
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use rusmpp::encode::owned::Encode;
    use rusmpp::tlvs::MessageDeliveryRequestTlvValue;
    use rusmpp::types::OctetString;
    use rusmpp::values::{EsmClass, MessageState};

    use super::*;

    fn body() -> BytesMut {
        let mut body = BytesMut::new();
        DeliverSm::builder()
            .source_addr("447700900001".parse().unwrap())
            .destination_addr("ACME".parse().unwrap())
            .esm_class(EsmClass::from(0x44))
            .short_message(
                OctetString::from_static_slice(b"\x05\x00\x03\x01\x02\x01id:1 stat:DELIVRD")
                    .unwrap(),
            )
            .tlvs(vec![
                MessageDeliveryRequestTlvValue::ReceiptedMessageId("1".parse().unwrap()),
                MessageDeliveryRequestTlvValue::MessageState(MessageState::Delivered),
            ])
            .build()
            .encode(&mut body);
        body
    }

    /// Whatever came of it, it was not a panic.
    fn read(body: &[u8]) {
        crate::smpp::read_any(BytesMut::from(body));
    }

    #[test]
    fn a_body_that_is_cut_short_anywhere_is_read_or_refused() {
        let body = body();
        assert!(Delivery::of_deliver_sm(body.clone()).is_ok());
        (0..body.len()).for_each(|length| read(&body[..length]));
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(octets in vec(any::<u8>(), 0..300)) {
            read(&octets);
        }

        #[test]
        fn no_change_of_a_good_body_makes_it_panic(
            changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)
        ) {
            let mut body = body();
            for (place, octet) in changes {
                let place = place.index(body.len());
                body[place] = octet;
            }
            read(&body);
        }
    }
}
