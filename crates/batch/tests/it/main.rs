//! Files of contacts, read, checked, previewed and converted as a whole.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../examples/make_campaign/campaign.rs"]
mod campaign;

mod converting;
mod example_campaign;
mod previewing;
mod reading;
mod validating;

use clarion_batch::{ContactFile, FileError, Output, ReadOptions, Summary, Validation};
use clarion_domain::phone::{PhoneRules, Region};

/// The rules of the United Kingdom, with test numbers.
fn phones() -> PhoneRules {
    PhoneRules::new(Region::new("GB").unwrap(), true)
}

fn open(file: &[u8]) -> ContactFile<'_> {
    try_open(file).unwrap()
}

fn try_open(file: &[u8]) -> Result<ContactFile<'_>, FileError> {
    ContactFile::open(file, &ReadOptions::default())
}

/// What a validation says and writes.
struct Validated {
    summary: Summary,
    accepted: String,
    refused: String,
}

fn validate(file: &[u8], dedupe: bool, format: clarion_batch::Format) -> Validated {
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    let summary = Validation::new(&phones())
        .dedupe(dedupe)
        .write_accepted(Output::new(&mut accepted, format))
        .write_refused(&mut refused)
        .run(open(file))
        .unwrap();
    Validated {
        summary,
        accepted: String::from_utf8(accepted).unwrap(),
        refused: String::from_utf8(refused).unwrap(),
    }
}
