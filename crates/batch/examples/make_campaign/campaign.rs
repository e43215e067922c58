//! The example campaign: ten thousand contacts as they come in real life, and what must become of each.

mod faults;
mod forms;
mod numbers;
mod people;
mod random;

use std::fmt::Write as _;

use serde_json::Value;

use faults::FAULTS;
use numbers::{ABROAD, Number};
use random::Random;

const SEED: u64 = 2_026;
const CONTACTS: usize = 10_000;
const INVALID: usize = 300;
const DUPLICATES: usize = 250;
const PER_COUNTRY: usize = (CONTACTS - INVALID - DUPLICATES - 1_000) / ABROAD.len();

/// From whom.
pub(crate) const SENDER: &str = "CLARION";

/// What is said: every token but the links', a fallback, and literal braces.
pub(crate) const MESSAGE: &str = "Hello {Name|there}, your order {Custom1|from last week} is ready. \
     {Custom2|We will bring it tomorrow.} {{for {PhoneNumber}}}";

/// A contact as it is written into the files.
#[derive(Default)]
struct Contact {
    phone_number: Option<String>,
    name: Option<String>,
    custom1: Option<String>,
    custom2: Option<String>,
    contact_group_id: Option<String>,
    time_zone: Option<String>,
}

/// What must become of a contact.
enum Outcome {
    Accepted(Number),
    Duplicate(Number),
    Invalid {
        property: &'static str,
        kind: &'static str,
    },
}

/// What a place in the list is for.
#[derive(Clone, Copy)]
enum Place {
    New(Number),
    Again,
    Spoilt(usize),
}

/// The files' names and texts.
pub(crate) fn files() -> [(&'static str, String); 3] {
    let contacts = contacts();
    [
        ("campaign.json", json(&contacts)),
        ("contacts.csv", csv(&contacts)),
        ("outcomes.csv", outcomes(&contacts)),
    ]
}

fn contacts() -> Vec<(Contact, Outcome)> {
    let random = &mut Random::seeded(SEED);
    let mut accepted = Vec::new();
    places(random)
        .into_iter()
        .map(|place| made(place, &mut accepted, random))
        .collect()
}

/// Every place of the list, in a mixed order that begins with a new number, so that there is one to repeat.
fn places(random: &mut Random) -> Vec<Place> {
    let mut numbers = numbers::drama();
    for country in &ABROAD {
        numbers.extend(numbers::mobiles(country, PER_COUNTRY, random));
    }
    let mut places: Vec<_> = numbers.into_iter().map(Place::New).collect();
    places.extend((0..INVALID).map(|index| Place::Spoilt(index % FAULTS.len())));
    places.extend([Place::Again; DUPLICATES]);
    random.shuffle(&mut places[1..]);
    places
}

fn made(place: Place, accepted: &mut Vec<Number>, random: &mut Random) -> (Contact, Outcome) {
    let person = people::person(random);
    let mut contact = Contact {
        name: person.name,
        custom1: person.custom1,
        custom2: person.custom2,
        ..Contact::default()
    };
    let outcome = match place {
        Place::New(number) => {
            accepted.push(number);
            contact.phone_number = Some(forms::written(number, random));
            contact.time_zone = number.country.time_zone.map(str::to_owned);
            Outcome::Accepted(number)
        }
        Place::Again => {
            let number = *random.pick(accepted);
            contact.phone_number = Some(forms::written(number, random));
            Outcome::Duplicate(number)
        }
        Place::Spoilt(fault) => {
            let fault = &FAULTS[fault];
            contact.phone_number = Some("07700 900000".to_owned());
            (fault.spoil)(&mut contact, random);
            Outcome::Invalid {
                property: fault.property,
                kind: fault.kind,
            }
        }
    };
    (contact, outcome)
}

impl Contact {
    fn properties(&self) -> [(&'static str, Option<&str>); 6] {
        [
            ("phoneNumber", self.phone_number.as_deref()),
            ("name", self.name.as_deref()),
            ("custom1", self.custom1.as_deref()),
            ("custom2", self.custom2.as_deref()),
            ("contactGroupId", self.contact_group_id.as_deref()),
            ("timeZone", self.time_zone.as_deref()),
        ]
    }
}

/// The body of a POST, one contact a line.
fn json(contacts: &[(Contact, Outcome)]) -> String {
    let lines: Vec<String> = contacts
        .iter()
        .map(|(contact, _)| object(contact))
        .collect();
    format!(
        "{{\"sender\":{},\"message\":{},\"contacts\":[\n{}\n]}}\n",
        Value::from(SENDER),
        Value::from(MESSAGE),
        lines.join(",\n")
    )
}

/// Written by hand, so that the properties stand in the API's order.
fn object(contact: &Contact) -> String {
    let given = contact.properties().into_iter();
    let members: Vec<String> = given
        .filter_map(|(name, value)| Some(format!("{}:{}", Value::from(name), Value::from(value?))))
        .collect();
    format!("{{{}}}", members.join(","))
}

fn csv(contacts: &[(Contact, Outcome)]) -> String {
    let names = Contact::default().properties().map(|(name, _)| name);
    let mut text = names.join(",") + "\n";
    for (contact, _) in contacts {
        let cells = contact.properties().map(|(_, value)| quoted(value));
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

fn quoted(value: Option<&str>) -> String {
    let value = value.unwrap_or_default();
    if value.contains([',', '"']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_owned()
    }
}

fn outcomes(contacts: &[(Contact, Outcome)]) -> String {
    let mut text = "index,outcome,phoneNumber,property,fault\n".to_owned();
    for (index, (_, outcome)) in contacts.iter().enumerate() {
        let cells = match outcome {
            Outcome::Accepted(number) => format!("accepted,{},,", number.e164()),
            Outcome::Duplicate(number) => format!("duplicate,{},,", number.e164()),
            Outcome::Invalid { property, kind } => format!("invalid,,{property},{kind}"),
        };
        let _ = writeln!(text, "{index},{cells}");
    }
    text
}
