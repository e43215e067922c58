//! The committed example campaign: it is what its generator makes, its two files say the same, and the rules decide on
//! each contact as the generator says.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../examples/make_campaign/campaign.rs"]
mod campaign;

use std::borrow::Cow;
use std::path::Path;

use clarion_batch::contact_file::ContactFile;
use clarion_domain::phone::{PhoneRules, Region};
use serde_json::Value;

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
    let json: Value = serde_json::from_str(&committed("campaign.json")).unwrap();
    assert_eq!(json["sender"], campaign::SENDER);
    assert_eq!(json["message"], campaign::MESSAGE);
    let csv = committed("contacts.csv");
    let mut file = ContactFile::open(csv.as_bytes()).unwrap();
    for (index, contact) in json["contacts"].as_array().unwrap().iter().enumerate() {
        let read = file.next_contact().unwrap().unwrap();
        let given = |name: &str| contact.get(name).and_then(Value::as_str).map(Cow::from);
        assert_eq!(read.phone_number, given("phoneNumber"), "{index}");
        assert_eq!(read.name, given("name"), "{index}");
        assert_eq!(read.custom1, given("custom1"), "{index}");
        assert_eq!(read.custom2, given("custom2"), "{index}");
        assert_eq!(read.contact_group_id, given("contactGroupId"), "{index}");
    }
    assert!(file.next_contact().unwrap().is_none());
}

#[test]
fn the_rules_decide_on_each_contact_as_the_generator_says() {
    let rules = PhoneRules::new(Region::new("GB").unwrap(), true);
    let (contacts, outcomes) = (committed("contacts.csv"), committed("outcomes.csv"));
    let mut file = ContactFile::open(contacts.as_bytes()).unwrap();
    for line in csv::Reader::from_reader(outcomes.as_bytes()).records() {
        let line = line.unwrap();
        let contact = file.next_contact().unwrap().unwrap();
        match contact.clone().check(&rules) {
            Ok(accepted) => assert_eq!(accepted.phone.to_string(), line[2], "{contact:?}"),
            Err(refusal) => assert_eq!(
                ("invalid", refusal.property()),
                (&line[1], &line[3]),
                "{contact:?}: {refusal}"
            ),
        }
    }
}
