//! Optional parameters, read tolerantly: providers leave the terminating zero out of receipted_message_id, or send
//! values of the wrong length, and a receipt must not be lost for that.

use bytes::{Buf, Bytes, BytesMut};

/// receipted_message_id
pub(crate) const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
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
}
