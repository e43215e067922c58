//! The diagram of a message in `docs/state-machines.md` against what settling and receipts do.

use std::collections::BTreeSet;

use chrono::DateTime;
use clarion_domain::message::MessageStatus::{
    self, Accepted, Deleted, Delivered, Expired, Failed, FrequencyCapped, OptedOut, Parked, Queued,
    Rejected, Sent, Undeliverable, Unknown,
};
use clarion_domain::phone::{PhoneNumber, Region};
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_domain::tariff::Price;

use super::breakages;
use super::settle::{Batch, is_news};
use super::state::{News, State, ends_part};
use super::{SettledPart, Settlement};

const DOCUMENT: &str = include_str!("../../../../docs/state-machines.md");

/// The arrows of the message's diagram.
fn drawn() -> BTreeSet<String> {
    let (_, section) = DOCUMENT.split_once("## A message").expect("its section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let arrows = section.lines().map(str::trim);
    arrows
        .filter(|line| line.contains("-->") && !line.contains("[*]"))
        .map(str::to_owned)
        .collect()
}

/// What the diagram calls where a message stands.
fn name(state: Option<&State>) -> &'static str {
    let Some(state) = state.filter(|state| !state.handed_over) else {
        return "Attempting";
    };
    match MessageStatus::from_number(state.status).unwrap() {
        Queued => "Queued",
        Unknown if state.is_in_doubt() => "InDoubt",
        Unknown => "Unknown",
        Sent => "Sent",
        Accepted => "Accepted",
        Delivered => "Delivered",
        OptedOut => "OptedOut",
        Parked => "Parked",
        FrequencyCapped => "Capped",
        _ => "Failed",
    }
}

const BROKE: &str = "broke what sends it for the third time";

/// The outcomes of an attempt, as the diagram calls them.
const OUTCOMES: [(&str, MessageStatus, Option<&str>); 8] = [
    ("taken", Sent, Some("id")),
    ("taken without an id", Sent, None),
    ("no answer", Unknown, None),
    ("not written", Queued, None),
    ("refused", Rejected, None),
    ("opted out", OptedOut, None),
    ("one too many", FrequencyCapped, None),
    (BROKE, Parked, None),
];

/// What receipts say.
const RECEIPTS: [MessageStatus; 9] = [
    Delivered,
    Accepted,
    Expired,
    Deleted,
    Undeliverable,
    Unknown,
    Rejected,
    Failed,
    OptedOut,
];

fn settlement(attempt: i16, status: MessageStatus, id: Option<&str>) -> Settlement {
    let campaign = CampaignKey(1);
    let region = Region::new("GB").unwrap();
    Settlement {
        recipient: RecipientKey { campaign, seq: 1 },
        attempt,
        status,
        gateway: "main".to_owned(),
        destination: PhoneNumber::from_stored("+447700900001", region).unwrap(),
        text: String::new(),
        sender: String::new(),
        reference: 1,
        parts: vec![SettledPart {
            provider_id: id.map(str::to_owned),
        }],
        price: Price::default(),
        error: None,
        at: DateTime::UNIX_EPOCH,
    }
}

/// What becomes of a message whose attempt has this outcome; nothing where that is no news.
fn settled(known: Option<&State>, settlement: &Settlement) -> Option<State> {
    let is_news = match settlement.status {
        Parked => breakages::is_another(settlement, known).unwrap(),
        _ => is_news(settlement, known).unwrap(),
    };
    is_news.then(|| Batch::default().row(settlement, known).state())
}

/// What becomes of a message of which this is heard; nothing where it changes nothing.
fn heard(known: &State, attempt: i16, status: MessageStatus) -> Option<State> {
    let mut state = known.clone();
    let news = News {
        key: state.key(),
        attempt,
        part: 0,
        status,
        error: None,
        at: DateTime::UNIX_EPOCH.naive_utc(),
        received: true,
    };
    state.hear(&news).unwrap().then_some(state)
}

/// Everything that a message with this state can become, and why.
fn arrows_from(known: Option<&State>) -> Vec<(State, &'static str)> {
    let current = known.map_or(1, State::current_attempt);
    let outcomes = OUTCOMES.into_iter().filter_map(|(why, status, id)| {
        Some((settled(known, &settlement(current, status, id))?, why))
    });
    let mut arrows: Vec<_> = outcomes.collect();
    let Some(known) = known else {
        return arrows;
    };
    for status in RECEIPTS {
        let why = match ends_part(status) {
            true => "last receipt",
            false => "receipt",
        };
        // Nothing is heard of an attempt that is under way: what its parts are called is not known yet.
        if !known.handed_over {
            arrows.extend(heard(known, current, status).map(|state| (state, why)));
        }
        let earlier = heard(known, current - 1, status);
        arrows.extend(earlier.map(|state| (state, "delivered by an earlier attempt")));
    }
    // What the database does in one statement each.
    let hand_over = State {
        handed_over: true,
        ..known.clone()
    };
    let queue_again = State {
        status: Queued.number(),
        unknown_since: None,
        ..known.clone()
    };
    match name(Some(known)) {
        "Queued" => {
            arrows.push((hand_over, "marked"));
            // One that cannot be put into words is not marked.
            let broke = settled(Some(known), &settlement(current + 1, Parked, None));
            arrows.extend(broke.map(|state| (state, BROKE)));
        }
        "InDoubt" => arrows.push((queue_again, "sent again")),
        _ => {}
    }
    arrows
}

#[test]
fn the_diagram_of_a_message_is_what_becomes_of_one() {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<Option<State>> = vec![None];
    while let Some(known) = open.pop() {
        let from = name(known.as_ref());
        for (state, why) in arrows_from(known.as_ref()) {
            let to = name(Some(&state));
            if from != to {
                found.insert(format!("{from} --> {to}: {why}"));
            }
            let place = (
                to,
                state.parts_ended,
                state.attempt.min(3),
                state.handed_over,
            );
            if state.attempt < 4 && seen.insert(place) {
                open.push(Some(state));
            }
        }
    }
    assert_eq!(drawn(), found);
}
