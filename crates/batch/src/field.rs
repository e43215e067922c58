//! The properties of a contact, in the API's order.

use std::borrow::Cow;
use std::fmt;

use clarion_domain::contact::ContactDraft;

/// A property of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// `phoneNumber`
    PhoneNumber,
    /// `name`
    Name,
    /// `custom1`
    Custom1,
    /// `custom2`
    Custom2,
    /// `contactGroupId`
    ContactGroupId,
    /// `timeZone`
    TimeZone,
}

impl Field {
    /// All of them, in the order in which files are written.
    pub const ALL: [Self; 6] = [
        Self::PhoneNumber,
        Self::Name,
        Self::Custom1,
        Self::Custom2,
        Self::ContactGroupId,
        Self::TimeZone,
    ];

    /// As the API names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PhoneNumber => "phoneNumber",
            Self::Name => "name",
            Self::Custom1 => "custom1",
            Self::Custom2 => "custom2",
            Self::ContactGroupId => "contactGroupId",
            Self::TimeZone => "timeZone",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    pub(crate) fn of<'d, 'a>(
        self,
        draft: &'d mut ContactDraft<'a>,
    ) -> &'d mut Option<Cow<'a, str>> {
        match self {
            Self::PhoneNumber => &mut draft.phone_number,
            Self::Name => &mut draft.name,
            Self::Custom1 => &mut draft.custom1,
            Self::Custom2 => &mut draft.custom2,
            Self::ContactGroupId => &mut draft.contact_group_id,
            Self::TimeZone => &mut draft.time_zone,
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
