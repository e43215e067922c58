//! What people call the columns of a file.

use crate::field::Field;

/// The names of a property, letters and digits only, the likelier first: a file may have both a mobile and another number.
fn names(field: Field) -> impl Iterator<Item = &'static str> {
    let names = match field {
        Field::PhoneNumber => {
            "phonenumber mobilenumber mobilephonenumber mobilephone mobile mobileno msisdn cellphonenumber cellphone \
             cellnumber cell smsnumber handynummer handy mobilnummer mobil movil celular portable gsm phone phoneno \
             telephonenumber telephone telefonnummer telefon telefono telno tel number numero recipient to"
        }
        Field::Name => {
            "name firstname givenname forename fullname contactname customername contact customer vorname prenom \
             nombre nome"
        }
        Field::Custom1 => "custom1 customfield1 field1",
        Field::Custom2 => "custom2 customfield2 field2",
        Field::ContactGroupId => "contactgroupid groupid contactgroup",
        Field::TimeZone => "timezone zeitzone",
    };
    names.split(' ')
}

/// A name with fewer letters is too short to have a slip of the pen in it.
const SHORTEST_WITH_SLIP: usize = 6;

/// How near a column's title is to a property's names; smaller is nearer.
pub(super) fn likeness(field: Field, title: &str) -> Option<usize> {
    let title: String = title
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let exact = names(field).position(|name| name == title);
    exact.or_else(|| {
        let with_slip = names(field).position(|name| is_slip(name, &title))?;
        Some(names(field).count() + with_slip)
    })
}

/// Whether a title is a name with one letter too many, too few, wrong, or swapped. A digit is no slip: `custom3` means
/// another column than `custom2`.
fn is_slip(name: &str, title: &str) -> bool {
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    name.len() >= SHORTEST_WITH_SLIP
        && !has_digit(name)
        && !has_digit(title)
        && strsim::osa_distance(name, title) == 1
}
