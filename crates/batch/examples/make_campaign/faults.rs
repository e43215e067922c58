//! Contacts that must be refused, one way for each kind of fault.

use super::Contact;
use super::random::Random;

/// A kind of fault: its name, the property at fault, and how a contact gets it.
pub(super) struct Fault {
    pub(super) kind: &'static str,
    pub(super) property: &'static str,
    pub(super) spoil: fn(&mut Contact, &mut Random),
}

const fn number(kind: &'static str, spoil: fn(&mut Contact, &mut Random)) -> Fault {
    Fault {
        kind,
        property: "phoneNumber",
        spoil,
    }
}

/// All kinds. The landlines, premium and freephone numbers are Ofcom's for drama, too.
pub(super) const FAULTS: [Fault; 18] = [
    number("missing", |contact, _| contact.phone_number = None),
    number("blank", |contact, _| write(contact, "   ")),
    number("words", |contact, _| write(contact, "ring the office")),
    number("letters", |contact, random| {
        write(contact, &format!("07700 9OO{}", digits(3, random)));
    }),
    number("scientific", |contact, random| {
        write(contact, &format!("4.477{}E+11", digits(2, random)));
    }),
    number("too short", |contact, random| {
        write(contact, &format!("07700 9{}", digits(2, random)));
    }),
    number("too short abroad", |contact, random| {
        write(contact, &format!("+33 6 {}", digits(4, random)));
    }),
    number("too long", |contact, random| {
        write(
            contact,
            &format!("07700 900{} {}", digits(3, random), digits(4, random)),
        );
    }),
    number("unknown country", |contact, random| {
        write(contact, &format!("+999 {}", digits(8, random)));
    }),
    number("landline", |contact, random| {
        write(contact, &format!("020 7946 0{}", digits(3, random)));
    }),
    number("premium", |contact, random| {
        write(contact, &format!("0909 879 0{}", digits(3, random)));
    }),
    number("personal", |contact, random| {
        write(contact, &format!("070 1234 5{}", digits(3, random)));
    }),
    number("pager", |contact, random| {
        write(contact, &format!("07640 123{}", digits(3, random)));
    }),
    number("freephone", |contact, random| {
        write(contact, &format!("0808 157 0{}", digits(3, random)));
    }),
    number("emergency", |contact, random| {
        let call = random.pick(&["999", "112"]);
        write(contact, call);
    }),
    Fault {
        kind: "name too long",
        property: "name",
        spoil: |contact, _| contact.name = Some("Aloysius ".repeat(29)),
    },
    Fault {
        kind: "custom value too long",
        property: "custom1",
        spoil: |contact, _| contact.custom1 = Some("€".repeat(256)),
    },
    Fault {
        kind: "group is no UUID",
        property: "contactGroupId",
        spoil: |contact, _| contact.contact_group_id = Some("newsletter".to_owned()),
    },
];

fn write(contact: &mut Contact, number: &str) {
    contact.phone_number = Some(number.to_owned());
}

fn digits(count: usize, random: &mut Random) -> String {
    (0..count)
        .map(|_| char::from(b'0' + random.below(10) as u8))
        .collect()
}
