//! `clarion campaigns`: the campaigns of a running service.

mod export;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use super::access::{Access, failed};
use super::file_jobs::{Report, grouped};
use super::{follow, say};
use crate::api::{Api, Campaign, Contact, Page};

const HELP: &str = "\
Examples:
  clarion campaigns list --filters 'sender==ACME,status==1'
  clarion campaigns contacts ID --filters 'status==5'
  clarion campaigns export ID --out contacts.csv

Exit status: 0 done, 1 refused by the service, 2 it could not be asked.";

/// What `campaigns` is told on the command line.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List them, the newest start first.
    List(Listing),
    /// Show one, and how its messages stand.
    Show {
        /// Which
        id: Uuid,
        /// For whom
        #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
        format: Report,
    },
    /// Watch one being sent, until it is done.
    Watch {
        /// Which
        id: Uuid,
    },
    /// Hold one back.
    Pause {
        /// Which
        id: Uuid,
    },
    /// Let one go on that was held back.
    Resume {
        /// Which
        id: Uuid,
    },
    /// End one: nothing more of it is sent.
    Cancel {
        /// Which
        id: Uuid,
    },
    /// Delete one: nothing more of it is sent, and it leaves every list.
    Delete {
        /// Which
        id: Uuid,
    },
    /// List the contacts of one, each with what became of it.
    Contacts {
        /// Of which
        id: Uuid,
        #[command(flatten)]
        listing: Listing,
    },
    /// Write all contacts of one to a CSV file, each with what became of it.
    Export {
        /// Of which
        id: Uuid,
        /// The file to write; "-" is standard output
        #[arg(long, value_name = "FILE", default_value = "-")]
        out: PathBuf,
    },
}

/// Which part of a list to show.
#[derive(Debug, Args)]
struct Listing {
    /// Which page, from 1
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    page: u64,
    /// How many to a page, at most 10,000
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    page_size: u64,
    /// Only those, as the API's `filters` says it
    #[arg(long, value_name = "CONDITIONS")]
    filters: Option<String>,
    /// In this order, as the API's `sorts` says it
    #[arg(long, value_name = "PROPERTIES", allow_hyphen_values = true)]
    sorts: Option<String>,
    /// For whom
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Report,
}

/// Does it.
pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let api = &arguments.access.open()?;
    match &arguments.action {
        Action::List(listing) => listing.show(api, "Campaigns", campaign_lines).await,
        Action::Show { id, format } => show(api, *id, *format).await,
        Action::Watch { id } => follow::until_done(api, *id, false).await,
        Action::Pause { id } => change(api, *id, "Pause").await,
        Action::Resume { id } => change(api, *id, "Resume").await,
        Action::Cancel { id } => change(api, *id, "Cancel").await,
        Action::Delete { id } => {
            let path = format!("Campaigns/{id}");
            let deleted = api.act(Method::DELETE, &path).await;
            deleted.map_err(|error| failed(api, error))?;
            say(&format!("Campaign {id} is deleted."))
        }
        Action::Contacts { id, listing } => {
            let path = format!("Campaigns/{id}/Contacts");
            listing.show(api, &path, contact_lines).await
        }
        Action::Export { id, out } => export::run(api, *id, out).await,
    }
}

async fn show(api: &Api, id: Uuid, format: Report) -> anyhow::Result<()> {
    let answer: Value = api
        .get(&format!("Campaigns/{id}"), &[])
        .await
        .map_err(|error| failed(api, error))?;
    match format {
        Report::Json => say(&answer.to_string()),
        Report::Text => say(&text_of(&serde_json::from_value(answer)?)),
    }
}

fn text_of(campaign: &Campaign) -> String {
    let track = match &campaign.track_link_url {
        Some(url) => format!("\nTracked  {url}"),
        None => String::new(),
    };
    format!(
        "Campaign {}\nStart    {}\nSender   {}\nMessage  {}{track}\n{}",
        campaign.id,
        campaign.start_date_time,
        campaign.sender,
        campaign.message,
        follow::summary(campaign)
    )
}

async fn change(api: &Api, id: Uuid, change: &str) -> anyhow::Result<()> {
    let path = format!("Campaigns/{id}/{change}");
    let changed = api.act(Method::POST, &path).await;
    changed.map_err(|error| failed(api, error))?;
    let campaign = api.campaign(id).await.map_err(|error| failed(api, error))?;
    say(&follow::summary(&campaign))
}

impl Listing {
    fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = vec![
            ("page", self.page.to_string()),
            ("pageSize", self.page_size.to_string()),
        ];
        query.extend(self.filters.clone().map(|filters| ("filters", filters)));
        query.extend(self.sorts.clone().map(|sorts| ("sorts", sorts)));
        query
    }

    async fn show<T: serde::de::DeserializeOwned>(
        &self,
        api: &Api,
        path: &str,
        lines: fn(&[T]) -> String,
    ) -> anyhow::Result<()> {
        let answer: Value = api
            .get(path, &self.query())
            .await
            .map_err(|error| failed(api, error))?;
        if self.format == Report::Json {
            return say(&answer.to_string());
        }
        let page: Page<T> = serde_json::from_value(answer)?;
        say(&format!(
            "{}Page {} of {}, {} in all",
            lines(&page.items),
            page.page_index,
            page.total_pages,
            grouped(page.total_records)
        ))
    }
}

fn campaign_lines(campaigns: &[Campaign]) -> String {
    let line = |campaign: &Campaign| {
        format!(
            "{}  {}  {:<9}  {:>9}  {}\n",
            campaign.id,
            campaign.start_date_time,
            campaign.status_name(),
            grouped(campaign.recipient_count),
            campaign.sender
        )
    };
    campaigns.iter().map(line).collect()
}

fn contact_lines(contacts: &[Contact]) -> String {
    let line = |contact: &Contact| {
        format!(
            "{:<16}  {:<13}  {}\n",
            contact.phone_number,
            contact.status_name(),
            contact.name.as_deref().unwrap_or_default()
        )
    };
    contacts.iter().map(line).collect()
}
