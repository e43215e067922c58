//! Optional parameters, read tolerantly: providers leave the terminating zero out of receipted_message_id, or send
//! values of the wrong length, and a receipt must not be lost for that.

use bytes::{Buf, Bytes, BytesMut};

use super::udh::Place;

/// receipted_message_id
pub(crate) const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
/// sar_msg_ref_num
pub(crate) const SAR_MSG_REF_NUM: u16 = 0x020C;
/// sar_total_segments
pub(crate) const SAR_TOTAL_SEGMENTS: u16 = 0x020E;
/// sar_segment_seqnum
pub(crate) const SAR_SEGMENT_SEQNUM: u16 = 0x020F;
/// sc_interface_version
pub(crate) const SC_INTERFACE_VERSION: u16 = 0x0210;
/// network_error_code
pub(crate) const NETWORK_ERROR_CODE: u16 = 0x0423;
/// message_payload
pub(crate) const MESSAGE_PAYLOAD: u16 = 0x0424;
/// message_state
pub(crate) const MESSAGE_STATE: u16 = 0x0427;

/// The optional parameters of a PDU.
#[derive(Debug, Default)]
pub(crate) struct Tlvs(Vec<(u16, Bytes)>);

impl Tlvs {
    /// Reads what is left of a body behind its mandatory part; a last one that was cut short is left out.
    pub(crate) fn read(mut rest: BytesMut) -> Self {
        let mut found = Vec::new();
        while rest.len() >= 4 {
            let (tag, length) = (rest.get_u16(), usize::from(rest.get_u16()));
            if rest.len() < length {
                break;
            }
            found.push((tag, rest.split_to(length).freeze()));
        }
        Self(found)
    }

    /// The value of the first with that tag.
    pub(crate) fn get(&self, tag: u16) -> Option<&Bytes> {
        self.0
            .iter()
            .find(|(candidate, _)| *candidate == tag)
            .map(|(_, value)| value)
    }
}

impl Tlvs {
    /// The place of a part whose reference is not in its text.
    pub(crate) fn place(&self) -> Option<Place> {
        let octet = |tag| self.get(tag).and_then(|value| value.first().copied());
        let reference = self.get(SAR_MSG_REF_NUM)?.first_chunk::<2>()?;
        let (parts, part) = (octet(SAR_TOTAL_SEGMENTS)?, octet(SAR_SEGMENT_SEQNUM)?);
        (1..=parts).contains(&part).then_some(Place {
            reference: u16::from_be_bytes(*reference),
            parts,
            part,
        })
    }
}

/// The text before the terminating zero, where there is one; `None` where nothing is left.
pub(crate) fn c_string(octets: &[u8]) -> Option<String> {
    let text = octets.split(|octet| *octet == 0).next()?;
    (!text.is_empty()).then(|| String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_without_its_zero_is_read_and_so_is_what_follows() {
        let tlvs = Tlvs::read(BytesMut::from(
            &b"\x00\x1e\x00\x02ab\x04\x27\x00\x01\x02\x04\x23\x00\x09"[..],
        ));
        assert_eq!(
            c_string(tlvs.get(RECEIPTED_MESSAGE_ID).unwrap()).unwrap(),
            "ab"
        );
        assert_eq!(tlvs.get(MESSAGE_STATE).unwrap()[..], [2]);
        assert!(tlvs.get(NETWORK_ERROR_CODE).is_none());
        assert_eq!(c_string(b"\0"), None);
    }

    #[test]
    fn a_place_is_read_where_it_is_whole_and_possible() {
        let place = |octets: &[u8]| Tlvs::read(BytesMut::from(octets)).place();
        let whole = b"\x02\x0c\0\x02\x12\x34\x02\x0e\0\x01\x03\x02\x0f\0\x01\x02";
        let expected = Place {
            reference: 0x1234,
            parts: 3,
            part: 2,
        };
        assert_eq!(place(whole), Some(expected));
        assert_eq!(place(&whole[..11]), None);
        assert_eq!(
            place(b"\x02\x0c\0\x02\x12\x34\x02\x0e\0\x01\x03\x02\x0f\0\x01\x04"),
            None
        );
    }
}
