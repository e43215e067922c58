//! What is to be written to a socket, and how much of it the socket has taken: the proof whether a PDU was written.

use bytes::BytesMut;

/// Octets waiting for the socket.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// Not yet taken by the socket.
    pub(crate) buffer: BytesMut,
    taken: u64,
}

/// A place in all that was ever queued on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u64);

impl Output {
    /// Where the next PDU will begin.
    pub(crate) fn place(&self) -> Place {
        Place(self.taken + self.buffer.len() as u64)
    }

    /// The socket has taken that many octets (and the buffer has moved on by them).
    pub(crate) fn took(&mut self, octets: usize) {
        self.taken += octets as u64;
    }

    /// A write has failed: how much of what was offered got through is not certain, so all counts as taken.
    pub(crate) fn failed(&mut self) {
        self.taken += self.buffer.len() as u64;
        self.buffer.clear();
    }

    /// Whether the socket has taken any octet of the PDU that begins there.
    pub(crate) fn has_begun(&self, place: Place) -> bool {
        self.taken > place.0
    }
}

#[cfg(test)]
mod tests {
    use bytes::Buf;

    use super::*;

    #[test]
    fn a_pdu_has_begun_with_its_first_octet() {
        let mut output = Output::default();
        output.buffer.extend_from_slice(b"first");
        let second = output.place();
        output.buffer.extend_from_slice(b"second");
        output.buffer.advance(5);
        output.took(5);
        assert!(!output.has_begun(second));
        output.buffer.advance(1);
        output.took(1);
        assert!(output.has_begun(second));
    }

    #[test]
    fn after_a_failed_write_all_that_was_offered_has_begun() {
        let mut output = Output::default();
        let first = output.place();
        output.buffer.extend_from_slice(b"first");
        output.failed();
        assert!(output.has_begun(first));
        assert!(!output.has_begun(output.place()));
    }
}
