//! What the simulated provider got, read from its log.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde_json::Value;

/// The texts that each number got, one for each message.
pub(crate) fn received(log: &Path) -> HashMap<String, Vec<String>> {
    let mut messages: HashMap<String, Vec<String>> = HashMap::new();
    let mut open: HashMap<(String, u64), BTreeMap<u64, String>> = HashMap::new();
    for line in submits(log) {
        let destination = text_of(&line, "destination");
        let part = text_of(&line, "text");
        let Some(parts) = line["parts"].as_u64() else {
            messages.entry(destination).or_default().push(part);
            continue;
        };
        let key = (destination, line["reference"].as_u64().unwrap());
        let place = line["part"].as_u64().unwrap();
        let got = open.entry(key.clone()).or_default();
        assert!(
            got.insert(place, part).is_none(),
            "a part came twice: {line}"
        );
        if got.len() as u64 == parts {
            let whole = open.remove(&key).unwrap().into_values().collect();
            messages.entry(key.0).or_default().push(whole);
        }
    }
    assert!(open.is_empty(), "parts are missing: {open:?}");
    messages
}

/// What was decided about each number's message: the same for all of its parts.
pub(crate) fn decisions(log: &Path) -> HashMap<String, String> {
    let mut decisions = HashMap::new();
    for line in submits(log) {
        let decision = text_of(&line, "decision");
        let number = text_of(&line, "destination");
        let before = decisions.insert(number, decision.clone());
        assert!(before.is_none_or(|before| before == decision), "{line}");
    }
    decisions
}

/// The parts that were taken.
pub(crate) fn submits(log: &Path) -> Vec<Value> {
    let mut lines = offered(log);
    lines.retain(|line| line["message_id"].is_string());
    lines
}

/// For each part of each number's message, whether it was taken, one try after the other.
pub(crate) fn tries(log: &Path) -> BTreeMap<(String, u64), Vec<bool>> {
    let mut tries: BTreeMap<_, Vec<bool>> = BTreeMap::new();
    for line in offered(log) {
        let part = line["part"].as_u64().unwrap_or(1);
        let tries = tries
            .entry((text_of(&line, "destination"), part))
            .or_default();
        tries.push(line["message_id"].is_string());
    }
    tries
}

/// The parts that came, taken or not.
fn offered(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["event"] == "submit")
        .collect()
}

fn text_of(line: &Value, name: &str) -> String {
    line[name].as_str().unwrap().to_owned()
}
