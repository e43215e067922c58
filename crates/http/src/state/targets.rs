//! What tracked links lead to, in memory, so that following one does not wait for the database.

use std::time::Duration;

use actix_web::http::header::HeaderValue;
use clarion_domain::link::LinkKind;
use clarion_domain::recipient::{CampaignKey, RecipientKey};
use clarion_persistence::campaigns;
use moka::future::Cache;

use super::State;
use crate::problem::Problem;

/// The most campaigns whose targets are kept.
const CAMPAIGNS: u64 = 10_000;

/// How long a target is kept, and so how long a campaign's former address may still be led to after it was replaced.
const KEPT: Duration = Duration::from_secs(10);

/// Campaigns' targets; `None` for those that have none.
pub(super) type Targets = Cache<CampaignKey, Option<HeaderValue>>;

pub(super) fn targets() -> Targets {
    Cache::builder()
        .max_capacity(CAMPAIGNS)
        .time_to_live(KEPT)
        .build()
}

impl State {
    /// The recipient whose link this code is.
    pub(crate) fn recipient_of(&self, kind: LinkKind, code: &str) -> Option<RecipientKey> {
        self.engine.links().read(kind, code)
    }

    /// What a campaign's tracked links lead to. However many ask for one that is not in memory, the database is asked once.
    pub(crate) async fn track_target(
        &self,
        campaign: CampaignKey,
    ) -> Result<Option<HeaderValue>, Problem> {
        let look_up = async {
            let url = self
                .store
                .read(move |conn| campaigns::track_target(conn, campaign))
                .await?;
            Ok::<_, Problem>(url.as_deref().and_then(as_header))
        };
        let found = self.targets.try_get_with(campaign, look_up).await;
        found.map_err(|problem| Problem::clone(&problem))
    }
}

/// An address as a header can hold it: what is not ASCII is written in percent.
fn as_header(url: &str) -> Option<HeaderValue> {
    let written = url.bytes().fold(String::new(), |mut written, byte| {
        match byte {
            0x21..=0x7e => written.push(char::from(byte)),
            _ => written.push_str(&format!("%{byte:02X}")),
        }
        written
    });
    HeaderValue::try_from(written).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_in_ascii() {
        for (url, written) in [
            (
                "https://example.com/a?b=%20#c",
                "https://example.com/a?b=%20#c",
            ),
            ("https://example.com/ß", "https://example.com/%C3%9F"),
        ] {
            let header = as_header(url).expect("a header");
            assert_eq!(header.to_str().expect("ASCII"), written);
        }
    }
}
