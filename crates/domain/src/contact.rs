//! A contact: whom a campaign writes to. Here are the rules of a single one; that a number stands only once in a
//! campaign is the intake's.

use std::borrow::Cow;

use uuid::Uuid;

use crate::hours::{self, TimeZone};
use crate::phone::{PhoneNumber, PhoneRefusal, PhoneRules};

/// The longest name or custom value, in characters.
pub const MAX_FIELD: usize = 255;

/// A contact as it came in; borrowed from the request's bytes where possible.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactDraft<'a> {
    /// Any written form.
    pub phone_number: Option<Cow<'a, str>>,
    /// For `{Name}`.
    pub name: Option<Cow<'a, str>>,
    /// For `{Custom1}`.
    pub custom1: Option<Cow<'a, str>>,
    /// For `{Custom2}`.
    pub custom2: Option<Cow<'a, str>>,
    /// UUID of a contact group.
    pub contact_group_id: Option<Cow<'a, str>>,
    /// Name of a time zone.
    pub time_zone: Option<Cow<'a, str>>,
}

/// A contact that passed the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The number.
    pub phone: PhoneNumber,
    /// For `{Name}`.
    pub name: Option<String>,
    /// For `{Custom1}`.
    pub custom1: Option<String>,
    /// For `{Custom2}`.
    pub custom2: Option<String>,
    /// The contact group it is also added to.
    pub contact_group_id: Option<Uuid>,
    /// Where its owner is known to be, whatever the number says.
    pub time_zone: Option<TimeZone>,
}

/// Why a contact was refused; the message reads after the property's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContactRefusal {
    /// The number.
    #[error("{0}")]
    Phone(#[from] PhoneRefusal),
    /// A text is too long.
    #[error("is longer than {MAX_FIELD} characters")]
    TooLong {
        /// `name`, `custom1`, `custom2`.
        property: &'static str,
    },
    /// A character that is no text, and that not every database can hold.
    #[error("contains the character U+0000")]
    Nul {
        /// `name`, `custom1`, `custom2`.
        property: &'static str,
    },
    /// No UUID.
    #[error("is not a UUID")]
    GroupId,
    /// No such group.
    #[error("names no contact group of this client")]
    UnknownGroup,
    /// No zone of the IANA database.
    #[error("names no time zone, as Europe/London does")]
    TimeZone,
    /// Not a JSON string.
    #[error("must be a string")]
    NotText {
        /// As the API names it.
        property: &'static str,
    },
    /// The property stands there twice.
    #[error("is given twice")]
    Twice {
        /// As the API names it.
        property: &'static str,
    },
    /// Not a JSON object at all.
    #[error("must be an object")]
    NotAnObject,
}

impl ContactRefusal {
    /// The property at fault, as the API names it; empty where it is the contact as a whole.
    #[must_use]
    pub fn property(&self) -> &'static str {
        match self {
            Self::Phone(_) => "phoneNumber",
            Self::TooLong { property }
            | Self::Nul { property }
            | Self::NotText { property }
            | Self::Twice { property } => property,
            Self::GroupId | Self::UnknownGroup => "contactGroupId",
            Self::TimeZone => "timeZone",
            Self::NotAnObject => "",
        }
    }

    /// Where the fault is, for the contact with this index in the request: `contacts[3].phoneNumber`.
    #[must_use]
    pub fn path(&self, index: u64) -> String {
        match self.property() {
            "" => format!("contacts[{index}]"),
            property => format!("contacts[{index}].{property}"),
        }
    }
}

impl ContactDraft<'_> {
    /// Checks one contact; the first fault counts, and the number's comes first.
    ///
    /// # Errors
    /// The fault.
    pub fn check(self, phones: &PhoneRules) -> Result<Contact, ContactRefusal> {
        Ok(Contact {
            phone: phones.parse(self.phone_number.as_deref().unwrap_or_default())?,
            name: text("name", self.name)?,
            custom1: text("custom1", self.custom1)?,
            custom2: text("custom2", self.custom2)?,
            contact_group_id: group_id(self.contact_group_id.as_deref())?,
            time_zone: time_zone(self.time_zone.as_deref())?,
        })
    }
}

/// A text of the contact's own; blank is none.
fn text(
    property: &'static str,
    value: Option<Cow<'_, str>>,
) -> Result<Option<String>, ContactRefusal> {
    let Some(value) = value.filter(|value| !value.trim().is_empty()) else {
        return Ok(None);
    };
    // Only a text of more bytes can have more characters: nearly none needs to be counted.
    if value.len() > MAX_FIELD && value.chars().count() > MAX_FIELD {
        return Err(ContactRefusal::TooLong { property });
    }
    if value.contains('\0') {
        return Err(ContactRefusal::Nul { property });
    }
    Ok(Some(value.into_owned()))
}

fn group_id(value: Option<&str>) -> Result<Option<Uuid>, ContactRefusal> {
    match value.map(str::trim) {
        None | Some("") => Ok(None),
        Some(id) => Uuid::try_parse(id)
            .map(Some)
            .map_err(|_| ContactRefusal::GroupId),
    }
}

fn time_zone(value: Option<&str>) -> Result<Option<TimeZone>, ContactRefusal> {
    match value.map(str::trim) {
        None | Some("") => Ok(None),
        Some(name) => hours::named(name).map(Some).ok_or(ContactRefusal::TimeZone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Region;

    fn check(draft: ContactDraft<'_>) -> Result<Contact, ContactRefusal> {
        let home = Region::new("GB").expect("a region");
        draft.check(&PhoneRules::new(home, false))
    }

    fn draft(phone: &str) -> ContactDraft<'_> {
        ContactDraft {
            phone_number: Some(phone.into()),
            ..ContactDraft::default()
        }
    }

    #[test]
    fn keeps_what_is_there_and_drops_what_is_blank() {
        let contact = check(ContactDraft {
            name: Some("  Zoë ".into()),
            custom1: Some(" \t".into()),
            custom2: Some("".into()),
            contact_group_id: Some("0192d3a4-5b6c-7d8e-9f01-23456789abcd".into()),
            time_zone: Some(" Asia/Kathmandu ".into()),
            ..draft("07722 123456")
        })
        .expect("a valid contact");
        assert_eq!(contact.phone.to_string(), "+447722123456");
        assert_eq!(contact.name.as_deref(), Some("  Zoë "));
        assert_eq!((contact.custom1, contact.custom2), (None, None));
        assert_eq!(contact.time_zone, Some(TimeZone::Asia__Kathmandu));
        let group = contact.contact_group_id.map(|id| id.to_string());
        assert_eq!(
            group.as_deref(),
            Some("0192d3a4-5b6c-7d8e-9f01-23456789abcd")
        );
    }

    #[test]
    fn requires_a_number() {
        for draft in [ContactDraft::default(), draft(""), draft(" ")] {
            let refusal = check(draft).expect_err("no number");
            assert_eq!(refusal.property(), "phoneNumber");
            assert_eq!(refusal.to_string(), "is required");
        }
    }

    #[test]
    fn takes_no_nul() {
        let spoilt = ContactDraft {
            custom1: Some("a\0b".into()),
            ..draft("07722 123456")
        };
        let property = "custom1";
        assert_eq!(check(spoilt), Err(ContactRefusal::Nul { property }));
    }

    #[test]
    fn counts_characters_not_bytes() {
        for (property, length, passes) in [
            ("name", 255, true),
            ("name", 256, false),
            ("custom1", 256, false),
            ("custom2", 256, false),
        ] {
            let mut draft = draft("+447722123456");
            let long = Some("é".repeat(length).into());
            match property {
                "name" => draft.name = long,
                "custom1" => draft.custom1 = long,
                _ => draft.custom2 = long,
            }
            let refused = check(draft).err();
            let expected = (!passes).then_some(ContactRefusal::TooLong { property });
            assert_eq!(refused, expected, "{property} of {length}");
        }
    }

    #[test]
    fn names_the_first_fault_only() {
        let mut draft = ContactDraft {
            name: Some("x".repeat(256).into()),
            contact_group_id: Some("no-uuid".into()),
            ..draft("12")
        };
        let refusal = check(draft.clone()).expect_err("a bad number");
        assert_eq!(refusal.property(), "phoneNumber");
        draft.phone_number = Some("07722123456".into());
        let refusal = check(draft.clone()).expect_err("a long name");
        assert_eq!(refusal.property(), "name");
        draft.name = None;
        let refusal = check(draft.clone()).expect_err("no group");
        assert_eq!(refusal, ContactRefusal::GroupId);
        assert_eq!(refusal.property(), "contactGroupId");
        draft.contact_group_id = None;
        draft.time_zone = Some("London".into());
        let refusal = check(draft).expect_err("no zone");
        assert_eq!(refusal, ContactRefusal::TimeZone);
        assert_eq!(refusal.property(), "timeZone");
    }
}
