//! What a request says about a message that is sent by itself, and the rules it is checked by.

use crate::fault::Faults;
use crate::phone::{PhoneNumber, PhoneRules};
use crate::sender::SenderId;
use crate::text::SegmentLimit;

/// What a request says about a message, as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageDraft {
    /// The text itself: no template, since its one recipient is known.
    pub message: Option<String>,
    /// The sender id.
    pub sender: Option<String>,
    /// Any written form.
    pub phone_number: Option<String>,
}

/// What a message says, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageContent {
    /// The text.
    pub text: String,
    /// From whom.
    pub sender: SenderId,
    /// To whom.
    pub phone: PhoneNumber,
    /// How many segments the text makes.
    pub segments: u32,
}

impl MessageDraft {
    /// Checks every rule of the contract (API section 3).
    ///
    /// # Errors
    /// All faults at once, each under the property's published name.
    pub fn check(self, phones: &PhoneRules, limit: SegmentLimit) -> Result<MessageContent, Faults> {
        let mut faults = Faults::default();
        let text = self.message.unwrap_or_default();
        let segments = segments(&text, limit)
            .map_err(|message| faults.add("message", message))
            .ok();
        let sender = SenderId::parse(self.sender.as_deref().unwrap_or_default())
            .map_err(|refusal| faults.add("sender", refusal.to_string()))
            .ok();
        let phone = phones
            .parse(self.phone_number.as_deref().unwrap_or_default())
            .map_err(|refusal| faults.add("phoneNumber", refusal.to_string()))
            .ok();
        match (segments, sender, phone) {
            (Some(segments), Some(sender), Some(phone)) => Ok(MessageContent {
                text,
                sender,
                phone,
                segments,
            }),
            _ => Err(faults),
        }
    }
}

/// How many segments a text makes, or why it cannot be sent.
fn segments(text: &str, limit: SegmentLimit) -> Result<u32, String> {
    if text.trim().is_empty() {
        return Err("is required".to_owned());
    }
    if text.contains('\0') {
        return Err("holds the character NUL".to_owned());
    }
    match limit.check(text) {
        Ok(segments) => Ok(segments.count),
        Err(too_many) => Err(too_many.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Region;
    use crate::text::Reference;

    fn check(message: &str, sender: &str, phone: &str) -> Result<MessageContent, Faults> {
        let draft = MessageDraft {
            message: Some(message.to_owned()),
            sender: Some(sender.to_owned()),
            phone_number: Some(phone.to_owned()),
        };
        let limit = SegmentLimit {
            max: 2,
            reference: Reference::default(),
        };
        draft.check(&PhoneRules::new(Region::new("GB").unwrap(), false), limit)
    }

    #[test]
    fn braces_are_braces() {
        let content = check("{Name}, 100%", "ACME", "07722 123456").unwrap();
        assert_eq!(content.text, "{Name}, 100%");
        assert_eq!(content.phone.to_string(), "+447722123456");
        assert_eq!(content.segments, 1);
    }

    #[test]
    fn every_fault_is_told() {
        let faults = check(&"x".repeat(307), "", "1").unwrap_err();
        let told: Vec<_> = faults
            .listed()
            .iter()
            .map(|fault| (fault.path.as_str(), fault.message.as_str()))
            .collect();
        assert_eq!(
            told[0],
            ("message", "is 3 segments long; at most 2 are allowed")
        );
        assert_eq!(
            (told[1].0, told[2].0, told.len()),
            ("sender", "phoneNumber", 3)
        );
        for (message, fault) in [(" ", "is required"), ("\0", "holds the character NUL")] {
            let faults = check(message, "ACME", "07722 123456").unwrap_err();
            assert_eq!(faults.listed()[0].message, fault);
        }
    }
}
