//! As much of SMPP 3.4 as the oracle needs, written from the specification and independent of the product's codec: what is
//! wrong in one is not wrong in the same way in the other.

use std::io::{self, Read};

pub(crate) const BIND_RECEIVER: u32 = 0x1;
pub(crate) const BIND_TRANSMITTER: u32 = 0x2;
pub(crate) const SUBMIT_SM: u32 = 0x4;
pub(crate) const DELIVER_SM: u32 = 0x5;
pub(crate) const UNBIND: u32 = 0x6;
pub(crate) const BIND_TRANSCEIVER: u32 = 0x9;
pub(crate) const ENQUIRE_LINK: u32 = 0x15;
/// Set in the command of every answer.
pub(crate) const RESPONSE: u32 = 0x8000_0000;
pub(crate) const GENERIC_NACK: u32 = 0x8000_0000;

pub(crate) const OK: u32 = 0;
pub(crate) const INVALID_COMMAND: u32 = 0x3;
pub(crate) const THROTTLED: u32 = 0x58;

const HEADER: usize = 16;
/// Longer ones are nothing that a client sends.
const LONGEST: usize = 70_000;
const UDH_FLAG: u8 = 0x40;
const RECEIPT_FLAG: u8 = 0x04;

/// A frame as it was read.
pub(crate) struct Frame {
    pub(crate) command: u32,
    pub(crate) status: u32,
    pub(crate) sequence: u32,
    body: Vec<u8>,
}

/// What matters of a `submit_sm`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SubmitSm {
    pub(crate) destination: String,
    pub(crate) source: String,
    /// In the GSM alphabet, as far as that agrees with ASCII.
    pub(crate) text: String,
    /// From 1; of a message of one part it is 1.
    pub(crate) part: u8,
}

impl Frame {
    /// Reads one.
    pub(crate) fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut header = [0; HEADER];
        from.read_exact(&mut header)?;
        let word = |at: usize| {
            let bytes = header.get(at..at + 4).and_then(|four| four.try_into().ok());
            u32::from_be_bytes(bytes.unwrap_or_default())
        };
        let length = usize::try_from(word(0)).unwrap_or(usize::MAX);
        let size = length.checked_sub(HEADER).filter(|size| *size <= LONGEST);
        let mut body = vec![0; size.ok_or(io::ErrorKind::InvalidData)?];
        from.read_exact(&mut body)?;
        Ok(Self {
            command: word(4),
            status: word(8),
            sequence: word(12),
            body,
        })
    }

    /// The body of a `submit_sm`; `None` where it breaks off.
    pub(crate) fn submit_sm(&self) -> Option<SubmitSm> {
        let mut rest = Rest(&self.body);
        rest.text()?;
        rest.skip(2)?;
        let source = rest.text()?;
        rest.skip(2)?;
        let destination = rest.text()?;
        let esm_class = rest.byte()?;
        rest.skip(2)?;
        rest.text()?;
        rest.text()?;
        rest.skip(4)?;
        let length = usize::from(rest.byte()?);
        let message = rest.take(length)?;
        let (part, text) = if esm_class & UDH_FLAG == 0 {
            (1, message)
        } else {
            without_header(message)?
        };
        Some(SubmitSm {
            destination,
            source,
            text: String::from_utf8_lossy(text).into_owned(),
            part,
        })
    }
}

/// The number of a part, and its text behind the user data header.
fn without_header(message: &[u8]) -> Option<(u8, &[u8])> {
    let end = usize::from(*message.first()?) + 1;
    let (header, text) = message.split_at_checked(end)?;
    header.last().map(|part| (*part, text))
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.take(count).map(|_| ())
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// A text that ends with a zero.
    fn text(&mut self) -> Option<String> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let text = self.take(end)?;
        self.skip(1)?;
        Some(String::from_utf8_lossy(text).into_owned())
    }
}

/// A frame as it is written.
pub(crate) fn frame(command: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER + body.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    for word in [length, command, status, sequence] {
        bytes.extend(word.to_be_bytes());
    }
    bytes.extend(body);
    bytes
}

/// A text with its closing zero.
pub(crate) fn text(text: &str) -> Vec<u8> {
    [text.as_bytes(), &[0]].concat()
}

/// The receipt that a message was delivered.
pub(crate) fn receipt(sequence: u32, id: &str, from: &str, to: &str) -> Vec<u8> {
    let words = format!(
        "id:{id} sub:001 dlvrd:001 submit date:0000000000 done date:0000000000 stat:DELIVRD err:000 text:"
    );
    deliver(sequence, RECEIPT_FLAG, [from, to], &words)
}

/// A text that a handset wrote.
pub(crate) fn reply(sequence: u32, from: &str, to: &str, words: &str) -> Vec<u8> {
    deliver(sequence, 0, [from, to], words)
}

fn deliver(sequence: u32, esm_class: u8, [from, to]: [&str; 2], words: &str) -> Vec<u8> {
    let mut body = vec![0, 1, 1];
    body.extend(text(from));
    body.extend([5, 0]);
    body.extend(text(to));
    body.extend([esm_class, 0, 0, 0, 0, 0, 0, 0, 0]);
    body.push(u8::try_from(words.len()).unwrap_or(u8::MAX));
    body.extend(words.as_bytes());
    frame(DELIVER_SM, OK, sequence, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submit(esm_class: u8, message: &[u8]) -> Vec<u8> {
        let mut body = [&b"\0\x05\0ACME\0\x01\x01447722123456\0"[..], &[esm_class]].concat();
        body.extend([0, 0, 0, 0, 1, 0, 0, 0, u8::try_from(message.len()).unwrap()]);
        body.extend(message);
        frame(SUBMIT_SM, OK, 7, &body)
    }

    fn read(bytes: &[u8]) -> Frame {
        Frame::read(&mut &*bytes).unwrap()
    }

    #[test]
    fn a_submit_is_read_with_and_without_a_header() {
        let whole = read(&submit(0, b"T1-2 hello"));
        assert_eq!((whole.command, whole.sequence), (SUBMIT_SM, 7));
        let whole = whole.submit_sm().unwrap();
        assert_eq!((whole.text.as_str(), whole.part), ("T1-2 hello", 1));
        assert_eq!(
            (whole.destination.as_str(), whole.source.as_str()),
            ("447722123456", "ACME")
        );
        let part = read(&submit(UDH_FLAG, b"\x05\x00\x03\x09\x03\x02rest"));
        let part = part.submit_sm().unwrap();
        assert_eq!((part.text.as_str(), part.part), ("rest", 2));
    }

    #[test]
    fn what_breaks_off_is_no_submit() {
        let bytes = submit(0, b"T1-2 hello");
        for end in 0..bytes.len() {
            assert!(Frame::read(&mut &bytes[..end]).is_err(), "{end}");
        }
        let mut short = bytes.clone();
        short.truncate(bytes.len() - 1);
        short[3] -= 1;
        assert_eq!(read(&short).submit_sm(), None);
    }
}
