//! `clarion campaigns export`: all contacts of a campaign, page by page, so that memory holds one page.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;
use clarion_batch::render_csv;
use uuid::Uuid;

use crate::api::{Api, Contact, Page};
use crate::commands::access::failed;
use crate::commands::file_jobs::CouldNotRun;
use crate::commands::part_file::PartFile;

/// The largest page there is.
const PAGE: u64 = 10_000;

const COLUMNS: [&str; 7] = [
    "phoneNumber",
    "name",
    "custom1",
    "custom2",
    "id",
    "contactGroupId",
    "status",
];

pub(super) async fn run(api: &Api, campaign: Uuid, out: &Path) -> anyhow::Result<()> {
    let (part, sink) = PartFile::create(out)?;
    let mut sink = BufWriter::new(sink);
    let unwritten = || CouldNotRun::new(format!("{} cannot be written", out.display()));
    let mut lines = Vec::new();
    render_csv(COLUMNS, &mut lines);
    for number in 1.. {
        let page = page(api, campaign, number).await?;
        page.items
            .iter()
            .for_each(|contact| render(contact, &mut lines));
        sink.write_all(&lines).with_context(unwritten)?;
        lines.clear();
        if number >= page.total_pages {
            break;
        }
    }
    sink.flush().with_context(unwritten)?;
    part.keep()
}

async fn page(api: &Api, campaign: Uuid, number: u64) -> anyhow::Result<Page<Contact>> {
    let query = [("page", number.to_string()), ("pageSize", PAGE.to_string())];
    let page = api
        .get(&format!("Campaigns/{campaign}/Contacts"), &query)
        .await;
    page.map_err(|error| failed(api, error))
}

fn render(contact: &Contact, into: &mut Vec<u8>) {
    let group = contact.contact_group_id.map(|id| id.to_string());
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let values = [
        contact.phone_number.clone(),
        text(&contact.name),
        text(&contact.custom1),
        text(&contact.custom2),
        contact.id.to_string(),
        text(&group),
        contact.status_name(),
    ];
    render_csv(values.each_ref().map(String::as_str), into);
}
