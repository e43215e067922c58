//! `clarion preview`: what a message will look like and cost for the contacts of a file.

mod figures;

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;
use clarion_batch::{CampaignHeader, Previewing};
use clarion_domain::link::{LinkKind, Links};
use clarion_domain::phone::Region;
use clarion_domain::sender::SenderId;
use clarion_domain::sender_policy::SenderBreaches;
use clarion_domain::template::Template;
use clarion_domain::text::{Reference, SegmentLimit};

use super::contact_input::{ContactInput, described, phone_rules, region};
use super::file_jobs::{CouldNotRun, Report};
use super::say;
use crate::settings::Settings;
use crate::{sender_policies, tariffs};

const HELP: &str = "\
Examples:
  clarion preview contacts.csv --message 'Hi {Name|there}, your order {Custom1} is ready.'
  clarion preview campaign.json --samples 20
  clarion preview contacts.csv --message 'Sale! https://shop.example' --track-url https://shop.example --opt-out
  clarion preview contacts.csv --message 'Hi {Name}' --from ACME
  clarion preview contacts.csv --message 'Hi {Name}' --format json | jq .cost

Exit status: 0 all is well, 1 contacts are refused or messages too long, 2 the file could not be worked on.";

/// What `preview` is told on the command line.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: ContactInput,
    /// The message; that of the file, where it is a JSON campaign, unless given
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// The sender, to see which countries do not take it; that of the file, where it is a JSON campaign, unless given
    #[arg(long, value_name = "SENDER")]
    from: Option<String>,
    /// The URL to track
    #[arg(long, value_name = "URL")]
    track_url: Option<String>,
    /// With an opt-out link
    #[arg(long)]
    opt_out: bool,
    /// Write letters that GSM 7-bit lacks by look-alikes, where that spares a message UCS-2
    #[arg(long)]
    smart: bool,
    /// What the service's short links begin with, instead of links.public_url
    #[arg(long, value_name = "URL")]
    link_base: Option<String>,
    /// The prices, instead of config/tariffs.toml
    #[arg(long, value_name = "FILE")]
    tariffs: Option<PathBuf>,
    /// How many messages to show
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    samples: usize,
    /// What national numbers are read as, instead of phone.default_region
    #[arg(long, value_name = "REGION", value_parser = region)]
    region: Option<Region>,
    /// For whom the figures are
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Report,
}

/// Previews; true where every contact is valid and every message short enough.
pub(super) fn run(settings: &Settings, arguments: &Arguments) -> anyhow::Result<bool> {
    let phones = phone_rules(settings, arguments.region)?;
    let tariffs =
        tariffs::read(arguments.tariffs.as_deref()).with_context(|| CouldNotRun::new("prices"))?;
    let input = &arguments.input;
    let file = input.open()?;
    let heading = format!("{}: {}", input.shown(), described(&file));
    let campaign = file.campaign().cloned().unwrap_or_default();
    let message = message(arguments, &campaign)?;
    let breaches = sender_breaches(arguments.from.as_ref().or(campaign.sender.as_ref()))?;
    let usual = settings.public_url();
    let link_base = arguments.link_base.as_deref().unwrap_or(&usual);
    let sample = |kind: LinkKind| Links::sample(link_base, kind);
    let previewing = Previewing {
        phones: &phones,
        message: &message,
        opt_out: Some(&sample(LinkKind::OptOut)),
        track_link: Some(&sample(LinkKind::Track)),
        smart: arguments.smart,
        limit: SegmentLimit {
            max: settings.campaigns.max_segments,
            reference: Reference::default(),
        },
        tariffs: &tariffs,
        sender_breaches: &breaches,
        samples: arguments.samples,
    };
    let previewed = previewing.run(file).map_err(|error| input.failed(error))?;
    match arguments.format {
        Report::Text => say(&format!(
            "{heading}\n{}",
            figures::text_of(&previewed, &tariffs, &breaches)
        ))?,
        Report::Json => say(&figures::json_of(&previewed, &tariffs, &breaches).to_string())?,
    }
    Ok(previewed.contacts.refused == 0 && previewed.messages.too_long == 0)
}

/// The countries that do not take the sender; none where there is none.
fn sender_breaches(sender: Option<&String>) -> anyhow::Result<SenderBreaches> {
    let Some(sender) = sender else {
        return Ok(SenderBreaches::new());
    };
    let sender = SenderId::parse(sender).with_context(|| CouldNotRun::new("sender"))?;
    let policies = sender_policies::read().with_context(|| CouldNotRun::new("sender policies"))?;
    Ok(policies.breaches(&sender))
}

/// The message with a place for each link.
fn message(arguments: &Arguments, campaign: &CampaignHeader) -> anyhow::Result<Template> {
    let given = arguments.message.as_ref().or(campaign.message.as_ref());
    let source = given
        .context("no message is given: say --message TEXT")
        .with_context(|| CouldNotRun::new("message"))?;
    let template = Template::parse(source).map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        anyhow!("{}", faults.join("; ")).context(CouldNotRun::new("message"))
    })?;
    let has_opt_out = arguments.opt_out || campaign.opt_out_link_id.is_some_and(|id| id > 0);
    let url = arguments
        .track_url
        .as_ref()
        .or(campaign.track_link_url.as_ref());
    Ok(template.with_links(has_opt_out, url.map(String::as_str)))
}
