//! Sender ids: who a message says it is from.

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
}

impl SenderId {
    /// # Errors
    /// Which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, SenderRefusal> {
        let _ = text;
        Err(SenderRefusal::Empty)
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
