//! A short run of decimal digits on the stack, as ASCII, so that the automata can walk over it.

/// The longest national number has 17 digits and a country code 3; the rest is room for prefixes. More digits than fit are
/// dropped: what is this long stays too long.
const CAPACITY: usize = 40;

/// Digits of a number, or of a part of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digits {
    ascii: [u8; CAPACITY],
    len: usize,
}

impl Digits {
    pub(super) const EMPTY: Self = Self {
        ascii: [b'0'; CAPACITY],
        len: 0,
    };

    /// Appends one digit, 0 to 9.
    pub(super) fn push(&mut self, value: u8) {
        if let Some(slot) = self.ascii.get_mut(self.len) {
            *slot = b'0' + value;
            self.len += 1;
        }
    }

    /// Appends digits that are ASCII already.
    pub(super) fn extend(&mut self, ascii: &[u8]) {
        for digit in ascii {
            self.push(digit.wrapping_sub(b'0'));
        }
    }

    /// The digits after the first `count`.
    pub(super) fn skip(&self, count: usize) -> Self {
        let mut rest = Self::EMPTY;
        rest.extend(self.as_bytes().get(count..).unwrap_or_default());
        rest
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.ascii[..self.len]
    }

    /// `code` and then these digits as one number; `None` beyond a `u64`.
    pub(super) fn after(&self, code: u16) -> Option<u64> {
        self.as_bytes()
            .iter()
            .try_fold(u64::from(code), |number, digit| {
                number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
            })
    }
}
