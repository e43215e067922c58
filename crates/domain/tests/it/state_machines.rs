//! The diagram of a campaign in `docs/state-machines.md` against what the rules allow. That of a message is compared where
//! messages are changed, in `persistence`.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta};
use clarion_domain::campaign::{CampaignStatus, Forbidden, Step};

const DOCUMENT: &str = include_str!("../../../../docs/state-machines.md");

/// The lines of the campaign's diagram that lead from one status to another.
fn drawn() -> BTreeSet<String> {
    let (_, section) = DOCUMENT.split_once("## A campaign").expect("its section");
    let section = section.split("\n## ").next().unwrap_or_default();
    section
        .lines()
        .map(str::trim)
        .filter(|line| line.contains("-->") && !line.contains("[*]"))
        .map(str::to_owned)
        .collect()
}

fn arrow(from: CampaignStatus, to: CampaignStatus, why: &str) -> String {
    format!("{} --> {}: {why}", from.name(), to.name())
}

/// What callers may bring about.
fn asked_for() -> Vec<String> {
    let now = DateTime::UNIX_EPOCH;
    let later = now + TimeDelta::milliseconds(1);
    let mut arrows = Vec::new();
    for from in CampaignStatus::ALL {
        let mut allow = |why: &str, change: Result<CampaignStatus, Forbidden>| {
            arrows.extend(change.ok().map(|to| arrow(from, to, why)));
        };
        allow("pause", from.pause());
        allow("cancel", from.cancel());
        allow("resume before the start", from.resume(later, now));
        allow("resume", from.resume(now, now));
        let elsewhere = from.send_again().map(|to| (to != from).then_some(to));
        if let Ok(Some(to)) = elsewhere {
            allow("ResendUnknown", Ok(to));
        }
    }
    arrows
}

/// What comes by itself.
fn taken() -> impl Iterator<Item = String> {
    Step::ALL.into_iter().map(|step| {
        let why = match step {
            Step::Start => "start",
            Step::HoldBack => "start missed by more than max_lateness",
            Step::HandOver => "all handed over",
            Step::SendAgain => "some to be sent again",
            Step::Complete => "all final",
        };
        arrow(step.from(), step.to(), why)
    })
}

#[test]
fn the_diagram_of_a_campaign_is_what_the_rules_allow() {
    let allowed: BTreeSet<String> = asked_for().into_iter().chain(taken()).collect();
    assert_eq!(drawn(), allowed);
}
