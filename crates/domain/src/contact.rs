//! A contact: whom a campaign writes to. Here are the rules of a single one; that a number stands only once in a
//! campaign is the intake's.

use std::borrow::Cow;

use uuid::Uuid;

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
    /// No UUID.
    #[error("is not a UUID")]
    GroupId,
    /// No such group.
    #[error("names no contact group of this client")]
    UnknownGroup,
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
            Self::TooLong { property } | Self::NotText { property } | Self::Twice { property } => {
                property
            }
            Self::GroupId | Self::UnknownGroup => "contactGroupId",
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
    /// Checks one contact; the first fault counts.
    ///
    /// # Errors
    /// The fault.
    pub fn check(self, phones: &PhoneRules) -> Result<Contact, ContactRefusal> {
        let _ = phones;
        Err(ContactRefusal::UnknownGroup)
    }
}
