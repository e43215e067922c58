//! Frames: a PDU's header and its undecoded body.
//!
//! Cut out here rather than by the codec's own stream decoder, because a body that cannot be read must not cost the
//! connection: with the header in hand the session can answer it (generic_nack) and read on behind it.

use bytes::{Buf, BufMut, BytesMut};
use rusmpp::encode::Length;
use rusmpp::encode::owned::Encode;
use rusmpp::{Command, CommandId, CommandStatus, Pdu};

const HEADER: usize = 16;

/// The longest PDU taken: a message_payload of 64 KiB and its surroundings.
const LONGEST: usize = 70_000;

const LEAST_ROOM: usize = 1 << 12;
const ROOM: usize = 1 << 16;

/// A PDU's header and its undecoded body.
#[derive(Debug)]
pub(crate) struct Frame {
    /// Which operation.
    pub(crate) id: CommandId,
    /// The command status as it came.
    pub(crate) status: u32,
    /// The sequence number that ties a response to its request.
    pub(crate) sequence: u32,
    /// All after the header.
    pub(crate) body: BytesMut,
}

/// The stream is out of step: what follows cannot be told apart any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a PDU claims a length of {length} octets; between 16 and 70000 are taken")]
pub(crate) struct FrameFault {
    length: usize,
}

/// Makes room for what is read next: left alone, a full buffer grows by a few octets with each read.
pub(crate) fn make_room(input: &mut BytesMut) {
    if input.capacity() - input.len() < LEAST_ROOM {
        input.reserve(ROOM);
    }
}

/// Cuts the next whole frame off the input; `None` where it has not come in full.
pub(crate) fn next_frame(input: &mut BytesMut) -> Result<Option<Frame>, FrameFault> {
    let Some(length) = input.first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*length) as usize;
    if !(HEADER..=LONGEST).contains(&length) {
        return Err(FrameFault { length });
    }
    if input.len() < length {
        input.reserve(length - input.len());
        return Ok(None);
    }
    let mut body = input.split_to(length);
    body.advance(4);
    Ok(Some(Frame {
        id: CommandId::from(body.get_u32()),
        status: body.get_u32(),
        sequence: body.get_u32(),
        body,
    }))
}

/// Writes a PDU behind what the output holds.
pub(crate) fn put(
    output: &mut BytesMut,
    status: CommandStatus,
    sequence: u32,
    pdu: impl Into<Pdu>,
) {
    let command = Command::new(status, sequence, pdu);
    let length = 4 + command.length();
    output.reserve(length);
    output.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    command.encode(output);
}

/// Writes a response without a body, as a refusal has it.
pub(crate) fn put_bare(output: &mut BytesMut, id: CommandId, status: u32, sequence: u32) {
    output.put_u32(HEADER as u32);
    output.put_u32(u32::from(id));
    output.put_u32(status);
    output.put_u32(sequence);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_cut_out_of_a_stream_in_pieces() {
        let mut whole = BytesMut::new();
        put(&mut whole, CommandStatus::EsmeRok, 7, Pdu::EnquireLink);
        put_bare(&mut whole, CommandId::SubmitSmResp, 0x58, 8);
        let mut input = BytesMut::new();
        let mut seen = Vec::new();
        for octet in whole {
            input.put_u8(octet);
            while let Some(frame) = next_frame(&mut input).unwrap() {
                seen.push((frame.id, frame.status, frame.sequence));
            }
        }
        assert_eq!(
            seen,
            [
                (CommandId::EnquireLink, 0, 7),
                (CommandId::SubmitSmResp, 0x58, 8)
            ]
        );
    }

    #[test]
    fn a_length_that_no_pdu_has_ends_the_stream() {
        for length in [0u32, 15, 70_001, u32::MAX] {
            let mut input = BytesMut::from(&length.to_be_bytes()[..]);
            assert_eq!(
                next_frame(&mut input).unwrap_err(),
                FrameFault {
                    length: length as usize
                }
            );
        }
    }
}
