//! What becomes of messages of which it is not known whether they were sent.

/// What becomes of them once their receipts were waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum OnUnknown {
    /// They are never sent twice: whoever runs the campaign decides.
    Hold = 0,
    /// They are sent again: none is lost, and some may come twice.
    Resend = 1,
}

impl OnUnknown {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Hold, Self::Resend];

    /// The number that the database uses.
    #[must_use]
    pub fn number(self) -> i16 {
        self as i16
    }

    /// The policy of a number.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|policy| policy.number() == number)
    }

    /// As requests and settings write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Resend => "resend",
        }
    }

    /// Reads what a request says; blank means none.
    ///
    /// # Errors
    /// It is neither; reads after the property's name.
    pub fn read(text: &str) -> Result<Option<Self>, &'static str> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let named = Self::ALL.into_iter().find(|policy| policy.name() == text);
        named.map(Some).ok_or("must be \"hold\" or \"resend\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for policy in OnUnknown::ALL {
            assert_eq!(OnUnknown::read(policy.name()), Ok(Some(policy)));
            assert_eq!(OnUnknown::from_number(policy.number()), Some(policy));
        }
        assert_eq!(OnUnknown::read(" "), Ok(None));
        assert!(OnUnknown::read("Resend").is_err());
        assert_eq!(OnUnknown::from_number(2), None);
    }
}
