//! A submit_sm as the simulated SMSC understands it.

use bytes::{Bytes, BytesMut};
use rusmpp::decode::{DecodeError, DecodeWithLength};
use rusmpp::pdus::SubmitSm;
use rusmpp::values::Ton;

use super::script::Fate;
use crate::wire::tlv::{MESSAGE_PAYLOAD, Tlvs};
use crate::wire::udh::{self, Place};
use crate::wire::{ESM_UDH, coding};

/// A submitted part.
#[derive(Debug, Clone, Default)]
pub(super) struct Submit {
    pub(super) source: String,
    pub(super) source_ton: u8,
    pub(super) source_npi: u8,
    /// E.164 with its `+`, where it is an international number.
    pub(super) destination: String,
    /// Decoded, without its header.
    pub(super) text: String,
    /// Its place in a long message.
    pub(super) place: Option<Place>,
    pub(super) registered_delivery: u8,
}

impl Submit {
    /// Reads the body of a submit_sm.
    pub(super) fn read(mut body: BytesMut) -> Result<Self, DecodeError> {
        let (pdu, _) = SubmitSm::decode(&mut body, 0)?;
        let tlvs = Tlvs::read(body);
        let mut octets = text_of(&pdu, &tlvs);
        let header = if u8::from(pdu.esm_class) & ESM_UDH == 0 {
            None
        } else {
            udh::strip(&mut octets)
        };
        let digits = pdu.destination_addr.as_str();
        Ok(Self {
            destination: match pdu.dest_addr_ton {
                Ton::International => format!("+{digits}"),
                _ => digits.to_owned(),
            },
            text: coding::decode(&octets, u8::from(pdu.data_coding)),
            place: header.or_else(|| tlvs.place()),
            registered_delivery: u8::from(pdu.registered_delivery),
            source_ton: u8::from(pdu.source_addr_ton),
            source_npi: u8::from(pdu.source_addr_npi),
            source: pdu.source_addr.to_string(),
        })
    }

    /// Whether a receipt was asked for: always, or only if it fails.
    pub(super) fn wants(&self, fate: Fate) -> bool {
        match self.registered_delivery & 0b11 {
            0 => false,
            2 => fate != Fate::Delivered,
            _ => true,
        }
    }
}

fn text_of(pdu: &SubmitSm, tlvs: &Tlvs) -> Bytes {
    match tlvs.get(MESSAGE_PAYLOAD) {
        Some(payload) if pdu.short_message().is_empty() => payload.clone(),
        _ => pdu.short_message().clone().into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_octets_make_it_panic(octets in vec(any::<u8>(), 0..300)) {
            crate::simulator::read_any(BytesMut::from(&octets[..]));
        }
    }
}
