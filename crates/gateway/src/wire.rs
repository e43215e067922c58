//! SMPP 3.4 as it is written on a socket: frames, optional parameters, user data headers, texts by their data coding.
//! What both the client session and the simulator need to read and write; no session, no socket.

pub(crate) mod coding;
pub(crate) mod frame;
pub(crate) mod output;
pub(crate) mod tlv;
pub(crate) mod udh;

/// esm_class bits that say what a delivery is: a receipt, an acknowledgement, an intermediate notification.
pub(crate) const ESM_TYPE: u8 = 0b0011_1100;
/// esm_class: a delivery receipt.
pub(crate) const ESM_RECEIPT: u8 = 0b0000_0100;
/// esm_class: an intermediate notification.
pub(crate) const ESM_INTERMEDIATE: u8 = 0b0010_0000;
/// esm_class: the text begins with a user data header.
pub(crate) const ESM_UDH: u8 = 0b0100_0000;
