//! `clarion send`: a message to the contacts of a file, through a running service.

mod refused;
mod upload;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use clarion_batch::CampaignHeader;
use uuid::Uuid;

use super::access::{self, Access};
use super::contact_input::ContactInput;
use super::convert::tell_unreadable;
use super::file_jobs::{CouldNotRun, REFUSED, grouped};
use super::{follow, say, say_aside};
use crate::api::{Api, ApiError, Created};

use upload::Upload;

/// How often a request is sent again that was sent before and is still being answered, a second apart: for longer than
/// the service waits for one of which it hears nothing more.
const ATTEMPTS: u32 = 90;
const BETWEEN: Duration = Duration::from_secs(1);

const HELP: &str = "\
Examples:
  clarion send --from ACME --message 'Hi {Name|there}, your order {Custom1} is ready.' contacts.csv
  clarion send --from ACME --message 'Sale! {TrackLink}' --track-url https://shop.example --at 2026-12-01T09:00:00+01:00 contacts.csv.gz
  clarion send --ignore-invalid campaign.json
  query-of-contacts | clarion send --from ACME --message 'Hi' -

The same command with the same file sends once, within 24 hours: its key is made of the file's contacts and of what is
sent. --again sends once more. Ctrl-C stops watching, and nothing else.
Exit status: 0 the service has the campaign, 1 it was refused, 2 it could not be sent.";

/// What `send` is told on the command line.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: ContactInput,
    #[command(flatten)]
    access: Access,
    /// The sender; that of the file, where it is a JSON campaign, unless given
    #[arg(long, value_name = "SENDER")]
    from: Option<String>,
    /// The message; that of the file, where it is a JSON campaign, unless given
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// When to start: a date and time as in 2026-12-01T09:00, in UTC where it has no offset; else at once
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The URL to track
    #[arg(long, value_name = "URL")]
    track_url: Option<String>,
    /// The opt-out link
    #[arg(long, value_name = "ID")]
    opt_out_link: Option<i64>,
    /// Leave invalid contacts out, instead of refusing all
    #[arg(long)]
    ignore_invalid: bool,
    /// What tells a repeated command from another one; else made of the file's contacts and of what is sent
    #[arg(long, value_name = "KEY", conflicts_with = "again")]
    idempotency_key: Option<String>,
    /// Send even if the same was sent before
    #[arg(long)]
    again: bool,
    /// Do not watch the campaign being sent
    #[arg(long)]
    no_follow: bool,
}

/// Sends, and watches.
pub(super) async fn run(mut arguments: Arguments) -> anyhow::Result<ExitCode> {
    let api = arguments.access.open()?;
    // The key that keeps a repeated command from sending twice is made of the whole file, before it is sent.
    arguments.input.keep()?;
    let input = &arguments.input;
    let upload = Upload::new(input, arguments.campaign()?, arguments.ignore_invalid);
    let (converted, fingerprint) = upload.rehearse()?;
    if converted.unreadable > 0 {
        tell_unreadable(&converted)?;
        if !arguments.ignore_invalid {
            say_aside(
                "nothing was sent; mend these lines, or leave them out with --ignore-invalid",
            )?;
            return Ok(ExitCode::from(REFUSED));
        }
    }
    let key = arguments.key(fingerprint);
    let created = match create(&api, &upload, &key).await {
        Ok(created) => created,
        Err(Failure::Service(ApiError::Refused(refusal))) => {
            refused::tell(&refusal, input, arguments.ignore_invalid)?;
            return Ok(ExitCode::from(REFUSED));
        }
        Err(Failure::Service(error)) => return Err(access::failed(&api, error)),
        Err(Failure::File(error)) => return Err(error),
    };
    tell(&created)?;
    if !arguments.no_follow {
        follow::until_done(&api, created.id, input.is_quiet()).await?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    /// What is said besides the contacts.
    fn campaign(&self) -> anyhow::Result<CampaignHeader> {
        let said = self.input.open()?.campaign().cloned().unwrap_or_default();
        let campaign = CampaignHeader {
            start_date_time: self.at.clone().or(said.start_date_time),
            sender: self.from.clone().or(said.sender),
            message: self.message.clone().or(said.message),
            track_link_url: self.track_url.clone().or(said.track_link_url),
            opt_out_link_id: self.opt_out_link.or(said.opt_out_link_id),
        };
        for (given, name, advice) in [
            (
                &campaign.sender,
                "sender",
                "none is given: say --from SENDER",
            ),
            (
                &campaign.message,
                "message",
                "none is given: say --message TEXT",
            ),
        ] {
            given
                .as_ref()
                .context(advice)
                .with_context(|| CouldNotRun::new(name))?;
        }
        Ok(campaign)
    }

    fn key(&self, fingerprint: String) -> String {
        if self.again {
            return Uuid::from_u128(rand::random()).to_string();
        }
        self.idempotency_key.clone().unwrap_or(fingerprint)
    }
}

/// Why there is no campaign.
enum Failure {
    File(anyhow::Error),
    Service(ApiError),
}

/// Creates the campaign. Where the same request was cut off before, the service may be busy with it for a while.
async fn create(api: &Api, upload: &Upload<'_>, key: &str) -> Result<Created, Failure> {
    for _ in 1..ATTEMPTS {
        match attempt(api, upload, key).await {
            Err(Failure::Service(error)) if error.is_under_way() => {
                tokio::time::sleep(BETWEEN).await;
            }
            outcome => return outcome,
        }
    }
    attempt(api, upload, key).await
}

async fn attempt(api: &Api, upload: &Upload<'_>, key: &str) -> Result<Created, Failure> {
    let sending = upload.begin().map_err(Failure::File)?;
    let outcome = api.create(sending.body, upload.ignore_invalid(), key).await;
    match outcome {
        Ok(created) => Ok(created),
        // A file that breaks off cuts the request off: then the file is to blame.
        Err(error) => match sending.conversion.failure().await {
            Some(failure) => Err(Failure::File(failure)),
            None => Err(Failure::Service(error)),
        },
    }
}

fn tell(created: &Created) -> anyhow::Result<()> {
    let left_out: Vec<_> = [
        (created.invalid, "invalid contacts"),
        (created.duplicates, "duplicates"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{} {what} left out", grouped(count)))
    .collect();
    let left_out = match left_out.is_empty() {
        true => String::new(),
        false => format!(": {}", left_out.join(", ")),
    };
    let before = match created.is_replayed {
        true => {
            " was created before by the same command, and is not sent twice (--again sends once more)"
        }
        false => "",
    };
    say(&format!("Campaign {}{before}{left_out}", created.id))
}
