//! What the service has against a campaign, told with the lines of the file it came from.

use std::collections::BTreeMap;

use crate::api::Refusal;
use crate::commands::contact_input::ContactInput;
use crate::commands::file_jobs::grouped;
use crate::commands::say_aside;

/// How many faults are told one by one.
const TOLD: usize = 10;

/// Tells the first faults, and what to do next.
pub(super) fn tell(
    refusal: &Refusal,
    input: &ContactInput,
    ignore_invalid: bool,
) -> anyhow::Result<()> {
    let faults = refusal.faults();
    say_aside(&format!(
        "clarion: the service refuses it, and nothing is sent: {refusal}"
    ))?;
    let told = &faults[..faults.len().min(TOLD)];
    let places: Vec<u64> = told.iter().filter_map(|fault| fault.contact).collect();
    let lines = lines(input, places)?;
    for fault in told {
        let line = fault.contact.and_then(|place| lines.get(&place));
        let line = line
            .map(|line| format!("line {line}: "))
            .unwrap_or_default();
        say_aside(&format!("{line}{} {}", fault.property, fault.message))?;
    }
    let more = refusal.count().saturating_sub(told.len() as u64);
    if more > 0 {
        say_aside(&format!("and {} more", grouped(more)))?;
    }
    if !ignore_invalid && faults.iter().any(|fault| fault.contact.is_some()) {
        say_aside(&format!(
            "`clarion validate {} --rejects rejects.csv` writes down all invalid contacts; --ignore-invalid leaves them out",
            input.shown()
        ))?;
    }
    Ok(())
}

/// The lines of contacts in the file.
fn lines(input: &ContactInput, mut places: Vec<u64>) -> anyhow::Result<BTreeMap<u64, u64>> {
    places.dedup();
    if places.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = input.open()?.lines_of(&places);
    found.map_err(|error| input.failed(error))
}
