//! The committed example campaign is what its generator makes, both of its files say the same, and its contacts end as it
//! says they must.

use std::borrow::Cow;
use std::path::Path;

use clarion_batch::{Format, Summary};
use serde_json::Value;

use crate::{campaign, open, validate};

fn committed(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn the_committed_files_are_what_the_generator_makes() {
    for (name, made) in campaign::files() {
        assert!(
            committed(name) == made,
            "examples/{name} differs: run `cargo run -p clarion-batch --example make_campaign`"
        );
    }
}

#[test]
fn both_files_hold_the_same_contacts() {
    let text = committed("campaign.json");
    let json: Value = serde_json::from_str(&text).unwrap();
    let header = open(text.as_bytes()).campaign().cloned().unwrap();
    assert_eq!(header.sender.as_deref(), Some(campaign::SENDER));
    assert_eq!(header.message.as_deref(), Some(campaign::MESSAGE));
    for file in [text, committed("contacts.csv")] {
        let mut contacts = json["contacts"].as_array().unwrap().iter();
        open(file.as_bytes())
            .for_each(|read| {
                let contact = contacts.next().unwrap();
                let given = |name: &str| contact.get(name).and_then(Value::as_str).map(Cow::from);
                assert_eq!(read.phone_number, given("phoneNumber"), "{contact}");
                assert_eq!(read.name, given("name"), "{contact}");
                assert_eq!(read.custom1, given("custom1"), "{contact}");
                assert_eq!(read.custom2, given("custom2"), "{contact}");
                assert_eq!(read.contact_group_id, given("contactGroupId"), "{contact}");
                assert_eq!(read.time_zone, given("timeZone"), "{contact}");
            })
            .unwrap();
        assert!(contacts.next().is_none());
    }
}

/// A column of a file whose first columns have no commas in them.
fn column(text: &str, column: usize) -> Vec<&str> {
    let lines = text.lines().skip(1);
    lines
        .map(|line| line.split(',').nth(column).unwrap())
        .collect()
}

#[test]
fn every_contact_ends_as_the_generator_says() {
    let outcomes = committed("outcomes.csv");
    let kinds = column(&outcomes, 1);
    let wanted = |of: &[&str], values: usize| -> Vec<&str> {
        let values = column(&outcomes, values).into_iter().zip(&kinds);
        values
            .filter_map(|(value, kind)| of.contains(kind).then_some(value))
            .collect()
    };
    let mut summaries: Vec<Summary> = Vec::new();
    for name in ["contacts.csv", "campaign.json"] {
        let validated = validate(committed(name).as_bytes(), true, Format::Csv);
        assert_eq!(column(&validated.accepted, 0), wanted(&["accepted"], 2));
        assert_eq!(
            column(&validated.refused, 1),
            wanted(&["invalid", "duplicate"], 0)
        );
        let properties = column(&validated.refused, 2)
            .into_iter()
            .zip(column(&validated.refused, 3));
        let properties: Vec<_> = properties
            .filter(|(_, reason)| *reason != "stands in the file before")
            .map(|(property, _)| property)
            .collect();
        assert_eq!(properties, wanted(&["invalid"], 3));
        summaries.push(validated.summary);
    }
    assert_eq!(summaries[0], summaries[1]);
}
