//! The rows of the tables of properties.

use clarion_domain::filter::PropertyKind;

use super::Column;

/// A property of a listed resource, and the column it is found by.
pub type Property = clarion_domain::filter::Property<Column>;

/// The same property, where it can be missing.
pub(crate) const fn nullable(property: Property) -> Property {
    Property {
        nullable: true,
        ..property
    }
}

pub(crate) const fn text(name: &'static str, sql: &'static str) -> Property {
    property(name, PropertyKind::Text, Column::of(sql))
}

pub(crate) const fn integer(name: &'static str, sql: &'static str) -> Property {
    property(name, PropertyKind::Integer, Column::of(sql))
}

/// In millionths.
pub(crate) const fn decimal(name: &'static str, sql: &'static str) -> Property {
    property(name, PropertyKind::Decimal, Column::of(sql))
}

pub(crate) const fn date_time(name: &'static str, sql: &'static str) -> Property {
    property(name, PropertyKind::DateTime, Column::of(sql))
}

pub(crate) const fn boolean(name: &'static str, sql: &'static str) -> Property {
    property(name, PropertyKind::Boolean, Column::of(sql))
}

/// As text, with hyphens and small letters.
pub(crate) const fn uuid(name: &'static str, sql: &'static str) -> Property {
    property(name, PropertyKind::Uuid, Column::of(sql))
}

pub(crate) const fn contact_id(name: &'static str) -> Property {
    property(name, PropertyKind::Uuid, Column::contact_id())
}

pub(crate) const fn group_contact_id(name: &'static str) -> Property {
    property(name, PropertyKind::Uuid, Column::group_contact_id())
}

pub(crate) const fn message_guid(name: &'static str) -> Property {
    property(name, PropertyKind::Uuid, Column::message_guid())
}

pub(crate) const fn message_number(name: &'static str) -> Property {
    property(name, PropertyKind::Integer, Column::message_number())
}

/// Missing where a message was sent by itself.
pub(crate) const fn campaign_of_message(name: &'static str) -> Property {
    nullable(property(
        name,
        PropertyKind::Uuid,
        Column::campaign_of_message(),
    ))
}

const fn property(name: &'static str, kind: PropertyKind, column: Column) -> Property {
    Property {
        name,
        kind,
        nullable: false,
        column,
    }
}
