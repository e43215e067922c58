//! Watching a campaign being sent: a bar on a terminal, a line now and then elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use clarion_domain::campaign::CampaignStatus;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use uuid::Uuid;

use super::access::failed;
use super::file_jobs::{counts, grouped};
use super::progress::{LINE_EVERY, PATIENCE};
use super::say;
use crate::api::{Api, ApiError, Campaign};

/// How often the service is asked.
const EVERY: Duration = Duration::from_millis(500);
/// How often in a row it may fail to answer.
const FAILURES: u32 = 60;

/// Watches a campaign until it is done or Ctrl-C is typed, which does nothing to it; and tells how it stands then.
pub(super) async fn until_done(api: &Api, id: Uuid, is_quiet: bool) -> anyhow::Result<()> {
    let mut display = Display::new(is_quiet);
    let watched = tokio::select! {
        campaign = watch(api, id, &mut display) => campaign,
        stopped = tokio::signal::ctrl_c() => {
            stopped?;
            api.campaign(id).await
        }
    };
    drop(display);
    let campaign = watched.map_err(|error| failed(api, error))?;
    say(&summary(&campaign))?;
    if is_done(&campaign) {
        return Ok(());
    }
    say(&format!(
        "\nNo longer watched; it goes on. `clarion campaigns watch {id}` watches again, `clarion campaigns cancel {id}` ends it."
    ))
}

/// Asks again and again, and overlooks a service that is away for a moment.
async fn watch(api: &Api, id: Uuid, display: &mut Display) -> Result<Campaign, ApiError> {
    let mut failures = 0;
    loop {
        match api.campaign(id).await {
            Ok(campaign) if is_done(&campaign) => return Ok(campaign),
            Ok(campaign) => {
                failures = 0;
                display.show(&campaign);
            }
            Err(error) if error.is_passing() && failures < FAILURES => failures += 1,
            Err(error) => return Err(error),
        }
        tokio::time::sleep(EVERY).await;
    }
}

fn is_done(campaign: &Campaign) -> bool {
    matches!(
        campaign.status(),
        Some(CampaignStatus::Completed | CampaignStatus::Cancelled)
    )
}

/// How a campaign stands, for people.
pub(super) fn summary(campaign: &Campaign) -> String {
    let of = campaign.counts;
    let waiting = campaign.recipient_count.saturating_sub(of.settled());
    let lines: Vec<_> = [
        ("delivered", of.delivered),
        ("accepted by the network", of.accepted),
        ("sent, no receipt yet", of.sent),
        ("failed", of.failed),
        ("unknown whether sent", of.unknown),
        ("opted out, not sent", of.opted_out),
        ("not sent", waiting),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(what, count)| (what.to_owned(), count))
    .collect();
    let reason = match &campaign.paused_reason {
        Some(reason) => format!(" ({reason})"),
        None => String::new(),
    };
    let heading = format!(
        "{}{reason}, {} recipients",
        campaign.status_name(),
        grouped(campaign.recipient_count)
    );
    counts(&heading, &lines).trim().to_owned()
}

/// What is shown while a campaign is sent.
struct Display {
    voice: Voice,
    begun: Instant,
    next_word: Instant,
    /// How many were dealt with when watching began: what was done before says nothing about the rate.
    first: Option<u64>,
}

enum Voice {
    Silent,
    Lines,
    Bar(ProgressBar),
}

impl Display {
    fn new(is_quiet: bool) -> Self {
        let voice = if is_quiet {
            Voice::Silent
        } else if io::stderr().is_terminal() {
            Voice::Bar(bar())
        } else {
            Voice::Lines
        };
        let begun = Instant::now();
        Self {
            voice,
            begun,
            next_word: begun + PATIENCE,
            first: None,
        }
    }

    fn show(&mut self, campaign: &Campaign) {
        let settled = campaign.counts.settled();
        let first = *self.first.get_or_insert(settled);
        let now = Instant::now();
        if now < self.next_word {
            return;
        }
        let text = progress(campaign, settled - first.min(settled), now - self.begun);
        match &self.voice {
            Voice::Silent => {}
            Voice::Bar(bar) => {
                bar.set_message(text);
                bar.set_length(campaign.recipient_count);
                bar.set_position(settled);
                if bar.is_hidden() {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                }
            }
            Voice::Lines => {
                self.next_word += LINE_EVERY;
                // Whom it does not reach it does not matter to.
                let _ = writeln!(io::stderr(), "clarion: {text}");
            }
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Voice::Bar(bar) = &self.voice {
            bar.finish_and_clear();
        }
    }
}

/// A bar that is not shown yet.
fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    match ProgressStyle::with_template("{bar:30} {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// How far a campaign is, of which so many messages were sent in this time.
fn progress(campaign: &Campaign, sent: u64, within: Duration) -> String {
    let of = campaign.counts;
    let so_far = format!(
        "sent {} of {}, delivered {}, failed {}",
        grouped(of.handed_over()),
        grouped(campaign.recipient_count),
        grouped(of.delivered),
        grouped(of.failed)
    );
    let left = campaign.recipient_count.saturating_sub(of.settled());
    let rate = sent * 1000 / u64::try_from(within.as_millis()).unwrap_or(u64::MAX).max(1);
    match campaign.status() {
        Some(CampaignStatus::Sending) if rate > 0 => {
            let seconds = left / rate;
            format!(
                "{so_far}, {}/s, {}:{:02} left",
                grouped(rate),
                seconds / 60,
                seconds % 60
            )
        }
        Some(CampaignStatus::Pending) => format!("starts at {}", campaign.start_date_time),
        Some(CampaignStatus::Submitted) => format!("{so_far}, waiting for receipts"),
        Some(CampaignStatus::Paused) => {
            let reason = campaign.paused_reason.as_deref().unwrap_or("by hand");
            format!("{so_far}, paused: {reason}")
        }
        _ => so_far,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn campaign(status: i16, counts: serde_json::Value) -> Campaign {
        let campaign = json!({
            "id": "01920000-0000-7000-8000-00000000abcd", "startDateTime": "2026-12-01T09:00:00.000Z",
            "sender": "ACME", "recipientCount": 10_000, "message": "Hi", "status": status,
            "optOutLinkId": null, "trackLinkUrl": null, "counts": counts,
        });
        serde_json::from_value(campaign).unwrap()
    }

    #[test]
    fn progress_tells_rate_and_time_left_of_what_was_watched() {
        let sending = campaign(
            1,
            json!({"delivered": 2_000, "sent": 1_950, "failed": 40, "optedOut": 10}),
        );
        assert_eq!(
            progress(&sending, 1_000, Duration::from_secs(10)),
            "sent 3,990 of 10,000, delivered 2,000, failed 40, 100/s, 1:00 left"
        );
        assert_eq!(
            progress(&sending, 0, Duration::ZERO),
            "sent 3,990 of 10,000, delivered 2,000, failed 40"
        );
        let pending = campaign(0, json!({}));
        assert_eq!(
            progress(&pending, 0, Duration::from_secs(1)),
            "starts at 2026-12-01T09:00:00.000Z"
        );
    }

    #[test]
    fn every_recipient_is_in_the_summary() {
        let counts = json!({"delivered": 9_000, "failed": 500, "optedOut": 100, "queued": 3});
        assert_eq!(
            summary(&campaign(4, counts)),
            "Cancelled, 10,000 recipients\n       9,000  delivered\n         500  failed\n         100  opted out, not sent\n         400  not sent"
        );
    }
}
