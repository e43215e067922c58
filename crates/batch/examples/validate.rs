//! A batch job in twenty lines: `cargo run -p clarion-batch --example validate contacts.csv > accepted.csv`.

use std::error::Error;
use std::fs::File;
use std::io::{Write, stderr, stdout};

use clarion_batch::{ContactFile, Format, Output, ReadOptions, Validation};
use clarion_domain::phone::{PhoneRules, Region};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which file?")?;
    let file = ContactFile::open(File::open(path)?, &ReadOptions::default())?;
    let phones = PhoneRules::new(Region::new("GB").ok_or("no such region")?, true);
    let summary = Validation::new(&phones)
        .dedupe(true)
        .write_accepted(Output::new(stdout(), Format::Csv))
        .run(file)?;
    for (reason, count) in summary.reasons_by_count() {
        writeln!(stderr(), "{count:6} {} {}", reason.property, reason.message)?;
    }
    Ok(())
}
