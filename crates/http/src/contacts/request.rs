//! What contacts look like in a body, for the description alone: they are read one by one, in `row` and `csv`.
#![expect(dead_code, reason = "only described, never made")]

use utoipa::ToSchema;
use uuid::Uuid;

/// A contact. Unknown properties are read over.
#[derive(ToSchema)]
#[schema(as = NewContact, rename_all = "camelCase")]
pub(crate) struct NewContact {
    /// Any written form of a number that can receive text messages: of the service's own region, or international.
    #[schema(example = "07700 900001")]
    phone_number: String,
    /// For `{Name}`.
    #[schema(max_length = 255)]
    name: Option<String>,
    /// For `{Custom1}`.
    #[schema(max_length = 255)]
    custom1: Option<String>,
    /// For `{Custom2}`.
    #[schema(max_length = 255)]
    custom2: Option<String>,
    /// A contact group that the contact is also added to.
    contact_group_id: Option<Uuid>,
    /// The zone of the IANA database whose time counts for this contact; missing: those of the number.
    #[schema(example = "Europe/London")]
    time_zone: Option<String>,
}

/// Contacts as an array, in an object, or one by itself.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum NewContacts {
    /// The contacts themselves.
    #[schema(title = "Array")]
    Array(Vec<NewContact>),
    /// An object that holds them.
    #[schema(title = "Object")]
    Object {
        /// The contacts.
        contacts: Vec<NewContact>,
    },
    /// A contact by itself.
    #[schema(title = "Contact")]
    One(NewContact),
}
