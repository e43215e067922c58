//! The example campaign, and what must become of it.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use serde_json::Value;

/// The body of the request.
pub(crate) fn body() -> String {
    read("campaign.json")
}

/// What must become of the contacts.
pub(crate) struct Expected {
    /// E.164 of the accepted ones, in their order.
    pub(crate) accepted: Vec<String>,
    /// The paths at fault, as in `contacts[3].phoneNumber`.
    pub(crate) faults: BTreeSet<String>,
    pub(crate) duplicates: usize,
    /// The text that each accepted number must get.
    pub(crate) texts: HashMap<String, String>,
}

/// As the generator says.
pub(crate) fn expected() -> Expected {
    let campaign: Value = serde_json::from_str(&body()).unwrap();
    let outcomes = read("outcomes.csv");
    let mut expected = Expected {
        accepted: Vec::new(),
        faults: BTreeSet::new(),
        duplicates: 0,
        texts: HashMap::new(),
    };
    for line in csv::Reader::from_reader(outcomes.as_bytes()).records() {
        let line = line.unwrap();
        let index: usize = line[0].parse().unwrap();
        match &line[1] {
            "accepted" => {
                let contact = &campaign["contacts"][index];
                let number = line[2].to_owned();
                expected
                    .texts
                    .insert(number.clone(), text(contact, &number));
                expected.accepted.push(number);
            }
            "duplicate" => expected.duplicates += 1,
            _ => {
                let path = format!("contacts[{index}].{}", &line[3]);
                expected.faults.insert(path);
            }
        }
    }
    expected
}

/// The example's message written out by hand, not by the template's own code.
fn text(contact: &Value, number: &str) -> String {
    let given = |property: &str, otherwise: &str| {
        let value = contact[property].as_str().unwrap_or_default();
        let blank = value.trim().is_empty();
        if blank { otherwise } else { value }.to_owned()
    };
    format!(
        "Hello {}, your order {} is ready. {} {{for {number}}}",
        given("name", "there"),
        given("custom1", "from last week"),
        given("custom2", "We will bring it tomorrow."),
    )
}

/// Where a file of the example is.
pub(crate) fn path(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    folder.join(name).display().to_string()
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap()
}
