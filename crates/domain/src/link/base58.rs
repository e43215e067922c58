//! 64 bits as eleven characters that nobody takes for one another when typing them: no `0`, `O`, `I`, `l`.

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// 58^11 is more than 2^64, 58^10 is less.
pub(super) const LENGTH: usize = 11;

pub(super) fn write(mut number: u64) -> String {
    let mut digits = [0; LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(number % 58) as usize];
        number /= 58;
    }
    digits.iter().map(|byte| char::from(*byte)).collect()
}

/// `None` where it is not what [`write()`] gives for any number.
pub(super) fn read(text: &str) -> Option<u64> {
    if text.len() != LENGTH {
        return None;
    }
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = ALPHABET.iter().position(|known| *known == byte)?;
        number.checked_mul(58)?.checked_add(digit as u64)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ends_of_the_range() {
        assert_eq!(write(0), "11111111111");
        assert_eq!(read(&write(u64::MAX)), Some(u64::MAX));
        for text in [
            "",
            "1111111111",
            "111111111111",
            "zzzzzzzzzzz",
            "0OIl1111111",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(number: u64) {
            prop_assert_eq!(read(&write(number)), Some(number));
        }
    }
}
