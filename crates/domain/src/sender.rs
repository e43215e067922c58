//! Sender ids: who a message says it is from. Here are the rules of their shape; what a country or a provider allows on
//! top is policy, and no matter of shape.

/// The longest alphanumeric sender, in characters: eleven septets fill the seven address octets of GSM.
pub const MAX_ALPHANUMERIC: usize = 11;

const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 3..=15;
const SHORT_CODE_DIGITS: std::ops::RangeInclusive<usize> = 3..=8;
const SIGNS: &str = " &.-_'!+";

/// A sender id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SenderId {
    /// 1 to 11 characters with a letter.
    Alphanumeric(String),
    /// An international number: digits, with or without `+` as it was given.
    Number(String),
    /// 3 to 8 digits.
    ShortCode(String),
}

/// Why a text is no sender id. Reads after the property's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SenderRefusal {
    /// Nothing but white space.
    #[error("is required")]
    Empty,
    /// A number of a length that no number has.
    #[error("has {digits} digits; a number or short code has 3 to 15")]
    Digits {
        /// How many it has.
        digits: usize,
    },
    /// A character that a sender cannot have.
    #[error(
        "has the character {found:?}; allowed are the letters A to Z, digits, space and & . - _ ' ! +"
    )]
    Character {
        /// The first of them.
        found: char,
    },
    /// Neither a name nor a number.
    #[error("has no letter, and is no number of 3 to 15 digits with an optional + either")]
    NoLetter,
    /// Too long for a name.
    #[error("is longer than {MAX_ALPHANUMERIC} characters")]
    TooLong,
}

impl SenderId {
    /// Reads a sender id; white space around it does not count.
    ///
    /// # Errors
    /// Which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, SenderRefusal> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SenderRefusal::Empty);
        }
        let digits = text.strip_prefix('+').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            number(text, digits.len())
        } else {
            alphanumeric(text)
        }
    }

    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Alphanumeric(text) | Self::Number(text) | Self::ShortCode(text) => text,
        }
    }

    /// SMPP's type of number and numbering plan for it.
    #[must_use]
    pub fn ton_npi(&self) -> (u8, u8) {
        match self {
            Self::Alphanumeric(_) => (5, 0),
            Self::Number(_) => (1, 1),
            Self::ShortCode(_) => (3, 0),
        }
    }
}

fn number(text: &str, digits: usize) -> Result<SenderId, SenderRefusal> {
    if !NUMBER_DIGITS.contains(&digits) {
        return Err(SenderRefusal::Digits { digits });
    }
    if SHORT_CODE_DIGITS.contains(&digits) && !text.starts_with('+') {
        return Ok(SenderId::ShortCode(text.to_owned()));
    }
    Ok(SenderId::Number(text.to_owned()))
}

fn alphanumeric(text: &str) -> Result<SenderId, SenderRefusal> {
    if let Some(found) = text.chars().find(|&c| !is_allowed(c)) {
        return Err(SenderRefusal::Character { found });
    }
    if !text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return Err(SenderRefusal::NoLetter);
    }
    // Every allowed character is one byte, and one septet on the air.
    if text.len() > MAX_ALPHANUMERIC {
        return Err(SenderRefusal::TooLong);
    }
    Ok(SenderId::Alphanumeric(text.to_owned()))
}

/// Letters are A to Z only. GSM's alphabet has a few accented ones too, but which of them survive in the sender's place
/// differs from network to network, and a sender that changes on its way is worse than one that is refused.
fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || SIGNS.contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> SenderRefusal {
        SenderId::parse(text).expect_err(text)
    }

    #[test]
    fn each_shape_is_told_from_the_others() {
        for (text, ton_npi) in [
            ("ACME", (5, 0)),
            ("A", (5, 0)),
            ("B&Q. -_'!+1", (5, 0)),
            ("60777x", (5, 0)),
            ("+1a", (5, 0)),
            ("447722123456", (1, 1)),
            ("+447722123456", (1, 1)),
            ("123456789012345", (1, 1)),
            ("+123456789012345", (1, 1)),
            ("+123", (1, 1)),
            ("123456789", (1, 1)),
            ("123", (3, 0)),
            ("12345678", (3, 0)),
        ] {
            let sender = SenderId::parse(text).expect(text);
            assert_eq!(sender.ton_npi(), ton_npi, "{text}");
            assert_eq!(sender.as_str(), text);
        }
    }

    #[test]
    fn white_space_around_a_sender_does_not_count() {
        assert_eq!(
            SenderId::parse(" \tACME \n"),
            Ok(SenderId::Alphanumeric("ACME".to_owned()))
        );
        assert_eq!(SenderId::parse("  ABCDEFGHIJK  ").map(|_| ()), Ok(()));
    }

    #[test]
    fn each_rule_has_its_refusal() {
        assert_eq!(refusal(""), SenderRefusal::Empty);
        assert_eq!(refusal(" \u{a0} "), SenderRefusal::Empty);
        assert_eq!(refusal("12"), SenderRefusal::Digits { digits: 2 });
        assert_eq!(refusal("+12"), SenderRefusal::Digits { digits: 2 });
        assert_eq!(
            refusal("+1234567890123456"),
            SenderRefusal::Digits { digits: 16 }
        );
        assert_eq!(refusal("+"), SenderRefusal::NoLetter);
        assert_eq!(refusal("++44"), SenderRefusal::NoLetter);
        assert_eq!(refusal("+44 7722 123456"), SenderRefusal::NoLetter);
        assert_eq!(refusal("ABCDEFGHIJKL"), SenderRefusal::TooLong);
        for found in ['é', '€', '[', '^', '\t', '٣', 'Α', '/', '@'] {
            let text = format!("A{found}B");
            assert_eq!(refusal(&text), SenderRefusal::Character { found });
        }
    }

    #[test]
    fn a_refusal_reads_after_the_property() {
        assert_eq!(refusal(" ").to_string(), "is required");
        assert_eq!(
            refusal("ABCDEFGHIJKL").to_string(),
            "is longer than 11 characters"
        );
        assert_eq!(
            refusal("A/B").to_string(),
            "has the character '/'; allowed are the letters A to Z, digits, space and & . - _ ' ! +"
        );
        assert_eq!(
            refusal("12").to_string(),
            "has 2 digits; a number or short code has 3 to 15"
        );
    }
}
