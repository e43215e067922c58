//! By what a property is found.

use clarion_domain::contact_group::GroupContactKey;
use clarion_domain::filter::Value;
use clarion_domain::recipient::RecipientKey;

/// By what a property is found: a column, or the columns that an id is made of. The names are qualified by their table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column(pub(super) Source);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// A column, or an expression of columns; missing where it is NULL.
    Plain(&'static str),
    /// A column that counts only where `present` holds.
    Partial {
        sql: &'static str,
        present: &'static str,
        either: &'static str,
    },
    /// An id that carries a recipient's place.
    Place(Place),
}

/// How a place is written as an id, and found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) campaign: &'static str,
    pub(super) seq: &'static str,
    id: PlaceId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PlaceId {
    Contact,
    GroupContact,
    Message,
    MessageNumber,
}

/// [`RecipientKey::message_id`] in SQL.
const MESSAGE_NUMBER: &str = "(CASE WHEN messages.campaign_id < 268435456 \
     THEN messages.campaign_id * 16777216 + messages.seq \
     ELSE messages.campaign_id - 268435456 + 4503599627370496 END)";

impl Column {
    pub(super) const fn of(sql: &'static str) -> Self {
        Self(Source::Plain(sql))
    }

    /// The public id of the campaign that a message belongs to; that of a direct message's is nobody's business.
    pub(super) const fn campaign_of_message() -> Self {
        Self(Source::Partial {
            sql: "campaigns.public_id",
            present: "campaigns.kind = 0",
            either: "(CASE WHEN campaigns.kind = 0 THEN campaigns.public_id END)",
        })
    }

    pub(super) const fn contact_id() -> Self {
        Self(Source::Place(Place {
            campaign: "recipients.campaign_id",
            seq: "recipients.seq",
            id: PlaceId::Contact,
        }))
    }

    pub(super) const fn group_contact_id() -> Self {
        Self(Source::Place(Place {
            campaign: "group_contacts.group_id",
            seq: "group_contacts.seq",
            id: PlaceId::GroupContact,
        }))
    }

    pub(super) const fn message_guid() -> Self {
        Self::message(PlaceId::Message)
    }

    pub(super) const fn message_number() -> Self {
        Self::message(PlaceId::MessageNumber)
    }

    const fn message(id: PlaceId) -> Self {
        Self(Source::Place(Place {
            campaign: "messages.campaign_id",
            seq: "messages.seq",
            id,
        }))
    }

    /// What to sort by, the first counting most. Ids are in the order of the places they carry.
    pub(super) fn sort_keys(self) -> impl Iterator<Item = &'static str> {
        let (first, second) = match self.0 {
            Source::Plain(sql) => (sql, None),
            Source::Partial { either, .. } => (either, None),
            Source::Place(place) => (place.campaign, Some(place.seq)),
        };
        [Some(first), second].into_iter().flatten()
    }
}

impl Place {
    /// The place that an id names; `None` where it can name none.
    pub(super) fn named(self, id: &Value) -> Option<RecipientKey> {
        match (self.id, id) {
            (PlaceId::Contact, Value::Uuid(id)) => RecipientKey::from_contact_id(*id),
            (PlaceId::GroupContact, Value::Uuid(id)) => {
                GroupContactKey::from_contact_id(*id).map(GroupContactKey::as_place)
            }
            (PlaceId::Message, Value::Uuid(id)) => RecipientKey::from_message_guid(*id),
            (PlaceId::MessageNumber, Value::Integer(id)) => RecipientKey::from_message_id(*id),
            _ => None,
        }
    }

    /// The id as a number, for comparisons of its size.
    pub(super) fn number(self) -> &'static str {
        match self.id {
            PlaceId::MessageNumber => MESSAGE_NUMBER,
            // UUIDs are compared for equality alone.
            PlaceId::Contact | PlaceId::GroupContact | PlaceId::Message => "NULL",
        }
    }
}
